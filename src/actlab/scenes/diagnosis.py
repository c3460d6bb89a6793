"""Two networks that learn nothing about digits, for two reasons, as they come and after the cure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import data, diagnostics, networks, plot, results, widgets
from ..tables import Table

__all__ = [
    "Deep",
    "Run",
    "batch",
    "cost_table",
    "cured",
    "rates_table",
    "runs",
    "runs_table",
    "states_player",
    "trained",
    "wide",
]

DEPTH, WIDTH, STEPS, BATCH = 12, 64, 200, 64
GAIN = 2**0.5  # that ReLU asks for
RATES = {"A": 0.01, "B": 0.05}
LOWER = 0.001
EVERY = 10
NAMES = {"resnet18": "ResNet-18", "bert": "BERT, 6 layers", "mlp": "3 layers of 256"}


@dataclass(frozen=True)
class Run:
    """A training run: the loss of each step, and the share of 500 test digits that are right; what a monitor saw."""

    losses: list[float]
    accuracy: float
    seen: diagnostics.Monitor | None = None


class Deep(nn.Module):
    """784 pixels, 12 hidden layers of 64 ReLUs, called as functions, and 10 classes; PyTorch's own start."""

    def __init__(self, seed: int = 0):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            sizes = [784, *[WIDTH] * DEPTH]
            self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
            self.head = nn.Linear(WIDTH, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, for pictures of shape (n, 1, 28, 28)."""
        x = x.flatten(1)
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.head(x)


def wide(seed: int = 0) -> nn.Module:
    """784 pixels, two hidden layers of 128 ReLUs and 10 classes, with He's start."""
    return nn.Sequential(nn.Flatten(), *networks.mlp([784, 128, 128, 10], "relu", scheme="he", seed=seed))


@cache
def _digits():
    return data.mnist(2000, test=500, seed=0)


def batch(n: int = 256) -> tuple[Tensor, Tensor]:
    """The first training digits and their labels."""
    task = _digits()
    return task.train_x[:n], task.train_y[:n]


def trained(network: nn.Module, rate: float, *, adam: bool, steps: int = STEPS, seed: int = 0) -> Run:
    """Train on 2000 digits, 64 at a time; the network stays as it is at the end."""
    task, order, losses = _digits(), torch.Generator().manual_seed(seed), []
    parameters = list(network.parameters())
    step = torch.optim.Adam(parameters, rate) if adam else torch.optim.SGD(parameters, rate, momentum=0.9)
    for _ in range(steps):
        chosen = torch.randint(0, len(task.train_x), (BATCH,), generator=order)
        loss = F.cross_entropy(network(task.train_x[chosen]), task.train_y[chosen])
        step.zero_grad()
        loss.backward()
        step.step()
        losses.append(loss.item())
    with torch.no_grad():
        accuracy = (network(task.test_x).argmax(1) == task.test_y).double().mean().item()
    return Run(losses, accuracy)


def _watched(network, rate, adam, seed):
    with diagnostics.monitor(network, every=EVERY) as seen:
        return replace(trained(network, rate, adam=adam, seed=seed), seen=seen)


def cured(network: Deep, gain: float = GAIN, seed: int = 0) -> Deep:
    """The same network with this gain in every hidden layer, drawn anew, and biases 0."""
    generator = torch.Generator().manual_seed(seed)
    for layer in network.layers:
        nn.init.normal_(layer.weight, std=gain * layer.in_features**-0.5, generator=generator)
        nn.init.zeros_(layer.bias)
    return network


def runs(seed: int = 0) -> dict[tuple[str, str], Run]:
    """Both as they come and after the cure: A with another start, B with a smaller rate."""
    return {
        ("A", "as it came"): _watched(Deep(seed), RATES["A"], False, seed),
        ("A", "after the cure"): _watched(cured(Deep(seed), seed=seed), RATES["A"], False, seed),
        ("B", "as it came"): _watched(wide(seed), RATES["B"], True, seed),
        ("B", "after the cure"): _watched(wide(seed), LOWER, True, seed),
    }


def rates_table(rates: Sequence[float] = (0.001, 0.003, 0.01, 0.03)) -> Table:
    """Test digits that patient A gets right at several rates, as it comes and after the cure."""
    rows = []
    for rate in rates:
        both = (trained(network, rate, adam=False) for network in (Deep(), cured(Deep())))
        rows.append((f"{rate:g}", *(f"{run.accuracy:.0%}" for run in both)))
    return Table(["rate", "as it came", "after the cure"], rows, caption="Test digits that A gets right.")


def cost_table() -> Table:
    """What a look costs, from data/health_cost: times are medians of ratios to a plain step of training."""
    rows = [
        (NAMES[row["network"]], f"{row['health_ratio']:.1f}", f"{row['health_mb'] / row['plain_mb']:.2f}",
         f"{100 * row['monitor_share']:.1f} %")
        for row in results.load("health_cost")
    ]  # fmt: skip
    return Table(["network", "health: time", "health: memory", "monitor: time"], rows)


def runs_table(found: Mapping[tuple[str, str], Run]) -> Table:
    """Loss and accuracy at the end."""
    rows = [
        (f"{name}, {state}", f"{sum(run.losses[-20:]) / 20:.1f}", f"{run.accuracy:.0%}")
        for (name, state), run in found.items()
    ]
    return Table(["patient", "loss, last 20 steps", "test digits right"], rows)


def states_player(found: Mapping[tuple[str, str], Run]) -> widgets.Player:
    """The loss over the steps of a patient, and what share of its worst layer is dead."""
    chance = torch.tensor(10.0).log().item()

    def parts(patient, state):
        run = found[patient, state]
        return run, run.seen.dead.amax(1)

    def draw(ax, patient, state):
        run, dead = parts(patient, state)
        ax.axhline(chance, color=plot.GREY, linestyle=":")
        ax.plot(run.losses, color=plot.BLUE, linewidth=1.4)
        ax.plot(run.seen.steps - 1, 2.5 * dead, "s--", color=plot.RED, markersize=4)
        ax.set(
            ylim=(-0.05, 3.05), xlabel="step", ylabel="loss", title=f"{patient}, {state}: {run.accuracy:.0%} right"
        )
        ax.text(len(run.losses), chance + 0.06, "guessing", ha="right", color="0.35", fontsize="small")
        other = ax.secondary_yaxis("right", functions=(lambda loss: loss / 2.5, lambda share: 2.5 * share))
        other.set_ylabel("dead share, worst layer (squares)")
        other.set_yticks([0, 0.5, 1])

    def in_words(patient, state):
        run, dead = parts(patient, state)
        return (
            f"patient {patient} {state}: the loss goes from {run.losses[0]:.1f} to {run.losses[-1]:.1f} in "
            f"{len(run.losses)} steps, guessing is at {chance:.1f}; of the worst layer {dead[0]:.0%} are dead at "
            f"first and {dead[-1]:.0%} at the end; {run.accuracy:.0%} of 500 test digits are right"
        )

    states = {"patient": ["A", "B"], "state": ["as it came", "after the cure"]}
    return widgets.player(draw, alt=in_words, first={"patient": "B"}, size=(5.0, 2.9), **states)
