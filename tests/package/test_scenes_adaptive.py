"""What chapter 8c draws and computes: against sums by hand, simulated studies, and the stored tables read anew."""

import numpy as np
import pytest
import torch

from actlab import activations, networks, results
from actlab.scenes import adaptive as scene

pytestmark = pytest.mark.usefixtures("one_thread")


def test_what_hinges_add_is_the_unit_less_relu():
    a, b = [0.3, -0.4], [0.5, -1.0]
    z = torch.tensor(scene.GRID)
    wanted = activations.get("apl", a=a, b=b)(z) - z.clamp(min=0)
    np.testing.assert_allclose(scene.added(a, b), wanted, atol=1e-12)


def test_a_leak_is_found_again_and_carries_all_of_itself():
    left = np.minimum(0, scene.GRID)
    shapes = np.stack([0.4 * left, -1.5 * left, np.cos(scene.GRID)], 1)
    np.testing.assert_allclose(scene.nearest_leaks(shapes)[:2], [0.4, -1.5])
    share = scene.leak_share(shapes)
    np.testing.assert_allclose(share[:2], 1)
    assert 0 < share[2] < 0.5
    kept = shapes[:, 2] - scene.nearest_leaks(shapes)[2] * left
    assert abs(kept @ left) < 1e-9  # what is left over has no leak in it


def test_units_weigh_equally_and_layers_do_in_the_other_mean():
    rows = [r for r in results.load("adaptive", "shapes") if (r["arm"], r["epoch"]) == ("apl_5", 8)]
    units = {"conv1": 8, "conv2": 16, "conv3": 32, "hidden": 64}
    by_units = sum(row["sign_kept"] * units[row["layer"]] for row in rows) / (5 * sum(units.values()))
    assert scene.kept_sides() == pytest.approx((by_units, np.mean([row["sign_kept"] for row in rows])))


def test_sixteen_units_start_as_relus_or_do_not():
    assert scene.sixteen().shape == (121, 16)
    assert not scene.sixteen("a = 0", 0).any() and scene.sixteen("random", 0).any(0).all()


def test_an_interval_for_several_comparisons_is_students_at_a_smaller_level():
    off = scene.column("apl_5") - scene.column("relu")
    assert scene.apart("apl_5", "relu") == results.student(off)
    assert scene.apart("apl_5", "relu", comparisons=10) == results.student(off, level=0.995)
    assert scene.points(1.25, 1.0) == "+1.2 (0.2 to 2.2)"
    with pytest.raises(KeyError, match="no runs of 'tanh' in 'digits' at depth 3"):
        scene.column("tanh")


def test_pairs_and_what_they_could_see_are_in_points():
    assert scene.pairs_needed(1.5, 1.0) == results.pairs_needed(1 / 1.5) == scene.pairs_needed(3.0, 2.0)
    off = np.random.default_rng(1).normal(0, 2.0, 6)
    assert scene.seen(off) == pytest.approx(results.detectable(6) * off.std(ddof=1))
    assert scene.seen(3 * off) == pytest.approx(3 * scene.seen(off))


def test_parameters_counted_by_hand_are_those_of_the_network():
    small = {name: sum(p.numel() for p in networks.conv_net(name).parameters()) for name in ("relu", "prelu")}
    assert {name: scene.parameters(name) for name in small} == small
    assert scene.parameters("apl", 10) - scene.parameters("relu") == 2 * 10 * (96 + 128 + 256 + 2048 + 2048)


def test_a_leak_keeps_one_input_for_the_backward_pass():
    x = torch.randn(4, 3, 5, 5, requires_grad=True)
    assert scene.kept(lambda z: z.clamp(min=0), x) == 1
    assert scene.kept(lambda z: z.clamp(min=0) + (1 - z).clamp(min=0), x) == 2


def test_published_pairs_share_no_error_at_the_worst():
    images, p = scene.images_alone()
    assert images == 8065 - 7598 and p == results.mcnemar(10_000 - 8065, 10_000 - 7598)
    assert p > results.mcnemar(1000 - 0, 1000 + 467)  # fewer pairs that differ make the same gap rarer


def test_leads_are_paired_over_the_draws_that_both_have():
    first, second = (
        {row["seed"]: row["test_accuracy"] for row in results.load("matched", "runs") if row["arm"] == arm}
        for arm in ("apl_zero", "relu")
    )
    both = sorted(first.keys() & second.keys())
    assert len(both) == scene.shared()
    np.testing.assert_allclose(scene.lead("apl_zero", "relu"), [100 * (first[s] - second[s]) for s in both])
    assert len(scene.lead("apl_zero", "leak_zero")) > len(both)
    assert not scene.ends_of_grids()
    with pytest.raises(KeyError, match="no arm 'gelu'"):
        scene.matched("gelu")


def test_narrower_and_deeper_are_differences_draw_by_draw():
    gap = scene.leads("leaky_relu", 3) - scene.leads("leaky_relu", 5)
    assert scene.narrower("leaky_relu", 3, 5) == results.student(gap)
    gain = scene.column("relu", study="depth", depth=7) - scene.column("relu", study="depth", depth=5)
    assert scene.deeper("relu", 5, 7, comparisons=6) == results.student(gain, level=1 - 0.05 / 6)


def test_players_say_what_they_show():
    player = scene.units_player()
    assert "10 frames" in repr(player)
    assert "27 frames" in repr(scene.hinge_player())
