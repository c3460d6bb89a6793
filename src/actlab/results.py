"""Stored results: read with their provenance, refused when they were edited, written with the recipe's own record."""

import datetime
import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["load", "provenance", "root", "save"]


def root() -> Path:
    """Where the stored sets lie: inside the installed package, or in the checkout that it was installed from."""
    packaged = Path(__file__).with_name("_data")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "data"


def load(name: str) -> list[dict[str, Any]]:
    """The rows of a stored table, one dict a row, in the order in which they were written.

    Raises KeyError, listing what is stored, if there is none of that name, and ValueError, naming the file, if it
    is not the file that its recipe wrote.
    """
    folder = root() / name
    file = folder / f"{name}.json"
    if not file.is_file():
        there = sorted(path.parent.name for path in root().glob("*/provenance.json"))
        raise KeyError(f"no stored result named {name!r}; there are {', '.join(there) or 'none'}")
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != provenance(name)["sha256"]:
        raise ValueError(f"{file.name} was edited after data/{name}/make.py wrote it; run the recipe again")
    table = json.loads(content)
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def provenance(name: str) -> dict[str, Any]:
    """How a stored table came to be: command, versions, hardware, seconds, date, and the sha256 of its file."""
    return json.loads((root() / name / "provenance.json").read_text())


def save(
    name: str, rows: Sequence[Mapping[str, Any]], *, command: str, seconds: float, folder: Path, **facts: Any
) -> None:
    """Write rows, which share their columns, and where they come from, to folder; whole or not at all."""
    columns = list(rows[0])
    for row in rows:
        if list(row) != columns:
            raise ValueError(f"rows share their columns; {list(row)} is not {columns}")
    lines = ",\n".join(json.dumps([row[column] for column in columns]) for row in rows)
    content = f'{{"columns": {json.dumps(columns)}, "rows": [\n{lines}\n]}}\n'
    record = {
        "command": command,
        "date": datetime.date.today().isoformat(),
        "seconds": round(seconds, 1),
        "versions": {package: version(package) for package in ("actlab", "torch", "numpy")}
        | {"python": platform.python_version()},
        "hardware": {"machine": platform.machine(), "cpus": os.cpu_count(), "processor": _processor()},
        **facts,
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
    }
    texts = {f"{name}.json": content, "provenance.json": json.dumps(record, indent=2) + "\n"}
    drafts = {folder / file: folder / f"{file}.new" for file in texts}
    for draft, text in zip(drafts.values(), texts.values(), strict=True):
        draft.write_text(text)
    for file, draft in drafts.items():  # only when both are on the disk
        draft.replace(file)


def _processor():
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
