"""APL units and the convolutional networks: values, gradients, counts, starts, and what is refused."""

import math

import pytest
import torch
from torch import nn

from actlab import activations, networks
from actlab.networks._adaptive import _Hinges


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("shape", [(7, 3), (4, 3, 5, 2), (4, 3, 5)])
@pytest.mark.parametrize("hinges", [1, 2, 5, 10])
def test_each_unit_is_the_catalog_s_function_with_its_own_settings(shape, hinges):
    layer = networks.APL(3, hinges, seed=4, dtype=torch.float64)
    z = 3 * drawn(*shape)
    out = layer(z)
    assert out.shape == z.shape
    for unit in range(3):
        alone = activations.get("apl", a=layer.a[:, unit].tolist(), b=layer.b[:, unit].tolist())
        torch.testing.assert_close(out[:, unit], alone(z[:, unit]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 4), (3, 4, 3, 2)])
def test_gradients_are_those_of_finite_differences(shape):
    z, a, b = (drawn(*s, seed=i).requires_grad_() for i, s in enumerate([shape, (3, 4), (3, 4)]))
    assert torch.autograd.gradcheck(_Hinges.apply, (z, a, b))


def test_at_a_kink_the_slopes_are_those_of_the_catalog():
    layer = networks.APL(1, 2, dtype=torch.float64)
    z = torch.tensor([[0.0], [layer.b[0, 0].item()], [layer.b[1, 0].item()], [1.0]], dtype=torch.float64)
    z.requires_grad_()
    layer(z).sum().backward()
    alone = activations.get("apl", a=layer.a[:, 0].tolist(), b=layer.b[:, 0].tolist())
    torch.testing.assert_close(z.grad, alone.slope(z.detach()), rtol=1e-12, atol=1e-12)


def test_it_keeps_one_tensor_for_the_backward_pass_however_many_hinges():
    kept = {}
    for hinges in (1, 10):
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, to=sizes: to.append(t.numel()) or t, lambda t: t):
            networks.APL(4, hinges)(torch.zeros(8, 4, 10, 10, requires_grad=True))
        kept[hinges] = sum(size >= 8 * 4 * 10 * 10 for size in sizes)
    assert kept == {1: 1, 10: 1}


def test_the_start_has_the_spread_that_it_says_and_zero_is_a_relu():
    layer = networks.APL(2000, 10, seed=1)
    for part in (layer.a, layer.b):
        assert part.std().item() == pytest.approx(math.sqrt(2 / 2000), rel=0.03)  # of 20,000 draws: s.e. 0.5 %
        assert part.mean().item() == pytest.approx(0, abs=4 * math.sqrt(2 / 2000 / 20_000))
    zero = networks.APL(2000, 10, start="zero", seed=1)
    assert zero.a.abs().max() == 0 and torch.equal(zero.b, layer.b)
    z = drawn(5, 2000, dtype=torch.float32)
    assert torch.equal(zero(z), z.relu())


def test_a_seed_says_which_units_and_leaves_the_global_generator_alone():
    state = torch.get_rng_state()
    one, same, other = networks.APL(8, seed=3), networks.APL(8, seed=3), networks.APL(8, seed=4)
    assert torch.equal(one.a, same.a) and not torch.equal(one.a, other.a)
    assert torch.equal(networks.APL(8, seed=3, dtype=torch.float64).a.float(), one.a)
    networks.conv_net("apl", widths=(2, 2, 2), hidden=(4,))
    assert torch.equal(torch.get_rng_state(), state)


def test_frozen_units_have_nothing_to_learn_and_travel_with_the_network():
    layer = networks.APL(3, 2, frozen=True)
    assert not list(layer.parameters()) and set(layer.state_dict()) == {"a", "b"}
    assert torch.equal(layer.a, networks.APL(3, 2).a)


@pytest.mark.parametrize("hinges", [1, 5, 10])
def test_units_add_two_numbers_for_each_hinge_of_each_filter_and_hidden_unit(hinges):
    sizes = {"widths": (4, 6, 8), "hidden": (10, 12)}
    count = {
        name: sum(p.numel() for p in networks.conv_net(name, hinges=hinges, **sizes).parameters())
        for name in ("relu", "apl", "prelu", "swish")
    }
    units = 4 + 6 + 8 + 10 + 12
    assert count["apl"] - count["relu"] == 2 * hinges * units
    assert count["prelu"] - count["relu"] == units
    assert count["swish"] - count["relu"] == 5  # one beta for each layer


def test_the_published_network_has_its_widths_and_three_by_three_positions_at_the_end():
    network = networks.conv_net("relu")
    weights = [tuple(layer.weight.shape) for layer in network if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert weights == [
        (96, 3, 5, 5),
        (128, 96, 5, 5),
        (256, 128, 5, 5),
        (2048, 256 * 9),
        (2048, 2048),
        (10, 2048),
    ]
    kinds = [type(layer).__name__ for layer in network if "Pool" in type(layer).__name__]
    assert kinds == ["MaxPool2d", "AvgPool2d", "AvgPool2d"]
    assert [layer.p for layer in network if isinstance(layer, nn.Dropout)] == [0.25] * 3 + [0.5] * 2
    assert network.eval()(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_weights_are_the_same_whatever_the_activation_and_within_torch_s_bounds():
    for build in (
        lambda name: networks.conv_net(name, widths=(4, 6, 8), hidden=(10,), seed=5),
        lambda name: networks.conv_stack(name, 3, width=4, seed=5),
    ):
        built = [build(name) for name in ("relu", "apl", "prelu", "gelu")]
        for layers in zip(*built, strict=True):
            if isinstance(layers[0], nn.Conv2d | nn.Linear):
                reach = 1 / math.sqrt(layers[0].weight[0].numel())
                assert all(torch.equal(layer.weight, layers[0].weight) for layer in layers)
                assert layers[0].weight.abs().max() <= reach and layers[0].bias.abs().max() <= reach
                assert layers[0].weight.std().item() == pytest.approx(reach / math.sqrt(3), rel=0.25)


@pytest.mark.parametrize("depth", [1, 3, 7])
def test_a_stack_is_as_deep_as_asked_and_takes_images_of_any_size(depth):
    network = networks.conv_stack("apl", depth, width=5, channels=1)
    assert sum(isinstance(layer, nn.Conv2d) for layer in network) == depth
    assert network(torch.zeros(2, 1, 9, 14)).shape == (2, 10)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: networks.APL(0), ValueError, "units=0"),
        (lambda: networks.APL(3, 0), ValueError, "hinges=0"),
        (lambda: networks.APL(3, start="hee"), KeyError, "no start named 'hee'; there are he, zero"),
        (lambda: networks.APL(3)(torch.zeros(2, 4)), ValueError, r"3 units; the input has shape \(2, 4\)"),
        (lambda: networks.APL(3)(torch.zeros(3)), ValueError, "3 units"),
        (lambda: networks.conv_net("reluu"), KeyError, "relu"),
        (lambda: networks.conv_net("relu", widths=(4, 4)), ValueError, "three convolutions"),
        (lambda: networks.conv_net("relu", widths=(4, 4, 4), side=14), ValueError, "side 14"),
        (lambda: networks.conv_stack("relu", 0), ValueError, "depth=0"),
    ],
)
def test_what_makes_no_sense_is_refused_with_one_clear_line(call, error, words):
    with pytest.raises(error, match=words):
        call()
