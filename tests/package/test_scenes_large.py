"""What chapter 9 computes: against autograd, cases worked by hand, and limits that theory knows."""

import math

import pytest
import torch
from torch.nn.functional import layer_norm

from actlab import results
from actlab.scenes import large as scene
from actlab.scenes.large import _width as width

F64 = torch.float64


def draws(*shapes, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, generator=generator, dtype=F64) for shape in shapes]


# ---- the stream -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "square"),
    [
        ("plain", 16),
        ("scaled", (1 + 1 / 8) ** 4),
        ("zero", 1),
        ("pre-norm", 5),
        ("pre-norm, scaled", 1.5),
        ("post-norm", 1),
    ],
)
def test_the_expected_size_is_that_of_a_wide_stream(name, square):
    kind, width = scene.KINDS[name], 1500
    assert kind.square(4, 4) == pytest.approx(square)
    x, *matrices = draws((2, width), *[(width, width)] * 8)
    into = [math.sqrt(2 / width) * W for W in matrices[:4]]
    out = [kind.scale(4) * W / math.sqrt(width) for W in matrices[4:]]
    end = scene.stream(kind, layer_norm(x, (width,)), into, out)[-1]
    assert end.square().mean().item() == pytest.approx(square, rel=0.12)


def test_a_stream_by_hand():
    x, A, B = draws((3, 5), (5, 5), (5, 5))
    added = torch.relu(x @ A) @ B
    plain, pre, post = (scene.stream(scene.Kind(norm=norm), x, [A], [B])[-1] for norm in ("none", "pre", "post"))
    torch.testing.assert_close(plain, x + added)
    torch.testing.assert_close(post, layer_norm(x + added, (5,)))
    torch.testing.assert_close(pre, x + torch.relu(layer_norm(x, (5,)) @ A) @ B)


def test_a_factor_on_the_whole_stream_is_undone_by_a_norm_and_one_on_a_block_is_not():
    x, A, B = draws((3, 6), (6, 6), (6, 6))
    kind = scene.Kind(norm="pre")

    def read(x, B):  # what a second block would read
        return layer_norm(scene.stream(kind, x, [A], [B])[-1], (6,))

    torch.testing.assert_close(read(1e3 * x, 1e3 * B), read(x, B), rtol=1e-4, atol=1e-4)
    assert (read(x, 1e3 * B) - read(x, B)).abs().max() > 0.1


def test_streams_are_paired_and_the_plain_gradient_is_autograds_with_zero_blocks_left_alone():
    found = scene.streams(blocks=3, seeds=[0, 1], width=16, digits=20)
    assert {(tuple(sizes.shape), tuple(gradients.shape)) for sizes, gradients in found.values()} == {((2, 4), (2, 3))}
    starts = torch.stack([sizes[:, 0] for sizes, _ in found.values()])
    torch.testing.assert_close(starts, torch.ones_like(starts))
    sizes, gradients = found["zero"]
    torch.testing.assert_close(sizes, torch.ones_like(sizes))
    assert (gradients > 0).all()  # no gradient reaches A, but one reaches B


def test_the_first_screen_opens_where_float16_ends():
    player = scene.stream_player(scene.streams(blocks=32, seeds=[0], width=16, digits=10), at=(0, 32))
    assert repr(player) == "player: start x block, 10 frames"
    assert [knob.index for knob in player.children[0].children[1:]] == [0, 1]


# ---- gates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.5, 3.0, 50.0])
def test_the_size_of_a_gate_is_that_of_many_draws(scale):
    found = scene.largest([scale], numbers=400_000)
    for name in ("gelu", "swiglu", "swiglu, aligned"):
        assert found[name][0][0] == pytest.approx(scene.root_mean_square(name, scale), rel=0.02)
        assert found[name][0][1] > found[name][0][0]
    with pytest.raises(KeyError, match="there is no formula for 'clamped', only for gelu, swiglu, swiglu, aligned"):
        scene.root_mean_square("clamped", scale)


def test_a_format_ends_at_the_first_scale_with_a_number_beyond_it():
    names = ("gelu", "swiglu", "swiglu, aligned", "clamped")
    found = {name: [(1.0, 448.0), (1.0, 449.0), (1.0, 1e5)] for name in names}
    rows = {row[0]: row[2:] for row in scene.gates_table(found, (1, 10, 100)).rows}
    assert rows["e4m3 (8 bits)"] == ("10",) * 4 and rows["float16"] == ("100",) * 4
    assert rows["bfloat16"] == ("never",) * 4


# ---- sparsity ---------------------------------------------------------------------------------------------------


def test_the_largest_tenth_by_hand():
    hidden = torch.tensor([[3.0, -4.0] + [1.0] * 8, [0.0] * 9 + [2.0]], dtype=F64)
    assert scene.tenth(hidden) == pytest.approx((16 + 4) / (9 + 16 + 8 + 4))
    assert scene.tenth(hidden, 0.2) == pytest.approx((25 + 4) / 37)


def test_energies_of_normal_numbers_are_in_the_order_of_their_tails():
    found = scene.energies(rows=500)
    assert [round(zeros, 2) for zeros, _ in found.values()] == [0.5, 0.5, 0, 0]
    energy = {name: share for name, (_, share) in found.items()}
    assert energy["relu"] < energy["gelu"] < energy["swiglu"] < energy["relu_squared"]


def test_the_tables_have_the_stored_means():
    runs = scene.pruned()
    at = results.provenance("feed_forward_sparsity")["kept"].index(0.1)
    for row in scene.sparsity_table(runs).rows:
        added = [run["largest"][at] for run in runs[row[0]]]
        mean, half = results.student(added)
        assert row[3] == f"{mean:.3f} ± {half:.3f}"
        assert row[1] == f"{sum(run['zeros'] for run in runs[row[0]]) / len(added):.0%}"
        assert row[4] == f"{sum(run['random'][at] for run in runs[row[0]]) / len(added):.3f}"
    accuracy = scene.starts()
    for row in scene.starts_table(accuracy).rows:
        assert row[2] == f"{sum(accuracy[row[0]]) / 10:.3f}" and (row[3] == "-") == (row[0] == "scaled")


# ---- attention --------------------------------------------------------------------------------------------------


def test_ways_of_attention_by_hand():
    (q,), (k,) = draws((1, 1, 4)), draws((1, 3, 4), seed=1)
    q, k = 10 * q, 10 * k
    z = (q[0] @ k[0].T / 2)[0]
    logits, weights = scene.attend("softmax", q, k)
    torch.testing.assert_close(logits[0], z)
    torch.testing.assert_close(weights[0], z.exp() / z.exp().sum())
    capped, _ = scene.attend("cap", q, k, cap=5.0)
    torch.testing.assert_close(capped[0], 5 * torch.tanh(z / 5))
    _, nothing = scene.attend("zero logit", q, k)
    torch.testing.assert_close(nothing[0], z.exp() / (1 + z.exp().sum()))
    normed, _ = scene.attend("QK-norm", q, k)
    cosine = torch.nn.functional.cosine_similarity(q[0], k[0], dim=-1)
    torch.testing.assert_close(normed[0], 2 * cosine)  # sqrt(4) times the cosine
    with pytest.raises(KeyError, match="there is no way 'max'; there are softmax, cap, QK-norm, zero logit"):
        scene.attended("max", 1.0)


@pytest.mark.parametrize("way", ["softmax", "cap", "zero logit"])
def test_flat_counts_by_the_jacobian_that_autograd_finds(way):
    (q,), (k,) = draws((40, 1, 4)), draws((40, 3, 4), seed=1)
    q, k = 3 * q, 3 * k
    logits, weights = scene.attend(way, q, k, cap=5.0)

    def of(raw):
        z = 5 * torch.tanh(raw / 5) if way == "cap" else raw
        return torch.softmax(torch.cat([z, torch.zeros(1, dtype=F64)]) if way == "zero logit" else z, 0)[:3]

    steepest = [torch.autograd.functional.jacobian(of, z).abs().max().item() for z in (q * k).sum(-1) / 2]
    found = scene.flat(way, logits, weights, cap=5.0)
    assert found == pytest.approx(sum(slope < 0.01 for slope in steepest) / 40) and 0 < found < 1


def test_logits_grow_with_the_square_of_what_they_are_products_of():
    small, large = (scene.attended("softmax", scale)[0] for scale in (1.0, 10.0))
    torch.testing.assert_close(large, 100 * small)
    assert scene.attended("QK-norm", 10.0)[0].abs().max() <= 4


# ---- the width, and where attention parks --------------------------------------------------------------------------


def bowl(lowest, powers=range(-10, -3)):
    """Losses whose logarithm is a parabola with this lowest place."""
    return {power: [math.exp((power - lowest) ** 2)] for power in powers}


@pytest.mark.parametrize(("lowest", "found"), [(-7.3, -7.3), (-6, -6), (-12, -10), (0, -4)])
def test_the_best_rate_lies_between_the_stored_ones_but_not_beyond_them(monkeypatch, lowest, found):
    monkeypatch.setattr(width, "losses", lambda *_, **__: {("muP", 8): bowl(lowest)})
    assert scene.best_powers("muP", 8) == pytest.approx([found])
    if found in (-10, -4):
        with pytest.raises(ValueError, match=f"muP at width 8 is an end of the grid: 2\\^{found}"):
            scene.chosen_power("muP", 8)
    else:
        assert scene.chosen_power("muP", 8) == round(found)


def test_the_narrowest_network_is_one_in_both_parametrisations():
    found = scene.losses()
    base = min(width for _, width in found)
    assert found["muP", base] == found["standard", base]
    assert {len(seeds) for by_power in found.values() for seeds in by_power.values()} == {10}


def test_random_heads_look_everywhere_alike_and_their_shares_are_read_from_three_networks():
    found = scene.sinks()
    assert {kind: {len(rows) for rows in layers} for kind, layers in found.items()} == {
        "trained": {1}, "without [CLS]": {1}, "random": {3},
    }  # fmt: skip
    for *_, random, even in scene.sinks_table(found).rows:
        assert float(random) == pytest.approx(float(even), abs=0.01)
