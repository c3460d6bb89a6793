"""The pages for teachers, and those on how to cite: what they promise about other pages holds."""

import itertools
import logging
import os
import re

import pytest
import yaml
from site_checks import ROOT, _soups, asked, stored
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import actlab
from actlab import claims, quizzes

CHAPTERS = [path for path in stored() if path.parent.name == "chapters"]


def words(text):
    """Text with single spaces and with straight quotes, which the build bends."""
    return " ".join(text.split()).translate(str.maketrans("‘’“”", "''\"\""))


@pytest.mark.parametrize("chapter", quizzes.files)
def test_every_quiz_of_a_chapter_is_in_the_question_bank_once(book, chapter):
    bank = words(_soups(book / "appendix/questions.html")[0].find("article").get_text())
    for quiz in quizzes.load(chapter).values():
        assert bank.count(words(quiz.question)) == 1
        for choice, why in quiz.choices.items():
            assert words(choice) in bank and words(why) in bank


def test_the_answer_in_the_bank_is_the_right_one(book):
    page = _soups(book / "appendix/questions.html")[0]
    right = [quizzes.load(chapter)[name] for path in stored() for chapter, name in asked(path)]
    folded = page.select("details.actlab-answer")
    assert len(folded) == len(right)
    for quiz, answer in zip(right, folded, strict=True):
        letter = answer.strong.get_text()[0]
        assert words(answer.select("li")[ord(letter) - ord("A")].get_text()) == words(quiz.choices[quiz.answer])


@pytest.fixture
def sphinx_log():
    """The log of Sphinx, set back: one run here leaves handlers that make an error of another test's warning."""
    logger = logging.getLogger("sphinx")
    before = logger.handlers[:], logger.propagate, logger.level
    yield
    logger.handlers[:], logger.propagate = before[:2]
    logger.setLevel(before[2])


@pytest.mark.usefixtures("sphinx_log")
def test_a_page_of_the_bank_is_read_again_when_the_file_of_its_quizzes_changes(tmp_path, monkeypatch):
    file, source = tmp_path / "own.toml", tmp_path / "source"
    file.write_text(
        '[one]\nquestion = "And this?"\nanswer = "2"\nchoices = {"1" = "No.", "2" = "Yes.", "3" = "No."}\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(quizzes, "files", {"own": file})
    monkeypatch.syspath_prepend(ROOT / "_ext")
    source.mkdir()
    (source / "index.rst").write_text("Bank\n====\n\n.. quizzes:: own\n", encoding="utf-8")

    def built():
        options = {"confoverrides": {"extensions": ["questions"]}, "status": None, "warningiserror": True}
        with docutils_namespace():
            Sphinx(source, None, tmp_path / "html", tmp_path / "trees", "html", **options).build()
        return (tmp_path / "html/index.html").read_text(encoding="utf-8")

    before = built()
    assert before.index("And this?") < before.index("B is right.")
    stamp = file.stat()
    file.write_text(file.read_text(encoding="utf-8").replace("And this?", "And that?"), encoding="utf-8")
    os.utime(file, (stamp.st_atime, stamp.st_mtime + 10))
    after = built()
    assert "And that?" in after and "And this?" not in after


def test_every_chapter_has_its_quizzes_in_the_bank_and_an_open_question_with_its_answer():
    bank = (ROOT / "appendix/questions.md").read_text(encoding="utf-8")
    parts = re.split(r"From \{doc\}`\.\./(chapters/\w+)`\.\n\n```\{quizzes\} (\w+)\n```", bank)[1:]
    pages, named, texts = parts[::3], parts[1::3], parts[2::3]
    assert pages == [f"chapters/{path.stem}" for path in CHAPTERS]
    assert [{name} for name in named] == [{chapter for chapter, _ in asked(path)} for path in CHAPTERS]
    for text in texts:
        assert text.count("**Open.") == text.count(":::{dropdown} Answer") >= 1
    assert sum(text.count("**Open.") for text in texts) >= 12


@pytest.mark.parametrize("page", ["teaching", "cite", "questions"])
def test_a_claim_that_is_linked_is_in_the_ledger_with_the_verdict_that_is_told(page):
    text = (ROOT / f"appendix/{page}.md").read_text(encoding="utf-8")
    for id, told in re.findall(r'claims\.html#([\w-]+)">([^<]*)</a>', text):
        assert id in claims.ledger
        assert told in (claims.ledger[id].verdict, f"claims.html#{id}")
    assert page == "questions" or "claims.html#" in text


def test_an_exercise_that_is_set_is_one_of_the_course():
    text = (ROOT / "appendix/teaching.md").read_text(encoding="utf-8")
    course = "".join(path.read_text(encoding="utf-8") for path in CHAPTERS)
    set_ = re.findall(r"Exercise: \*([^*]+)\*", text)
    assert len(set_) >= 5
    for title in [*set_, "Save the newborn", "Take the dead away", "Compute it: fold a stack"]:
        assert f"{{exercise}} {title.rstrip('.')}" in course, title


@pytest.mark.parametrize("heading", ["teaching-90", "teaching-six"])
def test_the_minutes_of_a_lesson_follow_one_another_to_the_end(heading):
    text = (
        (ROOT / "appendix/teaching.md")
        .read_text(encoding="utf-8")
        .partition(f"({heading})=")[2]
        .partition("\n## ")[2]
    )
    for lesson in re.split(r"^#+ ", text.partition("\n## ")[0], flags=re.M):
        spans = [tuple(map(int, span)) for span in re.findall(r"^\| (\d+)–(\d+) \|", lesson, flags=re.M)]
        if spans:
            assert spans[-1][1] == 90
            assert all(end == start for (_, end), (start, _) in itertools.pairwise(spans))


def test_the_citation_is_that_of_the_citation_file():
    file = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    page = (ROOT / "appendix/cite.md").read_text(encoding="utf-8")
    entry = dict(re.findall(r"^ +(\w+) += \{+(.*?)\}+,?$", page, flags=re.M))
    (author,) = file["authors"]
    assert entry == {
        "author": author["name"],
        "title": file["title"],
        "year": str(file["date-released"].year),
        "version": file["version"],
        "url": file["repository-code"],
    }
    plain = f"> {author['name']} ({entry['year']}). *{file['title']}*. Version {file['version']}. > <{entry['url']}>"
    assert plain in words(page)
    assert f"**{file['version']}, {file['date-released']}.**" in page
    assert f"actlab {file['version']}, claim" in page and file["version"] == actlab.__version__
