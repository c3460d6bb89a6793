"""How much a gate gains on products, in five settings of size: plain and gated blocks at equal parameters; minutes.

As in `data/gate_tasks`: a block, plain (Linear, activation, Linear) or gated (three matrices, as many units as cost
about the same parameters), and a linear readout of one number. Adam, its rate falling linearly to 0, on new N(0, 1)
inputs in every step; squared error on 4000 more. The target is a sum of products of pairs of inputs, mean square 1.

A function's rate is chosen for each setting on starts of their own, before the runs that are reported: see `choose`.
"""

import math
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from actlab import results
from actlab.gates import matched_width

PLAIN = {"gelu": functional.gelu, "silu": functional.silu, "relu_squared": lambda z: torch.relu(z).square()}
GATED = {"glu": torch.sigmoid, "geglu": functional.gelu, "swiglu": functional.silu}
TUNING, STARTS = tuple(range(100, 105)), tuple(range(10))
BATCH, TEST, FIRST, FACTOR = 128, 4000, 0.03, 3.0


@dataclass(frozen=True)
class Setting:
    """inputs and outputs of the block, hidden units of the plain one, products in the target, and updates."""

    width: int = 8
    hidden: int = 64
    products: int = 3
    steps: int = 1000


BASE = Setting()
SETTINGS = {
    "as in gate_tasks": BASE,
    "16 units": replace(BASE, hidden=16),
    "200 steps": replace(BASE, steps=200),
    "one product": replace(BASE, products=1),
    "32 inputs, 16 products": replace(BASE, width=32, products=16),
}


def target(x: Tensor, products: int) -> Tensor:
    """x1 x2 + x3 x4 + ..., of mean square 1."""
    return (x[..., 0 : 2 * products : 2] * x[..., 1 : 2 * products : 2]).sum(-1) / math.sqrt(products)


def start(name: str, setting: Setting, seed: int) -> list[Tensor]:
    """Weights (inputs, units) and biases (1, units) of each layer, drawn as nn.Linear draws them."""
    generator, width = torch.Generator().manual_seed(seed), setting.width
    units = setting.hidden if name in PLAIN else matched_width(setting.hidden, width)
    shapes = [(width, units)] * (1 if name in PLAIN else 2) + [(units, width), (width, 1)]
    drawn = []
    for before, after in shapes:
        for shape in ((before, after), (1, after)):
            drawn.append(torch.empty(shape).uniform_(-(before**-0.5), before**-0.5, generator=generator))
    return drawn


def outputs(name: str, parameters: list[Tensor], x: Tensor) -> Tensor:
    """What the networks make of x: parameters have a first axis for the network, x is (networks, points, width)."""
    layers = iter(zip(parameters[::2], parameters[1::2], strict=True))

    def linear(x):
        weight, bias = next(layers)
        return torch.baddbmm(bias, x, weight)

    hidden = PLAIN[name](linear(x)) if name in PLAIN else linear(x) * GATED[name](linear(x))
    return linear(linear(hidden))[..., 0]


def train(setting: Setting, name: str, rate: float, starts: tuple[int, ...]) -> list[float]:
    """Test errors of the networks of these starts, trained side by side, each on points of its own."""
    drawn = zip(*(start(name, setting, seed) for seed in starts), strict=True)
    parameters = [torch.stack(same).requires_grad_() for same in drawn]
    optimizer = torch.optim.Adam(parameters, lr=rate)
    generators = [torch.Generator().manual_seed(10_000 + seed) for seed in starts]

    def errors(points):
        x = torch.stack([torch.randn(points, setting.width, generator=generator) for generator in generators])
        return (outputs(name, parameters, x) - target(x, setting.products)).square().mean(dim=1)

    for step in range(setting.steps):
        optimizer.param_groups[0]["lr"] = rate * (1 - step / setting.steps)
        optimizer.zero_grad()
        errors(BATCH).sum().backward()
        optimizer.step()
    with torch.no_grad():
        return [float(f"{error:.3g}") if math.isfinite(error) else None for error in errors(TEST).tolist()]


def choose(setting: Setting, name: str) -> dict[float, float]:
    """From each rate that was tried to the median error of the starts of TUNING, lowest rate first.

    Powers of FACTOR around FIRST, until the best of them has a worse one on either side.
    """
    tried = {power: _median(setting, name, power) for power in (-1, 0, 1)}
    while (best := min(tried, key=tried.get)) in (min(tried), max(tried)):
        beyond = best + 1 if best == max(tried) else best - 1
        tried[beyond] = _median(setting, name, beyond)
    return {_rate(power): tried[power] for power in sorted(tried)}


def _rate(power):
    return float(f"{FIRST * FACTOR**power:.3g}")


def _median(setting, name, power):
    found = train(setting, name, _rate(power), TUNING)
    return statistics.median(math.inf if error is None else error for error in found)


def study(settings: dict[str, Setting] = SETTINGS) -> tuple[list[dict], list[dict]]:
    """The runs that are reported, and the rates that were tried."""
    runs, rates = [], []
    for label, setting in settings.items():
        for name in (*PLAIN, *GATED):
            tried = choose(setting, name)
            rate = min(tried, key=tried.get)
            shared = {"setting": label, "function": name}
            rates += [{**shared, "rate": r, "median": v, "chosen": r == rate} for r, v in tried.items()]
            parameters = sum(p.numel() for p in start(name, setting, 0))
            for seed, error in zip(STARTS, train(setting, name, rate, STARTS), strict=True):
                runs.append({**shared, "rate": rate, "start": seed, "parameters": parameters, "test_loss": error})
    return runs, rates


def main():
    torch.set_num_threads(1)  # the sums inside a step depend on the number of threads
    began = time.process_time()
    runs, rates = study()
    results.save(
        "gate_sizes",
        {"runs": runs, "rates": rates},
        folder=Path(__file__).parent,
        command="python data/gate_sizes/make.py",
        seconds=time.process_time() - began,
        seeds={"tuning": list(TUNING), "starts": list(STARTS)},
        sizes={"batch": BATCH, "test": TEST},
    )


if __name__ == "__main__":
    main()
