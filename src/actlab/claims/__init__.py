"""What the field's popular texts say of activation functions, each claim with a check that settles it.

A claim stands in the file of its topic, or in a file of its subject in the folder of its topic: a decorated function
that measures and returns its `Evidence`. The verdict is written by hand beside the statement; the evidence has one of
its own, derived from what was found, and the two must agree. `python -m actlab claims` looks at all of them.
"""

import csv
import inspect
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from types import MappingProxyType

from .. import results
from .._names import meant, nearest

__all__ = [
    "Claim",
    "Evidence",
    "Settled",
    "claim",
    "ledger",
    "settle",
    "show",
    "source_of",
    "sources",
    "topics",
    "verdicts",
]

TRUE = "true"
CONDITIONS = "true with conditions"
IMPRECISE = "imprecise"
FALSE = "false"
OPEN = "not checkable"
verdicts = (TRUE, CONDITIONS, IMPRECISE, FALSE, OPEN)

# A file of claims, or a folder, in the order of the book: its topic, and the page that teaches it.
_chapters = {
    "linearity": ("linearity collapse", "chapters/01_linearity_collapse"),
    "sigmoid": ("step to sigmoid", "chapters/02_step_to_sigmoid"),
    "tanh": ("tanh", "chapters/03_tanh"),
    "relu": ("ReLU family", "chapters/04_relu_family"),
    "smooth": ("smooth activations", "chapters/05_smooth_activations"),
    "softmax": ("softmax stability", "chapters/06_softmax_stability"),
    "init": ("init pairing", "chapters/07_init_pairing"),
    "experiments": ("experiments", "chapters/08_experiments"),
    "works": ("other works", "chapters/09_large_models"),  # counted apart: they are no sentences of the five texts
}
topics = dict(_chapters.values())
files = {file: topic for file, (topic, _) in _chapters.items()}

# how a claim is settled
MEASURED = "measured"  # here and now, by the check
STORED = "stored result"  # from a table under data/ that its recipe made
PUBLISHED = "published numbers"  # from the tables of the text that makes the claim
CITED = "citation"  # by what a source says: somebody read it
OPENLY = "not checkable"  # by nothing that is at hand; the evidence says what is missing
means = (MEASURED, STORED, PUBLISHED, CITED, OPENLY)

# the five texts whose claims are settled here: first letters of their rows in coverage.csv -> key in references.bib
sources = {"S0": "gustaw2025", "S1": "clark2025", "S2": "afblog", "S3": "kumar2024", "S4": "park2024"}


def source_of(row: str) -> str:
    """The key in references.bib of what is quoted: of the text of a row of coverage.csv; a work's key is its own."""
    return sources.get(row.partition("-")[0], row)


@dataclass(frozen=True)
class Evidence:
    """What a check found.

    measured: the numbers found, as a phrase that can be read alone. expected: what they would be if the claim held as
    it is worded. cases: the claim as worded, in each situation in which it was tried, and whether it held there.
    core: where it held in none, what is left of it, and whether that held.
    """

    measured: str
    expected: str = ""
    cases: Mapping[str, bool] = field(default_factory=dict)
    core: Mapping[str, bool] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """The verdict that follows from what was found."""
        held = [bool(case) for case in self.cases.values()]
        if not held:
            return OPEN
        if all(held):
            return TRUE
        if any(held):
            return CONDITIONS
        return IMPRECISE if self.core and all(self.core.values()) else FALSE


@dataclass(frozen=True)
class Claim:
    """One claim: what is said, by whom, the verdict, and the check behind it."""

    id: str
    statement: str  # what is claimed, in our words
    verdict: str  # one of `verdicts`
    corrected: str  # what is true instead, or under which conditions
    topic: str  # one of `topics`
    how: str  # one of `means`
    check: Callable[[], Evidence] = field(repr=False, compare=False)
    activations: tuple[str, ...] = ()  # names in the catalog that it is about
    citations: tuple[str, ...] = ()  # keys in references.bib of what settles or explains it
    where: str = ""  # the place of the book that shows it: page#label
    own: bool = False  # whether it is the book's question about a text that doesn't say it in words
    # from each row of coverage.csv that it settles, or the key in references.bib of another work that says it, to the
    # section of its source and the words that stand there
    quotations: Mapping[str, tuple[str, str]] = field(default_factory=dict, hash=False)

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of coverage.csv that it settles; none where another work is quoted."""
        return tuple(row for row in self.quotations if row.partition("-")[0] in sources)

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in references.bib of the texts that make this claim."""
        return tuple(dict.fromkeys(map(source_of, self.quotations)))

    @property
    def code(self) -> str:
        """The check as it is written, and the functions of its own topic that it calls."""
        return "\n\n".join(_written(self.check, set()))


@dataclass(frozen=True)
class Settled:
    """A claim with the evidence just gathered."""

    claim: Claim
    evidence: Evidence
    seconds: float

    @property
    def supported(self) -> bool:
        """Whether the evidence leads to the verdict that stands in the ledger."""
        return self.evidence.verdict == self.claim.verdict

    def __repr__(self) -> str:
        claim, evidence = self.claim, self.evidence
        lines = [
            f"Claim {claim.id} ({', '.join(claim.sources)})",
            f"{claim.statement}{' (the book asks)' if claim.own else ''}",
            *(
                f"Words: “{words}” ({source_of(row)}, {section})"
                for row, (section, words) in claim.quotations.items()
            ),
            f"Verdict: {claim.verdict}. {claim.corrected}".rstrip(),
            f"Found ({claim.how}): {evidence.measured}",
        ]
        if not self.supported:
            lines.append(f"CONTRADICTED: this evidence says {evidence.verdict}")
        return "\n".join(lines)


_claims: dict[str, Claim] = {}


def _written(function, seen) -> list[str]:
    """The source of a function, and of the private ones of its topic that it names."""
    seen.add(function.__name__)
    source, around = inspect.getsource(function), inspect.getmodule(function)
    found = [source]
    for name in dict.fromkeys(re.findall(r"\b_[a-z]\w*", source)):
        other = getattr(around, name, None)
        if name not in seen and callable(other) and _topic(other) == _topic(function):
            found += _written(other, seen)
    return found


def _topic(function) -> str:
    """The file, or the folder, of claims that a function is written in."""
    return getattr(function, "__module__", "").removeprefix(f"{__name__}.").partition(".")[0]


def claim(
    statement: str,
    *,
    verdict: str,
    corrected: str = "",
    how: str = MEASURED,
    activations: Iterable[str] = (),
    citations: Iterable[str] = (),
    where: str = "",
    own: bool = False,
):
    """Register the check below as a claim; its id is the function's name with hyphens."""

    def register(check):
        id = check.__name__.strip("_").replace("_", "-")
        if id in _claims:
            raise ValueError(f"there are two claims called {id}")
        file = _topic(check)
        for value, allowed in [(verdict, verdicts), (file, files), (how, means)]:
            if value not in allowed:
                raise ValueError(f"{id}: {value!r} is none of {', '.join(allowed)}")
        _claims[id] = Claim(
            id=id,
            statement=statement,
            verdict=verdict,
            corrected=corrected,
            topic=files[file],
            how=how,
            check=check,
            activations=tuple(activations),
            citations=tuple(citations),
            where=where,
            own=own,
        )
        return check

    return register


def _coverage() -> dict[str, dict[str, tuple[str, str]]]:
    """From the id of a claim to what is quoted for it: from row, or key of another work, to (section, words)."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for table, column in (("coverage", "row"), ("works", "source")):
        with (results.root() / f"claims/{table}.csv").open(newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file):
                found.setdefault(line["claim"], {})[line[column]] = line["section"], line["quotation"]
    return found


def _find(id: str) -> Claim:
    if id not in ledger:
        raise KeyError(f"no claim {id!r}; {meant(nearest(id, ledger))}there are {len(ledger)}, see claims.ledger")
    return ledger[id]


def settle(claim: str | Claim) -> Settled:
    """Run the check of a claim, now. Raises KeyError, with the nearest id, if there is none of that id."""
    claim = _find(claim) if isinstance(claim, str) else claim
    began = time.perf_counter()
    evidence = claim.check()
    return Settled(claim, evidence, time.perf_counter() - began)


@cache
def show(id: str) -> Settled:
    """The claim and what its check found, to be looked at; the check runs once."""
    return settle(id)


for _file in files:  # each registers the claims of its topic
    import_module(f".{_file}", __name__)

_quoted = _coverage()
ledger: Mapping[str, Claim] = MappingProxyType(
    {id: replace(claim, quotations=MappingProxyType(_quoted.get(id, {}))) for id, claim in _claims.items()}
)
