import math

import pytest
import torch
from torch import nn

from actlab import activations, diagnostics, networks
from actlab.claims._measure import gradient_left
from actlab.diagnostics import dead_fraction, health, saturation, signals, update_ratios

F64 = torch.float64
pytestmark = pytest.mark.usefixtures("one_thread")


def normal(*shape, seed=0, dtype=F64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def square(out):
    return out.square().sum() / 2


# --- what signals measures, held against a pass written out by hand


def test_signals_of_two_layers_are_those_of_a_pass_by_hand():
    network = networks.mlp([3, 5, 4, 2], "tanh", seed=3, dtype=F64)
    x = normal(6, 3)
    (w1, b1), (w2, b2), (w3, b3) = ((layer.weight, layer.bias) for layer in network[::2])
    z1 = x @ w1.T + b1
    a1 = z1.tanh()
    z2 = a1 @ w2.T + b2
    a2 = z2.tanh()
    out = a2 @ w3.T + b3
    delta2 = (out @ w3) * (1 - a2**2)  # the loss is half the square of the output
    delta1 = (delta2 @ w2) * (1 - a1**2)
    s = signals(network, x, loss=square)
    assert s.layers == ("1", "3") and s.functions == ("tanh", "tanh")
    assert s.weights == ("0.weight", "2.weight", "4.weight")
    for found, by_hand in [
        (s.z_mean, [z1.mean(), z2.mean()]),
        (s.z_std, [z1.std(correction=0), z2.std(correction=0)]),
        (s.mean, [a1.mean(), a2.mean()]),
        (s.rms, [a1.square().mean().sqrt(), a2.square().mean().sqrt()]),
        (s.delta, [delta1.square().mean().sqrt(), delta2.square().mean().sqrt()]),
        (s.weight_rms, [w.square().mean().sqrt() for w in (w1, w2, w3)]),
        (s.weight_gain, [w.square().sum(1).mean().sqrt() for w in (w1, w2, w3)]),
        (s.weight_gradient, [g.square().mean().sqrt() for g in (delta1.T @ x, delta2.T @ a1, out.T @ a2)]),
    ]:
        torch.testing.assert_close(found, torch.stack(by_hand).detach(), rtol=1e-12, atol=0)
    assert s.powers == pytest.approx(math.log10(s.delta[0] / s.delta[1]), rel=1e-12)


def test_the_cosine_is_the_mean_over_all_pairs_of_examples():
    x = torch.tensor([[3.0, 0.0], [0.0, 2.0], [1.0, 1.0]], dtype=F64)
    network = nn.Sequential(nn.ReLU(), nn.Linear(2, 1, dtype=F64))
    assert signals(network, x).cosine.item() == pytest.approx((0 + 2 * math.sqrt(0.5)) / 3, rel=1e-12)
    assert signals(network, x[:1]).cosine.isnan().all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "gelu"])
def test_a_gradient_left_after_fifty_layers_is_what_the_ledger_measures_its_own_way(name):
    found = []
    for seed in range(3):
        network = networks.mlp([256] * 51, name, scheme="lecun", seed=seed, dtype=F64)
        # the last Linear layer stands behind the last activation: it hands on the drawn gradient, turned
        found.append(signals(network, normal(64, 256, seed=seed), seed=seed).powers)
    # one layer fewer: the mlp has 49 activations, so that 48 factors stand between its ends, and not 49
    expected = gradient_left(name, 1.0, seeds=3).mean().item() * 48 / 49
    assert sum(found) / 3 == pytest.approx(expected, abs=0.4)


def test_tiny_and_huge_gradients_are_measured_too():
    network = networks.mlp([4, 4, 4], "tanh", dtype=F64)
    small = signals(network, normal(8, 4), loss=lambda out: square(out) * 1e-250)
    large = signals(network, normal(8, 4), loss=lambda out: square(out) * 1e250)
    assert small.delta[0] > 0 and large.delta.isfinite().all()
    assert (large.delta[0] / small.delta[0]).isinf()  # 500 powers of ten do not fit
    assert small.powers == pytest.approx(large.powers, rel=1e-12)


# --- which layers count


def test_torchs_own_layers_count_and_are_called_by_their_class():
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 4), nn.GELU(), nn.Linear(4, 1))
    s = signals(network, normal(5, 3, dtype=torch.float32))
    assert s.functions == ("ReLU", "GELU")
    assert s.delta.dtype == s.rms.dtype == F64


def test_a_layer_that_works_in_place_is_measured_before_it_does():
    def made(inplace):
        torch.manual_seed(0)
        # not one right after the other: torch itself can't go back through two in place
        layers = [nn.Linear(3, 40), nn.ReLU(inplace=inplace), nn.Linear(40, 40), nn.ReLU(inplace=inplace)]
        return nn.Sequential(*layers, nn.Linear(40, 1))

    x = normal(50, 3, dtype=torch.float32)
    one, other = signals(made(False), x), signals(made(True), x)
    assert torch.equal(one.z_mean, other.z_mean) and torch.equal(one.delta, other.delta)
    assert one.z_mean[0] < one.mean[0]


def test_a_layer_that_is_called_twice_counts_twice():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.f = nn.Linear(3, 3), nn.Linear(3, 3), nn.Tanh()

        def forward(self, x):
            return self.f(self.second(self.f(self.first(x))))

    assert signals(Twice(), normal(5, 3, dtype=torch.float32)).layers == ("f", "f")


def test_a_layer_of_the_readers_own_counts_where_its_class_is_named():
    class Cube(nn.Module):
        def forward(self, z):
            return z**3

    network = nn.Sequential(nn.Linear(2, 3, dtype=F64), Cube(), nn.Linear(3, 1, dtype=F64))
    assert signals(network, normal(4, 2)).functions == ("pow",)
    s = signals(network, normal(4, 2), kinds=[Cube])
    assert s.functions == ("Cube",)
    assert s.rms[0] == pytest.approx(network[:2](normal(4, 2)).square().mean().sqrt().item(), rel=1e-12)


def test_units_of_a_picture_are_its_channels():
    network = nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU())
    with torch.no_grad():
        network[0].weight.fill_(1.0)
        network[0].bias.copy_(torch.tensor([0.0, -100.0, 5.0]))
    x = normal(4, 1, 6, 6, dtype=torch.float32)
    assert dead_fraction(network, x).item() == pytest.approx(1 / 3)


def test_whole_numbers_go_in_where_a_network_embeds_them():
    network = nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    s = signals(network, torch.arange(7))
    assert s.weights == ("0.weight", "1.weight", "3.weight") and (s.weight_gradient > 0).all()


def test_frozen_weights_still_let_gradients_through():
    network = networks.mlp([3, 4, 1], "tanh", dtype=F64).requires_grad_(False)
    s = signals(network, normal(5, 3))
    assert (s.delta > 0).all() and s.weights == ()


def test_a_network_in_half_precision_is_measured():
    for dtype in (torch.float16, torch.bfloat16):
        network = networks.mlp([3, 8, 1], "gelu").to(dtype)
        assert signals(network, normal(5, 3).to(dtype)).rms > 0


# --- nothing is left behind


def test_the_network_its_statistics_and_the_global_generator_stay_as_they_were():
    network = nn.Sequential(
        nn.Linear(3, 8), nn.BatchNorm1d(8), activations.get("rrelu").module(), nn.Dropout(0.5), nn.Linear(8, 1)
    )
    network(normal(9, 3, dtype=torch.float32)).sum().backward()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    gradients = [p.grad.clone() for p in network.parameters()]
    state, drawn = torch.get_rng_state(), network[2].draws._generator.get_state()
    x = normal(9, 3, dtype=torch.float32)
    one, other = signals(network, x, seed=1), signals(network, x, seed=1)
    assert torch.equal(one.delta, other.delta)
    assert not torch.equal(one.delta, signals(network, x, seed=2).delta)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(torch.equal(g, p.grad) for g, p in zip(gradients, network.parameters(), strict=True))
    assert torch.equal(torch.get_rng_state(), state) and torch.equal(network[2].draws._generator.get_state(), drawn)
    assert not x.requires_grad
    assert all(not layer._forward_hooks and not layer._forward_pre_hooks for layer in network.modules())


def test_signals_are_measured_where_gradients_are_switched_off():
    with torch.no_grad():
        assert signals(networks.mlp([3, 4, 1], "relu", dtype=F64), normal(5, 3)).delta.isfinite().all()


@pytest.mark.parametrize("loss", [lambda out: out, lambda out: 3.0], ids=["many numbers", "no tensor"])
def test_a_loss_that_is_not_one_number_is_refused(loss):
    with pytest.raises(ValueError, match="loss gives one number"):
        signals(networks.mlp([3, 4, 2], "relu", dtype=F64), normal(5, 3), loss=loss)


# --- dead, flat, updates


def test_a_unit_is_dead_when_no_example_gives_it_a_slope():
    network = nn.Sequential(nn.Linear(1, 4, dtype=F64), nn.ReLU(), nn.Linear(4, 1, dtype=F64))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[1.0], [1.0], [-1.0], [0.0]]))
        network[0].bias.copy_(torch.tensor([0.0, -9.0, -9.0, 0.0]))  # alive, dead, dead, and always exactly 0
    x = torch.linspace(-1, 1, 11, dtype=F64)[:, None]
    assert dead_fraction(network, x).tolist() == [0.75]
    assert dead_fraction(network, 20 * x).tolist() == [0.25]
    leaky = nn.Sequential(network[0], activations.get("leaky_relu").module(), network[2])
    assert dead_fraction(leaky, x).tolist() == [0.0]


def test_saturation_counts_slopes_below_a_hundredth():
    # sigma'(z) = 0.01 at |z| = 4.5848...
    edge = math.log((1 - 0.02 + math.sqrt(1 - 0.04)) / 0.02)
    x = torch.tensor([[-edge - 1e-3, -edge + 1e-3, 0.0, edge - 1e-3, edge + 1e-3]], dtype=F64).T
    assert saturation(nn.Sequential(nn.Sigmoid()), x).tolist() == pytest.approx([2 / 5])


def test_update_ratios_are_those_of_the_step_that_was_taken():
    network = networks.mlp([2, 3, 1], "tanh", seed=1, dtype=F64)

    def step():
        with torch.no_grad():
            network[0].weight.mul_(1.25)
            network[2].bias.add_(1.0)

    assert update_ratios(network, step) == {"0.weight": pytest.approx(0.25), "2.weight": 0.0}
    with torch.no_grad():
        network[2].weight.zero_()
    ratios = update_ratios(network, lambda: network[2].weight.data.add_(1.0))
    assert ratios == {"0.weight": 0.0, "2.weight": math.inf}


# --- health: each thing that can be wrong is made wrong, and nothing else is named


def deep(name, scheme, *, depth=20, width=64, gain=1.0):
    network = networks.mlp([width] * (depth + 1) + [1], name, dtype=F64)
    return networks.initialize(network, scheme, gain=gain).network


def whats(report):
    return [finding.what.partition(":")[0] for finding in report.findings]


@pytest.mark.parametrize(
    ("name", "scheme"), [("relu", "he"), ("tanh", "glorot"), ("selu", "lecun"), ("elu", "computed")]
)
def test_a_network_with_weights_for_its_function_is_healthy(name, scheme):
    report = health(deep(name, scheme), normal(128, 64))
    assert report.ok and "nothing to object to" in repr(report), report


def test_gradients_that_vanish_are_named_with_the_gain_that_is_missing():
    report = health(deep("sigmoid", "glorot"), normal(128, 64))
    assert "gradients vanish on their way backward" in whats(report)
    (finding,) = [f for f in report.findings if f.what.startswith("gradients")]
    assert finding.value < -diagnostics.Limits().powers
    assert "gain 10.1 for sigmoid (they have 1)" in finding.advice


def test_gradients_and_outputs_that_explode_are_named():
    report = health(deep("relu", "he", gain=2.0), normal(128, 64))
    assert whats(report) == ["outputs explode on their way forward", "gradients explode on their way backward"]
    assert "gain 1.41 for relu (they have 2.8)" in report.findings[0].advice


def test_dead_units_are_named_with_their_layer():
    network = deep("relu", "he", depth=3)
    with torch.no_grad():
        network[2].bias.fill_(-10.0)
    report = health(network, normal(128, 64))
    assert "layer 3" in [f.layer for f in report.findings if "dead" in f.what]


def test_saturated_values_are_named():
    report = health(deep("tanh", "glorot", depth=3, gain=20.0), normal(128, 64))
    assert any("of the values are saturated" in f.what for f in report.findings)
    half_flat = health(deep("relu", "he", depth=3), normal(128, 64))
    assert not any("saturated" in f.what for f in half_flat.findings)


def test_examples_that_come_out_alike_are_named():
    report = health(deep("tanh", "torch", gain=0.3, depth=6), normal(128, 64))
    assert any(f.what.startswith("all examples come out alike") for f in report.findings)


def test_overflow_is_named_before_all_else():
    network = deep("relu", "he", depth=4).half()
    with torch.no_grad():
        network[2].weight.mul_(1e4)
        network[4].weight.mul_(1e3)
    report = health(network, normal(16, 64).half())
    assert whats(report)[0] == "outputs are not finite" and not report.ok


def test_a_gradient_that_never_arrives_is_named():
    report = health(deep("relu", "he", depth=3), normal(16, 64), loss=lambda out: (out * 0).sum())
    assert whats(report) == ["no gradient arrives"]


def test_outputs_that_are_0_throughout_are_not_said_to_explode():
    report = health(deep("tanh", "glorot", depth=3), torch.zeros(8, 64, dtype=F64))
    assert report.signals.rms.tolist() == [0, 0, 0] and report.ok, report


def test_no_updates_are_nothing_to_object_to():
    assert health(deep("relu", "he", depth=3), normal(128, 64), updates={}).ok


def test_steps_that_are_too_large_or_too_small_are_named():
    network, x = deep("relu", "he", depth=3), normal(128, 64)
    report = health(network, x, updates={"0.weight": 0.5, "2.weight": 1e-3, "4.weight": 1e-9})
    assert [(f.layer, f.advice[:9]) for f in report.findings] == [
        ("0.weight", "a smaller"),
        ("4.weight", "a larger "),
    ]
    assert health(network, x, updates={"0.weight": 1e-3}).ok
    assert not health(network, x, updates={"0.weight": math.nan}).ok


def test_the_report_of_a_deep_network_shows_its_ends_and_a_dozen_lines():
    report = health(deep("tanh", "glorot", depth=50, width=16), normal(32, 16))
    lines = repr(report).splitlines()
    rows = [line.split()[0] for line in lines[1:] if "tanh" in line and "verdict" not in line]
    assert len(rows) == 12 and rows[0] == "1" and rows[-1] == "99"
    assert max(map(len, lines[:13])) <= 80
