import math

import numpy as np
import pytest

from actlab import results


def summarised(tmp_path, settings, losses, tests=None, **how):
    """A store whose runs end with the given losses: a row for each setting, a column for each seed."""
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "s.sqlite"
    with results.Store.open(path, {"study": "toy"}) as store:
        store.enter(settings, ["stacked"] * len(settings))
        for setting, ends in zip(settings, losses, strict=True):
            seeds = [seed for seed, end in enumerate(ends) if end is not None]
            loss = np.array([[9.0, ends[seed]] for seed in seeds]).reshape(-1, 2)
            test = np.array([[8.0, 2 * ends[seed]] for seed in seeds]).reshape(-1, 2)
            store.add(
                setting,
                seeds,
                loss=loss,
                seconds=loss,
                test_loss=test if tests is None else test[:, :0],
                test_accuracy=test / 10 if tests is None else test[:, :0],
                origin={},
            )
    with results.Store(path) as store:
        return results.summary(store, **how)


def test_a_summary_has_a_row_for_each_setting_in_groups_that_differ_by_activation(tmp_path):
    settings = [{"activation": a, "draw": d, "rate": 0.1} for d in (0, 1) for a in ("relu", "tanh")]
    rows = summarised(tmp_path, settings, [[1, 2, 3], [4, 5, 6], [9, 8, 7], [1, 2, math.nan]])
    assert [(row["activation"], row["draw"]) for row in rows] == [("relu", 0), ("tanh", 0), ("relu", 1), ("tanh", 1)]
    assert "rate" not in rows[0]
    assert [row["mean"] for row in rows] == [2, 5, 8, 1.5]
    assert [row["diverged"] for row in rows] == [0, 0, 0, 1]
    assert [row["rank_median"] for row in rows[:2]] == [(1, 1), (2, 2)]
    assert rows[0]["test_loss"] == 4 and rows[0]["test_accuracy_mean"] == pytest.approx(0.4)
    assert rows[3]["test_loss_mean"] == 3, "without the run that diverged"
    # one run of three diverged: by the mean it is the worst in all resamples that hold it, 19 of 27
    assert rows[3]["rank_mean"] == (1, 2) and rows[2]["rank_mean"] == (1, 2)
    assert all(row["published"] is None for row in rows)


def test_a_summary_of_a_study_under_way_ranks_by_the_seeds_that_all_share(tmp_path):
    settings = [{"activation": name} for name in ("relu", "tanh", "gelu")]
    rows = summarised(tmp_path, settings, [[1, 1, 99], [2, 2, None], [None, None, None]], tests=0)
    assert [row["activation"] for row in rows] == ["relu", "tanh"]
    assert [row["n"] for row in rows] == [3, 2] and rows[0]["mean"] == pytest.approx(101 / 3)
    assert [row["rank_mean"] for row in rows] == [(1, 1), (2, 2)]
    assert rows[0]["test_loss"] is None
    rows = summarised(tmp_path / "other", settings[:2], [[1, None], [None, 2]])
    assert [row["rank_mean"] for row in rows] == [None, None]


def test_the_published_value_stands_beside_its_setting_only(tmp_path):
    settings = [{"activation": "gelu", "rate": 0.01}, {"activation": "gelu", "rate": 0.1}]
    settings += [{"activation": "mish", "rate": 0.01}]
    known = {("gelu", 0.01): 0.000220}
    rows = summarised(
        tmp_path, settings, [[1], [2], [3]], published=lambda one: known.get((one["activation"], one["rate"]))
    )
    assert [row["published"] for row in rows] == [0.000220, None, None]
    text = results.table(rows)
    assert "published" in text.splitlines()[0] and text.splitlines()[1].endswith("0.000220")
    assert text.splitlines()[2].endswith(" -") and "gustaw2025" in text


def test_a_table_lines_up_and_says_what_diverged(tmp_path):
    settings = [{"activation": "relu", "rate": 1.0}, {"activation": "sigmoid", "rate": 10.0}]
    text = results.table(summarised(tmp_path, settings, [[1, 2, 3], [1e20, math.inf, math.nan]]))
    head, first, second, blank, *notes = text.splitlines()
    assert head.split()[:3] == ["activation", "rate", "n"] and blank == "" and notes
    assert "2.000000 ± 0.577350" in first and "1.000000" not in head
    assert "3 (2 diverged)" in second and "1e+20 ± -" in second
    assert "published" not in text
    assert len(head.rstrip()) == len(first) == len(second), "numbers stand to the right"
