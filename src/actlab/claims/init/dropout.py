"""Claims about dropout."""

from functools import cache

import torch
from torch.nn import functional

from ... import data, networks
from .. import CONDITIONS, Evidence, claim
from ._measure import F64


@claim(
    "Dropout keeps a network from overfitting",
    verdict=CONDITIONS,
    corrected="Where a network can learn its noise by heart it helps a lot. One that is too small for that does "
    "worse with it.",
    activations=("relu",),
    citations=("srivastava2014",),
)
def dropout_regularises():
    loss = {
        where: [_with_dropout(*setting, dropped)["loss"] for dropped in (0.0, 0.5)]
        for where, setting in NOISY.items()
    }
    return Evidence(
        "test loss on the disk without dropout and with half of the units dropped, mean of 4 networks: "
        + "; ".join(f"{without:.1f} and {dropped:.1f} ({where})" for where, (without, dropped) in loss.items()),
        expected="a lower test loss with dropout",
        cases={where: dropped < without for where, (without, dropped) in loss.items()},
    )


@claim(
    "Dropout on ReLU units leaves more zeros, and a network that bears more noise",
    verdict=CONDITIONS,
    corrected="Sparser than ReLU's own half of zeros, in both networks that were tried. More robust only in the one "
    "that was large enough to learn noise by heart without it; the small one lost.",
    activations=("relu",),
    citations=("srivastava2014",),
)
def dropout_makes_relu_sparse_and_robust():
    found = {where: [_with_dropout(*setting, dropped) for dropped in (0.0, 0.5)] for where, setting in NOISY.items()}
    return Evidence(
        "test points, without dropout and with: "
        + "; ".join(
            f"zeros {plain['zeros']:.1f} and {dropped['zeros']:.1f}, right after noise of 0.1 {plain['right']:.2f} "
            f"and {dropped['right']:.2f} ({where})"
            for where, (plain, dropped) in found.items()
        ),
        expected="more zeros, by 0.05, and more points right when noise is added to them",
        cases={
            where: dropped["zeros"] - plain["zeros"] > 0.05 and dropped["right"] > plain["right"]
            for where, (plain, dropped) in found.items()
        },
    )


# hidden units, training points and the share of them that are mislabelled
NOISY = {"32 units, 100 points, a fifth of them mislabelled": (32, 100, 0.2), "4 units, 200 points": (4, 200, 0.0)}


@cache
def _with_dropout(units, points, mislabelled, dropped, count=4, steps=150, rate=0.03):
    """What becomes of 2-units-units-1 ReLU networks, trained on the disk with that share of the units dropped.

    Means over `count` networks, which are trained side by side, on 500 fresh points each and with all units: test
    loss, share of zeros in the last hidden layer, share right after noise of standard deviation 0.1.
    """
    generator = torch.Generator().manual_seed(0)
    tasks = [data.disk(points, test=500, seed=seed, dtype=F64) for seed in range(count)]
    x, y, test_x, test_y = (torch.stack(part) for part in zip(*tasks, strict=True))
    y = torch.where(torch.rand(y.shape, generator=generator) < mislabelled, 1 - y, y)
    starts = [networks.mlp([2, units, units, 1], "relu", scheme="he", seed=seed, dtype=F64) for seed in range(count)]
    layers = [
        (
            torch.stack([start[i].weight.detach().T for start in starts]).requires_grad_(),
            torch.stack([start[i].bias.detach()[None] for start in starts]).requires_grad_(),
        )
        for i in (0, 2, 4)
    ]

    def hidden(x, dropped=0.0):
        for weight, bias in layers[:2]:
            x = torch.relu(x @ weight + bias)
            if dropped:
                x = x * (torch.rand(x.shape, generator=generator) >= dropped) / (1 - dropped)
        return x

    def logits(h):
        return (h @ layers[2][0] + layers[2][1]).squeeze(2)

    adam = torch.optim.Adam([part for layer in layers for part in layer], lr=rate)
    for _ in range(steps):
        loss = functional.binary_cross_entropy_with_logits(logits(hidden(x, dropped)), y)
        adam.zero_grad()
        (count * loss).backward()  # each network gets the gradient of its own mean
        adam.step()
    with torch.no_grad():
        h = hidden(test_x)
        noisy = test_x + 0.1 * torch.randn(test_x.shape, generator=generator, dtype=F64)
        return {
            "loss": functional.binary_cross_entropy_with_logits(logits(h), test_y).item(),
            "zeros": (h == 0).double().mean().item(),
            "right": ((logits(hidden(noisy)) > 0) == (test_y > 0)).double().mean().item(),
        }
