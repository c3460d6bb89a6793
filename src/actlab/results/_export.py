"""The runs of a store in files that other programs read, a row or a document for every step."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .._files import StoreError, draft
from ._format import spare
from ._store import Store

__all__ = ["export"]


def export(path: str | Path, out: str | Path, format: str) -> int:
    """Write every step of every run of the store at path to the file out; return how many there are.

    format: "parquet", a row a step with the columns name (the activation), draw, rate, whatever else differs between
    settings, seed, epoch, time, loss; needs pyarrow, the extra `export`. Or "jsonl", a line a step:
    `{"name": "relu", "time": 0.0004, "loss": 0.6931, "epoch": 0}`, with null where the loss is not finite. epoch
    counts updates from 0: the loss stands before that update, time is when it was done, in seconds from the start of
    the run. Runs come by setting and by seed. The file is written as a stream, and gets its name when it is whole.
    Raises KeyError for another format, StoreError for a store that cannot be read, or where out is a file of the
    store itself or exists and is no regular file.
    """
    if format not in FORMATS:
        raise KeyError(f"no format named {format!r}; there are {', '.join(FORMATS)}")
    path, out = Path(path), Path(out)
    spare(path, out)
    with Store(path) as store, draft(out) as place:
        if any("activation" not in setting for setting in store.settings()):
            raise StoreError(f"{path} has a setting without an activation, which names the rows of an export")
        return FORMATS[format](store, place)


def _jsonl(store, out):
    count = 0
    with out.open("w", encoding="utf-8") as file:
        for run in store.runs():
            name = json.dumps(run.setting["activation"])
            # nine digits give back every float32
            file.writelines(
                f'{{"name": {name}, "time": {time:.9g}, "loss": {_number(loss)}, "epoch": {epoch}}}\n'
                for epoch, (time, loss) in enumerate(zip(run.seconds.tolist(), run.loss.tolist(), strict=True))
            )
            count += len(run.loss)
    return count


def _number(value):
    return f"{value:.9g}" if abs(value) <= 3.5e38 else "null"  # nan compares with nothing


def _parquet(store, out):
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise StoreError("Parquet is written by pyarrow: pip install 'actlab[export]'") from error
    entries = _entries(store)
    columns = [
        ("name", pa.string()),
        *((name, type(pa)) for name, _, type in entries),
        ("seed", pa.int64()),
        ("epoch", pa.int32()),
        ("time", pa.float32()),
        ("loss", pa.float32()),
    ]
    schema, count = pa.schema(columns), 0
    numbers, names = ["time", "loss"], [name for name, type in columns if name not in ("time", "loss")]
    with parquet.ParquetWriter(
        out, schema, compression="zstd", use_dictionary=names, use_byte_stream_split=numbers
    ) as writer:
        for runs in _batches(store.runs()):
            steps = [len(run.loss) for run in runs]

            def each(value, runs=runs, steps=steps):
                return np.repeat([value(run) for run in runs], steps)

            arrays = [
                each(lambda run: run.setting["activation"]),
                *(each(lambda run, told=told: told(run.setting)) for _, told, _ in entries),
                each(lambda run: run.seed),
                np.concatenate([np.arange(n) for n in steps]),
                np.concatenate([run.seconds for run in runs]),
                np.concatenate([run.loss for run in runs]),
            ]
            arrays = [pa.array(array, type) for array, (_, type) in zip(arrays, columns, strict=True)]
            writer.write_table(pa.table(arrays, schema))  # a row group
            count += sum(steps)
    return count


FORMATS = {"parquet": _parquet, "jsonl": _jsonl}


def _entries(store):
    """Of what tells settings apart: the column's name, a setting's value for it, its type."""
    settings, found = store.settings(), []
    for name in settings[0] if settings else ():
        values = [setting[name] for setting in settings]
        if name in ("draw", "rate") or (name != "activation" and any(value != values[0] for value in values)):
            column = "loss_name" if name == "loss" else name  # of the function; its values are the column loss
            kinds = {type(value) for value in values}
            if kinds == {int}:
                found.append((column, lambda setting, name=name: setting[name], lambda pa: pa.int64()))
            elif kinds <= {int, float}:
                found.append((column, lambda setting, name=name: float(setting[name]), lambda pa: pa.float64()))
            else:
                found.append((column, lambda setting, name=name: _words(setting[name]), lambda pa: pa.string()))
    return found


def _words(value):
    return value if isinstance(value, str) else json.dumps(value)


def _batches(runs: Iterator, steps: int = 1_000_000):
    """Lists of runs with about so many steps."""
    some, held = [], 0
    for run in runs:
        some.append(run)
        held += len(run.loss)
        if held >= steps:
            yield some
            some, held = [], 0
    if some:
        yield some
