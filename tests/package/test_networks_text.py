"""Transformers: what they compute, what is swapped in them, and what they refuse."""

import importlib.util

import pytest
import torch
from torch import nn

from actlab import activations, gates
from actlab.networks import _text as text

pytestmark = pytest.mark.usefixtures("one_thread")
needs_weights = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None or importlib.util.find_spec(text.PACKAGE) is None,
    reason="needs the extra transformers",
)
IDS = torch.randint(1, 20, (3, 8), generator=torch.Generator().manual_seed(0))


def parameters(module):
    return sum(p.numel() for p in module.parameters())


# --- small ones


@pytest.mark.parametrize("activation", ["gelu", "relu_squared", "identity", "swiglu", "glu"])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_shapes_and_gradients(activation, norm):
    for causal, shape in [(True, (3, 8, 20)), (False, (3, 1))]:
        network = text.transformer(20, activation, width=16, heads=2, length=8, causal=causal, norm=norm)
        out = network(IDS)
        assert out.shape == shape
        out.square().sum().backward()
        missing = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
        assert not missing


def test_a_language_model_does_not_see_what_comes():
    network = text.transformer(20, "gelu", width=16, heads=2, length=8)
    other = IDS.clone()
    other[:, 5:] = 19
    assert torch.equal(network(IDS)[:, :5], network(other)[:, :5])
    assert not torch.equal(network(IDS)[:, 5:], network(other)[:, 5:])


def test_an_encoder_sees_everything_but_padding():
    network = text.transformer(20, "gelu", width=16, heads=2, length=8, causal=False)
    padded = IDS.clone()
    padded[:, 6:] = 0
    torch.testing.assert_close(network(padded), network(IDS[:, :6]))
    assert not torch.allclose(network(IDS), network(IDS[:, :6]))


def test_attention_is_softmax_of_products():
    block = text.transformer(20, "gelu", width=16, heads=2, length=8).blocks[0]
    x = torch.randn(3, 8, 16, generator=torch.Generator().manual_seed(1))
    found = block._attend(x, None)
    q, k, v = (part.reshape(3, 8, 2, 8).transpose(1, 2) for part in block.mixed(x).split(16, dim=-1))
    scores = (q @ k.transpose(-1, -2) / 8**0.5).masked_fill(torch.ones(8, 8).triu(1).bool(), -torch.inf)
    by_hand = block.merged((scores.softmax(-1) @ v).transpose(1, 2).reshape(3, 8, 16))
    torch.testing.assert_close(found, by_hand)


def test_gates_have_the_parameters_of_the_plain_block():
    plain, gated = (text.transformer(20, name, width=24, heads=2).blocks[0] for name in ("gelu", "swiglu"))
    assert isinstance(gated.feed_forward, gates.GatedFeedForward)
    step = 3 * 24 + 2  # parameters of one unit of a gate
    assert abs(parameters(plain.feed_forward) - parameters(gated.feed_forward)) <= step / 2


def test_weights_follow_from_the_seed_alone():
    before = torch.get_rng_state()
    nets = [text.transformer(20, "swiglu", width=16, heads=2, seed=seed) for seed in (0, 0, 1)]
    assert torch.equal(before, torch.get_rng_state())
    first, again, other = (torch.cat([p.flatten() for p in net.parameters()]) for net in nets)
    assert torch.equal(first, again) and not torch.equal(first, other)
    blocks = [p for name, p in nets[0].named_parameters() if name.endswith("value.weight")]
    assert not torch.equal(*blocks)  # no two blocks alike


def test_what_it_refuses():
    with pytest.raises(KeyError, match="no activation named 'gelou'"):
        text.transformer(20, "gelou")
    with pytest.raises(ValueError, match='norm is "pre" or "post"'):
        text.transformer(20, norm="middle")
    with pytest.raises(ValueError, match="heads divide the width; got width=10, heads=4"):
        text.transformer(20, width=10)
    with pytest.raises(ValueError, match="has 4 places; got 8 tokens"):
        text.transformer(20, length=4)(IDS)


# --- pretrained ones


@pytest.fixture(scope="module")
def network():
    if importlib.util.find_spec("transformers") is None or importlib.util.find_spec(text.PACKAGE) is None:
        pytest.skip("needs the extra transformers")
    return text.pretrained()


@pytest.fixture
def tiny(tmp_path, network):
    """A folder with a BERT of two small blocks, and MiniLM's word pieces."""
    import transformers

    config = transformers.BertConfig(
        hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12, vocab_size=30522
    )
    torch.manual_seed(0)
    with text._silent(transformers):
        transformers.BertModel(config).save_pretrained(tmp_path)
        network.tokenizer.save_pretrained(tmp_path)
    return tmp_path


SENTENCES = ["A fine film.", "Two hours that I shall never get back, and no laugh in them."]


def test_minilm_is_what_it_is_said_to_be(network):
    assert len(network.body.encoder.layer) == 6 and network.head.in_features == 384
    assert parameters(network.body) == 22_565_376
    like, unlike = network.features(network.ids(["A good movie.", "A fine film.", "The cat sleeps."])).split([2, 1])
    cosine = nn.functional.cosine_similarity
    assert cosine(like[0], like[1], dim=0) > cosine(like[0], unlike[0], dim=0) + 0.3


def test_padding_changes_nothing(network):
    network.eval()
    alone, together = network.ids(SENTENCES[:1]), network.ids(SENTENCES)
    assert together.dtype == torch.int64 and alone.shape[1] < together.shape[1]
    torch.testing.assert_close(network(alone)[0], network(together)[0], rtol=1e-4, atol=1e-6)
    cut = network.ids(SENTENCES, longest=6)
    assert cut.shape == (2, 6) and torch.equal(cut[:, -1], torch.full((2,), 102))  # the mark at the end stays


def test_each_call_gives_a_copy_of_its_own(network):
    again = text.pretrained(seed=1)
    assert torch.equal(again.body.embeddings.word_embeddings.weight, network.body.embeddings.word_embeddings.weight)
    assert not torch.equal(again.head.weight, network.head.weight)
    text.swap_feed_forward(again, "tanh")
    assert not torch.allclose(again.features(again.ids(SENTENCES)), network.features(network.ids(SENTENCES)))


def test_random_weights_are_drawn_from_the_seed(tiny):
    nets = [text.pretrained(tiny, random=True, seed=seed) for seed in (0, 0, 1)]
    first, again, other = (net.body.encoder.layer[0].output.dense.weight for net in nets)
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert nets[0].body.embeddings.word_embeddings.weight.std().item() == pytest.approx(0.02, rel=0.01)


@pytest.mark.parametrize("name", ["tanh", "relu_squared", "penalized_tanh"])
def test_a_swapped_block_is_the_formula(tiny, name):
    network = text.swap_feed_forward(text.pretrained(tiny), name)
    block = network.body.encoder.layer[0]
    x = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    added = block.output.dense(activations.get(name)(block.intermediate.dense(x)))
    torch.testing.assert_close(block.output(block.intermediate(x), x), block.output.LayerNorm(added + x))


def test_a_gate_cuts_the_pretrained_outputs_in_two(tiny):
    before = text.pretrained(tiny).body.encoder.layer[1].intermediate.dense
    network = text.swap_feed_forward(text.pretrained(tiny), "swiglu", seed=3)
    block = network.body.encoder.layer[1]
    x = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    z = before(x)
    torch.testing.assert_close(block.intermediate(x), z[:, :6] * nn.functional.silu(z[:, 6:]))
    assert block.output.dense.weight.shape == (8, 6) and not block.output.dense.bias.any()
    network(network.ids(SENTENCES)).sum().backward()
    assert block.output.dense.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("second", ["relu", "geglu", "swiglu", "prelu"])
@pytest.mark.parametrize("first", ["swiglu", "glu", "tanh"])
def test_one_swap_after_another_gives_a_network_that_works(tiny, first, second):
    network = text.swap_feed_forward(text.pretrained(tiny), first, seed=1)
    block = network.body.encoder.layer[1]
    kept = block.output.dense.weight.clone()
    text.swap_feed_forward(network, second, seed=2)
    assert network(network.ids(SENTENCES)).isfinite().all()
    gates = [name.endswith("glu") for name in (first, second)]
    assert block.output.dense.in_features == (6 if gates[1] else 12) and block.intermediate.dense.out_features == 12
    if gates[0] == gates[1]:
        assert torch.equal(block.output.dense.weight, kept)
    else:
        assert block.output.dense.weight.std().item() == pytest.approx(0.02, rel=0.5)
        assert not block.output.dense.bias.any()


def test_back_and_forth_draws_as_the_first_gate_did(tiny):
    network = text.swap_feed_forward(text.pretrained(tiny), "relu")
    once = text.swap_feed_forward(text.pretrained(tiny), "swiglu", seed=3)
    text.swap_feed_forward(text.swap_feed_forward(network, "tanh"), "swiglu", seed=3)
    for a, b in zip(network.body.encoder.layer, once.body.encoder.layer, strict=True):
        assert torch.equal(a.output.dense.weight, b.output.dense.weight)


def test_fresh_draws_the_feed_forward_weights_and_no_others(tiny):
    old, new = text.pretrained(tiny), text.swap_feed_forward(text.pretrained(tiny), "tanh", fresh=True)
    for a, b in zip(old.body.encoder.layer, new.body.encoder.layer, strict=True):
        assert torch.equal(a.attention.self.query.weight, b.attention.self.query.weight)
        assert not torch.equal(a.intermediate.dense.weight, b.intermediate.dense.weight)
        assert not torch.equal(a.output.dense.weight, b.output.dense.weight)


def test_calibration_is_least_squares(tiny):
    network = text.pretrained(tiny)
    ids = network.ids(SENTENCES)
    z = text.inside(network, ids).z
    text.swap_feed_forward(network, "tanh", calibrate=ids)
    for block, before in zip(network.body.encoder.layer, z, strict=True):
        columns = torch.stack([before.flatten().double().tanh(), torch.ones(before.numel()).double()], dim=1)
        wanted = nn.functional.gelu(before.flatten().double())
        best = torch.linalg.lstsq(columns, wanted).solution
        layer = block.intermediate.intermediate_act_fn
        assert (layer.factor, layer.offset) == pytest.approx(tuple(best.tolist()), rel=1e-3, abs=1e-5)


def test_a_calibrated_gelu_is_gelu(tiny):
    network = text.pretrained(tiny)
    text.swap_feed_forward(network, "gelu", calibrate=network.ids(SENTENCES))
    layer = network.body.encoder.layer[0].intermediate.intermediate_act_fn
    assert (layer.factor, layer.offset) == pytest.approx((1, 0), abs=1e-6)


def test_inside_sees_what_the_blocks_do(tiny):
    network = text.pretrained(tiny).train()
    hooks = [len(module._forward_hooks) for module in network.modules()]
    ids = network.ids(SENTENCES)
    seen = text.inside(network, ids)
    assert network.training and all(module.training for module in network.modules())
    assert [len(module._forward_hooks) for module in network.modules()] == hooks
    pieces = int((ids != 0).sum())
    assert [z.shape for z in seen.z] == [(pieces, 12)] * 2 and seen.ratio.shape == seen.cosine.shape == (2,)
    network.eval()
    last = network.body(ids, attention_mask=(ids != 0).long(), output_hidden_states=True).hidden_states[1]
    one, two = text._mean(last, ids != 0)
    assert seen.cosine[0].item() == pytest.approx(nn.functional.cosine_similarity(one, two, dim=0).item(), abs=1e-5)


def test_trimming_changes_no_output(tiny):
    network = text.pretrained(tiny).eval()
    ids = network.ids(SENTENCES)
    before = network(ids)
    (less,) = text.trim(network, ids)
    assert network.body.embeddings.word_embeddings.num_embeddings == len(ids.unique())
    torch.testing.assert_close(network(less), before)


# --- what is refused, in one line


def test_a_missing_extra_is_named(monkeypatch):
    text._load.cache_clear()
    monkeypatch.setattr(text.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"needs the extra transformers: pip install 'actlab\[transformers\]'"):
        text.pretrained()


@needs_weights
def test_missing_weights_are_named(monkeypatch):
    text._load.cache_clear()
    there = importlib.util.find_spec
    monkeypatch.setattr(text.importlib.util, "find_spec", lambda name: None if name == text.PACKAGE else there(name))
    with pytest.raises(ValueError, match="the packaged MiniLM needs the extra transformers"):
        text.pretrained()


@needs_weights
def test_weights_that_are_not_those_packaged_are_refused(monkeypatch):
    text._load.cache_clear()
    monkeypatch.setattr(text.stored, "sha256", lambda content: "0" * 64)
    with pytest.raises(ValueError, match=r"model\.safetensors of the package .* is not the file it should be"):
        text.pretrained()


def test_a_damaged_checkpoint_is_refused_in_one_line(tiny):
    file = tiny / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"no checkpoint .* that can be read here") as caught:
        text.pretrained(tiny)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_that_is_not_here_is_refused_in_one_line(monkeypatch, network, capfd):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)  # else it tries for half a minute
    with pytest.raises(ValueError, match="no checkpoint 'nobody/nothing'") as caught:
        text.pretrained("nobody/nothing")
    assert "\n" not in str(caught.value) and not capfd.readouterr().err


def test_what_a_swap_refuses(tiny):
    with pytest.raises(KeyError, match="no activation named 'tan'"):
        text.swap_feed_forward(text.pretrained(tiny), "tan")
    with pytest.raises(ValueError, match="no gate, no fresh"):
        text.swap_feed_forward(text.pretrained(tiny), "glu", calibrate=IDS)
    gated = text.swap_feed_forward(text.pretrained(tiny), "reglu")
    with pytest.raises(ValueError, match="a block has a gate now"):
        text.swap_feed_forward(gated, "relu", calibrate=gated.ids(SENTENCES))
    odd = text.pretrained(tiny)
    for block in odd.body.encoder.layer:
        block.intermediate.dense, block.output.dense = nn.Linear(8, 7), nn.Linear(7, 8)
    with pytest.raises(ValueError, match="halves the outputs of the first matrix, and 7 is odd"):
        text.swap_feed_forward(odd, "swiglu")
    with pytest.raises(ValueError, match="Sequential has no feed-forward blocks like BERT's"):
        text.swap_feed_forward(nn.Sequential(nn.Linear(2, 2)), "relu")
