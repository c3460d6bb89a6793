"""The tables of the published study, and what can be read off them before anything is run."""

from ... import results
from ...tables import Table

__all__ = ["images_alone", "published", "published_table", "repetition"]

TEST_IMAGES = 10_000  # of CIFAR-10
NAMES = {"apl": "APL, S = 5", "leaky_relu": "Leaky ReLU", "relu": "ReLU"}


def published(place: str, quantity: str = "accuracy") -> dict[str, float]:
    """A column of a table of {cite}`park2024`: by what it calls a row, in its units (accuracies in per cent)."""
    rows = [row for row in results.load("published") if row["source"] == "park2024"]
    return {r["activation"]: r["value"] for r in rows if (r["place"], r["quantity"]) == (place, quantity)}


def published_table() -> Table:
    """Tables 21 and 22: accuracy in per cent of the test images."""
    by_hinges, again = published("Table 21"), published("Table 22")
    rows = [(f"APL, {name.replace('=', ' = ')}", f"{value:.2f}", "-") for name, value in by_hinges.items()]
    rows = [(name, first, f"{again['apl']:.2f}" if name == NAMES["apl"] else "-") for name, first, _ in rows]
    rows += [(NAMES[name], "-", f"{again[name]:.2f}") for name in ("leaky_relu", "relu")]
    return Table(["accuracy, %", "Table 21", "Table 22"], rows)


def repetition() -> float:
    """By how many points the two published results for five hinges differ."""
    return published("Table 21")["S=5"] - published("Table 22")["apl"]


def images_alone() -> tuple[int, float]:
    """By how many test images the two published results for five hinges differ, and the largest p that this can have.

    Both networks were tested on the same images, so the exact test is McNemar's {cite}`mcnemar1947`. The tables do
    not say which images both got wrong; the more they share, the smaller is p, and it is largest if they share none.
    """
    wrong = [
        round((100 - value) / 100 * TEST_IMAGES)
        for value in (published("Table 21")["S=5"], published("Table 22")["apl"])
    ]
    return abs(wrong[0] - wrong[1]), results.mcnemar(*wrong)
