"""What eight bits do to hidden outputs, by function: small networks for digits, and a language model with GELU.

digits: the two convolutions and three linear layers of `networks.cnn`, trained by Adam in 32 bits, then with hidden
outputs or weights rounded to integers of a few bits (post-training quantisation). A range is read off training
digits, what is counted is counted on others. The rate is chosen for each function on seeds of its own.

sentences: MiniLM as it is shipped, with GELU in its six feed-forward blocks. Its hidden outputs are rounded, or lose
the part below 0 (the dip), or the mean or the rest of that part alone. What is told is the cosine of a sentence's
vector to what it was before. Ranges and means are read off other sentences.

Five minutes of a processor; needs the extra transformers.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab import data, experiments, networks, results, train

FUNCTIONS = ("tanh", "relu6", "relu", "elu", "gelu", "silu", "hardswish")
SEEDS, TUNING = range(10), range(100, 102)
RATES = (2e-3, 5e-3)  # tried for every function
LADDER = (2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2)
DIGITS, TEST, EPOCHS, BATCH = 1500, 1000, 4, 50
BITS = (8, 6, 4, 3)
DRAWS, SENTENCES, LONGEST = range(10), 40, 32


# ---- rounding ---------------------------------------------------------------------------------------------------


def ends(h: Tensor, way: str, dim: int | None = None) -> tuple[Tensor, Tensor]:
    """The range of some numbers: of all of them, or of each channel along `dim`, in a shape that goes with h.

    way: "symmetric", from minus the largest magnitude to it, or "affine", from the smallest number to the largest; 0
    is always within.
    """
    others = None if dim is None else [i for i in range(h.ndim) if i != dim % h.ndim]
    low, high = (h.amin(others, True), h.amax(others, True)) if others else (h.amin(), h.amax())
    if way == "symmetric":
        high = torch.maximum(high, -low)
        return -high, high
    return low.clamp(max=0), high.clamp(min=0)


def rounded(h: Tensor, low: Tensor, high: Tensor, bits: int) -> Tensor:
    """h on a grid of integers times a step; numbers outside of the range go to its ends, and 0 stays 0.

    A symmetric range takes the integers from 1 - 2^(bits - 1) to 2^(bits - 1) - 1, any other one 2^bits of them.
    """
    top = 2 ** (bits - 1) - 1
    symmetric = bool((low == -high).all())
    step = high / top if symmetric else (high - low) / (2**bits - 1)
    step = torch.where(step > 0, step, 1.0)
    zero = torch.zeros_like(step) if symmetric else (-low / step).round()
    first, last = (-top, top) if symmetric else (0, 2**bits - 1)
    return (((h / step).round() + zero).clamp(first, last) - zero) * step


def decibels(signal: Tensor, noisy: Tensor) -> float:
    """The signal's energy over that of the error, in decibels."""
    error = (noisy - signal).square().sum()
    return (10 * torch.log10(signal.square().sum() / error.clamp(min=1e-30))).item()


# ---- digits -----------------------------------------------------------------------------------------------------


def trained(name: str, rate: float, seed: int) -> tuple[nn.Sequential, data.Split]:
    """The network after its epochs, and its digits."""
    split, network = data.mnist(DIGITS, test=TEST, seed=seed), networks.cnn(name, seed=seed)
    update, order = torch.optim.Adam(network.parameters(), lr=rate), torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(DIGITS, generator=order).split(BATCH):
            loss = functional.cross_entropy(network(split.train_x[chosen]), split.train_y[chosen])
            update.zero_grad()
            loss.backward()
            update.step()
    return network.eval(), split


@torch.no_grad()
def run(network: nn.Sequential, x: Tensor, change: Callable[[Tensor, int], Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Logits, and the hidden outputs of the four activations; each goes on as change(outputs, its number)."""
    seen = []
    for name, layer in network.named_children():
        x = layer(x)
        if name.startswith("act"):
            seen.append(x)
            x = change(x, len(seen) - 1)
    return x, seen


WAYS = {"tensor": ("symmetric", None), "affine": ("affine", None), "channel": ("symmetric", 1)}


@torch.no_grad()
def measured(network: nn.Sequential, split: data.Split) -> dict:
    """What a row of the table `digits` has beside its setting."""
    calibration, x, y = split.train_x[:500], split.test_x, split.test_y
    _, calibrating = run(network, calibration, lambda h, i: h)
    logits, clean = run(network, x, lambda h, i: h)
    row = {
        "accuracy": results.digits((logits.argmax(1) == y).double().mean()),
        "peak": results.digits(mean((h.abs().max() / h.square().mean().sqrt()).item() for h in clean)),
        "nonzero": results.digits(mean((h != 0).double().mean().item() for h in clean)),
    }
    for name, (way, dim) in WAYS.items():
        ranges = [ends(h, way, dim) for h in calibrating]
        alone = [decibels(h, rounded(h, *of, 8)) for h, of in zip(clean, ranges, strict=True)]
        row[f"decibels_{name}"] = results.digits(mean(alone))
        right = []
        for bits in BITS:
            out, _ = run(network, x, lambda h, i, ranges=ranges, bits=bits: rounded(h, *ranges[i], bits))
            right.append(results.digits((out.argmax(1) == y).double().mean()))
            if bits == 8:
                row[f"logits_{name}"] = results.digits(decibels(logits, out))
        row[f"right_{name}"] = right
    weights = [layer for layer in network if isinstance(layer, nn.Conv2d | nn.Linear)]
    kept = [layer.weight.clone() for layer in weights]
    for name, dim in (("tensor", None), ("channel", 0)):
        right = []
        for bits in BITS:
            for layer, weight in zip(weights, kept, strict=True):
                layer.weight.copy_(rounded(weight, *ends(weight, "symmetric", dim), bits))
            right.append(results.digits((network(x).argmax(1) == y).double().mean()))
        row[f"right_weights_{name}"] = right
        noisy = [rounded(weight, *ends(weight, "symmetric", dim), 8) for weight in kept]
        row[f"decibels_weights_{name}"] = results.digits(mean(map(decibels, kept, noisy)))
    for layer, weight in zip(weights, kept, strict=True):
        layer.weight.copy_(weight)
    return row


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def tried(name: str, rate: float, seeds: Sequence[int]) -> dict:
    """What the tuning runs at one rate come to: a row of the table `tuning`, but for `chosen`."""
    right = [
        train.accuracy(network, split.test_x, split.test_y)
        for network, split in (trained(name, rate, s) for s in seeds)
    ]
    return {"function": name, "rate": rate, "accuracy": results.digits(mean(right))}


def tune(name: str, seeds: Sequence[int] = TUNING, run=tried) -> list[dict]:
    """Trials at `RATES`, and at further rates of the ladder until the best stands between two others."""
    trials = {}

    def wrong(rates):
        trials.update((rate, run(name, rate, seeds)) for rate in rates)
        return [1 - trials[rate]["accuracy"] for rate in rates]

    best = experiments.best_rate(wrong, LADDER, RATES)
    return [trials[rate] | {"chosen": rate == best} for rate in sorted(trials)]


# ---- sentences --------------------------------------------------------------------------------------------------


@torch.no_grad()
def vectors(network: nn.Module, ids: Tensor, change: Callable[[Tensor, int], Tensor]) -> Tensor:
    """A vector for each sentence, where each feed-forward block's hidden outputs go on as change(outputs, block)."""
    hooks = [
        block.intermediate.register_forward_hook(lambda layer, given, h, i=i: change(h, i))
        for i, block in enumerate(network.body.encoder.layer)
    ]
    try:
        return network.features(ids)
    finally:
        for hook in hooks:
            hook.remove()


def looked(network: nn.Module, ids: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The vectors as they are, and the hidden outputs of each block at all tokens that are there: (tokens, units)."""
    there, seen = ids != network.padding, []

    def look(h, i):
        seen.append(h[there])
        return h

    return vectors(network, ids, look), seen


def arms(calibrating: Sequence[Tensor], seed: int) -> dict[str, Callable[[Tensor, int], Tensor]]:
    """By name, what is done to the hidden outputs of a block; ranges and means are those of `calibrating`."""
    ranges = {name: [ends(h, way, dim) for h in calibrating] for name, (way, dim) in WAYS.items()}
    dips = [h.clamp(max=0).mean(0) for h in calibrating]
    off = [(h - rounded(h, *of, 4)).mean(0) for h, of in zip(calibrating, ranges["tensor"], strict=True)]
    size = [h.clamp(max=0).square().mean().sqrt() for h in calibrating]
    noise = torch.Generator().manual_seed(9000 + seed)
    return {
        "int8": lambda h, i: rounded(h, *ranges["tensor"][i], 8),
        "int8 affine": lambda h, i: rounded(h, *ranges["affine"][i], 8),
        "int8 by unit": lambda h, i: rounded(h, *ranges["channel"][i], 8),
        "int6": lambda h, i: rounded(h, *ranges["tensor"][i], 6),
        "int4": lambda h, i: rounded(h, *ranges["tensor"][i], 4),
        "int4, mean restored": lambda h, i: rounded(h, *ranges["tensor"][i], 4) + off[i],
        "no dip": lambda h, i: h.clamp(min=0),
        "its mean alone": lambda h, i: h.clamp(min=0) + dips[i],
        "all but its mean": lambda h, i: h - dips[i],
        "noise": lambda h, i: h + size[i] * torch.randn(h.shape, generator=noise),
    }


def sentences(draw: int, texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Sentences that ranges are read off, and others that are counted."""
    chosen = torch.randperm(len(texts), generator=torch.Generator().manual_seed(draw))[: 2 * SENTENCES].tolist()
    picked = [texts[i] for i in chosen]
    return picked[:SENTENCES], picked[SENTENCES:]


def read_through(draw: int, network: nn.Module) -> tuple[list[dict], list[dict]]:
    """Rows of a draw for the tables `sentences`, one for each arm, and `blocks`, one for each block."""
    split = data.reviews(4000, test=1, seed=0)
    calibration, counted = (network.ids(part, LONGEST) for part in sentences(draw, split.train_x))
    _, calibrating = looked(network, calibration)
    base, seen = looked(network, counted)
    unit = functional.normalize(base, dim=1)
    others = (unit @ unit.T)[~torch.eye(len(unit), dtype=torch.bool)].mean()
    rows = [{"draw": draw, "arm": "another sentence", "cosine": results.digits(others)}]
    for name, change in arms(calibrating, draw).items():
        cosine = functional.cosine_similarity(vectors(network, counted, change), base).mean()
        rows.append({"draw": draw, "arm": name, "cosine": results.digits(cosine)})
    blocks = []
    for i, (h, of) in enumerate(zip(seen, calibrating, strict=True)):
        low, high = ends(of, "symmetric")
        negative = h < 0
        blocks.append(
            {
                "draw": draw,
                "block": i + 1,
                "peak": results.digits(high),
                "peak_rms": results.digits(high / of.square().mean().sqrt()),
                "negative": results.digits(negative.double().mean()),
                "lost": results.digits((rounded(h, low, high, 8)[negative] == 0).double().mean()),
                "decibels": results.digits(decibels(h, rounded(h, low, high, 8))),
            }
        )
    return rows, blocks


def main():
    torch.set_num_threads(1)  # the sums inside a step depend on the number of threads
    began = time.process_time()
    tables = {"digits": [], "tuning": [], "sentences": [], "blocks": []}
    network = networks.pretrained()
    for draw in DRAWS:
        rows, blocks = read_through(draw, network)
        tables["sentences"] += rows
        tables["blocks"] += blocks
    print(*tables["sentences"][:10], *tables["blocks"][:6], round(time.process_time() - began), sep="\n", flush=True)
    for name in FUNCTIONS:
        trials = tune(name)
        (rate,) = (trial["rate"] for trial in trials if trial["chosen"])
        tables["tuning"] += trials
        tables["digits"] += [
            {"function": name, "rate": rate, "seed": seed} | measured(*trained(name, rate, seed)) for seed in SEEDS
        ]
        print(*trials, tables["digits"][-1], round(time.process_time() - began), sep="\n", flush=True)
    results.save(
        "int8",
        tables,
        folder=Path(__file__).parent,
        command="python data/int8/make.py",
        seconds=time.process_time() - began,
        seconds_of="processor",
        seeds={"counted": list(SEEDS), "tuning": list(TUNING)},
        bits=list(BITS),
    )


if __name__ == "__main__":
    main()
