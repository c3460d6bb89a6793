"""Claims about the curve of tanh: its forms, its range, its slope and its centre."""

import numpy as np
import torch

from ... import activations, theory
from .. import CONDITIONS, IMPRECISE, TRUE, Evidence, claim

CHAPTER = "chapters/03_tanh"


@claim(
    "Tanh is the sigmoid stretched and shifted so that its outputs are centred: 2 sigma(2z) - 1",
    verdict=TRUE,
    activations=("tanh", "sigmoid"),
    where=f"{CHAPTER}#sec-tanh-stretched",
)
def tanh_is_a_centred_sigmoid():
    tanh, sigmoid = activations.get("tanh"), activations.get("sigmoid")
    z = torch.linspace(-30, 30, 6001, dtype=torch.float64)
    gap = (2 * sigmoid(2 * z) - 1 - tanh(z)).abs().max().item()
    mean = {name: theory.moments(name).mean for name in ("tanh", "sigmoid")}
    return Evidence(
        f"the two agree to {'12 digits' if gap < 1e-12 else 'fewer than 12 digits'} from -30 to 30; mean under N(0, "
        f"1) {abs(mean['tanh']):.3f} against the sigmoid's {mean['sigmoid']:.3f}",
        expected="two functions that agree to rounding, and a mean of 0",
        cases={"2 sigma(2z) - 1 is tanh, to 1e-12": gap < 1e-12, "its mean is 0 to 1e-12": abs(mean["tanh"]) < 1e-12},
    )


@claim(
    "Tanh is 2 / (1 + exp(-2z)) - 1",
    verdict=TRUE,
    corrected="A program should call tanh, as the code beside the formula does: computed as it is written, the "
    "fraction loses digits near 0, where it subtracts nearly equal numbers.",
    activations=("tanh",),
    where="chapters/deeper/03_forms#sec-tanh-forms",
)
def tanh_as_one_fraction():
    z = np.linspace(-10, 10, 2001)
    miss = np.abs(2 / (1 + np.exp(-2 * z)) - 1 - np.tanh(z)).max()
    small = np.logspace(-8, -2, 601)
    off = np.abs((2 / (1 + np.exp(-2 * small)) - 1) / np.tanh(small) - 1).max()
    return Evidence(
        f"in float64, from -10 to 10, off by at most {miss:.0e}; from 1e-8 to 0.01 by up to {off:.0e} of the value",
        expected="the same function, to 1e-15",
        cases={"from -10 to 10": bool(miss < 1e-15)},
    )


@claim(
    "Tanh has the range (-1, 1), centred on zero",
    verdict=TRUE,
    activations=("tanh",),
    where=f"{CHAPTER}#fig-tanh-slope",
)
def the_range_of_tanh():
    tanh = activations.get("tanh")
    z = torch.arange(1801, dtype=torch.float64) / 100  # up to 18; from about 19 on the value rounds to 1
    value, mirrored = tanh(z), tanh(-z)
    return Evidence(
        f"from -18 to 18 the values lie between {mirrored.min():.0f} and {value.max():.0f} and come "
        f"{'within' if 1 - value.max() < 1e-15 else 'no nearer than'} 1e-15 of them; tanh(-z) = -tanh(z) at "
        f"{int((mirrored == -value).sum())} of {len(z)} points",
        expected="values strictly between -1 and 1 that come close to both, and an odd function",
        cases={
            "strictly between -1 and 1": bool((value.abs() < 1).all() and (mirrored.abs() < 1).all()),
            "as close to both as 1e-15": (1 - value.max()).item() < 1e-15 and (1 + mirrored.min()).item() < 1e-15,
            "odd, so that what is centred stays so": torch.equal(mirrored, -value),
        },
    )


@claim(
    "The slope of tanh lies between 0 and 1",
    verdict=TRUE,
    activations=("tanh",),
    where=f"{CHAPTER}#fig-tanh-slope",
)
def the_slope_of_tanh():
    tanh = activations.get("tanh")
    z = torch.arange(-10_000, 10_001, dtype=torch.float64) / 100
    slope = tanh.slope(z)
    return Evidence(
        f"from -100 to 100 the slopes lie between {slope.min():.0e} and {slope.max():.3f}; the largest is that at "
        f"{abs(z[slope.argmax()]):.0f}",
        expected="slopes above 0, the largest exactly 1",
        cases={"never 0 or below": bool((slope > 0).all()), "1 at most, and attained": slope.max().item() == 1},
    )


@claim(
    "Tanh is smooth and zero-centred, but it saturates as the sigmoid does",
    verdict=TRUE,
    activations=("tanh", "sigmoid"),
    where=f"{CHAPTER}#sec-tanh-stretched",
)
def tanh_is_centred_but_saturates():
    z = torch.linspace(-4, 4, 801, dtype=torch.float64)
    bend = theory.curvature("tanh", z).abs().max().item()
    far = torch.tensor([-10.0, 10.0], dtype=torch.float64)
    left = {
        name: (activations.get(name).slope(far).max() / theory.lipschitz(name)).item() for name in ("tanh", "sigmoid")
    }
    mean = theory.moments("tanh").mean
    return Evidence(
        f"curvature at most {bend:.2f}; mean under N(0, 1) {abs(mean):.3f}; at -10 and 10 {left['tanh']:.0e} of the "
        f"largest slope is left, {left['sigmoid']:.0e} with the sigmoid",
        expected="no kink, mean 0, and less than a thousandth of the largest slope at -10 and 10",
        cases={
            "smooth: no kink, and a bounded curvature": not activations.get("tanh").kinks and bend < 1,
            "zero-centred": abs(mean) < 1e-12,
            "it saturates, and so does the sigmoid": max(left.values()) < 1e-3,
        },
    )


@claim(
    "Since tanh runs from -1 to 1, its outputs are balanced around zero",
    verdict=CONDITIONS,
    corrected="Its inputs have to be balanced first: tanh is odd, and a shift of its inputs comes out as a shift of "
    "its outputs.",
    activations=("tanh",),
    where=f"{CHAPTER}#sec-tanh-stretched",
)
def the_outputs_of_tanh_are_balanced():
    mean = {shift: _mean_output("tanh", shift) for shift in (0.0, 1.0)}
    return Evidence(
        "mean output " + ", ".join(f"{abs(out):.3f} for z ~ N({shift:g}, 1)" for shift, out in mean.items()),
        expected="a mean within 0.05 of 0",
        cases={f"z ~ N({shift:g}, 1)": abs(out) < 0.05 for shift, out in mean.items()},
    )


def _mean_output(name, shift):
    """E f(z) for z ~ N(shift, 1)."""
    return theory.expectation(lambda z: activations.get(name)(z + shift))


@claim(
    "Tanh centres the data around zero",
    verdict=IMPRECISE,
    corrected="It keeps centred what is centred. Data with another mean come out nearer to 0, where a bounded "
    "function must put them, but not centred; subtracting the mean would do that.",
    activations=("tanh",),
    citations=("ioffe2015",),
    where=f"{CHAPTER}#sec-tanh-stretched",
)
def tanh_centres_the_data():
    shifts = (-2.0, 0.5, 1.0)
    out = {shift: _mean_output("tanh", shift) for shift in shifts}
    return Evidence(
        "normal data with mean "
        + ", ".join(f"{shift:g} come out with mean {mean:.2f}" for shift, mean in out.items()),
        expected="outputs with a mean within 0.05 of 0, whatever the mean of the data",
        cases={f"mean {shift:g}": abs(mean) < 0.05 for shift, mean in out.items()},
        core={
            "data centred already stay so": abs(_mean_output("tanh", 0.0)) < 1e-12,
            "the mean comes nearer to 0": all(abs(mean) < abs(shift) for shift, mean in out.items()),
        },
    )


@claim(
    "Very small inputs make the slope of tanh vanish, as very large ones do",
    verdict=IMPRECISE,
    corrected="It vanishes for inputs of large magnitude, on both sides. Near 0 it is largest.",
    activations=("tanh",),
    where=f"{CHAPTER}#sec-tanh-stretched",
)
def very_small_inputs_flatten_tanh():
    small, far = torch.tensor([[1e-3, 0.1], [-10.0, 10.0]], dtype=torch.float64)
    near, gone = activations.get("tanh").slope(small), activations.get("tanh").slope(far)
    return Evidence(
        f"slope {near[0]:.4f} at 0.001 and {near[1]:.2f} at 0.1; {gone[0]:.0e} at -10 and {gone[1]:.0e} at 10",
        expected="slopes below 0.1 for small inputs",
        cases={f"z = {z:g}": of < 0.1 for z, of in zip(small.tolist(), near.tolist(), strict=True)},
        core={"large magnitude: below 0.1 at -10 and 10": gone.max().item() < 0.1},
    )
