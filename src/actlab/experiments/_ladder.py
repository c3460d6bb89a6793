"""The rate that a comparison runs at: the best of a ladder, which grows until that one has neighbours."""

import math
from collections.abc import Callable, Sequence

__all__ = ["best_rate"]


def best_rate(
    losses: Callable[[Sequence[float]], Sequence[float]], ladder: Sequence[float], first: Sequence[float]
) -> float:
    """The rate of the lowest loss among those tried, with a rate tried on either side of it; of equals the lower one.

    losses: from some rates to what each of them comes to; called with `first`, then with those next to the best that
    are not tried yet, until there are none. A loss of nan counts as inf: a run that diverged is never the best.
    ladder: all rates there are, ascending. first: some rungs of it, one after the other.

    Raises ValueError where the best stands at an end of the ladder, for a ladder that does not ascend, for first
    rates that are no rungs in a row, and for another number of losses than of rates.
    """
    rungs = list(ladder)
    if rungs != sorted(set(rungs)):
        raise ValueError(f"a ladder ascends, got {rungs}")
    wanted = list(first)
    if not wanted or wanted[0] not in rungs or rungs[(at := rungs.index(wanted[0])) : at + len(wanted)] != wanted:
        raise ValueError(f"the first rates are rungs in a row, got {wanted} for the ladder {rungs}")
    tried: dict[float, float] = {}
    while wanted:
        found = [math.inf if math.isnan(loss) else loss for loss in losses(wanted)]
        tried |= zip(wanted, found, strict=True)
        best = min(sorted(tried), key=tried.__getitem__)
        at = rungs.index(best)
        if at in (0, len(rungs) - 1):
            raise ValueError(
                f"the best rate stands at the end of the ladder, {best:g} of {rungs[0]:g} to {rungs[-1]:g}"
            )
        wanted = [rate for rate in rungs[at - 1 : at + 2] if rate not in tried]
    return best
