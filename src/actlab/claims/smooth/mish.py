"""Claims about Mish."""

import torch
from torch.nn import functional

from ... import activations, theory
from .. import CITED, CONDITIONS, FALSE, IMPRECISE, TRUE, Evidence, claim
from .._measure import words_in
from ._measure import CHAPTER, F64, MOMENTS, _lowest


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
    quoted = words_in("misra2019", "proposed")
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
    verdict=TRUE,
    corrected="None of them falls and rises again. SiLU and GELU do, which are no variants of ReLU by this count; "
    "and negative values all of these have but ReLU.",
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
        cases={"falls, and then rises": dips == {"mish"}},
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
