"""What a study is, and the runner that trains what a store still lacks of it."""

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from tqdm.auto import tqdm

from .. import results

__all__ = ["Failed", "Outcome", "Study", "run"]


@dataclass(frozen=True)
class Study:
    """Settings that belong together, and the seeds with which each of them is run.

    settings: records of one kind, whose fields are all that decides the numbers of a run but its seed. A kind says
    how it is trained: `Setting` is that of small networks, `Deep` the base of those that are trained one by one.
    varied: the entries in which settings may differ; in all others they agree, and so do all studies that share a
    store. Raises ValueError where they do not, or where a seed comes twice.
    """

    name: str
    settings: Sequence[Any]
    seeds: Sequence[int]
    varied: Sequence[str]

    def __post_init__(self):
        object.__setattr__(self, "settings", tuple(dict.fromkeys(self.settings)))
        object.__setattr__(self, "seeds", tuple(map(int, self.seeds)))
        object.__setattr__(self, "varied", tuple(self.varied))
        for name, those in [("setting", self.settings), ("seed", self.seeds)]:
            if not those:
                raise ValueError(f"{self.name} needs at least one {name}")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"{self.name} has a seed that comes twice")
        if len(set(map(type, self.settings))) > 1:
            kinds = ", ".join(sorted({type(setting).__name__ for setting in self.settings}))
            raise ValueError(f"the settings of {self.name} are of one kind, got {kinds}")
        for field in fields(self.settings[0]):
            values = {getattr(setting, field.name) for setting in self.settings}
            if len(values) > 1 and field.name not in self.varied:
                raise ValueError(
                    f"the settings of {self.name} differ in {field.name}, which is not among {self.varied}"
                )

    @property
    def shared(self) -> dict[str, object]:
        """What all settings have in common, with the name of the study."""
        entries = asdict(self.settings[0]).items()
        return {"study": self.name} | {name: value for name, value in entries if name not in self.varied}


class Failed(RuntimeError):
    """Jobs that could not be done; the message names them. All that could be done is stored."""


@dataclass(frozen=True)
class Outcome:
    """What `run` did.

    runs: asked for. trained: how many of them now, model_steps: the updates in these. seconds: on the clock. work:
    seconds of processor time that training took, over all workers, compilation and tests included.
    """

    path: Path
    runs: int
    trained: int
    model_steps: int
    seconds: float
    work: float


def run(
    study: Study,
    path: str | Path,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    engine: str | None = None,
    batch: int | None = None,
    progress: bool = False,
) -> Outcome:
    """Train the runs of the study that the store at path lacks, and store each batch as it is done.

    executor: where to train: any `concurrent.futures.Executor`, such as that of a Dask cluster,
    `distributed.Client(address).get_executor(pure=False)`; workers then says how many it has, for each of which two
    jobs are under way at a time. Left out: this process for workers=1, else so many processes of one thread, as many
    as there are processors where that is left out too; a script that does this needs `if __name__ == "__main__":`.
    engine: what trains settings that are new to the store, one of `ensemble.engines`, or for `Deep` settings the
    device, "cpu" or "cuda"; others keep theirs. batch: runs to a job; left out, so many that a job takes seconds.
    None of these changes a stored number, but a device the last bits.
    Interrupted, it stores what is under way and raises KeyboardInterrupt; however it ends, the same call goes on
    from there. Raises `results.StoreError` where the store cannot be used, ValueError for an engine that cannot run
    here, and `Failed`, after all others are stored, where jobs failed.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"there is at least one worker, got {workers}")
    if batch is not None and batch < 1:
        raise ValueError(f"a batch has at least one run, got {batch}")
    for setting in study.settings:
        setting.engine(engine)  # says at once what cannot run here
    began = time.perf_counter()
    with results.Store.open(path, study.shared) as store:
        workers = workers or _processors()
        jobs = deque(_jobs(study, store, engine, batch, workers))
        asked, lacking = len(study.settings) * len(study.seeds), sum(len(job.seeds) for job in jobs)
        updates = sum(len(job.seeds) * job.setting.steps for job in jobs)
        bar = tqdm(total=asked, initial=asked - lacking, unit="run", disable=not progress, smoothing=0.1)
        with bar, _executor(executor, min(workers, len(jobs) or 1)) as (pool, width):
            work = _work_off(jobs, pool, width, store, bar)
    return Outcome(Path(path), asked, lacking, updates, time.perf_counter() - began, work)


@dataclass(frozen=True)
class _Job:
    setting: Any
    engine: str
    seeds: tuple[int, ...]
    lost: int = 0  # how often its worker went away with it

    def __str__(self):
        first, last = self.seeds[0], self.seeds[-1]
        return f"{self.setting}, {f'seeds {first} to {last}' if first < last else f'seed {first}'}"


TRIES = 3  # of a job whose worker goes away: the scheduler of a cluster has tried several times by then
PATIENCE = 2.0  # seconds without a result after which we look whether there is anybody to wait for


def _jobs(study, store, engine, batch, workers):
    """What is missing, the first batch of every setting before the second of any: a half-done study is balanced."""
    entries = [asdict(setting) for setting in study.settings]
    missing = [tuple(store.missing(entry, study.seeds)) for entry in entries]
    engines = []
    for setting, entry, seeds in zip(study.settings, entries, missing, strict=True):
        begun = store.engine(entry)
        if seeds and begun and engine not in (None, begun):
            raise results.StoreError(
                f"{store.path} was begun with the {begun} engine and goes on with it: engines differ in the last bits"
            )
        try:
            engines.append(setting.engine(begun or engine) if seeds else begun)
        except ValueError as error:
            raise results.StoreError(f"{store.path} was begun with the {begun} engine: {error}") from error
    store.enter(entries, engines)
    if batch is None:
        # a job of some seconds, and a few jobs for each worker; full chunks, as long as there are enough of them
        batch = study.settings[0].batch(-(-sum(map(len, missing)) // (4 * workers)))
    for start in range(0, max(map(len, missing)), batch):
        for setting, its, seeds in zip(study.settings, engines, missing, strict=True):
            if seeds[start : start + batch]:
                yield _Job(setting, its, seeds[start : start + batch])


def _work_off(jobs, pool, width, store, bar):
    """Train and store every job, a bounded number at a time; return the processor seconds that it took."""
    flying: dict[Future, _Job] = {}
    failed, work = [], 0.0

    def land(future):
        nonlocal work
        job = flying[future]
        try:
            arrays, seconds, origin = future.result()
        except BrokenExecutor:
            raise
        except (Exception, CancelledError) as error:
            away = isinstance(error, CancelledError) or type(error).__module__.partition(".")[0] == "distributed"
            if away and job.lost + 1 < TRIES:
                jobs.append(_Job(job.setting, job.engine, job.seeds, job.lost + 1))
            else:
                failed.append((job, error))
        else:
            store.add(asdict(job.setting), job.seeds, **arrays, origin=origin)
            work += seconds
            bar.update(len(job.seeds))
        del flying[future]

    try:
        while jobs or flying:
            while jobs and len(flying) < width:
                job = jobs.popleft()
                flying[pool.submit(_train, job.setting, job.seeds, job.engine)] = job
            done = wait(flying, timeout=PATIENCE, return_when=FIRST_COMPLETED).done
            if not done and _gone(pool):
                raise Failed("the scheduler of the cluster is gone; what was done is stored")
            for future in [future for future in flying if future in done]:  # in the order of the jobs
                land(future)
    except (KeyboardInterrupt, BrokenExecutor) as error:
        begun = [future for future in flying if not future.cancel()]
        for future in wait(begun).done:
            if not future.cancelled() and future.exception() is None:
                land(future)
        if isinstance(error, BrokenExecutor):
            raise Failed("a worker ended in the middle of a job (was it killed, or short of memory?)") from error
        raise
    if failed:
        job, error = failed[0]
        failures = f"{len(failed)} jobs failed" if len(failed) > 1 else "a job failed"
        raise Failed(f"{failures}, all others are stored: {job}: {type(error).__name__}: {error}") from error
    return work


def _gone(pool):
    """Whether the executor is that of a Dask client without a scheduler: it leaves its futures open for ever."""
    return getattr(getattr(pool, "_client", None), "status", None) == "closed"


def _train(setting, seeds, engine):
    """The arrays of these runs, the processor seconds that they took, and where they come from."""
    began = time.process_time()
    arrays = setting.train(seeds, engine)
    return arrays, time.process_time() - began, results.origin()


# --- where jobs run


class _Here(Executor):
    """Each job at once, in this process."""

    def submit(self, function, /, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def _executor(given, workers):
    """An executor, and how many jobs it is handed at a time: enough that none of its workers waits for us."""
    if given is not None:
        yield given, 2 * workers
    elif workers == 1:
        yield _Here(), 1
    else:
        pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin_worker)
        try:
            with _deaf():
                pool.submit(os.getpid)  # the first job starts all processes
            yield pool, workers + 1
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _deaf():
    """Without an ear for Ctrl-C, which those who are born meanwhile inherit: it is for the parent to stop them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin_worker():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()

    def follow():
        parent.join()
        os._exit(1)  # a parent that was killed tells nobody

    threading.Thread(target=follow, daemon=True).start()


def _processors():
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
