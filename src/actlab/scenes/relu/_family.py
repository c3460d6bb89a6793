"""The family beside one another: what autograd makes of the kink, how far left ELU still learns, the means."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from ... import activations, data, networks, tables, theory

__all__ = [
    "family_means",
    "slope_at_zero",
    "slopes_at_zero",
    "slopes_far_left",
    "zeros_met",
]

SPELLINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu(z)": torch.relu,
    "maximum(z, 0)": lambda z: torch.maximum(z, torch.zeros_like(z)),
    "where(z > 0, z, 0)": lambda z: torch.where(z > 0, z, 0.0),
    "where(z >= 0, z, 0)": lambda z: torch.where(z >= 0, z, 0.0),
    "(z + |z|) / 2": lambda z: (z + z.abs()) / 2,
    "clamp(z, min=0)": lambda z: z.clamp(min=0),
}


def slope_at_zero(spelling: Callable[[Tensor], Tensor]) -> float:
    """What autograd gives at z = 0."""
    zero = torch.zeros(1, requires_grad=True)
    return torch.autograd.grad(spelling(zero).sum(), zero)[0].item()


def slopes_at_zero(spellings: Mapping[str, Callable[[Tensor], Tensor]] = SPELLINGS) -> tables.Table:
    """What autograd gives at z = 0 for each way to write ReLU, and what it makes of the bias of a unit at 0.

    The bias's gradient is that of half the squared error to the target 1, with x = 0 and a bias of 0.
    """
    rows = []
    for name, spelling in spellings.items():
        slope = f"{slope_at_zero(spelling):g}"
        bias = torch.zeros(1, requires_grad=True)
        (0.5 * (spelling(torch.zeros(1) + bias) - 1) ** 2).sum().backward()
        gradient = f"{bias.grad.item():g}"
        if name.startswith("clamp"):  # this row has to be the same with every torch
            slope, gradient = "1, from torch 2.14 on 0", "-1, then 0"
        rows.append([name, slope, gradient])
    return tables.Table(["written as", "slope at 0", "gradient of the bias"], rows)


def zeros_met() -> dict[str, tuple[int, int]]:
    """How many z are exactly 0, and of how many: dense products, such sums in float16, and XOR's corners."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2000, 64, generator=generator)
    weight = torch.randn(64, 256, generator=generator) / 8
    half = torch.zeros(2000, 256, dtype=torch.float16)
    for k in range(64):  # add up in float16, one product at a time
        half = half + x[:, k : k + 1].half() * weight[k].half()
    hidden = networks.mlp([2, 4, 1], "relu", scheme="he", seed=0)[0](data.xor().train_x)
    found = {"dense, float32": x @ weight, "dense, added up in float16": half, "XOR, zero biases": hidden}
    return {name: (int((z == 0).sum()), z.numel()) for name, z in found.items()}


def slopes_far_left(at: Sequence[float] = (-1, -2, -5, -10, -20)) -> tables.Table:
    """The slopes of ELU, the sigmoid and tanh at some z below 0, and the first over the second."""
    z = torch.tensor(at, dtype=torch.float64)
    slope = {name: activations.get(name).slope(z) for name in ("elu", "sigmoid", "tanh")}
    rows = [
        [f"{point:g}", *(f"{of[i]:.2e}" for of in slope.values()), f"{slope['elu'][i] / slope['sigmoid'][i]:.4f}"]
        for i, point in enumerate(at)
    ]
    return tables.Table(["z", *slope, "elu / sigmoid"], rows, caption="Slopes below 0.")


def family_means(names: Sequence[str] = ("relu", "leaky_relu", "prelu", "elu", "selu")) -> tables.Table:
    """The mean of each function under a standard normal z, and its square over the mean square."""
    rows = []
    for name in names:
        of = theory.moments(name)
        rows.append([name, f"{abs(of.mean):.3f}", f"{abs(of.mean**2 / of.second):.0%}"])
    return tables.Table(["function", "mean", "its part of the mean square"], rows)
