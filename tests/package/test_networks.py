import math

import pytest
import torch
from torch import nn

from actlab import diagnostics, networks
from actlab.activations import get
from actlab.networks import collapse, initialize, mlp


def linears(network):
    return [layer for layer in network if isinstance(layer, nn.Linear)]


def test_an_mlp_has_the_sizes_it_is_given_and_the_activation_between_them():
    network = mlp([2, 16, 8, 1], "tanh")
    kinds = [type(layer).__name__ for layer in network]
    assert kinds == ["Linear", "Elementwise", "Linear", "Elementwise", "Linear"]
    assert [(layer.in_features, layer.out_features) for layer in linears(network)] == [(2, 16), (16, 8), (8, 1)]
    assert all(layer.bias is not None for layer in linears(network))
    assert [layer.activation.name for layer in network[1::2]] == ["tanh", "tanh"]
    assert network[1] is not network[3]


def test_an_mlp_computes_what_its_weights_say():
    network = mlp([2, 3, 2], "tanh", seed=5, dtype=torch.float64)
    x = torch.tensor([[0.3, -1.2], [2.0, 0.1]], dtype=torch.float64)
    first, last = linears(network)
    by_hand = torch.tanh(x @ first.weight.T + first.bias) @ last.weight.T + last.bias
    torch.testing.assert_close(network(x), by_hand, rtol=1e-15, atol=1e-15)


def test_an_mlp_without_hidden_layers_is_linear():
    assert [type(layer).__name__ for layer in mlp([4, 3], "relu")] == ["Linear"]


def test_an_mlp_takes_an_activation_with_its_settings():
    steep = get("elu", alpha=2.0)
    assert mlp([1, 1, 1], steep)[1].activation is steep


@pytest.mark.parametrize("scheme", ["torch", "he", "orthogonal"])
@pytest.mark.parametrize(("norm", "kind"), [("layer", nn.LayerNorm), ("batch", nn.BatchNorm1d)])
def test_a_norm_stands_before_each_activation_and_changes_no_weight(norm, kind, scheme):
    plain, normed = (
        mlp([3, 6, 4, 2], "gelu", scheme=scheme, norm=n, seed=4, dtype=torch.float64) for n in (None, norm)
    )
    assert [type(layer) for layer in normed[:3]] == [nn.Linear, kind, type(plain[1])] and len(normed) == 7
    for a, b in zip(linears(plain), linears(normed), strict=True):
        assert torch.equal(a.weight, b.weight) and torch.equal(a.bias, b.bias)
    x = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    z = linears(normed)[0](x)
    axis = 1 if norm == "layer" else 0
    by_hand = (z - z.mean(axis, keepdim=True)) / (z.var(axis, unbiased=False, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(normed[:2](x), by_hand)
    signals = diagnostics.signals(normed, x)
    assert signals.names == ("2", "5") and signals.z_std[0].item() == pytest.approx(by_hand.std().item(), rel=0.1)


def test_dyt_is_a_tanh_of_its_own_for_each_feature():
    layer = networks.DyT(3, dtype=torch.float64)
    z = torch.linspace(-30, 30, 24, dtype=torch.float64).reshape(2, 4, 3).requires_grad_()
    torch.testing.assert_close(layer(z), torch.tanh(0.5 * z), rtol=1e-14, atol=0)
    with torch.no_grad():
        for i, value in enumerate(layer.parameters()):
            value += 0.1 * torch.arange(1, len(value) + 1, dtype=value.dtype) * (i + 1)
    by_hand = torch.stack([w * torch.tanh(0.6 * z[..., i]) + b for i, w, b in
                           [(0, 1.2, 0.3), (1, 1.4, 0.6), (2, 1.6, 0.9)]], -1)  # fmt: skip
    torch.testing.assert_close(layer(z), by_hand, rtol=1e-13, atol=1e-15)
    assert torch.autograd.gradcheck(lambda z, *_: layer(z), (z, *layer.parameters()))
    names = {name: tuple(value.shape) for name, value in layer.named_parameters()}
    assert names == {"alpha": (1,), "weight": (3,), "bias": (3,)} and repr(layer) == "DyT(3, alpha=0.6)"
    assert layer(z.detach().half()).dtype == torch.float16


def test_dyt_refuses_what_has_other_features():
    with pytest.raises(ValueError, match=r"these are 3 features, in the last dim; z has shape \(3, 4\)"):
        networks.DyT(3)(torch.ones(3, 4))
    with pytest.raises(ValueError, match="at least one feature, got features=0"):
        networks.DyT(0)


def test_an_mlp_with_dyt_is_bounded_before_its_activation_starts_like_the_plain_one_and_learns_it():
    plain, bounded = (mlp([3, 6, 4, 2], "gelu", norm=norm, seed=4) for norm in (None, "dyt"))
    assert [type(layer) for layer in bounded[:3]] == [nn.Linear, networks.DyT, type(plain[1])]
    for a, b in zip(linears(plain), linears(bounded), strict=True):
        assert torch.equal(a.weight, b.weight)
    x = 1e4 * torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    assert bounded[:2](x).abs().max() <= 1 < plain[:1](x).abs().max()
    bounded(x).sum().backward()
    assert all(value.grad is not None for value in bounded.parameters())
    started = str(networks.initialize(bounded, "he"))
    assert "1.alpha: left, normalisation (DyT)" in started


def test_an_unknown_norm_is_refused_with_those_there_are():
    with pytest.raises(KeyError, match="no norm named 'bach'; did you mean 'batch'"):
        mlp([2, 3, 1], "relu", norm="bach")


@pytest.mark.parametrize("sizes", [[], [3], [2, 0, 1], [2, -1]])
def test_sizes_that_make_no_network_are_refused(sizes):
    with pytest.raises(ValueError, match="sizes names at least inputs and outputs, all positive; got"):
        mlp(sizes, "relu")


def test_an_unknown_activation_is_refused_with_those_there_are():
    with pytest.raises(KeyError, match="no activation named 'rleu'; did you mean 'relu'"):
        mlp([1, 1], "rleu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_weights_have_the_dtype_that_is_asked_for(dtype):
    network = mlp([2, 3, 1], "relu", dtype=dtype)
    assert {parameter.dtype for parameter in network.parameters()} == {dtype}
    assert network(torch.ones(1, 2, dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("scheme", [*networks.schemes, 0.5])
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(scheme):
    def weights(seed):
        return nn.utils.parameters_to_vector(mlp([3, 4, 2], "relu", scheme=scheme, seed=seed).parameters())

    assert torch.equal(weights(7), weights(7))
    assert not torch.equal(weights(7), weights(8))
    layers = linears(mlp([4, 4, 4], "relu", scheme=scheme))
    assert not torch.equal(layers[0].weight, layers[1].weight)


def test_the_global_generator_is_neither_read_nor_moved():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = mlp([3, 4, 2], "relu")
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(mlp([3, 4, 2], "relu")[0].weight, first[0].weight)


FAN_IN, FAN_OUT = 500, 800
MANY = FAN_IN * FAN_OUT


def drawn(scheme):
    return initialize(nn.Linear(FAN_IN, FAN_OUT, dtype=torch.float64), scheme, seed=1).network


@pytest.mark.parametrize(
    ("scheme", "variance"),
    [("lecun", 1 / FAN_IN), ("he", 2 / FAN_IN), ("glorot", 2 / (FAN_IN + FAN_OUT)), (0.3, 0.09)],
)
def test_a_scheme_draws_normal_weights_of_its_variance_and_zero_biases(scheme, variance):
    layer = drawn(scheme)
    weight = layer.weight.detach() / math.sqrt(variance)
    assert abs(weight.mean()) < 4 / math.sqrt(MANY)
    assert abs(weight.var() - 1) < 4 * math.sqrt(2 / MANY)
    assert abs((weight**4).mean() - 3) < 4 * math.sqrt(96 / MANY)
    assert not layer.bias.any()


def test_the_default_draws_what_torch_draws_for_a_linear_layer():
    torch.manual_seed(0)
    reach = 1 / math.sqrt(FAN_IN)
    ours, theirs = mlp([FAN_IN, FAN_OUT], "relu")[0], nn.Linear(FAN_IN, FAN_OUT)
    for layer in (ours, theirs):
        for values in (layer.weight.detach().double(), layer.bias.detach().double()):
            n = values.numel()
            assert 1 - 20 / n < values.abs().max() / reach <= 1 + 1e-6
            assert abs(values.mean()) < 4 * reach / math.sqrt(3 * n)
            # a uniform variable's square has variance 4/45 of the reach to the fourth
            assert abs((values / reach).square().mean() - 1 / 3) < 4 * math.sqrt(4 / 45 / n)


def test_a_scheme_reaches_every_layer_with_the_fans_of_its_own():
    network = mlp([400, 900, 100], "relu", scheme="he", dtype=torch.float64)
    for layer in linears(network):
        fan_out, fan_in = layer.weight.shape
        assert abs(layer.weight.var() * fan_in / 2 - 1) < 4 * math.sqrt(2 / (fan_in * fan_out))


def test_initialize_works_in_place_and_reaches_nested_layers():
    network = nn.Sequential(nn.Sequential(nn.Linear(3, 3)), nn.Linear(3, 3, bias=False))
    assert initialize(network, 0.0).network is network
    assert all(not parameter.any() for parameter in network.parameters())
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("shape", [(30, 30), (20, 50), (50, 20)], ids=str)
def test_orthogonal_weights_have_rows_or_columns_of_length_one_at_right_angles(shape):
    fan_in, fan_out = shape
    weight = initialize(nn.Linear(fan_in, fan_out, dtype=torch.float64), "orthogonal", seed=4).network.weight.detach()
    product = weight @ weight.T if fan_out <= fan_in else weight.T @ weight
    torch.testing.assert_close(product, torch.eye(min(shape), dtype=torch.float64), rtol=0, atol=1e-12)


@pytest.mark.parametrize("scheme", [*(s for s in networks.schemes if s != "computed"), 0.5])
def test_a_gain_multiplies_the_weights_and_leaves_the_biases(scheme):
    plain, scaled = (nn.Linear(40, 30, dtype=torch.float64) for _ in range(2))
    initialize(plain, scheme, seed=1)
    initialize(scaled, scheme, seed=1, gain=3.0)
    torch.testing.assert_close(scaled.weight, 3 * plain.weight, rtol=1e-12, atol=0)
    assert torch.equal(scaled.bias, plain.bias)


@pytest.mark.parametrize(("name", "gain"), [("relu", math.sqrt(2)), ("tanh", 1.592537), ("gelu", 1.533530)])
def test_the_computed_scheme_is_lecuns_times_the_gain_of_the_networks_activation(name, gain):
    computed = mlp([50, 60, 1], name, scheme="computed", seed=2, dtype=torch.float64)
    lecun = mlp([50, 60, 1], name, scheme="lecun", seed=2, dtype=torch.float64)
    for one, other in zip(linears(computed), linears(lecun), strict=True):
        torch.testing.assert_close(one.weight, gain * other.weight, rtol=1e-6, atol=0)
    by_name = initialize(lecun, "lecun", seed=2, gain=name).network
    assert torch.equal(by_name[0].weight, computed[0].weight)


def test_the_computed_scheme_asks_for_one_activation():
    with pytest.raises(ValueError, match="one activation of the catalog, this has none"):
        initialize(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), "computed")
    mixed = nn.Sequential(nn.Linear(2, 2), get("relu").module(), nn.Linear(2, 2), get("tanh").module())
    with pytest.raises(ValueError, match="this has relu, tanh; give the gain yourself"):
        initialize(mixed, "computed")


@pytest.mark.parametrize("gain", [-1.0, math.nan])
def test_a_gain_that_makes_no_sense_is_refused_before_a_weight_is_touched(gain):
    layer = nn.Linear(2, 2)
    before = layer.weight.clone()
    with pytest.raises(ValueError, match="a gain is 0 or more"):
        initialize(layer, "he", gain=gain)
    assert torch.equal(layer.weight, before)


def test_an_unknown_scheme_is_refused_with_those_there_are():
    with pytest.raises(KeyError, match=r"no scheme named 'kaiming'; there are torch, lecun, glorot, he, ortho"):
        mlp([2, 1], "relu", scheme="kaiming")
    with pytest.raises(KeyError, match=r"no scheme named 'glorat'; did you mean 'glorot'\?"):
        mlp([2, 1], "relu", scheme="glorat")


@pytest.mark.parametrize("std", [-0.1, math.nan])
def test_a_standard_deviation_is_not_negative(std):
    with pytest.raises(ValueError, match="a standard deviation is 0 or more, got"):
        initialize(nn.Linear(1, 1), std)


def test_ten_linear_layers_are_one():
    network = mlp([3, *[16] * 9, 2], "identity", scheme="lecun", seed=2, dtype=torch.float64)
    for layer in linears(network):
        nn.init.normal_(layer.bias, generator=torch.Generator().manual_seed(layer.in_features))
    x = torch.randn(100, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    folded = collapse(network)
    assert isinstance(folded, nn.Linear)
    assert (folded.in_features, folded.out_features) == (3, 2)
    torch.testing.assert_close(folded(x), network(x), rtol=1e-12, atol=1e-12)


def test_two_layers_fold_as_by_hand():
    first, last = nn.Linear(2, 2), nn.Linear(2, 1)
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[1.0, 2.0], [0.0, -1.0]]))
        first.bias.copy_(torch.tensor([0.5, 1.0]))
        last.weight.copy_(torch.tensor([[3.0, 4.0]]))
        last.bias.fill_(-1.0)
    folded = collapse(nn.Sequential(first, last))
    assert folded.weight.tolist() == [[3.0, 2.0]]
    assert folded.bias.tolist() == [4.5]


def test_layers_without_bias_and_identities_are_folded_too():
    network = nn.Sequential(
        nn.Identity(),
        nn.Linear(3, 5, bias=False),
        get("identity").module(),
        nn.Linear(5, 4),
        nn.Linear(4, 2, bias=False),
    ).double()
    initialize(network, seed=3)
    x = torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(collapse(network)(x), network(x), rtol=1e-13, atol=1e-13)
    plain = nn.Sequential(nn.Linear(3, 3, bias=False))
    assert torch.equal(collapse(plain)(torch.ones(1, 3)), plain(torch.ones(1, 3)))


def test_a_network_that_bends_is_refused_by_layer_and_position():
    with pytest.raises(ValueError, match=r"^layer 3 is Elementwise\(relu\): only Linear and identity layers"):
        collapse(nn.Sequential(nn.Linear(2, 2), nn.Identity(), nn.Linear(2, 2), get("relu").module()))
    with pytest.raises(ValueError, match=r"^layer 1 is Tanh\(\)"):
        collapse(nn.Sequential(nn.Linear(2, 2), nn.Tanh()))


def test_a_network_without_linear_layers_has_nothing_to_fold():
    with pytest.raises(ValueError, match="no Linear layer"):
        collapse(nn.Sequential(nn.Identity()))


@pytest.mark.parametrize("depth", [1, 2])
def test_the_folded_layer_is_a_copy_that_can_be_trained(depth):
    network = mlp([2] * (depth + 1), "identity")
    before = nn.utils.parameters_to_vector(network.parameters()).clone()
    folded = collapse(network)
    with torch.no_grad():
        folded.weight += 1
        folded.bias += 1
    assert torch.equal(nn.utils.parameters_to_vector(network.parameters()), before)
    folded(torch.ones(1, 2)).sum().backward()
    assert folded.weight.grad is not None and folded.bias.grad is not None
    assert all(parameter.grad is None for parameter in network.parameters())
