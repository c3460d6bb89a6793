"""For the notebooks: what is stored was run with history and without what is only shown, and nbval must do so too.

With --built the book was built just before: what that run of a notebook printed is what nbval compares with what is
stored, and the notebook is not run a second time. One that the build has no outputs of is run, as without --built.

With --processor notebooks are run, and marked portable: as on an older processor, whose libraries round otherwise.

For all tests: what a worker of pytest-xdist gets at a time.
"""

import sys
from functools import cache
from pathlib import Path

import nbval.kernel
import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbFile
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parent
# What torch, its two libraries and numpy's choose on older processors: the last bits of sums and exponentials differ.
# The farther from a processor of today the more it finds.
PROCESSORS = {
    "oldest": {
        "OMP_NUM_THREADS": "2",
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_CBWR": "COMPATIBLE",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Prescott",
    },
    "between": {
        "OMP_NUM_THREADS": "1",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_CBWR": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
    },
}
_init, _setup = IPyNbFile.__init__, IPyNbFile.setup


def pytest_addoption(parser):
    parser.addoption("--built", action="store_true", help="the book was built just now: compare what that printed")
    parser.addoption("--processor", choices=PROCESSORS, help="run notebooks as on an older processor")


def pytest_configure(config):
    if config.option.processor:
        sys.path.append(str(ROOT / "_ext"))
        from kernels import Kernels

        manager, kernels = nbval.kernel.KernelManager, Kernels(PROCESSORS[config.option.processor])
        nbval.kernel.KernelManager = lambda **named: kernels.managed(manager(**named))
        config.add_cleanup(kernels.__exit__)


def pytest_itemcollected(item):
    if item.config.option.processor and isinstance(item.parent, IPyNbFile):
        item.add_marker(pytest.mark.portable)


class ByFile(LoadFileScheduling):
    """A worker gets a file at a time; of the tests that open pages in Chromium, those of one page at one width."""

    def _split_scope(self, nodeid):
        file, _, test = nodeid.partition("::")
        if file.endswith("/test_browser.py"):
            return f"{file}::{test.partition('[')[2] or test}"
        return file


def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log) if config.option.dist == "loadfile" else None


class Printed:
    """In a kernel's place: for each cell what the build had from it, in the messages that nbval reads."""

    def __init__(self, cells):
        self._cells, self._messages = iter(cells), []

    def execute_cell_input(self, source, allow_stdin=None):
        cell = next(cell for cell in self._cells if cell.source == source)  # those that nbval skips lie between
        self._messages = [(output.output_type, output) for output in cell.outputs]
        self._messages.append(("status", {"execution_state": "idle"}))

    def get_message(self, stream, timeout=None):
        kind, content = self._messages.pop(0)
        return {"msg_type": kind, "content": content, "parent_header": {"msg_id": None}}

    def await_reply(self, message, timeout=None):
        """Nothing to wait for."""

    def await_idle(self, message, timeout=None):
        """Nothing to wait for."""

    def is_alive(self):
        return True

    def stop(self):
        """Nothing runs."""


@cache
def _outputs():
    """Where the build keeps what notebooks printed; None if it was made of other files than those that are there."""
    from jupyter_cache import get_cache

    sys.path.append(str(ROOT / "_ext"))
    from fingerprint import fingerprint

    folder = ROOT / "_build/.jupyter_cache"
    stamp = folder / "fingerprint"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint(ROOT):
        return get_cache(folder)
    return None


def _set_up(self):
    if self.config.option.built and not self.config.option.processor and (kept := _outputs()):
        try:
            found = kept.get_cache_bundle(kept.match_cache_notebook(self.nb).pk).nb.cells
        except KeyError:
            return _setup(self)
        self.kernel = Printed([cell for cell in found if cell.cell_type == "code"])
        return self.setup_sanitize_files()
    return _setup(self)


def _execute(self, cell_input, allow_stdin=None):
    # without history IPython ignores the semicolon that keeps a cell's last value off the page
    return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


def _skip_what_is_not_stored(self, *arguments, **named):
    _init(self, *arguments, **named)
    self.skip_compare += ("image/svg+xml", "text/html", "text/markdown")


RunningKernel.execute_cell_input = _execute
IPyNbFile.__init__ = _skip_what_is_not_stored
IPyNbFile.setup = _set_up
