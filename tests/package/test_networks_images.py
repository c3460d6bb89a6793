"""The networks of the image studies, against published counts, published shapes and a forward pass by hand."""

import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from actlab.activations import Elementwise
from actlab.networks import cnn, resnet
from actlab.networks._images import xavier_uniform


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("settings", "published"),
    [({}, 25_557_032), ({"blocks": (2, 2, 2, 2), "bottleneck": False}, 11_689_512)],
    ids=["ResNet-50", "ResNet-18"],
)
def test_resnets_have_the_published_number_of_parameters(settings, published):
    assert parameters(resnet("relu", channels=3, classes=1000, **settings)) == published


@pytest.mark.parametrize("made", [partial(resnet, blocks=(2, 1), width=2), cnn], ids=["resnet", "cnn"])
def test_no_two_layers_draw_alike_nor_those_of_networks_with_other_seeds(made):
    layers = [m for seed in (0, 1) for m in made("rrelu", seed=seed).modules() if isinstance(m, Elementwise)]
    z = torch.full((10,), -1.0)
    assert len({tuple(layer(z).tolist()) for layer in layers}) == len(layers) > 7


def test_the_cnn_has_the_parameters_of_the_tutorial():
    assert parameters(cnn("relu", channels=3, size=32)) == 62_006  # 456 + 2,416 + 48,120 + 10,164 + 850


def test_the_cnn_computes_what_the_tutorial_writes_down():
    network, x = cnn("tanh", channels=3, size=32, seed=3), torch.randn(4, 3, 32, 32)
    w, out = network.state_dict(), x
    for name in ("conv1", "conv2"):
        out = functional.max_pool2d(torch.tanh(functional.conv2d(out, w[f"{name}.weight"], w[f"{name}.bias"])), 2)
    out = out.reshape(4, -1)
    for name in ("fc1", "fc2"):
        out = torch.tanh(functional.linear(out, w[f"{name}.weight"], w[f"{name}.bias"]))
    out = functional.linear(out, w["fc3.weight"], w["fc3.bias"])
    assert torch.allclose(network(x), out, atol=1e-6)


def test_resnet_halves_the_image_where_the_published_one_does():
    network, x, sides = resnet("relu", channels=3, width=4, classes=7).eval(), torch.randn(1, 3, 224, 224), {}
    for name, layer in network.named_children():
        x = layer(x)
        if x.ndim == 4:
            sides[name] = (x.shape[1], x.shape[2])
    assert [sides[name] for name in ("stem", "pool")] == [(4, 112), (4, 56)]
    assert [sides[f"stage{i}"] for i in (1, 2, 3, 4)] == [(16, 56), (32, 28), (64, 14), (128, 7)]
    assert x.shape == (1, 7)
    strides = {name: layer.stride for name, layer in network.stage2[0].branch.named_children() if "conv" in name}
    assert strides == {"conv1": (1, 1), "conv2": (2, 2), "conv3": (1, 1)}  # in the 3 x 3, as in torchvision


def test_a_residual_block_adds_its_branch_to_its_shortcut():
    block = resnet("leaky_relu", width=4).eval().stage1[1]  # to the last bit the same in every torch, unlike elu
    x = torch.randn(2, 16, 5, 5)
    assert torch.equal(block(x), functional.leaky_relu(block.branch(x) + x))


def test_the_activation_is_everywhere_and_no_other():
    found = [m.activation.name for m in resnet("silu", width=4).modules() if hasattr(m, "activation")]
    assert found == ["silu"] * (1 + 16 * 3)
    found = [
        m.activation.name
        for m in resnet("silu", width=4, blocks=(2, 2), bottleneck=False).modules()
        if hasattr(m, "activation")
    ]
    assert found == ["silu"] * (1 + 4 * 2)
    assert [m.activation.name for m in cnn("gelu").modules() if hasattr(m, "activation")] == ["gelu"] * 4


def test_xavier_uniform_has_its_variance_and_its_limits():
    layer = nn.Conv2d(32, 64, 3)
    assert xavier_uniform(layer, 1) is layer
    fan_in, fan_out = 32 * 9, 64 * 9
    limit = math.sqrt(6 / (fan_in + fan_out))
    assert layer.weight.abs().max() <= limit
    # 18,432 weights: the standard error of a uniform variance is sqrt(4 / 5 / n) of it, 0.7 %
    assert layer.weight.var().item() == pytest.approx(limit**2 / 3, rel=0.03)
    assert 0.8 / math.sqrt(fan_in) < layer.bias.abs().max() <= 1 / math.sqrt(fan_in)


@pytest.mark.parametrize("build", [cnn, lambda *a, **k: resnet(*a, width=2, **k)], ids=["cnn", "resnet"])
def test_weights_follow_from_the_seed_alone(build):
    torch.manual_seed(7)
    state = torch.get_rng_state()
    first = build("relu", seed=5).state_dict()
    torch.rand(3)
    again, other = build("relu", seed=5).state_dict(), build("relu", seed=6).state_dict()
    torch.manual_seed(7)
    build("relu", seed=5)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first[next(iter(first))], other[next(iter(other))])
    shared = build("elu", seed=5).state_dict()  # paired: another activation starts from the same weights
    assert all(torch.equal(first[name], shared[name]) for name in first)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cnn("relu", size=15), "fewer than 16 pixels; got size=15"),
        (lambda: cnn("relu", channels=0), "channels is at least 1, got 0"),
        (lambda: resnet("relu", width=0), "width is at least 1, got 0"),
        (lambda: resnet("relu", blocks=()), "stages is at least 1, got 0"),
        (lambda: resnet("relu", blocks=(2, 0)), r"blocks\[1\] is at least 1, got 0"),
    ],
)
def test_numbers_that_make_no_network(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_an_unknown_activation_is_named():
    with pytest.raises(KeyError, match="did you mean"):
        cnn("rellu")
