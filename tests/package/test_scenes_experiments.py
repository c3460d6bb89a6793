"""What chapter 8 shows, against the stored rows read by hand, against simulation, and against another formula."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from actlab import results
from actlab.scenes import experiments as scene

DATA = Path(__file__).parents[2] / "data"

pytestmark = pytest.mark.usefixtures("one_thread")


def stored(name, folder="disk"):
    """Rows of a stored table, read by hand."""
    whole = json.loads((DATA / folder / f"{name}.json").read_text(encoding="utf-8"))
    return [dict(zip(whole["columns"], row, strict=True)) for row in whole["rows"]]


# ---- the runs ------------------------------------------------------------------------------------------------


def test_a_grid_has_each_run_in_its_place():
    found = scene.grid("draws", "test_loss", ["tanh", "relu"])
    assert found.shape == (2, 20, 10)
    for row in stored("draws"):
        if (row["activation"], row["draw"], row["start"]) == ("relu", 7, 3):
            assert found[1, 7, 3] == row["test_loss"]
    assert scene.grid("draws", "test_loss", ["tanh"], starts=3).shape == (1, 20, 3)
    np.testing.assert_array_equal(scene.by_draw("draws", "test_loss", ["tanh"])[0], np.median(found[0], axis=1))
    with pytest.raises(KeyError):
        scene.grid("draws", "test_loss", ["tanh", "no such function"])


def test_the_rate_of_a_function_comes_from_other_draws_than_those_that_judge():
    tuning, judging = stored("rates"), stored("tuned")
    assert not {row["draw"] for row in tuning} & {row["draw"] for row in judging}
    for column in ("train_loss", "test_loss"):
        chosen = scene.own_rates(column)
        for name in ("gelu", "sigmoid"):
            middle = {
                rate: np.median(
                    [
                        math.inf if r["diverged"] else r[column]
                        for r in tuning
                        if (r["activation"], r["rate"]) == (name, rate)
                    ]
                )
                for rate in scene.ladder()
            }
            assert chosen[name] == min(middle, key=middle.get)
            assert scene.ladder()[0] < chosen[name] < scene.ladder()[-1]
    runs = [r["test_loss"] for r in judging if (r["activation"], r["rate"], r["draw"]) == ("silu", chosen["silu"], 4)]
    assert scene.at_own_rates("test_loss")[scene.EIGHT.index("silu"), 4] == np.median(runs)


def test_wins_are_counted_by_groups():
    values = np.array([[3, 1, 2, 9, 9, 9, 9, 9], [0, 5, 2, 9, 9, 9, 9, 9]] * 2)
    assert scene.wins(values, together=1) == {"leaky_relu": 2, "gelu": 2}
    assert scene.wins(values, together=2) == {"leaky_relu": 2}  # the means are 1.5, 3 and 2
    assert scene.leaders(values.T) == scene.wins(values, together=1)


# ---- variance ------------------------------------------------------------------------------------------------


def test_the_parts_of_the_variance_are_those_that_were_put_in():
    rng, sizes, found = np.random.default_rng(0), (0.5, 0.2, 0.3), []
    for _ in range(300):
        draw, start, rest = (
            size * rng.normal(size=shape) for size, shape in zip(sizes, ((20, 1), (1, 10), (20, 10)), strict=True)
        )
        found.append(scene.parts(draw + start + rest))
    np.testing.assert_allclose(np.mean(found, axis=0), np.square(sizes), rtol=0.1)


def test_a_plan_is_as_sure_as_simulated_means_are():
    rng, (a, b, c) = np.random.default_rng(1), (0.5, 0.4, 0.3)
    shared, own = [], []
    for _ in range(4000):
        draw, rest = a * rng.normal(size=(8, 1)), c * rng.normal(size=(8, 3))
        shared.append((draw + b * rng.normal(size=(1, 3)) + rest).mean())
        own.append((draw + b * rng.normal(size=(8, 3)) + rest).mean())
    variances = np.square([a, b, c])
    assert scene.plan(variances, 8, 3) == pytest.approx(np.std(shared), rel=0.05)
    assert scene.plan(variances, 8, 3, own_starts=True) == pytest.approx(np.std(own), rel=0.05)
    # as many runs: many draws tell most, if each brings a start of its own, and least with one start for all
    best, worst = scene.plan(variances, 200, 1, own_starts=True), scene.plan(variances, 200, 1)
    assert best < scene.plan(variances, 20, 10) < worst


@pytest.mark.slow
def test_the_share_of_the_draw_lies_in_its_interval_and_takes_the_pages_own_function():
    found = scene.draw_share("train_loss", resamples=200)
    for of in found.values():
        low, high = of["interval"]
        assert 0 <= low <= of["variances"][0] / of["variances"].sum() <= high <= 1
    halved = scene.draw_share("train_loss", lambda table: scene.parts(table) * [0, 1, 1], resamples=5)
    assert all(of["variances"][0] == 0 == of["interval"][1] for of in halved.values())


# ---- fresh points and verdicts ---------------------------------------------------------------------------------


def test_the_orders_are_those_of_the_medians():
    rows = {row[0]: row for row in scene.orders_table(scene.orders()).rows}
    runs = stored("draws")
    losses = [
        np.median([r["test_loss"] for r in runs if (r["activation"], r["draw"]) == ("leaky_relu", draw)])
        for draw in range(20)
    ]
    assert rows["leaky_relu"][3] == f"{1000 * np.median(losses):.0f}" and rows["leaky_relu"][4] == 8
    assert sorted(row[2] for row in rows.values()) == sorted(row[4] for row in rows.values()) == list(range(1, 9))


def test_a_function_is_held_against_another_draw_by_draw():
    base = np.exp(np.random.default_rng(0).normal(size=12))
    noise = np.exp(0.05 * np.random.default_rng(1).normal(size=(3, 12)))
    losses = np.array([base, 0.5 * base * noise[0], base * noise[1], 2 * base * noise[2]])
    names = ["relu", "half", "same", "twice"]
    found = scene.against(losses, comparisons=3, bound=math.log(1.1), names=names)
    words = {name: one.verdict for name, one in found.items()}
    assert words["half"] == "lower" and words["twice"] == "higher" and words["same"].startswith("equivalent within")
    assert found["half"] == results.paired(np.log(losses[1]), np.log(base), comparisons=3, bound=math.log(1.1))
    assert scene.in_factors(found["half"]).startswith(f"{np.exp(np.log(losses[1] / base).mean()):.2f} (")
    table = scene.verdicts_table(found)
    assert [row[2] for row in table.rows] == ["lower", "equivalent within 10%", "higher"]
    open_ = scene.against(np.array([base, base[::-1]]), comparisons=1, names=names[:2])
    assert "not distinguishable (seen: " in scene.verdicts_table(open_).rows[0][2]


def test_pairs_are_counted_once_each():
    count = scene.pairs_count(scene.at_own_rates("test_loss"), math.log(1.1))
    assert count["pairs"] == 28 == count["different"] + count["equivalent"] + count["open"]


# ---- below the chapter -----------------------------------------------------------------------------------------


def test_the_catalog_counts_no_function_twice():
    fresh = scene.catalog_losses("test_loss")
    assert "elu" in fresh and "celu" not in fresh and scene.able()[0] == "hardswish"
    tables = list(fresh.values())
    assert not any((a == b).all() for i, a in enumerate(tables) for b in tables[:i])


def test_disk_and_square_are_compared_from_the_same_starts():
    found = scene.shapes("test_loss")
    squares = stored("squares")
    starts = sorted({row["start"] for row in squares})
    assert starts == [0, 1, 2]
    for task, rows in (("disk", stored("draws")), ("square", squares)):
        mine = [r["test_loss"] for r in rows if (r["activation"], r["draw"]) == ("tanh", 5) and r["start"] in starts]
        assert len(mine) == 3 and found[task]["tanh"][5] == np.median(mine)


def test_a_place_is_told_in_short():
    assert [row[5] for row in scene.thousand_table().rows][:2] == ["3", "1 to 2"]
    failed = {row[0]: row[1] for row in scene.failed_table().rows}
    assert failed.pop("relu") == 1 and not any(failed.values())


def test_players_open_and_say_what_there_is_to_see():
    player = scene.league_player(draws=2)
    assert player.summary == "player: judge x which, 4 frames"
    intervals = scene.place_intervals((5, 100))
    assert scene.places_player(intervals).summary == "player: by x runs, 4 frames"
    assert np.all(intervals["mean", 5][:, 1] - intervals["mean", 5][:, 0] >= 0)


def test_who_leads_where_training_stops_is_read_off_the_stored_medians():
    rows = {r["activation"]: r["test_loss"] for r in stored("tests") if r["step"] == 500}
    shown = scene.stop_player()
    assert repr(shown) == "player: step, 18 frames"
    words = f"Step 500; lowest test loss first: {', '.join(sorted(scene.EIGHT, key=rows.get))}. Past their best: "
    assert any(words in frame.value for frame in parts_of(shown) if isinstance(frame.value, str))


def parts_of(widget):
    inside = [part for child in getattr(widget, "children", ()) for part in parts_of(child)]
    return [*inside, *([widget] if hasattr(widget, "value") else [])]
