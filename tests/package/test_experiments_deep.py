"""Studies whose networks are trained one by one: on a small kind of setting, which trains on real digits."""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from actlab import data, experiments, networks, results, train
from actlab.__main__ import main
from actlab.data import _stored
from actlab.experiments import Deep, Study

pytestmark = pytest.mark.slow

SMALL = ["--runs", "1", "--workers", "1", "--set", "epochs=1", "points=100", "test_points=50"]


@dataclass(frozen=True)
class Toy(Deep):
    activation: str
    epochs: int = 2

    @property
    def steps(self):
        return 4 * self.epochs

    def course(self, seed, device):
        split = data.mnist(200, test=50, seed=seed)
        network = nn.Sequential(nn.Flatten(), *networks.mlp([784, 8, 10], self.activation, seed=seed))
        course = train.fit_batches(network, split, steps=self.steps, batch=50, seed=seed, layers=["1", "3"])
        return course, {"weights": network[1].weight.detach()[:2, :3].numpy()}


class Short(Toy):
    def course(self, seed, device):
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 20 GiB")


class Shorter(Toy):
    def course(self, seed, device):
        torch.empty(10**15)


class Shortest(Toy):
    """The network asks for the memory, while it is trained."""

    def course(self, seed, device):
        class Greedy(nn.Linear):
            def forward(self, x):
                torch.empty(10**15)

        split = data.mnist(200, test=50, seed=seed)
        train.fit_batches(nn.Sequential(nn.Flatten(), Greedy(784, 10)), split, steps=self.steps, batch=50)


def toy(runs=2, kind=Toy):
    return Study("toy", [kind("relu"), kind("tanh")], range(runs), ["activation"])


def content(path):
    with results.Store(path) as store:
        return [
            (
                run.key,
                run.engine,
                run.loss.tobytes(),
                run.test_loss.tobytes(),
                *((name, array.shape, array.tobytes()) for name, array in sorted(run.more.items())),
            )
            for run in store.runs()
        ]


def test_a_run_keeps_its_course_and_what_its_setting_adds(tmp_path):
    outcome = experiments.run(toy(), tmp_path / "s.sqlite", workers=1)
    assert (outcome.runs, outcome.trained, outcome.model_steps) == (4, 4, 32)
    with results.Store(tmp_path / "s.sqlite") as store:
        runs = list(store.runs(activation="tanh"))
    for run in runs:
        course, more = Toy("tanh").course(run.seed, "cpu")
        assert run.engine == "cpu"
        for stored, made in [
            (run.loss, course.train_loss),
            (run.test_loss, course.test_loss),
            (run.test_accuracy, course.test_accuracy),
            (run.more["norms"], course.norms),
            (run.more["confusion"], course.confusion),
            (run.more["train_accuracy"], course.train_accuracy),
            (run.more["weights"], more["weights"]),
        ]:
            np.testing.assert_allclose(stored, np.asarray(made), rtol=1e-5, atol=1e-6)
        assert set(run.more) == {"norms", "confusion", "train_accuracy", "weights"}


def test_threads_and_interruptions_change_no_number(tmp_path):
    whole, parts = tmp_path / "whole.sqlite", tmp_path / "parts.sqlite"
    experiments.run(toy(), whole, workers=1)

    stops = iter([0, 1, 0])

    class Stopping(Toy):
        def course(self, seed, device):
            if next(stops, 0):
                raise KeyboardInterrupt
            return super().course(seed, device)

    Stopping.__name__ = Stopping.__qualname__ = "Toy"
    threads = torch.get_num_threads()
    with pytest.raises(KeyboardInterrupt):
        experiments.run(toy(kind=Stopping), parts, workers=1)
    with results.Store(parts) as store:
        assert len(store) == 1
    torch.set_num_threads(2)
    try:
        assert experiments.run(toy(), parts, workers=1).trained == 3
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert content(whole) == content(parts)


def test_workers_of_their_own_find_the_same(tmp_path):
    study = experiments.images(1, ["relu"], ["adam"], epochs=1, points=128, test_points=50)
    for path, workers in [("one", 1), ("two", 2)]:
        experiments.run(study, tmp_path / path, workers=workers)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_a_device_that_is_not_there_is_named_before_anything_is_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=r"^there is no GPU that torch can use here; --device cpu"):
        experiments.run(toy(), tmp_path / "s.sqlite", engine="cuda")
    with pytest.raises(KeyError, match=r"no device named 'gpu'; did you mean 'cpu'. there are cpu, cuda"):
        experiments.run(toy(), tmp_path / "s.sqlite", engine="gpu")
    assert not (tmp_path / "s.sqlite").exists()


@pytest.mark.parametrize("kind", [Short, Shorter, Shortest])
def test_too_little_memory_is_one_line_that_names_the_run(tmp_path, kind):
    with pytest.raises(experiments.Failed) as caught:
        experiments.run(toy(1, kind), tmp_path / "s.sqlite", workers=1)
    said = str(caught.value)
    assert said.endswith(
        "activation relu, epochs 2, seed 0: MemoryError: too little memory on cpu for this network and batch"
    )
    assert "\n" not in said


def test_settings_of_two_kinds_make_no_study():
    with pytest.raises(ValueError, match="of one kind, got Short, Toy"):
        Study("toy", [Toy("relu"), Short("relu")], range(1), ["activation"])


# --- at the command line


def stored(path):
    """How many runs a store holds that is being written to."""
    try:
        with results.Store(path) as store:
            return len(store)
    except results.StoreError:
        return 0


def test_a_killed_command_goes_on_where_it_was(tmp_path):
    def command(path):
        return [sys.executable, "-m", "actlab", "run", "images", *SMALL, "--out", str(path)]

    whole, parts = tmp_path / "whole.sqlite", tmp_path / "parts.sqlite"
    subprocess.run(command(whole), check=True, capture_output=True)
    process = subprocess.Popen(command(parts), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        time.sleep(0.01)
        if stored(parts) > 1:
            process.kill()
    assert process.returncode < 0, "it ended before it was killed"
    with results.Store(parts) as store:
        assert 1 < len(store) < 10
    said = subprocess.run(command(parts), check=True, capture_output=True, text=True).stdout
    assert said.startswith("10 runs in ") and "; 10 of them" not in said
    assert content(whole) == content(parts)


def test_data_that_were_edited_are_named_in_one_line(tmp_path, monkeypatch, capsys):
    shutil.copytree(results.root() / "mnist", tmp_path / "mnist")
    file = tmp_path / "mnist" / "digits.npz"
    spoilt = bytearray(file.read_bytes())
    spoilt[5000] ^= 1
    file.write_bytes(spoilt)
    monkeypatch.setattr("actlab.stored.root", lambda: tmp_path)
    _stored._digits.cache_clear()
    assert main(["run", "images", *SMALL, "--activations", "relu", "--out", str(tmp_path / "s.sqlite")]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert (
        line.startswith("actlab: ") and "ValueError: digits.npz was edited after data/mnist/make.py wrote it" in line
    )
    _stored._digits.cache_clear()


def test_a_study_runs_and_is_summed_up(tmp_path, capsys):
    out = str(tmp_path / "s.sqlite")
    assert main(["run", "images", *SMALL, "--activations", "relu", "elu", "--optimizers", "adam", "--out", out]) == 0
    assert capsys.readouterr().out.startswith(f"2 runs in {out}; 2 of them trained now")
    assert main(["summary", out]) == 0
    assert "points 100, test_points 50" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            ["images", "--set", "epoch=3"],
            "no setting of images has an entry 'epoch'; did you mean 'epochs'? there are ",
        ),
        (["images", "--set", "epochs=many"], "epochs is a whole number from 1 to 100,000,000, got 'many'"),
        (["images", "--set", "epochs"], "--set takes NAME=VALUE, got 'epochs'"),
        (["images", "--set", "activation=elu"], "activation of images is given by its activations alone"),
        (["images", "--set", "points=9999"], "there are 5000 digits; got points=9999 and test_points=1000"),
        (["images", "--device", "tpu"], "no device named 'tpu'; did you mean 'cpu'? there are cpu, cuda"),
        (["images", "--device", "cpu", "--engine", "cpu"], "--engine and --device say the same"),
        (["disk", "--device", "cpu"], "no engine named 'cpu'; there are compiled, stacked"),
        (["adaptive", "--names", "apl_6"], "no arm named 'apl_6'; did you mean 'apl_5'?"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(tmp_path, capsys, asked, said):
    assert main(["run", *asked, "--runs", "1", "--workers", "1", "--out", str(tmp_path / "s.sqlite")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert not list(tmp_path.iterdir())
    assert line.startswith("actlab: ") and said in line
