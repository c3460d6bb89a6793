"""Claims about smooth activations and gates."""

import math
from functools import cache
from statistics import NormalDist

import numpy as np
import torch
from torch.nn import functional

from .. import activations, gates, results, theory
from . import CITED, CONDITIONS, FALSE, IMPRECISE, OPEN, OPENLY, PUBLISHED, STORED, TRUE, Evidence, claim
from ._measure import GAINS, gradient_left, powers, tuned_ratio

CHAPTER = "chapters/05_smooth_activations"
FORMULAS, MOMENTS, COSTS = (f"chapters/deeper/05_{page}" for page in ("formulas", "moments", "costs"))
F64 = torch.float64


def _slope_jump(act):
    """The largest change of the slope between points 0.0001 apart on [-5, 5]: about 0 where there is no jump."""
    z = torch.linspace(-5, 5, 100_001, dtype=F64)
    return activations.get(act).slope(z).diff().abs().max().item()


def _is_smooth(act):
    return _slope_jump(act) < 1e-3


def _lowest(function):
    """(argmin, min) of a function on 20,001 points from -10,000 to 0, closer together near 0."""
    z = -torch.cat([torch.zeros(1, dtype=F64), torch.logspace(-4, 4, 20_000, dtype=F64)])
    value = function(z)
    return z[value.argmin()].item(), value.min().item()


def _disk(name, other):
    """How many times the other's test loss on the disk, each at its own rate: (factor, low, high), 95 % interval."""
    mean, half = tuned_ratio(name, other, "test_loss")
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def _square(name, other):
    """The same on a square, the disk's points with other labels, at rate 0.01."""
    losses = {}
    for row in results.load("disk", "squares"):
        losses.setdefault((row["activation"], row["draw"]), []).append(row["test_loss"])
    draws = sorted({draw for _, draw in losses})
    return results.ratio(*([np.median(losses[of, draw]) for draw in draws] for of in (name, other)))


def _said(factor):
    return "{:.2f} ({:.2f} to {:.2f})".format(*factor)


# ---- ELU and SELU -----------------------------------------------------------------------------------------------


@claim(
    "ELU rounds off ReLU's corner and goes below 0, and learns better for it",
    verdict=CONDITIONS,
    corrected="Smoother only at alpha = 1: at any other alpha its slope jumps at 0, as ReLU's does. It learns a disk "
    "better; on a square no difference shows.",
    how=STORED,
    activations=("elu", "relu"),
    citations=("clevert2015",),
    where=f"{CHAPTER}#sec-smooth-grades",
)
def elu_is_a_smoother_relu():
    jumps = {alpha: _slope_jump(activations.get("elu", alpha=alpha)) for alpha in (1.0, 0.5)}
    lowest = activations.get("elu")(torch.tensor(-20.0)).item()
    disk, square = _disk("elu", "relu"), _square("elu", "relu")
    return Evidence(
        "jump of the slope "
        + ", ".join(f"{jump:.1f} at alpha = {alpha:g}" for alpha, jump in jumps.items())
        + f", ReLU's {_slope_jump('relu'):.1f}; ELU at -20 is {lowest:.1f}; test loss in units of ReLU's: "
        f"{_said(disk)} on the disk, {_said(square)} on a square",
        expected="no jump, outputs below 0, and a test loss below ReLU's, with its interval",
        cases={
            **{f"alpha = {alpha:g}: no jump": jump < 1e-3 for alpha, jump in jumps.items()},
            "outputs below 0": lowest < 0,
            "the disk is learned better than with ReLU": disk[2] < 1,
            "and a square": square[2] < 1,
        },
    )


@claim(
    "ELU and SELU normalise what passes through them",
    verdict=CONDITIONS,
    corrected="SELU does, under LeCun's weights: it was built so that N(0, 1) comes out with mean 0 and mean square "
    "1. ELU only brings the mean nearer to 0.",
    activations=("elu", "selu"),
    citations=("clevert2015", "klambauer2017"),
    where=f"{MOMENTS}#sec-smooth-through",
)
def elu_and_selu_normalise():
    found = {name: theory.moments(name) for name in ("elu", "selu")}
    return Evidence(
        "N(0, 1) comes out with "
        + "; ".join(
            f"mean {abs(of.mean):.3f} and mean square {of.second:.3f} ({name})" for name, of in found.items()
        ),
        expected="mean 0 and mean square 1",
        cases={name: abs(of.mean) < 1e-6 and abs(of.second - 1) < 1e-6 for name, of in found.items()},
    )


@claim(
    "SELU is tau z for z > 0 and tau (alpha exp(z) - alpha) below, and normalises itself",
    verdict=CONDITIONS,
    corrected="The form is right, but it normalises for one pair of constants only: alpha = 1.6733 and tau = 1.0507, "
    "which the text leaves out.",
    activations=("selu", "elu"),
    citations=("klambauer2017",),
    where=f"{MOMENTS}#sec-smooth-through",
)
def selu_is_tau_times_elu():
    def selu(z, tau, alpha):
        return tau * torch.where(z > 0, z, alpha * torch.exp(z.clamp(max=0)) - alpha)

    # E f = 0 gives alpha; E f^2 = 1 then gives tau
    alpha = 1 / math.sqrt(2 * math.pi) / (0.5 - math.exp(0.5) * NormalDist().cdf(-1))
    tau = theory.expectation(lambda z: selu(z, 1.0, alpha) ** 2, kinks=(0.0,)) ** -0.5
    square = {
        f"alpha = {a:.4f}, tau = {t:.4f}": theory.expectation(lambda z, a=a, t=t: selu(z, t, a) ** 2, kinks=(0.0,))
        for a, t in [(alpha, tau), (1.0, 1.0)]
    }
    z = torch.linspace(-20, 20, 4001, dtype=F64)
    same = (selu(z, tau, alpha) - functional.selu(z)).abs().max().item()
    return Evidence(
        f"solved for mean 0 and mean square 1: alpha {alpha:.4f}, tau {tau:.4f}, with which it is "
        f"{'torch' if same < 1e-12 else 'not torch'}'s selu; mean square of the outputs "
        + ", ".join(f"{of:.3f} ({constants})" for constants, of in square.items()),
        expected="torch's selu, and mean square 1 whatever the constants",
        cases={
            "the form, with these constants, is torch's": same < 1e-12,
            **{f"mean square 1 with {constants}": abs(of - 1) < 1e-6 for constants, of in square.items()},
        },
    )


# ---- SiLU and Swish ---------------------------------------------------------------------------------------------


@claim(
    "Swish is smooth, falls before it rises, and on some tasks beats ReLU",
    verdict=TRUE,
    how=STORED,
    activations=("silu", "relu"),
    citations=("ramachandran2017",),
    where=f"{CHAPTER}#sec-smooth-halves",
)
def swish_is_smooth_and_dips():
    at, lowest = theory.minimum("silu")
    falling = (activations.get("silu").slope(torch.linspace(-10, at - 0.01, 101, dtype=F64)) < 0).all().item()
    disk = _disk("silu", "relu")
    return Evidence(
        f"no jump of the slope; it {'falls' if falling else 'does not fall'} down to {lowest:.3f} at z = {at:.3f}, "
        f"and rises from there; on the disk its test loss is {_said(disk)} of ReLU's, each at its own rate",
        expected="a slope without jumps and with both signs, and some task on which it beats ReLU",
        cases={
            "smooth": _is_smooth("silu"),
            "it falls and rises": falling and activations.get("silu").slope(torch.tensor(0.0)).item() > 0,
            "the disk: a lower test loss": disk[2] < 1,
        },
    )


@claim(
    "SiLU, or Swish, generalises better",
    verdict=CONDITIONS,
    corrected="On fresh points of a disk it does better than ReLU, not than softplus, as smooth and without a dip; "
    "on a square it can't be told from ReLU. The text that says so tested on no fresh point.",
    how=STORED,
    activations=("silu", "relu", "softplus"),
    where=f"{CHAPTER}#fig-smooth-disk",
)
def silu_generalises_better():
    factor = {
        "ReLU, disk": _disk("silu", "relu"),
        "softplus, disk": _disk("silu", "softplus"),
        "ReLU, square": _square("silu", "relu"),
    }
    return Evidence(
        "SiLU's test loss in units of that of "
        + "; ".join(f"{against}: {_said(of)}" for against, of in factor.items())
        + ", 20 draws",
        expected="a factor below 1, with its interval",
        cases={f"against {against}": of[2] < 1 for against, of in factor.items()},
    )


@claim(
    "On many tasks Swish beats ReLU",
    verdict=CONDITIONS,
    corrected="On some. On a disk it does, on a square no difference shows; in place of GELU in a pretrained BERT it "
    "learned nothing, where ReLU did.",
    how=PUBLISHED,
    activations=("silu", "relu"),
    citations=("ramachandran2017", "park2024"),
    where=f"{CHAPTER}#fig-smooth-disk",
)
def swish_beats_relu_on_many_tasks():
    factor = {"disk": _disk("silu", "relu"), "square": _square("silu", "relu")}
    bert = {task: _published_accuracy(task) for task in ("SST-2", "CoLA")}
    return Evidence(
        "test loss in units of ReLU's: "
        + ", ".join(f"{_said(of)} ({task})" for task, of in factor.items())
        + "; BERT fine-tuned, share right, Swish and ReLU: "
        + ", ".join(f"{of['swish']:.3f} and {of['relu']:.3f} ({task})" for task, of in bert.items()),
        expected="better than ReLU",
        cases={
            **{task: of[2] < 1 for task, of in factor.items()},
            **{f"BERT on {task}": of["swish"] > of["relu"] for task, of in bert.items()},
        },
    )


def _published_accuracy(task):
    """Share right of each activation in the BERT of park2024 on a task."""
    rows = [row for row in results.load("published") if row["source"] == "park2024" and row["task"] == task]
    return {row["activation"]: row["value"] for row in rows if row["quantity"] == "accuracy"}


@claim(
    "Swish has the range (-0.28, infinity)",
    verdict=IMPRECISE,
    corrected="Its least value is -0.2785, and it is taken: [-0.2785, infinity). -0.28 is that number rounded.",
    activations=("silu",),
    where=f"{CHAPTER}#sec-smooth-halves",
)
def swish_ranges_from_minus_0_28():
    at, lowest = theory.minimum("silu")
    return Evidence(
        f"least value {lowest:.4f}, taken at z = {at:.4f}",
        expected="values down to -0.28, which is not one of them",
        cases={"-0.28 is the lower end": abs(lowest + 0.28) < 5e-4},
        core={"-0.28 is the lower end, rounded to two digits": round(lowest, 2) == -0.28},
    )


@claim(
    "Swish is a function that researchers at Google came up with",
    verdict=IMPRECISE,
    corrected="They found it by a search in 2017 and named it. The function had been written down as SiLU by "
    "Hendrycks and Gimpel in 2016, and used by Elfwing and colleagues early in 2017.",
    how=CITED,
    activations=("silu", "swish"),
    citations=("ramachandran2017", "hendrycks2016", "elfwing2018"),
    where=f"{FORMULAS}#sec-smooth-knob",
)
def swish_was_developed_at_google():
    named, written, used = (2017, 10), (2016, 6), (2017, 2)  # year and month of the first version on arXiv
    return Evidence(
        "Ramachandran, Zoph and Le of Google Brain: October 2017; Hendrycks and Gimpel: June 2016; Elfwing and "
        "colleagues: February 2017",
        expected="a function that nobody had before them",
        cases={"first in their paper": named < min(written, used)},
        core={
            "their paper is of Google Brain, and is what the catalog has swish from": activations.get("swish").source
            == "ramachandran2017",
            "it came last": named > max(written, used),
        },
    )


@claim(
    "Swish with a parameter is x * sigmoid(beta * x)",
    verdict=TRUE,
    activations=("swish", "silu"),
    citations=("ramachandran2017",),
    where=f"{FORMULAS}#sec-smooth-knob",
)
def swish_with_a_parameter():
    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def swish(x, beta=1.0):
        return x * sigmoid(beta * x)

    x = np.linspace(-30, 30, 6001)
    z = torch.from_numpy(x)
    gap = {
        "beta = 1, torch's silu": np.abs(swish(x) - functional.silu(z).numpy()).max(),
        "beta = 1.702, the catalog's swish": np.abs(
            swish(x, 1.702) - activations.get("swish", beta=1.702)(z).numpy()
        ).max(),
    }
    return Evidence(
        "largest difference from -30 to 30: "
        + "; ".join(f"{'below 1e-12' if of < 1e-12 else f'{of:.0e}'} ({where})" for where, of in gap.items()),
        expected="the same function, to rounding",
        cases={where: bool(of < 1e-12) for where, of in gap.items()},
    )


# ---- GELU -------------------------------------------------------------------------------------------------------


@claim(
    "GELU is z P(Z <= z) = z Phi(z), with Z normal",
    verdict=TRUE,
    activations=("gelu",),
    citations=("hendrycks2016",),
    where=f"{CHAPTER}#sec-smooth-grades",
)
def gelu_is_z_phi_of_z():
    z = torch.linspace(-8, 8, 161, dtype=F64)
    by_hand = torch.tensor([x * NormalDist().cdf(x) for x in z.tolist()], dtype=F64)
    gap = (functional.gelu(z) - by_hand).abs().max().item()
    return Evidence(
        f"torch's gelu and z times the normal distribution function differ by {'less' if gap < 1e-14 else 'more'} "
        "than 1e-14 from -8 to 8",
        expected="the same function, to rounding",
        cases={"torch's gelu": gap < 1e-14},
    )


@claim(
    "GELU is 0.5 z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3)))",
    verdict=IMPRECISE,
    corrected="That is an approximation of it. It is never off by more than 0.0005, but in the left tail that is "
    "most of the value. The code beside the formula computes the exact one, with erf.",
    activations=("gelu", "gelu_tanh"),
    citations=("hendrycks2016",),
    where=f"{CHAPTER}#sec-smooth-two",
)
def gelu_is_a_tanh_formula():
    z = torch.linspace(-6, 6, 12_001, dtype=F64)
    printed = 0.5 * z * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
    coded = 0.5 * z * (1 + torch.erf(z / math.sqrt(2)))
    gap = (printed - coded).abs()
    tail = (z + 5).abs().argmin()
    return Evidence(
        f"formula and code differ by up to {gap.max():.1e}, at z = {z[gap.argmax()].abs():.1f} and its mirror image; "
        f"at -5 the formula gives {printed[tail]:.1e}, the code {coded[tail]:.1e}",
        expected="the same function, to 1e-6",
        cases={"from -6 to 6": gap.max().item() < 1e-6},
        core={"never off by more than 0.0005": gap.max().item() < 5e-4},
    )


@claim(
    "GELU has the range (-infinity, infinity)",
    verdict=FALSE,
    corrected="It is bounded below: its range is [-0.17, infinity).",
    activations=("gelu",),
    where=f"{CHAPTER}#sec-smooth-halves",
)
def gelu_ranges_over_the_line():
    at, lowest = _lowest(functional.gelu)
    return Evidence(
        f"from -10,000 to 0 the least value is {lowest:.3f}, at z = {at:.2f}",
        expected="values below any bound",
        cases={"below -1": lowest < -1},
    )


@claim(
    "GELU has something random to it: it mixes the linear with the stochastic",
    verdict=IMPRECISE,
    corrected="Nothing in it is drawn: the same input gives the same output. Randomness is in how it was thought of, "
    "as the mean of an input that is kept with probability Phi(z) and else set to 0.",
    activations=("gelu",),
    citations=("hendrycks2016",),
    where=f"{FORMULAS}#sec-smooth-masks",
)
def gelu_is_random():
    gelu = activations.get("gelu")
    z = torch.tensor([-1.0, 0.5, 2.0], dtype=F64)
    state = torch.get_rng_state()
    varies = not torch.equal(gelu(z), gelu(z)) or not torch.equal(torch.get_rng_state(), state)
    draws = torch.rand(100_000, 3, generator=torch.Generator().manual_seed(0), dtype=F64)
    kept = z * (draws < torch.special.ndtr(z))
    off = ((kept.mean(0) - gelu(z)).abs() / (kept.std(0) / math.sqrt(len(draws)))).max().item()
    return Evidence(
        f"evaluated twice: {'different' if varies else 'the same'} values, {'some' if varies else 'no'} random "
        f"number drawn; inputs kept with probability Phi(z), 100,000 draws: the mean is within {math.ceil(off)} "
        "standard errors of GELU",
        expected="values that vary from one evaluation to the next",
        cases={"two evaluations of one input": varies},
        core={"it is the mean of a random mask, within 4 standard errors": off < 4},
    )


@claim(
    "GELU is smooth and tolerates noise",
    verdict=CONDITIONS,
    corrected="Smooth, yes. Of a small disturbance of N(0, 1) it passes on less than ReLU, on average; at worst "
    "more, since its slope reaches 1.13, and more in comparison with the signal that it passes on.",
    activations=("gelu", "relu"),
    citations=("hendrycks2016",),
    where=f"{MOMENTS}#sec-smooth-through",
)
def gelu_tolerates_noise():
    passed = {name: theory.moments(name).slope_second for name in ("gelu", "relu")}
    worst = {name: theory.lipschitz(name) for name in passed}
    relative = {name: theory.chi(name) for name in passed}
    return Evidence(
        f"share of a small disturbance's variance that comes through, GELU and ReLU: {passed['gelu']:.3f} and "
        f"{passed['relu']:.3f} on average; steepest slope {worst['gelu']:.3f} and {worst['relu']:.3f}; disturbance "
        f"in parts of the signal, after over before: {relative['gelu']:.3f} and {relative['relu']:.3f}",
        expected="less of the noise than with ReLU",
        cases={
            "on average": passed["gelu"] < passed["relu"],
            "at worst": worst["gelu"] < worst["relu"],
            "in parts of the signal": relative["gelu"] < relative["relu"],
        },
    )


@claim(
    "GELU is smoother than ReLU and lets small negative inputs through",
    verdict=TRUE,
    corrected="Every input is allowed, in both. What ReLU does not have is the small negative outputs, down to "
    "-0.17.",
    activations=("gelu", "relu"),
    where=f"{CHAPTER}#fig-smooth-halves",
)
def gelu_lets_small_negatives_through():
    z = torch.tensor([-0.1, -0.5, -5.0], dtype=F64)
    share = {name: (activations.get(name)(z) / z).tolist() for name in ("gelu", "relu")}
    return Evidence(
        f"largest jump of the slope {_slope_jump('gelu'):.1f}, ReLU's {_slope_jump('relu'):.1f}; share of the input "
        f"that comes out, at -0.1, -0.5 and -5: {', '.join(f'{of:.2f}' for of in share['gelu'])}; with ReLU "
        f"{', '.join(f'{abs(of):.0f}' for of in share['relu'])}",
        expected="a slope without a jump, and a quarter or more of a small negative input",
        cases={
            "smoother": _is_smooth("gelu") and not _is_smooth("relu"),
            "small negative inputs: a quarter or more at -0.1 and -0.5": min(share["gelu"][:2]) > 0.25,
            "ReLU lets none through": not any(share["relu"]),
        },
    )


@claim(
    "GELU is the activation of Transformers such as BERT and GPT",
    verdict=TRUE,
    how=CITED,
    activations=("gelu", "gelu_tanh"),
    citations=("devlin2019", "radford2018", "radford2019"),
    where=f"{CHAPTER}#sec-smooth-two",
)
def gelu_is_in_bert_and_gpt():
    quoted = {  # appendix A.2; section 4.1
        "BERT": "We use a gelu activation (Hendrycks and Gimpel, 2016) rather than the standard relu",
        "GPT": "For the activation function, we used the Gaussian Error Linear Unit (GELU)",
    }
    z = torch.linspace(-6, 6, 12_001, dtype=F64)
    # as GPT-2's code has it
    coded = 0.5 * z * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
    gap = (activations.get("gelu")(z) - coded).abs().max().item()
    same = (activations.get("gelu_tanh")(z) - coded).abs().max().item()
    return Evidence(
        "; ".join(f'{model}\'s paper: "{words}"' for model, words in quoted.items())
        + f"; GPT-2's code computes the tanh form, which is within {gap:.4f} of it",
        expected="GELU in the papers or the code of both",
        cases={
            **{f"{model}'s paper names it": "gelu" in words.lower() for model, words in quoted.items()},
            "the formula in GPT-2's code is GELU's tanh form, to rounding": same < 1e-12,
        },
    )


@claim(
    "On task after task GELU beats ReLU and ELU",
    verdict=CONDITIONS,
    corrected="It did in its own paper, in a BERT that was pretrained with it, and on disks. On squares with "
    "the same points it beats neither.",
    how=PUBLISHED,
    activations=("gelu", "relu", "elu"),
    citations=("hendrycks2016", "park2024", "gustaw2025"),
    where=f"{CHAPTER}#fig-smooth-disk",
)
def gelu_beats_relu_and_elu():
    bert = {task: _published_accuracy(task) for task in ("SST-2", "CoLA")}
    rows = [row for row in results.load("published") if row["source"] == "gustaw2025"]
    train = {row["activation"]: row["value"] for row in rows if row["quantity"] == "train_loss"}
    factor = {
        task: [against("gelu", other) for other in ("relu", "elu")]
        for task, against in (("disk", _disk), ("square", _square))
    }
    return Evidence(
        "GELU, ReLU and ELU: "
        + "; ".join(
            f"{of['gelu']:.3f}, {of['relu']:.3f} and {of['elu']:.3f} right ({task}, BERT)"
            for task, of in bert.items()
        )
        + f"; training loss {train['gelu']:.5f}, {train['relu']:.5f} and {train['elu']:.5f} (one disk, 1000 runs); "
        + "; ".join(
            f"20 draws of a {task}: {_said(relu)} of ReLU's test loss, {_said(elu)} of ELU's"
            for task, (relu, elu) in factor.items()
        ),
        expected="GELU better than both, with the interval where there are several draws",
        cases={
            **{f"BERT on {task}": of["gelu"] > max(of["relu"], of["elu"]) for task, of in bert.items()},
            "training loss on one disk": train["gelu"] < min(train["relu"], train["elu"]),
            **{f"test loss, {task}": all(high < 1 for *_, high in of) for task, of in factor.items()},
        },
    )


# ---- softplus ---------------------------------------------------------------------------------------------------


@claim(
    "Softplus stays close to ReLU without its kink, at a higher price",
    verdict=TRUE,
    how=STORED,
    activations=("softplus", "relu"),
    citations=("dugas2000",),
    where=f"{CHAPTER}#fig-smooth-halves",
)
def softplus_is_a_smooth_relu():
    z = torch.linspace(-20, 20, 4001, dtype=F64)
    gap = activations.get("softplus")(z) - activations.get("relu")(z)
    far = max(gap[0].item(), gap[-1].item())
    ratio = _cost("softplus", "forward_ratio")
    return Evidence(
        f"above ReLU by at most {gap.max():.3f}, ln 2, and by {far:.0e} at -20 and 20; no jump of the slope; "
        f"{ratio:.1f} times ReLU's time for a value",
        expected="close to ReLU far from 0, no kink, and at least a quarter dearer",
        cases={
            "close to ReLU: within 0.7 everywhere, within 1e-8 far out": gap.max().item() < 0.7 and far < 1e-8,
            "differentiable everywhere": _is_smooth("softplus"),
            "at least a quarter dearer": ratio > 1.25,
        },
    )


@claim(
    "The slope of softplus never reaches 0, but it takes more computing than ReLU",
    verdict=CONDITIONS,
    corrected="Heavier, yes, and positive in mathematics: its slope is the sigmoid. But far out on the left float32 "
    "has no number small enough, and it is exactly 0.",
    how=STORED,
    activations=("softplus", "relu"),
    where=f"{MOMENTS}#sec-smooth-through",
)
def softplus_slope_is_positive():
    slopes = activations.get("softplus").slope(torch.tensor([-80.0, -110.0])).tolist()
    ratio = _cost("softplus", "both_ratio")
    return Evidence(
        f"slope in float32: {slopes[0]:.0e} at -80, {slopes[1]:.0f} at -110; value and slope take {ratio:.1f} times "
        "ReLU's time",
        expected="slopes above 0, at a quarter more than ReLU's time or above",
        cases={
            "float32, z = -80": slopes[0] > 0,
            "float32, z = -110": slopes[1] > 0,
            "at least a quarter dearer": ratio > 1.25,
        },
    )


# ---- Mish -------------------------------------------------------------------------------------------------------


@claim(
    "Mish is z tanh(ln(1 + exp(z)))",
    verdict=TRUE,
    activations=("mish",),
    citations=("misra2019",),
    where=f"{CHAPTER}#sec-smooth-grades",
)
def mish_is_z_tanh_softplus():
    z = torch.linspace(-30, 30, 6001, dtype=F64)
    gap = (z * torch.tanh(torch.log(1 + torch.exp(z))) - functional.mish(z)).abs().max().item()
    return Evidence(
        f"the formula and torch's mish differ by {'less' if gap < 1e-12 else 'more'} than 1e-12 from -30 to 30",
        expected="the same function, to rounding",
        cases={"torch's mish": gap < 1e-12},
    )


@claim(
    "Mish is Diganta Misra's",
    verdict=TRUE,
    how=CITED,
    activations=("mish",),
    citations=("misra2019",),
    where=f"{CHAPTER}#sec-smooth-grades",
)
def mish_is_misras():
    quoted = "We propose Mish, a novel self-regularized non-monotonic activation function"  # abstract
    mish = activations.get("mish")
    return Evidence(
        f'Diganta Misra, on arXiv in August {mish.year}: "{quoted}"',
        expected="a paper of Misra's that proposes it",
        cases={
            "the abstract proposes it, as new": quoted.startswith("We propose Mish") and "novel" in quoted,
            "the catalog has it from there": mish.source == "misra2019",
        },
    )


@claim(
    "Mish's outputs are centred on zero, on average",
    verdict=IMPRECISE,
    corrected="Smooth and not monotonic it is; centred it is not. Its mean under N(0, 1) is 0.24, nearer to 0 than "
    "ReLU's 0.40, but further than ELU's 0.16.",
    activations=("mish", "relu", "elu", "silu"),
    where=f"{CHAPTER}#sec-smooth-halves",
)
def mish_is_centred():
    mean = {name: theory.moments(name).mean for name in ("mish", "relu", "elu", "silu")}
    return Evidence(
        "mean under N(0, 1): " + ", ".join(f"{name} {of:.3f}" for name, of in mean.items()),
        expected="a mean within 0.05 of 0",
        cases={"the mean is within 0.05 of 0": abs(mean["mish"]) < 0.05},
        core={"the mean is nearer to 0 than ReLU's": abs(mean["mish"]) < abs(mean["relu"])},
    )


@claim(
    "Mish has a shallow minimum near z = -1.19",
    verdict=TRUE,
    activations=("mish",),
    citations=("misra2019",),
    where=f"{CHAPTER}#sec-smooth-halves",
)
def mish_has_a_shallow_minimum():
    at, lowest = theory.minimum("mish")
    return Evidence(
        f"least value {lowest:.4f}, at z = {at:.4f}; it is the least of all, not of its neighbourhood only",
        expected="a minimum within 0.005 of -1.19, and no deeper than -0.5",
        cases={"near -1.19": abs(at + 1.19) < 0.005, "shallow": -0.5 < lowest < 0},
    )


@claim(
    "Mish's outputs range from about -infinity to infinity",
    verdict=FALSE,
    corrected="They are bounded below, by -0.309.",
    activations=("mish",),
    where=f"{CHAPTER}#sec-smooth-halves",
)
def mish_ranges_over_the_line():
    at, lowest = _lowest(functional.mish)
    return Evidence(
        f"from -10,000 to 0 the least value is {lowest:.3f}, at z = {at:.2f}",
        expected="values below any bound",
        cases={"below -1": lowest < -1},
    )


@claim(
    "Mish dips below 0 before it rises, which ReLU and its relatives do not",
    verdict=CONDITIONS,
    corrected="The dip is its own: none of them falls and rises again. Negative values are not: of these only ReLU "
    "has none.",
    activations=("mish", "relu", "leaky_relu", "prelu", "elu", "selu"),
    where=f"{CHAPTER}#sec-smooth-halves",
)
def mish_alone_dips():
    z = torch.linspace(-10, 10, 20_001, dtype=F64)
    family = {name: activations.get(name) for name in ("relu", "leaky_relu", "prelu", "elu", "selu")}
    dips = {name for name, act in {**family, "mish": activations.get("mish")}.items() if (act.slope(z) < 0).any()}
    negative = {name for name, act in family.items() if (act(z) < 0).any()}
    return Evidence(
        f"fall somewhere: {', '.join(sorted(dips))}; of ReLU and its variants negative somewhere: "
        f"{', '.join(sorted(negative))}",
        expected="Mish alone",
        cases={"falls, and then rises": dips == {"mish"}, "has negative values": not negative},
    )


@claim(
    "Mish lets gradients through its negative side better than others do",
    verdict=CONDITIONS,
    corrected="Than through ReLU's, which passes nothing, and on average than through Leaky ReLU's; not than through "
    "ELU's. Left of -1.19 the slope is negative, and it dies out like an exponential.",
    activations=("mish", "relu", "leaky_relu", "elu"),
    where=f"{MOMENTS}#sec-smooth-through",
)
def gradients_flow_through_negative_mish():
    slopes = {name: activations.get(name).slope for name in ("mish", "relu", "leaky_relu", "elu")}
    passed = {
        name: 2 * theory.expectation(lambda z, slope=slope: slope(z) ** 2 * (z < 0), kinks=(0.0,))
        for name, slope in slopes.items()
    }
    far = slopes["mish"](torch.tensor([-2.0, -20.0], dtype=F64)).tolist()
    return Evidence(
        "mean square of the slope over the negative half of N(0, 1): "
        + ", ".join(f"{name} {of:.4f}" for name, of in passed.items())
        + f"; Mish's slope is {far[0]:.2f} at -2 and {far[1]:.0e} at -20",
        expected="more than the other lets through",
        cases={f"than {name}": passed["mish"] > of for name, of in passed.items() if name != "mish"},
    )


@claim(
    "Mish is young, of 2019, and fewer libraries have it",
    verdict=IMPRECISE,
    corrected="It is the youngest of its kind here, but by now PyTorch, Keras, JAX and ONNX all have it.",
    activations=("mish",),
    citations=("misra2019",),
    where=f"{CHAPTER}#sec-smooth-grades",
)
def mish_is_little_supported():
    libraries = ("torch", "keras", "jax", "onnx")
    has = {
        name: [library for library in libraries if library in activations.get(name).elsewhere]
        for name in ("mish", "relu")
    }
    years = {name: activations.get(name).year for name in ("mish", "silu", "gelu", "elu", "relu")}
    return Evidence(
        f"of {', '.join(libraries)}, {len(has['mish'])} have Mish and {len(has['relu'])} ReLU; years "
        + ", ".join(f"{name} {year}" for name, year in years.items()),
        expected="missing in a library that has ReLU",
        cases={"missing somewhere": len(has["mish"]) < len(has["relu"])},
        core={"the youngest": all(years["mish"] > year for name, year in years.items() if name != "mish")},
    )


# ---- cost -------------------------------------------------------------------------------------------------------


@cache
def _costs():
    return {row["activation"]: row for row in results.load("activation_cost") if row["form"] == "torch"}


def _cost(name, column):
    """How many times torch's ReLU takes, of torch's own function: forward_ratio, both_ratio or layer_ratio."""
    return _costs()[name][column]


@claim(
    "Mish costs clearly more than ReLU and all of its relatives",
    verdict=TRUE,
    how=STORED,
    activations=("mish", "relu", "leaky_relu", "prelu", "elu", "selu"),
    where=f"{COSTS}#fig-smooth-cost",
)
def mish_is_dearer_than_the_relu_family():
    family = {
        name: _cost(name, "forward_ratio")
        for name in ("relu6", "leaky_relu", "prelu", "rrelu", "elu", "celu", "selu")
    }
    mish, dearest = _cost("mish", "forward_ratio"), max(family, key=family.get)
    return Evidence(
        f"time for a value, in torch on one processor: Mish {mish:.1f} times ReLU's, the dearest of the family, "
        f"{dearest}, {family[dearest]:.1f} times",
        expected="half as dear again as the dearest of the family, or more",
        cases={"alone": mish > 1.5 * family[dearest]},
    )


@claim(
    "Mish and GELU take more computing than ReLU",
    verdict=TRUE,
    corrected="For each value. Of a layer of 512 units, where the matrix product takes most of the time, it makes "
    "little.",
    how=STORED,
    activations=("mish", "gelu", "relu"),
    where=f"{COSTS}#fig-smooth-cost",
)
def mish_and_gelu_are_heavier():
    columns = ("forward_ratio", "both_ratio", "layer_ratio")
    cost = {name: [_cost(name, column) for column in columns] for name in ("mish", "gelu")}
    return Evidence(
        "times ReLU's time, in torch on one processor: "
        + "; ".join(
            f"{name} {value:.1f} for a value, {both:.1f} with the slope, {layer:.1f} for a whole layer of 512 units"
            for name, (value, both, layer) in cost.items()
        ),
        expected="at least a quarter dearer, for a value and with the slope",
        cases={f"{name}, alone": value > 1.25 and both > 1.25 for name, (value, both, _) in cost.items()},
    )


SMOOTH_RELUS = ("silu", "gelu", "elu", "selu")


@claim(
    "Swish, GELU, ELU and SELU cost only a little more than ReLU",
    verdict=CONDITIONS,
    corrected="So it is where they stand in a layer with a large matrix. Alone they take a multiple of ReLU's time.",
    how=STORED,
    activations=(*SMOOTH_RELUS, "relu"),
    where=f"{COSTS}#fig-smooth-cost",
)
def smooth_relus_are_slightly_dearer():
    cost = {what: [_cost(name, column) for name in SMOOTH_RELUS] for what, column in COLUMNS.items()}
    return Evidence(
        f"times ReLU's time for {', '.join(SMOOTH_RELUS)}, in torch on one processor: "
        + "; ".join(f"{', '.join(f'{of:.1f}' for of in ratios)} ({what})" for what, ratios in cost.items()),
        expected="at most a quarter more",
        cases={what: max(ratios) < 1.25 for what, ratios in cost.items()},
    )


COLUMNS = {"a value": "forward_ratio", "a layer of 512 units, with gradients": "layer_ratio"}


@claim(
    "What tanh or Swish cost in computing slows training down",
    verdict=CONDITIONS,
    corrected="Alone they cost more than ReLU. In a layer of 512 units, which is what a training step pays for, the "
    "difference is lost in the matrix products.",
    how=STORED,
    activations=("tanh", "silu", "relu"),
    where=f"{COSTS}#fig-smooth-cost",
)
def costly_functions_slow_training_down():
    cost = {(name, what): _cost(name, column) for name in ("tanh", "silu") for what, column in COLUMNS.items()}
    return Evidence(
        "times ReLU's time, in torch on one processor: "
        + "; ".join(f"{name} {of:.1f} ({what})" for (name, what), of in cost.items()),
        expected="at least a quarter more time",
        cases={f"{name}, {what}": of > 1.25 for (name, what), of in cost.items()},
    )


# ---- what they are said to share --------------------------------------------------------------------------------


@claim(
    "Swish, Mish and GELU are adaptive functions",
    verdict=CONDITIONS,
    corrected="Swish is, if its beta is trained. As it is mostly used, with beta = 1, it has nothing to learn, and "
    "neither have Mish and GELU.",
    activations=("swish", "silu", "mish", "gelu"),
    citations=("ramachandran2017",),
    where=f"{FORMULAS}#sec-smooth-knob",
)
def swish_mish_and_gelu_are_adaptive():
    learned = {
        name: sum(p.numel() for p in activations.get(name).module().parameters())
        for name in ("swish", "silu", "mish", "gelu")
    }
    return Evidence(
        "settings that a layer learns: " + ", ".join(f"{name} {count}" for name, count in learned.items()),
        expected="at least one",
        cases={name: count > 0 for name, count in learned.items()},
    )


@claim(
    "Vanishing gradients are a reason to turn to Swish, Mish or GELU",
    verdict=CONDITIONS,
    corrected="In place of the sigmoid, yes. In place of ReLU with He's weights they make matters worse: over 50 "
    "layers SiLU loses six powers of ten where ReLU loses none.",
    activations=("silu", "gelu", "relu", "sigmoid"),
    where=f"{MOMENTS}#sec-smooth-through",
)
def smooth_relus_cure_vanishing_gradients():
    lost = {
        (name, scheme): gradient_left(name, GAINS[scheme])
        for name, scheme in [
            ("sigmoid", "glorot"),
            ("gelu", "glorot"),
            ("relu", "he"),
            ("silu", "he"),
            ("gelu", "he"),
        ]
    }
    swaps = [("sigmoid", "gelu", "glorot"), ("relu", "silu", "he"), ("relu", "gelu", "he")]
    return Evidence(
        "gradient at the first of 50 layers over that at the last: "
        + "; ".join(f"{powers(delta)} ({name}, {scheme})" for (name, scheme), delta in lost.items()),
        expected="less of the gradient lost than before",
        cases={
            f"{new} in place of {old}, {scheme}": bool(lost[new, scheme].mean() > lost[old, scheme].mean())
            for old, new, scheme in swaps
        },
    )


@claim(
    "Sigmoid and tanh never fall; Swish does",
    verdict=TRUE,
    activations=("sigmoid", "tanh", "silu"),
    where=f"{CHAPTER}#sec-smooth-halves",
)
def some_functions_are_monotonic():
    z = torch.linspace(-20, 20, 4001, dtype=F64)
    falls = {name: int((activations.get(name)(z).diff() < 0).sum()) for name in ("sigmoid", "tanh", "silu")}
    return Evidence(
        "steps of 0.01 from -20 to 20 on which it falls: "
        + ", ".join(f"{name} {count}" for name, count in falls.items()),
        expected="none for sigmoid and tanh, some for Swish",
        cases={"sigmoid": falls["sigmoid"] == 0, "tanh": falls["tanh"] == 0, "Swish": falls["silu"] > 0},
    )


@claim(
    "An activation is smooth if it is differentiable, and that shows in the gradients",
    verdict=IMPRECISE,
    corrected="Smooth is more than differentiable: ELU and softsign have a slope everywhere and a curvature that "
    "jumps. Where a function has no slope the gradient does depend on how it is written, and on the release: that of "
    "torch's clamp at its end is 1 up to 2.13 and 0 from 2.14 on.",
    activations=("elu", "softsign", "relu_squared", "relu"),
    where=f"{CHAPTER}#sec-smooth-grades",
)
def smooth_means_differentiable():
    near = torch.tensor([-1e-9, 1e-9], dtype=F64)
    bent = [
        name
        for name, act in activations.catalog.items()
        if _is_smooth(act) and theory.curvature(act, near).diff().abs().item() > 1e-3
    ]
    zero = torch.zeros(1, requires_grad=True)
    written = {
        "relu": torch.relu,
        "maximum": lambda z: torch.maximum(z, torch.zeros(1)),
        "where(z >= 0, z, 0)": lambda z: torch.where(z >= 0, z, 0.0),
        "clamp": lambda z: z.clamp(min=0),
    }
    slope = {name: torch.autograd.grad(relu(zero).sum(), zero)[0].item() for name, relu in written.items()}
    return Evidence(
        f"differentiable, with a curvature that jumps at 0: {', '.join(bent)}; ReLU's gradient at 0, written as "
        + ", ".join(f"{name} {of:g}" for name, of in slope.items())
        + f" (torch {torch.__version__})",
        expected="a curvature without jumps in every function that is differentiable",
        cases={"every differentiable function of the catalog is smooth": not bent},
        core={"at a kink the gradient depends on the program": set(slope.values()) == {0, 0.5, 1}},
    )


@claim(
    "A dip in the activation makes the loss surface richer, which may help the optimiser",
    verdict=OPEN,
    corrected="It may be so. Nobody is named who measured it.",
    how=OPENLY,
    activations=("silu", "gelu", "mish"),
)
def dips_make_richer_loss_surfaces():
    return Evidence(
        "not measured: it is not said what a richer surface is, how it would show in a number, and against which "
        "function of the same smoothness but without a dip"
    )


@claim(
    "Their dip is why Swish and GELU sometimes do better than ReLU in large models",
    verdict=OPEN,
    corrected="They differ from ReLU in smoothness, in their means and in their slopes as well. On the disk "
    "softplus, smooth and without a dip, does better than both.",
    how=OPENLY,
    activations=("silu", "gelu", "softplus"),
    where=f"{CHAPTER}#fig-smooth-disk",
)
def the_dip_is_why_they_win():
    factor = {name: _disk(name, "softplus") for name in ("silu", "gelu")}
    return Evidence(
        "not measured: it would take large models trained with two functions that differ in the dip and in nothing "
        "else; test loss on the disk, in units of softplus's: "
        + ", ".join(f"{name} {_said(of)}" for name, of in factor.items())
    )


# ---- gates ------------------------------------------------------------------------------------------------------


@claim(
    "GLU and SwiGLU are used in the feed-forward blocks of large language models such as Llama 2",
    verdict=CONDITIONS,
    corrected="SwiGLU is. The gate of Llama 2 is SiLU, not the sigmoid of GLU.",
    how=CITED,
    activations=("silu", "sigmoid"),
    citations=("touvron2023", "shazeer2020", "dauphin2017"),
    where=f"{CHAPTER}#sec-smooth-gates",
)
def glu_and_swiglu_are_in_llama():
    quoted = "use the SwiGLU activation function (Shazeer, 2020)"  # section 2.2
    value, gate = torch.randn(2, 100, generator=torch.Generator().manual_seed(0), dtype=F64)
    coded = functional.silu(gate) * value  # as its code has it
    same = {name: torch.allclose(gates.catalog[name](value, gate), coded) for name in ("swiglu", "glu")}
    return Evidence(
        f'Llama 2\'s paper: "{quoted}"; its code multiplies one half by SiLU of the other, which is '
        + " and ".join(f"{'' if of else 'not '}{name}" for name, of in same.items()),
        expected="both in Llama 2",
        cases={
            "SwiGLU: named, and computed": "SwiGLU" in quoted and same["swiglu"],
            "GLU, with a sigmoid: computed": same["glu"],
        },
    )
