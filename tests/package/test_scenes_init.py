"""What chapter 7 and the pages below it compute: against autograd, torch's layers, and cases worked by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from actlab import activations, data, diagnostics, networks, results, theory
from actlab.scenes import init as scene
from actlab.scenes.init import _resets

F64 = torch.float64

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(("name", "scheme"), [("gelu", "he"), ("relu", "torch")])
def test_both_passes_are_those_of_autograd(name, scheme):
    network, x = scene.deep(name, scheme, depth=5, width=12), scene.noise(7, 12)
    end = scene.noise(7, 12, seed=2000)
    found = scene.passes(network, x)
    packaged = diagnostics.signals(network, x, loss=lambda out: (out * end).sum())
    for mine, theirs in ((found.delta, packaged.delta), (found.out, packaged.rms), (found.cosine, packaged.cosine)):
        torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(found.weight, packaged.weight_gradient[:-1])
    assert found.down == pytest.approx(packaged.powers)
    assert found.inputs[0].item() == pytest.approx(x.square().mean().sqrt().item())
    torch.testing.assert_close(found.inputs[1:], found.out[:-1])


def test_inputs_weights_and_the_gradient_at_the_end_share_no_numbers():
    # one seed for two of them would make rows of a weight rows of the batch
    network, x = scene.deep("relu", "lecun", depth=3, width=16), scene.noise(8, 16)
    end = scene.noise(8, 16, seed=2000)
    drawn = [x, end, *(layer.weight.detach() * 16**0.5 for layer in network[::2])]
    for i, one in enumerate(drawn):
        for other in drawn[i + 1 :]:
            assert not torch.isin(one.round(decimals=9), other.round(decimals=9)).any()


def test_a_signal_lasts_as_long_as_the_gain_says():
    narrow, wide = scene.overflow(64), scene.overflow(256)
    assert narrow == pytest.approx(38.5 / math.log10(8 / 2**0.5), abs=5) and wide < narrow


def test_relu_keeps_loses_and_loses_more_as_its_gain_squared_over_two():
    he, glorot, default = scene.relu_table(width=128, depth=20).rows
    for row, factor in ((he, 1), (glorot, 1 / 2), (default, 1 / 6)):
        said, up, below, down = (float(cell[3:]) for cell in row[2:])
        assert said == pytest.approx(19 * math.log10(factor), abs=0.06)
        assert below == pytest.approx(said / 2, abs=0.06)
        assert abs(up - said) < 1 and abs(down - below) < 0.5


def test_the_trap_is_the_product_of_two_losses():
    glorot, he = (scene.passes(scene.deep("relu", s, depth=20), scene.noise(32, 96)) for s in ("glorot", "he"))
    product = (glorot.inputs * glorot.delta / (he.inputs * he.delta))[:20].log10()
    # 19 layers at half the mean square: on every layer it is lost, on the way up to it or on the way down
    torch.testing.assert_close(product, torch.full_like(product, 19 / 2 * math.log10(0.5)), rtol=0, atol=0.5)
    torch.testing.assert_close((glorot.weight / he.weight)[:20].log10(), product, rtol=0, atol=0.5)


def test_a_part_that_there_is_not_is_an_error_and_the_others_do_what_they_say():
    with pytest.raises(ValueError, match="there is no part 'magic'; there are nothing, batch norm"):
        scene.with_part("relu", "magic")
    x = scene.noise(6, 8)
    plain, skip = (scene.with_part("tanh", part, width=8, depth=1) for part in ("nothing", "skip"))
    torch.testing.assert_close(skip(x), x + plain(x))
    scaled = scene.with_part("tanh", "scaled skip", width=8, depth=4)
    one = scaled[0](x) - x
    torch.testing.assert_close(one, torch.tanh(scaled[0].inner[0](x)) / 2)


def test_a_plain_skip_grows_as_the_quadratic_says():
    # r = m / sqrt(q) rests where (r + c) = r sqrt(1.5 + 2 c r) with c = 1 / sqrt(2 pi): solved here by bisection
    c, low, high = 1 / math.sqrt(2 * math.pi), 0.1, 5.0
    for _ in range(100):
        r = (low + high) / 2
        low, high = (r, high) if r + c > r * math.sqrt(1.5 + 2 * c * r) else (low, r)
    assert scene.skip_growth("relu") == pytest.approx(1 + c / r, rel=1e-9)
    assert scene.skip_growth("identity") == pytest.approx(math.sqrt(2), rel=1e-9)  # no mean: the squares add


def test_gains_are_torchs_where_torch_is_right():
    rows = {row[0]: row for row in scene.gains_table().rows}
    assert rows["relu"][1] == rows["relu"][4] == f"{nn.init.calculate_gain('relu'):.3f}"
    assert rows["gelu"][4] == "none" and rows["sigmoid"][4] == "1.000"


def test_the_stored_networks_are_means_over_their_seeds():
    rows = [r for r in results.load("signal_depth") if r["depth"] == 10 and r["activation"] == "tanh"]
    mine = [r["delta"] for r in rows if r["scheme"] == "he"]
    assert scene.stored("tanh", "he", depth=10).tolist() == mine and len(mine) == 10
    (tanh,) = (row for row in scene.heat_table().rows if row[0] == "tanh")
    he = scene.stored("tanh", "he")
    assert tanh[3] == f"{he.mean():.1f} ± {he.std(ddof=1):.1f}"
    assert not any(
        "-0.0" in cell
        for table in (scene.heat_table(), scene.predicted_table())
        for row in table.rows
        for cell in row
    )


def test_examples_begin_on_the_fixed_point_and_follow_the_layers():
    walk = scene.parting("gelu", 3, width=20, depth=3, examples=4)
    assert walk.shape == (3, 4) and walk[0].abs().max() < 1e-12
    generator = torch.Generator().manual_seed(3)
    z = torch.randn(4, 20, generator=generator, dtype=F64)
    z = z / z.norm(dim=1, keepdim=True) * 20**0.5
    for layer in (1, 2):
        z = (
            nn.functional.gelu(z)
            @ torch.randn(20, 20, generator=generator, dtype=F64).T
            * theory.gain("gelu")
            / 20**0.5
        )
        torch.testing.assert_close(walk[layer], z.square().mean(1).log10())


def test_side_by_side_is_descent_with_momentum_on_each_alone():
    task = data.disk(30, test=10, seed=3)
    fresh = [networks.mlp([2, 6, 6, 1], "tanh", scheme=scheme, seed=5) for scheme in ("torch", "he")]
    kept = scene.descend(fresh, task, moments=(0, 7), rate=0.1)
    for network, states in zip(fresh, kept, strict=True):
        torch.testing.assert_close(states[0](task.test_x), network(task.test_x))
        update = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
        for _ in range(7):
            update.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(network(task.train_x)[:, 0], task.train_y).backward()
            update.step()
        torch.testing.assert_close(states[7](task.test_x), network(task.test_x), rtol=1e-3, atol=1e-5)


def test_motion_shows_each_start_at_each_moment():
    starts = {"PyTorch": ("torch", 1.0), "far": ("lecun", 1e30)}
    kept = scene.motion(["relu"], starts=starts, moments=(0, 2), depth=3, width=4)
    shares = scene.motion_shares(kept)
    assert list(shares["relu"]["PyTorch"]) == [0, 2]
    player = scene.motion_player(kept)
    assert player.summary == "player: function x step, 2 frames"


def test_the_starts_are_counted_draw_by_draw():
    shares, rows = scene.starts(), results.load("deep_starts")
    wanted = [r["accuracy_50"] for r in rows if (r["function"], r["start"]) == ("tanh", "He")]
    assert shares["tanh", "He"][50].tolist() == wanted and list(shares["tanh", "He"]) == [50, 100, 200, 400]
    table = scene.starts_table(step=50, above=0.9)
    assert table.columns[1:] == ("PyTorch", "Glorot", "He", "gain 8")
    (of,) = [row for row in table.rows if row[0] == "tanh"]
    assert of[3] == f"{sum(value > 0.9 for value in wanted)} of {len(wanted)}"


def test_a_pair_is_the_difference_seed_by_seed():
    rows = results.load("deep_sigmoid", "draws")
    keys = ("gain 4", "adam", 0.01), ("critical", "adam", 0.01)
    one, other = (
        np.array([r["accuracy"] for r in rows if (r["start"], r["optimizer"], r["rate"]) == key]) for key in keys
    )
    mean, half = scene.pair(*keys)
    assert mean == pytest.approx((one - other).mean())
    # Student's factor for nine degrees of freedom
    assert half == pytest.approx(2.262 * (one - other).std(ddof=1) / math.sqrt(10), rel=1e-3)


def test_patients_are_cured_by_one_change_each():
    sick, well = scene.patients(), scene.cured()
    assert sick["C"][0][0].weight.equal(well["C"][0][0].weight)
    assert well["C"][1].std(0).sub(1).abs().max() < 1e-12
    assert sum(isinstance(layer, nn.BatchNorm1d) for layer in well["A"][0]) == 10
    rows = scene.findings_table(scene.reports(sick), scene.reports(well)).rows
    assert [row[0] for row in rows] == ["A", "A, too", "B", "B, too", "C"]


def test_weights_fitted_to_a_batch_give_every_layer_rms_one():
    x = scene.noise(16, 12)
    network = scene.scale_by_measuring(scene.deep("silu", "he", depth=4, width=12), x)
    for layer in network:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            assert x.square().mean().item() == pytest.approx(1, rel=1e-9)


def test_mirrored_layers_pass_on_what_they_are_given():
    with pytest.raises(ValueError, match="an even number of units, not 7"):
        scene.mirrored(7)
    h = scene.noise(6)
    signal, turned = torch.cat([h, -h]), h
    for W in scene.mirrored(12, depth=4, seed=2):
        signal, turned = W @ torch.relu(signal), W[:6, :6] @ turned
    torch.testing.assert_close(signal, torch.cat([turned, -turned]))


def test_singular_values_are_those_of_autograd():
    network = networks.mlp([8] * 4, "tanh", scheme="orthogonal", seed=0, dtype=F64)
    J = torch.autograd.functional.jacobian(network, scene.noise(8))
    found = scene.singular_values("tanh", "orthogonal", width=8, depth=3)
    torch.testing.assert_close(found, torch.linalg.svdvals(J))


def test_glorots_rule_shares_the_damage_of_a_taper():
    up, down = scene.taper(64, 16, layers=5)
    assert up == pytest.approx(2, rel=0.05) and down == pytest.approx(2, rel=0.05)


def test_the_predicted_edge_is_level_and_below_it_the_gradient_vanishes():
    edge = theory.edge_of_chaos("sigmoid")
    assert scene.edges_predicted("sigmoid", edge.gain) == pytest.approx(0, abs=1e-6)
    slope = activations.get("tanh").slope(torch.zeros(1, dtype=F64)).item()
    assert scene.edges_predicted("tanh", 0.8) == pytest.approx(49 * math.log10(0.8 * slope))


@pytest.mark.parametrize("part", _resets.PARTS)
def test_delta_taken_alone_is_that_of_the_diagnostics(part):
    network = _resets.with_part("gelu", part, width=16, depth=6)
    x = torch.randn(32, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected = torch.as_tensor(diagnostics.signals(network, x).delta).double()
    torch.testing.assert_close(_resets._deltas(network, x), expected)
