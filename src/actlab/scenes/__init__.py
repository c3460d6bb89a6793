"""What the chapters show: one module (or folder) a chapter, which computes and draws it.

A chapter takes its scene by one line, `from actlab.scenes import tanh as scene`, and calls it by name; the page then
has the source of every function that a cell calls, folded away beside the call (_ext/sources.py). A function takes
its settings as arguments and returns a player (`widgets.player`), a `tables.Table`, plain data, or what `drawn`
gives. Data flows in the open: what one function computed is an argument of the next.
"""

from matplotlib import pyplot
from matplotlib.figure import Figure

__all__ = ["drawn"]


def drawn(figure: Figure) -> Figure:
    """The figure, closed in pyplot: a cell that ends in it shows it once, and no other cell shows it again.

    Raises TypeError for what is no figure, such as the axes that a function of `plot` returns.
    """
    if not isinstance(figure, Figure):
        raise TypeError(f"drawn takes a figure, not {type(figure).__name__}; axes have theirs as .figure")
    pyplot.close(figure)
    return figure
