"""A player is read as a page without a kernel reads it: from the stored state of its widgets and their links."""

import dataclasses
import html
import itertools
import math
import re
import xml.etree.ElementTree as ElementTree

import ipywidgets as W
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from ipywidgets.embed import dependency_state
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from actlab import activations, plot, theory, widgets
from actlab.activations import catalog, get
from actlab.widgets import explorer, player, quiz, svg

matplotlib.use("Agg")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def no_figure_and_no_widget_stays_open():
    yield
    assert not plt.get_fignums()
    W.Widget.close_all()


class Page:
    """The stored widgets with their links, and someone who moves the controls."""

    def __init__(self, widget):
        self.state = dependency_state(widget, drop_defaults=False)
        self.root = widget.model_id

    def __getitem__(self, model):
        return self.state[model]["state"]

    def called(self, *names):
        return [model for model, one in self.state.items() if one["model_name"] in names]

    def links(self):
        ends = [
            (self[link]["source"], self[link]["target"]) for link in self.called("LinkModel", "DirectionalLinkModel")
        ]
        return [tuple((end[0].removeprefix("IPY_MODEL_"), end[1]) for end in pair) for pair in ends]

    def children(self, model):
        return [child.removeprefix("IPY_MODEL_") for child in self[model].get("children", ())]

    def controls(self):
        """The controls that a reader sees, in order."""
        kinds = {"SelectionSliderModel", "ToggleButtonsModel", "RadioButtonsModel"}
        below = [self.root]
        for model in below:
            below.extend(self.children(model))
        return [model for model in below if self.state[model]["model_name"] in kinds]

    def choose(self, model, value, trait="index"):
        self[model][trait] = value
        for (source, source_trait), (target, target_trait) in self.links():
            if (source, source_trait) == (model, trait) and self[target].get(target_trait) != value:
                self.choose(target, value, target_trait)

    def shown(self, model=None):
        """The texts of the HTML widgets that can be seen."""
        model = model or self.root
        if self.state[model]["model_name"] == "HTMLModel":
            return [self[model]["value"]]
        children = self.children(model)
        if self.state[model]["model_name"] == "StackModel":
            chosen = self[model].get("selected_index")
            children = [] if chosen is None else [children[chosen]]
        return [text for child in children for text in self.shown(child)]


def draw(ax, **values):
    ax.set_axis_off()
    ax.set_title(" ".join(f"{name}:{value}" for name, value in values.items()).replace(" ", "_"))


def alt(**values):
    return " & ".join(f'{name} is "{value}"' for name, value in values.items())


def frames(box):
    page = Page(box)
    return [page[model]["value"] for model in page.called("HTMLModel") if "<figure" in page[model]["value"]]


def title(values):
    return "_".join(f"{name}:{value}" for name, value in values.items())


ONE = {"beta": [0.5, 1.0, 2.5]}
TWO = {"kind": ["relu", "tanh"], "depth": [1, 4, 10]}


@pytest.mark.parametrize("controls", [ONE, TWO, {"only": ["this"]}], ids=["one", "two", "single"])
def test_each_state_of_the_controls_shows_its_own_frame_and_says_what_is_in_it(controls):
    page = Page(player(draw, alt=alt, **controls))
    knobs = page.controls()
    assert len(knobs) == len(controls)
    states = list(itertools.product(*(range(len(values)) for values in controls.values())))
    for state in [*states, *reversed(states)]:
        for knob, index in zip(knobs, state, strict=True):
            page.choose(knob, index)
        (frame,) = page.shown()
        values = {name: options[i] for (name, options), i in zip(controls.items(), state, strict=True)}
        assert title(values) in re.sub(r"<[^>]*>\s*", "", frame)
        assert f'<figure role="img" aria-label="{html.escape(alt(**values))}" ' in frame
    assert len(page.called("HTMLModel")) == len(states)


@pytest.mark.parametrize("controls", [ONE, TWO], ids=["one", "two"])
def test_the_first_frame_is_shown_before_anything_is_touched(controls):
    page = Page(player(draw, alt=alt, **controls))
    values = {name: options[0] for name, options in controls.items()}
    assert [html.escape(alt(**values)) in frame for frame in page.shown()] == [True]
    assert [page[knob].get("index") for knob in page.controls()] == [0] * len(controls)


@pytest.mark.parametrize("stacks", [True, False], ids=["stacks", "none"])
@pytest.mark.parametrize("first", [{"depth": 10}, {"kind": "tanh"}, {"kind": "tanh", "depth": 4}], ids=str)
def test_a_player_opens_with_the_state_it_is_asked_for(first, stacks, monkeypatch):
    if not stacks:
        monkeypatch.delattr(W, "Stack")  # ipywidgets 7, on Colab
    page = Page(player(draw, alt=alt, first=first, play=True, **TWO))
    opened = {name: options[0] for name, options in TWO.items()} | first
    assert [html.escape(alt(**opened)) in frame for frame in page.shown()] == [True]
    assert [page[knob]["index"] for knob in page.controls()] == [TWO[name].index(opened[name]) for name in TWO]
    (play,) = page.called("PlayModel")
    assert page[play].get("value", 0) == page[page.controls()[-1]]["index"]
    if stacks:  # and goes on from there to any other
        for knob in page.controls():
            page.choose(knob, 0)
        assert html.escape(alt(kind="relu", depth=1)) in page.shown()[0]


@pytest.mark.parametrize("first", [{"depth": 2}, {"width": 1}], ids=str)
def test_a_state_that_there_is_not_can_not_be_opened_with(first):
    with pytest.raises(ValueError, match=r"no state has (depth=2|width=1) to open with; there are .*'depth': "):
        player(draw, alt=alt, first=first, **TWO)


@pytest.mark.parametrize("controls", [ONE, TWO], ids=["one", "two"])
def test_every_stack_hangs_on_a_control_by_a_link_in_the_browser(controls):
    page = Page(player(draw, alt=alt, **controls))
    stacks = page.called("StackModel")
    assert len(stacks) == (1 if len(controls) == 1 else 1 + len(next(iter(controls.values()))))
    assert sorted(target for _, target in page.links()) == sorted((stack, "selected_index") for stack in stacks)
    assert {source for source, _ in page.links()} == {(knob, "index") for knob in page.controls()}


def test_numbers_become_a_slider_and_words_buttons():
    page = Page(player(draw, alt=alt, **TWO))
    assert [page.state[knob]["model_name"] for knob in page.controls()] == [
        "ToggleButtonsModel",
        "SelectionSliderModel",
    ]
    assert [list(page[knob]["_options_labels"]) for knob in page.controls()] == [["relu", "tanh"], ["1", "4", "10"]]
    assert [page[knob]["description"] for knob in page.controls()] == ["kind", "depth"]


def test_a_control_shows_its_values_as_they_are_read():
    page = Page(player(draw, alt=alt, labels={"steps": "after step"}, steps=[0, 1000], rate=[0.1, 1e-5]))
    assert [list(page[knob]["_options_labels"]) for knob in page.controls()] == [["0", "1,000"], ["0.1", "1e-05"]]
    assert [page[knob]["description"] for knob in page.controls()] == ["after step", "rate"]
    assert list(Page(player(draw, alt=alt, k=np.array([0.5, 2.0]))).controls())


def test_draw_and_alt_get_the_values_themselves():
    seen = []

    def watch(ax, **values):
        seen.append(values)

    def words(**values):
        seen.append(values)
        return "a picture"

    player(watch, alt=words, size=(1, 1), k=[1, None], word=(w for w in ["a"]))
    assert seen == [{"k": 1, "word": "a"}] * 2 + [{"k": None, "word": "a"}] * 2


def test_a_frame_is_at_most_as_wide_as_its_size_asks_for():
    small, large = (frames(player(draw, alt=alt, size=(width, 2), k=[1]))[0] for width in (3, 6))
    widths = [float(re.search(r"max-width: ([\d.]+)em", frame)[1]) for frame in (small, large)]
    assert widths[1] == 2 * widths[0] > 0


def test_play_runs_through_the_last_control():
    page = Page(player(draw, alt=alt, play=True, **TWO))
    (play,) = page.called("PlayModel")
    slider = page.controls()[-1]
    assert ((play, "value"), (slider, "index")) in page.links()
    assert (page[play].get("min", 0), page[play]["max"]) == (0, 2)
    page.choose(play, 2, "value")
    assert html.escape(alt(kind="relu", depth=10)) in page.shown()[0]
    assert not Page(player(draw, alt=alt, **TWO)).called("PlayModel")


def test_the_page_is_told_which_widgets_are_players():
    assert "actlab-player" in player(draw, alt=alt, **ONE)._dom_classes
    assert "actlab-quiz" in quiz("?", {"a": "b", "c": "d"}, answer="a")._dom_classes


def test_what_a_notebook_stores_of_a_player_is_short_and_always_the_same():
    assert repr(player(draw, alt=alt, **TWO)) == "player: kind x depth, 6 frames"
    assert repr(player(draw, alt=alt, **ONE)) == "player: beta, 3 frames"
    assert repr(quiz("Why?", {"a": "b", "c": "d"}, answer="a")) == "quiz: Why?"


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ({}, "one or two controls"),
        ({"a": [1], "b": [1], "c": [1]}, "one or two controls"),
        ({"a": []}, "one or two controls with values each"),
        ({"a": [1, 2], "b": []}, "one or two controls with values each"),
        ({"a": range(81)}, "81 states are too many to store in a page; 80 are allowed"),
        ({"a": range(9), "b": range(9)}, "81 states are too many"),
    ],
)
def test_controls_that_make_no_player_are_refused_before_anything_is_drawn(controls, message):
    def never(ax, **values):
        raise AssertionError("drawn")

    with pytest.raises(ValueError, match=message):
        player(never, alt=alt, **controls)


def test_a_prime_which_a_page_would_show_as_a_nought_is_refused():
    with pytest.raises(ValueError, match="can't show the prime of mathtext"):
        svg(lambda ax: ax.set_ylabel("$f'(z)$"), (3, 2))
    assert "δ" in widgets.svg(lambda ax: ax.set_ylabel(r"$\delta_1 \cdot \sqrt{2} \leq \sum \chi$"), (3, 2))


def test_a_slider_names_a_number_by_four_digits():
    box = player(lambda ax, gain: ax.plot([gain]), alt=lambda gain: "a dot", gain=[0.5773502, 10.149264, 1024.5])
    (slider,) = [w for w in box.children[0].children if isinstance(w, W.SelectionSlider)]
    assert [label for label, _ in slider.options] == ["0.5774", "10.15", "1024.5"]


def test_a_frame_without_words_is_refused():
    with pytest.raises(ValueError, match=r"alt says nothing for \{'k': 2\}"):
        player(draw, alt=lambda k: "seen" if k == 1 else "", k=[1, 2])


def test_without_stacks_the_kernel_changes_the_picture(monkeypatch):
    monkeypatch.delattr(W, "Stack")  # ipywidgets 7, on Colab
    box = player(draw, alt=alt, **TWO)
    row, picture = box.children
    kind, depth = row.children
    assert html.escape(alt(kind="relu", depth=1)) in picture.value
    for i, j in itertools.product(range(2), range(3)):
        kind.index, depth.index = i, j
        assert html.escape(alt(kind=TWO["kind"][i], depth=TWO["depth"][j])) in picture.value
    question = quiz("?", {"yes": "because", "no": "sadly"}, answer="yes")
    _, radio, answer = question.children
    assert answer.value == ""
    radio.index = 1
    assert "sadly" in answer.value


def test_a_quiz_explains_the_choice_and_only_that_one():
    choices = {"one": "one & only", "two": "two <b>", "three": "3"}
    page = Page(quiz("How many < 4?", choices, answer="two"))
    (radio,) = page.controls()
    assert list(page[radio]["_options_labels"]) == list(choices)
    assert page[radio]["index"] is None
    (question,) = page.shown()
    assert "How many &lt; 4?" in question
    for i, (choice, why) in enumerate(choices.items()):
        page.choose(radio, i)
        _, explanation = page.shown()
        right = choice == "two"
        assert html.escape(why) in explanation
        assert ("Right." in explanation, "Not so." in explanation) == (right, not right)
        assert f'class="actlab-{"right" if right else "wrong"}"' in explanation
        assert sum(html.escape(other) in explanation for other in choices.values()) == 1


@pytest.mark.parametrize(
    ("choices", "answer", "message"),
    [
        ({"a": "x", "b": "y"}, "c", r"the answer 'c' is not among the choices \['a', 'b'\]"),
        ({"a": "x"}, "a", "two choices or more"),
        ({"a": "x", "b": ""}, "a", "each with its explanation"),
    ],
)
def test_a_quiz_that_cannot_be_answered_is_refused(choices, answer, message):
    with pytest.raises(ValueError, match=message):
        quiz("?", choices, answer=answer)


def busy(ax, k=1):
    """A bit of everything that a chapter draws."""
    z = np.linspace(-3, 3, 50)
    ax.plot(z, np.tanh(k * z), color="#d1495b", label="tanh")
    ax.plot(z[::5], z[::5] / 3, "x", color="#2b7bba")
    ax.fill_between(z, -1, np.tanh(z), color="#2b7bba", alpha=0.2)
    ax.imshow(np.eye(4), extent=(-1, 1, -1, 1), interpolation="none")
    ax.text(0, 0, "a word")
    ax.set(title="title", xlabel="pre-activation $z$", ylabel=r"$\alpha f(z)$")
    ax.legend()


def test_a_drawing_takes_width_and_colour_from_its_page():
    with plt.style.context("actlab.book"):
        text = svg(busy, (5.0, 3.2))
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert not {"width", "height"} & set(root.attrib)
    assert root.attrib["viewBox"] == "0 0 360 230.4"
    assert root.attrib["aria-hidden"] == "true"
    assert not [one.tag for one in root.iter() if one.tag in (f"{SVG}style", f"{SVG}metadata")]
    assert "<!--" not in text and "<?xml" not in text and "xlink:href" not in text and "\n" not in text
    assert widgets.INK not in text
    assert not re.search(r"#000000|#000\b|\bblack\b|rgb\(0", text)
    words = [one for one in root.iter() if one.tag in (f"{SVG}text", f"{SVG}tspan") and (one.text or "").strip()]
    assert {"a word", "tanh"} <= {one.text for one in words}
    assert all("currentColor" in one.attrib["style"] for one in words)
    assert {re.search(r"font-family: ([^;]*)", one.attrib["style"])[1] for one in words} == {"sans-serif"}


def test_an_arrow_takes_the_colour_of_its_page():
    def draw(ax):
        ax.annotate("here", (0.2, 0.2), (0.6, 0.6), arrowprops={"arrowstyle": "->"})

    assert not re.search(r"#000000|#000\b|\bblack\b", svg(draw, (5.0, 3.2)))


def test_numbers_in_words_are_not_rounded():
    def draw(ax):
        ax.plot([0, 1], [0, 0.004])
        ax.set_yticks([0, 0.001, 0.0025])
        ax.text(0, 0.001, "slope 0.2466 at 1.2345")

    root = ElementTree.fromstring(svg(draw, (5.0, 3.2)))
    words = [one.text for one in root.iter(f"{SVG}text")]
    assert "slope 0.2466 at 1.2345" in words
    assert {"0.0010", "0.0025"} <= set(words)


def test_coordinates_are_as_short_as_the_eye_allows():
    text = svg(busy, (5.0, 3.2))
    places = " ".join(re.findall(r' (?:d|x|y)="([^"]*)"', text))
    assert re.search(r"\d\.\d\d\b", places) and not re.search(r"\.\d{3,}", places)
    line = lambda ax: ax.plot([0, 1], [0, 1])  # noqa: E731
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        assert len(svg(line, (5.0, 3.2))) < 9000


def test_an_image_fills_its_axes():
    def draw(ax):
        ax.imshow(np.eye(400), extent=(0, 1, 0, 1), interpolation="none", aspect="auto")

    root = ElementTree.fromstring(svg(draw, (5.0, 3.2)))
    (image,) = root.iter(f"{SVG}image")
    (clip,) = root.iter(f"{SVG}clipPath")
    scale = float(re.match(r"matrix\(([-\d.]+)", image.attrib["transform"])[1])
    width = float(clip.find(f"{SVG}rect").attrib["width"])
    assert scale * float(image.attrib["width"]) == pytest.approx(width, abs=0.25)  # points


def references(text):
    return set(re.findall(r"url\(#([^)\"]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))


def declared(text):
    return re.findall(r'\bid="([^"]+)"', text)


def test_a_frame_refers_to_nothing_but_itself():
    box = player(busy, alt=lambda k: f"k is {k}", k=[1, 2, 3])
    texts = frames(box)
    assert len(texts) == 3
    for text in texts:
        assert references(text) and references(text) == set(declared(text))
        assert len(set(declared(text))) == len(declared(text))
    every = [one for text in texts for one in declared(text)]
    assert len(set(every)) == len(every)


def test_two_frames_that_look_alike_share_no_id():
    # a browser looks an id up in the first frame that has it, and that one may be hidden
    first, second = frames(player(lambda ax, k: busy(ax), alt=lambda k: f"k is {k}", k=[1, 2]))
    assert not set(declared(first)) & set(declared(second))


def steps(ax, k):
    ax.set(title=f"step {k}", xlabel="z", xlim=(0, 1), ylim=(0, 10 ** (k // 3)))


@pytest.mark.parametrize("style", ["default", "actlab.book"])
def test_a_frame_is_drawn_once_and_laid_out_only_where_its_outlines_are_new(monkeypatch, style):
    drawn, laid_out = [], []
    draw, execute = Figure.draw, ConstrainedLayoutEngine.execute
    monkeypatch.setattr(Figure, "draw", lambda fig, *given: drawn.append(fig) or draw(fig, *given))
    monkeypatch.setattr(
        ConstrainedLayoutEngine, "execute", lambda own, fig: laid_out.append(fig) or execute(own, fig)
    )
    with plt.style.context(style):
        player(steps, alt=lambda k: "steps", k=range(6))
    assert len(drawn) == 6
    assert len(laid_out) == 2  # the numbers at the axis are wider in the last three


def test_a_frame_of_a_player_has_the_layout_that_it_has_alone():
    page = Page(player(steps, alt=lambda k: "steps", k=range(6)))
    (slider,) = page.controls()
    nameless = lambda text: re.sub(r"\bf[0-9a-f]{7,}\b", "", text)  # noqa: E731
    for k in range(6):
        page.choose(slider, k)
        (text,) = page.shown()
        assert nameless(svg(steps, (5.0, 3.2), k=k)) in nameless(text)


def test_the_same_figure_gives_the_same_string():
    first = svg(busy, (5.0, 3.2), k=2)
    svg(busy, (3.0, 2.0), k=1)
    assert svg(busy, (5.0, 3.2), k=2) == first
    assert svg(busy, (5.0, 3.2), k=3) != first
    assert frames(player(draw, alt=alt, **ONE)) == frames(player(draw, alt=alt, **ONE))


def test_points_of_one_kind_are_drawn_once_and_styled_once():
    root = ElementTree.fromstring(svg(lambda ax: ax.plot(range(40), range(40), "o", color="#2b7bba"), (5.0, 3.2)))
    shared = [one for one in root.iter(f"{SVG}g") if "#2b7bba" in one.attrib.get("style", "")]
    assert [len(one.findall(f"{SVG}use")) for one in shared] == [40]
    assert not any("style" in point.attrib for point in shared[0])


def test_a_figure_is_closed_and_the_settings_restored_even_when_draw_fails():
    def fail(ax):
        raise RuntimeError("no picture")

    before = dict(matplotlib.rcParams)
    with pytest.raises(RuntimeError, match="no picture"):
        svg(fail, (5.0, 3.2))
    assert not plt.get_fignums()
    assert dict(matplotlib.rcParams) == before


class Explored:
    """The parts of an explorer, by what they are for."""

    def __init__(self, box):
        self.note, controls, self.function, self.facts, self.depth = box.children
        self.chosen, self.knobs, row = controls.children
        self.gain, self.own = row.children

    def seen(self):
        return self.function.value, self.facts.value, self.depth.value

    def knob(self, name):
        (found,) = [knob for knob in self.knobs.children if knob.description == name]
        return found


def ends(text):
    """The heights of the first and the last point of the lines of a drawing, by their colour."""
    lines = {}
    for one in ElementTree.fromstring(text[text.index("<svg") : text.index("</figure>")]).iter(f"{SVG}path"):
        colour = re.search(r"stroke: (#\w+)", one.attrib.get("style", ""))
        places = [float(y) for y in re.findall(r"[ML] [-\d.]+ ([-\d.]+)", one.attrib["d"])]
        if colour and "clip-path" in one.attrib and len(places) > 2:
            lines[colour[1]] = (places[0], places[-1])
    return lines


def test_an_explorer_opens_with_the_activation_it_is_asked_for_at_its_own_gain():
    for name in ("gelu", "swish"):
        one = Explored(explorer(name))
        assert one.chosen.value == name
        assert one.gain.value == theory.gain(name)
        assert f"{theory.chi(name):.4f}" in one.facts.value
        assert get(name).title in one.function.value
    assert repr(explorer()) == f"explorer: {len(catalog)} activations, opened with gelu"
    with pytest.raises(KeyError, match="did you mean 'gelu'"):
        explorer("gleu")


@pytest.mark.slow
@pytest.mark.parametrize("name", catalog)
def test_every_activation_can_be_explored_to_the_ends_of_its_settings(name):
    one = Explored(explorer("relu"))
    one.chosen.value = name
    assert one.gain.value == theory.gain(name)
    assert get(name).title in one.function.value
    before = [one.function.value]
    for knob in one.knobs.children:
        assert knob.min <= knob.value <= knob.max
        start = knob.value
        for end in (knob.min, knob.max):
            knob.value = end
            assert one.function.value != before[-1] or "must not be above" in one.facts.value
            before.append(one.function.value)
        knob.value = start
    for gain in (10**one.gain.min, 10**one.gain.max):
        one.gain.value = gain
        assert f"at gain {gain:.4f}" in one.facts.value
    assert len(one.knobs.children) == sum(
        len(value) if isinstance(value, tuple) else 1 for value in catalog[name].settings.values()
    )


@pytest.mark.parametrize(
    ("start", "ends"), [(5.0, (0.25, 20.0)), (-0.5, (-2.0, -0.025)), (0.0, (-3.0, 3.0))], ids=str
)
def test_a_new_activation_can_be_explored_though_nobody_gave_its_slider_ends(start, ends, monkeypatch):
    def bent(steepness=start):
        return dataclasses.replace(
            get("tanh"),
            name="bent",
            title="Bent",
            function=lambda z: z + steepness * torch.tanh(z),
            slope_function=lambda z: 1 + steepness / torch.cosh(z) ** 2,
        )

    monkeypatch.setitem(activations._record._entries, "bent", bent)
    monkeypatch.setitem(plot.styles, "bent", (plot.GREY, plot.SOLID))
    monkeypatch.setattr(widgets, "catalog", {**catalog, "bent": get("bent")})
    one = Explored(explorer("bent"))
    (knob,) = one.knobs.children
    assert (knob.min, knob.value, knob.max) == (ends[0], start, ends[1])
    before = one.function.value
    knob.value = knob.max
    assert one.function.value != before and "Bent" in before


def test_a_slider_reaches_the_value_that_a_new_activation_starts_with():
    for value in (0.001, 9.0):  # alpha goes from 0.05 to 4 elsewhere
        (knob,) = widgets._setting_knobs(get("elu", alpha=value), {})
        assert knob.min <= knob.value == value <= knob.max


def test_an_explorer_draws_only_what_changed():
    one = Explored(explorer("leaky_relu"))
    function, facts, depth = one.seen()
    one.gain.value = 1.0
    assert one.function.value == function
    assert one.facts.value != facts and one.depth.value != depth
    function, facts, depth = one.seen()
    one.knob("negative slope").value = 0.5
    assert all(now != then for now, then in zip(one.seen(), (function, facts, depth), strict=True))
    assert one.gain.value == 1.0
    one.own.click()
    assert one.gain.value == pytest.approx(1 / math.sqrt(0.625))  # half of 1, and half of a quarter


def test_the_lines_of_an_explorer_go_where_the_gain_sends_them():
    one = Explored(explorer("relu"))
    for gain, power in [(1.0, -1), (2.0, 1)]:
        one.gain.value = gain
        factor = (gain**2 / 2) ** (49 / 2)
        lines = ends(one.depth.value)
        forward, backward = lines[plot.BLUE], lines[plot.ORANGE]
        # the y of a drawing goes down
        assert (forward[0] - forward[1]) * power > 50
        assert (backward[0] - backward[1]) * power < -50
        assert f"go from 1 to {factor:.3g};" in one.facts.value
        assert f"go from 1 to {factor:.3g}." in one.facts.value


@pytest.mark.slow
@pytest.mark.parametrize("name", catalog)
@pytest.mark.parametrize("factor", [0.8, 1.0, 1.3])
def test_the_signals_of_an_explorer_are_those_of_theory(name, factor):
    act, gain = get(name), theory.gain(name) * factor
    forward, backward = widgets._through_depth(act, gain)
    q, reached = 1.0, int((~forward.isnan()).sum())
    assert reached == backward.isfinite().sum()
    for found in forward[:reached].tolist():
        assert math.log10(found) == pytest.approx(math.log10(q), abs=0.02)
        q = theory.variance_map(act, found, gain)
    delta = 1.0
    for found, size in zip(
        forward[:reached].flip(0)[1:].tolist(), backward[:reached].flip(0)[1:].tolist(), strict=True
    ):
        root = math.sqrt(found)
        kinks = [kink / root for kink in act.kinks]
        expected = gain**2 * theory.expectation(lambda z, root=root: act.slope(root * z) ** 2, kinks)
        assert size / delta == pytest.approx(expected, rel=0.01, abs=1e-12)
        delta = size or 1.0


def test_a_signal_that_leaves_every_scale_is_followed_as_far_as_it_goes():
    forward, backward = widgets._through_depth(get("relu_squared"), 2.0)
    reached = int((~forward.isnan()).sum())
    assert 2 < reached < widgets.LAYERS and forward[:reached].isfinite().all()
    assert "farther than is drawn" in widgets._depth_in_words(forward, backward)
    one = Explored(explorer("rrelu"))
    one.knob("lower").value = 0.9
    assert "lower must not be above upper" in one.facts.value
    one.knob("upper").value = 0.95
    assert "largest slope" in one.facts.value


def test_a_page_without_a_kernel_is_told_why_the_explorer_stands_still():
    one = Explored(explorer())
    assert "needs a running kernel" in one.note.value and 'class="actlab-still"' in one.note.value
    assert one.function.value.count('role="img"') == one.depth.value.count('role="img"') == 1
