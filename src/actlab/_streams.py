"""What the command line says, on streams that may be closed, full or know ASCII alone, and signals that end it."""

import codecs
import errno
import os
import signal
import sys
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

__all__ = ["Lossy", "Stopped", "Unwritable", "errors", "plain", "put", "say", "stoppable"]

IN_ASCII = {"±": "+-", "−": "-", "–": "-", "…": "...", "“": '"', "”": '"', "’": "'", "·": "*", "×": "x"}


class Unwritable(Exception):
    """Standard output cannot be written to. gone: because its reader went away."""

    def __init__(self, reason: str, gone: bool = False):
        super().__init__(f"standard output cannot be written to: {reason}")
        self.gone = gone


class Stopped(KeyboardInterrupt):
    """A signal that ends a process. number: which."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


class Lossy:
    """A stream that loses what cannot be written: a progress bar is no reason to end."""

    def __init__(self, stream: TextIO | None):
        self._stream = stream

    def write(self, text: str) -> int:
        self._do(lambda stream: stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._do(lambda stream: stream.flush())

    def _do(self, act):
        if self._stream is not None:
            try:
                act(self._stream)
            except (OSError, ValueError):  # ValueError: it is closed
                _drop(self._stream)

    def __getattr__(self, name: str) -> Any:
        if self._stream is None:
            raise AttributeError(name)
        return getattr(self._stream, name)


def errors() -> Lossy:
    """Standard error, whatever state it is in."""
    return Lossy(sys.stderr)


def say(text: str) -> None:
    """One line on standard error, if that can be written to; signs that steer a terminal are spelled out."""
    stream, line = errors(), " ".join(str(text).split())
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)
    stream.write(f"actlab: {shown}\n")
    stream.flush()


def put(text: str = "") -> None:
    """Lines on standard output, now. Raises `Unwritable`."""
    if sys.stdout is None:
        raise Unwritable("it is closed")
    try:
        print(text, flush=True)
    except (OSError, ValueError) as error:
        _drop(sys.stdout)
        gone = isinstance(error, BrokenPipeError)
        reason = getattr(error, "strerror", None) or "it is closed"
        raise Unwritable("its reader went away" if gone else reason, gone) from error


def _drop(stream):
    """Lead a stream to nowhere: what is still in its buffer would be complained about when the interpreter ends."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def plain() -> Iterator[None]:
    """Inside it, standard output shows a sign that its encoding lacks by others; afterwards it is as before.

    And no file that is opened gets the number of a standard stream that is closed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError as error:
            if error.errno == errno.EBADF:
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    codecs.register_error("actlab", _in_ascii)
    before = getattr(sys.stdout, "errors", None)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is None or before is None:
        yield
        return
    reconfigure(errors="actlab")
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            reconfigure(errors=before)


def _in_ascii(error):
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(map(_sign, signs)), error.end


def _sign(sign):
    known = IN_ASCII.get(sign) or unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return known or sign.encode("ascii", "backslashreplace").decode()


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside it, SIGTERM and SIGHUP raise `Stopped` where they would end the process; those ignored stay ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ending = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
    ending = [number for number in ending if signal.getsignal(number) is signal.SIG_DFL]

    def stop(number, _):
        raise Stopped(number)

    for number in ending:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_DFL)
