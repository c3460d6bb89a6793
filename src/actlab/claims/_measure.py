"""What several checks measure: gradients through deep networks at initialisation, and the stored runs on the disk."""

import csv
import math
import re
import statistics
from functools import cache

import numpy as np
import torch
from torch import Tensor

from .. import activations, experiments, results

WIDTH, DEPTH, BATCH = 256, 50, 64

# gain = sqrt(width x variance of a weight) of square layers, where Glorot's and LeCun's rules are one
GAINS = {"torch": 1 / math.sqrt(3), "lecun": 1.0, "glorot": 1.0, "he": math.sqrt(2)}


@cache
def gradient_left(
    activation: str, gain: float, *, depth: int = DEPTH, seeds: int = 5, normalised: bool = False, batch: int = BATCH
) -> Tensor:
    """How much of the gradient a random network leaves, in powers of ten: one number for each seed, shape (seeds,).

    Square layers of WIDTH units, weights normal with standard deviation gain / sqrt(WIDTH), zero biases, inputs and
    the gradient at the output standard normal, float64. normalised: batch normalisation before each activation.
    It is log10 of the norm of the gradient at the first pre-activation over that at the last.
    """
    act = activations.get(activation)
    found = []
    for seed in range(seeds):
        h, weights, delta = _draws(seed, depth, batch)
        weights = [weight * (gain / math.sqrt(WIDTH)) for weight in weights]
        pre, spreads = [], []
        for weight in weights:
            z, spread = h @ weight.T, None
            if normalised:
                spread = z.var(0, correction=0).add(1e-5).sqrt()
                z = (z - z.mean(0)) / spread
            pre.append(z)
            spreads.append(spread)
            h = act(z)
        first = last = _through_norm(delta * act.slope(pre[-1]), pre[-1], spreads[-1])
        for layer in range(depth - 1, 0, -1):
            delta = (first @ weights[layer]) * act.slope(pre[layer - 1])
            first = _through_norm(delta, pre[layer - 1], spreads[layer - 1])
        found.append(torch.log10(first.norm() / last.norm()))
    return torch.stack(found)


@cache
def _draws(seed: int, depth: int, batch: int) -> tuple[Tensor, list[Tensor], Tensor]:
    """Inputs, weights and the gradient at the output, standard normal: kept, for drawing takes longest of all."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(batch, WIDTH), *[(WIDTH, WIDTH)] * depth, (batch, WIDTH)]
    h, *weights, delta = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    return h, weights, delta


def _through_norm(delta, z, spread):
    """The gradient before batch normalisation, from that after it; z is normalised."""
    if spread is None:
        return delta
    return (delta - delta.mean(0) - z * (delta * z).mean(0)) / spread


def powers(values: Tensor) -> str:
    """Powers of ten over seeds as a phrase: 10^-30.8 +- 0.1 (5 seeds)."""
    return f"10^{values.mean():.1f} +- {values.std():.1f} ({len(values)} seeds)"


@cache
def _bibliography() -> dict[str, dict[str, str]]:
    root = results.root()
    file = next(folder / "references.bib" for folder in (root, root.parent) if (folder / "references.bib").is_file())
    entries = re.findall(r"^@\w+\{(\w+),(.*?)^\}", file.read_text(encoding="utf-8"), flags=re.M | re.S)
    return {key: dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", body, flags=re.M)) for key, body in entries}


def year_of(key: str) -> int:
    """The year that references.bib has for a source."""
    return int(_bibliography()[key]["year"])


def title_of(key: str) -> str:
    """The title that references.bib has for a source, without its braces, in small letters."""
    return re.sub(r"[{}]", "", _bibliography()[key]["title"]).lower()


@cache
def _cited() -> dict[tuple[str, str], str]:
    with (results.root() / "claims/cited.csv").open(newline="", encoding="utf-8") as file:
        return {(line["source"], line["what"]): line["value"] for line in csv.DictReader(file)}


def number_in(key: str, what: str) -> float:
    """A number that a source gives, as data/claims/cited.csv has it, with its place. KeyError where it has none."""
    return float(_cited()[key, what])


def words_in(key: str, what: str) -> str:
    """The words of a source, from the same table."""
    return _cited()[key, what]


def median_by_draw(activation, column):
    """A column of the stored runs on the disk, the median of the starts for each draw of the data: shape (draws,)."""
    rows = [row for row in results.load("disk", "draws") if row["activation"] == activation]
    draws = sorted({row["draw"] for row in rows})
    return torch.tensor([statistics.median(row[column] for row in rows if row["draw"] == draw) for draw in draws])


def tuned_ratio(a: str, b: str, column: str) -> tuple[float, float]:
    """Logarithm of a function's loss over another's on the disk, each at its own rate (`experiments.tuned`): mean and
    half width of the interval over the draws, pair by pair."""
    (_, one), (_, other) = (experiments.tuned(activation, column) for activation in (a, b))
    return results.student(np.log(one) - np.log(other))
