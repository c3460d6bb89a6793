"""The command on streams that are closed, full or know ASCII alone, and ended by signals: what is done is stored."""

import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future
from pathlib import Path
from threading import Event

import pytest
from test_experiments import (  # noqa: F401
    COMMAND,
    HUNG,
    QUIET,
    Failing,
    alive,
    content,
    count,
    family,
    heeding,
    linux,
    small,
    undisturbed,
    wait_until,
)

from actlab import _streams, experiments, results
from actlab.experiments import _pools, _run

pytestmark = pytest.mark.slow

SMALL = "run disk --runs 2 --steps 8 --activations relu tanh --workers 1 --engine stacked --set points=40"
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
shell = pytest.mark.skipif(os.name != "posix", reason="streams are closed by a POSIX shell")


def actlab(arguments, folder, redirected="", **environment):
    """The finished process of a command whose streams a shell has redirected."""
    command = f'exec "$0" -m actlab {arguments} {redirected}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable],
        cwd=folder,
        env=QUIET | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@shell
@pytest.mark.parametrize(
    ("redirected", "said"),
    [
        (
            ">&-",
            "actlab: standard output cannot be written to: it is closed; but this was done: 4 runs in disk.sqlite",
        ),
        ("2>&-", ""),
        ("<&- >&- 2>&-", ""),
        pytest.param(">/dev/full", "cannot be written to: No space left on device; but this was done: 4", marks=full),
        pytest.param("2>/dev/full", "", marks=full),
        pytest.param(">/dev/full 2>/dev/full", "", marks=full),
    ],
)
def test_a_study_is_stored_whatever_becomes_of_what_is_said(tmp_path, redirected, said):
    done = actlab(SMALL, tmp_path, redirected)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    assert said in (done.stderr.splitlines() or [""])[-1]
    if not redirected.startswith((">", "<")):
        assert done.stdout.startswith("4 runs in disk.sqlite; 4 of them trained now")
    assert count(tmp_path / "disk.sqlite") == 4
    assert [file.name for file in tmp_path.iterdir()] == ["disk.sqlite"]


@shell
@pytest.mark.parametrize("redirected", [">&-", pytest.param(">/dev/full", marks=full)])
def test_a_check_that_cannot_be_said_is_no_success_unless_it_made_a_store(tmp_path, redirected):
    assert actlab(SMALL, tmp_path).returncode == 0
    assert actlab("check disk.sqlite", tmp_path, redirected).returncode == 74
    done = actlab("check disk.sqlite --out new.sqlite", tmp_path, redirected)
    assert done.returncode == 0 and count(tmp_path / "new.sqlite") == 4
    (line,) = done.stderr.splitlines()
    assert "; but this was done: disk.sqlite: 4 runs, all whole they are in new.sqlite" in line


@shell
@pytest.mark.parametrize("redirected", [">&-", pytest.param(">/dev/full", marks=full)])
def test_a_table_that_cannot_be_written_is_no_success(tmp_path, redirected):
    done = actlab("list", tmp_path, redirected)
    assert done.returncode == 74
    (line,) = done.stderr.splitlines()
    assert line.startswith("actlab: standard output cannot be written to: ")


@shell
def test_what_cannot_be_said_is_still_told_by_the_exit_code(tmp_path):
    assert actlab("run disc", tmp_path, "2>&-").returncode == 2
    assert actlab("summary none.sqlite", tmp_path, ">&- 2>&-").returncode == 2


@shell
@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_where_only_ascii_is_known_the_summary_is_whole_and_in_ascii(tmp_path, environment):
    assert actlab(SMALL, tmp_path).returncode == 0
    plain = actlab("summary disk.sqlite", tmp_path, PYTHONIOENCODING="utf-8")
    done = actlab("summary disk.sqlite", tmp_path, **environment | {"PYTHONCOERCECLOCALE": "0"})
    assert (plain.returncode, done.returncode) == (0, 0) and "±" in plain.stdout
    assert done.stdout == plain.stdout.replace("±", "+-") and done.stdout.isascii()


def test_a_sign_that_an_encoding_lacks_is_shown_by_others(monkeypatch):
    shown = io.TextIOWrapper(raw := io.BytesIO(), encoding="ascii", newline="\n")
    monkeypatch.setattr(sys, "stdout", shown)
    with _streams.plain():
        _streams.put("3 ± 1 − é – … 語 \udcff")
    assert raw.getvalue() == b"3 +- 1 - e - ... \\u8a9e \\udcff\n"
    assert shown.errors == "strict"


def test_a_line_of_an_error_is_one_line_and_steers_no_terminal(capsys):
    _streams.say("one\ntwo \x1b[31m red")
    assert capsys.readouterr().err == "actlab: one two \\x1b[31m red\n"


def test_a_stream_that_fails_loses_what_is_written():
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    closed = io.StringIO()
    closed.close()
    for stream in (Full(), closed, None):
        lossy = _streams.Lossy(stream)
        assert lossy.write("four") == 4
        lossy.flush()


# --- signals


@linux
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_that_ends_it_is_as_ctrl_c(tmp_path, workers, number, code, undisturbed):  # noqa: F811
    path = tmp_path / "s.sqlite"
    process = subprocess.Popen(
        [*COMMAND, "--out", str(path), "--workers", workers],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=QUIET,
        start_new_session=True,
        preexec_fn=heeding,
    )
    wait_until(lambda: count(path) > 3)
    below = family(process.pid)
    os.killpg(process.pid, number)
    said = process.communicate(timeout=HUNG)[1]
    assert process.returncode == code, said
    assert said.splitlines()[-1] == f"actlab: stopped; what is done is in {path}: the same command goes on from there"
    assert "Traceback" not in said
    wait_until(lambda: not any(map(alive, below)))
    stored = content(path)
    assert 3 < len(stored) < len(undisturbed) and set(map(str, stored)) <= set(map(str, undisturbed))


@linux
def test_a_worker_that_never_ends_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(_run, "LINGER", 1.0)
    study, told, interrupted = small(runs=200, steps=200), [], []
    path = tmp_path / "s.sqlite"

    def workers():
        return [one for one in family(os.getpid()) if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]

    class Interrupting(results.Store):
        def add(self, *rows, **more):
            super().add(*rows, **more)
            for worker in workers():
                os.kill(worker, signal.SIGSTOP)  # as one that hangs
            interrupted.append(time.monotonic())
            raise KeyboardInterrupt

    monkeypatch.setattr(results, "Store", Interrupting)
    with pytest.raises(KeyboardInterrupt):
        experiments.run(study, path, workers=2, engine="stacked", batch=1, tell=told.append)
    assert time.monotonic() - interrupted[0] < HUNG  # it would be for ever
    assert told == ["stopping: what is under way is stored, within 1 s; Ctrl-C again ends at once"]
    wait_until(lambda: not workers())
    assert count(path) >= 1


@linux
def test_workers_that_are_killed_leave_nothing_behind(tmp_path):
    """What one leaves, a process of Python's own says at the end, below the last line of ours."""
    script = tmp_path / "script.py"
    script.write_text(
        """
import time
from pathlib import Path

from actlab import experiments
from actlab.experiments import _pools, _run

def busy(began):
    study = experiments.disk(1, 5, ["relu"], points=9, test_points=9)
    _run._train(study.settings[0], study.seeds, "stacked")
    Path(began).touch()
    time.sleep(3600)

if __name__ == "__main__":
    with _pools.pool(None, 2) as workers:
        for began in "ab":
            workers.submit(busy, began)
        while not (Path("a").exists() and Path("b").exists()):
            time.sleep(0.01)
    print("ended")
""",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=QUIET, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")


def test_workers_that_cannot_start_are_no_broken_pipe(tmp_path, monkeypatch):
    def broken(*_):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(_pools.ProcessPoolExecutor, "submit", broken)
    with pytest.raises(experiments.Failed, match=r"^the workers could not start: BrokenPipeError: .*Broken pipe"):
        experiments.run(small(), tmp_path / "s.sqlite", workers=2, engine="stacked")


@linux
def test_a_script_without_a_guard_is_told_that_its_workers_could_not_start(tmp_path):
    script = tmp_path / "script.py"
    study = "experiments.disk(4, 5, ['relu'], points=9, test_points=9), 's.sqlite'"
    script.write_text(
        f"from actlab import experiments\nexperiments.run({study}, workers=2, engine='stacked', batch=1)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=QUIET, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Failed: the workers could not start" in done.stderr.splitlines()[-1]


def test_a_full_disk_says_how_many_runs_under_way_are_lost(tmp_path, monkeypatch):
    class Full(results.Store):
        added = 0

        def add(self, *rows, **more):
            self.added += 1
            if self.added > 2:
                raise results.StoreError(f"{self.path} cannot grow: the disk is full; what was stored stays")
            super().add(*rows, **more)

    class Slow(Executor):
        """Does three jobs, each at once, so that all of them are there at the first look; the others never come."""

        begun = 0

        def submit(self, function, *arguments):
            self.begun += 1
            future = Future()
            future.set_running_or_notify_cancel()
            if self.begun <= 3:
                future.set_result(function(*arguments))
            return future

    monkeypatch.setattr(results, "Store", Full)
    with (
        Slow() as pool,
        pytest.raises(results.StoreError, match=r"what was stored stays; 4 runs under way could not be stored$"),
    ):
        # the third job, of two runs, does not go in, and the fourth is under way
        experiments.run(small(runs=4), tmp_path / "s.sqlite", executor=pool, workers=2, engine="stacked", batch=2)
    assert count(tmp_path / "s.sqlite") == 4


def test_a_second_ctrl_c_ends_the_wait_for_what_is_under_way(tmp_path, monkeypatch):
    waited = Event()

    def again(*arguments, **named):
        if named.get("timeout") == _run.LINGER:
            waited.set()
            raise KeyboardInterrupt
        return genuine(*arguments, **named)

    genuine = _run.wait
    monkeypatch.setattr(_run, "wait", again)

    class Stopped(results.Store):
        def add(self, *rows, **more):
            raise KeyboardInterrupt

    monkeypatch.setattr(results, "Store", Stopped)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        experiments.run(small(), tmp_path / "s.sqlite", executor=Failing(lambda *_: False), engine="stacked")
    assert waited.is_set() and time.monotonic() - began < 30
