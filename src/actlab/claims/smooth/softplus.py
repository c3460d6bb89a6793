"""Claims about softplus."""

import torch

from ... import activations
from .. import STORED, TRUE, Evidence, claim
from ._measure import CHAPTER, F64, MOMENTS, _cost, _is_smooth


@claim(
    "Softplus stays close to ReLU without its kink, at a higher price",
    verdict=TRUE,
    how=STORED,
    activations=("softplus", "relu"),
    citations=("dugas2000",),
    where=f"{CHAPTER}#fig-smooth-halves",
)
def softplus_is_a_smooth_relu():
    z = torch.linspace(-20, 20, 4001, dtype=F64)
    gap = activations.get("softplus")(z) - activations.get("relu")(z)
    far = max(gap[0].item(), gap[-1].item())
    ratio = _cost("softplus", "forward_ratio")
    return Evidence(
        f"above ReLU by at most {gap.max():.3f}, ln 2, and by {far:.0e} at -20 and 20; no jump of the slope; "
        f"{ratio:.1f} times ReLU's time for a value",
        expected="close to ReLU far from 0, no kink, and at least a quarter dearer",
        cases={
            "close to ReLU: within 0.7 everywhere, within 1e-8 far out": gap.max().item() < 0.7 and far < 1e-8,
            "differentiable everywhere": _is_smooth("softplus"),
            "at least a quarter dearer": ratio > 1.25,
        },
    )


@claim(
    "The slope of softplus never reaches 0, but it takes more computing than ReLU",
    verdict=TRUE,
    corrected="Its slope is the sigmoid. In float32 it rounds to 0 far out on the left, from about -104 on, where no "
    "number is small enough.",
    how=STORED,
    activations=("softplus", "relu"),
    where=f"{MOMENTS}#sec-smooth-through",
)
def softplus_slope_is_positive():
    slopes = activations.get("softplus").slope(torch.tensor([-80.0, -110.0])).tolist()
    least = activations.get("softplus").slope(torch.linspace(-700, 700, 1401, dtype=F64)).min().item()
    ratio = _cost("softplus", "both_ratio")
    return Evidence(
        f"least slope from -700 to 700 in float64 {least:.0e}; in float32 {slopes[0]:.0e} at -80, {slopes[1]:.0f} at "
        f"-110; value and slope take {ratio:.1f} times "
        "ReLU's time",
        expected="slopes above 0, at a quarter more than ReLU's time or above",
        cases={
            "a positive slope from -700 to 700, in float64": least > 0,
            "at least a quarter dearer": ratio > 1.25,
        },
    )
