"""Do networks keep the ability to learn? Sixteen tasks in a row, by function, rate and optimiser; five minutes.

    python data/plasticity/make.py [FOLDER]             trains what FOLDER lacks, writes the tables beside this file
    python data/plasticity/make.py --tables [FOLDER]    writes the tables from whatever runs FOLDER has

A seed draws 300 digits, which stay, and for each task new random labels, which say nothing about the digits: so all
that a task asks for is to learn it by heart, and all tasks are equally hard for a network that is new. The score of a
task is its online accuracy: the share that is right before the update, over all batches of its 20 epochs.

Networks of 49-64-64-10, each function from its own gain; those of a run are trained side by side. Rates are chosen on
TUNING seeds, in two ways: by the score of the first task, as one would who knows no other, and by that of all tasks.
Stopped, it goes on from where it was: FOLDER keeps every run.
"""

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from actlab import activations, data, results, theory
from actlab._files import draft

STORES = Path(__file__).parents[2] / "_build" / "plasticity"
SEEDS, TUNING = tuple(range(10)), tuple(range(1000, 1003))
DIGITS, TASKS, EPOCHS, BATCH, WIDTH, INPUTS = 300, 16, 20, 50, 64, 49
FLAT, DORMANT = 1e-3, 0.1  # a slope below it on every digit is flat; a share of the layer's mean output is dormant
RESETS = {"silent": 0.0, "dormant": DORMANT}  # the score up to which a unit is reset, after each task
RESETS |= {f"{name}_epoch": score for name, score in RESETS.items()}  # or after each epoch
LIKE = {"random": "silent", "random_epoch": "silent_epoch"}  # resets as many units as another control, any of them

FUNCTIONS = {
    "relu": ("relu", {}),
    "leaky_relu": ("leaky_relu", {}),
    "leaky_0.3": ("leaky_relu", {"negative_slope": 0.3}),
    "gelu": ("gelu_tanh", {}),
    "tanh": ("tanh", {}),
    "identity": ("identity", {}),
    "sine": ("sine", {}),
    "crelu": ("relu", {}),  # of z and of -z, twice as many outputs
    "crelu_32": ("relu", {}),
    "relu_94": ("relu", {}),
}
CRELU = ("crelu", "crelu_32")
WIDTHS = {
    "crelu": 47,  # the widest that has no more parameters than 64 units of the others
    "crelu_32": 32,  # as many outputs as the others, and half of the parameters
    "relu_94": 94,  # as many outputs as crelu
}
ORDER = {  # what is trained under each optimiser, and the rates where its grid begins
    "adam": (tuple(FUNCTIONS), (1e-3, 3e-3, 1e-2)),
    "sgd": (("relu", "leaky_0.3", "tanh", "crelu"), (0.03, 0.1, 0.3)),
}
FURTHER = math.sqrt(10)  # a grid goes on by this factor, to one digit, until the best is at neither end
CONTROLS = ("fresh", "optimiser", *RESETS, *LIKE)  # of ReLU under Adam, at the rate of its first task
PULLS = {"decay": (3e-4, 1e-3, 3e-3), "to_start": (3e-4, 1e-3, 3e-3)}  # the same, and where their grids begin


@dataclass(frozen=True)
class Run:
    """What decides the numbers of a run but its seeds. control: one of CONTROLS or PULLS, or "none"."""

    function: str = "relu"
    optimizer: str = "adam"
    rate: float = 1e-3
    control: str = "none"
    strength: float = 0.0
    tasks: int = TASKS

    @property
    def name(self) -> str:
        return "-".join(str(value) for value in asdict(self).values())


class Stack:
    """Networks of one function side by side, one a seed, from normal weights of the function's gain and biases 0.

    weights, biases: a tensor a layer, of shape (nets, in, out) and (nets, 1, out), all of them views of `flat`, whose
    gradient `backward` writes: one short tensor is what an optimiser is quickest with.
    """

    def __init__(self, function: str, seeds: tuple[int, ...]):
        name, settings = FUNCTIONS[function]
        self.act, self.crelu = activations.get(name, **settings), function in CRELU
        width = WIDTHS.get(function, WIDTH)
        wide = 2 * width if self.crelu else width
        self.sizes = ((INPUTS, width), (wide, width), (wide, 10))
        self.gain, self.nets = theory.gain(self.act), len(seeds)
        self.generators = [torch.Generator().manual_seed(5000 + seed) for seed in seeds]
        self.flat = torch.zeros(self.nets * sum((ins + 1) * outs for ins, outs in self.sizes))
        self.flat.grad = torch.zeros_like(self.flat)
        self.weights, self.biases = self.views(self.flat)
        self.weight_grads, self.bias_grads = self.views(self.flat.grad)
        self.start()

    def views(self, flat: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """The weights and the biases in a tensor like `flat`."""
        shapes = [(self.nets, *size) for size in self.sizes] + [(self.nets, 1, outs) for _, outs in self.sizes]
        parts = flat.split([math.prod(shape) for shape in shapes])
        views = [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
        return views[:3], views[3:]

    def draw(self, layer: int) -> Tensor:
        """New weights of a layer for every net."""
        ins, outs = self.sizes[layer]
        gain = 1.0 if layer == 0 else self.gain  # the digits have mean square 1
        drawn = [torch.randn(ins, outs, generator=g) for g in self.generators]
        return torch.stack(drawn) * gain / math.sqrt(ins)

    def start(self) -> None:
        """Draw all weights anew; biases are 0."""
        for layer, weight in enumerate(self.weights):
            weight.copy_(self.draw(layer))
        for bias in self.biases:
            bias.zero_()

    def both(self, z: Tensor) -> Tensor:
        """What the function is applied to: z, or z and -z."""
        return torch.cat([z, -z], -1) if self.crelu else z

    def outputs(self, z: Tensor) -> Tensor:
        return self.act(self.both(z))

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Logits (nets, digits, 10), the pre-activations of the hidden layers, and the inputs of all layers."""
        z, h = [], [x]
        for weight, bias in zip(self.weights[:2], self.biases[:2], strict=True):
            z.append(torch.baddbmm(bias, h[-1], weight))
            h.append(self.outputs(z[-1]))
        return torch.baddbmm(self.biases[2], h[-1], self.weights[2]), z, h

    def backward(self, out: Tensor, z: list[Tensor], h: list[Tensor], y: Tensor) -> None:
        """Write the gradient of each net's mean cross-entropy over these digits."""
        delta = out.softmax(2)
        delta.scatter_add_(2, y[..., None], torch.full((*y.shape, 1), -1.0))
        delta /= y.shape[1]
        for layer in (2, 1, 0):
            torch.bmm(h[layer].mT, delta, out=self.weight_grads[layer])
            torch.sum(delta, 1, keepdim=True, out=self.bias_grads[layer])
            if layer:
                delta = torch.bmm(delta, self.weights[layer].mT) * self.act.slope(self.both(z[layer - 1]))
                if self.crelu:
                    left, right = delta.chunk(2, -1)
                    delta = left - right


def digits(seeds: tuple[int, ...]) -> Tensor:
    """The digits of each seed, pooled to 7 x 7 and standardised to mean 0 and mean square 1: (nets, digits, 49)."""
    drawn = torch.stack([data.mnist(DIGITS, test=1, seed=seed).train_x for seed in seeds])
    x = functional.avg_pool2d(drawn.flatten(0, 1), 4).view(len(seeds), DIGITS, INPUTS)
    x = x - x.mean((1, 2), keepdim=True)
    return x / x.square().mean((1, 2), keepdim=True).sqrt()


def optimizer(run: Run, flat: Tensor) -> torch.optim.Optimizer:
    if run.optimizer == "sgd":
        return torch.optim.SGD([flat], lr=run.rate, fused=True)
    decay = run.strength if run.control == "decay" else 0.0
    return torch.optim.Adam([flat], lr=run.rate, weight_decay=decay, fused=True)


def train(run: Run, seeds: tuple[int, ...]) -> list[dict]:
    """A row for each seed and task, in this order."""
    return course(run, seeds)[0]


@torch.no_grad()
def course(run: Run, seeds: tuple[int, ...]) -> tuple[list[dict], list[list[Tensor]]]:
    """A row for each seed and task, in this order; and how many units each reset took, by hidden layer and net.

    A control of LIKE first trains the one that it is like, to know how many.
    """
    counts = iter(course(replace(run, control=LIKE[run.control]), seeds)[1]) if run.control in LIKE else None
    chance = [torch.Generator().manual_seed(8000 + seed) for seed in seeds]
    taken: list[list[Tensor]] = []

    def renew():
        chosen = low(stack, x, run.strength) if counts is None else as_many(next(counts), chance)
        reset(stack, update, chosen)
        taken.append([units.sum(1) for units in chosen])

    x, nets = digits(seeds), len(seeds)
    stack = Stack(run.function, seeds)
    update, started = optimizer(run, stack.flat), stack.flat.clone()
    labels = [torch.Generator().manual_seed(6000 + seed) for seed in seeds]
    orders = [torch.Generator().manual_seed(7000 + seed) for seed in seeds]
    row, rows = torch.arange(nets)[:, None], [[] for _ in seeds]
    for task in range(run.tasks):
        if run.control == "fresh" and task:
            stack.start()
        if run.control in ("fresh", "optimiser"):
            update = optimizer(run, stack.flat)
        y = torch.stack([torch.randint(10, (DIGITS,), generator=g) for g in labels])
        right, before = torch.zeros(nets), len(taken)
        for epoch in range(EPOCHS):
            if run.control.endswith("_epoch") and epoch:
                renew()
            order = torch.stack([torch.randperm(DIGITS, generator=g) for g in orders])
            mixed, wanted = x[row, order], y[row, order]
            for xb, yb in zip(mixed.split(BATCH, 1), wanted.split(BATCH, 1), strict=True):
                out, z, h = stack.forward(xb)
                stack.backward(out, z, h, yb)
                if run.control == "to_start":
                    stack.flat.grad.add_(stack.flat - started, alpha=run.strength)
                update.step()
                right += (out.argmax(2) == yb).sum(1)
        seen = look(stack, x, y)
        seen["online"] = right / (EPOCHS * DIGITS)
        seen["norm"] = norms(stack, stack.flat) / norms(stack, started)
        if run.control in (*RESETS, *LIKE):
            renew()
        seen["reset"] = sum((units.double() for of in taken[before:] for units in of), torch.zeros(nets))
        for net in range(nets):
            rows[net].append({name: results.digits(values[net]) for name, values in seen.items()})
    every = [
        asdict(run) | {"seed": seed, "task": task + 1} | found
        for seed, of in zip(seeds, rows, strict=True)
        for task, found in enumerate(of)
    ]
    return every, taken


def norms(stack: Stack, flat: Tensor) -> Tensor:
    """The length of each net's weights."""
    return sum(weight.square().sum((1, 2)) for weight in stack.views(flat)[0]).sqrt()


def look(stack: Stack, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """At the end of a task, of each net on all its digits: accuracy; shares of the hidden units that are dead (slope
    exactly 0 on every digit), flat and dormant; and how many singular values of the last hidden layer, its mean
    removed, carry 99 % of their sum.
    """
    out, z, h = stack.forward(x)
    dead, flat, dormant = [], [], []
    for of, outputs in zip(z, h[1:], strict=True):
        steepest = stack.act.slope(stack.both(of)).abs().amax(1)
        dead.append(steepest == 0)
        flat.append(steepest < FLAT)
        dormant.append(score(outputs) <= DORMANT)
    values = torch.linalg.svdvals((h[-1] - h[-1].mean(1, keepdim=True)).nan_to_num())
    total = values.sum(1, keepdim=True)
    share = torch.where(total > 0, values.cumsum(1) / total, 1.0)  # of a layer that gives nothing, rank 0
    return {
        "end": (out.argmax(2) == y).float().mean(1),
        **{
            name: torch.cat(of, 1).float().mean(1)
            for name, of in (("dead", dead), ("flat", flat), ("dormant", dormant))
        },
        "rank": (share < 0.99).sum(1) + (total[:, 0] > 0).float(),
    }


def score(h: Tensor) -> Tensor:
    """A unit's mean size over the digits, as a share of its layer's mean: (nets, units)."""
    size = h.abs().mean(1)
    return size / size.mean(1, keepdim=True).clamp(min=1e-30)


def low(stack: Stack, x: Tensor, threshold: float) -> list[Tensor]:
    """Of each hidden layer, the units whose score is at most the threshold: bool, (nets, units)."""
    return [score(outputs) <= threshold for outputs in stack.forward(x)[2][1:]]


def as_many(counts: list[Tensor], chance: list[torch.Generator]) -> list[Tensor]:
    """As many units of each hidden layer and net as `counts` says, any of them: bool, (nets, units)."""
    drawn = [torch.stack([torch.rand(WIDTH, generator=g) for g in chance]) for _ in counts]
    return [of.argsort(1).argsort(1) < count[:, None] for of, count in zip(drawn, counts, strict=True)]


def reset(stack: Stack, update: torch.optim.Optimizer, chosen: list[Tensor]) -> None:
    """New incoming weights, bias 0 and outgoing weights 0 for the units that are chosen in each hidden layer.

    Between two of them the weight is new, not 0: the later one's outgoing weights are 0, so it changes no output.
    """
    remembered = [stack.views(update.state[stack.flat][name]) for name in ("exp_avg", "exp_avg_sq")]
    for layer, units in enumerate(chosen):
        into, out = units[:, None, :], units[:, :, None]
        stack.weights[layer].copy_(torch.where(into, stack.draw(layer), stack.weights[layer]))
        for weights, biases in ((stack.weights, stack.biases), *remembered):
            biases[layer].masked_fill_(into, 0)
            weights[layer + 1].masked_fill_(out, 0)
        for weights, _ in remembered:
            weights[layer].masked_fill_(into, 0)


class Missing(LookupError):
    """A run that is not among those that are kept."""


class Kept:
    """Runs in a folder, a file each: one that is there is not trained again. `seconds`: of the processor, for all."""

    def __init__(self, folder: Path, *, train: bool):
        self.folder, self.train, self.seconds = folder, train, 0.0

    def __call__(self, run: Run) -> list[dict]:
        path = self.folder / f"{run.name}.json"
        if not path.exists():
            if not self.train:
                raise Missing(f"no run {run.name}")
            began = time.process_time()
            rows = train(run, TUNING + SEEDS)
            seconds = round(time.process_time() - began, 1)
            with draft(path) as file:
                file.write_text(json.dumps({"seconds": seconds, "rows": rows}), encoding="utf-8")
            print(run.name, f"{mean(rows, SEEDS):.3f}, {seconds} s", flush=True)
        found = json.loads(path.read_text(encoding="utf-8"))
        self.seconds += found["seconds"]
        return found["rows"]


def mean(rows: list[dict], seeds: tuple[int, ...], tasks: range = range(1, 10**6)) -> float:
    """The mean online accuracy of some seeds and tasks."""
    found = [row["online"] for row in rows if row["seed"] in seeds and row["task"] in tasks]
    return sum(found) / len(found)


CHOICES = {"first": range(1, 2), "all": range(1, TASKS + 1)}  # the tasks whose score chooses a rate


def climb(of, grid: tuple[float, ...], ways: dict[str, range]) -> tuple[dict[str, float], dict[float, list[dict]]]:
    """The best value by each way to choose, and the rows of every value tried, in order; `of` gives those of a value.

    The best has the highest mean online accuracy of the tuning seeds, in the tasks of its way.
    """
    runs = {value: of(value) for value in grid}
    while True:
        best = {by: max(runs, key=lambda v, tasks=tasks: mean(runs[v], TUNING, tasks)) for by, tasks in ways.items()}
        ends = {min(runs): 1 / FURTHER, max(runs): FURTHER}
        beyond = [float(f"{value * ends[value]:.1g}") for value in ends if value in best.values()]
        if not beyond:
            return best, dict(sorted(runs.items()))
        runs |= {value: of(value) for value in beyond}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=STORES, help="where the runs are or shall be")
    parser.add_argument("--tables", action="store_true", help="train nothing, write the tables of what there is")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    kept = Kept(options.folder, train=not options.tables)
    runs, chosen = [], []
    try:
        for function in FUNCTIONS:
            runs += choose(kept, chosen, Run(function, "adam"), "rate", ORDER["adam"][1], CHOICES)
        first = next(row["value"] for row in chosen if row["function"] == "relu" and row["by"] == "first")
        runs += [kept(Run("relu", "adam", first, name, RESETS.get(name, 0.0))) for name in CONTROLS]
        for name, grid in PULLS.items():
            every = {"all": CHOICES["all"]}
            runs += choose(kept, chosen, Run("relu", "adam", first, name), "strength", grid, every)
        for function in ORDER["sgd"][0]:
            runs += choose(kept, chosen, Run(function, "sgd"), "rate", ORDER["sgd"][1], CHOICES)
    except Missing as gap:
        parser.error(f"{options.folder} has {gap}, so the tables stay as they are")
    results.save(
        "plasticity",
        {
            "runs": [courses(rows, seed) for rows in runs for seed in SEEDS],
            "tuning": [scores(rows) for rows in runs],
            "chosen": chosen,
        },
        folder=Path(__file__).parent,
        command="python data/plasticity/make.py",
        seconds=kept.seconds,
        seeds={"tuning": list(TUNING), "counted": list(SEEDS)},
    )


def choose(kept, chosen: list[dict], run: Run, what: str, grid: tuple[float, ...], ways: dict[str, range]) -> list:
    """The runs of the grid of a rate or a strength, whose best values are put down in `chosen`."""
    best, runs = climb(lambda value: kept(replace(run, **{what: value})), grid, ways)
    setting = {"function": run.function, "optimizer": run.optimizer, "control": run.control}
    chosen += [setting | {"what": what, "by": by, "value": value} for by, value in best.items()]
    return list(runs.values())


SEEN = ("online", "end", "dead", "flat", "dormant", "rank", "norm", "reset")  # of each task


def courses(rows: list[dict], seed: int) -> dict:
    """A row of the table `runs`: the setting, and a list over the tasks of each thing that was seen."""
    of = [row for row in rows if row["seed"] == seed]
    setting = {key: of[0][key] for key in ("function", "optimizer", "rate", "control", "strength", "seed")}
    return setting | {key: [rounded(row[key]) for row in of] for key in SEEN}


def rounded(value: float | None) -> float | None:
    """Three digits; None, which JSON has for what diverged, stays."""
    return None if value is None else results.digits(value, 3)


def scores(rows: list[dict]) -> dict:
    """A row of the table `tuning`: the setting, and the mean online accuracy of the tuning seeds by each way."""
    setting = {key: rows[0][key] for key in ("function", "optimizer", "rate", "control", "strength")}
    return setting | {by: results.digits(mean(rows, TUNING, tasks)) for by, tasks in CHOICES.items()}


if __name__ == "__main__":
    main()
