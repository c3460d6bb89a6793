"""Claims about ELU."""

import inspect
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ... import activations, results, theory
from .. import CITED, CONDITIONS, FALSE, IMPRECISE, STORED, TRUE, Evidence, claim
from .._measure import median_by_draw, title_of, tuned_ratio, year_of
from ._measure import KINK, _constant_part, _cost, _same


@claim(
    "ELU replaces the straight negative side with an exponential curve, which makes it smooth",
    verdict=CONDITIONS,
    corrected="Without a kink only for alpha = 1, and even then the curvature jumps at 0, from 1 to 0.",
    activations=("elu",),
    citations=("clevert2015",),
)
def elu_is_smooth():
    beside = torch.tensor([-1e-9, 1e-9], dtype=torch.float64)
    jump = {alpha: activations.get("elu", alpha=alpha).slope(beside).diff().abs().item() for alpha in (1.0, 0.5, 2.0)}
    bend = theory.curvature("elu", beside)
    return Evidence(
        "jump of the slope at 0: "
        + ", ".join(f"{size:.1f} for alpha = {alpha:g}" for alpha, size in jump.items())
        + f"; curvature beside 0, alpha = 1: {bend[0]:.0f} and {bend[1]:.0f}",
        expected="a slope without a jump",
        cases={f"alpha = {alpha:g}": size < 1e-6 for alpha, size in jump.items()},
    )


@claim(
    "ELU's smooth transition is what pushes mean activations closer to zero",
    verdict=IMPRECISE,
    corrected="Its negative values do that. Softplus is smoother and has the larger mean; a ReLU whose kink is moved "
    "to -1 is not smooth and has a smaller one.",
    activations=("elu", "softplus", "relu"),
)
def smoothness_moves_the_mean():
    mean = {name: theory.moments(name).mean for name in ("relu", "elu", "softplus")}
    cut = theory.expectation(lambda z: z.clamp(min=-1), (-1.0,))
    return Evidence(
        ", ".join(f"{name} {of:.2f}" for name, of in mean.items()) + f", max(z, -1) {cut:.2f}: means under N(0, 1)",
        expected="smoother, and nearer to 0",
        cases={
            "softplus, smooth without negative values: nearer to 0 than ReLU": mean["softplus"] < mean["relu"],
            "max(z, -1), ELU's negative values without the smoothness: no nearer than ReLU": cut >= mean["relu"],
        },
        core={"ELU's mean is nearer to 0 than ReLU's": abs(mean["elu"]) < abs(mean["relu"])},
    )


@claim(
    "ELU's negative values push mean activations closer to zero, as batch normalisation does, at less cost",
    verdict=CONDITIONS,
    corrected="Closer than ReLU's, but not to zero, where batch normalisation puts them. It is cheaper: it keeps no "
    "statistics and learns nothing.",
    activations=("elu", "relu"),
    citations=("clevert2015", "ioffe2015"),
    where=f"{KINK}#sec-relu-elu",
)
def elu_centres_like_batch_normalisation():
    elu, relu = (theory.moments(name).mean for name in ("elu", "relu"))
    norm = nn.BatchNorm1d(256, dtype=torch.float64)
    z = torch.randn(1000, 256, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    normalised = norm(torch.relu(z)).mean(dim=0).abs().max().item()
    kept = {
        name: sum(part.numel() for part in layer.state_dict().values() if part.ndim) // 256
        for name, layer in (("batch normalisation", norm), ("ELU", nn.ELU()))
    }
    return Evidence(
        f"mean under N(0, 1): ELU {elu:.2f}, ReLU {relu:.2f}, ReLU with batch normalisation after it "
        f"{normalised:.2f}; numbers to keep for each unit: "
        + ", ".join(f"{of} for {name}" for name, of in kept.items()),
        expected="a mean nearer to 0 than ReLU's, within 0.05 of the 0 of batch normalisation, and fewer numbers to "
        "keep",
        cases={
            "nearer to 0 than ReLU": abs(elu) < abs(relu),
            "within 0.05 of what batch normalisation gives": abs(elu - normalised) < 0.05,
            "less to keep": kept["ELU"] < kept["batch normalisation"],
        },
    )


@claim(
    "ELU's outputs run from about -1 to infinity and are mostly centred",
    verdict=TRUE,
    corrected="With alpha = 1 and pre-activations of about unit size. For large ones ELU is nearly ReLU, and no more "
    "centred.",
    activations=("elu",),
)
def elu_is_mostly_centred():
    low, high = activations.get("elu").range
    unit, large = _constant_part("elu"), _constant_part("elu", 10.0)
    return Evidence(
        f"values from {low:g} to {high:g} for alpha = 1; the mean's part of the mean square: {unit:.0%} for z ~ N(0, "
        f"1), {large:.0%} for z ~ N(0, 10^2)",
        expected="values above -1, and a mean that makes less than a tenth of the mean square",
        cases={"from -1 without end": (low, high) == (-1, math.inf), "z ~ N(0, 1): under a tenth": unit < 0.1},
    )


@claim(
    "ELU has the range (-alpha, inf)",
    verdict=TRUE,
    activations=("elu",),
    citations=("clevert2015",),
    where=f"{KINK}#fig-relu-family",
)
def elus_range_starts_at_minus_alpha():
    z = torch.linspace(-30, 1e3, 100_001, dtype=torch.float64)  # below about -37 the value rounds to -alpha
    lowest = {alpha: functional.elu(z, alpha).min().item() for alpha in (0.5, 1.0, 2.0)}
    return Evidence(
        "lowest value from z = -30 on: "
        + ", ".join(
            f"above -{alpha:g} by less than 1e-12" for alpha, low in lowest.items() if 0 < low + alpha < 1e-12
        )
        + f"; at 1000 the value is {functional.elu(z, 1.0).max():g}",
        expected="values as close to -alpha as one likes, never below, and no upper bound",
        cases={f"alpha = {alpha:g}": 0 < low + alpha < 1e-12 for alpha, low in lowest.items()},
    )


def _far_left():
    """The slopes of ELU, sigmoid and tanh at -10 and -20."""
    z = torch.tensor([-10.0, -20.0], dtype=torch.float64)
    return {name: activations.get(name).slope(z) for name in ("elu", "sigmoid", "tanh")}


@claim(
    "For very negative inputs ELU's gradient vanishes too, but less severely than the sigmoid's or tanh's",
    verdict=CONDITIONS,
    corrected="Less than tanh's. Compared with the sigmoid's it is the same exponential: at -10 the two agree to "
    "four digits. What ELU has for it is the positive side, which does not saturate.",
    activations=("elu", "sigmoid", "tanh"),
    where=f"{KINK}#sec-relu-elu",
)
def elu_vanishes_less_severely():
    slope = _far_left()
    return Evidence(
        "slope at -10: " + ", ".join(f"{of[0]:.3e} with {name}" for name, of in slope.items()),
        expected="a slope at least twice as large as the other's",
        cases={
            f"against {name}, at -10 and -20": bool((slope["elu"] > 2 * slope[name]).all())
            for name in ("tanh", "sigmoid")
        },
    )


@claim(
    "Since ELU's outputs below 0 are not zero, its gradients there do not vanish",
    verdict=FALSE,
    corrected="An output that is not zero is no gradient. ELU's comes nearest to its bound where its slope is "
    "smallest: the slope is alpha e^z, and falls as the sigmoid's does.",
    activations=("elu", "sigmoid"),
    where=f"{KINK}#sec-relu-elu",
)
def elu_overcomes_the_vanishing_gradient():
    slope, out = _far_left(), activations.get("elu")(torch.tensor([-10.0, -20.0], dtype=torch.float64))
    return Evidence(
        f"at -10 and -20 ELU's output is {out[0]:.5f} and {out[1]:.5f}, its slope {slope['elu'][0]:.0e} and "
        f"{slope['elu'][1]:.0e}; the sigmoid's slope is {slope['sigmoid'][0]:.0e} and {slope['sigmoid'][1]:.0e}",
        expected="a slope that does not vanish where the output is far from 0",
        cases={
            "where the output is farthest from 0, a slope above 0.001": slope["elu"].min().item() > 1e-3,
            "a slope that outlasts the sigmoid's, by a factor of 2": bool(
                (slope["elu"] > 2 * slope["sigmoid"]).all()
            ),
        },
    )


@claim(
    "Unlike Leaky ReLU and PReLU, ELU has a plateau on its negative side, which makes what it learns robust and "
    "stable",
    verdict=CONDITIONS,
    corrected="On the plateau little noise comes through. Of pre-activations about 0, where most of them are, ELU "
    "lets more of it through than the other two, since its slope stays near 1 there.",
    activations=("elu", "leaky_relu", "prelu"),
    citations=("clevert2015",),
)
def elus_plateau_is_robust():
    z, names = torch.tensor([-10.0, -20.0], dtype=torch.float64), ("elu", "leaky_relu", "prelu")
    out = {name: activations.get(name)(z) for name in names}
    noise = {name: _noise_at(name, -10.0) for name in names}
    usual = {name: theory.moments(name).slope_second for name in names}
    return Evidence(
        "from -10 to -20 the output grows by "
        + ", ".join(f"{(of[1] / of[0] - 1).item():.2%} ({name})" for name, of in out.items())
        + "; noise of size 1 around -10 comes out with "
        + ", ".join(f"{of:.0e} ({name})" for name, of in noise.items())
        + "; share of a small disturbance's variance that comes through under N(0, 1): "
        + ", ".join(f"{of:.2f} ({name})" for name, of in usual.items()),
        expected="a flat side that the others lack, and less noise",
        cases={
            "a plateau, which the others lack": [name for name, of in out.items() if of[1] / of[0] < 1.001]
            == ["elu"],
            "less noise passed on, around -10": noise["elu"] < min(noise["leaky_relu"], noise["prelu"]),
            "less noise passed on, under N(0, 1)": usual["elu"] < min(usual["leaky_relu"], usual["prelu"]),
        },
    )


def _noise_at(name, z):
    """The standard deviation of f(z + noise), noise ~ N(0, 1)."""
    act = activations.get(name)
    kinks = [kink - z for kink in act.kinks]
    mean = theory.expectation(lambda noise: act(z + noise), kinks)
    return math.sqrt(theory.expectation(lambda noise: (act(z + noise) - mean) ** 2, kinks))


@claim(
    "ELU can be written in NumPy as np.where(x > 0, x, alpha * (np.exp(x) - 1))",
    verdict=TRUE,
    corrected="So it is right wherever the text draws it. Near 0 it loses digits, half of them at -1e-8, where "
    "it subtracts nearly equal numbers (np.expm1 does not), and np.where takes the exponential of positive x too.",
    activations=("elu",),
)
def elu_as_it_is_written():
    def off(x):
        written = np.where(x > 0, x, np.exp(x) - 1)
        return np.abs(written / np.where(x > 0, x, np.expm1(np.minimum(x, 0))) - 1)

    drawn, near = off(np.linspace(-10, 10, 100)), off(-np.logspace(-8, -2, 601))
    return Evidence(
        f"in float64, at the text's 100 places from -10 to 10, off by at most {drawn.max():.0e} of the value; from "
        f"-0.01 to -1e-8 by up to {near.max():.0e}",
        expected="right to 1e-12 of the value",
        cases={"from -10 to 10, where it is drawn": bool(drawn.max() < 1e-12)},
    )


@claim(
    "ELU's exponential costs more than Leaky ReLU's multiplication",
    verdict=TRUE,
    how=STORED,
    activations=("elu", "leaky_relu"),
)
def elu_costs_more_than_leaky_relu():
    elu, leaky = (
        {what: _cost(name, what) for what in ("forward", "both", "layer")} for name in ("elu", "leaky_relu")
    )
    return Evidence(
        f"on one processor, time over Leaky ReLU's: {elu['forward'] / leaky['forward']:.1f} alone, "
        f"{elu['both'] / leaky['both']:.1f} with the way back, {elu['layer'] / leaky['layer']:.2f} with a layer of "
        "512 units",
        expected="at least half as long again, alone and with the way back",
        cases={
            "alone": elu["forward"] > 1.5 * leaky["forward"],
            "with the way back": elu["both"] > 1.5 * leaky["both"],
        },
    )


@claim(
    "ELU requires its alpha to be tuned",
    verdict=IMPRECISE,
    corrected="It can be tuned. The default of 1 is the value in its authors' experiments, and the only one without "
    "a kink.",
    activations=("elu",),
    citations=("clevert2015",),
)
def elu_requires_tuning():
    default = inspect.signature(nn.ELU).parameters["alpha"].default
    beside = torch.tensor([-1e-9, 1e-9], dtype=torch.float64)
    smooth = [
        alpha
        for alpha in (0.25, 0.5, 1.0, 1.5, 2.0)
        if activations.get("elu", alpha=alpha).slope(beside).diff().abs() < 1e-6
    ]
    return Evidence(
        f"torch's default is {default:g}; of 0.25, 0.5, 1, 1.5 and 2 the slope has no jump for "
        f"{', '.join(f'{alpha:g}' for alpha in smooth)}",
        expected="no default, and no value that stands out",
        cases={
            "no default that could be kept": default is inspect.Parameter.empty,
            "no value that stands out": smooth != [default],
        },
        core={
            "alpha can be chosen, and matters": not _same(activations.get("elu", alpha=0.5), activations.get("elu"))
        },
    )


@claim(
    "With ELU learning is faster, and more robust",
    verdict=TRUE,
    corrected="Its authors report both for networks of more than five layers. On the disk, with two, both hold "
    "against ReLU, at one rate for both and at rates tuned for each.",
    how=STORED,
    activations=("elu", "relu"),
    citations=("clevert2015",),
)
def elu_learns_faster_and_more_robustly():
    columns = {"train_loss_200": "training loss after 200 steps", "test_loss": "loss on fresh points at the end"}
    found, wins = [], {}
    for column, name in columns.items():
        elu, relu = (median_by_draw(activation, column) for activation in ("elu", "relu"))
        wins[name] = int((elu < relu).sum())
        found.append(
            f"{name} {elu.median():.3f} against {relu.median():.3f}, lower on {wins[name]} of {len(elu)} draws"
        )
    cases = {name: of > len(elu) / 2 and results.mcnemar(of, len(elu) - of) < 0.01 for name, of in wins.items()}
    for column, name in {"train_loss": "training loss", "test_loss": "loss on fresh points"}.items():
        mean, half = tuned_ratio("elu", "relu", column)
        cases[f"{name} at the end, each at its own rate"] = mean + half < 0
        found.append(
            f"at rates that other draws chose for each, {name} {math.exp(mean):.2f} times ReLU's "
            f"({math.exp(mean - half):.2f} to {math.exp(mean + half):.2f})"
        )
    return Evidence(
        "ELU against ReLU on the disk, rate 0.01: " + "; ".join(found),
        expected="lower on so many draws that a fair coin would do it once in a hundred times, or more rarely; and a "
        "ratio below 1 with its interval",
        cases=cases,
    )


@claim(
    "ELU comes from Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units (2015)",
    verdict=TRUE,
    how=CITED,
    activations=("elu",),
    citations=("clevert2015",),
)
def clevert_introduced_elu():
    elu, title, year = activations.get("elu"), title_of("clevert2015"), year_of("clevert2015")
    mean = {name: theory.moments(name).mean for name in ("elu", "relu")}
    said = "fast and accurate deep network learning by exponential linear units"
    return Evidence(
        f"“{title}”, first posted in November {year}, at ICLR the May after. Its abstract has units with negative "
        f"values, which bring the mean nearer to 0: {mean['elu']:.2f} with ELU, {mean['relu']:.2f} with ReLU, z "
        "standard normal",
        expected="that title in 2015, and a mean nearer to 0",
        cases={
            "title and year": title.startswith(said) and year == elu.year == 2015,
            "what its abstract says of the mean": abs(mean["elu"]) < abs(mean["relu"]),
        },
    )
