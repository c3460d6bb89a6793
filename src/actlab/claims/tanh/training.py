"""Claims about networks with tanh: their gradients, how they train, and its history."""

import inspect
import math
from dataclasses import replace

import torch

from ... import activations, results, theory
from .. import CITED, CONDITIONS, IMPRECISE, STORED, TRUE, Evidence, claim
from .._measure import GAINS, gradient_left, powers, tuned_ratio, year_of

CHAPTER = "chapters/03_tanh"


@claim(
    "With zero-centred activations gradients can flow in both directions",
    verdict=IMPRECISE,
    corrected="Gradients flow backwards, whatever the activation. What centring frees is their sign: behind outputs "
    "that are all positive, one example moves all weights of a unit the same way.",
    activations=("tanh", "sigmoid"),
    citations=("lecun1998",),
    where="chapters/02_step_to_sigmoid#sec-sigmoid-zigzag",
)
def gradients_flow_in_both_directions():
    backwards, forwards = (_reached_when_cut(cut) for cut in (1, 0))
    z = torch.randn(1000, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mixed = {}  # one example's gradients of the weights into a unit are its delta times the outputs
    for name in ("tanh", "sigmoid"):
        outputs = activations.get(name)(z)
        mixed[name] = int(((outputs > 0).any(1) & (outputs < 0).any(1)).sum())
    return Evidence(
        f"of two tanh layers, cutting the second off takes {1 - backwards:.0%} of the first one's gradient, cutting "
        f"the first off {1 - forwards:.0%} of the second one's; examples whose ten gradients of a unit have both "
        f"signs: {mixed['tanh']} of {len(z)} behind tanh, {mixed['sigmoid']} behind sigmoid",
        expected="gradients that depend on the layers before as well as on those after",
        cases={"the second layer's gradient depends on the first one's": forwards < 1},
        core={
            "behind tanh most examples give one unit gradients of both signs": mixed["tanh"] > len(z) / 2,
            "behind sigmoid none does": mixed["sigmoid"] == 0,
        },
    )


def _reached_when_cut(cut):
    """What share of one tanh layer's gradient is left when the gradient at the other, layer `cut`, is set to 0."""
    norms = []
    for keep in (1.0, 0.0):
        generator = torch.Generator().manual_seed(0)
        x, *weights = (torch.randn(8, 8, generator=generator, dtype=torch.float64).requires_grad_() for _ in range(3))
        h = x
        for layer, weight in enumerate(weights):
            z = h @ weight
            if layer == cut:
                z.register_hook(lambda gradient, keep=keep: keep * gradient)
            h = activations.get("tanh")(z)
        norms.append(torch.autograd.grad(h.sum(), weights[1 - cut])[0].norm())
    return (norms[1] / norms[0]).item()


@claim(
    "Outputs that are centred around zero help gradients flow backwards",
    verdict=CONDITIONS,
    corrected="They do where slope and gain let a gradient through at all. At slope 1 and gain 1, and equally at "
    "slope 1/4 and gain 4, centring saves nine of the ten powers of ten that are lost over 50 layers. At slope 1/4 "
    "and gain 1 it saves one of 31: there the slope is too small for the weights.",
    activations=("tanh", "sigmoid"),
    citations=("glorot2010",),
    where=f"{CHAPTER}#fig-tanh-deltas",
)
def centred_outputs_help_gradients_flow():
    sigmoid, tanh = activations.get("sigmoid"), activations.get("tanh")
    centred = replace(
        sigmoid, name="centred sigmoid", function=lambda z: torch.sigmoid(z) - 0.5, range=(-0.5, 0.5), source=""
    )
    raised = replace(tanh, name="one plus tanh", function=lambda z: 1 + torch.tanh(z), range=(0.0, 2.0), source="")
    pairs = {  # of one slope and one gain, so that the centre alone differs
        "slope 1/4, gain 1": (sigmoid, centred, GAINS["glorot"]),
        "slope 1/4, gain 4": (sigmoid, centred, 4 * GAINS["glorot"]),
        "slope 1, gain 1": (raised, tanh, GAINS["glorot"]),
    }
    lost = {
        setting: [gradient_left(activation, gain) for activation in pair] for setting, (*pair, gain) in pairs.items()
    }
    return Evidence(
        "gradient at the first of 50 layers over that at the last, off centre and centred: "
        + "; ".join(f"{powers(off)} and {powers(on)} ({setting})" for setting, (off, on) in lost.items()),
        expected="at least half of the powers of ten saved by centring, at the same slope and gain",
        cases={setting: bool(on.mean() > off.mean() / 2) for setting, (off, on) in lost.items()},
    )


@claim(
    "LeCun and colleagues made tanh popular, in place of the sigmoid, with Efficient BackProp (1998)",
    verdict=CONDITIONS,
    corrected="The paper prefers functions that are symmetric about 0, but recommends 1.7159 tanh(2z/3), not plain "
    "tanh, and takes it from LeCun's own chapter of 1989. Kalman and Kwasny made the case for tanh in 1992.",
    how=CITED,
    activations=("tanh", "lecun_tanh"),
    citations=("lecun1998", "lecun1989", "kalman1992"),
    where="chapters/deeper/03_lecun#fig-tanh-lecun",
)
def efficient_backprop_made_tanh_popular():
    one = torch.ones(1, dtype=torch.float64)
    recommended, plain = (activations.get(name)(one).item() for name in ("lecun_tanh", "tanh"))
    older = year_of("lecun1998") - year_of("lecun1989")
    condition = {}
    for name in ("sigmoid", "tanh"):
        moments = theory.moments(name)
        condition[name] = 1 + 10 * moments.mean**2 / (moments.second - moments.mean**2)
    return Evidence(
        "section 4.4 says that symmetric functions such as tanh often converge faster than the logistic one: the "
        "condition number of the second moments of ten independent outputs, which sets the pace of descent on the "
        f"weights behind them, is {condition['sigmoid']:.0f} for the sigmoid and {condition['tanh']:.0f} for tanh. "
        f"The function that it recommends, after a chapter {older} years older, takes 1 to {recommended:.4f}, tanh "
        f"to {plain:.4f}",
        expected="a better condition with tanh, and plain tanh recommended",
        cases={
            "its reason for tanh holds: a condition less than half as large": condition["tanh"]
            < condition["sigmoid"] / 2,
            "it recommends plain tanh": abs(recommended - plain) < 1e-3,
        },
    )


@claim(
    "Tanh held on in recurrent networks for longer than in feed-forward ones: there its centred outputs were worth "
    "it",
    verdict=TRUE,
    corrected="That the centre is worth something there is measured on a plain recurrence; that it is why tanh was "
    "kept, nobody shows. Its bounds are as good a reason.",
    activations=("tanh",),
    citations=("hochreiter1997",),
)
def tanh_held_on_in_recurrent_networks():
    x = 100 * torch.randn(64, 5, 8, generator=torch.Generator().manual_seed(0))
    ends = {}
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        for kind in (torch.nn.RNN, torch.nn.GRU, torch.nn.LSTM):
            h, _ = kind(8, 32)(x)
            ends[kind.__name__] = h.min().item(), h.max().item()
    forward = inspect.signature(torch.nn.TransformerEncoderLayer).parameters["activation"].default.__name__
    left = {name: _left_of_a_recurrence(shift) for name, shift in (("tanh", 0.0), ("1 + tanh", 1.0))}
    return Evidence(
        "outputs of torch's recurrent layers as they come, for large inputs: "
        + ", ".join(f"{name} {low:.2f} to {high:.2f}" for name, (low, high) in ends.items())
        + f"; the feed-forward block of its Transformer has {forward} by default. Gradient left after 50 steps of a "
        "plain recurrence at gain 1: "
        + ", ".join(f"10^{power:.1f} with {name}" for name, power in left.items())
        + f"; the LSTM is of {year_of('hochreiter1997')}",
        expected="recurrent layers whose state goes from -1 to 1, as with tanh, feed-forward ones without it, and "
        "more of the gradient left with tanh than with the same function off centre",
        cases={name: -1 <= low < -0.9 and 0.9 < high <= 1 for name, (low, high) in ends.items()}
        | {
            "feed-forward: another function": forward != "tanh",
            "the centre keeps more of the gradient": left["tanh"] > left["1 + tanh"] + 1,
        },
    )


def _left_of_a_recurrence(shift, width=64, steps=50):
    """log10 of the gradient at the first state over that at the last, h <- tanh(W h + noise) + shift, gain 1."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(width, width, generator=generator, dtype=torch.float64) / math.sqrt(width)
    first = h = torch.randn(32, width, generator=generator, dtype=torch.float64).requires_grad_()
    for _ in range(steps):
        h = torch.tanh(h @ weight + 0.1 * torch.randn(32, width, generator=generator, dtype=torch.float64)) + shift
    end = torch.randn(32, width, generator=generator, dtype=torch.float64)
    return (torch.autograd.grad((h * end).sum(), first)[0].norm() / end.norm()).log10().item()


@claim(
    "In deep networks sigmoid and tanh make the gradients vanish",
    verdict=CONDITIONS,
    corrected="At the start, without biases: the sigmoid does at gain 1, and tanh with weights of torch's default "
    "size. But at gain 1 tanh loses no more than a factor of 9 over 50 layers, and at torch's own gain for tanh, "
    "5/3, the gradient grows.",
    activations=("sigmoid", "tanh"),
    citations=("glorot2010",),
    where=f"{CHAPTER}#fig-tanh-deltas",
)
def sigmoid_and_tanh_make_gradients_vanish():
    settings = [
        ("sigmoid", "gain 1", GAINS["glorot"]),
        ("tanh", "torch's default weights", GAINS["torch"]),
        ("tanh", "gain 1", GAINS["glorot"]),
        ("tanh", "gain 5/3", torch.nn.init.calculate_gain("tanh")),
    ]
    lost = {f"{name}, {setting}": gradient_left(name, gain) for name, setting, gain in settings}
    return Evidence(
        "gradient at the first of 50 layers over that at the last: "
        + "; ".join(f"{powers(delta)} ({setting})" for setting, delta in lost.items()),
        expected="a gradient smaller by a million or more",
        cases={setting: bool(delta.mean() < -6) for setting, delta in lost.items()},
    )


@claim(
    "Where the slopes are very small the gradients that come back through the network are too, and learning stalls",
    verdict=CONDITIONS,
    corrected="A layer multiplies by its weights as well. At its critical gain the sigmoid's slopes are smaller than "
    "at gain 1, and the gradient comes back whole.",
    activations=("sigmoid",),
    citations=("poole2016", "schoenholz2017"),
    where="chapters/02_step_to_sigmoid#sec-sigmoid-depth",
)
def small_slopes_make_small_gradients():
    slope = activations.get("sigmoid").slope
    found = {}
    for gain in (GAINS["glorot"], theory.edge_of_chaos("sigmoid").gain):
        q = theory.fixed_point("sigmoid", gain).q
        typical = math.sqrt(theory.expectation(lambda z, q=q: slope(math.sqrt(q) * z) ** 2))
        found[f"gain {gain:.1f}"] = typical, gradient_left("sigmoid", gain)
    return Evidence(
        "root mean square of the slopes, and gradient over 50 layers: "
        + "; ".join(f"{typical:.2f} and {powers(delta)} at {gain}" for gain, (typical, delta) in found.items()),
        expected="slopes below 1/4, and with them a gradient smaller by a million or more",
        cases={gain: typical < 0.25 and bool(delta.mean() < -6) for gain, (typical, delta) in found.items()},
    )


@claim(
    "In shallow networks tanh often does better than the sigmoid",
    verdict=CONDITIONS,
    corrected="On the disk it learns about three times as fast by plain gradient descent, rate and gain tuned for "
    "each. With Adam and time enough, the rate tuned, which fits the training points better cannot be told, and on "
    "fresh points tanh is about a tenth worse.",
    how=STORED,
    activations=("tanh", "sigmoid"),
    where="chapters/deeper/03_lecun#sec-tanh-shallow",
)
def tanh_beats_sigmoid_in_shallow_networks():
    steps = {name: _steps_to_learn(name) for name in ("tanh", "sigmoid")}
    faster, least, most = results.ratio(steps["sigmoid"], steps["tanh"])
    found, lower = [], {}
    for column, loss in {"train_loss": "training loss", "test_loss": "test loss"}.items():
        mean, half = tuned_ratio("tanh", "sigmoid", column)
        ends = math.exp(mean - half), math.exp(mean + half)
        found.append(f"{loss} {math.exp(mean):.2f} times the sigmoid's ({ends[0]:.2f} to {ends[1]:.2f})")
        lower[f"a lower {loss} after 2000 steps of Adam, the rate tuned"] = ends[1] < 1
    return Evidence(
        "two hidden layers on the disk, tanh against sigmoid, pair by pair: by gradient descent at training loss 0.3 "
        f"{faster:.1f} times as soon ({least:.1f} to {most:.1f}, {len(steps['tanh'])} draws), each at its rate and "
        f"gain; after 2000 steps of Adam, each at its rate, {' and '.join(found)}; intervals over draws, 95 %",
        expected="fewer steps, and a lower loss",
        cases={"sooner at training loss 0.3, rate and gain tuned": least > 1} | lower,
    )


def _steps_to_learn(function):
    """Updates until the training loss is below 0.3, in the order of the seeds: of the stored runs, tuned."""
    rows = [
        row
        for row in results.load("centring", "runs")
        if (row["study"], row["function"], row["arm"]) == ("plain", function, "tuned")
    ]
    return [row["steps"] for row in sorted(rows, key=lambda row: row["seed"])]
