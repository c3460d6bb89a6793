"""What chapter 10 computes: rounding and its theory by hand, and tables against the stored rows."""

import math

import pytest
import torch

from actlab import activations, networks, results
from actlab.scenes import moving as scene

pytestmark = pytest.mark.usefixtures("one_thread")


# ---- tasks ------------------------------------------------------------------------------------------------------


def test_learning_that_moves_nothing_scores_what_the_network_knows():
    x, y = scene.pooled(120, seed=3), torch.arange(120) % 10
    network = networks.mlp([49, 8, 10], "tanh", seed=0)
    still = torch.optim.SGD(network.parameters(), lr=0.0)
    known = (network(x).argmax(1) == y).double().mean().item()
    score = scene.learn(network, still, x, y, epochs=3, batch=50, order=torch.Generator().manual_seed(0))
    assert score == pytest.approx(known)


def test_pooled_digits_are_standardised_and_learned_when_there_is_time():
    x = scene.pooled(60, seed=1)
    assert x.shape == (60, 49)
    assert x.mean().abs() < 1e-5 and x.square().mean().item() == pytest.approx(1, abs=1e-5)
    y = torch.randint(10, (60,), generator=torch.Generator().manual_seed(0))
    network, order = networks.mlp([49, 64, 10], "relu", scheme="he", seed=0), torch.Generator().manual_seed(0)
    update = torch.optim.Adam(network.parameters(), lr=0.01)
    scores = [scene.learn(network, update, x, y, epochs=10, batch=20, order=order) for _ in range(3)]
    assert scores == sorted(scores) and scores[-1] > 0.9


def test_either_end_is_the_mean_of_three_tasks():
    course = torch.arange(12, dtype=torch.float64).view(2, 6)
    assert scene.ends(course) == ([1, 7], [4, 10])


@pytest.mark.parametrize("by", ["first", "all"])
def test_the_table_of_falls_is_that_of_the_stored_rows(by):
    rows = results.load("plasticity", "runs")
    for said, rate, first, last, _ in scene.falls_table(scene.runs(), by).rows:
        name = next(name for name, shown in scene.FUNCTIONS.items() if shown == said)
        mine = [
            row["online"]
            for row in rows
            if (row["function"], row["optimizer"], row["control"]) == (name, "adam", "none")
            and f"{row['rate']:g}" == rate
        ]
        assert len(mine) == 10
        assert first == f"{sum(sum(of[:3]) / 3 for of in mine) / 10:.2f}"
        assert last == f"{sum(sum(of[-3:]) / 3 for of in mine) / 10:.2f}"


def test_what_diverged_is_nan_and_nothing_else_is():
    norm = scene.runs("norm", optimizer="sgd")
    for row in results.load("plasticity", "runs"):
        if row["optimizer"] == "sgd":
            mine = norm[row["function"], row["rate"]][row["seed"]]
            assert [value is None for value in row["norm"]] == mine.isnan().tolist()


def test_remedies_are_compared_at_one_rate_and_at_the_strength_that_was_chosen():
    found = scene.remedies()
    assert list(found) == list(scene.REMEDIES) and {course.shape for _, course in found.values()} == {(10, 16)}
    torch.testing.assert_close(found["none"][1], scene.runs()["relu", scene.chosen("relu")])
    best = {r["control"]: r["value"] for r in results.load("plasticity", "chosen") if r["what"] == "strength"}
    assert {name: found[name][0] for name in best} == best
    rows = {row[0]: row for row in scene.remedies_table(found).rows}
    gap = [b - a for a, b in zip(scene.ends(found["none"][1])[1], scene.ends(found["fresh"][1])[1], strict=True)]
    assert rows["a new network"][3].startswith(f"{sum(gap) / 10:+.2f}") and rows["none"][3] == "-"


def test_the_first_player_opens_on_relu_at_the_rate_of_its_first_task():
    player = scene.tasks_player(scene.runs())
    assert repr(player) == "player: function x rate, 16 frames"
    assert [knob.index for knob in player.children[0].children] == [0, 0]


# ---- bits -------------------------------------------------------------------------------------------------------


def test_rounding_by_hand():
    h = torch.tensor([-0.17, 0.0, 0.04, 12.7], dtype=torch.float64)
    assert scene.rounded(h).tolist() == pytest.approx([-0.2, 0.0, 0.0, 12.7])  # a step of 0.1
    assert scene.rounded(h, 8, 1.27).tolist() == pytest.approx([-0.17, 0.0, 0.04, 1.27])  # cut off at the end


def test_decibels_by_hand():
    h = torch.full((50,), 2.0)
    assert scene.decibels(h, h + 0.02) == pytest.approx(40, abs=1e-3)


@pytest.mark.parametrize("bits", [4, 8])
def test_theory_is_met_where_a_step_is_small_beside_what_varies(bits):
    h = torch.rand(200_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    h[::4] = 0
    h[1] = 1.0
    rms = h.square().mean().sqrt().item()
    nonzero = (h != 0).double().mean().item()
    found = scene.decibels(h, scene.rounded(h, bits))
    assert scene.expected_decibels(1 / rms, nonzero, bits) == pytest.approx(found, abs=0.1)


def test_half_the_range_or_a_further_bit_are_six_decibels():
    six = 20 * math.log10(2)
    assert scene.expected_decibels(3) - scene.expected_decibels(6) == pytest.approx(six)
    assert scene.expected_decibels(6, bits=12) - scene.expected_decibels(6, bits=11) == pytest.approx(six, abs=0.01)


@pytest.mark.parametrize(("peak", "bits"), [(1, 8), (5, 8), (25, 8), (5, 4), (1, 4)])
def test_levels_are_the_integers_that_gelu_reaches_below_0(peak, bits):
    z = torch.linspace(-8, 0, 100_001, dtype=torch.float64)
    found = scene.rounded(activations.get("gelu")(z), bits, peak).unique()
    assert scene.levels(peak, bits) == int((found < 0).sum())


def test_the_tables_have_the_stored_means():
    digits = scene.of_digits()
    for row in scene.decibels_table(digits).rows:
        for way, said in zip(scene.WAYS, row[3:], strict=True):
            mean, half = results.student([run[f"decibels_{way}"] for run in digits[row[0]]])
            assert said == f"{mean:.1f} ± {half:.1f}"
    dips = scene.dips()
    for (_, said), cosines in zip(scene.dips_table(dips).rows, dips.values(), strict=True):
        assert len(cosines) == 10 and float(said.split()[0]) == pytest.approx(sum(cosines) / 10, abs=1e-4)


def test_the_players_of_bits_open_where_there_is_most_to_see():
    player = scene.accuracy_player(scene.of_digits())
    assert repr(player) == "player: function x kind, 21 frames"
    assert [knob.index for knob in player.children[0].children] == [5, 0]  # silu, symmetric
    player = scene.grid_player([1, 25], [8, 4])
    assert repr(player) == "player: bits x peak, 4 frames"
    assert [knob.index for knob in player.children[0].children] == [0, 1]
