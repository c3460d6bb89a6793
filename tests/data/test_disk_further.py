"""The further runs on the disk: the table is whole, and its recipe gives a row again."""

import pytest
from recipes import recipe_of

from actlab import results

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def further():
    return recipe_of("disk_further")


def test_every_further_run_is_stored_once(further):
    keys = [(r["study"], r["activation"], r["draw"]) for r in results.load("disk_further")]
    expected = [
        (study, name, draw)
        for study, (_, _, schemes) in further.STUDIES.items()
        for name in schemes
        for draw in range(further.DRAWS)
    ]
    assert keys == expected


def test_a_deep_run_comes_out_again(further):
    (row,) = [
        r for r in results.load("disk_further") if (r["activation"], r["study"], r["draw"]) == ("tanh", "deep", 4)
    ]
    again = further.one("deep", "tanh", 4)
    assert list(again) == list(row)
    # The way down is the same on every processor to a few steps. The end of a single run is not: eight layers jump
    # late in training, here or there, so that only the distribution of the ten can be compared.
    assert again["steps_to_0.1"] == pytest.approx(row["steps_to_0.1"], abs=3)
    assert again["test_accuracy"] > 0.9
