"""Which answers there are, which of them fit, and which fits best."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from ._leaf import ASIDE, Leaf, questions
from ._leaves import every
from ._measured import numbers

__all__ = ["fitting", "leaves", "nearest"]


@cache
def leaves() -> Mapping[str, Leaf]:
    """The leaves by their ids. Raises ValueError, naming them, if the numbers contradict the words of any."""
    wrong = [leaf.id for leaf in every if not leaf.holds(numbers())]
    if wrong:
        raise ValueError(f"the numbers contradict the guide: {', '.join(wrong)}")
    return MappingProxyType({leaf.id: leaf for leaf in every})


def fitting(**answers: str) -> tuple[Leaf, ...]:
    """The leaves that a reader sees who gave these answers: those that no answer rules out, and of those about a
    question of `ASIDE` only the ones that were asked for.

    Raises KeyError, listing what there is, for a question or an answer that is not asked.
    """
    for question, answer in answers.items():
        if question not in questions:
            raise KeyError(f"no question {question!r}; there are {', '.join(questions)}")
        if answer not in questions[question][1]:
            raise KeyError(f"{question} has no answer {answer!r}; it has {', '.join(questions[question][1])}")
    return tuple(
        leaf
        for leaf in leaves().values()
        if all(question not in leaf.fits or answer in leaf.fits[question] for question, answer in answers.items())
        and not (answers and any(question in leaf.fits and question not in answers for question in ASIDE))
    )


def nearest(**answers: str) -> tuple[Leaf, ...]:
    """Of the leaves that fit those that name most of the answers and, among these, depend on fewest others: one
    leaf, where the answers say enough. None for no answers. Raises KeyError as `fitting` does.
    """
    found = fitting(**answers) if answers else ()

    def distance(leaf):
        named = sum(question in leaf.fits for question in answers)
        return -named, len(leaf.fits) - named

    best = min(map(distance, found), default=None)
    return tuple(leaf for leaf in found if distance(leaf) == best)
