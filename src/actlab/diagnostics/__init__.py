"""Numbers about a network and a batch: how its signals travel, which units are dead or flat, and what that means.

`signals` measures, `health` says what it thinks of it, `monitor` watches a training loop, `blocks` holds a model of
transformers against its configuration. Every activation is seen however it is called, on the network itself; what
can't be seen is counted and named.
"""

from ._checkpoint import Block, Blocks, blocks, load_checkpoint
from ._findings import Finding, Limits
from ._measure import Attention
from ._monitor import Monitor, monitor
from ._report import Health, health
from ._signals import ELEMENTWISE, Coverage, Signals, dead_fraction, saturation, signals, update_ratios

__all__ = [
    "ELEMENTWISE",
    "Attention",
    "Block",
    "Blocks",
    "Coverage",
    "Finding",
    "Health",
    "Limits",
    "Monitor",
    "Signals",
    "blocks",
    "dead_fraction",
    "health",
    "load_checkpoint",
    "monitor",
    "saturation",
    "signals",
    "update_ratios",
]
