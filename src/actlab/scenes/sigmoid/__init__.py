"""What chapter 2 and the pages below it show: steps, the sigmoid's slope, what it costs, and where it is free."""

from ._curve import examples, first_one, formats, prints, sharpen, slope_figure
from ._hidden import TWO, disk, disk_figure, disk_table, promises, promises_figure, promises_table
from ._lab import curves_figure, lab, lab_table
from ._network import (
    by_gain,
    by_start,
    depth_player,
    digits,
    digits_player,
    normalised,
    start_figure,
    start_table,
)
from ._output import first_steps, recover, recovery_player
from ._step import perceptrons, xor_figure
from ._zigzag import curvatures, descend, fewest, outputs, widths, zigzag_figure

__all__ = [
    "TWO",
    "by_gain",
    "by_start",
    "curvatures",
    "curves_figure",
    "depth_player",
    "descend",
    "digits",
    "digits_player",
    "disk",
    "disk_figure",
    "disk_table",
    "examples",
    "fewest",
    "first_one",
    "first_steps",
    "formats",
    "lab",
    "lab_table",
    "normalised",
    "outputs",
    "perceptrons",
    "prints",
    "promises",
    "promises_figure",
    "promises_table",
    "recover",
    "recovery_player",
    "sharpen",
    "slope_figure",
    "start_figure",
    "start_table",
    "widths",
    "xor_figure",
    "zigzag_figure",
]
