"""Claims about three activations on XOR."""

import math
from functools import cache

import numpy as np
import torch
from torch.nn import functional

from ... import activations, data, results
from .. import (
    CONDITIONS,
    FALSE,
    IMPRECISE,
    PUBLISHED,
    STORED,
    TRUE,
    Evidence,
    claim,
)
from .._measure import GAINS, gradient_left
from ._stored import BERT, CNN, IMAGES, RESNET, _place, _printed, _rows, _tables


def _mcnemar(first, second):
    """Exact two-sided p that two classifiers succeed equally often on the same cases; booleans, paired."""
    return results.mcnemar((first & ~second).sum(), (second & ~first).sum())


# the slope at exactly 0 in the XOR script, where every unit is on one corner before the first step
XOR_AT_ZERO = {"sigmoid": None, "relu": 0.0, "leaky_relu": 1.0}


def _xor(activation, column, gradient="printed", at_zero=None):
    """A column of the stored runs of the XOR script, one number for each seed; at_zero: the script's, if left out."""
    wanted = (activation, XOR_AT_ZERO[activation] if at_zero is None else at_zero, gradient, 0.1)
    keys = ("activation", "at_zero", "gradient", "scale")
    return np.array([row[column] for row in _rows("xor", "script") if tuple(row[key] for key in keys) == wanted])


def _xor_long(gradient):
    """Losses of sigmoid networks on XOR from the script's start, after ten times as many updates."""
    wanted = ("sigmoid", gradient, 0.1)
    (row,) = [r for r in _rows("xor", "waits") if (r["activation"], r["gradient"], r["scale"]) == wanted]
    return np.array(row["loss"])


@claim(
    "One perceptron can't solve XOR; two layers with a nonlinear activation can",
    verdict=TRUE,
    activations=("relu",),
    citations=("minsky1969",),
    where="chapters/02_step_to_sigmoid#sec-sigmoid-step",
)
def xor_needs_two_layers():
    x, y, *_ = data.xor(dtype=torch.float64)
    lines = torch.randn(100_000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    z = lines[:, :2] @ x.T + lines[:, 2:]
    most = int(((z > 0) == (y == 1)).sum(dim=1).max())
    relu = activations.get("relu")
    two_layers = relu(x[:, 0] - x[:, 1]) + relu(x[:, 1] - x[:, 0])
    return Evidence(
        f"100,000 random lines: at most {most} of 4 corners right; relu(x1 - x2) + relu(x2 - x1) gives "
        f"{', '.join(f'{v:.0f}' for v in two_layers.tolist())}",
        expected="3 corners for a line, all 4 for two layers",
        cases={"no line is right on 4": most == 3, "two ReLU units are": bool(torch.equal(two_layers, y))},
    )


@claim(
    "The XOR script descends along the gradient of binary cross-entropy, the loss that it plots",
    verdict=FALSE,
    own=True,
    corrected="Its gradient is that of half the mean squared error, a quarter of the cross-entropy's while the "
    "outputs are near 1/2. Cross-entropy's is output minus label, over the number of examples.",
    activations=("sigmoid",),
    where="chapters/08a_xor#sec-xor-gradient",
)
def xor_script_descends_cross_entropy():
    *_, y = data.xor(dtype=torch.float64)
    z = (0.1 * torch.randn(4, generator=torch.Generator().manual_seed(42), dtype=torch.float64)).requires_grad_()
    a = torch.sigmoid(z)
    printed = ((a - y) / len(y) * a * (1 - a)).detach()
    (bce,) = torch.autograd.grad(functional.binary_cross_entropy(a, y), z, retain_graph=True)
    (mse,) = torch.autograd.grad(((a - y) ** 2).mean() / 2, z)
    return Evidence(
        f"printed over cross-entropy's: {(printed / bce).mean():.2f}; printed and half the mean squared error's "
        f"{'agree' if torch.allclose(printed, mse, rtol=1e-12) else 'differ'} to 12 digits",
        expected="a ratio of 1",
        cases={"the printed gradient is cross-entropy's": torch.allclose(printed, bce, rtol=1e-6)},
    )


@claim(
    "Sigmoid converges on XOR, but slowly",
    verdict=FALSE,
    corrected="As printed it does not move from the loss of a coin, not even in ten times as many epochs. With the "
    "gradient of its own loss it stays there for the 5000 epochs of the script; by 50,000 half of the networks are "
    "through. At a higher rate it does converge: at 3, chosen on other seeds, nearly all networks within 5000.",
    how=STORED,
    activations=("sigmoid",),
    where="chapters/08a_xor#fig-xor-wait",
)
def sigmoid_converges_slowly_on_xor():
    script, right = _xor("sigmoid", "loss_5000"), _xor("sigmoid", "loss_5000", "bce")
    later, right_later = _xor_long("printed"), _xor_long("bce")
    (tuned,) = [r for r in _rows("xor_rates", "runs") if (r["activation"], r["scale"]) == ("sigmoid", 0.1)]
    n, moved = len(script), 0.9 * math.log(2)
    return Evidence(
        f"{n} seeds, loss at most {max(script.max(), right.max()):.3f} and at least "
        f"{min(script.min(), right.min()):.3f} after 5000 epochs with either gradient; after 50,000, below "
        f"{moved:.2f} in {(later < moved).sum()} of {len(later)} as printed, in {(right_later < moved).sum()} with "
        f"cross-entropy's gradient; at rate {tuned['rate']:g}, with that gradient, {tuned['solved'].count('1')} of "
        f"{len(tuned['solved'])} solve it in 5000",
        expected=f"a loss that has fallen by a tenth from ln 2, to {moved:.2f}, in most runs",
        cases={
            "5000 epochs as printed": (script < moved).sum() > n / 2,
            "5000 epochs with cross-entropy's gradient": (right < moved).sum() > n / 2,
        },
        core={"as printed, in ten times as many epochs": (later < moved).mean() > 0.5},
    )


def _xor_gradients(activation, scale, seeds=31):
    """At the script's start: norms of the first layer's and of all gradients of cross-entropy, and the hidden slopes.

    Norms have shape (seeds,); slopes (seeds, corners, hidden units).
    """
    act = activations.get(activation)
    x, y, *_ = data.xor(dtype=torch.float64)
    draws = [np.random.default_rng(seed) for seed in range(seeds)]
    weights = [[rng.standard_normal((2, 4)), rng.standard_normal((4, 1))] for rng in draws]
    w1, w2 = (torch.tensor(scale * np.stack(part)).requires_grad_() for part in zip(*weights, strict=True))
    b1, b2 = (torch.zeros(seeds, 1, units, dtype=torch.float64, requires_grad=True) for units in (4, 1))
    z = x @ w1 + b1
    logit = (act(z) @ w2 + b2)[..., 0]
    loss = functional.binary_cross_entropy_with_logits(logit, y.expand_as(logit), reduction="sum") / len(y)
    parts = [part.flatten(start_dim=1) for part in torch.autograd.grad(loss, (w1, b1, w2, b2))]
    return parts[0].norm(dim=1), torch.cat(parts, dim=1).norm(dim=1), act.slope(z.detach())


@claim(
    "Sigmoid's loss on XOR is flat because its gradients are small from the start",
    verdict=CONDITIONS,
    corrected="Small in the first layer, and not because of sigmoid's slope, which is at its largest there. The "
    "first weights are small, the units nearly linear, and to a linear unit the errors on XOR cancel: larger first "
    "weights have smaller slopes and larger gradients.",
    activations=("sigmoid", "relu"),
)
def sigmoid_gradients_on_xor_are_small_from_the_start():
    first, whole, slopes = _xor_gradients("sigmoid", 0.1)
    relu_first, relu_whole, _ = _xor_gradients("relu", 0.1)
    large_first, _, large_slopes = _xor_gradients("sigmoid", 1.0)
    return Evidence(
        f"medians of 31 starts, over ReLU's: first layer 1/{relu_first.median() / first.median():.0f}, all weights "
        f"{whole.median() / relu_whole.median():.1f}; least slope {slopes.min():.2f} of at most 0.25. First weights "
        f"ten times as large: least slope {large_slopes.min():.2f}, first layer's gradient "
        f"{large_first.median() / first.median():.0f} times as large",
        expected="gradients below ReLU's from the same starts, through a small slope",
        cases={
            "the first layer's is below a tenth of ReLU's": bool(first.median() < relu_first.median() / 10),
            "that of all weights is below ReLU's": bool(whole.median() < relu_whole.median()),
            "some slope is below half of the largest, 1/4": bool(slopes.min() < 1 / 8),
        },
    )


@claim(
    "On XOR, ReLU is faster than sigmoid in early epochs, and erratic",
    verdict=CONDITIONS,
    corrected="Faster, but not in the first hundred epochs, in which no loss moves; and its loss rises in "
    "several hundred steps, by very little each.",
    how=STORED,
    activations=("relu", "sigmoid"),
    where="chapters/deeper/08a_stuck#fig-xor-curves",
)
def relu_is_faster_early_and_erratic():
    relu, sigmoid = ({at: _xor(name, f"loss_{at}").mean() for at in (100, 1000)} for name in ("relu", "sigmoid"))
    rises, largest = np.median(_xor("relu", "rises")), np.median(_xor("relu", "largest_rise"))
    return Evidence(
        f"mean loss of {len(_xor('relu', 'rises'))} seeds, ReLU and sigmoid: {relu[100]:.3f} and "
        f"{sigmoid[100]:.3f} after 100 epochs, "
        f"{relu[1000]:.2f} and {sigmoid[1000]:.2f} after 1000; ReLU's loss rises in {rises:.0f} of 5000 steps, by at "
        f"most {largest:.0e} (medians), sigmoid's in {np.median(_xor('sigmoid', 'rises')):.0f}",
        expected="a loss lower by more than 1 % early on; rises where sigmoid has none",
        cases={
            "faster after 100 epochs": relu[100] < 0.99 * sigmoid[100],
            "faster after 1000 epochs": relu[1000] < 0.99 * sigmoid[1000],
            "erratic": rises > np.median(_xor("sigmoid", "rises")),
        },
    )


@claim(
    "On XOR a ReLU unit occasionally dies, which shows as a plateau of the loss",
    verdict=CONDITIONS,
    corrected="A third of the runs stay on a plateau, and dead units are commoner in those. But most solved runs "
    "have dead units too, and Leaky ReLU, whose units don't die, has plateaus as well.",
    how=STORED,
    activations=("relu", "leaky_relu"),
    where="chapters/deeper/08a_stuck#fig-xor-stuck",
)
def dying_units_show_as_plateaus():
    stuck, off = _xor("relu", "right") < 4, _xor("relu", "off")
    leaky_stuck = int((_xor("leaky_relu", "right") < 4).sum())
    n, solved_with_dead = len(stuck), int((off[~stuck] > 0).sum())
    return Evidence(
        f"{stuck.sum()} of {n} ReLU runs unsolved after 5000 epochs, with {off[stuck].mean():.1f} of 4 units dead on "
        f"average; {n - stuck.sum()} solved, with {off[~stuck].mean():.1f}, {solved_with_dead} of them with a dead "
        f"unit; {leaky_stuck} Leaky ReLU runs unsolved",
        expected="plateaus where units are dead, and only there",
        cases={
            "some ReLU runs stay unsolved": bool(stuck.any()),
            "more dead units in them than in solved runs": off[stuck].mean() > off[~stuck].mean(),
            "no dead unit in most solved runs": solved_with_dead < (~stuck).sum() / 2,
            "no plateau where no unit can die, with Leaky ReLU": leaky_stuck == 0,
        },
    )


@claim(
    "On XOR, Leaky ReLU's loss is consistently the smoothest",
    verdict=IMPRECISE,
    corrected="Sigmoid's never rises. Leaky ReLU's rises in fewer steps than ReLU's in about six seeds of ten, a "
    "tendency and no rule, and its largest rise is not distinguishable from ReLU's.",
    how=STORED,
    activations=("leaky_relu", "relu", "sigmoid"),
)
def leaky_relu_is_the_smoothest_on_xor():
    names = ("sigmoid", "leaky_relu", "relu")
    rises, largest = ({name: _xor(name, column) for name in names} for column in ("rises", "largest_rise"))
    medians = {name: np.median(rises[name]) for name in names}
    sign = {}  # in how many seeds Leaky ReLU has the smaller number, in how many ReLU, and the sign test's p
    for what, values in (("rises", rises), ("largest", largest)):
        ahead, behind = (values["leaky_relu"] < values["relu"]).sum(), (values["leaky_relu"] > values["relu"]).sum()
        sign[what] = int(ahead), int(behind), results.mcnemar(ahead, behind)
    fewest = int((rises["leaky_relu"] < np.minimum(rises["relu"], rises["sigmoid"])).sum())
    return Evidence(
        f"steps in which the loss rises, medians of {len(rises['relu'])} seeds: "
        + ", ".join(f"{name} {median:.0f}" for name, median in medians.items())
        + f"; Leaky ReLU has the fewest of the three in {fewest} seeds; fewer than ReLU in {sign['rises'][0]} and "
        f"more in {sign['rises'][1]}, the smaller largest rise in {sign['largest'][0]} and the larger in "
        f"{sign['largest'][1]}",
        expected="the fewest rises of the three, in the median and in most seeds",
        cases={
            "the fewest rises, in the median": min(medians, key=medians.get) == "leaky_relu",
            "the fewest rises in most seeds": fewest > len(rises["relu"]) / 2,
        },
        core={
            "fewer rises than ReLU, by a sign test at 5 %": sign["rises"][0] > sign["rises"][1]
            and sign["rises"][2] < 0.05
        },
    )


@claim(
    "On XOR, Leaky ReLU is as fast as ReLU, without its instability",
    verdict=CONDITIONS,
    corrected="As fast, yes. But a fifth of its runs end unsolved too, one at the loss of a coin.",
    how=STORED,
    activations=("leaky_relu", "relu"),
)
def leaky_relu_is_as_fast_and_stable_on_xor():
    leaky, relu = (_xor(name, "loss_1000").mean() for name in ("leaky_relu", "relu"))
    unsolved = {name: int((_xor(name, "right") < 4).sum()) for name in ("leaky_relu", "relu")}
    worst = _xor("leaky_relu", "loss_5000").max()
    return Evidence(
        f"mean loss after 1000 epochs {leaky:.3f} against ReLU's {relu:.3f}; {unsolved['leaky_relu']} of "
        f"{len(_xor('relu', 'right'))} runs unsolved after 5000, the worst at {worst:.3f}, against "
        f"{unsolved['relu']}",
        expected="the same loss to 1 % after 1000 epochs, and every run solved",
        cases={"as fast": leaky < 1.01 * relu, "every run solved": unsolved["leaky_relu"] == 0},
    )


@cache
def _constant_share(activation, depth, width=4, nets=200):
    """Share of random narrow networks, He-initialised without biases, that answer all of 64 inputs alike."""
    act, generator = activations.get(activation), torch.Generator().manual_seed(0)
    h = torch.randn(64, width, generator=generator, dtype=torch.float64)
    weights = torch.randn(nets, depth, width, width, generator=generator, dtype=torch.float64) * math.sqrt(2 / width)
    for layer in range(depth):
        h = act(h @ weights[:, layer].mT)
    return (h.amax(dim=1) == h.amin(dim=1)).all(dim=1).double().mean().item()


@claim(
    "In deeper networks, or from awkward initial weights, the gap between Leaky ReLU and ReLU widens",
    verdict=CONDITIONS,
    corrected="Where layers are narrow: there ReLU networks are born dead, the more often the deeper they are. In "
    "wide ones the gradients of the two stay alike over 50 layers.",
    activations=("leaky_relu", "relu"),
)
def gap_to_leaky_relu_widens_with_depth():
    wide = [gradient_left(name, GAINS["he"]).mean().item() for name in ("relu", "leaky_relu")]
    apart = abs(wide[0] - wide[1])
    relu, leaky = ({depth: _constant_share(name, depth) for depth in (5, 20, 50)} for name in ("relu", "leaky_relu"))
    return Evidence(
        f"256 units wide, 50 layers, He's initialisation: the gradients that reach the first layer differ by "
        f"{apart:.1f} powers of ten; 4 units wide: "
        + ", ".join(f"{share:.0%} of ReLU networks constant with {depth} layers" for depth, share in relu.items())
        + f", of Leaky ReLU networks at most {max(leaky.values()):.0%}",
        expected="a gap that grows with depth: beyond a power of ten, or beyond 10 % of the networks",
        cases={
            "256 units wide, 50 layers": apart > 1,
            "4 units wide, from 5 to 50 layers": relu[50] - leaky[50] > relu[5] - leaky[5] + 0.1,
        },
    )


@claim(
    "Leaky ReLU's consistency makes it the reasonable default",
    verdict=CONDITIONS,
    corrected="In the script it solves XOR more often than ReLU. But the script gives it the slope 1 at exactly 0, "
    "where all units stand on one corner before the first step, and ReLU the slope 0. With 1 for both they are not "
    "distinguishable as printed, and 3 % of the runs apart with cross-entropy's gradient; GELU and SiLU solve nearly "
    "all.",
    how=STORED,
    activations=("leaky_relu", "relu"),
    where="chapters/08a_xor#sec-xor-character",
)
def leaky_relu_is_consistent_hence_the_default():
    tries = {
        "as printed": (("printed", None), ("printed", None)),
        "with cross-entropy's gradient": (("bce", None), ("bce", None)),
        "as printed, slope 1 at 0 for both": (("printed", 1.0), ("printed", 1.0)),
        "with cross-entropy's gradient, slope 1 at 0 for both": (("bce", 1.0), ("bce", 1.0)),
    }
    solved = {
        words: [_xor(name, "right", *how) == 4 for name, how in zip(("leaky_relu", "relu"), hows, strict=True)]
        for words, hows in tries.items()
    }
    better = {
        words: leaky.sum() > relu.sum() and _mcnemar(leaky, relu) < 0.05 for words, (leaky, relu) in solved.items()
    }
    smooth = {
        row["activation"]: row["solved"].count("1")
        for row in _rows("xor", "runs")
        if (row["gradient"], row["scale"], row["width"]) == ("bce", 0.1, 4) and row["activation"] in ("gelu", "silu")
    }
    return Evidence(
        f"solved of {len(_xor('relu', 'right'))}, Leaky ReLU and ReLU: "
        + "; ".join(
            f"{words} {leaky.sum()} and {relu.sum()} (McNemar p = {_mcnemar(leaky, relu):.2g})"
            for words, (leaky, relu) in solved.items()
        )
        + "; "
        + ", ".join(f"{name} {count}" for name, count in smooth.items())
        + " with cross-entropy's",
        expected="more often than ReLU, with p below 0.05",
        cases=better,
    )


@claim(
    "Leaky ReLU for hidden layers and sigmoid for outputs that are probabilities: that is the answer for most work",
    verdict=IMPRECISE,
    corrected="An opinion that others don't share. In the comparisons of these texts Leaky ReLU is seldom the first "
    "and often near it, and probabilities of more than two classes that exclude each other need softmax.",
    how=PUBLISHED,
    activations=("leaky_relu", "sigmoid"),
    citations=("park2024", "gustaw2025"),
)
def leaky_relu_and_sigmoid_are_the_answer():
    image = [_tables(tables, task, "accuracy") for tables in (CNN, RESNET) for task in IMAGES]
    scores = [*image, *(_tables(BERT, task, "accuracy") for task in ("CoLA", "SST-2"))]
    first = sum(_place(accuracy, "leaky_relu", best=max) == 1 for accuracy in scores)
    first += _place(_printed("train_loss", source="gustaw2025"), "leaky_relu") == 1
    near = sum(max(accuracy.values()) - accuracy["leaky_relu"] <= 1 for accuracy in image)
    ten = torch.sigmoid(torch.zeros(10)).sum().item()
    two = torch.softmax(torch.tensor([0.7, 0.0]), dim=0)[0].item() - torch.sigmoid(torch.tensor(0.7)).item()
    return Evidence(
        f"first in {first} of {len(scores) + 1} comparisons, within a point of the best in {near} of {len(image)} on "
        f"images; ten undecided sigmoid outputs add up to {ten:.0f}",
        expected="first in most comparisons; outputs that add up to 1",
        cases={
            "Leaky ReLU is first in most comparisons": first > (len(scores) + 1) / 2,
            "sigmoids of ten classes add up to 1": abs(ten - 1) < 1e-6,
        },
        core={
            "Leaky ReLU is within a point of the best in most image experiments": near > len(image) / 2,
            "for two classes, sigmoid is softmax": abs(two) < 1e-6,
        },
    )
