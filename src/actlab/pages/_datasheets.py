"""Everything that is known about one activation, computed from its record and `theory` when it is asked for."""

import html
import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import torch

from .. import claims, plot, stored, theory, widgets
from ..activations import Activation, get
from ._bibliography import reference
from ._ledger import badge
from ._page import Page, clean, number, printed, two_columns

__all__ = ["datasheet", "facts", "torch_faults"]

PROBES = (1e-8, 1e-4, 0.5, 1.0, 5.0, 10.0, 20.0, 20.5, 37.0, 100.0)  # where programs tend to go wrong
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def _place(z: float, digits: int = 6) -> str:
    if 0 < abs(z) < 1e-7:  # nothing happens so near to 0 but at 0: it is the neighbouring number
        return f"just {'above' if z > 0 else 'below'} 0"
    return f"z = {number(z, digits)}"


def _interval(act: Activation) -> str:
    (low, high), (has_low, has_high) = act.range, act.attained
    return f"{'[' if has_low else '('}{number(low)}, {number(high)}{']' if has_high else ')'}"


@cache
def facts(name: str) -> Mapping[str, str]:
    """The measured facts of an activation, from what they are called to what they are, as a page words them."""
    act = get(name)
    moments = theory.moments(act)
    lowest = theory.minimum(act)
    if lowest:
        least = f"{number(lowest[1])} at {_place(lowest[0])}"
    else:
        least = "none: there is no lower bound" if math.isinf(act.range[0]) else "none: the bound is not reached"
    found = {
        "range": _interval(act),
        "least value": least,
        "monotone": "yes" if act.monotone else "no",
        "kinks": ", ".join(f"z = {number(kink)}" for kink in act.kinks) or "none",
        "largest slope": number(theory.lipschitz(act)),
        "mean": number(clean(moments.mean)),
        "mean square": number(moments.second),
        "mean squared slope": number(moments.slope_second),
        "gain": number(theory.gain(act)),
        "backward gain": number(theory.backward_gain(act)),
        "chi": number(theory.chi(act)),
        "fixed point": _fixed(act),
        "edge of chaos": _edge(act),
    }
    for dtype in DTYPES:
        found[f"in {str(dtype).removeprefix('torch.')}"] = _limits(act, dtype)
    return found


def _drawing(ax, name, reach=4.0):
    act = get(name)
    plot.curve(act, ax, reach=reach)
    value, slope = ax.get_lines()[0], ax.get_lines()[1]
    value.set_label("f")
    slope.set_label("f′")
    z = torch.linspace(-reach, reach, 801, dtype=torch.float64)
    bend = theory.curvature(act, z)
    ax.plot(z, bend, color=plot.GREY, linestyle=plot.DOTTED, linewidth=1.4, label="f″", zorder=1)
    low = min(float(act(z).min()), float(act.slope(z).min()), float(bend.min()), -0.25)
    high = max(float(act(z).max()), float(act.slope(z).max()), float(bend.max()), 1.25)
    ax.set(xlabel="z", ylabel="", ylim=(max(low, -2.5) - 0.1, min(high, 3.5) + 0.1))
    ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, borderaxespad=0.2)


def _in_words(act: Activation) -> str:
    low, high = (number(bound, 3) for bound in act.range)
    z = torch.tensor([-4.0, 0.0, 4.0], dtype=torch.float64)
    ends, slopes = ([number(v, 3) for v in f(z).tolist()] for f in (act, act.slope))
    kinks = f"; kinks at {' and '.join(number(kink, 3) for kink in act.kinks)}" if act.kinks else "; no kink"
    return (
        f"{act.title} and its first two derivatives for z from -4 to 4. f goes from {ends[0]} over {ends[1]} at 0 to "
        f"{ends[2]}, between {low} and {high}; its slope is {slopes[0]}, {slopes[1]} and {slopes[2]} there{kinks}."
    )


def datasheet(name: str) -> Page:
    """Everything that is known about one activation: formula, picture, facts, names elsewhere, pitfalls, claims."""
    act = get(name)
    found = facts(name)
    blocks = [
        f"<h3>{html.escape(act.title)} <code>{name}</code></h3>",
        f"<p>{html.escape(act.uses)}</p>",
        f'<p class="actlab-formula">{_math("f(z) = " + act.formula)}</p>',
        f'<p class="actlab-formula">{_math("f′(z) = ".replace("′", chr(39)) + act.slope_formula)}</p>',
        _settings(act),
        f'<figure role="img" aria-label="{html.escape(_in_words(act))}">'
        f"{widgets.svg(_drawing, (4.6, 2.9), name=name)}</figure>",
        f'<p><a href="../lab.html?explore={name}#explore">Explore {html.escape(act.title)} in the lab</a>: other '
        "settings and gains, computed in the page.</p>",
        two_columns({**found, "cost": _cost(name)}, "What is computed"),
        f"<p><strong>Pitfall:</strong> {html.escape(act.pitfalls)}</p>",
        two_columns(_elsewhere(act), "Elsewhere", code=True),
        f"<p>{html.escape(act.differs)}</p>" if act.differs else "",
        _of_torch(act),
        _source(act.source),
        _claims_about(name),
    ]
    # what a dtype holds depends on the processor's instructions, and text is compared with what was stored
    kept = {key: value for key, value in found.items() if not key.startswith("in ")}
    text = "\n".join([f"{act.title} ({name})", *(f"  {key}: {value}" for key, value in kept.items())])
    return Page(text, f'<article class="actlab-sheet" id="{name}">{"".join(blocks)}</article>')


def _source(key):
    source = reference(key)
    return f"<p><strong>Source:</strong> {source.html}, <cite>{html.escape(source.title)}</cite></p>"


def _math(formula):
    # in parts, between which a narrow screen may break the line: MathJax breaks none
    parts = re.split(r"(?<=,)\s*(?:\\quad\s*|(?=\\text\{ else \}))", formula)
    return " ".join(f'<span class="math notranslate nohighlight">\\({html.escape(part)}\\)</span>' for part in parts)


def _settings(act):
    if not act.settings:
        return ""
    given = ", ".join(f"<code>{key} = {_setting(value)}</code>" for key, value in act.settings.items())
    learned = f"; learned by its module: {', '.join(act.learnable)}" if act.learnable else ""
    return f"<p>Settings: {given}{learned}.</p>"


def _setting(value):
    return f"({', '.join(f'{v:g}' for v in value)})" if isinstance(value, tuple) else f"{value:.6g}"


def _elsewhere(act):
    titles = {"torch": "PyTorch", "keras": "Keras", "jax": "JAX", "onnx": "ONNX"}
    named = {titles[library]: expression for library, expression in act.elsewhere.items()}
    return {"actlab": f'activations.get("{act.name}")'} | named


def _of_torch(act: Activation) -> str:
    if act.torch_function is None:
        return ""
    faults = torch_faults(act.name)
    if not faults:
        return "<p><strong>PyTorch's own</strong> agrees with ours to 12 digits at every probe, in float64.</p>"
    lines = "".join(f"<li>{html.escape(fault)}</li>" for fault in faults)
    return f"<p><strong>PyTorch's own</strong> is off, in float64:</p><ul>{lines}</ul>"


@cache
def torch_faults(name: str) -> tuple[str, ...]:
    """Where PyTorch's own function or gradient misses ours by more than 1e-12 in float64: the worst of `PROBES`."""
    act = get(name)
    z = torch.tensor([s * p for p in PROBES for s in (-1, 1)], dtype=torch.float64, requires_grad=True)
    value = act.torch_function(z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    z = z.detach()
    faults = []
    for word, theirs, ours in [("f", value.detach(), act(z)), ("f′", slope, act.slope(z))]:
        off = ((theirs - ours).abs() / ours.abs()).nan_to_num(0.0)
        off[ours.abs() < torch.finfo(torch.float64).tiny] = 0
        worst = int(off.argmax())
        if off[worst] > 1e-12:
            at, there, here = (number(values[worst].item(), 4) for values in (z, theirs, ours))
            miss = (
                f"{there} instead of {here}" if off[worst] > 0.01 else f"off by {number(off[worst].item(), 2)} of it"
            )
            faults.append(f"{word}({at}) is {miss}")
    return tuple(faults)


def _fixed(act: Activation) -> str:
    slope = theory.fixed_point(act).slope
    if abs(slope - 1) < 1e-6:  # relu6: so near to 1 that no network of finite width and depth could tell
        does = "neither draws signals in nor repels them"
    else:
        does = "draws signals in" if abs(slope) < 1 else "repels signals"
    return f"slope {number(slope)} at q = 1: {does}"


def _edge(act: Activation) -> str:
    edge = theory.edge_of_chaos(act)
    if edge is None:
        return "none with zero biases"
    where = {"point": f"q = {number(edge.q)}", "every q": "every q", "limit q -> 0": "q → 0 only"}[edge.kind]
    return f"gain {number(edge.gain)}, {where}"


def _limits(act: Activation, dtype: torch.dtype) -> str:
    found = theory.saturation(act, dtype)
    parts = []
    for what, below, above in [
        ("slope 0", found.slope_below, found.slope_above),
        ("value constant", found.value_below, found.value_above),
    ]:
        ends = [f"up to {_place(below, 4)}"] if below is not None else []
        ends += [f"from {_place(above, 4)}"] if above is not None else []
        if ends:
            parts.append(f"{what} {' and '.join(ends)}")
    return "; ".join(parts) or "no limit"


@cache
def _costs() -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["activation"], row["form"]): row for row in stored.load("activation_cost")}


def _cost(name: str) -> str:
    if (name, "actlab") not in _costs():
        return "not timed: the stored table is older than this entry"
    ours, torchs = _costs()[name, "actlab"], _costs().get((name, "torch"))
    row, whose = (torchs, "PyTorch's own") if torchs else (ours, "ours")
    return (
        f"{number(row['forward_ratio'], 2)} × ReLU forward, {number(row['both_ratio'], 2)} × with its gradient, "
        f"{number(row['layer_ratio'], 3)} × in a layer of 512 units ({whose})"
    )


def _claims_about(name: str) -> str:
    about = [claim for claim in claims.ledger.values() if name in claim.activations]
    if not about:
        return ""
    lines = [
        f'<li>{badge(claim)} <a href="claims.html#{claim.id}">{printed(claim.statement)}</a></li>' for claim in about
    ]
    word = "one claim" if len(about) == 1 else f"{len(about)} claims"
    # the ledger reads which function it is asked for from the address
    there = f'<a href="claims.html?activation={name}">The ledger has {word} about it</a>'
    return f"<p>{there}.</p><details><summary>What they say</summary><ul>{''.join(lines)}</ul></details>"
