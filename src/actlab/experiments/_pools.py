"""Where jobs run: in this process, in processes beside it, or wherever an executor takes them."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager

import torch
from tqdm import tqdm

__all__ = ["Failed", "Pool", "pool", "processors"]


class Failed(RuntimeError):
    """Jobs that could not be done; the message names them. All that could be done is stored."""


class Pool(Executor):
    """An executor that says how many jobs to hand it at a time: enough that none of its workers waits for us."""

    width: int

    def look(self, flying: Collection[Future]) -> Iterable[Future]:
        """Called when nothing has come for a while: which of the jobs under way are to be handed out again.

        Raises `Failed` where nothing will come any more.
        """
        return ()

    @property
    def broken(self) -> str:
        """What is said of it when it breaks."""
        return "a worker ended in the middle of a job (was it killed, or short of memory?); what was done is stored"


class _InlineExecutor(Pool):
    """Each job at once, in this process."""

    width = 1

    def submit(self, function, /, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


class _GivenExecutor(Pool):
    """An executor that somebody else made, and ends."""

    def __init__(self, executor, workers):
        self._executor, self.width = executor, 2 * workers

    def submit(self, function, /, *arguments):
        return self._executor.submit(function, *arguments)

    def look(self, flying):
        # that of a Dask client without a scheduler leaves its futures open for ever
        if getattr(getattr(self._executor, "_client", None), "status", None) == "closed":
            raise Failed("the scheduler of the cluster is gone; what was done is stored")
        return ()


class _Processes(Pool):
    """Processes of one thread, which end with this one."""

    def __init__(self, workers):
        self.width = workers + 1
        with _signals_ignored():  # it may start a process that keeps track of semaphores, and minds a closed terminal
            self._executor = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin_worker)
        self._workers, self._processes = workers, []
        self._running: set[Future] = set()
        self._first = self.submit(os.getpid)

    def submit(self, function, /, *arguments):
        if len(self._processes) < self._workers:
            future = self._begin(function, *arguments)
        else:
            future = self._executor.submit(function, *arguments)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def _begin(self, function, *arguments):
        """Submit a job for which a process may be started."""
        before = multiprocessing.active_children()
        try:
            with _signals_ignored():
                return self._executor.submit(function, *arguments)
        except OSError as error:  # such as a pipe to a process that ended while it was being started
            self._executor.shutdown(wait=False, cancel_futures=True)
            raise Failed(f"the workers could not start: {type(error).__name__}: {error}") from error
        finally:
            self._processes += [process for process in multiprocessing.active_children() if process not in before]

    @property
    def broken(self):
        if self._first.done() and self._first.exception() is None:
            return super().broken
        return "the workers could not start (what they said stands above); a script needs if __name__ == '__main__':"

    def end(self):
        """Give up what nobody has waited for, and end the processes."""
        for future in list(self._running):
            future.cancel()
        if self._running:
            for process in self._processes:
                process.kill()
        self._executor.shutdown(cancel_futures=True)


@contextmanager
def pool(given: Executor | None, workers: int) -> Iterator[Pool]:
    """A `Pool` of so many workers: of the executor, where one is given, else of processes, or of this one alone."""
    if isinstance(given, Pool):
        yield given
    elif given is not None:
        yield _GivenExecutor(given, workers)
    elif workers == 1:
        yield _InlineExecutor()
    else:
        processes = _Processes(workers)
        try:
            yield processes
        finally:
            processes.end()


@contextmanager
def _signals_ignored():
    """Ctrl-C and a closed terminal are ignored meanwhile, also by processes that begin: their parent ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _from_a_terminal()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _from_a_terminal():
    return [number for name in ("SIGINT", "SIGHUP") if (number := getattr(signal, name, None)) is not None]


def _begin_worker():
    for number in _from_a_terminal():
        signal.signal(number, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        os.setsid()  # what is sent to the parent's group is for the parent: it stores what we are doing
    torch.set_num_threads(1)
    # every bar, shown or not, takes tqdm's lock, which processes share by a name that one who is killed leaves behind
    tqdm.set_lock(threading.RLock())
    parent = multiprocessing.parent_process()

    def follow():
        parent.join()
        os._exit(1)  # a parent that was killed tells nobody

    threading.Thread(target=follow, daemon=True).start()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
