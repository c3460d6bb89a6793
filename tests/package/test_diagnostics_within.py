"""`health` on networks whose own pass forward differentiates, goes without gradients, or leaves torch for a while."""

import copy
import importlib.util

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from actlab.diagnostics import health, signals

pytestmark = pytest.mark.usefixtures("one_thread")


class Signs(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z.sign()

    @staticmethod
    def backward(ctx, gradient):
        (z,) = ctx.saved_tensors
        return gradient * (z.abs() < 1)


class Own(nn.Module):
    """Two layers, and between them what the reader's code does: way(network, x)."""

    def __init__(self, way):
        super().__init__()
        torch.manual_seed(0)
        self.way, self.a, self.b = way, nn.Linear(8, 8), nn.Linear(8, 2)

    def forward(self, x):
        return self.way(self, x)


def drawn(n=6):
    return torch.randn(n, 8, generator=torch.Generator().manual_seed(0))


def asks_for_its_own(net, x):  # as wav2vec2 does in training
    x = x[:, :]
    x.requires_grad = True
    return net.b(F.gelu(net.a(x)))


def field(net, x):  # as networks that hold a differential equation
    x = x.clone().requires_grad_(True)
    u = net.b(torch.tanh(net.a(x)))[:, 0]
    (slope,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), x, create_graph=True)
    return torch.stack([u, bend.sum(1)], 1)


def walk_downhill(net, x):  # as energy networks
    for _ in range(3):
        x = x.detach().requires_grad_()
        x = x - 0.1 * torch.autograd.grad(net.b(F.silu(net.a(x))).sum(), x)[0]
    return x


def by_functions(net, x):
    return torch.func.vmap(torch.func.grad(lambda z: net.b(torch.tanh(net.a(z))).sum()))(x)


def row_by_row(net, x):
    return torch.vmap(lambda row: net.b(F.relu(net.a(row)) ** 2))(x)


def deep_copied(net, x):
    return net.b(F.gelu(copy.deepcopy(net.a)(x)))


SEEN = {
    asks_for_its_own: ["gelu"], field: ["tanh"], walk_downhill: ["silu"] * 3, by_functions: ["tanh"],
    row_by_row: ["relu_squared"], deep_copied: ["gelu"],
}  # fmt: skip


@pytest.mark.parametrize("way", SEEN, ids=lambda way: way.__name__)
def test_what_a_network_does_within_its_pass_is_measured(way):
    net = Own(way).train()
    kept = {name: value.clone() for name, value in net.state_dict().items()}
    s = signals(net, drawn())
    assert list(s.functions) == SEEN[way] and s.coverage.complete, str(s.coverage)
    assert (s.delta > 0).all()
    assert all(torch.equal(value, kept[name]) for name, value in net.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in net.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


def test_an_input_that_asks_for_its_own_gradient_changes_no_number():
    own, plain = (signals(Own(way), drawn()) for way in (asks_for_its_own, lambda net, x: net.b(F.gelu(net.a(x)))))
    for name in ("z_std", "rms", "delta", "dead", "weight_gradient"):
        torch.testing.assert_close(getattr(own, name), getattr(plain, name), rtol=1e-6, atol=0)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_part_without_gradients_is_measured_and_said(mode):
    def frozen(net, x):
        with mode():
            h = F.relu(net.a(x))
        return F.gelu(net.b(h.clone()))

    found = health(Own(frozen), drawn())
    s = found.signals
    assert s.functions == ("relu", "gelu") and s.coverage.complete
    assert s.delta[0].isnan() and s.delta[1] > 0 and s.rms[0] > 0
    assert "computed without gradients" in str(found)


def test_a_slope_of_ones_own_is_the_one_that_sends_the_gradient_back():
    s = signals(Own(lambda net, x: net.b(Signs.apply(3 * net.a(x)))), drawn(200), keep=("slope", "z"))
    (z,), (slope,) = s.values["z"], s.values["slope"]
    assert torch.equal(slope, (z.abs() < 1).to(slope.dtype)) and 0 < slope.mean() < 1


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointing_a_function_alone_counts_it_once(reentrant):
    def way(net, x):
        return net.b(checkpoint(nn.ReLU(), net.a(x), use_reentrant=reentrant))

    s = signals(Own(way), drawn())
    assert len(s.functions) == 1 and s.coverage.complete and s.delta[0] > 0


def behind_an_array(net, x):
    return F.gelu(net.b(torch.from_numpy(F.relu(net.a(x)).detach().numpy())))


def nested(net, x):
    rows = F.relu(net.a(torch.nested.nested_tensor([x[:2], x[2:]])))
    return net.b(torch.cat(rows.unbind()))


def largest_three(net, x):
    h = net.a(x)
    return net.b(h * (h >= h.topk(3).values[:, -1:]))


def without_a_slope(net, x):
    return net.b(torch.special.bessel_j0(net.a(x)))


UNSEEN = {
    behind_an_array: "left torch", nested: "nested or sparse", largest_three: "by its own signs",
    without_a_slope: "torch has no slope",
}  # fmt: skip


@pytest.mark.parametrize("way", UNSEEN, ids=lambda way: way.__name__)
def test_what_cannot_be_measured_is_counted_and_said(way):
    found = health(Own(way), drawn())
    assert not found.signals.coverage.complete
    assert UNSEEN[way] in str(found.signals.coverage)
    assert "not seen: 1" in str(found.signals.coverage)


@pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="needs the extra transformers")
@pytest.mark.parametrize("norm", ["group", "layer"])
def test_a_speech_network_in_training_is_measured(norm):
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    front = {"conv_dim": (16, 16), "conv_stride": (5, 2), "conv_kernel": (10, 3), "num_feat_extract_layers": 2}
    further = {"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2, "feat_extract_norm": norm}
    torch.manual_seed(0)
    net = Wav2Vec2Model(Wav2Vec2Config(**sizes, **front, **further)).train()
    s = signals(net, torch.randn(2, 3200))
    # two convolutions, the embedding of places, two blocks
    assert s.coverage.complete and len(s.layers) == 5 and len(s.attention) == 2
    assert (s.delta > 0).all()
