"""More networks and inputs of the kinds that `health` once got wrong, and vision models of other libraries."""

import dataclasses
import importlib
import math
import types
import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import prune
from torch.utils.checkpoint import checkpoint

from actlab import activations, gates, networks, theory
from actlab.diagnostics import health, signals

pytestmark = pytest.mark.usefixtures("one_thread")


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def made(build, *args, **settings):
    torch.manual_seed(0)
    return build(*args, **settings).eval()


# --- layers of this package


@pytest.mark.parametrize("frozen", [False, True])
def test_units_that_learn_their_hinges_are_one_function_without_being_named(frozen):
    layer = networks.APL(6, 3, frozen=frozen)
    network = made(nn.Sequential, nn.Linear(4, 6), layer, nn.Linear(6, 2))
    x, end = drawn(16, 4), torch.randn(16, 2, generator=torch.Generator().manual_seed(0))
    s = signals(network, x, keep=["slope"])
    assert s.functions == ("APL",) and s.coverage.complete and s.units == (((1,), "addmm"),)
    z = network[0](x).detach()
    slope = (z > 0).float() - (layer.a[:, None] * (z < layer.b[:, None])).sum(0)
    torch.testing.assert_close(s.values["slope"][0], slope.detach())
    delta = (end @ network[2].weight * slope).square().mean().sqrt().item()
    assert s.delta[0] == pytest.approx(delta, rel=1e-5)


def test_the_convolutional_network_of_apl_units_is_seen_whole():
    network = networks.conv_net("apl", widths=(4, 4, 4), hidden=(8, 8))
    s = signals(network, drawn(2, 3, 32, 32))
    assert s.functions == ("APL",) * 5 and s.coverage.complete
    assert [of for _, of in s.units] == ["convolution"] * 3 + ["addmm"] * 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("gate", gates.catalog)
def test_the_feed_forward_block_of_every_gate_is_seen(gate, dtype):
    block = gates.GatedFeedForward(8, 16, gate, dtype=dtype)
    x = drawn(16, 8).to(dtype)
    s = signals(nn.Sequential(block, nn.Linear(8, 2, dtype=dtype)), x)
    value, functions = block.value(x).float(), 1
    if gate == "clamped_swiglu":  # the cuts of both halves are functions as well, and the value gets 1
        value, functions = value + 1, 3
    size = value.square().mean().sqrt().item()
    assert len(s.functions) == functions and s.coverage.complete, (s.functions, str(s.coverage))
    assert s.gates[-1] == pytest.approx(size, rel=1e-2) and (s.delta > 0).all()


# --- not seen, wrong axis, checkpointing


@pytest.mark.parametrize("training", [True, False])
def test_torchs_own_transformer_is_seen_in_both_modes(training):
    network = made(nn.Transformer, 16, 2, 1, 1, 32, batch_first=True).train(training)
    s = signals(network, (drawn(3, 5, 16), drawn(3, 4, 16)))
    assert s.functions == ("relu", "relu") and s.coverage.complete
    assert len(s.attention) == 3 and all(a.mixes for a in s.attention)


def test_one_layer_among_healthy_ones_whose_functional_calls_are_dead_is_named():
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Sequential(nn.Linear(8, 8), nn.SiLU())
            self.blocks = nn.ModuleList([nn.Linear(8, 12) for _ in range(3)])
            self.back = nn.ModuleList([nn.Linear(12, 8) for _ in range(3)])
            nn.init.constant_(self.blocks[1].bias, -80.0)

        def forward(self, x):
            x = self.first(x)
            for up, down in zip(self.blocks, self.back, strict=True):
                x = x + down(F.hardswish(up(x)))
            return x

    report = health(made(Mixed), drawn(32, 8))
    (finding,) = [f for f in report.findings if "dead" in f.what]
    assert finding.layer == "layer itself #2" and not finding.also and finding.value == 1
    assert report.signals.dead_units[2].tolist() == list(range(12))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.ConvTranspose1d(4, 8, 3, groups=2), (5, 4, 9)),
        (nn.Conv2d(4, 8, 3, groups=4), (5, 4, 9, 7)),
        (nn.ConvTranspose3d(4, 8, 2), (2, 4, 3, 3, 3)),
    ],
    ids=["transposed, grouped", "depthwise", "transposed, volumes"],
)
def test_units_of_other_convolutions_are_their_channels(layer, shape):
    with torch.no_grad():
        layer.bias[[0, 3, 7]] = -99.0
    s = signals(nn.Sequential(layer, nn.ReLU6()), drawn(*shape))
    assert s.dead_units[0].tolist() == [0, 3, 7] and s.units == (((1,), "convolution"),)


class Dense(nn.Module):
    """DenseNet's block: each layer reads all before it, normalised, and may be computed again in the pass back."""

    def __init__(self, again):
        super().__init__()
        self.again = again
        self.norms = nn.ModuleList([nn.BatchNorm2d(4 * (i + 1)) for i in range(4)])
        self.convs = nn.ModuleList([nn.Conv2d(4 * (i + 1), 4, 3, padding=1) for i in range(4)])

    def forward(self, x):
        found = [x]
        for norm, conv in zip(self.norms, self.convs, strict=True):

            def layer(*before, norm=norm, conv=conv):
                return conv(F.relu(norm(torch.cat(before, 1)), inplace=True))

            new = layer(*found) if self.again is None else checkpoint(layer, *found, use_reentrant=self.again)
            found.append(new)
        return torch.cat(found, 1)


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_dense_block_that_saves_memory_counts_each_call_once(reentrant):
    x = drawn(4, 4, 6, 6)
    plain, saving = signals(made(Dense, None), x), signals(made(Dense, reentrant), x)
    assert saving.functions == plain.functions == ("relu",) * 4
    for name in ("z_std", "rms", "delta", "dead", "weight_gradient"):
        torch.testing.assert_close(getattr(saving, name), getattr(plain, name), rtol=1e-5, atol=0)


class Halves(nn.Module):
    """Gates and changes of a view in place, made again in the pass backward."""

    def __init__(self, saving):
        super().__init__()
        torch.manual_seed(0)
        self.layers, self.saving = nn.ModuleList([nn.Linear(8, 16), nn.Linear(8, 8)]), saving

    def gated(self, x):
        return F.glu(self.layers[0](x))

    def changed(self, x):
        h = self.layers[1](x)
        F.silu(h.view(-1), inplace=True)
        return h

    def forward(self, x):
        for part in (self.gated, self.changed):
            x = checkpoint(part, x, use_reentrant=True) if self.saving else part(x)
        return x


def test_halves_and_views_that_are_made_again_have_their_gradients():
    saving, plain = (signals(Halves(saving), drawn(6, 8)) for saving in (True, False))
    assert saving.functions == plain.functions == ("glu", "silu")
    torch.testing.assert_close(saving.delta, plain.delta, rtol=1e-5, atol=0)


def test_the_gate_of_a_convolution_has_its_units_where_the_convolution_has_them():
    network = nn.Sequential(nn.Conv1d(2, 16, 3), nn.GLU(1))
    with torch.no_grad():
        network[0].bias[8:12] = -200
    s = signals(network, drawn(4, 2, 9))
    assert s.units == (((1,), "convolution"),) and s.dead_units[0].tolist() == [0, 1, 2, 3]


# --- advice that holds when it is taken


def deep(act, gain):
    network = networks.mlp([64] * 21 + [1], act)
    for number, layer in enumerate(network[::2]):
        nn.init.normal_(layer.weight, std=gain / 8, generator=torch.Generator().manual_seed(number))
        nn.init.zeros_(layer.bias)
    return network


@pytest.mark.parametrize(("name", "settings"), [("celu", {"alpha": 0.3}), ("leaky_relu", {"negative_slope": 0.4})])
def test_the_advised_gain_leaves_nothing_to_object_to(name, settings):
    act = activations.get(name, **settings)
    (finding,) = [f for f in health(deep(act, 0.4), drawn(64, 64)).findings if f.what.startswith("outputs")]
    assert f"gain {theory.gain(act):.3g} for {name}" in finding.advice
    report = health(deep(act, theory.gain(act)), drawn(64, 64))
    assert not any("their way" in f.what for f in report.findings), report


OWN = {
    "celu": ({"alpha": 3.0}, nn.CELU(3.0), lambda z: F.celu(z, 3.0)),
    "elu": ({"alpha": 0.1}, nn.ELU(0.1), lambda z: F.elu(z, 0.1)),
    "hardshrink": ({"threshold": 0.1}, nn.Hardshrink(0.1), lambda z: F.hardshrink(z, 0.1)),
    "hardtanh": ({"min_val": -3.0, "max_val": 0.5}, nn.Hardtanh(-3.0, 0.5), lambda z: z.clamp(-3.0, 0.5)),
    "leaky_relu": ({"negative_slope": 0.3}, nn.LeakyReLU(0.3), lambda z: torch.where(z > 0, z, 0.3 * z)),
    "prelu": ({"negative_slope": 0.5}, nn.PReLU(init=0.5), lambda z: F.prelu(z, torch.tensor([0.5]))),
    "rrelu": ({"lower": 0.25, "upper": 0.75}, nn.RReLU(0.25, 0.75).eval(), lambda z: F.rrelu(z, 0.25, 0.75)),
    "softplus": ({"beta": 3.0}, nn.Softplus(3.0), lambda z: F.softplus(z, 3.0)),
    "softshrink": ({"threshold": 0.1}, nn.Softshrink(0.1), lambda z: F.softshrink(z, 0.1)),
    "swish": ({"beta": 0.5}, activations.get("swish", beta=0.5).module(), lambda z: z * torch.sigmoid(0.5 * z)),
    "threshold": ({"threshold": 0.3}, nn.Threshold(0.3, 0.0), lambda z: F.threshold(z, 0.3, 0.0)),
}


class Called(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize("name", OWN)
def test_a_functions_own_settings_are_found_and_the_advice_names_them(name):
    settings, layer, function = OWN[name]
    act = activations.get(name, **settings)
    for one in (layer, Called(function)):
        network = nn.Sequential(*[part for _ in range(20) for part in (nn.Linear(64, 64), one)])
        for number, linear in enumerate(network[::2]):
            nn.init.normal_(linear.weight, std=0.02 / 8, generator=torch.Generator().manual_seed(number))
            nn.init.zeros_(linear.bias)
        report = health(network, drawn(64, 64))
        assert {(a.name, tuple(a.settings.items())) for a in report.signals.activations} == {
            (name, tuple(act.settings.items()))
        }
        text = ", ".join(f"{key}={value:g}" for key, value in settings.items())
        # weights this small leave nothing above a threshold
        without_a_gain = name in ("hardshrink", "softshrink", "threshold")
        assert without_a_gain != any(f"for {name}({text})" in f.advice for f in report.findings), report


# --- what is measured is the network that there is


class View(nn.Module):
    """A change in place of a view: of a part, or of the whole in another shape."""

    def __init__(self, way, inplace):
        super().__init__()
        self.first, self.last, self.way, self.relu = nn.Linear(4, 8), nn.Linear(8, 2), way, nn.ReLU(inplace=inplace)

    def forward(self, x):
        h = self.first(x)
        if self.way == "part":
            part = F.silu(h[:, 2:5], inplace=self.relu.inplace)
            h = h if self.relu.inplace else torch.cat([h[:, :2], part, h[:, 5:]], 1)
            return self.last(h)
        turned = h.view(-1, 2, 4)
        return self.last(
            (self.relu(turned) if self.way == "layer" else F.elu(turned, 1.0, self.relu.inplace)).flatten(1)
        )


@pytest.mark.parametrize("way", ["part", "layer", "function"])
def test_a_view_that_is_changed_in_place_has_the_gradient_of_one_that_is_not(way):
    x = drawn(6, 4)
    plain, changed = made(View, way, False), made(View, way, True)
    assert torch.equal(plain(x), changed(x))
    one, other = signals(plain, x), signals(changed, x)
    assert one.functions == other.functions and (one.delta > 0).all()
    for name in ("z_mean", "z_std", "rms", "delta"):
        torch.testing.assert_close(getattr(other, name), getattr(one, name), rtol=1e-6, atol=0)


# --- no crash from deep


class Returns(nn.Module):
    def __init__(self, make):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.act, self.last, self.make = nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2), make

    def forward(self, x):
        return self.make(self.last(self.act(self.first(x))))


@pytest.mark.parametrize(
    "make",
    [
        lambda y: types.SimpleNamespace(logits=y, other=None),
        lambda y: torch.distributions.Normal(y, 1.0),
        lambda y: torch.complex(y, y),
    ],
    ids=["an object", "a distribution", "complex numbers"],
)
def test_outputs_that_hold_a_tensor_somewhere_have_gradients(make):
    s = signals(Returns(make), drawn(6, 4))
    assert s.functions == ("ReLU",) and s.coverage.complete and s.delta[0] > 0


def test_answers_that_lie_side_by_side_are_the_output():
    network = Returns(lambda z: torch.cat([1 - torch.sigmoid(500 * z), torch.sigmoid(500 * z)], -1))
    report = health(network, drawn(6, 4))
    assert report.signals.at_output == (False, True, True) and not report.findings and len(report.notes) == 2


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([[0.5, 1.0]], "no tensors in a list: a batch is a tensor, or"),
        (None, "no tensors in a NoneType"),
        ({}, "no tensors in an empty dict"),
        (torch.utils.data.TensorDataset(drawn(6, 4)), "a TensorDataset is no batch: give a DataLoader of it"),
    ],
)
def test_what_is_no_batch_is_refused_with_what_is_one(batch, message):
    with pytest.raises(ValueError, match=message):
        signals(Returns(lambda y: y), batch)


def test_weights_that_were_made_in_inference_mode_are_refused():
    with torch.inference_mode():
        network = Returns(lambda y: y)
    with pytest.raises(ValueError, match="made in inference mode"):
        signals(network, drawn(6, 4))


@dataclasses.dataclass
class Output:
    scores: torch.Tensor
    states: tuple


class Answers(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = networks.mlp([4, 8, 2], "tanh")

    def forward(self, *, left, right=None):
        return Output(self.body(left), (right, None))


def test_keywords_and_a_dataclass_for_an_output():
    s = signals(made(Answers), {"left": drawn(8, 4), "right": None})
    assert torch.equal(s.delta, signals(networks.mlp([4, 8, 2], "tanh"), drawn(8, 4)).delta)


def pruned():
    network = networks.mlp([4, 8, 2], "relu")
    prune.l1_unstructured(network[0], "weight", 0.3)
    return network


def orthogonal():
    return nn.Sequential(nn.utils.parametrizations.orthogonal(nn.Linear(4, 8)), nn.ReLU(), nn.Linear(8, 2))


def scripted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit calls itself deprecated
        return torch.jit.script(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)))


def in_whole_numbers():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # and so does this
        layers = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        return torch.ao.quantization.quantize_dynamic(layers, {nn.Linear}, dtype=torch.qint8)


@pytest.mark.parametrize("build", [pruned, orthogonal, scripted])
def test_weights_that_are_computed_and_code_that_is_no_python_are_measured(build):
    network, x = made(build), drawn(8, 4)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    s = signals(network, x)
    assert [name.lower() for name in s.functions] == ["relu"] and s.coverage.complete and s.delta[0] > 0
    assert all(torch.equal(state[name], value) for name, value in network.state_dict().items())


@pytest.mark.filterwarnings("ignore")  # torch warns of each operator in whole numbers that has no gradient
def test_layers_in_whole_numbers_are_said_to_be_unseen_and_to_have_no_gradients():
    report = health(made(in_whole_numbers), drawn(8, 4))
    assert report.signals.functions == ("ReLU",) and report.signals.delta.isnan().all() and not report.findings
    assert report.signals.coverage.unseen == {"quantized.linear_dynamic.default": 2}
    assert "computed without gradients" in report.notes[0]


def test_what_is_written_into_a_tensor_that_was_there_is_said_to_be_unseen():
    class Into(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last, self.buffer = nn.Linear(4, 8), nn.Linear(8, 2), torch.empty(6, 8)

        def forward(self, x):
            with torch.no_grad():
                kept = torch.tanh(self.first(x), out=self.buffer)
            return self.last(F.relu(self.first(x)) + kept)

    s = signals(made(Into), drawn(6, 4))
    assert s.functions == ("relu",) and s.coverage.unseen == {"tanh with out=": 1}


def test_torchs_flags_may_be_frozen(monkeypatch):
    # as loading torch.testing's cases leaves them: a library is then no longer switched off by an assignment
    monkeypatch.setattr(torch.backends, "__allow_nonbracketed_mutation_flag", False)

    class Last(nn.Module):
        def forward(self, out):
            return out[0][:, -1]

    enabled = torch.backends.mkldnn.enabled
    s = signals(nn.Sequential(made(nn.LSTM, 4, 5, batch_first=True), Last()), drawn(3, 6, 4))
    assert len(s.layers) == 5 and s.coverage.complete and torch.backends.mkldnn.enabled == enabled


# --- what is no fault, and what is one of the batch


def test_an_output_that_is_sure_of_itself_is_a_note_for_tanh_too():
    network = made(nn.Sequential, nn.Linear(4, 16), nn.ELU(), nn.Linear(16, 3), nn.Tanh())
    with torch.no_grad():
        network[2].weight.mul_(500)
    report = health(network, drawn(64, 4))
    assert not any("saturated" in f.what for f in report.findings)
    assert any("the output, are saturated" in note for note in report.notes)


def test_scales_of_branches_that_start_at_0_are_a_note():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.up, self.down, self.scale = nn.Linear(8, 16), nn.Linear(16, 8), nn.Parameter(torch.zeros(8))

        def forward(self, x):
            return x + self.scale * self.down(F.gelu(self.up(x)))

    report = health(made(lambda: nn.Sequential(Scaled(), Scaled(), nn.Linear(8, 2))), drawn(32, 8))
    assert report.ok and "0.scale, 1.scale are 0 throughout: meant" in report.notes[0]


def test_infinities_in_the_batch_are_said_of_the_batch():
    x = drawn(8, 4)
    x[2, 1], x[5, 0] = math.inf, -math.inf
    (finding,) = health(networks.mlp([4, 8, 2], "gelu"), x).findings
    assert finding.what == "the batch has 2 numbers that are not finite" and finding.layer == "input"


# --- models of torchvision and timm, where they are installed


def library(name):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except (ImportError, RuntimeError):  # a build for another torch
        pytest.skip(f"{name.partition('.')[0].upper()} IS NOT INSTALLED: its networks are not looked at")


def vision(name):
    models = library("torchvision.models")
    if name.startswith("densenet"):
        return made(models.DenseNet, 8, (2, 2), 16, num_classes=5, memory_efficient=name.endswith("saving"))
    if name == "convnext":
        module = library("torchvision.models.convnext")
        return made(
            module.ConvNeXt, [module.CNBlockConfig(16, 32, 2), module.CNBlockConfig(32, None, 1)], num_classes=5
        )
    if name == "vit":
        return made(models.VisionTransformer, 64, 16, 2, 2, 32, 64, num_classes=5)
    if name == "googlenet":
        return made(models.googlenet, weights=None, num_classes=5, aux_logits=False, init_weights=True)
    return made(getattr(models, name), weights=None, num_classes=5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "functions", "attentions"),
    [
        ("densenet", {"ReLU": 10, "relu": 1}, 0),
        ("densenet, saving", {"ReLU": 10, "relu": 1}, 0),
        ("convnext", {"GELU": 3}, 0),
        ("vit", {"GELU": 2}, 2),
        ("googlenet", {"relu": 57}, 0),
        ("efficientnet_b0", {"SiLU": 49, "Sigmoid": 16}, 0),
        ("mobilenet_v3_small", {"Hardswish": 19, "ReLU": 14, "Hardsigmoid": 9}, 0),
    ],
)
def test_every_call_of_a_vision_model_is_seen(name, functions, attentions):
    network, x = vision(name), drawn(2, 3, 64, 64)
    s = signals(network.train() if name.endswith("saving") else network, x)
    assert {f: s.functions.count(f) for f in s.functions} == functions and len(s.attention) == attentions
    assert s.coverage.complete and all(of != "guessed" for _, of in s.units)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["convnext_atto", "edgenext_xx_small", "levit_128s", "mixer_s32_224", "eva02_tiny_patch14_224"]
)
def test_every_call_of_a_model_of_timm_is_seen(name):
    timm = library("timm")
    network = made(timm.create_model, name, pretrained=False, num_classes=5)
    s = signals(network, drawn(2, *network.default_cfg["input_size"]))
    assert s.coverage.complete and len(s.functions) >= 12 and (s.rms > 0).all()


@pytest.mark.slow
def test_a_dead_block_of_convnext_and_a_vit_that_starts_ten_times_too_large_are_found():
    network = vision("convnext")
    with torch.no_grad():
        network.features[1][1].block[3].bias.fill_(-60.0)
    (finding,) = [f for f in health(network, drawn(2, 3, 64, 64)).findings if "dead" in f.what]
    assert finding.layer == "layer features.1.1.block.4" and not finding.also
    network = vision("vit")
    with torch.no_grad():
        for p in network.parameters():
            p.mul_(10 if p.ndim > 1 else 1)
    report = health(network, drawn(2, 3, 64, 64))
    assert any(f.what.startswith("attention looks at one entry alone") for f in report.findings), report
