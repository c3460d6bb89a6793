"""Every kind of layer gets its start, by the moments of what is drawn and by torch's own functions.

Moments are compared at 4.5 standard errors; with some 500 comparisons of fixed seeds, the chance that a right start
fails one of them at the first try is 500 * 6.8e-6, 0.3 %, and what passed once passes for good.
"""

import math
import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from actlab import networks
from actlab.activations import get
from actlab.networks import APL, Start, fans, initialize, laws, mlp

F64 = torch.float64
SIGMAS = 4.5


def rows(start):
    return {row.name: row for row in start.drawn}


def kurtosis(law):
    """Fourth moment over the square of the second."""
    if law == "truncated":  # moments of a standard normal variable between -2 and 2, by parts
        inside = math.erf(math.sqrt(2))
        edge = 2 * math.exp(-2) / math.sqrt(2 * math.pi) / inside
        second = 1 - 2 * edge
        return (3 * second - 2 * 4 * edge) / second**2
    return {"normal": 3.0, "uniform": 9 / 5}[law]


def require_moments(values, std, law="normal"):
    values = values.detach().double().flatten() / std
    n, fourth = values.numel(), kurtosis(law)
    assert abs(values.mean()) < SIGMAS / math.sqrt(n)
    assert abs(values.square().mean() - 1) < SIGMAS * math.sqrt((fourth - 1) / n)


# --- what was there before


def by_hand(network, seed, std):
    """Normal weights and no biases, in the order of the Linear layers: the start of a plain network."""
    generator = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            layer.weight.data.normal_(0, std(*layer.weight.shape[::-1]), generator=generator)
            layer.bias.data.zero_()
    return network


LINEAR_PARTS = [
    lambda: mlp([3, 8, 8, 2], "relu", seed=5),
    lambda: nn.Sequential(nn.Embedding(9, 3), nn.LayerNorm(3), nn.Linear(3, 4), nn.Conv1d(4, 4, 1), nn.Linear(4, 2)),
    lambda: nn.Sequential(nn.LSTM(3, 5), mlp([5, 4, 1], "prelu"), nn.ConvTranspose2d(2, 3, 2)),
]


@pytest.mark.parametrize("build", LINEAR_PARTS, ids=["mlp", "between convolutions", "after an lstm"])
@pytest.mark.parametrize(
    ("scheme", "std"),
    [
        ("lecun", lambda i, o: math.sqrt(1 / i)),
        ("he", lambda i, o: math.sqrt(2 / i)),
        ("glorot", lambda i, o: math.sqrt(2 / (i + o))),
        (0.3, lambda i, o: 0.3),
    ],
    ids=["lecun", "he", "glorot", "0.3"],
)
def test_linear_layers_draw_the_same_numbers_whatever_stands_between_them(build, scheme, std):
    ours = initialize(build(), scheme, seed=11).network
    plain = by_hand(build(), 11, std)
    pairs = [(a, b) for a, b in zip(ours.modules(), plain.modules(), strict=True) if isinstance(a, nn.Linear)]
    assert len(pairs) >= 2
    for a, b in pairs:
        assert torch.equal(a.weight, b.weight) and torch.equal(a.bias, b.bias)


# --- fans

CONVOLUTIONS = [
    nn.Conv1d(6, 4, 5),
    nn.Conv2d(6, 8, (3, 5), stride=2, groups=2),
    nn.Conv2d(8, 8, 3, groups=8),
    nn.Conv3d(2, 4, (1, 2, 3), dilation=2),
    nn.ConvTranspose1d(6, 4, 5),
    nn.ConvTranspose2d(6, 8, 4, stride=2, groups=2),
    nn.ConvTranspose3d(2, 4, 2, stride=2),
]


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=str)
def test_fans_of_a_convolution_are_counted_on_an_image_of_ones(layer):
    # with weights of 1 an output is the number of weights that meet in it; the mean over a period of the strides
    # far from the borders is the fan-in, and the gradient of their sum is the fan-out where the stride is 1
    layer = type(layer)(
        layer.in_channels, layer.out_channels, layer.kernel_size, stride=layer.stride, dilation=layer.dilation,
        groups=layer.groups, bias=False,
    )  # fmt: skip
    nn.init.ones_(layer.weight)
    image = torch.ones(1, layer.in_channels, *[24] * len(layer.kernel_size), requires_grad=True)
    out = layer(image)
    inside = (0, slice(None), *[slice(out.shape[2] // 2, out.shape[2] // 2 + 2)] * len(layer.kernel_size))
    ((fan_in, fan_out),) = fans(layer).values()
    assert out[inside].mean().item() == pytest.approx(fan_in)
    if layer.transposed or set(layer.stride) == {1}:
        out.sum().backward()
        middle = (0, slice(None), *[12] * len(layer.kernel_size))
        assert image.grad[middle].mean().item() == pytest.approx(fan_out)


@pytest.mark.parametrize(
    "layer",
    [nn.Linear(5, 7), nn.Conv1d(6, 4, 5), nn.Conv2d(6, 8, (3, 5)), nn.Conv3d(2, 4, (1, 2, 3)), nn.RNNCell(4, 6)],
    ids=str,
)
def test_fans_are_torchs_where_there_is_one_group_and_nothing_is_transposed(layer):
    for key, found in fans(layer).items():
        assert found == nn.init._calculate_fan_in_and_fan_out(getattr(layer, key))


def test_gates_queries_and_looked_up_rows_have_fans_of_their_own():
    assert fans(nn.LSTM(5, 7)) == {"weight_ih_l0": (5, 7), "weight_hh_l0": (7, 7)}
    assert fans(nn.LSTM(5, 7, proj_size=2))["weight_hr_l0"] == (7, 2)
    assert fans(nn.GRU(5, 7, 2, bidirectional=True))["weight_ih_l1_reverse"] == (14, 7)
    assert fans(nn.MultiheadAttention(6, 2)) == {"in_proj_weight": (6, 6)}
    assert fans(nn.MultiheadAttention(6, 2, kdim=3, vdim=4))["k_proj_weight"] == (3, 6)
    assert fans(nn.Embedding(50, 6)) == fans(nn.EmbeddingBag(50, 6)) == {"weight": (1, 6)}
    assert fans(nn.Bilinear(2, 4, 5)) == {"weight": (8, 15)}
    with pytest.raises(ValueError, match="there are no fans of a LayerNorm"):
        fans(nn.LayerNorm(3))


# --- every kind of layer

WIDE = {
    "conv1d": lambda: nn.Conv1d(60, 50, 7),
    "conv2d, two groups": lambda: nn.Conv2d(40, 60, 5, groups=2),
    "conv2d, depthwise": lambda: nn.Conv2d(400, 400, 5, groups=400),
    "conv3d": lambda: nn.Conv3d(20, 30, 3),
    "transposed": lambda: nn.ConvTranspose1d(60, 50, 4, stride=2),
    "transposed, grouped": lambda: nn.ConvTranspose2d(40, 60, 4, stride=2, groups=4),
    "rnn": lambda: nn.RNN(60, 70, 2, bidirectional=True),
    "lstm": lambda: nn.LSTM(60, 70, proj_size=50),
    "gru cell": lambda: nn.GRUCell(60, 70),
    "attention": lambda: nn.MultiheadAttention(80, 4),
    "attention of other widths": lambda: nn.MultiheadAttention(80, 4, kdim=50, vdim=60, add_bias_kv=True),
    "embedding": lambda: nn.Embedding(300, 40),
    "bag": lambda: nn.EmbeddingBag(300, 40),
    "bilinear": lambda: nn.Bilinear(20, 30, 25),
}


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize(
    ("settings", "variance"),
    [
        ({"scheme": "he"}, lambda i, o: 2 / i),
        ({"scheme": "lecun", "fan": "out", "law": "uniform", "gain": 1.5}, lambda i, o: 2.25 / o),
        ({"scheme": "glorot", "law": "truncated"}, lambda i, o: 2 / (i + o)),
        ({"scheme": 0.02}, lambda i, o: 0.0004),
    ],
    ids=["he", "uniform by fan-out", "glorot, truncated", "0.02"],
)
def test_every_layer_draws_its_weights_with_the_variance_of_its_fans(name, settings, variance):
    layer = WIDE[name]().double()
    counted = fans(layer) | {f"out_proj.{key}": found for key, found in fans_of_last(layer).items()}
    start = initialize(layer, seed=3, **settings)
    drawn, weights = rows(start), dict(layer.named_parameters())
    assert set(drawn) == set(weights) and not start.left
    for key, weight in weights.items():
        if key not in counted:
            assert drawn[key].rule == "zero" and not weight.any()
            continue
        std = math.sqrt(variance(*counted[key]))
        assert drawn[key].std == pytest.approx(std)
        assert drawn[key].rule == settings.get("law", "normal")
        require_moments(weight, std, drawn[key].rule)


def fans_of_last(layer):
    return fans(layer.out_proj) if isinstance(layer, nn.MultiheadAttention) else {}


@pytest.mark.parametrize("name", WIDE)
def test_the_scheme_torch_draws_what_torch_draws(name):
    torch.manual_seed(0)
    theirs, ours = WIDE[name]().double(), WIDE[name]().double()
    drawn = rows(initialize(ours, "torch", seed=3))
    for (key, mine), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        row, size = drawn[key], other.detach().abs().max().item()
        if row.rule == "zero":
            assert not mine.any() and not other.any()
            continue
        require_moments(mine, row.std, row.rule)
        require_moments(other, row.std, row.rule)
        if row.rule == "uniform":
            assert max(size, mine.abs().max().item()) <= math.sqrt(3) * row.std * (1 + 1e-12)


def test_unit_inputs_give_unit_outputs_in_the_middle_of_an_image():
    generator = torch.Generator().manual_seed(1)
    for layer, shape in [
        (nn.Conv2d(16, 32, 3, groups=2), (8, 16, 20, 20)),
        (nn.ConvTranspose2d(16, 32, 4, stride=2), (8, 16, 20, 20)),
        (nn.ConvTranspose1d(32, 32, 6, stride=3, groups=4), (8, 32, 60)),
        (nn.Linear(64, 64), (200, 64)),
    ]:
        initialize(layer, "lecun", seed=5)
        out = layer(torch.randn(shape, generator=generator))
        middle = (slice(None), slice(None), *[slice(8, -8)] * (out.ndim - 2))
        assert out[middle].square().mean().item() == pytest.approx(1, abs=0.15)


# --- laws


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, F64], ids=str)
@pytest.mark.parametrize("law", ["normal", "uniform", "truncated"])
def test_every_law_has_its_moments_and_its_ends_in_every_dtype(law, dtype):
    layer = nn.Linear(300, 400, dtype=dtype)
    row = rows(initialize(layer, 0.5, seed=2, law=law))["weight"]
    assert (row.rule, row.std) == (law, 0.5) and layer.weight.dtype == dtype
    require_moments(layer.weight, 0.5, law)
    cut = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))
    reach = {"normal": math.inf, "uniform": math.sqrt(3) * 0.5, "truncated": 1 / cut}[law]
    assert layer.weight.abs().max().item() <= reach * (1 + torch.finfo(dtype).eps)
    assert layer.weight.abs().max().item() > 0.97 * min(reach, 1)


def test_truncated_weights_are_torchs_at_the_width_that_is_left():
    mine = initialize(nn.Linear(300, 400), 1.0, seed=2, law="truncated").network.weight
    theirs = torch.empty(400, 300)
    width = 1 / 0.87962566103423978  # what JAX and Keras divide by
    nn.init.trunc_normal_(theirs, std=width, a=-2 * width, b=2 * width, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(mine.detach(), theirs)


@pytest.mark.parametrize("law", laws)
@pytest.mark.parametrize("std", [0, 0.0])
def test_a_standard_deviation_of_zero_is_zero(law, std):
    assert not initialize(nn.Conv1d(2, 3, 2), std, law=law).network.weight.any()


def test_a_constant_is_the_number_itself_and_may_be_negative():
    layer = nn.LSTM(2, 3)
    start = initialize(layer, -0.25, law="constant")
    assert (layer.weight_ih_l0 == -0.25).all() and (layer.weight_hh_l0 == -0.25).all()
    assert "weight_ih_l0: constant -0.25" in repr(start)
    assert (initialize(nn.Linear(16, 3), "lecun", law="constant", gain=2).network.weight == 0.5).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, F64], ids=str)
@pytest.mark.parametrize(
    "layer",
    [nn.Linear(30, 20), nn.Conv2d(4, 50, 3), nn.ConvTranspose1d(8, 6, 3), nn.Bilinear(3, 4, 5), nn.Embedding(9, 4)],
    ids=str,
)
def test_an_orthogonal_start_is_one_in_every_dtype(layer, dtype):
    layer = layer.to(dtype)
    row = rows(initialize(layer, "orthogonal", seed=2, gain=2.0))["weight"]
    weight = layer.weight.detach().double().flatten(1) / 2
    short = weight @ weight.T if weight.shape[0] <= weight.shape[1] else weight.T @ weight
    # a sum of n products is off by about the root of n roundings, in an order that the processor chooses
    off = max(4, max(weight.shape) ** 0.5) * torch.finfo(dtype).eps
    torch.testing.assert_close(short, torch.eye(len(short), dtype=F64), rtol=0, atol=off)
    assert layer.weight.double().square().mean().sqrt().item() == pytest.approx(row.std, rel=1e-2)


def test_each_gate_of_a_recurrent_layer_is_orthogonal_by_itself():
    layer = nn.LSTM(5, 6, bidirectional=True)
    initialize(layer, "orthogonal")
    for gate in layer.weight_hh_l0_reverse.chunk(4):
        torch.testing.assert_close(gate @ gate.T, torch.eye(6))
    attention = nn.MultiheadAttention(6, 2)
    initialize(attention, "orthogonal")
    for matrix in attention.in_proj_weight.chunk(3):
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(6))


# --- weights that are not simply there


def test_the_row_of_padding_stays_zero():
    for layer in (nn.Embedding(20, 8, padding_idx=3), nn.EmbeddingBag(20, 8, padding_idx=3)):
        for scheme in ("torch", "he", 0.02, "orthogonal"):
            row = rows(initialize(layer, scheme))["weight"]
            assert not layer.weight[3].any() and layer.weight[[0, 1, 2, *range(4, 20)]].any(1).all()
            assert row.note == "row 3 stays 0"


class Tied(nn.Module):
    def __init__(self, padding=None):
        super().__init__()
        self.tokens, self.body, self.head = nn.Embedding(40, 8, padding), nn.Linear(8, 8), nn.Linear(8, 40)
        self.head.weight = self.tokens.weight


@pytest.mark.parametrize("padding", [None, 0])
def test_a_tied_weight_is_drawn_once_as_the_linear_layer_has_it(padding):
    tied, alone = Tied(padding), nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 40)])
    start = initialize(tied, "he", seed=6)
    initialize(alone, "he", seed=6)
    expected = alone[1].weight.detach().clone()
    if padding is not None:
        expected[padding] = 0
    assert tied.head.weight is tied.tokens.weight and torch.equal(tied.head.weight, expected)
    assert torch.equal(tied.body.weight, alone[0].weight)
    assert [row.name for row in start.drawn] == ["body.weight", "body.bias", "head.weight", "head.bias"]
    assert "tied to tokens.weight" in rows(start)["head.weight"].note and not start.left


def test_two_linear_layers_with_one_weight_draw_it_once():
    shared = nn.Sequential(nn.Linear(5, 5), nn.Linear(5, 5), nn.Linear(5, 5))
    shared[1].weight = shared[0].weight
    start = initialize(shared, "lecun", seed=2)
    generator = torch.Generator().manual_seed(2)
    first, third = (torch.empty(5, 5).normal_(0, math.sqrt(1 / 5), generator=generator) for _ in range(2))
    assert torch.equal(shared[1].weight, first) and torch.equal(shared[2].weight, third)
    assert rows(start)["0.weight"].note == "tied to 1.weight"


def old_weight_norm(layer):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on its way out of torch, and in people's models
        return nn.utils.weight_norm(layer)


@pytest.mark.parametrize("wrap", [parametrizations.weight_norm, old_weight_norm], ids=["parametrized", "hooks"])
@pytest.mark.parametrize("build", [lambda: nn.Linear(6, 5), lambda: nn.Conv1d(4, 5, 3), lambda: nn.Conv2d(4, 6, 3)])
def test_a_weight_normed_layer_has_the_start_of_the_plain_one(wrap, build):
    plain, wrapped = build(), wrap(build())
    initialize(plain, "he", seed=4)
    start = initialize(wrapped, "he", seed=4)
    torch.testing.assert_close(wrapped.weight.detach(), plain.weight.detach())
    x = torch.randn(2, *plain.weight.shape[1:], generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(wrapped(x), plain(x))
    assert not start.left and rows(start)["weight"].note.startswith("through ")


def test_a_pruned_layer_has_the_start_where_it_is_not_pruned():
    plain = initialize(nn.Linear(10, 10), "he", seed=4).network
    layer = prune.l1_unstructured(nn.Linear(10, 10), "weight", amount=0.4)
    start = initialize(layer, "he", seed=4)
    assert torch.equal(layer.weight_orig, plain.weight)
    assert torch.equal(layer.weight, plain.weight * layer.weight_mask)
    x = torch.randn(3, 10)
    torch.testing.assert_close(layer(x), x @ (plain.weight * layer.weight_mask).T)
    assert rows(start)["weight"].note == "pruned, 40% stay 0"


@pytest.mark.parametrize(
    ("wrap", "kind"),
    [
        (parametrizations.spectral_norm, "SpectralNorm"),
        (nn.utils.spectral_norm, "SpectralNorm"),
        (parametrizations.orthogonal, "Orthogonal"),
    ],
    ids=["parametrized", "hooks", "orthogonal"],
)
def test_a_weight_that_cannot_have_the_start_is_refused_and_nothing_is_touched(wrap, kind):
    network = nn.Sequential(nn.Linear(6, 6), nn.Sequential(wrap(nn.Linear(6, 6)))).eval()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(ValueError, match=rf"1\.0\.weight is computed by {kind}, which would not keep .* take it off"):
        initialize(network, "he")
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_a_weight_that_a_layer_makes_up_at_each_call_is_refused():
    class Doubled(nn.Linear):
        def __init__(self):
            nn.Module.__init__(self)
            self.kept, self.bias = nn.Parameter(torch.ones(3, 3)), None

        @property
        def weight(self):
            return 2 * self.kept

    with pytest.raises(ValueError, match=r"0\.weight is computed by Doubled, which would not keep"):
        initialize(nn.Sequential(Doubled()), "he")


def test_frozen_weights_and_buffers_are_drawn_too():
    frozen, buffered = nn.Linear(3, 3).requires_grad_(False), nn.Linear(3, 3)
    weight = buffered.weight.detach()
    del buffered.weight
    buffered.register_buffer("weight", weight)
    plain = initialize(nn.Linear(3, 3), "he", seed=5).network.weight
    for layer in (frozen, buffered):
        assert torch.equal(initialize(layer, "he", seed=5).network.weight, plain)
        assert not layer.weight.requires_grad


def test_complex_weights_are_normal_or_constant():
    layer = nn.Linear(300, 200, dtype=torch.complex64)
    weight = initialize(layer, "lecun", seed=5).network.weight.detach()
    assert weight.abs().square().mean().item() == pytest.approx(1 / 300, rel=0.05)
    for settings in ({"scheme": "torch"}, {"scheme": "orthogonal"}, {"scheme": "he", "law": "uniform"}):
        with pytest.raises(ValueError, match='weight is complex: its law is "normal" or "constant"'):
            initialize(layer, **settings)
    assert torch.equal(layer.weight, weight)


def test_an_orthogonal_start_suits_what_holds_a_weight_orthogonal():
    layer = parametrizations.orthogonal(nn.Linear(6, 6))
    initialize(layer, "orthogonal", seed=4)
    plain = initialize(nn.Linear(6, 6), "orthogonal", seed=4).network
    torch.testing.assert_close(layer.weight.detach(), plain.weight.detach())


# --- the record


def test_the_record_names_every_parameter_once():
    network = nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3), nn.PReLU(), APL(3), get("swish").module(), Tied())
    network.token = nn.Parameter(torch.ones(3))
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    start = initialize(network, "he")
    assert isinstance(start, Start) and start.network is network
    named = [row.name for row in start.drawn] + [row.name for row in start.left]
    there = {name for name, _ in network.named_parameters(remove_duplicate=False)}
    assert sorted(named) == sorted(there - {"5.tokens.weight"})  # tied to the head
    why = {row.name: row.why for row in start.left}
    assert why["1.weight"] == "normalisation (BatchNorm1d)"
    assert why["2.weight"] == "learnt by an activation (PReLU)" and "(APL)" in why["3.a"]
    assert why["4.beta"] == "learnt by an activation (Elementwise)"
    assert why["token"] == "no layer that is known here (Sequential)"
    for name in why:
        assert torch.equal(before[name], dict(network.named_parameters())[name])


def test_the_record_reads_well():
    assert repr(initialize(mlp([8, 4, 1], "prelu", norm="layer"), "he")).splitlines() == [
        "Start: 4 parameters drawn, 3 left",
        "  2 of them biases that are 0",
        "  0.weight: normal, std 0.5, fan 8",
        "  3.weight: normal, std 0.707, fan 4",
        "  1.weight: left, normalisation (LayerNorm)",
        "  1.bias: left, normalisation (LayerNorm)",
        "  2.negative_slope: left, learnt by an activation (Elementwise)",
    ]
    long = repr(initialize(mlp([2] * 40, "relu"), "glorot")).splitlines()
    assert len(long) == 2 + 12 + 1 and long[-1] == "  … and 27 more"


@pytest.mark.parametrize(
    ("network", "drawn", "left"),
    [
        (networks.cnn("relu"), 10, 0),
        (networks.resnet("relu", width=4, blocks=(1, 1), bottleneck=False), 8, 12),
        (networks.transformer(20), 12 + 10 + 1, 10),
    ],
    ids=["cnn", "resnet", "transformer"],
)
def test_our_own_networks_are_drawn_in_whole_but_for_their_norms(network, drawn, left):
    start = initialize(network, "he")
    assert len(start.drawn) + len(start.left) == len(list(network.parameters()))
    assert {row.why.partition(" ")[0] for row in start.left} <= {"normalisation"}
    assert all(
        (p.ndim == 1) == (rows(start)[n].rule == "zero") for n, p in network.named_parameters() if n in rows(start)
    )


# --- what is refused, before a weight is touched


@pytest.mark.parametrize(
    ("build", "settings", "error", "message"),
    [
        (lambda: nn.ReLU(), {}, ValueError, "there is nothing to draw in a network of ReLU"),
        (lambda: nn.LayerNorm(3), {}, ValueError, "nothing to draw in a network of LayerNorm"),
        (lambda: nn.LazyLinear(3), {}, ValueError, "LazyLinear, whose shape is not known yet: call the network"),
        (lambda: nn.LazyConv2d(3, 2), {}, ValueError, "LazyConv2d, whose shape is not known yet"),
        (lambda: nn.Linear(3, 4, device="meta"), {}, ValueError, "weight lies on meta"),
        (lambda: nn.Linear(2, 3), {"scheme": "he", "law": "normall"}, KeyError, "did you mean 'normal'"),
        (lambda: nn.Linear(2, 3), {"scheme": "he", "fan": "inn"}, KeyError, "no fan named 'inn'; did you mean 'in'"),
        (lambda: nn.Linear(2, 3), {"scheme": "torch", "law": "uniform"}, ValueError, "'torch' is a law of its own"),
        (lambda: nn.Linear(2, 3), {"scheme": "orthogonal", "fan": "in"}, ValueError, "no law= or fan= to choose"),
        (lambda: nn.Linear(2, 3), {"scheme": 0.1, "fan": "in"}, ValueError, "leave fan='in' out"),
        (lambda: nn.Linear(2, 3), {"scheme": -0.1}, ValueError, "0 or more, got -0.1"),
        (lambda: nn.Linear(2, 3), {"scheme": math.nan, "law": "constant"}, ValueError, "0 or more, got nan"),
    ],
)
def test_what_cannot_be_started_is_refused(build, settings, error, message):
    layer = build()
    network = (
        nn.Sequential(layer) if isinstance(layer, nn.ReLU | nn.LayerNorm) else nn.Sequential(nn.Linear(2, 2), layer)
    )
    before = [p.clone() for p in network[0].parameters()]
    with pytest.raises(error, match=message):
        initialize(network, **settings)
    assert all(torch.equal(a, b) for a, b in zip(before, network[0].parameters(), strict=True))


@pytest.mark.parametrize(
    "build",
    [lambda: nn.Linear(0, 3), lambda: nn.Linear(3, 0), lambda: nn.Bilinear(2, 0, 3), lambda: nn.Embedding(0, 2)],
)
def test_a_layer_without_inputs_or_outputs_is_refused(build):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says the same of its own start
        layer = build()
    for scheme in ("he", "torch", 0.1):
        with pytest.raises(ValueError, match=r"has a weight of shape .* in which there is nothing to draw"):
            initialize(layer, scheme)


def test_a_lazy_layer_can_be_started_once_its_shape_is_known():
    layer = nn.LazyConv1d(5, 3)
    layer(torch.ones(1, 2, 9))
    assert rows(initialize(layer, "he"))["weight"].fan == 6


def test_no_global_generator_is_read_or_moved():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    for name, build in WIDE.items():
        layer = build()
        torch.set_rng_state(before)
        for settings in ({"scheme": "orthogonal"}, {"scheme": "he", "law": "truncated"}, {"scheme": "torch"}):
            initialize(layer, **settings)
            assert torch.equal(torch.get_rng_state(), before), name
