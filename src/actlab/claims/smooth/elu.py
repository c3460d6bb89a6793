"""Claims about ELU and SELU as smooth activations."""

import math
from statistics import NormalDist

import torch
from torch.nn import functional

from ... import activations, theory
from .. import CONDITIONS, STORED, TRUE, Evidence, claim
from ._measure import CHAPTER, F64, MOMENTS, _disk, _said, _slope_jump, _square


@claim(
    "ELU rounds off ReLU's corner and goes below 0, and learns better for it",
    verdict=CONDITIONS,
    corrected="Smoother only at alpha = 1: at any other alpha its slope jumps at 0, as ReLU's does. It learns a disk "
    "better; on a square no difference shows.",
    how=STORED,
    activations=("elu", "relu"),
    citations=("clevert2015",),
    where=f"{CHAPTER}#sec-smooth-grades",
)
def elu_is_a_smoother_relu():
    jumps = {alpha: _slope_jump(activations.get("elu", alpha=alpha)) for alpha in (1.0, 0.5)}
    lowest = activations.get("elu")(torch.tensor(-20.0)).item()
    disk, square = _disk("elu", "relu"), _square("elu", "relu")
    return Evidence(
        "jump of the slope "
        + ", ".join(f"{jump:.1f} at alpha = {alpha:g}" for alpha, jump in jumps.items())
        + f", ReLU's {_slope_jump('relu'):.1f}; ELU at -20 is {lowest:.1f}; test loss in units of ReLU's: "
        f"{_said(disk)} on the disk, {_said(square)} on a square",
        expected="no jump, outputs below 0, and a test loss below ReLU's, with its interval",
        cases={
            **{f"alpha = {alpha:g}: no jump": jump < 1e-3 for alpha, jump in jumps.items()},
            "outputs below 0": lowest < 0,
            "the disk is learned better than with ReLU": disk[2] < 1,
            "and a square": square[2] < 1,
        },
    )


@claim(
    "ELU and SELU normalise what passes through them",
    verdict=CONDITIONS,
    corrected="SELU does, under LeCun's weights: it was built so that N(0, 1) comes out with mean 0 and mean square "
    "1. ELU only brings the mean nearer to 0.",
    activations=("elu", "selu"),
    citations=("clevert2015", "klambauer2017"),
    where=f"{MOMENTS}#sec-smooth-through",
)
def elu_and_selu_normalise():
    found = {name: theory.moments(name) for name in ("elu", "selu")}
    return Evidence(
        "N(0, 1) comes out with "
        + "; ".join(
            f"mean {abs(of.mean):.3f} and mean square {of.second:.3f} ({name})" for name, of in found.items()
        ),
        expected="mean 0 and mean square 1",
        cases={name: abs(of.mean) < 1e-6 and abs(of.second - 1) < 1e-6 for name, of in found.items()},
    )


@claim(
    "SELU is tau z for z > 0 and tau (alpha exp(z) - alpha) below",
    verdict=TRUE,
    corrected="With one pair of constants, which the text leaves out: alpha = 1.6733 and tau = 1.0507. With others "
    "it does not normalise itself.",
    activations=("selu", "elu"),
    citations=("klambauer2017",),
    where=f"{MOMENTS}#sec-smooth-through",
)
def selu_is_tau_times_elu():
    def selu(z, tau, alpha):
        return tau * torch.where(z > 0, z, alpha * torch.exp(z.clamp(max=0)) - alpha)

    # E f = 0 gives alpha; E f^2 = 1 then gives tau
    alpha = 1 / math.sqrt(2 * math.pi) / (0.5 - math.exp(0.5) * NormalDist().cdf(-1))
    tau = theory.expectation(lambda z: selu(z, 1.0, alpha) ** 2, kinks=(0.0,)) ** -0.5
    square = {
        f"alpha = {a:.4f}, tau = {t:.4f}": theory.expectation(lambda z, a=a, t=t: selu(z, t, a) ** 2, kinks=(0.0,))
        for a, t in [(alpha, tau), (1.0, 1.0)]
    }
    z = torch.linspace(-20, 20, 4001, dtype=F64)
    same = (selu(z, tau, alpha) - functional.selu(z)).abs().max().item()
    return Evidence(
        f"solved for mean 0 and mean square 1: alpha {alpha:.4f}, tau {tau:.4f}, with which it is "
        f"{'torch' if same < 1e-12 else 'not torch'}'s selu; mean square of the outputs "
        + ", ".join(f"{of:.3f} ({constants})" for constants, of in square.items()),
        expected="torch's selu, to rounding, with the constants that the paper's two equations give",
        cases={"the form, with these constants, is torch's": same < 1e-12},
    )
