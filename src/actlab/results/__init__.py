"""Stored results: read with their provenance, refused when they were edited, written with the recipe's own record."""

import datetime
import hashlib
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from ._check import Checked, check
from ._export import export
from ._files import draft
from ._format import Run, StoreError, shown
from ._statistics import Comparison, compare, mcnemar, rank_intervals, spearman, spread, student
from ._store import Store, _hint

__all__ = [
    "Checked",
    "Comparison",
    "Run",
    "Store",
    "StoreError",
    "check",
    "compare",
    "export",
    "keep",
    "load",
    "mcnemar",
    "origin",
    "provenance",
    "rank_intervals",
    "read",
    "root",
    "save",
    "shown",
    "spearman",
    "spread",
    "student",
    "sum_of",
    "summary",
    "table",
]


def root() -> Path:
    """Where the stored sets lie: inside the installed package, or in the checkout that it was installed from."""
    packaged = Path(__file__).parents[1] / "_data"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "data"


def load(name: str, table: str | None = None) -> list[dict[str, Any]]:
    """The rows of a stored table, one dict a row, in the order in which they were written.

    table: which of them, where a set has several: `load("disk", "draws")`.
    Raises KeyError, listing what is stored, if there is none of that name, and ValueError, naming the file, if it
    is not the file that its recipe wrote.
    """
    folder = root() / name
    if not (folder / "provenance.json").is_file():
        there = sorted(path.parent.name for path in root().glob("*/provenance.json"))
        raise KeyError(f"no stored result named {name!r}; {_hint(name, there) if there else 'there are none'}")
    sums = {Path(file).stem: of for file, of in _sums(name).items() if file.endswith(".json")}
    if not sums:
        raise KeyError(f"{name!r} has no table but files: {', '.join(_sums(name))}")
    if table is None and name not in sums:
        raise KeyError(f"{name!r} has several tables, name one: {', '.join(sums)}")
    table = table or name
    if table not in sums:
        raise KeyError(f"{name!r} has no table named {table!r}; {_hint(table, sums)}")
    content = read(name, f"{table}.json")
    try:
        parsed = json.loads(content)
        columns, rows = parsed["columns"], parsed["rows"]
        return [dict(zip(columns, row, strict=True)) for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{table}.json of data/{name} is no table of columns and rows") from error


def read(name: str, file: str) -> bytes:
    """The content of a file of a stored set.

    Raises KeyError for a file that its record does not name, ValueError, naming it, for one that is missing or is
    not what its recipe wrote.
    """
    sums = _sums(name)
    if file not in sums:
        raise KeyError(f"the record of data/{name} names no {file!r}; {_hint(file, sums)}")
    try:
        content = (root() / name / file).read_bytes()
    except FileNotFoundError as error:
        raise ValueError(f"{file} is missing from data/{name}; run data/{name}/make.py again") from error
    if sum_of(content) != sums[file]:
        raise ValueError(f"{file} was edited after data/{name}/make.py wrote it; run the recipe again")
    return content


def sum_of(content: bytes) -> str:
    """The sha256 of a file's content, as provenance gives it."""
    return hashlib.sha256(content).hexdigest()


def _sums(name):
    """The sha256 of each file of a set; those of tables stand in its provenance without their ending."""
    sums = provenance(name)["sha256"]
    sums = {name: sums} if isinstance(sums, str) else sums
    return {file if Path(file).suffix else f"{file}.json": of for file, of in sums.items()}


def provenance(name: str) -> dict[str, Any]:
    """How a stored set came to be: command, versions, hardware, seconds, date, and the sha256 of its file.

    Where a set has several tables, "sha256" has one for each. Raises ValueError, naming it, for a record that is
    damaged.
    """
    content = (root() / name / "provenance.json").read_bytes()
    try:
        record = json.loads(content.decode())
        sums = record["sha256"]
        if not isinstance(sums, str) and not all(isinstance(sum, str) for sum in dict(sums).values()):
            raise ValueError("sha256 is no checksum and no checksums by name")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        said = f"it has no entry {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(
            f"provenance.json of data/{name} is damaged ({said}); run data/{name}/make.py again"
        ) from error
    return record


Rows = Sequence[Mapping[str, Any]]


def save(
    name: str, rows: Rows | Mapping[str, Rows], *, command: str, seconds: float, folder: Path, **facts: Any
) -> None:
    """Write rows, which share their columns, and where they come from, to folder; whole or not at all.

    rows: those of one table, which gets the name of the set, or several tables by name. Raises ValueError for a
    table without rows.
    """
    several = isinstance(rows, Mapping)
    if not rows:
        raise ValueError(f"{name} has no rows, so nothing was written to {folder}")
    for table, these in rows.items() if several else ():
        if not these:
            raise ValueError(f"{table} has no rows, so nothing was written to {folder}")
    tables = {table: _text(these) for table, these in (rows if several else {name: rows}).items()}
    files = {f"{table}.json": text.encode() for table, text in tables.items()}
    sums = {table: sum_of(files[f"{table}.json"]) for table in tables}
    _write(files, sums if several else sums[name], command, seconds, folder, facts)


def keep(files: Mapping[str, bytes], *, command: str, seconds: float, folder: Path, **facts: Any) -> None:
    """Write files that are no tables, such as pictures, and where they come from, to folder; whole or not at all."""
    _write(files, {file: sum_of(content) for file, content in files.items()}, command, seconds, folder, facts)


def _write(files, sums, command, seconds, folder, facts):
    record = {
        "command": command,
        "date": datetime.date.today().isoformat(),
        "seconds": round(seconds, 1),
        "versions": _versions("actlab", "torch", "numpy"),
        "hardware": {"machine": platform.machine(), "cpus": os.cpu_count(), "processor": _processor()},
        **facts,
        "sha256": sums,
    }
    files = {**files, "provenance.json": (json.dumps(record, indent=2) + "\n").encode()}
    with ExitStack() as stack:
        # All are on the disk before the first gets its name. The last that was entered is the first to get it: the
        # record comes after all files, so that a set of which only some are new is one that `read` refuses.
        drafts = {file: stack.enter_context(draft(folder / file)) for file in reversed(files)}
        for file, content in files.items():
            drafts[file].write_bytes(content)


def _text(rows):
    columns = list(rows[0])
    for row in rows:
        if list(row) != columns:
            raise ValueError(f"rows share their columns; {list(row)} is not {columns}")
    lines = ",\n".join(json.dumps([row[column] for column in columns]) for row in rows)
    return f'{{"columns": {json.dumps(columns)}, "rows": [\n{lines}\n]}}\n'


# The setting of the published comparison on the disk; its draw of the points and its seeds are not published.
PUBLISHED = {
    "task": "disk",
    "points": 1000,
    "sizes": [2, 16, 8, 1],
    "scheme": "torch",
    "rate": 0.01,
    "optimizer": "adam",
    "loss": "bce",
    "steps": 2000,
}


def summary(store: Store, *, resamples: int = 2000, seed: int = 0) -> list[dict[str, Any]]:
    """The final losses of a store, one dict for each setting that has runs, in groups that differ by activation.

    activation, and each further entry in which settings differ. n, diverged, mean, standard_error, median, q05, q25,
    q75, q95, max: the `spread` of the training loss before the last update; diverged counts runs whose loss was not
    finite at any step, and the other numbers are without them. test_loss_mean, test_loss, test_accuracy_mean,
    test_accuracy: mean and median at the last test, None without one. rank_mean, rank_median: (lowest, highest), the
    95 % `rank_intervals` inside the group over the seeds that all of it shares, where diverged runs are the worst;
    None without such a seed. published: the training loss that {cite}`gustaw2025` prints, where the setting is the
    published one up to the draw of the points, else None.
    """
    columns, published = _columns(store), _published()
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
            there = all(setting.get(name) == value for name, value in PUBLISHED.items())
            found.append(
                {name: setting[name] for name in columns}
                | spread(list(row["seeds"].values()))
                | {
                    f"test_{name}{end}": float(statistic(column)) if len(tests) else None
                    for name, column in zip(("loss", "accuracy"), tests.T, strict=True)
                    for end, statistic in (("_mean", np.mean), ("", np.median))
                }
                | {f"rank_{name}": intervals and tuple(intervals[i]) for name, intervals in ranks.items()}
                | {"published": published.get(setting["activation"]) if there else None}
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


def _published():
    return {
        row["activation"]: row["value"]
        for row in load("published")
        if (row["source"], row["task"], row["quantity"]) == ("gustaw2025", "disk", "train_loss")
    }


def origin() -> dict[str, Any]:
    """Where a run comes from: versions (numba's is None where it is missing), processor, and the day."""
    return {
        "versions": _versions("actlab", "torch", "numpy", "numba"),
        "processor": _processor(),
        "date": datetime.date.today().isoformat(),
    }


def _versions(*packages):
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found | {"python": platform.python_version()}


@cache
def _processor():
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
