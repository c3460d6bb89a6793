"""What chapter 8d draws and computes: tables of answers by counting, intervals by mpmath, a shift by hooks."""

import importlib.util

import mpmath
import numpy as np
import pytest
import torch

from actlab import activations, networks, results, train
from actlab.networks import _text
from actlab.scenes import transformers as scene

pytestmark = pytest.mark.usefixtures("one_thread")
needs_weights = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None or importlib.util.find_spec(_text.PACKAGE) is None,
    reason="needs the extra transformers",
)


# ---- the published tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rare, often", [(149, 657), (0, 708), (292, 0), (48, 635)])
def test_the_table_of_answers_that_was_scored_is_found(rare, often):
    answers = torch.tensor([[rare, 292 - rare], [708 - often, often]])
    f1 = round(float(train.weighted_f1(answers)), 4)
    assert (rare, often) in scene.matrices((rare + often) / 1000, f1, 708)


def test_other_scores_have_no_table():
    assert scene.matrices(0.708, 0.9, 708) == []


def test_correlations_are_those_of_the_answers_themselves():
    for row in scene.matrices_table("CoLA").rows:
        rare, often = (int(str(cell).split()[0]) for cell in row[1:3])
        labels = np.repeat([0, 1], [292, 708])
        answers = np.concatenate([np.repeat([0, 1], [rare, 292 - rare]), np.repeat([1, 0], [often, 708 - often])])
        assert f"{np.corrcoef(labels, answers)[0, 1]:.2f}" == row[3]
        assert int(row[4]) == rare + often - 708


# ---- stored runs ------------------------------------------------------------------------------------------------


def interval(a, b, level):
    off, n = np.subtract(a, b), len(a)

    def above(t):  # how likely Student's t is larger, by the incomplete beta function
        return mpmath.betainc((n - 1) / 2, 0.5, 0, (n - 1) / (n - 1 + t**2), regularized=True) / 2

    t = float(mpmath.findroot(lambda t: above(t) - (1 - level) / 2, 3))
    half = t * np.std(off, ddof=1) / np.sqrt(n)
    return off.mean() - half, off.mean() + half


@pytest.mark.parametrize("comparisons", [1, 10])
def test_differences_have_the_interval_of_other_formulas(comparisons):
    a, b = np.array(scene.runs("gelu")), np.array(scene.runs("silu"))
    low, high = interval(a, b, 1 - 0.05 / comparisons)
    mean, half = scene.ahead(a, b, comparisons=comparisons)
    assert (mean - half, mean + half) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_a_run_learned_only_beyond_two_standard_errors():
    settings = {"as it is": {}, "longer": {"updates": 256}}
    for how in settings.values():
        for name in ("tanh", "gelu", "elu"):
            rates = zip(scene.runs(name, **how), scene.runs(name, "majority", **how), strict=True)
            assert scene.learned(name, **how) == sum((a - p) / np.sqrt(p * (1 - p) / 600) > 2 for a, p in rates)


@pytest.mark.parametrize(("name", "what", "start"), [("tanh", "none", "pretrained"), ("elu", "both", "calibrated")])
def test_parts_that_the_study_has_are_its_runs_and_those_of_further_seeds(name, what, start):
    rows = [r for r in results.load("swap_parts", "runs") if (r["activation"], r["part"]) == (name, what)]
    found = scene.part(name, what)
    assert [found.accuracy[seed] for seed in range(5)] == scene.runs(name, start=start)
    assert [found.majority[seed] for seed in range(5)] == scene.runs(name, "majority", start=start)
    assert list(found.accuracy.values())[5:] == [row["accuracy"] for row in rows]
    assert list(found.accuracy) == list(range(5 + len(rows)))


@pytest.mark.parametrize(("what", "names"), [("units", scene.FAIL), ("both", scene.FAIL), ("factor", ["gelu"])])
def test_an_adjustment_is_judged_draw_by_draw(what, names):
    adjusted, plain = ([scene.part(name, of).accuracy for name in names] for of in (what, "none"))
    seeds = [seed for seed in plain[0] if seed in adjusted[0]]
    a, b = (np.array([[of[seed] for seed in seeds] for of in both]).mean(axis=0) for both in (adjusted, plain))
    low, high = interval(100 * a, 100 * b, 1 - 0.05 / 6)
    found = scene.changed(what, names)
    assert (found.low, found.high, found.n) == (pytest.approx(low), pytest.approx(high), len(seeds))


def test_findings_count_the_stored_runs():
    def won(names, **how):
        wanted = {"start": "pretrained", "trained": "all", "rate": 5e-5, "warmup": 0, "updates": 64} | how
        rows = [row for row in results.load("transformers", "swaps") if row["activation"] in names]
        a, p = np.array([(r["accuracy"], r["majority"]) for r in rows if all(r[k] == v for k, v in wanted.items())]).T
        return np.sum((a - p) / np.sqrt(p * (1 - p) / 600) > 2), len(a)

    found = {row[0]: row[1:] for row in scene.findings_table().rows}
    fails = ("tanh", "elu", "sigmoid")
    said = ("{} of {} learn".format(*won(fails)), "time: {} of {} later".format(*won(fails, updates=256)))
    assert found["tanh, ELU, sigmoid constant"] == said
    five = ("silu", "relu_squared", "penalized_tanh", "glu", "swiglu")
    assert found["5 more constant"][0] == "{} of {} learn".format(*won(five))
    rates = np.sum([won(fails, rate=rate, warmup=6) for rate in (1e-5, 5e-5, 2e-4, 5e-4)], axis=0)
    assert found["no other rate was tried"][0] == "{} of {} learn".format(*rates)


def test_losses_from_scratch_are_compared_with_those_of_the_same_seed():
    loss = scene.scratch()
    low, high = interval(loss["relu"], loss["silu"], 0.95)
    mean, half = map(float, scene.gap(loss, "relu", "silu").split(" ± "))
    assert (mean - half, mean + half) == (pytest.approx(low, abs=1.1e-3), pytest.approx(high, abs=1.1e-3))


# ---- a look inside ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base():
    return networks.pretrained()


@pytest.fixture(scope="module")
def ids(base):
    return scene.sentences(base, 12)


@needs_weights
def test_a_shift_moves_what_comes_out_of_the_function(base, ids):
    offsets = [torch.linspace(-1, 1, 1536) * i for i in range(6)]
    shifted = scene.shifted(base, "tanh", offsets)
    by_hand = scene.swapped(base, "tanh")
    for block, offset in zip(by_hand.body.encoder.layer, offsets, strict=True):
        block.intermediate.intermediate_act_fn.register_forward_hook(lambda layer, x, y, offset=offset: y + offset)
    with torch.no_grad():
        torch.testing.assert_close(shifted(ids), by_hand(ids), rtol=1e-3, atol=1e-5)


@needs_weights
def test_lengths_are_those_of_what_is_added(base, ids):
    seen = []
    hook = base.body.encoder.layer[0].output.dense.register_forward_hook(lambda layer, x, y: seen.append(y))
    with torch.no_grad():
        base.features(ids)
    hook.remove()
    added, there = seen[0].norm(dim=2), ids != 0
    there[:, 0] = False
    assert scene.lengths(base, ids) == (
        pytest.approx(added[:, 0].mean().item(), rel=1e-4),
        pytest.approx(added[there].mean().item(), rel=1e-4),
    )


@needs_weights
def test_what_is_common_is_one_for_a_constant(base, ids):
    network = scene.swapped(base, "tanh")
    for block in network.body.encoder.layer:
        torch.nn.init.zeros_(block.intermediate.dense.weight)  # the same values for every piece
    assert scene.look(network, ids).common == pytest.approx(1, abs=1e-5)
    assert scene.look(base, ids).common < 0.3


@needs_weights
def test_values_are_those_of_the_catalog(base, ids):
    below, table = scene.values_table(base, ids, ["relu"])
    z = torch.cat([part.flatten() for part in networks.inside(base, ids).z])
    ((name, mean, deviation),) = table.rows
    values = activations.get("relu")(z)
    assert below == pytest.approx((z < 0).double().mean().item())
    assert (name, mean, deviation) == ("relu", f"{values.mean():.2f}", f"{values.std():.2f}")


@needs_weights
def test_the_players_say_what_they_show(base, ids):
    fan = scene.fan_player(base, ids, ["gelu", "tanh"], [0, 6])
    assert "2 x 2" in repr(fan) or "4 frames" in repr(fan)
    fitted = scene.fitted_player(base, ids, lambda values, wanted: (1.0, 0.0), ["tanh"])
    assert "6 frames" in repr(fitted)
    with pytest.raises(KeyError):
        scene.fan_player(base, ids, ["tahn"], [0])


def test_a_recipe_is_held_against_the_usual_one_seed_by_seed():
    stats = pytest.importorskip("scipy.stats")
    usual, others = scene.rated(), [scene.rated(of) for of in ("adamw-cosine", "adam-constant")]
    rows = {row[0]: row[-2:] for row in scene.recipes_table().rows}
    assert set(rows) == set(usual) and all(set(other) == set(usual) for other in others)
    for name, cells in rows.items():
        for cell, other in zip(cells, others, strict=True):
            pairs = np.array(other[name]) - np.array(usual[name])
            half = stats.t.ppf(1 - 0.025 / 14, len(pairs) - 1) * pairs.std(ddof=1) / len(pairs) ** 0.5
            mean, said = (float(part) for part in cell.split(" ± "))
            assert (mean, said) == (pytest.approx(pairs.mean(), abs=6e-4), pytest.approx(half, abs=6e-4))
