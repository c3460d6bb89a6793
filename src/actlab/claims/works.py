"""Claims of the works that chapters 9 and 10 rest on, beside those of the five texts, and counted apart from them."""

import math
import statistics
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, layer_norm

from .. import activations, gates, results
from . import CONDITIONS, STORED, TRUE, Evidence, claim

LARGE = "chapters/09_large_models"
MOVING = "chapters/10_moving_data"
LAST = 4  # tasks at either end of a sequence that are compared

_rows = cache(results.load)


@claim(
    "SwiGLU amplifies outliers, as seen in 8-bit training that was long enough for its two matrices to align",
    verdict=TRUE,
    corrected="Its largest output grows with the square of its input, aligned or not. That long training brings "
    "inputs so large and the alignment was not tested here. Clamped as in gpt-oss the output does not grow at all.",
    activations=("silu",),
    citations=("fishman2025", "openai2025"),
    where=f"{LARGE}#sec-large-gates",
)
def swiglu_amplifies_outliers():
    value, gate = torch.randn(2, 100_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    functions = {
        "GELU": lambda s: activations.get("gelu")(s * gate),
        "SwiGLU": lambda s: gates.swiglu(s * value, s * gate),
        (aligned := "SwiGLU, value and gate the same numbers"): lambda s: gates.swiglu(s * gate, s * gate),
        "SwiGLU clamped at 7": lambda s: gates.clamped_swiglu(s * value, s * gate),
    }
    grown = {name: (f(100).abs().max() / f(10).abs().max()).item() for name, f in functions.items()}
    plain = grown["GELU"]
    return Evidence(
        "with inputs ten times as large, the largest of 100,000 outputs grows by a factor of "
        + ", ".join(f"{ratio:.1f} with {name}" for name, ratio in grown.items()),
        expected=f"much more than the {plain:.1f} of GELU, twice as much at least",
        cases={name: grown[name] > 2 * plain for name in ("SwiGLU", aligned)},
    )


@cache
def _starts() -> dict[str, list[float]]:
    """Accuracy on test digits by kind, in the order of the seeds."""
    found: dict[str, list[float]] = {}
    for row in _rows("residual_starts", "runs"):
        found.setdefault(row["kind"], []).append(row["test_accuracy"])
    return found


def _mean(values):
    return sum(values) / len(values)


@claim(
    "With a standard start a deep residual network needs normalisation to train well",
    verdict=TRUE,
    corrected="With 32 blocks, each at its best rate. Or the start is mended: 1/sqrt(2L) on each last matrix.",
    how=STORED,
    citations=("zhang2019",),
    where=f"{LARGE}#sec-large-train",
)
def a_standard_start_needs_normalisation():
    found = _starts()
    gaps = {norm: results.paired(found[norm], found["plain"], comparisons=2) for norm in ("pre-norm", "post-norm")}
    return Evidence(
        f"accuracy {_mean(found['plain']):.2f} without a norm; more with one, over ten paired seeds: "
        + ", ".join(f"{gap.mean:.2f} +- {gap.half:.2f} with {norm}" for norm, gap in gaps.items()),
        expected="a higher accuracy with a norm, wherever it stands",
        cases={norm: gap.verdict == "higher" for norm, gap in gaps.items()},
    )


@claim(
    "With the right start, residual networks train as well without normalisation as with it",
    verdict=CONDITIONS,
    corrected="Not distinguishable from pre-norm as it is, and a little behind pre-norm whose last matrices are "
    "scaled too. Theirs is a fuller recipe, for up to 10,000 layers.",
    how=STORED,
    citations=("zhang2019",),
    where=f"{LARGE}#sec-large-train",
)
def the_right_start_replaces_normalisation():
    found = _starts()
    norms = ("pre-norm", "pre-norm, scaled")
    gaps = {norm: results.paired(found["scaled"], found[norm], comparisons=len(norms)) for norm in norms}
    return Evidence(
        "accuracy with 1/sqrt(2L) and no norm, less that with one: "
        + ", ".join(f"{gap.mean:+.3f} +- {gap.half:.3f} ({norm})" for norm, gap in gaps.items()),
        expected="no distinguishable loss",
        cases={norm: gap.verdict != "lower" for norm, gap in gaps.items()},
    )


def _ratio(norm, seed, blocks=16, width=64):
    """Gradient of the last block over that of the first, in a transformer's residual stream before any training."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x, y, last = normal(64, width), torch.arange(64) % 10, normal(width, 10) / math.sqrt(width)
    into = [(normal(width, width) * math.sqrt(2 / width)).requires_grad_() for _ in range(blocks)]
    out = [(normal(width, width) / math.sqrt(width)).requires_grad_() for _ in range(blocks)]
    for A, B in zip(into, out, strict=True):
        added = torch.relu((layer_norm(x, (width,)) if norm == "pre" else x) @ A) @ B
        x = layer_norm(x + added, (width,)) if norm == "post" else x + added
    loss = cross_entropy((layer_norm(x, (width,)) if norm == "pre" else x) @ last, y)
    gradients: list[Tensor] = [gradient.norm() for gradient in torch.autograd.grad(loss, out)]
    return (gradients[-1] / gradients[0]).item()


@claim(
    "Where the layer norm stands after the sum, gradients are largest near the output",
    verdict=TRUE,
    corrected="Before any training; where the norm stands before the block they are smallest there.",
    citations=("xiong2020",),
    where=f"{LARGE}#sec-large-norm",
)
def post_norm_gradients_are_large_near_the_output():
    logs = {norm: [math.log(_ratio(norm, seed)) for seed in range(8)] for norm in ("post", "pre")}
    size = {norm: math.exp(statistics.median(values)) for norm, values in logs.items()}
    low = {norm: mean - half for norm, values in logs.items() for mean, half in [results.student(values)]}
    return Evidence(
        f"gradient of the last of 16 blocks over that of the first, median of 8 starts: {size['post']:.1f} with the "
        f"norm after the sum, {size['pre']:.1f} with the norm before the block",
        expected="more than 1, beyond the interval over starts",
        cases={"after the sum": low["post"] > 0},
    )


@cache
def _tasks(function, optimizer="adam", control="none") -> tuple[list[float], list[float]]:
    """Online accuracy in the first and in the last tasks, by seed, at the rate that was best for the first task."""
    chosen = {
        (row["function"], row["optimizer"], row["control"], row["by"]): row["value"]
        for row in _rows("plasticity", "chosen")
    }
    rate = chosen[function, optimizer, "none", "first"]
    strength = chosen.get((function, optimizer, control, "all"), 0.0) if control in ("decay", "to_start") else None
    rows = [
        row["online"]
        for row in _rows("plasticity", "runs")
        if (row["function"], row["optimizer"], row["rate"], row["control"]) == (function, optimizer, rate, control)
        and strength in (None, row["strength"])
    ]
    return [_mean(row[:LAST]) for row in rows], [_mean(row[-LAST:]) for row in rows]


def _fall(comparisons, function, **more):
    first, last = _tasks(function, **more)
    return results.paired(last, first, comparisons=comparisons)


FUNCTIONS = ("relu", "leaky_relu", "leaky_0.3", "gelu", "tanh", "sine", "crelu")


@claim(
    "Networks lose their ability to learn on a sequence of tasks",
    verdict=CONDITIONS,
    corrected="Most functions do, within sixteen tasks and at the rate that suits the first; CReLU gets better.",
    how=STORED,
    activations=("relu", "leaky_relu", "gelu", "tanh", "sine"),
    citations=("dohare2024",),
    where=f"{MOVING}#sec-move-fall",
)
def networks_lose_plasticity():
    gaps = {name: _fall(len(FUNCTIONS), name) for name in FUNCTIONS}
    return Evidence(
        f"online accuracy in the last {LAST} of sixteen tasks less the first {LAST}, ten paired seeds: "
        + ", ".join(f"{name} {gap.mean:+.2f} +- {gap.half:.2f}" for name, gap in gaps.items()),
        expected="a fall with each function",
        cases={name: gap.verdict == "lower" for name, gap in gaps.items()},
    )


@claim(
    "Only what injects diversity, such as fresh random units, keeps a network able to learn",
    verdict=CONDITIONS,
    corrected="ReLU alone does not keep it, but in sixteen tasks a pull towards the start keeps most of it, and "
    "CReLU all, with nothing random added. Whether for ever is not shown by sixteen tasks.",
    how=STORED,
    activations=("relu",),
    citations=("dohare2024", "kumar2023"),
    where=f"{MOVING}#sec-move-remedies",
)
def only_diversity_keeps_plasticity():
    _, fresh = _tasks("relu", control="fresh")
    without = {
        "ReLU and nothing else": _tasks("relu")[1],
        "ReLU with a pull towards the start": _tasks("relu", control="to_start")[1],
        "CReLU": _tasks("crelu")[1],
    }
    half = _mean(fresh) / 2
    return Evidence(
        f"online accuracy in the last {LAST} of sixteen tasks: "
        + ", ".join(f"{name} {_mean(last):.2f}" for name, last in without.items())
        + f"; a new ReLU network for each task {_mean(fresh):.2f}",
        expected="less than half of what a new network learns, where nothing random is added",
        cases={name: _mean(last) < half for name, last in without.items()},
    )


@claim(
    "The choice of the activation is a lever against loss of plasticity",
    verdict=TRUE,
    corrected="Here under two optimisers, in one small network; other architectures were not tried.",
    how=STORED,
    activations=("relu", "leaky_relu"),
    citations=("lillo2025",),
    where=f"{MOVING}#sec-move-rate",
)
def the_activation_is_a_lever():
    gaps = {
        optimizer: results.paired(
            _tasks("leaky_0.3", optimizer=optimizer)[1], _tasks("relu", optimizer=optimizer)[1], comparisons=2
        )
        for optimizer in ("adam", "sgd")
    }
    return Evidence(
        f"online accuracy in the last {LAST} of sixteen tasks, leaky ReLU of slope 0.3 less ReLU: "
        + ", ".join(f"{gap.mean:+.2f} +- {gap.half:.2f} with {name}" for name, gap in gaps.items()),
        expected="a higher accuracy with the leak, under either optimiser",
        cases={name: gap.verdict == "higher" for name, gap in gaps.items()},
    )


@claim(
    "In a language model ReLU costs next to nothing and saves computation",
    verdict=CONDITIONS,
    corrected="Its loss is not distinguishable from that of GELU or SwiGLU, and two thirds of its outputs are 0. But "
    "GELU, which has no zeros, loses less where each token keeps the largest tenth.",
    how=STORED,
    activations=("relu", "gelu"),
    citations=("mirzadeh2023",),
    where=f"{LARGE}#sec-large-sparse",
)
def relu_costs_nothing_and_saves_computation():
    found: dict[str, list[dict]] = {}
    for row in _rows("feed_forward_sparsity", "runs"):
        found.setdefault(row["function"], []).append(row)
    loss = {name: [row["test_loss"] for row in rows] for name, rows in found.items()}
    gaps = {name: results.paired(loss["relu"], loss[name], comparisons=2) for name in ("gelu", "swiglu")}
    at = results.provenance("feed_forward_sparsity")["kept"].index(0.1)
    added = {name: [row["largest"][at] for row in rows] for name, rows in found.items()}
    pruned = results.paired(added["relu"], added["gelu"])
    zeros = _mean([row["zeros"] for row in found["relu"]])
    return Evidence(
        "loss of ReLU less that of another, ten paired seeds: "
        + ", ".join(f"{gap.mean:+.3f} +- {gap.half:.3f} ({name})" for name, gap in gaps.items())
        + f"; {zeros:.0%} of its outputs are 0; keeping a tenth of them costs {pruned.mean:.3f} more than with GELU",
        expected="no distinguishable loss, many zeros, and no more lost than elsewhere when a tenth is kept",
        cases={f"no loss beside {name}": gap.verdict != "higher" for name, gap in gaps.items()}
        | {"half of the outputs are 0": zeros > 0.5, "a tenth is enough": pruned.verdict != "higher"},
    )


@claim(
    "Attention that falls on the first token is stored there and adds little to the values",
    verdict=TRUE,
    corrected="In MiniLM, layer by layer; the marks at the ends of a sentence are no more than a place for it.",
    how=STORED,
    citations=("gu2025", "xiao2024"),
    where="chapters/deeper/09_attention#sec-sinks-share",
)
def the_first_token_stores_attention():
    rows = [row for row in _rows("attention_sinks") if (row["weights"], row["begins"]) == ("trained", "[CLS]")]
    gaps = {row["layer"]: results.paired(row["passed"], [share / 2 for share in row["first"]]) for row in rows}
    return Evidence(
        "share of the attention on the first piece, and of what is passed on that comes from it, by layer: "
        + ", ".join(f"{_mean(row['first']):.2f} and {_mean(row['passed']):.2f}" for row in rows),
        expected="less than half its share passed on, in every layer, beyond the interval over sentences",
        cases={f"layer {layer}": gap.verdict == "lower" for layer, gap in gaps.items()},
    )


def _best_powers(arm, width):
    """The power of 2 with the lowest training loss, by seed; at the narrowest width both arms are one network."""
    by_seed: dict[int, dict[int, float]] = {}
    for row in _rows("width_rates", "runs"):
        if (row["arm"], row["width"]) == (arm, width):
            by_seed.setdefault(row["seed"], {})[row["power"]] = row["train_loss"]
    return [min(losses, key=losses.get) for losses in by_seed.values()]


@claim(
    "In muP the best rate stays as the network gets wider",
    verdict=TRUE,
    corrected="Within a factor of two, from width 32 to 512 with Adam, where that of the usual start falls by seven. "
    "No network is better for it: at rates of their own, the usual ones have the lower training loss.",
    how=STORED,
    citations=("yang2021",),
    where="chapters/deeper/09_width#sec-width-rates",
)
def in_mup_the_best_rate_stays():
    narrow = _best_powers("standard", 32)
    moved = {arm: results.paired(_best_powers(arm, 512), narrow, bound=1.0) for arm in ("muP", "standard")}
    return Evidence(
        "best rate at width 512 less that at 32, in powers of 2, ten paired seeds: "
        + ", ".join(f"{gap.mean:+.1f} +- {gap.half:.1f} ({arm})" for arm, gap in moved.items()),
        expected="equivalent within one power of 2 in muP",
        cases={"muP": moved["muP"].verdict.startswith("equivalent")},
    )
