"""What takes a program apart, transforms, compiler, exporter and tracers, finds the same function and slope."""

import copy
import itertools
import math

import pytest
import torch
from torch.func import grad, jacfwd, jacrev, vmap
from torch.fx.experimental.proxy_tensor import make_fx

from actlab import gates, networks, softmax
from actlab.activations import Elementwise, catalog, get, to_torch

F64 = torch.float64
EVERY = pytest.mark.parametrize("name", catalog)
# torch warns of its own doing: of torch.jit in its forward mode and its tracer, of Function in its compiler
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
]


def nets():
    """Networks with the shapes of what they take; a plain one, one that learns a setting, and a gated block."""
    return {
        "mlp": (networks.mlp([8, 16, 2], "gelu"), (4, 8)),
        "mlp that learns": (networks.mlp([8, 16, 2], "swish"), (4, 8)),
        "gated": (gates.GatedFeedForward(8), (4, 8)),
    }


NETS = pytest.mark.parametrize("which", nets())


def network_and_batch(which):
    network, shape = nets()[which]
    return network, torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("modes", list(itertools.product((jacfwd, jacrev), repeat=2)), ids=lambda m: m[0].__name__)
@EVERY
def test_the_second_derivative_is_the_slope_of_the_slope_in_each_nesting(name, modes):
    outer, inner = modes
    act = catalog[name]
    z = torch.tensor([-25.0, -3.1, -1.2, -0.3, 0.2, 1.3, 2.7, 25.0], dtype=F64)
    expected = vmap(grad(act.slope))(z)
    torch.testing.assert_close(vmap(outer(inner(act)))(z), expected, rtol=1e-12, atol=1e-300)


def test_forward_over_forward_of_tanh_is_minus_two_tanh_over_cosh_squared():
    found = jacfwd(jacfwd(get("tanh")))(torch.tensor(0.5, dtype=F64)).item()
    assert found == pytest.approx(-2 * math.tanh(0.5) / math.cosh(0.5) ** 2, rel=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@EVERY
def test_forward_over_forward_keeps_the_dtype_of_one_number(name, dtype):
    assert jacfwd(jacfwd(catalog[name]))(torch.tensor(0.3, dtype=dtype)).dtype == dtype


def test_units_that_learn_their_hinges_have_derivatives_of_each_order_in_each_nesting():
    layer = networks.APL(3, 2, dtype=F64)
    z = torch.randn(2, 3, dtype=F64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    parts = (z, layer.a, layer.b)
    call = lambda z, a, b: torch.func.functional_call(layer, {"a": a, "b": b}, (z,))  # noqa: E731
    assert torch.autograd.gradcheck(call, parts) and torch.autograd.gradgradcheck(call, parts)
    loss = lambda z: layer(z).pow(3).sum()  # noqa: E731
    expected = torch.autograd.functional.hessian(loss, z.detach())
    for outer, inner in itertools.product((jacfwd, jacrev), repeat=2):
        torch.testing.assert_close(outer(inner(loss))(z.detach()), expected)
    frozen = networks.APL(3, 2, frozen=True, dtype=F64)
    assert torch.autograd.gradgradcheck(frozen, z)


def test_units_that_learn_their_hinges_are_written_down_by_make_fx_and_fx():
    layer, z = networks.APL(3, 2), torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(make_fx(layer)(z)(z), layer(z))
    whole = torch.nn.Sequential(torch.nn.Linear(3, 3), layer)
    assert torch.equal(torch.fx.symbolic_trace(whole)(z), whole(z))


@pytest.mark.parametrize("modes", list(itertools.product((jacfwd, jacrev), repeat=3)))
def test_third_derivatives_agree_in_each_nesting(modes):
    z = torch.tensor(0.5, dtype=F64)
    first, second, third = modes
    t = math.tanh(0.5)
    assert first(second(third(get("tanh"))))(z).item() == pytest.approx((1 - t**2) * (6 * t**2 - 2), rel=1e-13)


def test_an_equation_of_second_derivatives_has_the_gradient_that_reverse_mode_finds():
    network = networks.mlp([2, 6, 6, 1], "tanh", dtype=F64)
    x = torch.tensor([0.3, -0.8], dtype=F64)

    def gradients(inner):
        loss = torch.trace(inner(jacfwd(lambda x: network(x)[0]))(x)) ** 2
        return torch.autograd.grad(loss, [p for p in network.parameters() if p.ndim == 2])

    for forward, reverse in zip(gradients(jacfwd), gradients(jacrev), strict=True):
        torch.testing.assert_close(forward, reverse, rtol=1e-11, atol=1e-15)


def compiled_as_written(act, backend):
    torch.compiler.reset()
    z = torch.tensor([-20.0, -3.0, -1.0, 0.0, 0.5, 3.0, 6.0, 20.0], requires_grad=True)
    value = torch.compile(act, fullgraph=True, backend=backend)(z)
    (gradient,) = torch.autograd.grad(value.sum(), z)
    close = {"rtol": 4 * torch.finfo(z.dtype).eps, "atol": 1e-30}
    torch.testing.assert_close(value, act(z), **close)
    torch.testing.assert_close(gradient, act.slope(z.detach()), **close)


@pytest.mark.parametrize("name", ["tanh", "relu6"])
def test_the_compiler_keeps_the_slope_that_is_written(name):
    compiled_as_written(catalog[name], "aot_eager")


@pytest.mark.slow
@EVERY
def test_the_compiler_keeps_every_slope_that_is_written(name):
    compiled_as_written(catalog[name], "aot_eager")


@NETS
def test_a_network_compiles_in_one_piece(which):
    torch.compiler.reset()
    network, x = network_and_batch(which)
    out = torch.compile(network, fullgraph=True, backend="aot_eager")(x)
    torch.testing.assert_close(out, network(x))
    found = torch.autograd.grad(out.sum(), list(network.parameters()))
    expected = torch.autograd.grad(network(x).sum(), list(network.parameters()))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("make", "shape"), [(networks.cnn, (2, 1, 28, 28)), (networks.resnet, (2, 1, 32, 32))])
def test_a_network_of_convolutions_compiles_in_one_piece(make, shape):
    torch.compiler.reset()
    network, x = make("silu").eval(), torch.randn(shape, generator=torch.Generator().manual_seed(0))
    out = torch.compile(network, fullgraph=True, backend="aot_eager")(x)
    torch.testing.assert_close(out, network(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("strict", [True, False])
@NETS
def test_a_network_can_be_exported(which, strict):
    network, x = network_and_batch(which)
    exported = torch.export.export(network, (x,), strict=strict).module()
    torch.testing.assert_close(exported(x), network(x))


@NETS
def test_fx_writes_each_activation_as_one_call(which):
    network, x = network_and_batch(which)
    traced = torch.fx.symbolic_trace(network)
    assert torch.equal(traced(x), network(x))
    calls = [node.op for node in traced.graph.nodes if node.op.startswith("call")]
    assert len(calls) == (4 if which == "gated" else 3)
    assert torch.equal(copy.deepcopy(traced)(x), network(x))


class Calls(torch.nn.Module):
    def forward(self, z):
        return get("elu", alpha=0.5)(z) + 1


class Shares(torch.nn.Module):
    def forward(self, z):
        return softmax.softmax(z, 1) + softmax.log_softmax(z, dim=0) * get("elu", alpha=0.3).slope(z)


def test_fx_writes_softmax_and_slopes_as_one_call():
    graph, z = torch.fx.symbolic_trace(Shares()), torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(graph(z), Shares()(z))
    names = [node.target.__name__ for node in graph.graph.nodes if node.op == "call_function"]
    assert {"softmax", "log_softmax", "applied_slope"} <= set(names) and len(names) == 5
    assert torch.equal(copy.deepcopy(graph)(z), graph(z))


@pytest.mark.parametrize(("shape", "dim"), [((), -1), ((5, 3), None), ((5, 3, 2), (0, 1))])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp", "sparsemax", "online_softmax"])
def test_softmax_compiles_in_one_piece_whatever_the_dims(name, shape, dim):
    torch.compiler.reset()
    function, z = getattr(softmax, name), torch.randn(shape, generator=torch.Generator().manual_seed(0))
    compiled = torch.compile(lambda z: function(z, dim), fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(z), function(z, dim))


def test_fx_writes_a_call_of_a_record_with_its_settings():
    z = torch.tensor([-2.0, 1.0])
    assert torch.equal(torch.fx.symbolic_trace(Calls())(z), Calls()(z))


@EVERY
def test_make_fx_and_jit_trace_write_down_a_program_that_gives_the_same(name):
    module = catalog[name].module().eval()
    z = torch.linspace(-4, 4, 9)
    written = torch.fx.experimental.proxy_tensor.make_fx(module)(z)
    torch.testing.assert_close(written(z + 0.1), module(z + 0.1))
    traced = torch.jit.trace(module, (z,))  # which runs it twice, and compares
    torch.testing.assert_close(traced(z + 0.1), module(z + 0.1))


def test_a_layer_takes_its_input_by_the_name_that_torch_has_for_it():
    z = torch.tensor([-1.0, 2.0])
    for name in catalog:
        layer = catalog[name].module().eval()
        assert torch.equal(layer(input=z), layer(z))


class Asked(torch.nn.Module):
    """The same layer at two places, and others beside it."""

    def __init__(self):
        super().__init__()
        self.first = self.again = get("gelu").module()
        self.inner = torch.nn.Sequential(torch.nn.Linear(4, 4), get("snake").module(), get("prelu").module())

    def forward(self, x):
        return self.again(self.inner(self.first(x)))


def test_torchs_layers_stand_in_a_copy_for_those_of_the_catalog():
    network, x = Asked(), torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        network.inner[2].negative_slope.fill_(0.4)
    made = to_torch(network)
    assert set(made.swapped) == {"first", "again", "inner.2"} and set(made.left) == {"inner.1"}
    assert made.network.first is made.network.again and isinstance(made.network.first, torch.nn.GELU)
    assert isinstance(made.network.inner[2], torch.nn.PReLU)
    assert made.network.inner[2].weight.item() == network.inner[2].negative_slope.item()
    assert isinstance(network.first, Elementwise), "the network itself is left as it was"
    torch.testing.assert_close(made.network(x), network(x))
    assert 0 < made.error <= 1e-6
    said = str(made)
    assert "inner.1: left, torch has no layer of snake" in said and "first: now GELU(approximate='none')" in said


@EVERY
def test_a_layer_alone_becomes_torchs_where_torch_has_it_and_agrees(name):
    made = to_torch(get(name).module().eval())
    own = name == "squareplus" or (catalog[name].torch_function is not None and name != "sine")
    assert isinstance(made.network, Elementwise) != own
    assert (list(made.swapped), list(made.left)) == (([""], []) if own else ([], [""]))
    z = torch.linspace(-120, 120, 1001)
    torch.testing.assert_close(made.network(z), get(name)(z), rtol=1e-6, atol=1e-6)


def test_what_does_not_agree_or_draws_is_left_and_said():
    assert list(to_torch(get("softplus").module(), error=0).left) == [""]
    assert to_torch(get("rrelu").module()).left == {"": "rrelu draws in training"}
    with pytest.raises(TypeError, match=r"to_torch takes a torch\.nn\.Module, got Activation"):
        to_torch(get("relu"))


@pytest.mark.parametrize(("name", "settings"), [("logsigmoid", {}), ("squareplus", {"b": 2.5})])
def test_what_exporters_write_badly_is_swapped_for_what_they_have(name, settings):
    act = get(name, **settings)
    swapped = to_torch(torch.nn.Sequential(act.module())).network
    z = torch.cat([torch.linspace(-120, 120, 481), torch.tensor([-1e4, 1e4])])
    torch.testing.assert_close(swapped(z), act(z), rtol=1e-6, atol=1e-30)
    nodes = [str(node.target) for node in torch.export.export(swapped, (z,)).graph.nodes]
    assert not any(word in node for node in nodes for word in ("log_sigmoid", "hypot", "logaddexp"))


def test_the_softplus_of_a_swapped_network_is_exported_as_torchs_own():
    network = to_torch(torch.nn.Sequential(get("softplus").module())).network
    exported = torch.export.export(network, (torch.ones(3),))
    assert torch.ops.aten.softplus.default in [node.target for node in exported.graph.nodes]
