import copy
import math
import re
from pathlib import Path

import pytest
import torch
from mpmath import mp
from torch import nn
from torch.nn import functional

from actlab import gates, networks
from actlab.activations import get
from actlab.gates import GatedFeedForward, catalog, glu, matched_width, swiglu

F64 = torch.float64
EVERY = pytest.mark.parametrize("name", catalog)
HALVES = pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)


def clamped(v, g):
    g = g.clamp(max=7)
    return (v.clamp(-7, 7) + 1) * g * torch.sigmoid(1.702 * g)


# What a gate makes of its second argument, at any precision; and all of it, by torch.
ORACLES = {
    "glu": (lambda g: 1 / (1 + mp.exp(-g)), lambda v, g: functional.glu(torch.cat([v, g], -1))),
    "bilinear": (lambda g: g, lambda v, g: v * g),
    "reglu": (lambda g: max(g, mp.mpf(0)), lambda v, g: v * functional.relu(g)),
    "geglu": (lambda g: g * mp.erfc(-g / mp.sqrt(2)) / 2, lambda v, g: v * functional.gelu(g)),
    "swiglu": (lambda g: g / (1 + mp.exp(-g)), lambda v, g: v * functional.silu(g)),
    "clamped_swiglu": (lambda g: min(g, 7) / (1 + mp.exp(-mp.mpf(1.702) * min(g, 7))), clamped),
}


def factor(name, v):
    """What a gate makes of its first argument."""
    return min(max(v, -7), 7) + 1 if name == "clamped_swiglu" else v


def draw(*shape, seed=0, dtype=F64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64).to(dtype)


@EVERY
def test_a_gate_multiplies_the_value_by_its_function_to_twelve_digits(name):
    numbers = [0.0, 1e-8, 0.3, 1.0, 5.0, 20.0, 37.5, 100.0]
    signed = [sign * z for z in numbers for sign in (-1, 1)]
    value = torch.tensor([v for v in signed for _ in signed], dtype=F64)
    gate = torch.tensor([g for _ in signed for g in signed], dtype=F64)
    for v, g, got in zip(value.tolist(), gate.tolist(), catalog[name](value, gate).tolist(), strict=True):
        with mp.workdps(60):
            true = factor(name, mp.mpf(v)) * ORACLES[name][0](mp.mpf(g))
        assert abs(got - true) <= 1e-12 * abs(true) + 1e-300, (v, g)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, F64], ids=str)
@EVERY
def test_nan_stays_nan_and_a_gate_at_infinity_is_open_or_shut(name, dtype):
    gate = torch.tensor([math.nan, -math.inf, math.inf], dtype=dtype, requires_grad=True)
    value = torch.full((3,), -2.0, dtype=dtype, requires_grad=True)
    most = get("swish")(torch.tensor(7.0, dtype=dtype)).item()
    ends = {"glu": [0, 1], "bilinear": [-math.inf, math.inf], "clamped_swiglu": [0, most]}
    through, times = ends.get(name, [0, math.inf]), factor(name, -2)
    slope = {"glu": [0, 0], "bilinear": [1, 1], "clamped_swiglu": [0, 0]}.get(name, [0, 1])
    out = catalog[name](value, gate)
    to_value, to_gate = torch.autograd.grad(out.sum(), (value, gate))
    assert out[0].isnan() and to_value[0].isnan() and (to_gate[0].isnan() or name == "bilinear")
    assert out[1:].tolist() == [times * one for one in through]
    assert to_value[1:].tolist() == through
    assert to_gate[1:].tolist() == [times * one for one in slope]
    assert catalog[name](torch.full((1,), math.nan, dtype=dtype), torch.ones(1, dtype=dtype)).isnan()


@EVERY
def test_values_and_gradients_are_those_of_torch(name):
    value, gate = draw(5, 8, seed=1).requires_grad_(), draw(5, 8, seed=2).requires_grad_()
    weight = draw(5, 8, seed=3)
    ours, theirs = catalog[name](value, gate), ORACLES[name][1](value, gate)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-15)
    for got, expected in zip(
        torch.autograd.grad((weight * ours).sum(), (value, gate)),
        torch.autograd.grad((weight * theirs).sum(), (value, gate)),
        strict=True,
    ):
        torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-14)


def test_the_halves_are_in_the_order_of_torch_and_not_in_the_other():
    both = draw(3, 8)
    value, gate = both.chunk(2, -1)
    torch.testing.assert_close(glu(value, gate), functional.glu(both, -1), rtol=1e-14, atol=0)
    assert not torch.allclose(glu(gate, value), functional.glu(both, -1))


@EVERY
def test_autograd_agrees_with_finite_differences_twice(name):
    value = torch.tensor([-1.5, 0.0, 0.7, 2.0], dtype=F64, requires_grad=True)
    gate = torch.tensor([0.4, -2.0, 1.1, -0.3], dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(catalog[name], (value, gate))
    assert torch.autograd.gradgradcheck(catalog[name], (value, gate))


def test_a_gate_that_is_shut_still_lets_a_gradient_through_where_torch_has_none():
    value = torch.tensor([1.0], dtype=F64, requires_grad=True)
    gate = torch.tensor([100.0], dtype=F64, requires_grad=True)
    (ours,) = torch.autograd.grad(glu(value, gate), gate)
    (theirs,) = torch.autograd.grad(ORACLES["glu"][1](value, gate), gate)
    assert theirs.item() == 0
    assert ours.item() == pytest.approx(math.exp(-100), rel=1e-12, abs=0)


@HALVES
@EVERY
def test_halves_are_multiplied_before_they_are_rounded(name, dtype):
    value, gate = draw(40, 50, seed=4, dtype=dtype) * 8, draw(40, 50, seed=5, dtype=dtype) * 4
    exact = catalog[name](value.double(), gate.double()).to(dtype)
    got = catalog[name](value, gate)
    assert got.dtype == dtype
    # float32 lies between: it may round a tie the other way, by one unit
    eps, least = torch.finfo(dtype).eps, torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps
    torch.testing.assert_close(got, exact, rtol=eps, atol=least)
    assert (got != exact).double().mean() < 0.01


def test_a_small_opening_for_a_large_value_is_not_lost():
    value, gate = torch.tensor([60000.0]).half(), torch.tensor([-20.0]).half()
    true = 60000 * -20 / (1 + math.exp(20))
    assert swiglu(value, gate).item() == pytest.approx(true, rel=1e-3, abs=0)
    assert (functional.silu(gate) * value).item() != pytest.approx(true, rel=0.1, abs=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, F64], ids=str)
@EVERY
def test_no_finite_halves_give_nan_nor_a_needless_inf(name, dtype):
    info = torch.finfo(dtype)
    far = [0.0, 1.0, -1.0, 1e4, -1e4, info.max, -info.max, info.tiny]
    value = torch.tensor([v for v in far for _ in far], dtype=dtype, requires_grad=True)
    gate = torch.tensor([g for _ in far for g in far], dtype=dtype, requires_grad=True)
    out = catalog[name](value, gate)
    for v, g, got in zip(value.tolist(), gate.tolist(), out.tolist(), strict=True):
        with mp.workdps(60):
            true = factor(name, mp.mpf(v)) * (ORACLES[name][0](mp.mpf(g)) if abs(g) < 1e5 else _far(name, g))
        assert not math.isnan(got)
        assert math.isfinite(got) or abs(true) > info.max, (v, g)
    for gradient in torch.autograd.grad(out.sum(), (value, gate)):
        assert not gradient.isnan().any()


def _far(name, g):
    """What the gate is multiplied by far out, where mpmath's exponentials are out of reach."""
    ends = {"glu": 0.0 if g < 0 else 1.0, "bilinear": g, "clamped_swiglu": 0.0 if g < 0 else 7.0}
    return mp.mpf(ends.get(name, max(g, 0.0)))


@EVERY
def test_shape_and_dtype_stay_what_they_were(name):
    for dtype in (torch.float16, torch.bfloat16, torch.float32, F64):
        for shape in [(), (0,), (3,), (2, 3, 4)]:
            for device in ("cpu", "meta"):
                half = torch.ones(shape, dtype=dtype, device=device)
                out = catalog[name](half, half)
                assert (out.shape, out.dtype, out.device) == (half.shape, half.dtype, half.device)
    view = draw(6, 4).T[::2]
    beside = view.contiguous()  # which vectors take, and scalars what does not lie so: the last bit may differ
    torch.testing.assert_close(catalog[name](view, view), catalog[name](beside, beside), rtol=1e-15, atol=1e-15)


@EVERY
def test_functional_transforms_see_an_ordinary_function(name):
    value, gate = draw(3, 4, seed=6), draw(3, 4, seed=7)
    assert torch.equal(torch.func.vmap(catalog[name])(value, gate), catalog[name](value, gate))


@EVERY
def test_halves_that_do_not_belong_together_are_refused(name):
    ones = torch.ones(2, 3)
    wanted = rf"^{name} takes a value and a gate of one shape and one float dtype; got "
    for value, gate, got in [
        (ones, ones.double(), r"torch\.float32 of shape \(2, 3\), and torch\.float64 of shape \(2, 3\)"),
        (ones.int(), ones.int(), r"torch\.int32 of shape \(2, 3\), and torch\.int32"),
        (ones, ones.int(), r"torch\.float32 .* and torch\.int32"),
        (ones, [1.0], r"torch\.float32 of shape \(2, 3\), and list"),
        (1.0, ones, "float, and torch"),
        (ones * 1j, ones * 1j, r"torch\.complex64"),
    ]:
        with pytest.raises(TypeError, match=wanted + got):
            catalog[name](value, gate)
    # what torch would broadcast is a mistake here: halves are halves
    for shape in [(3,), (2, 1), (2, 4)]:
        with pytest.raises(
            ValueError, match=wanted + r"torch\.float32 of shape \(2, 3\), and torch\.float32 of shape"
        ):
            catalog[name](ones, torch.ones(shape))


def test_the_catalog_names_the_functions_and_cannot_be_changed():
    assert {"glu", "bilinear", "reglu", "geglu", "swiglu"} <= set(catalog)
    assert dict(catalog) == {name: getattr(gates, name) for name in catalog}
    with pytest.raises(TypeError):
        catalog["mine"] = glu


@EVERY
def test_each_gate_names_a_source_that_is_in_the_bibliography(name):
    bibliography = (Path(__file__).parents[2] / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"\{cite\}`(\w+)`", catalog[name].__doc__)
    assert keys and set(keys) <= set(re.findall(r"^@\w+\{(\w+),", bibliography, flags=re.M))


# ---- the feed-forward block ------------------------------------------------------------------------------------


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def plain(width, hidden, bias):
    return nn.Sequential(nn.Linear(width, hidden, bias=bias), nn.ReLU(), nn.Linear(hidden, width, bias=bias))


def gated(width, hidden, bias):
    return nn.ModuleList(
        [nn.Linear(width, hidden, bias=bias) for _ in range(2)] + [nn.Linear(hidden, width, bias=bias)]
    )


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("multiple_of", [1, 8])
@pytest.mark.parametrize(("width", "hidden"), [(1, 1), (3, 1), (1, 50), (4, 16), (10, 33), (16, 64), (7, 100)])
def test_no_other_width_comes_nearer_in_parameters(width, hidden, bias, multiple_of):
    aim = parameters(plain(width, hidden, bias))
    chosen = matched_width(hidden, width, bias=bias, multiple_of=multiple_of)
    candidates = range(multiple_of, 2 * hidden + 2 * multiple_of, multiple_of)
    misses = {h: abs(parameters(gated(width, h, bias)) - aim) for h in candidates}
    assert misses[chosen] == min(misses.values())


def test_the_matched_width_is_two_thirds():
    assert matched_width(512, 128, bias=False) == 341
    assert matched_width(4 * 768, 768, bias=False) == 2048
    # wide enough, biases do not matter; in a narrow block they do
    assert matched_width(3000, 1000) == 2000
    assert matched_width(300, 1) == (2 * 300 + 300) // 5
    assert matched_width(4 * 4096, 4096, bias=False, multiple_of=256) == 11008
    assert matched_width(2, 4, multiple_of=64) == 64


@pytest.mark.parametrize(("hidden", "width", "multiple_of"), [(0, 4, 1), (4, 0, 1), (4, 4, 0), (-1, 4, 1)])
def test_widths_are_positive(hidden, width, multiple_of):
    with pytest.raises(ValueError, match=f"are positive; got {hidden}, {width} and {multiple_of}"):
        matched_width(hidden, width, multiple_of=multiple_of)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("width", "hidden"), [(8, None), (64, None), (16, 40)])
def test_a_block_has_the_parameters_of_the_plain_one_to_half_a_unit(width, hidden, bias):
    block = GatedFeedForward(width, hidden, bias=bias)
    counts = block.parameter_counts
    assert counts["gated"] == parameters(block)
    assert counts["plain"] == parameters(plain(width, hidden or 4 * width, bias))
    one_unit = 3 * width + 2 * bias
    assert abs(counts["gated"] - counts["plain"]) <= one_unit / 2
    assert block.value.out_features == block.gate.out_features == block.down.in_features == block.hidden


def test_a_multiple_is_kept():
    block = GatedFeedForward(24, multiple_of=16)
    assert block.hidden == 64
    assert block.hidden == matched_width(96, 24, multiple_of=16)


@EVERY
def test_a_block_computes_what_its_weights_say(name):
    block = GatedFeedForward(4, 6, name, seed=3, dtype=F64)
    x = draw(2, 3, 4)
    value = x @ block.value.weight.T + block.value.bias
    gate = x @ block.gate.weight.T + block.gate.bias
    by_hand = ORACLES[name][1](value, gate) @ block.down.weight.T + block.down.bias
    torch.testing.assert_close(block(x), by_hand, rtol=1e-12, atol=1e-14)
    assert block(x).shape == x.shape


def test_a_block_takes_a_gate_of_the_readers_own():
    block = GatedFeedForward(4, gate=lambda value, gate: value + 0 * gate, bias=False, dtype=F64)
    x = draw(5, 4)
    torch.testing.assert_close(block(x), x @ block.value.weight.T @ block.down.weight.T)


def test_gradients_reach_every_weight():
    block = GatedFeedForward(4)
    block(draw(3, 4, dtype=torch.float32)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in block.parameters())
    assert len(list(block.parameters())) == 6
    assert len(list(GatedFeedForward(4, bias=False).parameters())) == 3


@pytest.mark.parametrize("bias", [True, False])
def test_the_weights_are_drawn_as_networks_draw_them(bias):
    block = GatedFeedForward(5, bias=bias, seed=11)
    again = networks.initialize(GatedFeedForward(5, bias=bias, seed=0), "torch", seed=11).network
    assert all(torch.equal(a, b) for a, b in zip(block.parameters(), again.parameters(), strict=True))
    other = GatedFeedForward(5, bias=bias, seed=12)
    assert not any(torch.equal(a, b) for a, b in zip(block.parameters(), other.parameters(), strict=True))
    assert not torch.equal(block.value.weight, block.gate.weight)


def test_the_global_generator_is_neither_read_nor_moved():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = GatedFeedForward(4)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(GatedFeedForward(4).value.weight, first.value.weight)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, F64], ids=str)
def test_a_block_has_the_dtype_that_is_asked_for(dtype):
    block = GatedFeedForward(4, dtype=dtype)
    assert {parameter.dtype for parameter in block.parameters()} == {dtype}
    assert block(torch.ones(2, 4, dtype=dtype)).dtype == dtype


def test_a_clamped_gate_is_that_of_gpt_oss_and_bounded_by_its_limit():
    experts = pytest.importorskip("transformers.models.gpt_oss.modeling_gpt_oss")
    config = pytest.importorskip("transformers").GptOssConfig(hidden_size=4, intermediate_size=4, num_local_experts=1)
    value, gate = 12 * draw(200, 4, seed=8), 12 * draw(200, 4, seed=9)
    both = torch.stack([gate, value], -1).flatten(1)  # theirs are interleaved, the gate first
    torch.testing.assert_close(
        gates.clamped_swiglu(value, gate), experts.GptOssExperts(config)._apply_gate(both), rtol=1e-12, atol=1e-14
    )
    for limit in (0.5, 7.0):
        assert gates.clamped_swiglu(1e3 * value, 1e3 * gate, limit).abs().max() <= (limit + 1) * limit
    value = torch.tensor([7.0, -7.0, 0.0], requires_grad=True)
    assert torch.autograd.grad(gates.clamped_swiglu(value, torch.ones(3)).sum(), value)[0].tolist()[:2] == [0, 0]
    with pytest.raises(ValueError, match="limit must be positive, got 0"):
        gates.clamped_swiglu(value, value, 0.0)


def test_an_unknown_gate_is_answered_with_the_nearest_and_all_there_are():
    with pytest.raises(KeyError, match=r"no gate named 'SwiGLu'; did you mean 'swiglu'\?.*glu, bilinear, reglu"):
        GatedFeedForward(4, gate="SwiGLu")
    with pytest.raises(KeyError) as error:
        GatedFeedForward(4, gate="qqqq")
    assert "did you mean" not in str(error.value)


def test_a_block_can_be_copied_and_shows_its_gate():
    block = GatedFeedForward(4, gate="geglu")
    twin = copy.deepcopy(block)
    x = torch.ones(1, 4)
    assert torch.equal(twin(x), block(x)) and twin.value.weight is not block.value.weight
    assert twin.load_state_dict(block.state_dict()).missing_keys == []
    assert "function=geglu" in repr(block)


def test_the_package_names_what_it_offers():
    assert {"glu", "reglu", "geglu", "swiglu", "bilinear", "GatedFeedForward"} <= set(gates.__all__)


@pytest.mark.parametrize("dim", [1, -1])
def test_crelu_keeps_both_signs_side_by_side_and_their_difference_is_the_input(dim):
    z, layer = draw(3, 4, 5), gates.CReLU(dim)
    out = layer(z)
    assert out.shape[dim] == 2 * z.shape[dim] and (out >= 0).all()
    above, below = out.chunk(2, dim)
    assert torch.equal(above - below, z) and torch.equal(out.norm(), z.norm())
    slopes = torch.autograd.functional.vjp(layer, z, torch.ones_like(out))[1]
    assert torch.equal(slopes, z.sign()) and repr(layer) == f"CReLU(dim={dim})"
    with pytest.raises(TypeError, match=r"^relu takes"):
        layer(torch.ones(2, 2, dtype=torch.int64))
