"""Puts the quizzes of a chapter on a page, with their answers folded: "{quizzes} sigmoid".

They are read from the chapter's file in src/actlab/quizzes, from which its widgets are made too. What is folded can
be printed and copied, and the search of the book finds it.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from actlab import quizzes


class Quizzes(SphinxDirective):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        (chapter,) = self.arguments
        asked = quizzes.load(chapter)
        self.env.note_dependency(str(quizzes.files[chapter]))
        return [node for quiz in asked.values() for node in _shown(quiz)]


def _shown(quiz: quizzes.Quiz) -> list[nodes.Node]:
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
