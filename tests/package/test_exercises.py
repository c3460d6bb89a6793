import re

import numpy as np
import pytest
import torch

from actlab.exercises import Feedback, _kit, check

EVERY = pytest.mark.parametrize("exercise", _kit.checks)


@pytest.fixture
def registered(monkeypatch):
    """An exercise of our own: a function that adds one."""

    def add_one(function):
        z = torch.tensor([1.0, 2.0])
        found = _kit.call(function, z)
        if not torch.equal(found, z + 1):
            raise AssertionError(f"at z = 1 the answer is 2, and yours is {found[0].item():g}.")
        return "one was added."

    monkeypatch.setitem(_kit.checks, "test-add-one", add_one)
    return "test-add-one"


def one_sentence(message):
    # what Python says of an exception has no full stop
    ends = message.rstrip()[-1:] in {".", "?", "!"} or message.startswith("your answer stopped with")
    return bool(message.strip()) and "\n" not in message and len(message) < 250 and ends


@EVERY
@pytest.mark.parametrize("nothing", [None, ...])
def test_no_answer_is_called_that(exercise, nothing):
    feedback = check(exercise, nothing)
    assert not feedback
    assert "no answer" in feedback.message and one_sentence(feedback.message)


def raises(*arguments):
    raise RuntimeError("lost\nin two lines")


GARBAGE = {
    "a function that returns None": lambda *arguments: None,
    "a function that returns a word": lambda *arguments: "word",
    "a function that returns an empty list": lambda *arguments: [],
    "a function that returns ...": lambda *arguments: ...,
    "a function that returns a tensor of another shape": lambda *arguments: torch.zeros(3, 1, 7),
    "a function of nothing": lambda: 1.0,
    "a function that raises": raises,
    "a word": "word",
    "a number": -12345.678,
    "a list": [],
    "a dict": {},
    "an object": object(),
    "a class": int,
    "nan": float("nan"),
    "an empty tensor": torch.zeros(0),
    "an array": np.arange(3),
}


@EVERY
@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_answered_in_one_sentence(exercise, answer):
    feedback = check(exercise, answer)
    assert isinstance(feedback, Feedback)
    assert not feedback
    assert one_sentence(feedback.message), feedback.message
    if not callable(answer):
        assert "stopped" not in feedback.message, "nothing of the reader's was running"


@EVERY
def test_a_missing_return_is_called_that_where_a_function_is_wanted(exercise):
    wants_a_function = "a function is wanted" in check(exercise, "word").message
    if wants_a_function:
        assert "returns None" in check(exercise, lambda *arguments: None).message
    else:
        assert "function" in check(exercise, lambda *arguments: None).message


def test_a_right_answer_is_told_what_is_right(registered):
    feedback = check(registered, lambda z: z + 1)
    assert feedback and feedback.right is True
    assert repr(feedback) == "Right: one was added."


def test_a_wrong_answer_is_told_the_case_that_fails(registered):
    feedback = check(registered, lambda z: z + 2)
    assert not feedback and feedback.right is False
    assert repr(feedback) == "Not yet: at z = 1 the answer is 2, and yours is 3."


def test_the_reader_hears_how_an_answer_stopped(registered):
    feedback = check(registered, raises)
    assert "RuntimeError" in feedback.message and "lost" in feedback.message
    assert check(registered, lambda z: None).message == "the function returns None; is there a `return`?"
    assert check(registered, 3).message == "a function is wanted, this is a int."


def test_an_answer_that_leaves_python_does_not_take_the_notebook_with_it(registered):
    def leave(z):
        raise SystemExit(1)

    assert "SystemExit" in check(registered, leave).message


def test_a_bare_assertion_in_the_answer_still_gets_words(registered):
    def bare(z):
        raise AssertionError

    assert one_sentence(check(registered, bare).message)


def test_an_unknown_exercise_is_answered_with_the_nearest_and_all_there_are(registered):
    with pytest.raises(
        KeyError, match=re.escape("no exercise named 'test-add-on'; did you mean 'test-add-one'?")
    ) as e:
        check("test-add-on", 1)
    assert all(name in str(e.value) for name in _kit.checks)


@EVERY
def test_an_exercise_is_named_after_its_chapter(exercise):
    assert re.fullmatch(r"\d\d[a-z]?-[a-z0-9-]+", exercise)


@EVERY
def test_a_check_neither_reads_nor_moves_the_global_generator(exercise):
    before = torch.get_rng_state()
    check(exercise, lambda *arguments: torch.zeros(2))
    assert torch.equal(torch.get_rng_state(), before)
