"""Pictures that move and questions that answer, on a page without a kernel; and an explorer for those who have one.

All states of a player or quiz are built at once and stored in the page; the controls are linked to them in the
browser. In a running notebook they are ordinary widgets. The explorer computes what it shows when a control is moved,
so without a kernel it stands still, and says so.
"""

import hashlib
import html
import io
import itertools
import math
import numbers
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets as W
import matplotlib.pyplot as plt
import torch
from matplotlib.backends.backend_svg import FigureCanvasSVG
from torch import Tensor

from . import plot, theory
from .activations import Activation, catalog, get

__all__ = ["explorer", "player", "quiz", "svg"]

MOST_FRAMES = 80  # a page is to stay under 2.5 MB, and a frame takes 10 to 30 kB
INK = "#010203"  # drawn in this colour, text and axes take the page's own: dark on light, light on dark


class Player(W.VBox):
    """What `player` returns. Its repr is what a notebook stores of it."""

    summary = ""

    def __repr__(self) -> str:
        return self.summary


def player(
    draw: Callable[..., Any],
    *,
    alt: Callable[..., str],
    size: tuple[float, float] = (5.0, 3.2),
    labels: Mapping[str, str] | None = None,
    first: Mapping[str, Any] | None = None,
    play: bool = False,
    **controls: Iterable,
) -> Player:
    """A figure with a slider or a row of buttons, every state of it stored in the page.

    draw(ax, **values): draws one state on the axes it is given; alt(**values): what there is to see in it, in
    words. Each further keyword is a control: a name that draw and alt take, and its values. Words become buttons,
    numbers a slider; there may be one control or two. labels: what to write before a control, where the name
    itself won't do. first: the value that a control opens with, where it is not its first one. size: of the figure,
    in inches. play: a button that runs through the last control.
    Raises ValueError for no control, for three, for an empty one, for more than 80 states, for an empty alt, and
    where first names no control or none of its values.
    """
    controls = {name: list(values) for name, values in controls.items()}
    if not 1 <= len(controls) <= 2 or not all(controls.values()):
        raise ValueError(f"a player has one or two controls with values each, got {controls}")
    for name, value in (first or {}).items():
        if value not in controls.get(name, []):
            raise ValueError(f"no state has {name}={value!r} to open with; there are {controls}")
    states = list(itertools.product(*controls.values()))
    if len(states) > MOST_FRAMES:
        raise ValueError(f"{len(states)} states are too many to store in a page; {MOST_FRAMES} are allowed")

    frames, places = [], {}
    for state in states:
        values = dict(zip(controls, state, strict=True))
        words = alt(**values)
        if not words:
            raise ValueError(f"alt says nothing for {values}")
        frames.append(_figure(_svg(draw, size, values, places, mark=len(frames)), words, size[0]))

    knobs = [_knob((labels or {}).get(name, name), values) for name, values in controls.items()]
    for name, knob in zip(controls, knobs, strict=True):
        if name in (first or {}):
            knob.index = controls[name].index(first[name])
    shown = _linked(knobs, frames, [len(values) for values in controls.values()])
    row = list(knobs)
    if play:
        row.insert(0, _play(knobs[-1], len(list(controls.values())[-1])))
    box = Player([W.HBox(row, layout=W.Layout(flex_flow="row wrap")), shown])
    box.add_class("actlab-player")
    box.summary = f"player: {' x '.join(controls)}, {len(frames)} frames"
    return box


def quiz(question: str, choices: Mapping[str, str], *, answer: str) -> Player:
    """A question with choices; picking one shows its explanation.

    choices: from the choice to why it is right or wrong. answer: the right choice. Raises ValueError if the
    answer is not a choice, if there are fewer than two, or if an explanation is missing.
    """
    if answer not in choices:
        raise ValueError(f"the answer {answer!r} is not among the choices {list(choices)}")
    if len(choices) < 2 or not all(choices.values()):
        raise ValueError("a quiz needs two choices or more, each with its explanation")
    frames = [
        f'<p class="actlab-{"right" if choice == answer else "wrong"}">'
        f"<strong>{'Right.' if choice == answer else 'Not so.'}</strong> {html.escape(why)}</p>"
        for choice, why in choices.items()
    ]
    # nothing is chosen at first, so the question stands alone
    radio = W.RadioButtons(options=list(choices), value=None, layout=W.Layout(width="auto"))
    shown = _linked([radio], frames, [len(choices)])
    box = Player([W.HTML(f'<p class="actlab-question">{html.escape(question)}</p>'), radio, shown])
    box.add_class("actlab-quiz")
    box.summary = f"quiz: {question}"
    return box


LAYERS = 50
FARTHEST = 1e40  # a mean square beyond it, or below 1 / it, is followed no further
# the standard normal as points with weights: none of them is 0, where most kinks are
_points = (torch.arange(-2000, 2000, dtype=torch.float64) + 0.5) * 0.0045
_weights = torch.exp(-(_points**2) / 2)
_weights /= _weights.sum()


def explorer(name: str = "gelu") -> Player:
    """Any activation of the catalog, its settings on sliders: f, f', f'', its numbers, and 50 layers of it.

    name: which one it opens with. The signals are those of very wide layers at their start, with normal weights of
    variance gain^2 / fan_in and no biases. Needs a kernel. Raises KeyError, with the nearest name, for another.
    """
    name = get(name).name
    style = {"description_width": "initial"}
    chosen = W.Dropdown(options=list(catalog), value=name, description="activation", style=style)
    knobs = W.HBox(layout=W.Layout(flex_flow="row wrap"))
    gain = W.FloatLogSlider(
        value=1.0, base=10, min=-0.5, max=1.1, step=0.005, description="gain", readout_format=".3f", style=style
    )
    own = W.Button(description="back to its own gain", layout=W.Layout(width="auto"))
    facts, function, depth = W.HTML(), W.HTML(), W.HTML()
    shown = {}

    def choose(_=None):
        knobs.children = _setting_knobs(get(chosen.value), style)
        for knob in knobs.children:
            knob.observe(show_function, "value")
        gain.unobserve(show_depth, "value")  # drawn once, below
        gain.value = theory.gain(chosen.value)
        gain.observe(show_depth, "value")
        show_function()

    def show_function(_=None):
        try:
            shown["act"] = act = get(chosen.value, **_chosen_settings(get(chosen.value).settings, knobs.children))
        except ValueError as refused:  # lower above upper
            facts.value = f'<p role="status">{html.escape(str(refused))}</p>'
            return
        function.value = _figure(svg(_function, (5.0, 3.2), act=act), _function_in_words(act), 5.0)
        show_depth()

    def show_depth(_=None):
        forward, backward = _through_depth(shown["act"], gain.value)
        words = _depth_in_words(forward, backward)
        facts.value = _numbers(shown["act"], gain.value, words)
        drawing = svg(_depth, (5.0, 2.8), forward=forward, backward=backward)
        depth.value = _figure(drawing, f"Sizes by layer, in powers of ten. {words}", 5.0)

    def match(_):
        gain.value = theory.gain(shown["act"])

    gain.observe(show_depth, "value")
    choose()
    chosen.observe(choose, "value")
    own.on_click(match)
    # a page without a kernel shows the note and hides the controls: the book's style sheet turns both round
    note = W.HTML(
        '<p class="actlab-still" style="display: none">This picture stands still here: it needs a running kernel. '
        "Open the page in Binder or Colab with the rocket above, run the cell, and move the sliders.</p>"
    )
    controls = W.VBox([chosen, knobs, W.HBox([gain, own], layout=W.Layout(flex_flow="row wrap"))])
    controls.add_class("actlab-live")
    box = Player([note, controls, function, facts, depth])
    box.add_class("actlab-explorer")
    box.summary = f"explorer: {len(catalog)} activations, opened with {name}"
    return box


def _setting_knobs(act, style):
    """A slider for each number of the settings; of a setting with several, each goes from -3 to 3."""
    sliders = []
    for key, value in act.settings.items():
        if isinstance(value, tuple):
            sliders += [(f"{key} {i}", one, -3.0, 3.0) for i, one in enumerate(value, start=1)]
        else:
            low, high = act.ends.get(key) or (sorted((0.05 * value, 4 * value)) if value else (-3.0, 3.0))
            sliders.append((key.replace("_", " "), value, min(low, value), max(high, value)))
    return [
        W.FloatSlider(value=one, min=low, max=high, step=0.01, description=words, style=style)
        for words, one, low, high in sliders
    ]


def _chosen_settings(settings, knobs):
    values = iter([knob.value for knob in knobs])
    return {
        key: tuple(next(values) for _ in value) if isinstance(value, tuple) else next(values)
        for key, value in settings.items()
    }


def _through_depth(act: Activation, gain: float) -> tuple[Tensor, Tensor]:
    """Mean squares by layer, both of shape (layers,): of the pre-activations, which start at 1, and of the deltas,
    which start at 1 in the last layer. nan from where a mean square leaves 1e-40 to 1e40."""
    forward, slopes = [], []
    q = 1.0
    while len(forward) < LAYERS and 1 / FARTHEST < q < FARTHEST:
        z = math.sqrt(q) * _points
        forward.append(q)
        slopes.append(gain**2 * (_weights @ act.slope(z) ** 2).item())
        q = gain**2 * (_weights @ act(z) ** 2).item()
    missing = [math.nan] * (LAYERS - len(forward))
    # a delta passes the slopes of its own layer, and of all after it but the last, where it starts
    back = torch.tensor([*slopes[:-1], 1.0], dtype=torch.float64).flip(0).cumprod(0).flip(0)
    return torch.tensor(forward + missing, dtype=torch.float64), torch.cat(
        [back, torch.tensor(missing, dtype=torch.float64)]
    )


def _function(ax, act):
    plot.curve(act, ax)
    value, slope = ax.get_lines()[:2]
    value.set_label("f")
    slope.set_label("f′")
    z = torch.linspace(-4, 4, 801, dtype=torch.float64)
    ax.plot(z, theory.curvature(act, z), color=plot.GREY, linestyle=plot.DOTTED, linewidth=1.4, label="f″", zorder=1)
    ax.set(xlabel="z", ylabel="", xlim=(-4, 4), ylim=(-2, 3.2))  # the same for all, so that a change is seen
    ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)


def _function_in_words(act):
    z = torch.tensor([-2.0, 0.0, 2.0], dtype=torch.float64)
    value, slope = (", ".join(f"{one:.3g}" for one in f(z).tolist()) for f in (act, act.slope))
    return f"{act.title} with its slope and curvature. At z = -2, 0 and 2 it is {value}; its slope is {slope}."


def _depth(ax, forward, backward):
    layer = torch.arange(1, LAYERS + 1)
    # powers of ten on a plain axis: it is drawn in a third of the time of a log axis, while a slider moves
    for size, label, style in [
        (forward, "pre-activations", {"color": plot.BLUE}),
        (backward, "delta", {"color": plot.ORANGE, "linestyle": plot.DASHED}),
    ]:
        power = size.log10() / 2
        ax.plot(layer, power.where(power.isfinite(), math.nan), label=label, **style)
    ax.set(xlabel="layer", ylabel="power of ten of the RMS", xlim=(1, LAYERS))
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)


def _depth_in_words(forward, backward):
    reached = int((~forward.isnan()).sum())
    last, first = forward[reached - 1].sqrt().item(), backward[0].sqrt().item()
    signal = f"From layer 1 to layer {reached} the pre-activations go from 1 to {last:.3g}"
    if reached < LAYERS:
        signal += ", and on, farther than is drawn"
    return f"{signal}; from layer {reached} back to layer 1 the deltas go from 1 to {first:.3g}."


def _numbers(act, gain, words):
    least, slope = theory.minimum(act), theory.variance_slope(act, 1.0)
    rows = {
        "range": f"{act.range[0]:.4g} to {act.range[1]:.4g}",
        "least value": f"{least[1]:.4g} at z = {least[0]:.4g}" if least else "none",
        "largest slope": f"{theory.lipschitz(act):.4g}",
        "its own gain": f"{theory.gain(act):.4f}",
        "chi at its own gain": f"{theory.chi(act):.4f}",
        "variance map there": f"slope {slope:.4f}: {'repels' if slope > 1 else 'does not repel'} signals",
        f"at gain {gain:.4f}": words,
    }
    cells = "".join(f'<tr><th scope="row">{key}</th><td>{value}</td></tr>' for key, value in rows.items())
    return f'<div role="status"><table class="actlab-facts"><tbody>{cells}</tbody></table></div>'


def svg(draw: Callable[..., Any], size: tuple[float, float], **values: Any) -> str:
    """The figure that draw(ax, **values) makes, as an `<svg>` element that takes text colour and width from its page.

    Text stays text, coordinates are rounded to a hundredth of a point, and the same figure gives the same string.
    """
    return _svg(draw, size, values)


def _svg(draw, size, values, places=None, mark=""):
    ink = {
        key: INK
        for key in (
            "text.color",
            "axes.edgecolor",
            "axes.labelcolor",
            "xtick.color",
            "ytick.color",
            "patch.edgecolor",
        )
    }
    # the book's style asks for an engine in each figure; this one has its own, and drops it
    one = {"figure.constrained_layout.use": False, "svg.fonttype": "none", "svg.hashsalt": "actlab"}
    with plt.rc_context(one | ink):
        fig = plt.figure(figsize=size, layout="constrained")
        try:
            draw(fig.add_subplot(), **values)
            _place(fig, places)
            out = io.StringIO()
            fig.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        finally:
            plt.close(fig)
    return _tidy(out.getvalue(), mark)


def _place(fig, places):
    """Puts the axes where constrained layout has them, and ends it: a figure with an engine for it is drawn twice.

    places: of a player, those of the frames so far, by the outlines of what is in them, measured with the axes where
    the first frame has its own. A frame with the outlines of another gets its places, for half of a layout's time.
    """
    FigureCanvasSVG(fig)  # which measures text as it will be drawn
    dpi, fig.dpi = fig.dpi, FigureCanvasSVG.fixed_dpi
    first = next(iter(places.values()), None) if places else None
    if first:
        _move(fig, first)
    found = _outlines(fig) if first else None
    if first and found in places:
        _move(fig, places[found])
    else:
        fig.get_layout_engine().execute(fig)
        if places is not None and not fig.subfigs:
            places[found or _outlines(fig)] = [ax.get_position(original=True) for ax in fig.axes]
    fig.dpi = dpi
    fig.set_layout_engine(None)


def _move(fig, places):
    for ax, place in zip(fig.axes, places, strict=False):
        counts = ax.get_in_layout()
        ax.set_position(place)
        ax.set_in_layout(counts)  # which a place that is set by hand ends


def _outlines(fig):
    """The box of each part of the figure, in thousandths of a point; of the axes, what a layout asks for."""
    parts = [part for part in fig.get_children() if part is not fig.patch]
    boxes = [part.get_tightbbox(for_layout_only=True) if part in fig.axes else part.get_tightbbox() for part in parts]
    return tuple(None if box is None else tuple(box.extents.round(3).tolist()) for box in boxes)


def _tidy(text, mark):
    text = text[text.index("<svg") :]
    if "cmsy10" in text:  # matplotlib's own symbols, whose places other fonts give to other characters
        raise ValueError(
            "a player can't show the prime of mathtext, as in $f'$: no page has its font; say it in words"
        )
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<defs>\s*<style.*?</style>\s*</defs>", "", text, flags=re.S)
    text = re.sub(r' width="[\d.]+pt"| height="[\d.]+pt"', "", text, count=2)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    text = re.sub(r"font-family: [^;\"]*", "font-family: sans-serif", text)
    text = re.sub(r"<[^>]*>", _round, text)
    text = text.replace(INK, "currentColor")
    text = text.replace("<svg ", '<svg stroke-linejoin="round" aria-hidden="true" ', 1)
    text = re.sub(r"\s*\n\s*", " ", _own_ids(text, mark).replace("xlink:href", "href"))
    # points of one kind share their style: said once for all of them
    return re.sub(r'(?:<use [^>]*? (style="[^"]*")/> )(?:<use [^>]*? \1/> )+', _share_style, text).strip()


def _share_style(match):
    return f"<g {match[1]}>{match[0].replace(' ' + match[1], '')}</g> "


def _round(tag):
    places = 5 if "matrix(" in tag[0] else 2  # an image is scaled by its matrix, where a hundredth is much
    return re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.{places}f}".rstrip("0").rstrip("."), tag[0])


def _own_ids(text, mark):
    # Frames share a page, and one that is hidden lends its clip path to none: ids get a mark of the frame's own.
    mark = hashlib.sha256(f"{mark}{text}".encode()).hexdigest()[:6]
    used = dict.fromkeys(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))
    short = {name: f"f{mark}{i:x}" for i, name in enumerate(used)}
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{short[m[1]]}"' if m[1] in short else "", text)
    return re.sub(r'(url\(#|href="#)([^)"]+)', lambda m: m[1] + short[m[2]], text)


def _figure(drawing, words, width):
    # on a wide page an inch of the drawing takes 7 em, so that its text is as large as the text around it
    style = f"max-width: {7 * width:g}em; margin: 0 auto"
    return f'<figure role="img" aria-label="{html.escape(words)}" style="{style}">{drawing}</figure>'


def _knob(label, values):
    options = [(_word(value), i) for i, value in enumerate(values)]
    if all(isinstance(value, numbers.Number) and not isinstance(value, bool) for value in values):
        style = {"description_width": "initial"}
        return W.SelectionSlider(
            options=options, description=label, style=style, layout=W.Layout(width="auto", flex="1 1 16em")
        )
    return W.ToggleButtons(
        options=options, description=label, style={"description_width": "initial", "button_width": "auto"}
    )


def _word(value):
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _play(knob, n):
    play = W.Play(value=knob.index, min=0, max=n - 1, interval=700, show_repeat=False)
    W.jslink((play, "value"), (knob, "index"))
    return play


def _linked(knobs, frames, counts):
    """A widget that shows the frame that the knobs choose; frames vary fastest in the last knob."""
    if not hasattr(W, "Stack"):  # ipywidgets 7, on Colab: the same picture, changed by the kernel
        return _observed(knobs, frames, counts)
    if len(counts) == 1:
        return _stack(knobs[0], frames)
    rows = [_stack(knobs[1], frames[i : i + counts[1]]) for i in range(0, len(frames), counts[1])]
    return _stack(knobs[0], rows)


def _stack(knob, pages):
    # without a width of their own both are 0 pixels wide in JupyterLab, which gives a Stack no style
    wide = {"width": "100%"}
    children = [page if isinstance(page, W.Widget) else W.HTML(page, layout=wide) for page in pages]
    stack = W.Stack(children, selected_index=knob.index, layout=wide)
    W.jslink((knob, "index"), (stack, "selected_index"))
    return stack


def _observed(knobs, frames, counts):
    picture = W.HTML(layout={"width": "100%"})

    def show(_):
        index = 0
        for knob, count in zip(knobs, counts, strict=True):
            if knob.index is None:
                return
            index = index * count + knob.index
        picture.value = frames[index]

    for knob in knobs:
        knob.observe(show, "index")
    show(None)
    return picture
