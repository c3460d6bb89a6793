"""Players and quizzes as a page has them: native controls and the first picture in it, the other pictures beside it.

A notebook stores a player as the models of its widgets. Their views would be a megabyte of script, with controls that
come only after it. What the models say is little: which controls there are, and which picture each of their states
shows. So the page gets inputs that a browser knows by itself, and _static/players.js shows the picture they choose.
"""

import html
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KNOBS = {"SelectionSliderModel": "slider", "ToggleButtonsModel": "choice", "RadioButtonsModel": "choice"}
LINKS = ("LinkModel", "DirectionalLinkModel")
SHOWN = ("HTMLModel", "StackModel")
BOXES = ("VBoxModel", "HBoxModel", "BoxModel")
PLAY = '<svg viewBox="0 0 10 10" aria-hidden="true"><path class="actlab-go" d="M1 0 10 5 1 10z"/>'
PLAY += '<path class="actlab-halt" d="M1 0h3v10h-3zM6 0h3v10h-3z"/></svg>'


@dataclass(frozen=True)
class Control:
    """What is moved: a slider, or a choice among words."""

    kind: str
    label: str
    words: tuple[str, ...]  # of each of its places
    index: int | None  # the place at which it stands at first; a quiz has no answer then


@dataclass(frozen=True)
class Moving:
    """A player or a quiz: its controls, and a picture for each state of them, fastest in the last one."""

    question: str | None  # HTML; a player asks none
    controls: tuple[Control, ...]
    interval: int | None  # milliseconds between two pictures while the last control plays, where it can
    frames: tuple[str, ...]  # HTML

    @property
    def first(self) -> int | None:
        """Which picture is shown before anything is moved."""
        place = 0
        for control in self.controls:
            if control.index is None:
                return None
            place = place * len(control.words) + control.index
        return place


def read(models: Mapping[str, Mapping], id: str) -> Moving:
    """A player or a quiz from the models that a notebook stores of its widgets.

    Raises ValueError for what is neither: a picture that hangs on no control, a control that moves none, a widget of
    another kind.
    """
    below = [id]
    for one in below:
        if models[one]["model_name"] in BOXES:
            below.extend(_ids(models[one]["state"].get("children", ())))
    for one in below:
        if (kind := models[one]["model_name"]) not in {*KNOBS, *SHOWN, *BOXES, "PlayModel"}:
            raise ValueError(f"a page shows no {kind.removesuffix('Model')}")
    knobs = [one for one in below if models[one]["model_name"] in KNOBS]
    plays = [one for one in below if models[one]["model_name"] == "PlayModel"]
    shown = [one for one in below if models[one]["model_name"] == "StackModel"]
    words = [one for one in below if models[one]["model_name"] == "HTMLModel"]
    links = {  # from what changes to what changes it
        target: source
        for model in models.values()
        if model["model_name"] in LINKS
        for (source, _), (target, what) in [[_end(model["state"][end]) for end in ("source", "target")]]
        if what in ("selected_index", "index")
    }
    if len(shown) != 1 or not knobs or len(words) > 1 or len(plays) > 1:
        raise ValueError("a player has controls and one place for its pictures, and a quiz its question besides")
    if any(links.get(knobs[-1]) != play for play in plays):
        raise ValueError("Play runs through the last control")
    controls = tuple(_control(models[knob]) for knob in knobs)
    used = set()

    def picture(one, places):
        state = models[one]["state"]
        if models[one]["model_name"] == "HTMLModel":
            return state["value"]
        if models[one]["model_name"] != "StackModel" or (knob := links.get(one)) not in places:
            raise ValueError("a picture hangs on no control")
        used.add(knob)
        return picture(_ids(state["children"])[places[knob]], places)

    states = itertools.product(*(range(len(control.words)) for control in controls))
    frames = tuple(picture(shown[0], dict(zip(knobs, places, strict=True))) for places in states)
    if used != set(knobs):
        raise ValueError("a control moves no picture")
    return Moving(
        question=_line(models[words[0]]["state"]["value"]) if words else None,
        controls=controls,
        interval=models[plays[0]]["state"].get("interval", 100) if plays else None,
        frames=frames,
    )


def _ids(names):
    return [name.removeprefix("IPY_MODEL_") for name in names]


def _end(of):
    return of[0].removeprefix("IPY_MODEL_"), of[1]


def _control(model):
    state = model["state"]
    return Control(
        KNOBS[model["model_name"]], state.get("description", ""), tuple(state["_options_labels"]), state.get("index")
    )


def _line(text):
    """What stands in a paragraph, without the paragraph: a legend takes none."""
    return re.sub(r"</?p\b[^>]*>", "", text).strip()


# --- on the page


def drawn(moving: Moving, place: int) -> str:
    """The HTML of a player or quiz that is the place-th on its page. What only works with scripts is marked."""
    controls = "".join(_input(control, f"moving-{place}-{i}", moving) for i, control in enumerate(moving.controls))
    if moving.question is not None:
        # what is said of an answer is told to those who listen, too
        return (
            f'<div class="actlab-quiz" data-moving="{place}">{controls}'
            '<div class="actlab-frame" aria-live="polite"></div></div>'
        )
    if moving.interval is not None:
        controls += (
            f'<button type="button" class="actlab-play pst-js-only" data-interval="{moving.interval}">'
            f"{PLAY} <span>Play</span></button>"
        )
    named = html.escape(", ".join(control.label for control in moving.controls))
    return (
        f'<div class="actlab-player" data-moving="{place}" role="group" aria-label="Figure with controls: {named}">'
        f'<div class="actlab-controls">{controls}</div>'
        f'<div class="actlab-frame">{moving.frames[moving.first]}</div></div>'
    )


def _input(control, name, moving):
    label = html.escape(control.label)
    if control.kind == "slider":
        words = html.escape(json.dumps(control.words, ensure_ascii=False))
        now = html.escape(control.words[control.index])
        wide = f'style="min-width: {max(map(len, control.words))}ch"'
        # the words of a place are what the slider says of itself: its readout does not say them once more
        return (
            f'<p class="actlab-slider"><label for="{name}">{label}</label>'
            f'<input class="pst-js-only" type="range" id="{name}" min="0" max="{len(control.words) - 1}" '
            f'value="{control.index}" aria-valuetext="{now}" data-words="{words}" autocomplete="off" />'
            f'<output for="{name}" aria-live="off" {wide}>{now}</output></p>'
        )
    choices = "".join(
        f'<label><input class="pst-js-only" type="radio" name="{name}" value="{i}" autocomplete="off"'
        f"{' checked' if i == control.index else ''} /> <span>{html.escape(word)}</span></label>"
        for i, word in enumerate(control.words)
    )
    asked = label if moving.question is None else moving.question
    kind = "actlab-choice" if moving.question is None else "actlab-options"
    return f'<fieldset class="{kind}"><legend>{asked}</legend><div>{choices}</div></fieldset>'


def beside(page: Sequence[Moving]) -> str:
    """The script with the pictures of a page: for each player all but its first, which the page has."""
    frames = [[None if i == one.first else frame for i, frame in enumerate(one.frames)] for one in page]
    return f"window.movingFrames = {json.dumps(frames, ensure_ascii=False, separators=(',', ':'))};\n"


def shape(frame: str) -> float | None:
    """Height over width of a picture, as its SVG says it; None for what has none."""
    found = re.search(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', frame)
    return float(found[2]) / float(found[1]) if found else None


def jumps(moving: Moving) -> bool:
    """Whether the page would move when a picture changes, since they have different shapes."""
    if moving.question is not None:
        return False
    shapes = [shape(frame) for frame in moving.frames]
    return any(one is None or not math.isclose(one, shapes[0], rel_tol=0.005) for one in shapes)
