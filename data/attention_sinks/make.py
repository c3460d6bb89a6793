"""Where attention goes in MiniLM as it is shipped, and in the same network before any training, layer by layer.

100 sentences of `data/reviews`, word pieces with the marks [CLS] before and [SEP] behind, at most 48. Of each layer:
which share of the attention falls on the first piece and on the last, and which share of what is passed on comes from
the first: the lengths of weight times value. Once more with [CLS] left out, so that a word comes first.
"""

import time
from pathlib import Path

import torch
from torch import Tensor

from actlab import data, networks, results

SENTENCES, LONGEST, SEED, RANDOM = 100, 48, 0, range(3)


def texts() -> list[str]:
    """Sentences drawn by the seed, each once."""
    every, _ = data.rated_sentences()
    order = torch.randperm(len(every), generator=torch.Generator().manual_seed(SEED))
    return [every[i] for i in order[:SENTENCES]]


@torch.no_grad()
def looked(network: networks.Sentences, ids: Tensor) -> tuple[tuple[Tensor, ...], list[Tensor]]:
    """Of each layer the attention (sentences, heads, from, to), and the values (sentences, heads, pieces, size)."""
    values = []
    heads = network.body.config.num_attention_heads
    hooks = [
        layer.attention.self.value.register_forward_hook(
            lambda _, __, out: values.append(out.unflatten(-1, (heads, -1)).transpose(1, 2))
        )
        for layer in network.body.encoder.layer
    ]
    try:
        mask = (ids != network.padding).long()
        attention = network.body(input_ids=ids, attention_mask=mask, output_attentions=True).attentions
    finally:
        for hook in hooks:
            hook.remove()
    return attention, values


def shares(attention: Tensor, values: Tensor, there: Tensor) -> dict[str, Tensor]:
    """By sentence and head, shape (sentences, heads): the share on the first piece, on the last, and passed on.

    Each piece that is there asks once, and all count alike.
    """
    asks = there[:, None, :, None].to(attention.dtype)
    count = asks.sum((2, 3))[..., None]
    to = (attention * asks).sum(2) / count  # the share on each piece
    passed = (attention * asks).sum(2) * values.norm(dim=-1)
    last = (there.sum(1) - 1)[:, None, None].expand(-1, to.shape[1], 1)
    return {"first": to[..., 0], "last": to.gather(2, last)[..., 0], "passed": passed[..., 0] / passed.sum(2)}


def rows(weights: str, network: networks.Sentences, ids: Tensor, begins: str) -> list[dict]:
    """A row for each layer."""
    there = ids != network.padding
    found = []
    for layer, (attention, values) in enumerate(zip(*looked(network.eval(), ids), strict=True), 1):
        parts = shares(attention, values, there)
        of = {name: [round(v, 4) for v in part.mean(1).tolist()] for name, part in parts.items()}
        heads = {f"heads_{name}": [round(v, 4) for v in parts[name].mean(0).tolist()] for name in ("first", "last")}
        even = round((1 / there.sum(1)).mean().item(), 4)
        found.append({"weights": weights, "begins": begins, "layer": layer, "even": even, **of, **heads})
    return found


def main():
    torch.set_num_threads(1)
    began = time.process_time()
    trained = networks.pretrained()
    ids = trained.ids(texts(), LONGEST)
    table = rows("trained", trained, ids, "[CLS]") + rows("trained", trained, ids[:, 1:], "a word")
    for seed in RANDOM:
        table += rows(f"random {seed}", networks.pretrained(random=True, seed=seed), ids, "[CLS]")
    for row in table:
        print(
            row["weights"],
            row["begins"],
            row["layer"],
            row["even"],
            *(round(sum(row[part]) / SENTENCES, 3) for part in ("first", "last", "passed")),
            flush=True,
        )
    results.save(
        "attention_sinks",
        table,
        folder=Path(__file__).parent,
        command="python data/attention_sinks/make.py",
        seconds=time.process_time() - began,
        seconds_of="processor",
        seeds={"sentences": SEED, "random": list(RANDOM)},
    )


if __name__ == "__main__":
    main()
