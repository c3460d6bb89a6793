"""What a look into a pretrained network shows before any training: where sentences point, and what a block adds."""

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ... import activations, data, experiments, networks, plot, widgets
from ...tables import Table

__all__ = [
    "Look",
    "fan_player",
    "lengths",
    "look",
    "looks",
    "looks_table",
    "sentences",
    "shifted",
    "swapped",
    "values_table",
]

FAN = ("gelu", "silu", "relu", "tanh", "elu", "sigmoid")


def sentences(base: networks.Sentences, n: int = 32) -> Tensor:
    """Ids of n short sentences of reviews, up to 12 word pieces each, shape (n, places)."""
    short = [text for text in data.reviews(4000, test=1000).train_x if len(text) < 42]
    return base.ids(short[:n], longest=12)


def swapped(base: networks.Sentences, name: str, **how: object) -> networks.Sentences:
    """A copy of a network with another function; how: see `networks.swap_feed_forward`."""
    return networks.swap_feed_forward(copy.deepcopy(base), name, **how).eval()


@dataclass(frozen=True)
class Look:
    """What a look shows: cosine between sentences after each block, shape (blocks,), and, as medians of the blocks,
    ratio, the length of what is added over that of what it joins, and common, the share of its squared length that is
    one vector for all word pieces.
    """

    cosine: Tensor
    ratio: float
    common: float


@torch.no_grad()
def look(network: networks.Sentences, ids: Tensor) -> Look:
    """Let a network read ids, of shape (sentences, places), and look into its feed-forward blocks."""
    seen, shares = networks.inside(network, ids), []
    for block, z in zip(network.body.encoder.layer, seen.z, strict=True):
        added = block.output.dense(block.intermediate.intermediate_act_fn(z))
        shares.append(added.mean(0).square().sum() / added.square().sum(1).mean())
    return Look(seen.cosine, seen.ratio.median().item(), torch.stack(shares).median().item())


def looks(base: networks.Sentences, ids: Tensor, names: Sequence[str] = experiments.eleven) -> dict[str, Look]:
    """By function, what a look into a copy of a network with that function shows."""
    return {name: look(swapped(base, name), ids) for name in names}


def looks_table(found: Mapping[str, Look]) -> Table:
    """What `looks` found, the cosine after the last block."""
    rows = [
        (name, f"{seen.cosine[-1]:.2f}", f"{seen.ratio:.1f}", f"{seen.common:.0%}") for name, seen in found.items()
    ]
    return Table(["function", "cosine", "ratio", "same"], rows)


def values_table(base: networks.Sentences, ids: Tensor, names: Sequence[str] = FAN) -> tuple[float, Table]:
    """The share of the pre-activations that is below 0, and mean and deviation of what functions make of them all."""
    z = torch.cat([part.flatten() for part in networks.inside(base, ids).z])
    rows = []
    for name in names:
        values = activations.get(name)(z)
        rows.append((name, f"{values.mean():.2f}", f"{values.std():.2f}"))
    return (z < 0).double().mean().item(), Table(["function", "mean of its values", "deviation"], rows)


# ---- the first picture ------------------------------------------------------------------------------------------


@torch.no_grad()
def _directions(network, ids):
    """For each of words and blocks: angles of the sentences' means to their common direction, in degrees, signed."""
    there = (ids != network.padding).to(torch.float32)
    states = network.body(input_ids=ids, attention_mask=there.long(), output_hidden_states=True).hidden_states
    found = []
    for state in states:
        means = (state * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        unit = torch.nn.functional.normalize(means.double(), dim=1)
        middle = torch.nn.functional.normalize(unit.mean(0), dim=0)
        along = unit @ middle
        rest = unit - along[:, None] * middle
        side = torch.linalg.svd(rest, full_matrices=False).U[:, 0]
        found.append(torch.rad2deg(along.clamp(-1, 1).arccos()) * side.sign())
    return found


def fan_player(
    base: networks.Sentences, ids: Tensor, names: Sequence[str] = FAN, blocks: Sequence[int] = (0, 1, 3, 6)
) -> widgets.Player:
    """Each sentence as a ray, at its angle to the direction that all of them share; by function and block.

    Block 0 is what goes into the first one. Left or right of the middle is the side of the strongest difference.
    """
    angles = {name: _directions(swapped(base, name), ids) for name in names}

    def draw(ax, function, block):
        turn = torch.deg2rad(angles[function][block]).tolist()
        for angle in turn:
            ax.plot([0, math.sin(angle)], [0, math.cos(angle)], "o-", color=plot.BLUE, lw=1, ms=3, alpha=0.7)
        middle = angles[function][block].abs().median()
        ax.set_title(f"{function}, block {block}: half within {middle:.0f}° of the middle")
        ax.set(xlim=(-1.1, 1.1), ylim=(-0.06, 1.1), xticks=[], yticks=[], aspect="equal")
        ax.set_frame_on(False)

    def words(function, block):
        found = angles[function][block].abs()
        return (
            f"{function}, {f'after block {block}' if block else 'before block 1'}: {len(found)} rays, a "
            f"sentence each, {found.min():.0f} to {found.max():.0f} degrees from the direction that they share, "
            f"{found.median():.0f} in the median"
        )

    first = {"function": "tanh", "block": blocks[-1]}
    return widgets.player(draw, alt=words, first=first, size=(5.0, 2.7), function=list(names), block=list(blocks))


# ---- one block, by hand -----------------------------------------------------------------------------------------


def shifted(base: networks.Sentences, name: str, offsets: Sequence[Tensor]) -> networks.Sentences:
    """A copy of a network whose blocks have f(z) + offset, with an offset for each unit; offsets: a row a block."""
    network = swapped(base, name)
    for block, offset in zip(network.body.encoder.layer, offsets, strict=True):
        old = block.output.dense
        with torch.no_grad():  # the same as in front of the second matrix, which multiplies it
            old.bias += old.weight @ offset
    return network


@torch.no_grad()
def lengths(base: networks.Sentences, ids: Tensor, block: int = 0) -> tuple[float, float]:
    """Length of what a block adds: at the first piece of a sentence, in the mean, and at the other pieces."""
    there = ids != base.padding
    layer = base.body.encoder.layer[block]
    z = networks.inside(base, ids).z[block]
    added = layer.output.dense(layer.intermediate.intermediate_act_fn(z)).norm(dim=1)
    first = (torch.arange(ids.shape[1]) == 0).expand_as(ids)[there]
    return added[first].mean().item(), added[~first].mean().item()
