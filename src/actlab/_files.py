"""Files that get their name when they are whole."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["StoreError", "draft"]


class StoreError(ValueError):
    """A store that cannot be used as asked; the message is one line that says why and what to do."""


@contextmanager
def draft(out: Path) -> Iterator[Path]:
    """An empty file beside `out`, which takes its name and its place if all goes well, and else is removed.

    Its own name is random and new, so that two who write the same file at once do not write into each other's.
    Raises StoreError where `out` exists and is no regular file, or where none can be made in its folder.
    """
    _refuse(out)
    place = out.with_name(f".{out.name[:40]}.{secrets.token_hex(8)}")
    try:
        # not by tempfile, whose files nobody else may read
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise StoreError(f"{out} cannot be written: {error.strerror}") from error
    try:
        yield place
        with place.open("rb+") as file:
            os.fsync(file.fileno())  # a name that is on the disk before its content would be an empty file
        _refuse(out)
        place.replace(out)
    finally:
        place.unlink(missing_ok=True)


def _refuse(out):
    try:
        mode = out.lstat().st_mode
    except OSError:
        return  # there is none
    if not stat.S_ISREG(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise StoreError(f"{out} is {kind}, and only a regular file is written over: name another")
