"""The files of the quizzes are sound, each is asked where it belongs, and no notebook tells what is right."""

import html
import json
import re
from collections import Counter

import ipywidgets as W
import pytest
from site_checks import asked, stored

from actlab import quizzes
from actlab.quizzes import Quiz, load, quiz, read

STORED = stored()
PAGES = pytest.mark.parametrize("path", STORED, ids=[path.stem for path in STORED])
CHAPTERS = pytest.mark.parametrize("chapter", quizzes.files)
EVERY = [(chapter, name, one) for chapter in quizzes.files for name, one in load(chapter).items()]


@CHAPTERS
def test_every_quiz_has_its_answer_among_its_choices_and_a_reason_for_each(chapter):
    for name, one in load(chapter).items():
        assert one.answer in one.choices, name
        assert len(set(one.choices) - {one.answer}) >= 2, f"{name} has too few distractors"
        assert len({" ".join(choice.lower().split()).rstrip(".") for choice in one.choices}) == len(one.choices), name
        assert len(set(one.choices.values())) == len(one.choices), f"{name} gives one reason twice"
        for text in (one.question, *one.choices, *one.choices.values()):
            assert text == " ".join(text.split()) != "", name
        for reason in one.choices.values():
            assert reason.endswith("."), f"{name}: {reason}"


@CHAPTERS
def test_a_quiz_is_called_by_short_words_with_hyphens(chapter):
    for name in load(chapter):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+){0,3}", name)


def test_no_question_is_asked_twice():
    counted = Counter(one.question for _, _, one in EVERY)
    assert max(counted.values()) == 1


def test_the_place_of_a_choice_does_not_tell_whether_it_is_right():
    for many in {len(one.choices) for _, _, one in EVERY}:
        places = [list(one.choices).index(one.answer) for _, _, one in EVERY if len(one.choices) == many]
        assert max(Counter(places).values()) <= max(2 * len(places) / many, 2), many
    for chapter in quizzes.files:
        assert len({list(one.choices).index(one.answer) for one in load(chapter).values()}) > 1, chapter


def test_every_quiz_is_asked_once_on_the_page_of_its_chapter_in_the_order_of_its_file():
    shown = {path.stem: asked(path) for path in STORED}
    shown = {page: calls for page, calls in shown.items() if calls}
    homes = {chapter for calls in shown.values() for chapter, _ in calls}
    assert homes == set(quizzes.files)
    assert len(homes) == len(shown), "a page asks from one file, a file is asked on one page"
    for page, calls in shown.items():
        chapter = calls[0][0]
        assert calls == [(chapter, name) for name in load(chapter)], page


def told(path):
    """All that is stored in a notebook, with single spaces, and strings that Python would join joined."""
    stored = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        stored.append("".join(cell["source"]))
        for output in cell.get("outputs", ()):
            stored += ["".join(text) for text in (output.get("text", ""), *output.get("data", {}).values())]
    return " ".join(re.sub(r'"\s*\n\s*"', "", "\n".join(stored)).split())


@PAGES
def test_no_stored_notebook_tells_what_is_right(path):
    text = told(path)
    for chapter, name, one in EVERY:
        for reason in one.choices.values():
            assert reason not in text, f"{chapter}, {name}: {reason}"
    assert not re.search(r"\banswer=|\bwidgets\.quiz|actlab-right", text)


@PAGES
def test_what_is_stored_of_a_quiz_is_its_question(path):
    said = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            text = "".join(output.get("data", {}).get("text/plain", ""))
            said += [text] if text.startswith("quiz: ") else []
    questions = [load(chapter)[name].question for chapter, name in asked(path)]
    assert len(said) == len(questions)
    for text, question in zip(said, questions, strict=True):
        # ipywidgets cuts what it says of itself
        assert f"quiz: {question}".startswith(text.removesuffix("…"))


def test_a_quiz_is_drawn_from_its_file(monkeypatch):
    monkeypatch.delattr(W, "Stack", raising=False)  # the kernel, not a page, shows what is chosen
    box = quiz("tanh", "forty-layers")
    question, radio, explanation = box.children
    assert "A 40-layer tanh network with PyTorch&#x27;s default weights does not learn." in question.value
    one = load("tanh")["forty-layers"]
    assert list(radio.options) == list(one.choices)
    for index, (choice, reason) in enumerate(one.choices.items()):
        radio.index = index
        assert html.escape(reason) in explanation.value
        assert ("Right." in explanation.value) == (choice == "The gain of the weights, to a little above 1")
    assert repr(box) == f"quiz: {one.question}"
    W.Widget.close_all()


def test_a_chapter_or_quiz_that_there_is_not_is_named_with_the_nearest():
    with pytest.raises(
        KeyError, match=r"no chapter with quizzes named 'tahn'; did you mean 'tanh'\? there are adaptive,"
    ):
        quiz("tahn", "forty-layers")
    with pytest.raises(KeyError, match="no quiz of tanh named 'fourty-layers'; did you mean 'forty-layers'"):
        quiz("tanh", "fourty-layers")
    with pytest.raises(KeyError, match=r"no chapter with quizzes named '\.\./tanh'"):
        load("../tanh")


SOUND = """\
# a comment
[first]
question = "Is it?"
answer = "Yes"

[first.choices]
"No" = "It is."
"Yes" = "It is, \\"always\\"."
"Now and then" = "Always."

[second]
question = "And this?"
answer = "0"
choices = {"0" = "None.", "1" = "One.", "2" = "Two."}
"""


def test_a_file_is_read_in_its_order(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(SOUND, encoding="utf-8")
    found = read(path)
    assert list(found) == ["first", "second"]
    assert found["first"] == Quiz(
        "Is it?", {"No": "It is.", "Yes": 'It is, "always".', "Now and then": "Always."}, "Yes"
    )
    assert list(found["first"].choices) == ["No", "Yes", "Now and then"]
    with pytest.raises(TypeError):
        found["third"] = found["first"]


FAULTS = {
    "no TOML": ('answer = "Yes"', "answer = Yes", r"own\.toml: .*line 4"),
    "a choice twice": ('"No" =', '"Yes" =', r"own\.toml: .*overwrite"),
    "a quiz twice": ("[second]", "[first]", r"own\.toml: .*first"),
    "no question": ('question = "Is it?"\n', "", r"own\.toml, first: there is no question"),
    "no answer": ('answer = "0"\n', "", r"own\.toml, second: there is no answer"),
    "no choices": (
        'choices = {"0" = "None.", "1" = "One.", "2" = "Two."}',
        "",
        r"own\.toml, second: there is no choices",
    ),
    "an empty question": ('"Is it?"', '" "', r"own\.toml, first: the question must be text in quotes, got ' '"),
    "an answer that is a number": ('answer = "0"', "answer = 0", r"second: the answer must be text in quotes, got 0"),
    "an answer elsewhere": (
        'answer = "Yes"',
        'answer = "yes"',
        r"first: the answer 'yes' is not among the choices \['No'",
    ),
    "a choice without a reason": ('"It is."', '""', r"first: the choice 'No' has no reason in quotes, got ''"),
    "a reason that is a number": ('"It is."', "1", r"first: the choice 'No' has no reason in quotes, got 1"),
    "two choices": ('"Now and then" = "Always."', "", r"first: a quiz has three choices or more, .*, got 2"),
    "choices in a list": (
        '{"0" = "None.", "1" = "One.", "2" = "Two."}',
        '["0", "1"]',
        r"second: the choices are lines",
    ),
    "a part of another name": ('answer = "0"', 'answer = "0"\nhint = "?"', r"second: hint is not a part of a quiz"),
    "a line outside of a quiz": ("# a comment", 'title = "Mine"', r"own\.toml, title: a quiz is a table"),
}


@pytest.mark.parametrize(("old", "new", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_line_that_names_the_file_and_the_quiz(tmp_path, old, new, message):
    assert SOUND.count(old) == 1
    path = tmp_path / "own.toml"
    path.write_text(SOUND.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "own.toml"
    path.write_bytes(b'[a]\nquestion = "\xff"\n')
    with pytest.raises(ValueError, match=r"^own\.toml: "):
        read(path)
