"""What a study is, and the runner that trains what a store still lacks of it."""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from .. import _streams, results, stored
from ._numbers import LAST_SEED, MOST_RUNS, whole
from ._pools import Failed, Pool, pool, processors
from ._source import SAME, SOURCE, question

__all__ = ["Outcome", "Study", "run", "seeds"]


@dataclass(frozen=True)
class Study:
    """Settings that belong together, and the seeds with which each of them is run.

    settings: records of one kind, whose fields are all that decides the numbers of a run but its seed. A kind says
    how it is trained: `Setting` is that of small networks, `Deep` the base of those that are trained one by one.
    varied: the entries in which settings may differ; in all others they agree, and so do all studies that share a
    store. Raises ValueError where they do not, where a seed comes twice or is no whole number, and for more than
    1,000,000 runs.
    """

    name: str
    settings: Sequence[Any]
    seeds: Sequence[int]
    varied: Sequence[str]

    def __post_init__(self):
        object.__setattr__(self, "settings", tuple(dict.fromkeys(self.settings)))
        object.__setattr__(self, "seeds", tuple(islice(self.seeds, MOST_RUNS + 1)))
        object.__setattr__(self, "varied", tuple(self.varied))
        for name, those in [("setting", self.settings), ("seed", self.seeds)]:
            if not those:
                raise ValueError(f"{self.name} needs at least one {name}")
        if len(self.settings) * len(self.seeds) > MOST_RUNS:
            raise ValueError(
                f"{self.name} has at most {MOST_RUNS:,} runs, got {len(self.settings):,} settings with "
                f"{len(self.seeds):,} seeds or more: ask for fewer"
            )
        object.__setattr__(self, "seeds", tuple(whole("a seed", seed, 0, LAST_SEED) for seed in self.seeds))
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


def seeds(runs: int) -> range:
    """The seeds of so many runs: 0 and on. Raises ValueError where there are none, or too many."""
    return range(whole("runs", runs, 1, MOST_RUNS))


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
    tell: Callable[[str], object] = lambda line: None,
) -> Outcome:
    """Train the runs of the study that the store at path lacks, and store each batch as it is done.

    executor: where to train: `cluster(address)`, or any `concurrent.futures.Executor`; workers then says how many the
    latter has, for each of which two jobs are under way at a time. Left out: this process for workers=1, else so many
    processes of one thread, as many as there are processors where that is left out too; a script that does this needs
    `if __name__ == "__main__":`.
    engine: what trains settings that are new to the store, one of `ensemble.engines`, or for `Deep` settings the
    device, "cpu" or "cuda"; others keep theirs. batch: runs to a job; left out, so many that a job takes seconds.
    None of these changes a stored number, but a device the last bits. progress: show a bar. tell: called with a line
    where something is waited for.
    Interrupted, it stores what is under way, for which it waits up to a minute, and raises KeyboardInterrupt; however
    it ends, the same call goes on from there. Raises `results.StoreError` where the store cannot be used, ValueError
    for what cannot run here, as with too little memory, and `Failed`, after all others are stored, where jobs failed.
    """
    if workers is not None:
        workers = whole("workers", workers)
    if batch is not None:
        batch = whole("batch", batch)
    for setting in study.settings:
        setting.engine(engine)  # says at once what cannot run here
        setting.ready()
    began = time.perf_counter()
    workers = workers or processors()
    if executor is None:
        _check_memory(study, engine, batch, workers)
    elif isinstance(executor, Pool):
        workers = -(-executor.width // 2)
    with results.Store.open(path, study.shared) as store:
        jobs = deque(_jobs(study, store, engine, batch, workers))
        asked, lacking = len(study.settings) * len(study.seeds), sum(len(job.seeds) for job in jobs)
        updates = sum(len(job.seeds) * job.setting.steps for job in jobs)
        bar = tqdm(
            total=asked,
            initial=asked - lacking,
            unit="run",
            disable=not progress,
            smoothing=0.1,
            file=_streams.errors(),
        )
        with bar, pool(executor, min(workers, len(jobs) or 1)) as where:
            work = _Flight(jobs, where, store, bar, tell).work_off()
    return Outcome(Path(path), asked, lacking, updates, time.perf_counter() - began, work)


def _check_memory(study, engine, batch, workers):
    """Raise ValueError where the jobs of this machine cannot fit into it, by what is the most of them."""
    there = _memory()
    if there is None:
        return
    runs = len(study.seeds) * len(study.settings)
    size = min(batch or _batch(study, workers, runs), len(study.seeds))
    at_once = min(workers, len(study.settings) * -(-len(study.seeds) // size))
    for setting in study.settings:
        parts = setting.memory(size, setting.engine(engine)) | {"workers": WORKER}
        needed = sum(parts.values()) * at_once
        if needed > there:
            raise ValueError(
                f"{max(parts, key=parts.get)}: {at_once} jobs at a time need {needed / 1e9:,.1f} GB of memory, and "
                f"this machine has {there / 1e9:.1f}: make them smaller, or have fewer workers ({setting})"
            )


def _memory():
    """Bytes that this process may use; None where nobody says."""
    found = []
    if hasattr(os, "sysconf") and {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(os.sysconf_names):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):  # of a container
        if Path(limit).is_file() and (text := Path(limit).read_text(encoding="ascii").strip()).isdigit():
            found.append(int(text))
    return min(found, default=None)


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
PATIENCE = 2.0  # seconds after which we look who is there to wait for
LINGER = 60.0  # seconds that those who interrupt wait for the jobs under way: most take a few
WORKER = 64_000_000  # bytes of a process at the least: torch alone takes more


def _batch(study, workers, runs):
    """Runs to a job of some seconds, with a few jobs for each worker; full chunks, if there are enough of them."""
    return study.settings[0].batch(-(-runs // (4 * workers)))


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
        batch = _batch(study, workers, sum(map(len, missing)))
    for start in range(0, max(map(len, missing)), batch):
        for setting, its, seeds in zip(study.settings, engines, missing, strict=True):
            if seeds[start : start + batch]:
                yield _Job(setting, its, seeds[start : start + batch])


class _Flight:
    """The jobs of a study on their way: a bounded number at a time, each stored as it comes back."""

    def __init__(self, jobs, where, store, bar, tell):
        self.jobs, self.where, self.store, self.bar, self.tell = jobs, where, store, bar, tell
        self.flying: dict[Future, _Job] = {}
        self.failed: list[tuple[_Job, BaseException]] = []
        self.work = 0.0  # processor seconds of what is stored
        self.versions = question()()
        self.looked = time.monotonic()

    def work_off(self):
        """Train and store every job; return the processor seconds that it took."""
        try:
            while self.jobs or self.flying:
                self.hand_out()
                self.take_in()
        except KeyboardInterrupt:
            self.bring_home(LINGER)
            raise
        except BrokenExecutor as error:
            self.bring_home(LINGER)
            raise Failed(self.where.broken) from error
        except results.StoreError as error:
            if lost := self.bring_home(0):
                raise results.StoreError(f"{error}; {lost} runs under way could not be stored") from error
            raise
        if self.failed:
            job, error = self.failed[0]
            failures = f"{len(self.failed)} jobs failed" if len(self.failed) > 1 else "a job failed"
            raise Failed(f"{failures}, all others are stored: {job}: {_told(error)}") from error
        return self.work

    def hand_out(self):
        while self.jobs and len(self.flying) < self.where.width:
            job = self.jobs.popleft()
            self.flying[self.where.submit(_train, job.setting, job.seeds, job.engine)] = job

    def take_in(self):
        if self.flying:
            done = wait(self.flying, timeout=PATIENCE, return_when=FIRST_COMPLETED).done
        else:  # there are jobs, and nobody to do them
            time.sleep(PATIENCE)
            done = ()
        if not done or time.monotonic() > self.looked + PATIENCE:
            self.looked = time.monotonic()
            for future in self.where.look(self.flying):
                future.cancel()
                self.again(self.flying.pop(future), CancelledError("its workers went away"))
        for future in [one for one in self.flying if one in done]:  # in the order of the jobs
            self.land(future)

    def land(self, future):
        job = self.flying[future]
        try:
            arrays, seconds, origin = future.result()
            self.check(origin)
        except BrokenExecutor:
            raise
        except (Exception, CancelledError) as error:
            if isinstance(error, CancelledError) or type(error).__module__.partition(".")[0] == "distributed":
                self.again(job, error)
            else:
                self.failed.append((job, error))
        else:
            self.store.add(asdict(job.setting), job.seeds, **arrays, origin=origin)
            self.work += seconds
            self.bar.update(len(job.seeds))
        del self.flying[future]

    def again(self, job, error):
        """Hand a job out again whose worker went away, unless that has happened too often."""
        if job.lost + 1 < TRIES:
            self.jobs.append(_Job(job.setting, job.engine, job.seeds, job.lost + 1))
        else:
            self.failed.append((job, error))

    def check(self, origin):
        """Raise ValueError where a job was trained by other code than ours."""
        for name in SAME:
            theirs, ours = origin["versions"].get(name), self.versions[name]
            if theirs != ours:
                raise ValueError(f"its worker has {name} {theirs}, and we have {ours}: nothing of it was stored")

    def bring_home(self, seconds):
        """Store what comes back within so many seconds; return how many runs under way do not."""
        begun = [future for future in self.flying if not future.cancel()]
        if seconds and not all(future.done() for future in begun):
            self.tell(f"stopping: what is under way is stored, within {seconds:.0f} s; Ctrl-C again ends at once")
        lost = 0
        done = wait(begun, timeout=seconds).done
        for future in begun:
            runs = len(self.flying[future].seeds)
            if future not in done:
                lost += runs
            elif not future.cancelled() and future.exception() is None:
                try:
                    self.land(future)
                except results.StoreError:
                    lost += runs
        return lost


def _told(error):
    return " ".join(f"{type(error).__name__}: {error}".split())


def _train(setting, seeds, engine):
    """The arrays of these runs, the processor seconds that they took, and where they come from."""
    began = time.process_time()
    arrays = setting.train(seeds, engine)
    origin = stored.origin()
    origin["versions"]["source"] = SOURCE
    return arrays, time.process_time() - began, origin
