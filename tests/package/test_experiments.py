"""The studies, and the runner: whatever happens on the way, the store ends up the same."""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, asdict, replace
from importlib import metadata
from pathlib import Path
from socket import socket

import numpy as np
import pytest
import torch

from actlab import data, ensemble, experiments, networks, results, stored, train
from actlab.experiments import Setting, Study
from actlab.results import Store, StoreError

pytestmark = pytest.mark.slow

SMALL = {"points": 60, "test_points": 80}


def small(runs=4, activations=("relu", "tanh"), draws=(0, 1), steps=20, **more):
    """A study whose runs take a millisecond."""
    return experiments.disk(runs, steps, activations, draws, **SMALL | more)


def content(path):
    """Everything that a store says about its runs but the clock and the day."""

    def said(run):
        numbers = [array.tobytes() for array in (run.loss, run.test_loss, run.test_accuracy)]
        return run.key, run.setting, run.seed, run.engine, run.diverged, *numbers

    with Store(path) as store:
        return [said(run) for run in store.runs()]


def source(folder=Path(experiments.__file__).parents[1]):
    """A hash of the package's files, as the study's provenance has it: written here once more."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    files = [name.encode() + b"\0" + hashlib.sha256((folder / name).read_bytes()).digest() for name in names]
    return hashlib.sha256(b"".join(files)).hexdigest()[:12]


def run(study, path, **how):
    """In this process, by the engine that needs no compilation: what is tested here is the runner."""
    return experiments.run(study, path, **{"workers": 1, "engine": "stacked"} | how)


# --- what a study is


def test_as_they_stand_the_studies_are_the_published_ones():
    disk, xor = experiments.disk(), experiments.xor()
    printed = {
        row["quantity"]: row["value"]
        for row in results.load("published")
        if (row["source"], row["task"]) == ("gustaw2025", "settings")
    }
    for setting in disk.settings:
        assert (setting.points, setting.steps) == (printed["points"], printed["steps"])
        assert (setting.sizes, setting.scheme, setting.loss) == ((2, 16, 8, 1), "torch", "bce")
        assert (setting.optimizer, setting.rate) == ("adam", 0.01)
    assert len(disk.seeds) == printed["runs"] and tuple(disk.seeds) == tuple(range(1000))
    compared = {
        row["activation"]
        for row in results.load("published")
        if (row["source"], row["task"]) == ("gustaw2025", "disk")
    }
    assert {setting.activation for setting in disk.settings} == compared == set(experiments.published)
    assert disk.settings[0].test_points == 20_000 and disk.settings[0].test_steps == (0, 500, 1000, 1500, 2000)
    assert {(s.loss, s.rate) for s in xor.settings} == {("bce", 0.1), ("brier", 0.05)}
    assert {(s.sizes, s.scheme, s.optimizer, s.steps) for s in xor.settings} == {((2, 4, 1), 0.1, "sgd", 5000)}


def test_the_published_loss_is_that_of_the_published_setting_whatever_its_draw_and_its_tests():
    gelu = experiments.disk(activations=["gelu"], draws=[3]).settings[0]
    there = json.loads(json.dumps(asdict(gelu)))
    assert experiments.published_loss(there) == experiments.published_loss(there | {"test_steps": []}) == 0.000220
    for other in ({"rate": 0.1}, {"sizes": [2, 8, 1]}, {"task": "xor"}, {"activation": "mish"}):
        assert experiments.published_loss(there | other) is None


def test_the_brier_score_at_half_the_rate_steps_by_the_gradient_that_the_script_prints():
    # its chain rule, written out: output times (1 - output) times the error, over the number of points, at rate 0.1
    task = data.xor(dtype=torch.float64)
    network = networks.mlp((2, 4, 1), "sigmoid", scheme=1.0, seed=3, dtype=torch.float64)
    first, _, last = network
    hidden = torch.sigmoid(task.train_x @ first.weight.T + first.bias)
    out = torch.sigmoid(hidden @ last.weight.T + last.bias)
    delta = (out - task.train_y[:, None]) / 4 * out * (1 - out)
    expected = last.weight - 0.1 * delta.T @ hidden
    train.fit(network, task, steps=1, rate=0.05, optimizer="sgd", loss="brier")
    torch.testing.assert_close(last.weight, expected, rtol=1e-12, atol=0)


def test_a_setting_is_spelled_one_way_and_cannot_be_changed():
    one = Setting("disk", "relu", rate=1, sizes=[2, 4, 1], scheme=1, test_steps=[5, 0, 5], steps=np.int64(9))
    two = Setting("disk", "relu", rate=1.0, sizes=(2, 4, 1), scheme=1.0, test_steps=(0, 5), steps=9)
    assert one == two and json.dumps(asdict(one)) == json.dumps(asdict(two))
    with pytest.raises(FrozenInstanceError):
        one.rate = 2.0


@pytest.mark.parametrize(
    "wrong, error, said",
    [
        ({"task": "disc"}, KeyError, "no task named 'disc'; did you mean 'disk'"),
        ({"activation": "rleu"}, KeyError, "no activation named 'rleu'; did you mean 'relu'"),
        ({"scheme": "hee"}, KeyError, "no scheme named 'hee'; did you mean 'he'"),
        ({"scheme": -1}, ValueError, "scheme is 0 or a positive number"),
        ({"optimizer": "adm"}, KeyError, "no optimizer named 'adm'; did you mean 'adam'"),
        ({"loss": "bc"}, KeyError, "no loss named 'bc'; did you mean 'bce'"),
        ({"rate": 0}, ValueError, "rate is a positive number .*, got 0"),
        ({"rate": float("nan")}, ValueError, "rate is a positive number .*, got nan"),
        ({"rate": float("inf")}, ValueError, "rate is a positive number .*, got inf"),
        ({"steps": 0}, ValueError, "steps is a whole number from 1 .*, got 0"),
        ({"sizes": (3, 4, 1)}, ValueError, r"sizes begins with the two coordinates .*; got \[3, 4, 1\]"),
        ({"sizes": (2,)}, ValueError, "sizes begins with the two coordinates"),
        ({"test_steps": (0, 21)}, ValueError, "between step 0 and step 20"),
        ({"points": 0}, ValueError, "points is a whole number from 1 .*, got 0"),
        ({"task": "xor"}, ValueError, "XOR has four points"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_at_once(wrong, error, said):
    with pytest.raises(error, match=said):
        Setting(**{"task": "disk", "activation": "relu", "steps": 20} | wrong)


def test_a_study_says_in_which_entries_its_settings_may_differ():
    a = Setting("disk", "relu")
    with pytest.raises(ValueError, match="differ in points, which is not among"):
        Study("mine", [a, replace(a, points=5)], range(3), ("activation",))
    with pytest.raises(ValueError, match="seed that comes twice"):
        Study("mine", [a], [1, 2, 1], ())
    with pytest.raises(ValueError, match="runs is a whole number from 1 to 1,000,000, got 0"):
        experiments.disk(runs=0)
    with pytest.raises(ValueError, match="at least one seed"):
        Study("mine", [a], [], ())
    with pytest.raises(ValueError, match="at least one setting"):
        experiments.disk(activations=())
    assert Study("mine", [a, a], range(2), ()).settings == (a,)
    shared = experiments.disk(runs=1).shared
    assert shared["study"] == "disk" and shared["steps"] == 2000
    assert not {"activation", "draw", "rate"} & set(shared)


# --- what a run leaves


def test_what_is_stored_is_what_fit_many_finds(tmp_path):
    study = small(runs=3, activations=["gelu"], draws=[4], scheme="he")
    outcome = run(study, tmp_path / "s.sqlite")
    found = ensemble.fit_many(
        [2, 16, 8, 1],
        "gelu",
        data.disk(60, test=80, seed=4),
        seeds=range(3),
        steps=20,
        scheme="he",
        test_steps=[0, 5, 10, 15, 20],
        engine="stacked",
    )
    with Store(tmp_path / "s.sqlite") as store:
        for name in ("loss", "test_loss", "test_accuracy"):
            np.testing.assert_array_equal(store.array(name), getattr(found, name).numpy())
        clock = store.array("seconds")
        assert (clock[:, 0] > 0).all() and (np.diff(clock) >= 0).all()
        (origin,) = store.origins()
        assert origin["versions"].pop("source") == source()
        assert origin == results.origin()
    assert (outcome.runs, outcome.trained, outcome.model_steps) == (3, 3, 60)
    assert outcome.seconds > 0 and outcome.work > 0


def test_neither_batches_nor_processes_nor_the_executor_change_a_number(tmp_path):
    study = small(runs=5)
    run(study, tmp_path / "one.sqlite", batch=5)
    expected = content(tmp_path / "one.sqlite")
    assert len(expected) == 20
    with ThreadPoolExecutor(3) as threads:
        for i, how in enumerate([{"batch": 1}, {"workers": 2, "batch": 2}, {"executor": threads, "batch": 3}]):
            run(study, tmp_path / f"{i}.sqlite", **how)
            assert content(tmp_path / f"{i}.sqlite") == expected, how


def test_asking_for_more_adds_what_is_missing(tmp_path):
    path = tmp_path / "s.sqlite"
    assert run(small(runs=2, draws=[0]), path).trained == 4
    assert run(small(runs=2, draws=[0]), path).trained == 0
    assert run(small(runs=1, draws=[0]), path).runs == 2
    assert run(small(runs=3), path).trained == 8
    run(small(runs=3), tmp_path / "at once.sqlite")
    assert sorted(content(path), key=str) == sorted(content(tmp_path / "at once.sqlite"), key=str)


def test_another_study_is_refused_by_what_differs(tmp_path):
    run(small(), tmp_path / "s.sqlite")
    before = (tmp_path / "s.sqlite").read_bytes()
    with pytest.raises(StoreError, match="steps is 20 there, 30 asked for"):
        run(small(steps=30), tmp_path / "s.sqlite")
    with pytest.raises(StoreError, match="study is disk there, xor asked for"):
        run(experiments.xor(2), tmp_path / "s.sqlite")
    assert (tmp_path / "s.sqlite").read_bytes() == before


def test_a_run_that_diverges_is_recorded_and_the_others_are_not_touched(tmp_path):
    wild = {"optimizer": "sgd", "rates": (0.05, 1e3), "activations": ["relu_squared", "tanh"], "steps": 60}
    run(small(**wild), tmp_path / "wild.sqlite")
    run(small(**wild | {"rates": (0.05,)}), tmp_path / "tame.sqlite")
    with Store(tmp_path / "wild.sqlite") as store:
        diverged = store.array("diverged", rate=1e3, activation="relu_squared")
        finite = np.isfinite(store.losses(rate=1e3, activation="relu_squared"))
        assert diverged.sum() >= 4 and (diverged == ~finite.all(axis=1)).all()
        assert not store.array("diverged", rate=0.05).any()
    tame = [run for run in content(tmp_path / "wild.sqlite") if run[1]["rate"] == 0.05]
    assert tame == content(tmp_path / "tame.sqlite") and len(tame) == 16


def test_a_store_keeps_the_engine_that_it_began_with(tmp_path, monkeypatch):
    path, study = tmp_path / "s.sqlite", small(runs=1)
    run(study, path)
    monkeypatch.setattr(ensemble, "engine_for", lambda activation: "compiled")
    assert experiments.run(small(runs=2), path, workers=1).trained == 4
    assert {row[3] for row in content(path)} == {"stacked"}
    before = path.read_bytes()
    with pytest.raises(StoreError, match="begun with the stacked engine and goes on with it"):
        run(small(runs=3), path, engine="compiled")
    assert path.read_bytes() == before


def test_without_numba_a_store_of_the_compiled_engine_says_what_to_install(tmp_path, monkeypatch):
    path, study = tmp_path / "s.sqlite", small(runs=1)
    with Store.open(path, study.shared) as store:
        store.enter([asdict(setting) for setting in study.settings], ["compiled"] * len(study.settings))
    before = path.read_bytes()
    monkeypatch.setattr(ensemble, "engine_for", lambda activation: "stacked")
    with pytest.raises(StoreError, match=r"begun with the compiled engine: .* needs numba \(pip install 'actlab\[f"):
        experiments.run(study, path, workers=1)
    assert path.read_bytes() == before


def test_the_compiled_engine_is_not_asked_for_what_it_cannot_do(tmp_path):
    with pytest.raises(ValueError, match=r"compiled engine needs numba .* neither learns nor draws, got prelu"):
        run(small(activations=["prelu"]), tmp_path / "s.sqlite", engine="compiled")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "how, said",
    [
        ({"workers": 0}, "workers is a whole number"),
        ({"batch": 0}, "batch is a whole number"),
        ({"engine": "steam"}, "no engine named"),
        ({"engine": ""}, "no engine named ''"),
    ],
)
def test_a_way_to_run_that_there_is_not_is_refused_before_a_file_is_made(tmp_path, how, said):
    with pytest.raises((KeyError, ValueError), match=said):
        run(small(), tmp_path / "s.sqlite", **how)
    assert not list(tmp_path.iterdir())


# --- when something fails


class Failing(Executor):
    """Trains here, but raises for each job that is said to fail, as long as it is."""

    def __init__(self, fails):
        self.fails = fails
        self.in_flight = self.most = 0

    def submit(self, function, setting, seeds, engine):
        future, error = Future(), self.fails(setting, seeds)
        if error:
            future.set_exception(error)
        else:
            future.set_result(function(setting, seeds, engine))
        return future


def test_a_job_that_fails_is_named_when_all_others_are_stored(tmp_path):
    pool = Failing(lambda setting, seeds: setting.activation == "tanh" and 2 in seeds and ArithmeticError("no luck"))
    with pytest.raises(
        experiments.Failed,
        match=r"^2 jobs failed, all others are stored: tanh, draw 0, .* seed 2: ArithmeticError: no luck$",
    ):
        run(small(), tmp_path / "s.sqlite", executor=pool, batch=1)
    assert len(content(tmp_path / "s.sqlite")) == 14
    assert run(small(), tmp_path / "s.sqlite").trained == 2


class KilledWorker(Exception):
    """As a cluster raises it when a worker went away with the job."""

    __module__ = "distributed.scheduler"


def test_a_job_whose_worker_went_away_is_handed_out_again_a_few_times(tmp_path):
    tried = {}

    def fails(often):
        def one(setting, seeds):
            tried[setting, seeds] = tried.get((setting, seeds), 0) + 1
            return tried[setting, seeds] <= often and KilledWorker("gone")

        return one

    run(small(), tmp_path / "s.sqlite", executor=Failing(fails(2)))
    assert set(tried.values()) == {3}
    tried.clear()
    with pytest.raises(experiments.Failed, match="KilledWorker: gone"):
        run(small(), tmp_path / "t.sqlite", executor=Failing(fails(100)))
    assert set(tried.values()) == {3}


def test_a_pool_that_breaks_is_said_in_one_line_and_what_was_done_is_stored(tmp_path):
    pool = Failing(lambda setting, seeds: setting.draw == 1 and BrokenProcessPool("a child process terminated"))
    with pytest.raises(experiments.Failed, match=r"^a worker ended in the middle of a job"):
        run(small(), tmp_path / "s.sqlite", executor=pool, workers=8)
    assert len(content(tmp_path / "s.sqlite")) == 8


def test_only_a_few_jobs_wait_at_a_time(tmp_path):
    class Counting(ThreadPoolExecutor):
        waiting = most = 0

        def submit(self, *arguments):
            future = super().submit(*arguments)
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            future.add_done_callback(lambda _: setattr(self, "waiting", self.waiting - 1))
            return future

    with Counting(2) as pool:
        run(small(runs=40), tmp_path / "s.sqlite", executor=pool, workers=2, batch=1)
    assert 2 <= pool.most <= 4


# --- as a user calls it, and as it is stopped

WHOLE = ["disk", "--runs", "2", "--steps", "30", "--activations", "relu", "tanh", "--draws", "40"]
COMMAND = [sys.executable, "-m", "actlab", "run", *WHOLE, "--engine", "stacked"]
# a thread more or less is no part of the test, and two processors are all there may be
QUIET = os.environ | {"OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "s.sqlite"
    study = experiments.disk(2, 30, ["relu", "tanh"], range(40))
    run(study, path)
    return content(path)


def count(path):
    try:
        with Store(path) as store:
            return len(store)
    except StoreError:
        return 0


HUNG = 300  # seconds after which we call hung what has not come, on a busy machine too


def wait_until(true, seconds=HUNG):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def family(process):
    """The processes below one, itself left out: Linux says who they are."""
    try:
        below = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []
    return [one for child in below for one in (int(child), *family(int(child)))]


def alive(process):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in Linux's /proc")


@linux
def test_killed_ten_times_and_resumed_the_store_is_that_of_an_undisturbed_run(tmp_path, undisturbed):
    path, chance = tmp_path / "s.sqlite", random.Random(20)
    for kill in range(10):
        command = [*COMMAND, "--out", str(path), "--workers", "2" if kill in (2, 7) else "1"]
        before = count(path)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=QUIET)
        wait_until(lambda process=process, before=before: count(path) > before or process.poll() is not None)
        time.sleep(chance.uniform(0, 0.15))
        below = family(process.pid)
        process.kill()
        assert process.wait() == -signal.SIGKILL, f"kill {kill} came too late: {process.stderr.read()}"
        process.stderr.close()
        assert bool(below) == (kill in (2, 7))
        wait_until(lambda below=below: not any(map(alive, below)))
    assert 10 < count(path) < len(undisturbed)
    done = subprocess.run([*COMMAND, "--out", str(path), "--workers", "1"], capture_output=True, text=True, env=QUIET)
    assert done.returncode == 0, done.stderr
    assert f"{len(undisturbed)} runs in {path}" in done.stdout
    assert content(path) == undisturbed
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("SELECT count(*), count(DISTINCT key) FROM runs").fetchone() == (160, 160)
    connection.close()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def heeding():
    """In a child before it begins: signals end it, also where those who started the tests ignore them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@linux
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_stores_what_is_done_and_says_how_to_go_on(tmp_path, workers, undisturbed):
    path = tmp_path / "s.sqlite"
    command = [*COMMAND, "--out", str(path), "--workers", workers]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=QUIET,
        start_new_session=True,
        preexec_fn=heeding,
    )
    wait_until(lambda: count(path) > 3)
    below = family(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it: to all of them
    said = process.communicate(timeout=HUNG)[1]
    assert process.returncode == 130, said
    assert said.splitlines()[-1] == f"actlab: stopped; what is done is in {path}: the same command goes on from there"
    assert "Traceback" not in said
    wait_until(lambda: not any(map(alive, below)))
    stored = content(path)
    assert 3 < len(stored) < len(undisturbed) and set(map(str, stored)) <= set(map(str, undisturbed))


def test_at_a_limit_on_the_file_it_stops_with_one_line_and_goes_on_later(tmp_path, undisturbed):
    resource = pytest.importorskip("resource")
    path = tmp_path / "s.sqlite"
    done = subprocess.run(
        [*COMMAND, "--out", str(path), "--workers", "1"],
        capture_output=True,
        text=True,
        env=QUIET,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"actlab: {path} ") and "what was stored stays" in last
    assert re.search(r"; [1-9]\d* runs under way could not be stored$", last)
    assert "Traceback" not in done.stderr
    assert 0 < count(path) < len(undisturbed)
    run(experiments.disk(2, 30, ["relu", "tanh"], range(40)), path)
    assert content(path) == undisturbed


# --- on a cluster


@pytest.fixture
def cluster(tmp_path_factory):
    """A scheduler and two workers, processes of their own that speak over loopback: address, worker processes."""
    distributed = pytest.importorskip("distributed")
    started, scratch = [], str(tmp_path_factory.mktemp("dask"))

    def start(*arguments):
        # its command line, without the console script, which need not be on the path
        command = [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=QUIET))
        return started[-1]

    with socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    start("dask_scheduler", "--host", address, "--no-dashboard", "--no-jupyter")
    workers = [
        start(
            "dask_worker",
            address,
            "--no-nanny",
            "--nthreads",
            threads,
            "--no-dashboard",
            "--local-directory",
            scratch,
        )
        for threads in ("1", "2")
    ]
    with distributed.Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    try:
        yield address, workers
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def test_with_one_of_two_dask_workers_killed_nothing_is_lost(tmp_path, cluster, undisturbed):
    address, workers = cluster
    path = tmp_path / "s.sqlite"
    command = [*COMMAND, "--out", str(path), "--scheduler", address]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=QUIET)
    wait_until(lambda: count(path) > 3 or process.poll() is not None)
    workers[0].kill()
    at_the_kill = count(path)
    out, said = process.communicate(timeout=HUNG)
    assert process.returncode == 0, said
    assert at_the_kill < len(undisturbed), "it was over before the worker was killed"
    assert f"{len(undisturbed)} runs in {path}; {len(undisturbed)} of them trained now" in out
    assert content(path) == undisturbed


@contextmanager
def scheduler():
    """A scheduler without workers: its address, and what starts a worker of it, a process of its own."""
    pytest.importorskip("distributed")
    started = []

    def start(*command, **environment):
        process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=QUIET | environment,
        )
        started.append(process)
        return process

    with socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    start("-m", "distributed.cli.dask_scheduler", "--host", address, "--no-dashboard", "--no-jupyter")

    def worker(folder, first="", **environment):
        """first: what its interpreter does before it is a worker."""
        options = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder)]
        script = f"import runpy, sys\n{first}\nrunpy.run_module('distributed.cli.dask_worker', run_name='__main__')"
        return start("-c", script, address, *options, **environment)

    try:
        yield address, worker
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def workers_of(address, number):
    import distributed

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mismatched versions found")
        with distributed.Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(number, timeout=60)


def another_source(folder):
    """A copy of the package that differs by a comment; the folder in which it lies."""
    shutil.copytree(Path(experiments.__file__).parents[1], folder / "other/actlab")
    with (folder / "other/actlab/gates.py").open("a", encoding="utf-8") as file:
        file.write("# edited\n")
    return str(folder / "other")


def test_a_port_that_is_silent_is_said_to_be(capsys):
    with socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with (
            pytest.raises(ValueError, match=f"no Dask scheduler answers at {address}: something is there"),
            experiments.cluster(address),
        ):
            pass


def test_a_cluster_without_workers_is_waited_for_until_ctrl_c(tmp_path):
    with scheduler() as (address, _):
        process = subprocess.Popen(
            [*COMMAND, "--out", "s.sqlite", "--scheduler", address],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
            env=QUIET,
            preexec_fn=heeding,
        )
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=HUNG)[1]
        assert process.returncode == 130
    assert first == "actlab: waiting for workers: the scheduler has none that can be used; Ctrl-C ends this\n"
    assert rest == "actlab: stopped before anything was begun\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("lack", ["actlab", "source", "numpy"])
def test_a_worker_that_has_not_what_we_have_is_named(tmp_path, lack):
    with scheduler() as (address, worker):
        first = {
            "actlab": "sys.modules['actlab'] = None",
            "source": f"sys.path.insert(0, {another_source(tmp_path)!r})",
            "numpy": "import importlib.metadata as m; v = m.version\n"
            "m.version = lambda name: '1.0' if name == 'numpy' else v(name)",
        }[lack]
        worker(tmp_path, first)
        workers_of(address, 1)
        said = {
            "actlab": "has no actlab: install there what is installed here",
            "source": f"has the source [0-9a-f]{{12}} of actlab, and we have {source()}: install the same there",
            "numpy": f"has numpy 1.0, and we have {metadata.version('numpy')}: install the same there",
        }[lack]
        with (
            pytest.raises(ValueError, match=f"^the worker tcp://127.0.0.1:[0-9]+ {said}$"),
            experiments.cluster(address),
        ):
            pass


def test_workers_that_come_late_or_again_are_used_and_others_are_not(tmp_path, undisturbed):
    told = []
    with scheduler() as (address, worker):
        first = worker(tmp_path)
        study, path = experiments.disk(2, 30, ["relu", "tanh"], range(40)), tmp_path / "s.sqlite"
        wrong = another_source(tmp_path)

        def disturb():
            wait_until(lambda: count(path) > 3)
            first.kill()  # there is none now
            worker(tmp_path, f"sys.path.insert(0, {wrong!r})")
            for said in ("it is not used", "waiting for workers"):
                wait_until(lambda said=said: any(said in line for line in told))
            worker(tmp_path)

        aside = threading.Thread(target=disturb)
        aside.start()
        with experiments.cluster(address, tell=told.append) as executor:
            outcome = experiments.run(study, path, executor=executor, engine="stacked", tell=told.append)
        aside.join()
    assert outcome.trained == len(undisturbed) and content(path) == undisturbed
    assert any(line.startswith("waiting for workers") for line in told)
    assert sum("it is not used" in line for line in told) == 1
    with Store(path) as store:
        assert {origin["versions"]["source"] for origin in store.origins()} == {source()}


def test_what_another_source_has_trained_is_not_stored(tmp_path, monkeypatch):
    genuine = stored.origin
    monkeypatch.setattr(stored, "origin", lambda: genuine() | {"versions": genuine()["versions"] | {"torch": "1.0"}})
    with pytest.raises(experiments.Failed, match=r"its worker has torch 1.0, and we have .*: nothing of it"):
        run(small(), tmp_path / "s.sqlite")
    assert count(tmp_path / "s.sqlite") == 0
