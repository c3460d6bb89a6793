"""`health` on networks as people have them: their inputs, outputs and faults, and what it must leave alone."""

import copy
import math
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from actlab import activations, networks, theory
from actlab.diagnostics import Limits, health, signals

transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = {
    "vocab_size": 61,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def tokens(n=4, length=9):
    return {"input_ids": torch.randint(0, 61, (n, length), generator=torch.Generator().manual_seed(0))}


def bert(**settings):
    torch.manual_seed(0)
    return transformers.BertModel(transformers.BertConfig(**SMALL, **settings))


def gpt2(**settings):
    torch.manual_seed(0)
    sizes = {"vocab_size": 61, "n_embd": 32, "n_layer": 3, "n_head": 4, "bos_token_id": 1, "eos_token_id": 2}
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes, **settings))


def llama(**settings):
    torch.manual_seed(0)
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**SMALL, num_key_value_heads=2, **settings))


def mixtral(**settings):
    torch.manual_seed(0)
    config = transformers.MixtralConfig(**SMALL, num_key_value_heads=2, num_local_experts=4, **settings)
    return transformers.MixtralForCausalLM(config)


# --- models of transformers


@pytest.mark.parametrize(
    ("model", "functions", "attentions"),
    [
        (bert, ["gelu"] * 3 + ["Tanh"], 3),
        (gpt2, ["gelu_tanh"] * 3, 3),
        (llama, ["silu"] * 3, 3),
        (mixtral, ["silu"] * 3, 3),
    ],
)
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_every_activation_and_attention_of_a_language_model_is_seen(model, functions, attentions, attention):
    report = health(model(attn_implementation=attention), tokens())
    s = report.signals
    assert list(s.functions) == functions and s.coverage.complete, str(s.coverage)
    assert sum(a.mixes for a in s.attention) == attentions
    assert all(units[1] not in ("guessed", "given") for units in s.units)
    assert (s.delta > 0).all() and report.ok, report
    assert (s.gates > 0).tolist() == [model in (llama, mixtral)] * 3 + [False] * (len(functions) - 3)
    assert all(len(line) <= 80 for line in repr(report).splitlines())


def test_what_a_hook_finds_in_bert_is_what_is_measured():
    model, found = bert().eval(), []
    dense = [layer.intermediate.dense for layer in model.encoder.layer]
    hooks = [layer.register_forward_hook(lambda *args: found.append(args[2].detach())) for layer in dense]
    model(**tokens())
    for hook in hooks:
        hook.remove()
    s = signals(model, tokens(), keep=["z", "out"])
    for i, z in enumerate(found):
        torch.testing.assert_close(s.values["z"][i], z)
        torch.testing.assert_close(s.values["out"][i], F.gelu(z))
        assert s.z_std[i] == pytest.approx(z.std(correction=0).item(), rel=1e-5)


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpointing_in_gpt2_changes_no_number(reentrant):
    plain, model = gpt2().train(), gpt2().train()
    for block in model.transformer.h:
        forward = block.forward
        block.forward = lambda x, *args, forward=forward, **settings: checkpoint(
            lambda x: forward(x, *args, **settings), x, use_reentrant=reentrant
        )
    batch = {**tokens(), "labels": tokens()["input_ids"], "use_cache": False}
    one, other = signals(plain, batch), signals(model, batch)
    assert other.functions == ("gelu_tanh",) * 3
    for name in ("z_std", "rms", "delta"):
        torch.testing.assert_close(getattr(other, name), getattr(one, name), rtol=1e-5, atol=0)


def test_the_loss_in_an_output_is_what_is_differentiated():
    model, batch = gpt2().eval(), {**tokens(), "labels": tokens()["input_ids"]}
    s = signals(model, batch)
    model(**batch).loss.backward()
    wanted = dict(model.named_parameters())["transformer.h.0.mlp.c_fc.weight"].grad
    i = s.weights.index("transformer.h.0.mlp.c_fc.weight")
    assert s.weight_gradient[i] == pytest.approx(wanted.square().mean().sqrt().item(), rel=1e-4)


# --- broken on purpose


def test_a_block_whose_units_are_all_dead_is_found_and_named():
    model = bert(hidden_act="relu")
    with torch.no_grad():
        model.encoder.layer[1].intermediate.dense.bias.fill_(-50.0)
    report = health(model, tokens())
    (finding,) = [f for f in report.findings if "dead" in f.what]
    assert finding.layer == "layer encoder.layer.1.intermediate.intermediate_act_fn" and finding.value == 1
    assert report.signals.dead_units[1].tolist() == list(range(48)) and not report.signals.dead_units[0].numel()


@pytest.mark.parametrize("model", [bert, gpt2, llama, mixtral])
def test_a_start_that_is_ten_times_too_large_is_found(model):
    usual = 1 / math.sqrt(32)  # keeps the size of a sum over 32 units
    assert health(model(initializer_range=usual), tokens()).ok
    network = model(initializer_range=usual)
    with torch.no_grad():
        for p in network.parameters():
            p.mul_(10 if p.ndim > 1 else 1)
    report = health(network, tokens())
    (finding,) = [f for f in report.findings if f.what.startswith("attention looks at one entry alone")]
    assert len({finding.layer, *(layer for layer, _ in finding.also)}) == 3, report


def test_convolutions_that_start_ten_times_too_large_are_found():
    good, bad = UNet(), UNet(scale=10.0)
    x = drawn(4, 3, 16, 16)
    assert health(good, x).ok, health(good, x)
    (finding,) = health(bad, x).findings
    assert finding.what == f"pre-activations are large, std {finding.value:.2g}" and 1e4 < finding.value < 2e4


# --- networks of the reader's own


class Residual(nn.Module):
    """ResNet's basic blocks, with functional calls or layers, on few channels."""

    def __init__(self, functional=True, width=8):
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.functional = nn.Conv2d(3, width, 3, padding=1), functional
        convs = lambda: nn.ModuleList([nn.Conv2d(width, width, 3, padding=1) for _ in range(3)])  # noqa: E731
        norms = lambda: nn.ModuleList([nn.BatchNorm2d(width) for _ in range(3)])  # noqa: E731
        self.one, self.two, self.norm_one, self.norm_two = convs(), convs(), norms(), norms()
        self.act, self.head = nn.ReLU(inplace=True), nn.Linear(width, 5)

    def relu(self, z):
        return F.relu(z) if self.functional else self.act(z)

    def forward(self, x):
        x = self.stem(x)
        for one, two, first, second in zip(self.one, self.two, self.norm_one, self.norm_two, strict=True):
            x = self.relu(x + second(two(self.relu(first(one(x))))))
        return self.head(x.mean((2, 3)))


class UNet(nn.Module):
    def __init__(self, scale=1.0, width=8):
        super().__init__()
        torch.manual_seed(0)
        self.down = nn.ModuleList(
            [nn.Conv2d(i, o, 3, padding=1) for i, o in ((3, width), (width, width), (width, width))]
        )
        self.up = nn.ModuleList([nn.Conv2d(2 * width, width, 3, padding=1) for _ in range(2)])
        self.out = nn.Conv2d(width, 1, 1)
        for layer in (*self.down, *self.up):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
            with torch.no_grad():
                layer.weight.mul_(scale)

    def forward(self, x):
        kept = []
        for layer in self.down:
            x = F.relu(layer(x))
            kept.append(x)
            x = F.avg_pool2d(x, 2)
        for layer, skip in zip(self.up, kept[::-1], strict=False):
            x = F.relu(layer(torch.cat([F.interpolate(x, skip.shape[2:]), skip], 1)))
        return {"mask": self.out(x).sigmoid()}


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(16, 8, 4), nn.BatchNorm2d(8), nn.LeakyReLU(0.2, inplace=True),
            nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, noise):
        return self.layers(noise[:, :, None, None])


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Linear(6, 8)

    def forward(self, left, right, *, margin=0.1):
        a, b = (F.elu(self.embed(x)) for x in (left, right))
        distance = (a - b).square().sum(1)
        return distance, (a, b)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.lstm, self.head = nn.Embedding(61, 8), nn.LSTM(8, 8, batch_first=True), nn.Linear(8, 2)

    def forward(self, input_ids):
        return self.head(self.lstm(self.embed(input_ids))[0][:, -1])


@pytest.mark.parametrize(
    ("network", "batch", "functions"),
    [
        (Residual(), drawn(4, 3, 8, 8), ["relu"] * 6),
        (Residual(functional=False), drawn(4, 3, 8, 8), ["ReLU"] * 6),
        (UNet(), drawn(4, 3, 16, 16), ["relu"] * 5 + ["sigmoid"]),
        (Generator(), drawn(4, 16), ["LeakyReLU", "Tanh"]),
        (Siamese(), (drawn(5, 6), drawn(5, 6, seed=1)), ["elu"] * 2),
        (Classifier(), tokens(), ["sigmoid", "sigmoid", "tanh", "sigmoid", "tanh"]),
    ],
    ids=["resnet, functional", "resnet, layers", "u-net", "generator", "siamese", "lstm"],
)
def test_networks_of_all_kinds_are_seen_whole_and_stay_as_they_were(network, batch, functions):
    state = copy.deepcopy(network.state_dict())
    generator, python = torch.get_rng_state(), random.getstate()
    report = health(network, batch)
    assert list(report.signals.functions) == functions
    # elu's siamese twin has squares summed up: a size, and no activation
    assert report.signals.coverage.complete and (report.signals.delta > 0).all()
    assert all(torch.equal(state[name], value) for name, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())
    assert torch.equal(torch.get_rng_state(), generator) and random.getstate() == python


def test_functional_calls_that_are_all_dead_are_not_healthy():
    class Mostly(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.first = nn.Sequential(nn.Linear(8, 8), nn.GELU())
            self.blocks = nn.ModuleList([nn.Linear(8, 8) for _ in range(6)])
            for block in self.blocks:
                nn.init.constant_(block.bias, -50.0)

        def forward(self, x):
            x = self.first(x)
            for block in self.blocks:
                x = x + F.relu(block(x))
            return x

    report = health(Mostly(), drawn(32, 8))
    (finding,) = [f for f in report.findings if "dead" in f.what]
    assert finding.value == 1 and len(finding.also) == 5 and not report.ok
    assert "100% of the units are dead" in repr(report)


def test_what_shares_memory_in_the_network_shares_it_when_measured():
    class Aliased(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.lin, self.lin2, self.act = nn.Linear(4, 4), nn.Linear(4, 4), nn.ReLU(inplace=True)
            self.seen = []

        def forward(self, x):
            h = self.lin(x)
            self.act(h)
            out = h + self.lin2(h)
            self.seen.append(out.detach().clone())
            return out

    network, x = Aliased(), drawn(6, 4)
    network(x)
    s = signals(network, x)
    assert torch.equal(*network.seen)
    assert s.mean[0] == pytest.approx(F.relu(network.lin(x)).mean().item(), rel=1e-5)


# --- advice


def test_the_gain_is_that_of_the_function_with_its_settings():
    act = activations.get("elu", alpha=0.1)
    network = networks.initialize(networks.mlp([64] * 21 + [1], act), 0.5).network
    findings = {f.what.split()[0]: f for f in health(network, drawn(64, 64)).findings}
    forward, backward = theory.gain(act), theory.edge_of_chaos(act).gain
    assert backward == pytest.approx(1.407, abs=1e-3)
    assert f"gain {forward:.3g} for elu(alpha=0.1)" in findings["outputs"].advice
    assert f"gain {backward:.3g} for elu(alpha=0.1)" in findings["gradients"].advice


@pytest.mark.parametrize("function", [nn.LeakyReLU(0.2), lambda z: F.leaky_relu(z, 0.2)], ids=["layer", "function"])
def test_torchs_own_functions_get_advice_too(function):
    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(20)])
            for layer in self.layers:
                nn.init.normal_(layer.weight, std=0.5 / 8)
                nn.init.zeros_(layer.bias)

        def forward(self, x):
            for layer in self.layers:
                x = function(layer(x))
            return x.mean(1)

    (finding,) = [f for f in health(Deep(), drawn(64, 64)).findings if f.what.startswith("outputs")]
    gain = theory.gain(activations.get("leaky_relu", negative_slope=0.2))
    assert f"gain {gain:.3g} for leaky_relu(negative_slope=0.2)" in finding.advice


def test_a_head_that_starts_at_0_is_a_note_and_no_finding():
    network = networks.mlp([8, 16, 16, 2], "relu", scheme="he")
    nn.init.zeros_(network[-1].weight)
    report = health(network, drawn(32, 8))
    assert report.ok and "4.weight is 0 throughout: meant, if" in report.notes[0], report
    assert "Note: no gradient reaches 1, 3" in repr(report)


def test_a_branch_that_starts_at_0_is_a_note_and_no_finding():
    network = Residual()
    for norm in network.norm_two:
        nn.init.zeros_(norm.weight)
    report = health(network, drawn(8, 3, 8, 8))
    assert report.ok and len(report.notes) == 1, report


def test_a_sure_classifier_that_ends_in_a_sigmoid_is_a_note_and_no_finding():
    network = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
    with torch.no_grad():
        network[2].weight.mul_(1000)
    report = health(network, drawn(64, 4))
    assert not any("saturated" in f.what for f in report.findings)
    assert any("the output, are saturated" in note for note in report.notes)
    inside = nn.Sequential(*network, nn.Linear(1, 1))
    assert any("saturated" in f.what for f in health(inside, drawn(64, 4)).findings)


def test_nan_in_the_batch_is_said_of_the_batch():
    x = drawn(8, 4)
    x[3, 2] = math.nan
    (finding,) = health(networks.mlp([4, 8, 2], "tanh"), x).findings
    assert finding.what == "the batch has 1 number that is not finite" and finding.layer == "input"


# --- inputs and outputs as people have them


NETWORK = networks.mlp([4, 8, 2], "tanh")


class Dict(nn.Module):
    def forward(self, batch):
        return {"out": (NETWORK(batch["x"]),), "extra": None, "number": 3}


@pytest.mark.parametrize(
    ("network", "batch"),
    [
        (NETWORK, (drawn(8, 4),)),
        (NETWORK, {"input": drawn(8, 4)}),
        (NETWORK, drawn(8, 4).numpy()),
        (NETWORK, drawn(8, 4).double().numpy()),
        (NETWORK, [drawn(8, 4), torch.arange(8)]),
        (Dict(), ({"x": drawn(8, 4)},)),
    ],
    ids=["tuple", "keywords", "numpy", "numpy float64", "a DataLoader's list", "dict in, dict out"],
)
def test_a_batch_may_have_any_usual_form(network, batch):
    expected = signals(NETWORK, drawn(8, 4))
    s = signals(network, batch)
    torch.testing.assert_close(s.rms, expected.rms, rtol=1e-6, atol=0)
    torch.testing.assert_close(s.delta, expected.delta, rtol=1e-6, atol=0)


def test_a_loss_gets_the_targets_that_a_loader_gives():
    x, y = drawn(12, 4), torch.arange(12) % 2
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=12)
    s = signals(NETWORK, loader, loss=F.cross_entropy)
    expected = signals(NETWORK, x, loss=lambda out: F.cross_entropy(out, y))
    assert torch.equal(s.delta, expected.delta)


def test_any_other_batch_is_handed_on_by_call():
    s = signals(NETWORK, [drawn(8, 4), 1.0], call=lambda network, batch: network(batch[0]) * batch[1])
    assert torch.equal(s.delta, signals(NETWORK, drawn(8, 4)).delta)


@pytest.mark.parametrize(("batch", "message"), [(torch.zeros(0, 4), "is empty"), (iter(()), "no batch to look at")])
def test_a_batch_without_examples_is_refused(batch, message):
    with pytest.raises(ValueError, match=message):
        signals(NETWORK, batch)


def test_inference_mode_around_the_call_changes_nothing():
    with torch.inference_mode():
        s = signals(NETWORK, drawn(8, 4))
    assert torch.equal(s.delta, signals(NETWORK, drawn(8, 4)).delta)


def test_layers_without_weights_yet_are_refused():
    with pytest.raises(ValueError, match="call it once on a batch"):
        signals(nn.Sequential(nn.LazyLinear(4), nn.ReLU()), drawn(8, 4))


def test_a_pass_without_gradients_is_measured_forward_and_that_is_said():
    class Frozen(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = networks.mlp([4, 8, 8], "relu"), networks.mlp([8, 8, 2], "relu")

        def forward(self, x):
            with torch.no_grad():
                x = self.body(x)
            return self.head(x)

    report = health(Frozen(), drawn(32, 4))
    assert report.signals.delta.isnan().tolist() == [True, False] and (report.signals.rms > 0).all()
    assert report.ok and "computed without gradients, so that none is seen: body.1" in report.notes[0]


# --- several batches, values, limits


def test_dead_over_a_data_set_is_dead_in_every_batch():
    torch.manual_seed(0)
    network, x = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 1)), 0.3 * drawn(60, 4)
    with torch.no_grad():
        network[0].bias.sub_(0.8)
        dead = (network[0](x) <= 0).all(0)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=5)
    one, all_ = signals(network, x[:5]), signals(network, loader)
    assert all_.dead_units[0].tolist() == dead.nonzero().flatten().tolist()
    assert one.dead[0] > all_.dead[0] > 0
    whole = signals(network, x)
    torch.testing.assert_close(all_.z_std, whole.z_std, rtol=1e-6, atol=0)
    torch.testing.assert_close(all_.rms, whole.rms, rtol=1e-6, atol=0)
    torch.testing.assert_close(all_.flat, whole.flat, rtol=1e-12, atol=0)


def test_values_are_kept_where_that_is_asked_for():
    x = drawn(8, 4)
    s = signals(NETWORK, iter([x, x + 1]), keep=("z", "out", "slope", "delta"))
    z = torch.cat([NETWORK[0](x), NETWORK[0](x + 1)]).detach()
    torch.testing.assert_close(s.values["z"][0], z)
    torch.testing.assert_close(s.values["out"][0], z.tanh())
    torch.testing.assert_close(s.values["slope"][0], 1 - z.tanh() ** 2)
    assert s.values["delta"][0].square().mean().sqrt().item() == pytest.approx(s.delta[0].item(), rel=1e-5)
    assert signals(NETWORK, x).values == {}
    with pytest.raises(ValueError, match="kept are z, out, slope, delta; got w"):
        signals(NETWORK, x, keep=["w"])


def test_limits_are_settings():
    network = networks.mlp([4, 64, 64, 2], "relu")
    share = signals(network, drawn(8, 4)).dead
    assert not any("dead" in f.what for f in health(network, drawn(8, 4)).findings)
    strict = health(network, drawn(8, 4), limits=Limits(dead=share.min().item() / 2))
    (finding,) = [f for f in strict.findings if "dead" in f.what]
    assert {finding.layer, *(layer for layer, _ in finding.also)} == {"layer 1", "layer 3"}
    assert f"also layer {1 if finding.layer == 'layer 3' else 3}" in " ".join(repr(strict).split())
    # |tanh| > 0.97 has a slope below 1 - 0.97**2
    z = signals(NETWORK, 3 * drawn(64, 4), keep=["out"])
    flat = health(NETWORK, 3 * drawn(64, 4), limits=Limits(flat=1 - 0.97**2)).signals.flat
    assert flat[0] == pytest.approx((z.values["out"][0].abs() > 0.97).double().mean().item(), abs=1e-3)


def test_the_report_fits_80_columns_whatever_the_names_and_says_what_it_leaves_out():
    inner = nn.Sequential(nn.Linear(4, 4), nn.Softplus())
    for i in range(20):
        inner = nn.Sequential(nn.Linear(4, 4), nn.Sequential(), nn.Sequential())
        inner.add_module(f"a_long_name_for_a_layer_{i}", nn.Sequential(nn.Linear(4, 4), nn.Softplus()))
    network = nn.Sequential()
    for i in range(20):
        network.add_module(f"a_long_name_for_a_block_{i}", copy.deepcopy(inner))
    lines = repr(health(network, drawn(8, 4), limits=Limits(powers=0.01, alike=0.1))).splitlines()
    assert max(map(len, lines)) <= 80 and "12 of 20 calls shown" in lines
    assert any("a_layer_19" in line for line in lines[1:13])


# --- nothing is left behind


class Careless(nn.Module):
    """What a forward pass may do to its own network."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.norm = nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)), nn.BatchNorm1d(4)
        self.last = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 1))
        self.average = nn.Parameter(torch.zeros(4), requires_grad=False)
        self.register_buffer("steps", torch.zeros(()))
        self.feature, self.calls = None, 0
        self.drop, self.noise = nn.Dropout(0.5), activations.get("rrelu").module()

    def forward(self, x, fail=False):
        self.calls += 1
        self.steps = self.steps + 1
        self.feature = self.norm(self.first(x))
        with torch.no_grad():
            self.average.mul_(0.9).add_(self.feature.mean(0), alpha=0.1)
        random.random()
        if fail:
            raise RuntimeError("in the middle")
        return self.last(self.drop(self.noise(self.feature)))


@pytest.mark.parametrize("fail", [False, True])
def test_the_network_is_left_as_it_was_also_when_it_raises(fail):
    network, x = Careless(), drawn(8, 4)
    network(x).sum().backward()
    network.feature = None
    state, calls = copy.deepcopy(network.state_dict()), network.calls
    tensors = {name: id(p) for name, p in (*network.named_parameters(), *network.named_buffers())}
    gradients = {name: (p.grad, None if p.grad is None else p.grad.clone()) for name, p in network.named_parameters()}
    states = torch.get_rng_state(), random.getstate(), network.noise.draws._generator.get_state()
    if fail:
        with pytest.raises(RuntimeError, match="in the middle"):
            signals(network, {"x": x, "fail": True})
    else:
        signals(network, x)
    assert all(torch.equal(state[name], value) for name, value in network.state_dict().items())
    assert tensors == {name: id(p) for name, p in (*network.named_parameters(), *network.named_buffers())}
    for name, p in network.named_parameters():
        kept, copied = gradients[name]
        assert p.grad is kept and (kept is None or torch.equal(kept, copied))
    assert torch.equal(torch.get_rng_state(), states[0]) and random.getstate() == states[1]
    assert torch.equal(network.noise.draws._generator.get_state(), states[2])
    assert network.feature is None and network.calls == calls and network.training
    assert not network.average.requires_grad and not x.requires_grad
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
    assert tanh_is_unwatched()


def tanh_is_unwatched():
    return torch.equal(activations.get("tanh")(torch.ones(1)), torch.ones(1).tanh())


def test_measuring_a_network_that_is_being_trained_changes_no_step():
    def trained(look):
        network = Residual()
        adam, x = torch.optim.Adam(network.parameters(), 1e-2), drawn(8, 3, 8, 8)
        torch.manual_seed(5)
        for _ in range(3):
            adam.zero_grad()
            F.dropout(network(x), 0.5).square().mean().backward()
            if look:
                health(network, x)
            adam.step()
        return network.state_dict()

    plain, watched = trained(False), trained(True)
    assert all(torch.equal(plain[name], watched[name]) for name in plain)


def test_the_callers_batch_stays_as_it_was():
    x = np.ones((4, 3), dtype=np.float32)
    t = torch.as_tensor(x)
    signals(nn.Sequential(nn.ReLU(inplace=True), nn.Linear(3, 2)), -t)
    signals(nn.Sequential(nn.Tanh(), nn.Linear(3, 2)), x)
    signals(nn.Sequential(nn.ReLU(inplace=True), nn.Linear(3, 2)), t)
    assert (x == 1).all() and not t.requires_grad and t.grad is None
