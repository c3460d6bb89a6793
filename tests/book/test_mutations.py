"""The list of mistakes that gates must find: each can still be made, and each gate is one of make's steps."""

import subprocess

import pytest
from mutations import GATES, MISTAKES
from site_checks import ROOT


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_can_be_made_and_changes_something(name):
    mistake = MISTAKES[name]
    before = mistake.place(ROOT).read_text(encoding="utf-8")
    assert before.replace(mistake.old, mistake.new, 1) != before
    assert mistake.gate in GATES and ("{where}" in GATES[mistake.gate]) == bool(mistake.where)


def test_every_step_of_the_three_commands_has_a_mistake_to_find():
    assert {mistake.gate for mistake in MISTAKES.values()} == set(GATES)
    steps = {gate.partition(",")[0] for gate in GATES}
    made = subprocess.run(
        ["make", "-n", "test", "portable", "readers"], cwd=ROOT, text=True, capture_output=True
    ).stdout
    for step, words in {
        "lint": "ruff check",
        "book": "jupyter-book build",
        "test": "pytest",
        "portable": "-m portable",
        "readers": "tests/readers.py",
    }.items():
        assert step in steps and words in made
