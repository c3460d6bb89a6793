"""What chapter 2 draws and computes: against autograd, torch's layers and optimisers, and cases worked by hand."""

import json
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from actlab import data, theory
from actlab.scenes import _carried
from actlab.scenes import sigmoid as scene
from actlab.scenes.sigmoid import _lab, _zigzag

F64 = torch.float64


def said(player):
    return json.dumps([child.value for child in player.children[1].children])


# ---- the carried network ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def task():
    return _carried.digits(200, test=50)


def test_the_factor_of_the_output_weights_changes_nothing_else():
    usual, large = _carried.network(seed=3), _carried.network(seed=3, output=10)
    assert torch.equal(usual[0].weight, large[0].weight) and torch.equal(usual[2].weight, large[2].weight)
    torch.testing.assert_close(10 * usual[-1].weight, large[-1].weight)
    assert usual[0].weight.std().item() == pytest.approx(1 / 28, rel=0.02)


def test_the_first_loss_of_a_fair_guess_is_the_logarithm_of_the_classes(task):
    assert _carried.first_loss(_carried.network(output=0), task) == pytest.approx(math.log(10), rel=1e-6)
    net = _carried.network(seed=1)
    assert _carried.first_loss(net, task) == pytest.approx(
        cross_entropy(net(task.train_x), task.train_y).item(), rel=1e-5
    )


def test_units_that_begin_alike_stay_alike_and_others_do_not(task):
    for value in (0.0, 0.3):
        net = _carried.alike(_carried.network(seed=1), value)
        assert net[0].weight.eq(value / 28).all() and net[4].weight.eq(value / 10).all()
        _carried.learn(net, task, steps=5, rate=0.01)
        assert _carried.different(net[0]) == _carried.different(net[2]) == 1
        assert net[-1].weight.std() > 0  # it did learn
    net = _carried.network(seed=1, output=0)
    _carried.learn(net, task, steps=5, rate=0.01)
    assert _carried.different(net[0]) == 100


def test_units_are_counted_by_weights_and_bias():
    layer = nn.Linear(2, 4)
    layer.weight.data = torch.tensor([[1.0, 0.0], [1.0, 0.001], [1.0, 0.5], [1.0, 0.0]])
    layer.bias.data = torch.tensor([0.0, 0.0, 0.0, 1.0])
    assert _carried.different(layer) == 3


def test_learning_is_adams_on_the_same_batches(task):
    nets = [_carried.network(seed=2) for _ in range(2)]
    losses = _carried.learn(nets[0], task, steps=3, batch=8, rate=0.01, seed=5)
    assert losses == pytest.approx(_carried.learn(nets[1], task, steps=3, batch=8, rate=0.01, seed=5))
    other = _carried.learn(_carried.network(seed=2), task, steps=3, batch=8, rate=0.01, seed=6)
    assert losses != pytest.approx(other)
    assert len(losses) == 3 and losses[0] == pytest.approx(math.log(10), abs=0.7)


def test_the_four_starts_are_told_as_they_are():
    found = scene.by_start([4], steps=2)
    assert [runs[0]["units"] for runs in found.values()] == [100, 100, 100, 1]
    first = {name: runs[0]["first"] for name, runs in found.items()}
    assert first["all weights 0"] == pytest.approx(math.log(10)) == first["output weights 0"]
    assert first["output weights x 10"] > first["drawn"] > math.log(10)
    table = scene.start_table(found)
    assert table.rows[0][1] == f"{first['drawn']:.2f}" and table.rows[3][2] == "1"
    figure = scene.start_figure(scene.by_start([4], steps=12), window=5)
    assert len(figure.axes[0].lines) == 5 and len(figure.axes[0].lines[0].get_xdata()) == 2


# ---- depth ------------------------------------------------------------------------------------------------------


def test_delta_by_gain_is_autograds():
    found = scene.by_gain([1, 10], seeds=[7], depth=4)
    a, weights, out = scene._network.draws(7, depth=4)
    for gain, powers in found.items():
        layers = [nn.Linear(256, 256, bias=False, dtype=F64) for _ in weights]
        signal, z = a, []
        for layer, W in zip(layers, weights, strict=True):
            layer.weight.data = gain * W.T
            z.append(layer(signal))
            signal = z[-1].sigmoid()
        sizes = torch.stack([g.norm() for g in torch.autograd.grad((signal * out).sum(), z)])
        torch.testing.assert_close(powers[0], (sizes / sizes[-1]).log10())
    assert "gain 10: " in said(scene.depth_player(found))


def test_normalised_layers_are_torchs_own():
    found = scene.normalised([8], seeds=[3], depth=3, width=16)
    a, weights, out = scene._network.draws(3, depth=3, width=16, batch=8)
    signal, z = a.requires_grad_(), []
    for W in weights:
        z.append(nn.BatchNorm1d(16, dtype=F64)(signal @ W))
        signal = z[-1].sigmoid()
    first, last = torch.autograd.grad((signal * out).sum(), [z[0], z[-1]])
    assert found[8] == pytest.approx([(first.norm() / last.norm()).log10().item()])


def test_the_digits_are_those_of_every_chapter():
    found = scene.digits([1, 10], [1, 3])
    assert found[10]["delta"][3].shape == (256, 256)
    ten, one = (found[gain]["pre-activation"][1] for gain in (10, 1))
    torch.testing.assert_close(ten, 10 * one, rtol=1e-4, atol=1e-4)  # the same weights and digits
    assert not torch.allclose(found[10]["output"][1], found[1]["output"][1])
    assert "gain 10" in said(scene.digits_player(found))


# ---- the valley -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 2, 10])
@pytest.mark.parametrize("name", ["sigmoid", "sigmoid - 1/2", "tanh"])
def test_curvatures_are_the_eigenvalues_of_the_whole_matrix(width, name):
    mean, variance = scene.outputs()[name]
    inputs = np.full((width + 1, width + 1), mean**2) + variance * np.eye(width + 1)
    inputs[-1], inputs[:, -1], inputs[-1, -1] = mean, mean, 1
    curvature, many = scene.curvatures(width, mean, variance)
    assert np.sort(np.repeat(curvature, many)) == pytest.approx(np.linalg.eigvalsh(inputs))


def test_the_fewest_steps_are_those_of_a_walk_and_no_other_rate_needs_fewer():
    mean, variance = scene.outputs()["sigmoid"]
    curvature, many = scene.curvatures(10, mean, variance)
    all_of_them = np.repeat(curvature, many)

    def walk(rate):
        error, steps = np.ones(11), 0  # squared errors are 1 each on average
        while (all_of_them * error**2).sum() > 0.01 * all_of_them.sum() and steps < 500:
            error, steps = error * (1 - rate * all_of_them), steps + 1
        return steps

    steps, rate = scene.fewest(10, mean, variance)
    assert walk(rate) == steps
    assert min(walk(other) for other in np.linspace(0.1, 2.2, 200) / curvature.max()) >= steps


def test_the_path_is_descents_in_all_directions():
    mean, variance = scene.outputs()["sigmoid"]
    path = scene.descend(3, mean, variance, (1.0, 0.5))
    rate = scene.fewest(3, mean, variance)[1]
    whole = np.full((4, 4), mean**2) + variance * np.eye(4)
    whole[-1], whole[:, -1], whole[-1, -1] = mean, mean, 1
    error = np.array([3**-0.5] * 3 + [0.5])
    for place in path:
        assert place == pytest.approx([error[:3].sum() / 3**0.5, error[3]])
        error = error - rate * whole @ error
    assert len(scene.zigzag_figure().axes) == 3
    assert np.linalg.eigvalsh(_zigzag.plane(3, mean, variance))[-1] == pytest.approx(np.linalg.eigvalsh(whole)[-1])


# ---- the curve, the output --------------------------------------------------------------------------------------


def test_examples_are_spread_like_a_standard_normal():
    at = scene.examples(1001)
    assert at.median().abs() < 1e-12 and at.std().item() == pytest.approx(1, abs=0.01)
    assert "Of 25 examples, spread like a standard normal, 3 lie" in said(scene.sharpen([1, 50], first=50))


def test_a_format_calls_the_value_one_where_half_a_spacing_is_left():
    for dtype, bits in ((torch.float32, 24), (torch.float64, 53)):
        one = torch.tensor(scene.first_one(dtype), dtype=dtype)
        assert 1 / (1 + torch.exp(-one)) == 1 and 1 / (1 + torch.exp(-one * 0.999)) < 1
        assert one.item() == pytest.approx(bits * math.log(2), rel=1e-3)
    assert [row[2] for row in scene.formats().rows] == ["0"] * 3


@pytest.mark.parametrize("squared", [False, True])
def test_recovery_is_torchs_descent(squared):
    path = scene.recover(-3, squared=squared)
    z = torch.tensor(-3.0, dtype=F64, requires_grad=True)
    for place in path[:20]:
        assert z.item() == pytest.approx(place)
        z.grad = None
        a = z.sigmoid()
        (0.5 * (a - 1) ** 2 if squared else -a.log()).backward()
        z.data -= z.grad
    assert path[-2] < math.log(9) <= path[-1]


def test_the_rule_is_given_a_column_of_ones():
    asked = []
    table = scene.perceptrons(lambda inputs, labels, sweeps: asked.append((inputs, labels)) or None, sweeps=7)
    assert [row[1] for row in table.rows] == ["still correcting after 7 sweeps"] * 3
    assert all(inputs[:, 2].eq(1).all() for inputs, _ in asked)
    assert [labels.sum().item() for _, labels in asked] == [3, 1, 2]


def test_promises_agree_with_the_integral():
    said_, happened, loss = scene.promises([1], n=50_000)[1]
    assert said_ == pytest.approx(happened, abs=0.01)
    exact = theory.expectation(
        lambda z: (
            -torch.sigmoid(2 * z) * torch.nn.functional.logsigmoid(2 * z)
            - torch.sigmoid(-2 * z) * torch.nn.functional.logsigmoid(-2 * z)
        )
    )
    assert loss == pytest.approx(exact, abs=0.01)


def test_the_curve_of_a_unit_is_what_happens_to_its_promises():
    generator = torch.Generator().manual_seed(5)
    t = torch.randn(200_000, generator=generator, dtype=F64)
    y = torch.rand(len(t), generator=generator, dtype=F64) < torch.sigmoid(t)
    for line, k in zip(scene.promises_figure((0.5, 1, 3)).axes[0].get_lines(), (0.5, 1, 3), strict=True):
        said = torch.sigmoid(k * t)
        for low in (0.25, 0.5, 0.7):
            near = (said > low) & (said < low + 0.1)
            drawn = np.interp(said[near].numpy(), *line.get_data()).mean()
            assert y[near].double().mean().item() == pytest.approx(drawn, abs=0.02)


# ---- the lab, the disk ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["sigmoid", "sigmoid - 1/2", "tanh", "1 + tanh"])
@pytest.mark.parametrize("squared", [False, True])
def test_the_lab_trains_as_torch_does(function, squared):
    f = {
        "sigmoid": torch.sigmoid,
        "sigmoid - 1/2": lambda z: torch.sigmoid(z) - 0.5,
        "tanh": torch.tanh,
        "1 + tanh": lambda z: 1 + torch.tanh(z),
    }[function]
    x, y = (part.double() for part in data.xor()[:2])
    right = 0
    for seed in (3, 4):
        rng = np.random.default_rng(seed)
        W1, W2 = (torch.tensor(rng.standard_normal(shape)).requires_grad_() for shape in ((2, 4), (4, 1)))
        b1, b2 = torch.zeros(1, 4, dtype=F64, requires_grad=True), torch.zeros(1, 1, dtype=F64, requires_grad=True)
        update = torch.optim.SGD([W1, b1, W2, b2], lr=1.5)
        for _ in range(300):
            logit = (f(x @ W1 + b1) @ W2 + b2)[:, 0]
            loss = ((logit.sigmoid() - y) ** 2).mean() / 2 if squared else binary_cross_entropy_with_logits(logit, y)
            update.zero_grad()
            loss.backward()
            update.step()
        right += int((((f(x @ W1 + b1) @ W2 + b2)[:, 0] > 0) == (y == 1)).all())
    found = scene.lab([(function, squared, 1.5)], [1.0], seeds=(3, 4), steps=300)
    assert found == {(function, squared, 1.5, 1.0): right}


def test_arms_do_not_mix_and_the_table_has_one_row_each():
    arms = [("sigmoid", True, 0.5), ("tanh", False, 2.0)]
    both = scene.lab(arms, (1.0, 0.1), seeds=range(4), steps=400)
    alone = scene.lab(arms[1:], (0.1,), seeds=range(4), steps=400)
    assert both["tanh", False, 2.0, 0.1] == alone["tanh", False, 2.0, 0.1]
    assert len(set(both.values())) > 1  # they could differ
    table = scene.lab_table(both, runs=4)
    assert table.rows[1][:3] == ("tanh", "BCE", "2") and table.rows[0][3].endswith(" of 4")
    assert _lab.SEEDS[-1] == 42 and len(_lab.SEEDS) == 31


def test_the_disk_has_a_number_for_each_draw():
    losses = scene.disk("test_loss")
    assert [values.shape for values in losses.values()] == [(20,), (20,)]
    lower = int((losses["sigmoid"] < losses["relu"]).sum())
    assert scene.disk_table().rows[2][-1] == f"{lower} of 20"
    dots = scene.disk_figure(losses).axes[0].lines[0].get_xdata()
    assert dots == pytest.approx(losses["sigmoid"])
