"""Which calls `signals` sees: each way of calling an activation, held against what was called."""

import math
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from actlab import activations
from actlab.diagnostics import dead_fraction, health, signals

pytestmark = pytest.mark.usefixtures("one_thread")
tanh = activations.get("tanh")


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Between(nn.Module):
    """A function of the reader's between two linear layers."""

    def __init__(self, function, width=6):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.function, self.last = nn.Linear(4, width), function, nn.Linear(width, 3)

    def forward(self, x):
        return self.last(self.function(self.first(x)))


def assigned(z):
    z[z < 0] = 0
    return z


SPELLINGS = {
    "relu": {
        "F.relu": F.relu, "torch.relu": torch.relu, "method": lambda z: z.relu(), "in place": lambda z: F.relu_(z),
        "clamp": lambda z: z.clamp(min=0), "maximum": lambda z: torch.maximum(z, torch.zeros_like(z)),
        "where": lambda z: torch.where(z > 0, z, torch.zeros_like(z)), "mask": lambda z: z * (z > 0),
        "masked_fill": lambda z: z.masked_fill(z <= 0, 0.0), "assigned": assigned,
    },
    "sigmoid": {
        "method": lambda z: z.sigmoid(), "in place": lambda z: z.sigmoid_(), "formula": lambda z: 1 / (1 + (-z).exp())
    },
    "tanh": {"torch.tanh": torch.tanh, "in place": lambda z: z.tanh_(), "catalog": tanh},
    "silu": {"F.silu": F.silu, "in place": lambda z: F.silu(z, True), "formula": lambda z: z * torch.sigmoid(z)},
    "gelu_tanh": {
        "F.gelu": lambda z: F.gelu(z, approximate="tanh"),
        "formula": lambda z: 0.5 * z * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z.pow(3)))),
    },
    "gelu": {"F.gelu": F.gelu, "formula": lambda z: z * 0.5 * (1 + torch.erf(z / math.sqrt(2)))},
    "softplus": {
        "F.softplus": F.softplus, "formula": lambda z: (1 + z.exp()).log(), "catalog": activations.get("softplus")
    },
    "mish": {"F.mish": F.mish, "formula": lambda z: z * torch.tanh(F.softplus(z))},
    "relu_squared": {"square": lambda z: F.relu(z).square(), "power": lambda z: torch.relu(z) ** 2},
    "leaky_relu": {"F.leaky_relu": F.leaky_relu, "maximum": lambda z: torch.maximum(z, 0.01 * z)},
    "softsign": {"F.softsign": F.softsign, "formula": lambda z: z / (1 + z.abs())},
    "hardswish": {"F.hardswish": F.hardswish, "formula": lambda z: z * F.relu6(z + 3) / 6},
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "way"), [(name, way) for name, ways in SPELLINGS.items() for way in ways], ids=lambda text: text
)
def test_a_function_is_seen_however_it_is_spelled(name, way):
    network, x, act = Between(SPELLINGS[name][way]), drawn(32, 4), activations.get(name)
    s = signals(network, x)
    with torch.no_grad():
        z = network.first(x)
    assert len(s.layers) == 1 and s.coverage.complete, (s.functions, str(s.coverage))
    assert s.activations[0].name == name
    assert s.z_std[0] == pytest.approx(z.std(correction=0).item(), rel=1e-5)
    assert s.rms[0] == pytest.approx(act(z).square().mean().sqrt().item(), rel=1e-4)
    end = torch.randn(32, 3, generator=torch.Generator().manual_seed(0))  # what signals differentiates by
    delta = (end @ network.last.weight) * act.slope(z)
    assert s.delta[0] == pytest.approx(delta.square().mean().sqrt().item(), rel=1e-3)
    assert s.dead[0] == (act.slope(z) == 0).all(0).double().mean()


@pytest.mark.parametrize("name", activations.catalog)
def test_every_entry_is_seen_when_it_is_called_as_a_function(name):
    act = activations.get(name)
    s = signals(Between(act), drawn(16, 4))
    assert s.functions == (name,) and s.activations == (act,) and s.coverage.complete
    layer = signals(nn.Sequential(nn.Linear(4, 3), act.module()), drawn(16, 4))
    assert layer.functions == (name,) and layer.activations[0].name == name


def test_a_network_that_is_called_for_each_of_a_pair_has_its_functions_twice():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.arm, self.last = nn.Sequential(nn.Linear(4, 3), nn.ReLU()), nn.Linear(3, 1)

        def forward(self, pair):
            return self.last(F.gelu(self.arm(pair[:, 0]) - self.arm(pair[:, 1])))

    s = signals(Pair(), drawn(32, 2, 4))
    assert s.functions == ("ReLU", "ReLU", "gelu") and s.coverage.complete


def test_functions_one_after_the_other_are_two_and_those_of_two_layers_four():
    assert signals(Between(lambda z: F.relu(torch.tanh(z))), drawn(8, 4)).functions == ("tanh", "relu")
    network = nn.Sequential(Between(F.gelu), nn.Linear(3, 4), Between(lambda z: torch.tanh(2 * z) * 3))
    s = signals(network, drawn(8, 4))
    assert s.layers == ("0", "2") and s.functions == ("gelu", "tanh")


def test_the_pre_activation_is_what_the_function_is_given():
    network, x = Between(lambda z: 5 * torch.tanh(0.1 * z + 2)), drawn(32, 4)
    s = signals(network, x)
    z = 0.1 * network.first(x) + 2
    assert s.z_mean[0] == pytest.approx(z.mean().item(), rel=1e-5)
    assert s.rms[0] == pytest.approx(z.tanh().square().mean().sqrt().item(), rel=1e-5)


def test_two_functions_of_one_tensor_are_both_seen():
    s = signals(Between(lambda z: torch.cat([F.relu(z), torch.tanh(-z)], 1)[:, ::2]), drawn(8, 4))
    assert sorted(s.functions) == ["relu", "tanh"] and s.coverage.complete


# --- gates


class Gated(nn.Module):
    def __init__(self, mix):
        super().__init__()
        torch.manual_seed(1)
        self.value, self.gate, self.down, self.mix = nn.Linear(4, 8), nn.Linear(4, 8), nn.Linear(8, 4), mix

    def forward(self, x):
        return self.down(self.mix(self.value(x), self.gate(x)))


@pytest.mark.parametrize(
    ("mix", "name"),
    [
        (lambda value, gate: value * F.silu(gate), "silu"),
        (lambda value, gate: torch.sigmoid(gate) * value, "sigmoid"),
        (lambda value, gate: F.glu(torch.cat([value, gate], -1)), "glu"),
    ],
    ids=["swiglu", "glu by hand", "F.glu"],
)
def test_a_gate_and_its_value_are_told_apart(mix, name):
    network, x = Gated(mix), drawn(16, 4)
    s = signals(network, x)
    assert s.functions == (name,) and s.coverage.complete
    assert s.z_std[0] == pytest.approx(network.gate(x).std(correction=0).item(), rel=1e-5)
    assert s.gates[0] == pytest.approx(network.value(x).square().mean().sqrt().item(), rel=1e-5)
    assert s.delta[0] > 0


def test_a_dropout_mask_and_a_skip_are_no_gates():
    class Skip(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, x):
            return x + F.dropout(torch.tanh(self.inner(x)), 0.5, self.training)

    s = signals(nn.Sequential(Skip(), Skip()), drawn(8, 4))
    assert s.functions == ("tanh", "tanh") and s.gates.isnan().all()


# --- softmax


class Attends(nn.Module):
    def __init__(self, way, causal=False):
        super().__init__()
        torch.manual_seed(2)
        self.q, self.k, self.v, self.way, self.causal = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8), way, causal

    def forward(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        if self.way == "kernel":
            heads = (one[:, None] for one in (q, k, v))
            return F.scaled_dot_product_attention(*heads, is_causal=self.causal)[:, 0]
        return (q @ k.mT / math.sqrt(8)).softmax(-1) @ v


@pytest.mark.parametrize("way", ["kernel", "by hand"])
def test_attention_is_measured_as_by_hand(way):
    network, x = Attends(way), drawn(3, 5, 8)
    (found,) = signals(network, x).attention
    with torch.no_grad():
        z = network.q(x) @ network.k(x).mT / math.sqrt(8)
        p = z.softmax(-1)
    assert found.mixes and found.entries == 5
    assert found.entropy == pytest.approx((-(p * p.log()).sum(-1).mean() / math.log(5)).item(), rel=1e-4)
    assert found.largest == pytest.approx(z.max().item(), rel=1e-4)
    assert found.first == pytest.approx(p[..., 0].mean().item(), rel=1e-4)


def test_masked_keys_do_not_count_in_the_largest_entropy():
    network = Attends("kernel", causal=True)
    for layer in (network.q, network.k):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    (found,) = signals(network, drawn(2, 5, 8)).attention
    assert found.entropy == pytest.approx(1, abs=1e-6)  # uniform over what each may see
    assert found.first == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5) / 5, rel=1e-5)


def test_a_kernel_that_is_not_taken_apart_counts_as_not_seen():
    report = health(nn.Sequential(Attends("kernel"), nn.Linear(8, 4), nn.Tanh()), drawn(3, 5, 8), decompose=False)
    assert not report.signals.coverage.complete and not report.ok
    assert "1 of 2 nonlinear operations measured; not seen: 1 _scaled" in repr(report).replace("\n", " ")
    assert "verdict: nothing to object to in what was measured" in repr(report)


# --- what can't be seen is said


def leaky_by_index(z):
    out = z.clone()
    out[z < 0] = 0.1 * z[z < 0]
    return out


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda z: torch.maximum(z[:, :3], z[:, 3:]).repeat(1, 2), "maximum of several signals"),
        (lambda z: torch.stack([z, torch.zeros_like(z)]).amax(0), "maxout (amax)"),
        (lambda z: torch.stack([z[:, :3], z[:, 3:]], 2).max(2).values.repeat(1, 2), "maxout (max)"),
        (lambda z: z.unflatten(1, (3, 2)).amin(2).repeat(1, 2), "maxout (amin)"),
        (leaky_by_index, "index_put by its own signs"),
        (lambda z: z[:, :6].exp() / z.exp().sum(1, keepdim=True), "softmax or logsumexp written out"),
    ],
    ids=["maxout", "of a stack", "of halves", "of pairs", "written by index", "softmax by hand"],
)
def test_what_is_no_function_of_one_tensor_is_named(function, name):
    network = nn.Sequential(Between(function), nn.Tanh())
    s = signals(network, drawn(8, 4))
    assert name in s.coverage.unseen and f"1 {name}" in str(s.coverage) and s.functions[-1] == "Tanh"


def test_normalisation_and_products_are_passed_over_and_counted():
    class Normed(nn.Module):
        def forward(self, x):
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)

    s = signals(nn.Sequential(nn.Linear(4, 4), Normed(), nn.Linear(4, 4), nn.ReLU()), drawn(8, 4))
    assert s.functions == ("ReLU",) and s.coverage.complete and s.coverage.passed["normalisation"] >= 1


def test_what_is_added_where_a_mask_says_stays_added():
    network = Between(lambda z: z.index_put((z < 0,), torch.tensor(2.0), accumulate=True))
    x, outs = drawn(8, 4), []
    s = signals(nn.Sequential(network, nn.Tanh()), x, loss=lambda out: outs.append(out) or out.sum())
    assert "index_put by its own signs" in s.coverage.unseen and torch.equal(outs[0], torch.tanh(network(x)))


class Pooled(nn.Module):
    def forward(self, x):
        return x.amax((2, 3)) + x.flatten(2).max(2).values + x.flatten(2).norm(p=3.0, dim=2)


def test_the_largest_of_several_places_is_no_maxout_and_norms_of_any_order_reduce_their_dim():
    s = signals(nn.Sequential(nn.Conv2d(2, 4, 3), Pooled(), nn.ReLU()), drawn(5, 2, 6, 6))
    assert s.functions == ("ReLU",) and s.coverage.complete and s.units == (((1,), "convolution"),)


class Response(nn.Module):
    """A response normalisation as timm writes it, whose scale and bias start at 0."""

    def __init__(self):
        super().__init__()
        self.scale, self.bias = nn.Parameter(torch.zeros(6)), nn.Parameter(torch.zeros(6))

    def forward(self, x):
        size = x.norm(p=2, dim=0, keepdim=True)
        return x + torch.addcmul(self.bias, self.scale, x * (size / (size.mean(-1, keepdim=True) + 1e-6)))


def test_a_product_that_is_added_and_a_line_between_two_are_no_functions():
    gate = Between(lambda z: torch.lerp(z[:, :3], z[:, 3:], torch.sigmoid(z[:, 1:4])).repeat(1, 2))
    s = signals(nn.Sequential(nn.Linear(4, 6), Response(), nn.ReLU(), nn.Linear(6, 4), gate), drawn(8, 4))
    assert s.functions == ("ReLU", "sigmoid") and s.coverage.complete and s.gates[1] > 0


@pytest.mark.parametrize("check", [lambda x: bool((x > 0).all()), lambda x: x.isnan().any().item()])
def test_a_question_about_the_signal_is_no_function_of_it(check):
    class Careful(nn.Module):
        def forward(self, x):
            check(x)
            return x

    s = signals(nn.Sequential(nn.Linear(4, 6), Careful(), nn.ReLU()), drawn(8, 4))
    assert s.functions == ("ReLU",) and s.coverage.complete


def test_a_network_without_anything_nonlinear_is_refused():
    with pytest.raises(ValueError, match="called no activation"):
        signals(nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)), drawn(8, 4))


# --- recurrent layers


def lstm_by_hand(layer, x):
    gates = {name: [] for name in ("input", "forget", "cell", "output", "hidden")}
    h = c = torch.zeros(x.shape[1], layer.hidden_size)
    for step in x:
        z = step @ layer.weight_ih_l0.T + layer.bias_ih_l0 + h @ layer.weight_hh_l0.T + layer.bias_hh_l0
        for name, part in zip(("input", "forget", "cell", "output"), z.chunk(4, 1), strict=True):
            gates[name].append(part)
        i, f, g, o = z.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        gates["hidden"].append(c)
        h = o.sigmoid() * c.tanh()
    return {f"1.{name}": torch.stack(parts) for name, parts in gates.items()}


class Recurrent(nn.Module):
    def __init__(self, kind, **settings):
        super().__init__()
        torch.manual_seed(3)
        self.embed, self.rnn = nn.Embedding(20, 4), kind(4, 5, batch_first=True, **settings)
        self.head = nn.Linear(5 * (1 + settings.get("bidirectional", False)), 2)

    def forward(self, ids):
        return self.head(self.rnn(self.embed(ids))[0][:, -1])


def test_the_gates_of_an_lstm_are_those_of_a_pass_by_hand():
    torch.manual_seed(0)

    class Last(nn.Module):
        def forward(self, out):
            return out[0][-1]

    network, x = nn.Sequential(nn.Identity(), nn.LSTM(4, 5), Last(), nn.Linear(5, 2)), drawn(7, 3, 4)
    by_hand, s = lstm_by_hand(network[1], x), signals(network, x)
    assert s.layers == tuple(by_hand) and s.coverage.measured == 5 * 7
    torch.testing.assert_close(s.z_std.float(), torch.stack([z.std(correction=0) for z in by_hand.values()]))
    assert (s.delta > 0).all()


@pytest.mark.parametrize(
    ("kind", "settings", "names"),
    [
        (nn.GRU, {}, ["reset", "update", "new"]),
        (nn.RNN, {"nonlinearity": "relu"}, ["hidden"]),
        (nn.GRU, {"num_layers": 2}, [f"l{i}.{gate}" for i in (0, 1) for gate in ("reset", "update", "new")]),
        (nn.RNN, {"bidirectional": True}, ["l0.hidden", "l0r.hidden"]),
    ],
)
def test_recurrent_layers_are_seen_gate_by_gate(kind, settings, names):
    s = signals(Recurrent(kind, **settings), torch.arange(12).reshape(3, 4))
    assert s.layers == tuple(f"rnn.{name}" for name in names) and s.coverage.complete


# --- checkpointing and compiling


class Stacked(nn.Module):
    def __init__(self, reentrant=None):
        super().__init__()
        torch.manual_seed(4)
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)) for _ in range(3)])
        self.reentrant = reentrant

    def forward(self, x):
        for block in self.blocks:
            if self.reentrant is None:
                x = F.gelu(block(x))
            else:
                x = checkpoint(lambda x, block=block: F.gelu(block(x)), x, use_reentrant=self.reentrant)
        return x


@pytest.mark.parametrize("reentrant", [False, True])
def test_calls_that_checkpointing_makes_again_count_once(reentrant):
    x = drawn(16, 4)
    plain, twice = signals(Stacked(), x), signals(Stacked(reentrant), x)
    assert twice.functions == plain.functions == ("ReLU", "gelu") * 3
    assert twice.layers == ("blocks.0.1", "itself", "blocks.1.1", "itself", "blocks.2.1", "itself")
    for name in ("z_std", "rms", "delta", "dead", "weight_gradient"):
        torch.testing.assert_close(getattr(twice, name), getattr(plain, name), rtol=1e-6, atol=0)


@pytest.mark.slow
def test_looking_at_a_network_does_not_load_torchs_compiler():
    script = """
import sys, torch
from torch import nn
from actlab import diagnostics
diagnostics.health(nn.Sequential(nn.Linear(3, 3), nn.GELU(), nn.Linear(3, 1)), torch.randn(4, 3))
print("torch._dynamo" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning")  # torch's own use
def test_a_compiled_network_is_seen_as_it_was_written():
    network, x = Stacked(), drawn(16, 4)
    plain, compiled = signals(network, x), signals(torch.compile(network), x)
    assert compiled.functions == plain.functions and torch.equal(compiled.delta, plain.delta)


# --- on which dimension the units lie


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("call", ["layer", "function"])
def test_units_of_convolutions_are_their_channels(ndim, call):
    kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[ndim - 1]
    conv = kind(2, 8, 3, padding=1)
    with torch.no_grad():
        conv.bias[[1, 2, 5, 6]] = -100.0
    network = nn.Sequential(conv, nn.ReLU() if call == "layer" else nn.Module())
    if call == "function":
        network[1].forward = F.relu
    s = signals(network, drawn(4, 2, *[6] * ndim))
    assert s.dead.tolist() == [0.5] and s.dead_units[0].tolist() == [1, 2, 5, 6]
    assert s.units == (((1,), "convolution"),)


def half_dead(layer):
    with torch.no_grad():
        layer.bias[: len(layer.bias) // 2] = -100.0
        layer.bias[len(layer.bias) // 2 :] = 1.0
    return layer


class Turned(nn.Module):
    """The shape that a layer's output takes before its activation."""

    def __init__(self, first, turn, then=F.relu):
        super().__init__()
        self.first, self.turn, self.then = half_dead(first), turn, then

    def forward(self, x):
        return self.then(self.turn(self.first(x)))


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (Turned(nn.Linear(4, 8), lambda z: z), (5, 4)),
        (Turned(nn.Linear(4, 8), lambda z: z), (5, 7, 4)),
        (Turned(nn.Linear(4, 8), lambda z: z.transpose(1, 2)), (5, 7, 4)),
        (Turned(nn.Linear(4, 8), lambda z: z), (5, 3, 3, 4)),  # a picture with its channels last
        (Turned(nn.Linear(4, 8), lambda z: z.permute(0, 3, 1, 2)), (5, 3, 3, 4)),
        (Turned(nn.Conv2d(4, 8, 1), lambda z: z.permute(0, 2, 3, 1)), (5, 4, 3, 3)),
        (Turned(nn.Conv2d(4, 8, 1), lambda z: z.flatten(2).mT), (5, 4, 3, 3)),
        (Turned(nn.Conv2d(4, 8, 1), lambda z: z.mean((2, 3))), (5, 4, 3, 3)),
        (Turned(nn.Conv2d(4, 8, 1), lambda z: F.max_pool2d(z, 2)), (5, 4, 4, 4)),
        (Turned(nn.Conv1d(4, 8, 1), lambda z: F.dropout(z, 0.0)), (5, 4, 6)),
        (Turned(nn.Linear(4, 8), lambda z: z.unflatten(-1, (2, 4)).transpose(1, 2)), (5, 7, 4)),  # heads
    ],
)
def test_units_are_followed_to_where_they_go(network, shape):
    assert dead_fraction(network, drawn(*shape)).tolist() == [0.5]


def test_memory_laid_out_with_channels_last_changes_nothing():
    network, x = nn.Sequential(half_dead(nn.Conv2d(4, 8, 3)), nn.BatchNorm2d(8), nn.ReLU()).eval(), drawn(5, 4, 6, 6)
    plain = signals(network, x)
    other = signals(network.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last))
    assert plain.units == other.units and plain.units[0][0] == (1,)
    torch.testing.assert_close(other.z_std, plain.z_std, rtol=1e-5, atol=0)


def test_the_units_dimension_can_be_given():
    network, x = nn.Sequential(nn.ReLU()), torch.stack([torch.ones(3, 5), -torch.ones(3, 5)], 1)
    assert dead_fraction(network, x, axis=1).tolist() == [0.5]
    assert signals(network, x, axis={"0": 1}).units == (((1,), "given"),)
    assert signals(network, x).units == (((2,), "guessed"),)
