"""What the published study found beside what was measured here: by function, and a row for each thing it says."""

import statistics
from collections.abc import Mapping, Sequence

from ... import experiments
from ...tables import Table
from ._published import printed
from ._stored import FAIL, WAYS, ahead, gradients, learned, points, runs

__all__ = ["findings_table", "verdicts", "verdicts_table"]


def verdicts(names: Sequence[str] = experiments.eleven) -> dict[str, str]:
    """Whether the published result on SST-2, learned or constant, is that of all of our runs, of most, or of few."""
    accuracy, f1 = printed("SST-2", "accuracy"), printed("SST-2", "f1")
    found = {}
    for name in names:
        p = accuracy[name]
        theirs = f1[name] > 2 * p**2 / (1 + p) + 5e-4
        won, n = learned(name), len(runs(name))
        agree = (won if theirs else n - won) / n
        found[name] = "holds" if agree == 1 else "does not hold" if agree < 0.5 else "with conditions"
    return found


def verdicts_table(found: Mapping[str, str]) -> Table:
    """What `verdicts` found, with the accuracies on both sides."""
    theirs = printed("SST-2", "accuracy")
    rows = []
    for name, verdict in found.items():
        a = runs(name)
        ours = f"{statistics.mean(a):.3f}"
        rows.append((name, f"{theirs[name]:.3f}", ours, f"{learned(name)} of {len(a)}", verdict))
    return Table(["function", "published", "ours, mean", "learned", "verdict"], rows)


def findings_table() -> Table:
    """What the published study says, what was found here, and what the difference is due to, as far as that is known.

    GELU's lead over ReLU is in points, with Student's interval, widened for the ten functions that GELU is before.
    """
    others = [name for name in experiments.eleven if name != "gelu"]
    rest = [name for name, verdict in verdicts(others).items() if verdict == "does not hold"]
    lead = {name: ahead(runs("gelu"), runs(name), comparisons=len(others)) for name in others}
    sure = sum(mean > half for mean, half in lead.values())
    before = {name: ratio for name, (ratio, _) in gradients(("tanh", "gelu")).items()}
    well = sum(learned(name) == len(runs(name)) for name in others)
    rates = [how for how in WAYS.values() if "warmup" in how]
    rows = [
        (
            "tanh, ELU, sigmoid constant",
            f"{_won(FAIL, [{}])} learn",
            f"time: {_won(FAIL, [WAYS['256 updates']])} later",
        ),
        (f"{len(rest)} more constant", f"{_won(rest, [{}])} learn", "not known"),
        ("gradients vanish", f"tanh {before['tanh']:.2f}, GELU {before['gelu']:.2f}", "afterwards, not before"),
        ("weights fit GELU alone", f"{well} of {len(others)} others learn", "sentences stay apart"),
        ("no other rate was tried", f"{_won(FAIL, rates)} learn", "not the rate"),
        ("GELU is first", f"sure of {sure} of {len(lead)}", f"ReLU: {points(lead['relu'])}"),
    ]
    return Table(["there", "here", "why"], rows)


def _won(names, ways):
    """How many runs of these functions beat the constant answer, of how many, in words."""
    tried = [(name, how) for name in names for how in ways]
    return f"{sum(learned(n, **how) for n, how in tried)} of {sum(len(runs(n, **how)) for n, how in tried)}"
