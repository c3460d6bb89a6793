"""The studies of the course by name, and the runner that trains what a store still lacks."""

import difflib
import math
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
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
from functools import cache
from itertools import product
from pathlib import Path

import torch
from tqdm.auto import tqdm

from . import data, ensemble, networks, results, train

__all__ = ["Failed", "Outcome", "Setting", "Study", "disk", "published", "run", "studies", "xor"]

# The eight functions of the published comparison on the disk, in the order of its table.
published = ("leaky_relu", "gelu", "elu", "silu", "tanh", "relu", "softplus", "sigmoid")

# What a task's name stands for: a `Setting` in, a `data.Split` out.
TASKS = {
    "disk": lambda setting: data.disk(setting.points, test=setting.test_points, seed=setting.draw),
    "xor": lambda setting: data.xor(),
}


@dataclass(frozen=True)
class Setting:
    """Everything that decides the numbers of a run but its seed, which draws the weights.

    task: "disk" or "xor". draw: the seed of its points; points, test_points: how many; XOR has its four. sizes,
    activation, scheme: those of `networks.mlp`. rate, optimizer, loss, steps, test_steps: those of
    `ensemble.fit_many`. Raises KeyError for a name that there is not, ValueError where numbers make no sense.
    """

    task: str
    activation: str
    draw: int = 0
    points: int = 1000
    test_points: int = 20_000
    sizes: tuple[int, ...] = (2, 16, 8, 1)
    scheme: str | float = "torch"
    rate: float = 0.01
    optimizer: str = "adam"
    loss: str = "bce"
    steps: int = 2000
    test_steps: tuple[int, ...] = ()

    def __post_init__(self):
        for kind, name, there in [
            ("task", self.task, TASKS),
            ("optimizer", self.optimizer, train.optimizers),
            ("loss", self.loss, train.losses),
        ]:
            if name not in there:
                near = difflib.get_close_matches(str(name), there, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise KeyError(f"no {kind} named {name!r}; {hint}there are {', '.join(there)}")
        # one spelling for 1 and 1.0, a list and a tuple, numpy's integers and Python's: a run has one key
        spelling = dict.fromkeys(("draw", "points", "test_points", "steps"), int) | {
            "rate": float,
            "scheme": lambda scheme: scheme if isinstance(scheme, str) else float(scheme),
            "sizes": lambda sizes: tuple(map(int, sizes)),
            "test_steps": lambda steps: tuple(sorted(set(map(int, steps)))),
        }
        for name, spelled in spelling.items():
            object.__setattr__(self, name, spelled(getattr(self, name)))
        _draw(self.sizes, self.activation, self.scheme)  # says what is wrong with these three
        if self.sizes[0] != 2 or self.sizes[-1] != 1:
            raise ValueError(f"{self.task} has two coordinates and one answer; got sizes {list(self.sizes)}")
        if self.steps < 1 or not 0 < self.rate < math.inf:
            raise ValueError(f"steps and rate must be positive, got steps={self.steps}, rate={self.rate}")
        if self.test_steps and not 0 <= self.test_steps[0] <= self.test_steps[-1] <= self.steps:
            raise ValueError(f"tests stand between step 0 and step {self.steps}, got {list(self.test_steps)}")
        if self.task == "xor" and (self.draw, self.points, self.test_points) != (0, 4, 4):
            raise ValueError("XOR has four points, which are its test points too: draw=0, points=4, test_points=4")
        if self.points < 1 or self.test_points < 1:
            raise ValueError(f"there is at least one point, got points={self.points}, test_points={self.test_points}")


@cache
def _draw(sizes, activation, scheme):
    networks.mlp(sizes, activation, scheme=scheme)


@dataclass(frozen=True)
class Study:
    """Settings that belong together, and the seeds with which each of them is run.

    varied: the entries in which settings may differ; in all others they agree, and so do all studies that share a
    store. Raises ValueError where they do not, or where a seed comes twice.
    """

    name: str
    settings: Sequence[Setting]
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
        for field in fields(Setting):
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


def disk(
    runs: int = 1000,
    steps: int = 2000,
    activations: Iterable[str] = published,
    draws: Iterable[int] = (0,),
    rates: Iterable[float] = (0.01,),
    **further: object,
) -> Study:
    """The disk study: activations, draws of the points and rates, each combination with the seeds 0 to runs - 1.

    As it stands it is the published comparison: 1000 points, 2-16-8-1 units, torch's initialisation, Adam at rate
    0.01, 2000 steps, and beyond it a test on 20,000 fresh points at five steps, the ends among them. further: other
    entries of every `Setting`, such as points=200.
    """
    shared = {"task": "disk", "steps": steps, "test_steps": [steps * quarter // 4 for quarter in range(5)], **further}
    settings = [
        Setting(activation=activation, draw=draw, rate=rate, **shared)
        for activation, draw, rate in product(activations, draws, rates)
    ]
    return Study("disk", settings, range(runs), varied=("activation", "draw", "rate"))


def xor(
    runs: int = 100,
    steps: int = 5000,
    activations: Iterable[str] = ("sigmoid", "relu", "leaky_relu"),
    scales: Iterable[float | str] = (0.1,),
    losses: Mapping[str, float] | None = None,
    widths: Iterable[int] = (4,),
    test_every: int = 100,
    **further: object,
) -> Study:
    """The XOR study: activations, scales of the start, losses and widths, each with the seeds 0 to runs - 1.

    As it stands it is the published script's setting: 2-4-1 units, normal weights of standard deviation 0.1, no
    biases at the start, gradient descent on the four corners. losses: each with its rate; left out, "bce" at rate
    0.1, the loss that the script plots, and "brier" at rate 0.05, whose gradient is the one that it prints: that of
    half the squared error of the sigmoid, at rate 0.1. Tests stand every test_every steps and at the end.
    """
    losses = {"bce": 0.1, "brier": 0.05} if losses is None else losses
    tests = [*range(0, steps, test_every), steps]
    shared = {"task": "xor", "points": 4, "test_points": 4, "optimizer": "sgd", "steps": steps, "test_steps": tests}
    settings = [
        Setting(activation=activation, scheme=scale, loss=loss, rate=rate, sizes=(2, width, 1), **shared | further)
        for width, scale, (loss, rate), activation in product(widths, scales, losses.items(), activations)
    ]
    return Study("xor", settings, range(runs), varied=("activation", "scheme", "loss", "rate", "sizes"))


studies = {"disk": disk, "xor": xor}


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
    engine: one of `ensemble.engines` for settings that are new to the store; others keep theirs. batch: runs to a
    job; left out, so many that a job takes seconds. None of these changes a stored number.
    Interrupted, it stores what is under way and raises KeyboardInterrupt; however it ends, the same call goes on
    from there. Raises `results.StoreError` where the store cannot be used, ValueError for an engine that cannot run
    here, and `Failed`, after all others are stored, where jobs failed.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"there is at least one worker, got {workers}")
    if batch is not None and batch < 1:
        raise ValueError(f"a batch has at least one run, got {batch}")
    if engine is not None and engine not in ensemble.engines:
        raise KeyError(f"no engine named {engine!r}; there are {', '.join(ensemble.engines)}")
    beyond = [s.activation for s in study.settings if ensemble.engine_for(s.activation) != "compiled"]
    if engine == "compiled" and beyond:
        raise ValueError(f"the compiled engine needs numba, as in pip install 'actlab[fast]', and not {beyond[0]}")
    began = time.perf_counter()
    steps = study.settings[0].steps
    with results.Store.open(path, study.shared) as store:
        workers = workers or _processors()
        jobs = deque(_jobs(study, store, engine, batch, workers))
        asked, lacking = len(study.settings) * len(study.seeds), sum(len(job.seeds) for job in jobs)
        bar = tqdm(total=asked, initial=asked - lacking, unit="run", disable=not progress, smoothing=0.1)
        with bar, _executor(executor, min(workers, len(jobs) or 1)) as (pool, width):
            work = _work_off(jobs, pool, width, store, bar)
    return Outcome(Path(path), asked, lacking, lacking * steps, time.perf_counter() - began, work)


@dataclass(frozen=True)
class _Job:
    setting: Setting
    engine: str
    seeds: tuple[int, ...]
    lost: int = 0  # how often its worker went away with it

    def __str__(self):
        s, seeds = self.setting, f"seeds {self.seeds[0]} to {self.seeds[-1]}"
        return f"{s.activation}, draw {s.draw}, scheme {s.scheme}, {s.loss}, rate {s.rate:g}, {seeds}"


TRIES = 3  # of a job whose worker goes away: the scheduler of a cluster has tried several times by then
PATIENCE = 2.0  # seconds without a result after which we look whether there is anybody to wait for


def _jobs(study, store, engine, batch, workers):
    """What is missing, the first batch of every setting before the second of any: a half-done study is balanced."""
    entries = [asdict(setting) for setting in study.settings]
    missing = [tuple(store.missing(entry, study.seeds)) for entry in entries]
    engines = []
    for setting, entry, seeds in zip(study.settings, entries, missing, strict=True):
        best, begun = ensemble.engine_for(setting.activation), store.engine(entry)
        if seeds and begun and engine not in (None, begun):
            raise results.StoreError(
                f"{store.path} was begun with the {begun} engine and goes on with it: engines differ in the last bits"
            )
        engines.append(begun or engine or best)
        if seeds and begun == "compiled" != best:
            raise results.StoreError(
                f"{store.path} was begun with the compiled engine, which needs numba: pip install 'actlab[fast]'"
            )
    store.enter(entries, engines)
    if batch is None:
        # a job of some seconds, and a few jobs for each worker; full chunks, as long as there are enough of them
        share = -(-sum(map(len, missing)) // (4 * workers))
        batch = max(16, min(64_000_000 // (study.settings[0].steps * max(study.settings[0].points, 100)), share))
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
    found = ensemble.fit_many(
        setting.sizes,
        setting.activation,
        TASKS[setting.task](setting),
        seeds=seeds,
        steps=setting.steps,
        scheme=setting.scheme,
        rate=setting.rate,
        optimizer=setting.optimizer,
        loss=setting.loss,
        test_steps=setting.test_steps,
        engine=engine,
    )
    arrays = {
        name: getattr(found, name).float().numpy() for name in ("loss", "seconds", "test_loss", "test_accuracy")
    }
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
