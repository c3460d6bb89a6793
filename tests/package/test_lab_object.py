"""The labs as objects of a notebook: what they say, what they hold, what they refuse. Their script is tried with the
book's pages.
"""

import html
import json
import re

import pytest

from actlab import lab
from actlab.activations import catalog


def test_a_lab_is_the_call_that_makes_it():
    made = lab.train("elu", settings={"alpha": 2.0}, depth=10, rate=0.1, against={"activation": "gelu"}, updates=100)
    again = eval(repr(made), {"lab": lab})
    assert repr(again) == repr(made) and again.state == made.state
    assert made.state == {
        "f": "elu", "set.alpha": "2.0", "depth": "10", "rate": "0.1", "b": "1", "b.f": "gelu", "updates": "100",
    }  # fmt: skip
    made = lab.train("own", own="z * sigmoid(1.7 z)")
    assert made.state == {"f": "own", "own": "z * sigmoid(1.7 z)"}
    assert eval(repr(made), {"lab": lab}).state == made.state
    assert repr(lab.train()) == "lab.train()" and lab.train().state == {}
    made = lab.train("elu", layers={2: "tanh", 10: "gelu"}, depth=10, against={"layers": {1: "sine"}})
    assert made.state == {
        "f": "elu", "f.2": "tanh", "f.10": "gelu", "depth": "10", "b": "1", "b.f.1": "sine",
    }  # fmt: skip
    assert eval(repr(made), {"lab": lab}).state == made.state
    points = [(-1, -1, 0), (1, 1, 1), (0.33, -0.2, 1)]
    made = lab.train(data="own", points=iter(points), against={"data": "own", "points": points[:1]})
    # (label * 41 + row) * 41 + column as two signs: 0 is AA, and 3361, the last, 52 * 64 + 33
    assert made.state["points"][:4] == "AA0h" and made.state["b.points"] == "AA" and len(made.state["points"]) == 6
    assert eval(repr(made), {"lab": lab}).state == made.state


def test_an_explorer_is_the_call_that_makes_it():
    made = lab.explore("elu", settings={"alpha": 2}, gain=1.2, beside="tanh", z=-0.5)
    assert made.state == {
        "explore": "elu", "explore.set.alpha": "2", "explore.gain": "1.2", "explore.beside": "tanh",
        "explore.z": "-0.5",
    }  # fmt: skip
    own = lab.explore("own", own="2 z")
    assert own.state == {"explore": "own", "explore.own": "2 z"}
    for one in (made, own, lab.explore(), lab.explore("relu", z=0)):
        assert eval(repr(one), {"lab": lab}).state == one.state


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"activation": "gleu"}, KeyError, "did you mean 'gelu'"), ({"own": "z"}, ValueError, "own goes with"),
        ({"beside": "own"}, KeyError, "no activation"), ({"gain": 11}, ValueError, "from 0.1 to 10"),
        ({"z": 10.5}, ValueError, "from -10 to 10"), ({"z": "1"}, TypeError, "number, got '1'"),
    ],
)  # fmt: skip
def test_what_the_explorer_has_not_is_refused_with_what_there_is(given, error, words):
    with pytest.raises(error, match=re.escape(words)):
        lab.explore(**given)


def test_numbers_take_a_list_or_a_text():
    made = lab.numbers([0, 800, -float("inf")], "float64", result="loss", program="logits", target=1)
    assert made.state == {"z": "0, 800, -inf", "format": "float64", "want": "loss", "how": "logits", "target": "1"}
    assert eval(repr(made), {"lab": lab}).state == made.state
    assert lab.numbers("10 11 12").state == lab.numbers().state == {}
    assert lab.numbers([0.1 + 0.2]).state == {"z": "0.30000000000000004"}


@pytest.mark.parametrize("made", [lab.train("gelu", depth=10), lab.explore("mish"), lab.numbers("1, 2")], ids=repr)
def test_what_a_notebook_shows_has_a_picture_the_state_and_the_script_and_loads_nothing(made):
    shown = made._repr_html_()
    state = re.search(r'data-state="([^"]*)"', shown)[1]
    assert json.loads(html.unescape(state)) == made.state
    assert re.search(r'<img src="data:image/png;base64,[^"]{1000,}" alt="[^"]{30,}"', shown)
    assert shown.count("<script>") == shown.count("</script>") == 1 and "window.actlabLab" in shown
    assert not re.search(r'(?:src|href)="(?!data:)', shown.partition("<script>")[0])
    assert html.escape(repr(made)) in shown


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"activation": "gleu"}, KeyError, "did you mean 'gelu'"),
        ({"activation": "own"}, ValueError, "own is the text of a function"),
        ({"activation": "own", "own": 7}, ValueError, "got 7"),
        ({"activation": "own", "own": "z" * 201}, ValueError, "up to 200 signs"),
        ({"activation": "own", "own": "z", "settings": {"alpha": 1}}, ValueError, "has no settings"),
        ({"own": "z"}, ValueError, 'own goes with activation="own"'),
        ({"depth": 11}, ValueError, "from 1 to 10, got 11"),
        ({"depth": 2.5}, ValueError, "whole number"), ({"depth": "2"}, TypeError, "number, got '2'"),
        ({"width": 0}, ValueError, "from 1 to 32"), ({"start": "xavier"}, KeyError, "there are torch, lecun"),
        ({"gain": float("nan")}, ValueError, "from 0.1 to 5"), ({"rate": 0.02}, ValueError, "one of 0.0001"),
        ({"batch": 3}, ValueError, "one of 0, 4"), ({"data": "moons"}, KeyError, "there are disk"),
        ({"optimizer": "Adam"}, KeyError, "did you mean 'adam'"), ({"updates": 7}, ValueError, "one of 100"),
        ({"activation": "elu", "settings": {"alpa": 1}}, KeyError, "did you mean 'alpha'"),
        ({"activation": "elu", "settings": {"alpha": 99}}, ValueError, "from 0.05 to 4"),
        ({"activation": "apl", "settings": {"a": 1}}, ValueError, "got 1"),
        ({"layers": {3: "tanh"}}, ValueError, "a layer is a whole number from 1 to 2, got 3"),
        ({"layers": {"1": "tanh"}}, TypeError, "a layer is a number, got '1'"),
        ({"layers": {1: "own"}}, KeyError, "no activation"),
        ({"points": [(0, 0, 1)]}, ValueError, 'points go with data="own"'),
        ({"data": "own", "points": [(0, 2, 1)]}, ValueError, "a number from -1 to 1, got 2"),
        ({"data": "own", "points": [(0, 1, 2)]}, ValueError, "a label is a whole number from 0 to 1"),
        ({"data": "own", "points": [(0, 1)]}, ValueError, "a point is (x, y, label), got (0, 1)"),
        ({"data": "own", "points": [(0, 0, 1), (0.01, 0, 0)]}, ValueError, "have the same place"),
        ({"data": "own", "points": [(i / 20, j / 20, 1) for i in range(20) for j in range(6)]}, ValueError,
         "room for 100 points, got 120"),
        ({"against": {"dept": 3}}, KeyError, "did you mean 'depth'"),
        ({"against": {"depth": 0}}, ValueError, "1 to 10"),
    ],
)  # fmt: skip
def test_a_setting_that_the_lab_has_not_is_refused_with_what_there_is(given, error, words):
    with pytest.raises(error, match=re.escape(words)):
        lab.train(**given)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"logits": []}, ValueError, "1 to 8"), ({"logits": "1 two"}, ValueError, "got '1 two'"),
        ({"logits": range(9)}, ValueError, "1 to 8"), ({"logits": [float("nan")]}, ValueError, "none of them nan"),
        ({"logits": 3}, TypeError, "iterable"), ({"format": "float8"}, KeyError, "there are float16"),
        ({"result": "log_softmax"}, KeyError, "there are softmax"),
        ({"program": "logits"}, KeyError, "formula, shifted"),
        ({"target": 3}, ValueError, "from 0 to 2"),
    ],
)  # fmt: skip
def test_numbers_that_the_lab_has_not_are_refused_with_what_there_is(given, error, words):
    with pytest.raises(error, match=re.escape(words)):
        lab.numbers(**given)


def test_every_default_lies_between_the_ends_of_its_slider():
    for act in catalog.values():
        for key, value in act.settings.items():
            low, high = lab.ends(act, key)
            assert all(low <= one <= high for one in (value if isinstance(value, tuple) else (value,)))
