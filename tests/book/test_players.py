"""What a page has of a player: the controls and pictures that the widgets of the notebook have, and nothing else."""

import itertools
import json
import sys

import ipywidgets as W
import matplotlib
import pytest
from bs4 import BeautifulSoup
from ipywidgets.embed import dependency_state
from site_checks import ROOT
from test_widgets import ONE, TWO, Page, alt, draw

from actlab.widgets import player, quiz

sys.path.insert(0, str(ROOT / "_ext"))
import players

matplotlib.use("Agg")


def read(widget):
    return players.read(dependency_state(widget, drop_defaults=False), widget.model_id)


def soup(moving):
    return BeautifulSoup(players.drawn(moving, 0), "html.parser")


@pytest.mark.parametrize("first", [{}, {"depth": 10}, {"kind": "tanh", "depth": 4}], ids=str)
def test_each_state_of_the_controls_shows_the_picture_that_the_widgets_show(first):
    box = player(draw, alt=alt, first=first, **TWO)
    moving, page = read(box), Page(box)
    opened = page.shown()
    states = list(itertools.product(*(range(len(values)) for values in TWO.values())))
    assert len(moving.frames) == len(set(moving.frames)) == len(states)
    for frame, state in zip(moving.frames, states, strict=True):
        for knob, index in zip(page.controls(), state, strict=True):
            page.choose(knob, index)
        assert [frame] == page.shown()
    assert [moving.frames[moving.first]] == opened


def test_numbers_become_a_slider_that_says_its_words_and_words_a_choice():
    moving = read(player(draw, alt=alt, labels={"depth": "layers & more"}, first={"depth": 4}, **TWO))
    page = soup(moving)
    (slider,) = page.find_all("input", type="range")
    assert json.loads(slider["data-words"]) == ["1", "4", "10"]
    assert (slider["min"], slider["max"], slider["value"], slider["aria-valuetext"]) == ("0", "2", "1", "4")
    assert page.find("label", attrs={"for": slider["id"]}).text == "layers & more"
    assert page.find("output", attrs={"for": slider["id"]}).text == "4"
    (choice,) = page.find_all("fieldset")
    assert choice.legend.text == "kind"
    assert [label.text.strip() for label in choice.find_all("label")] == ["relu", "tanh"]
    radios = choice.find_all("input", type="radio")
    assert [radio.has_attr("checked") for radio in radios] == [True, False]
    assert len({radio["name"] for radio in radios}) == 1
    assert page.figure["aria-label"] == 'kind is "relu" & depth is "4"'
    assert not page.find(class_="actlab-play")
    assert page.find(role="group")["aria-label"] == "Figure with controls: kind, layers & more"


def test_play_is_a_button_where_the_player_has_one():
    moving = read(player(draw, alt=alt, play=True, **TWO))
    button = soup(moving).find("button", class_="actlab-play")
    assert button.text.strip() == "Play" and button["data-interval"] == "700"


def test_a_quiz_has_its_question_and_choices_and_its_answers_beside_the_page():
    moving = read(quiz("Is 1 < 2?", {"yes": "so it is", "no": "but <b>it</b> is"}, answer="yes"))
    page = soup(moving)
    assert page.legend.text == "Is 1 < 2?" and not page.legend.find("p")
    assert [label.text.strip() for label in page.find_all("label")] == ["yes", "no"]
    assert not page.find(checked=True)
    assert page.find(class_="actlab-frame")["aria-live"] == "polite" and not page.find(class_="actlab-frame").text
    assert "so it is" not in str(page)
    (answers,) = json.loads(players.beside([moving]).split("=", 1)[1].strip(" ;\n"))
    assert "Right." in answers[0] and "so it is" in answers[0]
    assert "Not so." in answers[1] and "but &lt;b&gt;it&lt;/b&gt; is" in answers[1]


def test_the_script_beside_a_page_has_every_picture_but_those_of_the_page():
    some = [read(player(draw, alt=alt, first={"beta": 2.5}, **ONE)), read(player(draw, alt=alt, **TWO))]
    stored = json.loads(players.beside(some).split("=", 1)[1].strip(" ;\n"))
    assert stored == [[*some[0].frames[:2], None], [None, *some[1].frames[1:]]]


def test_what_only_works_with_scripts_is_marked():
    page = soup(read(player(draw, alt=alt, play=True, **TWO)))
    assert all("pst-js-only" in one["class"] for one in page.find_all(["input", "button"]))


def _loose():
    slider = W.SelectionSlider(options=["a", "b"])
    return W.VBox([slider, W.Stack([W.HTML("a"), W.HTML("b")], selected_index=0)])


def _idle():
    box = player(draw, alt=alt, **ONE)
    return W.VBox([W.ToggleButtons(options=["a", "b"]), *box.children])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: W.VBox([W.Dropdown(options=["a", "b"])]), "a page shows no Dropdown"),
        (lambda: W.VBox([W.HTML("a"), W.HTML("b")]), "a player has controls and one place for its pictures"),
        (_loose, "a picture hangs on no control"),
        (_idle, "a control moves no picture"),
    ],
)
def test_widgets_that_would_be_dead_on_a_page_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        read(make())


def test_pictures_of_different_shapes_are_seen():
    moving = read(player(draw, alt=alt, **ONE))
    assert not players.jumps(moving)
    assert not players.jumps(read(quiz("?", {"a": "b", "c": "d"}, answer="a")))
    taller = moving.frames[1].replace('viewBox="0 0 360 230.4"', 'viewBox="0 0 360 300"')
    assert taller != moving.frames[1]
    assert players.jumps(players.Moving(None, moving.controls, None, (moving.frames[0], taller, *moving.frames[2:])))
