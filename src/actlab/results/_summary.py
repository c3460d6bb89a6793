"""What the runs of a store say: a row for each setting, and the same as text."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from .._files import StoreError
from .._names import shown
from ..statistics import rank_intervals, spread
from ._store import Store

__all__ = ["summary", "table"]


def summary(
    store: Store,
    *,
    published: Callable[[Mapping[str, Any]], float | None] = lambda setting: None,
    resamples: int = 2000,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """The final losses of a store, one dict for each setting that has runs, in groups that differ by activation.

    activation, and each further entry in which settings differ. n, diverged, mean, standard_error, median, q05, q25,
    q75, q95, max: the `spread` of the training loss before the last update; diverged counts runs whose loss was not
    finite at any step, and the other numbers are without them. test_loss_mean, test_loss, test_accuracy_mean,
    test_accuracy: mean and median at the last test, None without one. rank_mean, rank_median: (lowest, highest), the
    95 % `rank_intervals` inside the group over the seeds that all of it shares, where diverged runs are the worst;
    None without such a seed. published: what `published` says of the setting, as `experiments.published_loss` does.
    """
    columns = _columns(store)
    groups: dict[str, list[dict]] = {}
    for setting, runs in groupby(store.runs(), key=lambda run: run.setting):
        row, entries = {"setting": setting, "seeds": {}, "tests": []}, setting | {"activation": None}
        for run in runs:
            row["seeds"][run.seed] = math.nan if run.diverged else float(run.loss[-1])
            if len(run.test_loss) and not run.diverged:
                row["tests"].append((run.test_loss[-1], run.test_accuracy[-1]))
        groups.setdefault(json.dumps(entries), []).append(row)
    found = []
    for group in groups.values():
        shared = sorted(set.intersection(*(set(row["seeds"]) for row in group)))
        final = np.array([[row["seeds"][seed] for seed in shared] for row in group])
        ranks = {
            name: rank_intervals(final, statistic=name, resamples=resamples, seed=seed).tolist() if shared else None
            for name in ("mean", "median")
        }
        for i, row in enumerate(group):
            setting, tests = row["setting"], np.array(row["tests"], dtype=float).reshape(-1, 2)
            found.append(
                {name: setting[name] for name in columns}
                | spread(list(row["seeds"].values()))
                | {
                    f"test_{name}{end}": float(statistic(column)) if len(tests) else None
                    for name, column in zip(("loss", "accuracy"), tests.T, strict=True)
                    for end, statistic in (("_mean", np.mean), ("", np.median))
                }
                | {f"rank_{name}": intervals and tuple(intervals[i]) for name, intervals in ranks.items()}
                | {"published": published(setting)}
            )
    return found


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows of a `summary` as text: a line for each, then what the columns are."""
    told = list(rows[0])[: list(rows[0]).index("n")]
    head = [
        *map(shown, told),
        "n",
        "mean ± s.e.",
        "median",
        "5 % - 95 %",
        "max",
        "test loss",
        "accuracy",
        "rank",
        "by median",
    ]
    lines = [
        [
            *(shown(str(row[name])) for name in told),
            f"{row['n']}" + (f" ({row['diverged']} diverged)" if row["diverged"] else ""),
            f"{_loss(row['mean'])} ± {_loss(row['standard_error'])}",
            _loss(row["median"]),
            f"{_loss(row['q05'])} - {_loss(row['q95'])}",
            _loss(row["max"]),
            _loss(row["test_loss"]),
            "-" if row["test_accuracy"] is None else f"{row['test_accuracy']:.4f}",
            *(_interval(row[name]) for name in ("rank_mean", "rank_median")),
        ]
        for row in rows
    ]
    notes = [
        "Training loss before the last update; s.e., quantiles and ranks are over seeds, for these points only.",
        "test loss, accuracy: medians at the last test. rank: by the mean, 95 % bootstrap interval over seeds.",
        "Diverged runs are the worst in rank, and left out of all other columns.",
    ]
    if any(row["published"] is not None for row in rows):
        head.append("published")
        for line, row in zip(lines, rows, strict=True):
            line.append(_loss(row["published"]))
        notes.append("published: the mean of 1000 runs that gustaw2025 prints, on one draw of the points, not known.")
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    left = len(told)  # what names a line stands left, its numbers right
    return "\n".join(
        [
            "  ".join(
                text.ljust(width) if i < left else text.rjust(width)
                for i, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in [head, *lines]
        ]
        + ["", *notes]
    )


def _loss(value):
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.6f}" if abs(value) < 1000 else f"{value:.3g}"


def _interval(ends):
    if ends is None:
        return "-"
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]}-{ends[1]}"


def _columns(store):
    """The activation, and what else tells the settings of a store apart."""
    settings = store.settings()
    if any("activation" not in setting for setting in settings):
        raise StoreError(f"{store.path} has a setting without an activation, by which a summary is in groups")
    names = [name for name in (settings[0] if settings else ()) if name != "activation"]
    return ["activation", *(name for name in names if any(one[name] != settings[0][name] for one in settings))]
