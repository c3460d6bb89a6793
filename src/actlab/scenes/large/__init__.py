"""What chapter 9 shows of large models: the residual stream, gates, sparsity, softmax in attention, width."""

from ._attention import WAYS, attend, attended, attention_player, flat, logits_table
from ._gates import FORMATS, gates_player, gates_table, largest, root_mean_square
from ._sinks import sinks, sinks_player, sinks_table
from ._sparsity import energies, energies_table, prune_player, pruned, sparsity_table, tenth
from ._starts import starts, starts_table
from ._stream import KINDS, Kind, stream, stream_player, streams, streams_table
from ._width import (
    best_powers,
    changes,
    changes_figure,
    chosen_power,
    losses,
    rates_player,
    rates_table,
    wide_table,
)

__all__ = [
    "FORMATS",
    "KINDS",
    "WAYS",
    "Kind",
    "attend",
    "attended",
    "attention_player",
    "best_powers",
    "changes",
    "changes_figure",
    "chosen_power",
    "energies",
    "energies_table",
    "flat",
    "gates_player",
    "gates_table",
    "largest",
    "logits_table",
    "losses",
    "prune_player",
    "pruned",
    "rates_player",
    "rates_table",
    "root_mean_square",
    "sinks",
    "sinks_player",
    "sinks_table",
    "sparsity_table",
    "starts",
    "starts_table",
    "stream",
    "stream_player",
    "streams",
    "streams_table",
    "tenth",
    "wide_table",
]
