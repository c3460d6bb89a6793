"""Puts the quizzes of a chapter on a page, with their answers folded: "{quizzes} chapters/02_step_to_sigmoid".

They are read from the chapter's notebook, so a question is written in one place. What is folded can be printed and
copied, and the search of the book finds it.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from actlab.notebooks import Quiz, quizzes


class Quizzes(SphinxDirective):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir) / f"{self.arguments[0]}.ipynb"
        self.env.note_dependency(str(path))
        return [node for quiz in quizzes(json.loads(path.read_text(encoding="utf-8"))) for node in _shown(quiz)]


def _shown(quiz: Quiz) -> list[nodes.Node]:
    letters = dict(zip(quiz.choices, "ABCDEFGH", strict=False))
    choices, answers = (nodes.enumerated_list(enumtype="upperalpha", prefix="", suffix=".") for _ in range(2))
    for choice, why in quiz.choices.items():
        choices += nodes.list_item("", nodes.paragraph("", choice))
        answers += nodes.list_item("", nodes.paragraph("", why))
    return [
        nodes.paragraph("", "", nodes.strong("", quiz.question)),
        choices,
        nodes.raw("", '<details class="actlab-answer"><summary>Answer</summary>', format="html"),
        nodes.paragraph(
            "", "", nodes.strong("", f"{letters[quiz.answer]} is right."), nodes.Text(" Of the choices:")
        ),
        answers,
        nodes.raw("", "</details>", format="html"),
    ]


def setup(app: Sphinx) -> dict:
    app.add_directive("quizzes", Quizzes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
