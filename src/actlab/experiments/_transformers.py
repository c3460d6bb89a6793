"""Functions swapped in a pretrained transformer, and the same functions in a small one from scratch."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch.nn import functional

from .. import data, gates, networks, train
from .._names import one_of
from ..activations import get
from ..data import Split
from ._deep import Deep
from ._numbers import combinations, refuse_set
from ._run import Study, seeds

__all__ = ["Characters", "Swap", "characters", "eleven", "transformers"]

# The eleven functions of the published comparison in BERT, in the order of its tables; its swish is SiLU.
eleven = (
    "relu",
    "gelu",
    "tanh",
    "sigmoid",
    "elu",
    "leaky_relu",
    "silu",
    "relu_squared",
    "penalized_tanh",
    "glu",
    "swiglu",
)
STARTS = ("pretrained", "calibrated", "fresh", "random")
TRAINED = ("all", "head")
FITTED = 48  # training sentences that a calibrated function is fitted on
LONGEST = 512  # word pieces for which MiniLM has places
LOOKED_AT = 32  # training sentences on which the network is looked into before and after


def _known(activation):
    if activation not in gates.catalog:
        get(activation)


def _check_warmup(setting):
    if setting.warmup > setting.updates:
        raise ValueError(f"warmup is at most the {setting.updates} updates, got {setting.warmup}")


@dataclass(frozen=True)
class Swap(Deep):
    """MiniLM with another function in its feed-forward blocks, fine-tuned to tell good reviews from bad.

    The seed draws the sentences, their order, what dropout drops and the new weights. start: "pretrained", the
    function swapped and all else as it was; "calibrated", with two numbers per block fitted to GELU; "fresh", with
    the feed-forward weights drawn anew; "random", with all weights drawn anew. trained: "all" weights, or the "head"
    alone. updates, rows of results among them, batch_size, rate, warmup, decay: as in `train.fit_batches`, by AdamW,
    weight decay 0.01. sentences, test: how many to train on, and to test on at the end; watched: how many of these
    are tested after each row. longest: word pieces, marks included, of a sentence that is taken.
    Raises KeyError for a name that there is not, ValueError where numbers make no sense.
    """

    activation: str
    start: str = "pretrained"
    trained: str = "all"
    rate: float = 5e-5
    warmup: int = 0
    decay: bool = False
    updates: int = 64
    rows: int = 8
    batch_size: int = 16
    sentences: int = 1024
    test: int = 600
    watched: int = 32
    longest: int = 16

    def __post_init__(self):
        _known(self.activation)
        one_of(STARTS, self.start, "start")
        one_of(TRAINED, self.trained, "choice of what is trained")
        if self.start == "calibrated" and self.activation in gates.catalog:
            raise ValueError(f"two numbers are fitted for a plain function, and {self.activation} is a gate")
        self._spell()
        _check_warmup(self)
        if self.longest > LONGEST:
            raise ValueError(f"longest is at most the {LONGEST} word pieces that MiniLM takes, got {self.longest}")
        if self.updates % self.rows or self.watched > self.test:
            raise ValueError(
                f"rows divide the updates, and who is watched is tested; got {self.rows} rows of {self.updates} "
                f"updates, {self.watched} watched of {self.test}"
            )

    @property
    def steps(self) -> int:
        return self.updates

    def ready(self) -> None:
        """Raise ValueError where there are fewer sentences than asked for, or what reads them is not installed."""
        _sentences(self.sentences, self.test, self.longest, 0)

    def network(self, seed: int) -> tuple[networks.Sentences, Split]:
        """The network before training, and its sentences as ids."""
        split = _sentences(self.sentences, self.test, self.longest, seed)
        network = networks.pretrained(random=self.start == "random", seed=seed)
        networks.swap_feed_forward(
            network,
            self.activation,
            fresh=self.start == "fresh",
            calibrate=split.train_x[:FITTED] if self.start == "calibrated" else None,
            seed=seed,
        )
        train_x, test_x = networks.trim(network, split.train_x, split.test_x)
        if self.trained == "head":
            network.body.requires_grad_(False)
        return network, Split(train_x, split.train_y, test_x, split.test_y)

    def course(self, seed: int, device: str) -> tuple[train.BatchHistory, dict[str, np.ndarray]]:
        """The history, tested on `watched` sentences, and further arrays.

        answers: all test sentences after the last update by true and answered label, shape (2, 2). ratio, cosine,
        gradient: before and after training on some training sentences, shapes (2, blocks), (2, blocks) and
        (2, layers): `networks.inside`, and the norms of the gradients without dropout.
        """
        network, split = self.network(seed)
        layers = _layers(network)
        looks = {"ratio": [], "cosine": [], "gradient": []}

        def watch(row, network):
            if row in (0, self.rows):
                place = next(network.parameters()).device
                x, y = split.train_x[:LOOKED_AT].to(place), split.train_y[:LOOKED_AT].to(place)
                seen = networks.inside(network, x)
                for name, values in [
                    ("ratio", seen.ratio),
                    ("cosine", seen.cosine),
                    ("gradient", _gradients(network, x, y, layers)),
                ]:
                    looks[name].append(values.cpu().numpy())

        history = train.fit_batches(
            network,
            Split(split.train_x, split.train_y, split.test_x[: self.watched], split.test_y[: self.watched]),
            steps=self.updates,
            batch=self.batch_size,
            every=self.updates // self.rows,
            rate=self.rate,
            optimizer="adamw",
            weight_decay=0.01,
            warmup=self.warmup,
            decay=self.decay,
            seed=seed,
            layers=layers,
            watch=watch,
            device=device,
        )
        more = {name: np.stack(values) for name, values in looks.items()}
        return history, more | {"answers": _answers(network, split)}


def _layers(network):
    """Embeddings, blocks and head by name, from the input to the output."""
    body = network.body
    blocks = {f"block {i + 1}": block for i, block in enumerate(body.encoder.layer)}
    return {"embeddings": body.embeddings} | blocks | {"head": network.head}


def _gradients(network, x, y, layers):
    """Norm of the loss's gradient in each layer, without dropout; leaves no gradients behind."""
    network.eval()
    functional.binary_cross_entropy_with_logits(network(x)[:, 0], y).backward()
    norms = [_norm(layer) for layer in layers.values()]
    network.zero_grad()
    network.train()
    return torch.stack(norms)


def _norm(layer):
    gradients = [parameter.grad.norm() for parameter in layer.parameters() if parameter.grad is not None]
    return torch.stack(gradients).norm() if gradients else torch.tensor(0.0)


@torch.no_grad()
def _answers(network, split, batch=100):
    network.eval()
    answers = torch.cat([network(x)[:, 0] > 0 for x in split.test_x.split(batch)])
    return torch.bincount(2 * split.test_y.long() + answers, minlength=4).reshape(2, 2).numpy()


@cache
def _pieces(longest):
    """Ids and labels of the sentences with a clear rating and up to `longest` word pieces, in the stored order."""
    texts, ratings = data.rated_sentences()
    clear = ratings.abs() >= 0.5
    ids = networks.pretrained().ids([text for text, sure in zip(texts, clear.tolist(), strict=True) if sure])
    short = (ids != 0).sum(1) <= longest
    return ids[short, :longest], (ratings[clear][short] > 0).float()


def _sentences(n, test, longest, seed):
    ids, labels = _pieces(longest)
    if n + test > len(ids):
        raise ValueError(
            f"there are {len(ids)} sentences of up to {longest} word pieces; got sentences={n} and test={test}"
        )
    chosen = torch.randperm(len(ids), generator=torch.Generator().manual_seed(seed))[: n + test]
    x, y = ids[chosen], labels[chosen]
    return Split(x[:n], y[:n], x[n:], y[n:])


def transformers(
    runs: int = 5,
    activations: Iterable[str] = eleven,
    starts: Iterable[str] = ("pretrained",),
    **further: object,
) -> Study:
    """The study of transformers: functions and starts, each combination with the seeds 0 to runs - 1.

    As it stands it is the published comparison at a small scale: the eleven functions in a pretrained encoder, AdamW
    at rate 5e-5, batches of 16. A gate is never calibrated. further: other entries of every `Swap`.
    """
    refuse_set("transformers", further, activation="activations", start="starts")
    settings = [
        Swap(activation, start, **further)
        for start, activation in combinations("transformers", starts=starts, activations=activations)
        if not (start == "calibrated" and activation in gates.catalog)
    ]
    return Study(
        "transformers", settings, seeds(runs), varied=("activation", "start", "trained", "rate", "warmup", "decay")
    )


@dataclass(frozen=True)
class Characters(Deep):
    """A small language model, from scratch, that learns the next character of the reviews.

    The seed draws the windows of text, their order and all weights. activation: a function, or a gate, whose block is
    matched in parameters. width, layers, heads, length: those of `networks.transformer`. updates, rows of results
    among them, batch_size, rate, warmup, decay: as in `train.fit_batches`, by Adam. windows, test: how many pieces of
    text of `length` characters to train on, and to test on; no sentence is in both.
    Raises KeyError for a name that there is not, ValueError where numbers make no sense.
    """

    activation: str
    width: int = 64
    layers: int = 2
    heads: int = 4
    length: int = 64
    rate: float = 4e-3
    warmup: int = 50
    decay: bool = True
    updates: int = 600
    rows: int = 12
    batch_size: int = 16
    windows: int = 12_000
    test: int = 100

    def __post_init__(self):
        _known(self.activation)
        self._spell()
        _check_warmup(self)
        if self.updates % self.rows:
            raise ValueError(f"rows divide the updates; got {self.rows} rows of {self.updates} updates")
        if self.width % self.heads:
            raise ValueError(f"heads divide the width; got {self.heads} heads and width={self.width}")
        _fit(self.windows, self.test, self.length)

    @property
    def steps(self) -> int:
        return self.updates

    def memory(self, runs: int, engine: str) -> dict[str, int]:
        """Bytes that a run takes at the least: of weights, gradients and Adam's moments, and of a batch's layers."""
        return {
            "width and layers": 16 * 12 * self.layers * self.width**2,
            "batch_size, length and width": 4 * self.layers * self.batch_size * self.length * self.width,
        }

    def network(self, seed: int) -> tuple[networks.Transformer, Split]:
        """The network before training, and its windows: each character's answer is the next one."""
        alphabet, split = _windows(self.windows, self.test, self.length, seed)
        network = networks.transformer(
            len(alphabet) + 1,
            self.activation,
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            length=self.length,
            seed=seed,
        )
        return network, split

    def course(self, seed: int, device: str) -> tuple[train.BatchHistory, dict[str, np.ndarray]]:
        """The history, and as further arrays the losses of what knows no context, and only the last character.

        unigram, bigram: cross-entropy, in nats, of the training windows' frequencies on the test windows, shape ().
        """
        network, split = self.network(seed)
        history = train.fit_batches(
            network,
            split,
            steps=self.updates,
            batch=self.batch_size,
            every=self.updates // self.rows,
            rate=self.rate,
            warmup=self.warmup,
            decay=self.decay,
            seed=seed,
            layers={"embedding": network.tokens, "block 1": network.blocks[0], "head": network.head},
            device=device,
        )
        return history, dict(zip(("unigram", "bigram"), map(np.float32, _plateaus(split)), strict=True))


def _plateaus(split):
    """Losses on the test windows of the frequencies of characters, and of pairs, in the training windows."""
    size = int(max(split.train_y.max(), split.test_y.max(), split.test_x.max())) + 1
    pairs = torch.bincount(split.train_x.flatten() * size + split.train_y.flatten(), minlength=size**2)
    pairs = pairs.reshape(size, size).double() + 0.01  # a pair that was never seen is not impossible
    single = pairs.sum(0) / pairs.sum()
    after = pairs / pairs.sum(1, keepdim=True)
    x, y = split.test_x.flatten(), split.test_y.flatten()
    return -single[y].log().mean(), -after[x, y].log().mean()


@cache
def _alphabet():
    return tuple(sorted(set("".join(data.rated_sentences()[0])) | {"\n"}))


@cache
def _characters():
    """How many characters all sentences have, with the ends of their lines."""
    return sum(len(text) + 1 for text in data.rated_sentences()[0])


def _fit(n, test, length):
    """How many windows of this length there are. Raises ValueError where that is too few."""
    there = (_characters() - 1) // length
    if n + test > there:
        raise ValueError(f"there are {there} windows of {length} characters; got windows={n} and test={test}")
    return there


def _windows(n, test, length, seed):
    """The alphabet, and windows of the sentences in an order drawn by the seed, a line each; ids begin with 1."""
    texts, _ = data.rated_sentences()
    order = torch.randperm(len(texts), generator=torch.Generator().manual_seed(seed)).tolist()
    alphabet = _alphabet()
    places = {character: i + 1 for i, character in enumerate(alphabet)}
    ids = torch.tensor([places[character] for i in order for character in texts[i] + "\n"])
    there = _fit(n, test, length)
    x, y = (ids[shift : shift + there * length].reshape(there, length) for shift in (0, 1))
    # from the two ends: a sentence may be cut between two windows, but not between training and test
    return alphabet, Split(x[:n], y[:n], x[there - test :], y[there - test :])


def characters(
    runs: int = 5,
    activations: Iterable[str] = ("gelu", "relu", "swiglu", "relu_squared", "geglu", "silu", "identity"),
    **further: object,
) -> Study:
    """The study from scratch: functions and gates matched in parameters, each with the seeds 0 to runs - 1."""
    refuse_set("characters", further, activation="activations")
    settings = [
        Characters(activation, **further) for (activation,) in combinations("characters", activations=activations)
    ]
    return Study("characters", settings, seeds(runs), varied=("activation",))
