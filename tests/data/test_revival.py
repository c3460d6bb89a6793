"""The stored revivals: the tables are whole, rows come out again, and each formula meets what was measured."""

import math

import pytest
import torch
from recipes import recipe_of

from actlab import results

pytestmark = pytest.mark.usefixtures("one_thread")
TABLES = pytest.mark.parametrize("table", ["placed", "trained"])


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("revival")


@pytest.fixture(scope="module")
def rows():
    return {table: results.load("revival", table) for table in ("placed", "trained")}


def pick(rows, **wanted):
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def setting_of(row):
    return row["optimizer"], row["rate"], row["decay"], row["biases_decay"]


# ---- the tables -------------------------------------------------------------------------------------------------


def test_every_setting_and_draw_is_stored_once(recipe, rows):
    placed = [(setting_of(row), row["seed"]) for row in rows["placed"]]
    assert placed == [(setting, seed) for setting in recipe.PLACED for seed in recipe.SEEDS]
    trained = [(setting_of(row), row["seed"], row["layer"]) for row in rows["trained"]]
    assert trained == [
        (setting, seed, layer) for setting in recipe.TRAINED for seed in recipe.SEEDS for layer in (1, 2)
    ]


@TABLES
def test_counts_make_sense(rows, table):
    for row in rows[table]:
        assert 0 <= row["back_10"] <= row["back_100"] <= row["back"] <= row["units"]
        assert 0 <= row["awake"] <= row["back"]
        assert (row["back"] == 0) == (row["soonest"] is None) == (row["latest"] is None)
        if row["back"]:
            assert 1 <= row["soonest"] <= row["latest"]
            assert (row["soonest"] <= 10) == (row["back_10"] > 0)
            assert (row["latest"] <= 100) == (row["back_100"] == row["back"])


def test_rows_come_out_again(recipe, rows):
    setting = ("adam", 0.1, 0.1, "yes")
    stored = pick(rows["placed"], optimizer="adam", rate=0.1, decay=0.1, biases_decay="yes")[:2]
    for row, again in zip(stored, recipe.placed_rows(setting, seeds=range(2)), strict=True):
        assert list(again) == list(row)
        assert again["back"] == pytest.approx(row["back"], abs=2)
        assert again["back_100"] == pytest.approx(row["back_100"], abs=2)
    setting = ("sgd", 1.0, 0.0, "no")
    stored = pick(rows["trained"], optimizer="sgd", rate=1.0, decay=0.0)[:4]
    for row, again in zip(stored, recipe.trained_rows(setting, seeds=range(2)), strict=True):
        assert list(again) == list(row)
        assert again["units"] == pytest.approx(row["units"], abs=2)
        assert again["accuracy"] == pytest.approx(row["accuracy"], abs=0.02)


def test_a_placed_unit_is_below_0_at_every_point_and_decay_is_all_that_moves_it(recipe):
    x = recipe.points([5])[0]
    weights, biases = recipe.place(x, [5])
    assert ((x @ weights + biases) <= 0).all()
    for name in recipe.RATES:
        assert not recipe.placed((name, recipe.RATES[name][-1], 0.0, "no"), seeds=[5], steps=20).any()


def test_first_falls_and_waits_are_read_off_by_hand(recipe):
    # born dead; falls at step 2 and answers at 4; falls at 3 and stays; never falls; falls after the count is over
    courses = [
        [0, 1, 1, 1, 1],
        [0, 1, 1, 1, 1],
        [1, 0, 1, 1, 1],
        [1, 0, 0, 1, 1],
        [1, 1, 0, 1, 1],
        [1, 0, 0, 1, 0],
        [1, 1, 0, 1, 1],
        [1, 1, 0, 1, 1],
    ]
    fell, lasted = recipe.waits(torch.tensor(courses, dtype=torch.bool)[:, None, None, :], live=3, wait=4)
    assert fell.flatten().tolist() == [0, 2, 3, -1, -1]
    assert lasted.flatten().tolist()[:3] == [2, 2, 5]


def test_networks_side_by_side_are_those_that_plain_torch_trains(recipe):
    setting = ("momentum", 0.3, 0.01, "no")
    together, right = recipe.trained(setting, seeds=[2, 3], starts=2, steps=30)
    weights, biases = recipe.start([2, 3], 2)
    net = 3  # the second start of the second draw
    layers = [torch.nn.Linear(*shape, dtype=torch.float64) for shape in ((2, 16), (16, 16), (16, 1))]
    for layer, weight, bias in zip(layers, weights, biases, strict=True):
        layer.weight.data, layer.bias.data = weight[net].T.clone(), bias[net, 0].clone()
    network = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])
    task = recipe.data.disk(recipe.POINTS, test=2000, seed=3, dtype=torch.float64)
    groups = [
        {"params": [layer.weight for layer in layers], "weight_decay": 0.01},
        {"params": [layer.bias for layer in layers], "weight_decay": 0.0},
    ]
    update = torch.optim.SGD(groups, lr=0.3, momentum=0.9)
    for step in range(31):
        for layer, position in enumerate((2, 4)):
            alone = (network[:position](task.train_x) > 0).any(dim=0)
            assert torch.equal(together[step, layer, net], alone)
        if step < 30:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(network(task.train_x)[:, 0], task.train_y)
            update.zero_grad()
            loss.backward()
            update.step()
    accuracy = ((network(task.test_x)[:, 0] > 0) == (task.test_y == 1)).double().mean()
    assert right[net].item() == pytest.approx(accuracy.item(), abs=0.001)


# ---- why: the formulas of the README ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_a_common_factor_wakes_nobody(rows, name):
    decayed = [row for row in pick(rows["placed"], optimizer=name) if row["decay"] and row["biases_decay"] == "yes"]
    assert sum(row["units"] for row in decayed) >= 2000
    assert all(0 < 1 - row["rate"] * row["decay"] < 1 and row["back"] == 0 for row in decayed)


def first_crossing(rate, decay, momentum=0.9):
    """After how many steps the common factor of rule 2 is below 0, or None; by solving the recurrence.

    c_t = momentum^(t/2) (cos(u t) + k sin(u t)) with c_0 = 1 and c_1 = 1 - rate x decay.
    """
    pull = rate * decay
    if pull <= (1 - math.sqrt(momentum)) ** 2:
        return None
    u = math.acos((1 + momentum - pull) / (2 * math.sqrt(momentum)))
    k = ((1 - pull) / math.sqrt(momentum) - math.cos(u)) / math.sin(u)
    return math.ceil((math.pi / 2 + math.atan(k)) / u)


def test_momentum_wakes_all_in_one_step_just_where_it_is_underdamped(rows):
    seen = set()
    for row in pick(rows["placed"], optimizer="momentum", biases_decay="yes"):
        expected = first_crossing(row["rate"], row["decay"])
        seen.add(expected is None)
        if expected is None:
            assert row["back"] == 0
        else:
            assert row["back"] == row["units"] and row["soonest"] == row["latest"] == expected
    assert seen == {True, False}, "settings on both sides of the threshold"


def test_a_bias_without_decay_keeps_a_unit_asleep_unless_momentum_throws_it_over(recipe, rows):
    exempt = [row for row in rows["placed"] if row["decay"] and row["biases_decay"] == "no"]
    for row in exempt:
        if row["optimizer"] in ("sgd", "adamw"):
            assert row["back"] == 0
    for seed in (0, 7):  # momentum: z = c w x + b with the factor c of the weights alone
        x = recipe.points([seed])[0]
        weights, biases = recipe.place(x, [seed])
        for row in pick(exempt, optimizer="momentum", seed=seed):
            factor, before, lowest = 1.0, 1.0, 1.0
            for _ in range(recipe.STEPS):
                factor, before = 1.9 * factor - 0.9 * before - row["rate"] * row["decay"] * factor, factor
                lowest = min(lowest, factor)
            woken = ((lowest * (x @ weights)).amax(dim=1) > -biases[:, 0]).sum()
            assert row["back"] == woken


def test_a_walk_at_one_pace_that_stops_at_0_would_wake_nobody(recipe):
    seeds = list(recipe.SEEDS)
    x = recipe.points(seeds)[0]
    weights, biases = recipe.place(x, seeds)
    parameters = torch.cat([weights, biases], dim=1)
    for way in torch.linspace(0, 5, 101, dtype=torch.float64):
        walked = parameters.sign() * (parameters.abs() - way).clamp(min=0)
        assert not (x @ walked[:, :2] + walked[:, 2:] > 0).any()


def test_division_by_size_wakes_all_most_of_them_by_a_weight_beyond_0(recipe, rows):
    for name in ("adam", "rmsprop"):
        for row in pick(rows["placed"], optimizer=name, biases_decay="yes"):
            assert row["back"] == row["units"]
    x = recipe.points([0])[0]
    weights, biases = (part.requires_grad_() for part in recipe.place(x, [0]))
    signs = weights.detach()[0].sign()
    update = recipe.optimizer("adam", [weights], [biases], 0.1, 0.1, "yes")
    first = torch.zeros(recipe.UNITS, dtype=torch.bool)
    swung = 0
    for _ in range(300):
        for part in (weights, biases):
            part.grad = torch.zeros_like(part)
        update.step()
        with torch.no_grad():
            new = (torch.baddbmm(biases, x, weights).amax(dim=1)[0] > 0) & ~first
            assert (biases[0, 0, new] <= 0).all()  # the bias is on its way still
            swung += int((new & (weights[0].sign() != signs).any(dim=0)).sum())
        first |= new
    assert first.all() and swung > recipe.UNITS / 2  # most by a weight that has passed 0


def test_adam_and_rmsprop_do_not_ask_how_large_the_decay_is(rows):
    for name in ("adam", "rmsprop"):
        for rate in {row["rate"] for row in pick(rows["placed"], optimizer=name)}:
            small, large = (
                sum(row["back_100"] for row in pick(rows["placed"], optimizer=name, rate=rate, decay=decay))
                for decay in (0.01, 0.1)
            )
            assert small == pytest.approx(large, rel=0.02)


def coast(gradients, beta1=0.9, beta2=0.999, rest=2000):
    """How far torch's Adam goes after the last of these gradients, in units of the rate."""
    place = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    update = torch.optim.Adam([place], lr=1.0, betas=(beta1, beta2), eps=0)
    for gradient in gradients:
        place.grad = torch.full_like(place, gradient)
        update.step()
    stopped = place.item()
    for _ in range(rest):
        place.grad = torch.zeros_like(place)
        update.step()
    return stopped - place.item()


def test_adam_coasts_nine_rates_after_a_long_history_and_three_times_as_far_after_a_late_spike():
    shrink = 0.9 / math.sqrt(0.999)
    assert coast([1.0] * 10_000) == pytest.approx(shrink / (1 - shrink), rel=1e-3)
    assert shrink / (1 - shrink) == pytest.approx(9.05, abs=0.005)
    # a spike after a long calm: a tenth of it over the root of a thousandth of its square
    assert coast([1e-9] * 10_000 + [1.0]) == pytest.approx(0.1 / math.sqrt(0.001) * 9.05, rel=1e-3)

    def after(steps):  # bias correction in: m / (1 - 0.9^t) over the root of v / (1 - 0.999^t), t steps in all
        m, v, way = 1 - 0.9**steps, 1 - 0.999**steps, 0.0
        for t in range(steps + 1, steps + 2001):
            m, v = 0.9 * m, 0.999 * v
            way += m / (1 - 0.9**t) / math.sqrt(v / (1 - 0.999**t))
        return way

    for steps, rates in ((1, 5.0), (20, 10.2)):
        assert coast([1.0] * steps) == pytest.approx(after(steps), rel=1e-6)
        assert after(steps) == pytest.approx(rates, abs=0.1)


def test_without_decay_only_a_memory_of_direction_brings_first_layer_units_back(rows):
    back = {}
    for name in ("sgd", "rmsprop", "momentum", "adam", "adamw"):
        chosen = pick(rows["trained"], optimizer=name, decay=0.0, layer=1)
        assert sum(row["units"] for row in chosen) > 20
        back[name] = sum(row["back"] for row in chosen)
    assert back["sgd"] == back["rmsprop"] == 0
    assert min(back["momentum"], back["adam"], back["adamw"]) > 0


def test_adams_waits_end_when_its_coasting_does(rows):
    for name in ("adam", "adamw"):
        chosen = pick(rows["trained"], optimizer=name, decay=0.0, layer=1)
        assert sum(row["back_100"] for row in chosen) > 0.99 * sum(row["back"] for row in chosen)


def test_in_the_second_layer_units_come_back_under_every_optimiser(rows):
    for name in ("sgd", "rmsprop", "momentum", "adam", "adamw"):
        chosen = pick(rows["trained"], optimizer=name, decay=0.0, layer=2)
        assert sum(row["back"] for row in chosen) > 10
