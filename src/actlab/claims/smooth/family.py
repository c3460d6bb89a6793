"""Claims about what smooth activations share, and about gates."""

import torch
from torch.nn import functional

from ... import activations, gates, theory
from .. import CITED, CONDITIONS, IMPRECISE, OPEN, OPENLY, TRUE, Evidence, claim
from .._measure import GAINS, gradient_left, powers, words_in
from ._measure import CHAPTER, F64, FORMULAS, MOMENTS, _disk, _is_smooth, _said


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
    "Gradients that vanish, or a training that stalls, are a reason to turn to Swish, Mish or GELU",
    verdict=CONDITIONS,
    corrected="In place of the sigmoid, yes. In place of ReLU with He's weights they make matters worse: over 50 "
    "layers SiLU loses six powers of ten where ReLU loses none. Of stalls nothing was tried.",
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
    quoted = words_in("touvron2023", "activation")
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
