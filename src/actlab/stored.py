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
from pathlib import Path
from typing import Any, SupportsFloat

from ._files import draft
from ._names import hint

__all__ = ["digits", "keep", "load", "origin", "provenance", "read", "root", "save", "sha256"]


def root() -> Path:
    """Where the stored sets lie: inside the installed package, or in the checkout that it was installed from."""
    packaged = Path(__file__).parent / "_data"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "data"


def load(name: str, table: str | None = None) -> list[dict[str, Any]]:
    """The rows of a stored table, one dict a row, in the order in which they were written.

    table: which of them, where a set has several: `load("disk", "draws")`.
    Raises KeyError, listing what is stored, if there is none of that name, and ValueError, naming the file, if it
    is not the file that its recipe wrote.
    """
    folder = root() / name
    if not (folder / "provenance.json").is_file():
        there = sorted(path.parent.name for path in root().glob("*/provenance.json"))
        raise KeyError(f"no stored result named {name!r}; {hint(name, there) if there else 'there are none'}")
    sums = {Path(file).stem: of for file, of in _sums(name).items() if file.endswith(".json")}
    if not sums:
        raise KeyError(f"{name!r} has no table but files: {', '.join(_sums(name))}")
    if table is None and name not in sums:
        raise KeyError(f"{name!r} has several tables, name one: {', '.join(sums)}")
    table = table or name
    if table not in sums:
        raise KeyError(f"{name!r} has no table named {table!r}; {hint(table, sums)}")
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
        raise KeyError(f"the record of data/{name} names no {file!r}; {hint(file, sums)}")
    try:
        content = (root() / name / file).read_bytes()
    except FileNotFoundError as error:
        raise ValueError(f"{file} is missing from data/{name}; run data/{name}/make.py again") from error
    if sha256(content) != sums[file]:
        raise ValueError(f"{file} was edited after data/{name}/make.py wrote it; run the recipe again")
    return content


def sha256(content: bytes) -> str:
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


def digits(value: SupportsFloat, count: int = 4) -> float | None:
    """So many digits of a number, as a table keeps it; None for what is nan or infinite, which JSON has not."""
    return float(f"{float(value):.{count}g}") if math.isfinite(float(value)) else None


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
    sums = {table: sha256(files[f"{table}.json"]) for table in tables}
    _write(files, sums if several else sums[name], command, seconds, folder, facts)


def keep(files: Mapping[str, bytes], *, command: str, seconds: float, folder: Path, **facts: Any) -> None:
    """Write files that are no tables, such as pictures, and where they come from, to folder; whole or not at all."""
    _write(files, {file: sha256(content) for file, content in files.items()}, command, seconds, folder, facts)


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
