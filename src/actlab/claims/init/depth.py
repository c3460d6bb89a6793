"""Claims about depth, skips and complexity."""

import math

import torch

from ... import results
from .. import IMPRECISE, PUBLISHED, Evidence, claim
from .._measure import DEPTH, GAINS, gradient_left, powers
from ._measure import CHAPTER, F64


@claim(
    "ResNet-50's skip connections are there against vanishing gradients, and let it gain from depth",
    verdict=IMPRECISE,
    corrected="A skip connection does keep a gradient alive that would vanish without it. But ResNet-50 has batch "
    "normalisation, with which none vanishes to begin with; its authors say so, and give degradation, a training "
    "error that rises with depth, as what the skips are for.",
    activations=("relu",),
    citations=("he2016", "ioffe2015"),
    where=f"{CHAPTER}#fig-init-parts",
)
def skips_cure_vanishing_gradients():
    plain, skip = gradient_left("relu", GAINS["torch"]), _through_skips(GAINS["torch"])
    normal = gradient_left("relu", GAINS["glorot"], normalised=True)
    return Evidence(
        f"gradient at the first of 50 ReLU layers over that at the last: {powers(normal)} in a plain stack with "
        f"batch normalisation; without it, at torch's default gain, {powers(plain)} plain and {powers(skip)} with "
        "skips",
        expected="a plain stack with batch normalisation that loses a thousandfold or more",
        cases={"with batch normalisation, as in ResNet-50": bool(normal.mean() < -3)},
        core={"without it: a thousandfold lost, but not with skips": bool(plain.mean() < -3 < skip.mean())},
    )


def _through_skips(gain, width=256, seeds=3):
    """log10 of the gradient's norm at the first layer's input over that at the last one's; layers h + relu(W h)."""
    found = []
    for seed in range(seeds):
        generator = torch.Generator().manual_seed(seed)
        signals = [torch.randn(64, width, generator=generator, dtype=F64).requires_grad_()]
        for _ in range(DEPTH):
            weight = torch.randn(width, width, generator=generator, dtype=F64) * gain / math.sqrt(width)
            signals.append(signals[-1] + torch.relu(signals[-1] @ weight))
        end = torch.randn(64, width, generator=generator, dtype=F64)
        first, last = torch.autograd.grad((signals[-1] * end).sum(), [signals[0], signals[-2]])
        found.append(torch.log10(first.norm() / last.norm()))
    return torch.stack(found)


@claim(
    "With Adam, a model too complex for its data, as ResNet-50 may be for MNIST, makes gradients vanish",
    verdict=IMPRECISE,
    corrected="Three of the five runs with Adam learned, and all five with SGD. What failed in the other two is not "
    "shown.",
    how=PUBLISHED,
    activations=("sigmoid", "relu", "leaky_relu", "elu", "selu"),
    citations=("park2024",),
)
def complex_models_make_gradients_vanish():
    accuracy = {
        table: {
            row["activation"]: row["value"]
            for row in results.load("published")
            if (row["source"], row["place"], row["quantity"]) == ("park2024", table, "accuracy")
        }
        for table in ("Table 9", "Table 11")
    }
    sgd, adam = accuracy.values()
    failed = [name for name, percent in adam.items() if percent < 90]
    return Evidence(
        f"ResNet-50 on MNIST, their own tables: with SGD at least {min(sgd.values()):.1f} % right; with Adam "
        + ", ".join(f"{name} {percent:.1f} %" for name, percent in adam.items()),
        expected="less than 90 % right, as when nothing is learned in the first layers",
        cases={"with Adam, whatever the function": max(adam.values()) < 90},
        core={"with Adam some runs fail": len(failed) > 0},
    )
