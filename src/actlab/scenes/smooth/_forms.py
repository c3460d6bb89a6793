"""GELU by its masks, exact and by its two shortcuts, and what a network makes of the difference."""

from collections.abc import Callable, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor, nn

from ... import activations, data, networks, plot, train, widgets
from ...tables import Table
from .. import drawn

__all__ = [
    "SHORTCUTS",
    "answers",
    "exact_forms_table",
    "formats",
    "formats_table",
    "forms_player",
    "forms_table",
    "kept_by_chance",
    "swapped_table",
    "trained",
    "walk",
    "walk_figure",
]

F64 = torch.float64
exact = activations.get("gelu")
SHORTCUTS = {"tanh": activations.get("gelu_tanh"), "sigmoid": activations.get("swish", beta=1.702)}


def kept_by_chance(z: Tensor, *, draws: int = 100_000, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Inputs of shape (n,) kept with probability Phi(z), else 0: mean over the draws and its standard error, (n,)."""
    chance = torch.rand(draws, len(z), generator=torch.Generator().manual_seed(seed), dtype=F64)
    masked = z * (chance < torch.special.ndtr(z))
    return masked.mean(0), masked.std(0) / draws**0.5


# ---- how far the forms are apart --------------------------------------------------------------------------------


def forms_table() -> Table:
    """The largest gap of each shortcut to the exact GELU, where it is, and what each form is at -5."""
    z, five = torch.linspace(-8, 8, 160_001, dtype=F64), torch.tensor(-5.0, dtype=F64)
    rows = [("exact", "0", "-", f"{exact(five):.1e}")]
    for name, form in SHORTCUTS.items():
        gap = (form(z) - exact(z)).abs()
        rows.append((f"{name} form", f"{gap.max():.5f}", f"±{z[gap.argmax()].abs():.1f}", f"{form(five):.1e}"))
    return Table(["form", "largest gap", "at z =", "value at -5"], rows)


def forms_player(*, first: str = "relative") -> widgets.Player:
    """The gaps of both shortcuts: on a linear axis, on a log axis, and in parts of the value."""
    z = torch.linspace(-6, 6, 193, dtype=F64)
    looks = {"tanh": (plot.GREEN, plot.DASHED), "sigmoid": (plot.PURPLE, plot.DASHDOT)}
    limits = {"linear": (0, 0.031), "log": (1e-7, 3), "relative": (1e-5, 1e5)}

    def draw(ax, scale):
        size = exact(z).abs()
        for name, form in SHORTCUTS.items():
            gap = (form(z) - exact(z)).abs() / (size if scale == "relative" else 1)
            color, dash = looks[name]
            seen = gap > 1e-9
            ax.plot(z[seen], gap[seen], color=color, linestyle=dash, label=f"{name} form")
        if scale != "linear":
            ax.set(yscale="log")
            for dtype, mark in ((torch.bfloat16, "-"), (torch.float16, ":")):
                level = torch.finfo(dtype).eps / 2 * (torch.ones_like(size) if scale == "relative" else size)
                seen = level > 1e-7
                look = {"color": plot.GREY, "linewidth": 1.2, "label": f"rounding, {str(dtype)[6:]}"}
                ax.plot(z[seen], level[seen], mark, **look)
        ax.set(xlabel="pre-activation $z$", ylabel="gap to the exact GELU", xlim=(-6, 6), ylim=limits[scale])
        ax.legend(loc="upper right", fontsize=9, ncols=2)

    def words(scale):
        return {
            "linear": "The gaps of both forms on a linear axis: the sigmoid form's humps reach 0.020 at z = 2.3 and "
            "-2.3; the tanh form's lie on the axis.",
            "log": "The gaps on a log axis: the tanh form stays below 5e-4, on the right under the rounding of "
            "bfloat16, in the left tail over it; the sigmoid form's largest gap is forty times as high.",
            "relative": "The gaps in parts of the value: on the right the tanh form is off by less than bfloat16 "
            "rounds; on the left both forms leave, tanh's gap towards 1, the sigmoid's to thousands.",
        }[scale]

    return widgets.player(draw, scale=list(limits), alt=words, first={"scale": first}, size=(5, 3.4))


def formats(dtype: torch.dtype, *, draws: int = 200_000, seed: int = 0) -> dict[str, float]:
    """The exact and the tanh form, both rounded to a format, for z ~ N(0, 1) that the format holds.

    equal: share of equal outputs; gap, rounding: mean absolute difference of the forms before rounding, and of the
    exact form to its rounded self; of the outputs that differ, beyond_one and beyond_ten: the share that is more than
    one, or ten, numbers of the format apart, how many numbers apart they are at most, and the rightmost z at which
    it is more than one.
    """
    z = torch.randn(draws, generator=torch.Generator().manual_seed(seed)).to(dtype).to(F64)
    a, b = exact(z), SHORTCUTS["tanh"](z)
    apart = (_place(a.to(dtype)) - _place(b.to(dtype))).abs()
    differ = apart[apart > 0].double()
    return {
        "equal": (apart == 0).double().mean().item(),
        "gap": (a - b).abs().mean().item(),
        "rounding": (a.to(dtype).to(F64) - a).abs().mean().item(),
        "beyond_one": (differ > 1).double().mean().item(),
        "beyond_ten": (differ > 10).double().mean().item(),
        "most": differ.max().item(),
        "rightmost": z[apart > 1].max().item(),
    }


def _place(x):
    """The place of each number among all of its format, counted from 0."""
    whole = {2: torch.int16, 4: torch.int32}[x.element_size()]
    bits = x.view(whole).long()
    sign = 1 << (8 * x.element_size() - 1)
    return torch.where(bits < 0, -(bits + sign), bits)


def formats_table(dtypes: Sequence[torch.dtype] = (torch.float32, torch.float16, torch.bfloat16)) -> Table:
    """`formats`, in three of them."""
    rows = []
    for dtype in dtypes:
        of = formats(dtype)
        rows.append((str(dtype)[6:], f"{of['equal']:.0%}", f"{of['gap']:.1e}", f"{of['rounding']:.0e}"))
    return Table(["format", "equal outputs", "gap of the forms", "rounding"], rows)


def exact_forms_table() -> Table:
    """GELU at -6 in float32, written with 1 + erf and with erfc; the true value."""
    six = torch.tensor(-6.0)
    true = 0.5 * six.double() * torch.erfc(-six.double() / 2**0.5)
    rows = [
        ("1 + erf", 0.5 * six * (1 + torch.erf(six / 2**0.5))),
        ("erfc", 0.5 * six * torch.erfc(-six / 2**0.5)),
        ("true", true),
    ]
    return Table(["written with", "at -6"], [(name, f"{value:.1e}" if value else "0") for name, value in rows])


# ---- does a network notice? -------------------------------------------------------------------------------------


def trained(activation: str, *, draw: int = 0, seed: int = 100) -> tuple[data.Split, nn.Sequential]:
    """A 2-16-8-1 network after 500 updates on a draw of the disk, with weights from a seed of their own."""
    task = data.disk(1000, test=20_000, seed=draw)
    network = networks.mlp([2, 16, 8, 1], activation, seed=seed)
    train.fit(network, task, steps=500, rate=0.01)
    return task, network


@torch.no_grad()
def answers(network: nn.Sequential, x: Tensor, form: Callable[[Tensor], Tensor]) -> Tensor:
    """The logits of a network, shape (points,), with another function in place of its activation."""
    for layer in network:
        x = layer(x) if isinstance(layer, nn.Linear) else form(x)
    return x[:, 0]


def swapped_table(pairs: Sequence[tuple[data.Split, nn.Sequential]]) -> Table:
    """Networks trained with the exact GELU, run with another form: how many answers change."""
    forms = {"tanh form": SHORTCUTS["tanh"], "sigmoid form": SHORTCUTS["sigmoid"], "ReLU": activations.get("relu")}
    rows = []
    for name, form in forms.items():
        flips = [
            ((answers(net, task.test_x, form) > 0) != (answers(net, task.test_x, exact) > 0)).sum().item()
            for task, net in pairs
        ]
        # to a power of ten: training amplifies the last bit
        rows.append((name, _about(min(flips)), _about(max(flips))))
    return Table(["run with", "fewest", "most"], rows)


def _about(count):
    for bound in (10, 100, 1000):
        if count < bound:
            return f"< {bound}"
    return "1,000 or more"


def walk(network: nn.Sequential, *, reach: float = 2.0, points: int = 2001) -> tuple[Tensor, Tensor]:
    """Along x1, with x2 = 0: the places, and the slope of the network's output with respect to x1; (points,) both."""
    x = torch.zeros(points, 2)
    x[:, 0] = torch.linspace(-reach, reach, points)
    x.requires_grad_()
    (slope,) = torch.autograd.grad(network(x).sum(), x)
    return x[:, 0].detach(), slope[:, 0]


def walk_figure(by_name: dict[str, nn.Sequential]) -> Figure:
    """`walk` of one network for each name of an activation."""
    fig, ax = plt.subplots(figsize=(5.6, 3.2))
    for name, network in by_name.items():
        ax.plot(*walk(network), **plot.style_of(name), linewidth=1.6, label=name)
    plot.zero_lines(ax)
    ax.set(xlabel="$x_1$, with $x_2 = 0$", ylabel="slope of the logit")
    ax.legend(loc="upper right")
    return drawn(fig)
