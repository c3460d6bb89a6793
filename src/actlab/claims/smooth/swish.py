"""Claims about SiLU and Swish."""

import numpy as np
import torch
from torch.nn import functional

from ... import activations, theory
from .. import CITED, CONDITIONS, IMPRECISE, PUBLISHED, STORED, TRUE, Evidence, claim
from .._measure import number_in
from ._measure import CHAPTER, F64, FORMULAS, _disk, _is_smooth, _published_accuracy, _said, _square


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
    keys = ("ramachandran2017", "hendrycks2016", "elfwing2018")
    named, written, used = (number_in(key, "first version") for key in keys)  # year.month on arXiv
    return Evidence(
        f"first versions, year and month: {named:.2f} by Ramachandran, Zoph and Le of Google Brain, {written:.2f} by "
        f"Hendrycks and Gimpel, {used:.2f} by Elfwing and colleagues",
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
