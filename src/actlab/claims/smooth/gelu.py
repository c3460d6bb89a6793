"""Claims about GELU."""

import math
from statistics import NormalDist

import torch
from torch.nn import functional

from ... import activations, results, theory
from .. import CITED, CONDITIONS, FALSE, IMPRECISE, PUBLISHED, TRUE, Evidence, claim
from .._measure import words_in
from ._measure import (
    CHAPTER,
    F64,
    FORMULAS,
    MOMENTS,
    _disk,
    _is_smooth,
    _lowest,
    _published_accuracy,
    _said,
    _slope_jump,
    _square,
)


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
    "GELU has something random to it: it mixes the linear with the stochastic, for smoother gradients",
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
    quoted = {"BERT": words_in("devlin2019", "activation"), "GPT": words_in("radford2018", "activation")}
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
