"""The command line, as a user calls it."""

import itertools
import re
import subprocess
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from socket import socket

import pytest

from actlab import activations, claims, experiments, results, theory
from actlab.__main__ import main


def test_the_list_has_a_line_for_each_activation_with_the_numbers_of_theory(capsys):
    assert main(["list"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["name", "year"]
    assert [line.split()[0] for line in lines] == list(activations.catalog)
    gelu = next(line for line in lines if line.startswith("gelu "))
    assert gelu.split()[1] == "2016"
    assert f"{theory.gain('gelu'):.6f}" in gelu and f"{theory.lipschitz('gelu'):.6f}" in gelu
    assert all(len(line) <= 100 for line in lines)


@pytest.fixture
def two_claims(monkeypatch):
    """A ledger of two claims, one of which its evidence contradicts."""

    def made(id, verdict):
        return claims.Claim(
            id=id,
            statement="Tanh is bounded",
            verdict=verdict,
            corrected="",
            topic="tanh",
            how="measured",
            check=lambda: claims.Evidence(f"{id}: 1", cases={"at 20": True}),
        )

    ledger = {"right": made("right", "true"), "wrong": made("wrong", "false")}
    monkeypatch.setattr(claims, "ledger", ledger)


def test_claims_prints_id_verdict_and_number_and_fails_where_one_is_contradicted(two_claims, capsys):
    assert main(["claims", "right"]) == 0
    out = capsys.readouterr().out
    assert "right: true\n    right: 1\n" in out and "1 claims in " in out and "none contradicted" in out
    assert main(["claims"]) == 1
    said = capsys.readouterr()
    assert "wrong: false\n    wrong: 1\n    CONTRADICTED: the evidence says true" in said.out
    assert said.err == "actlab: contradicted: wrong\n"
    assert main(["claims", "--topic", "tanh"]) == 1
    capsys.readouterr()
    assert main(["claims", "--topic", "experiments"]) == 0
    assert capsys.readouterr().out.startswith("0 claims")


def test_a_check_that_breaks_off_counts_as_contradicted_and_the_others_still_run(two_claims, monkeypatch, capsys):
    def broken():
        raise KeyError("no table")

    right = claims.ledger["right"]
    monkeypatch.setattr(claims, "ledger", {"broken": replace(right, id="broken", check=broken), "right": right})
    assert main(["claims"]) == 1
    said = capsys.readouterr()
    assert "broken: true\n    nothing\n    CONTRADICTED: the check broke off: KeyError: 'no table'" in said.out
    assert "right: true\n    right: 1" in said.out and said.err == "actlab: contradicted: broken\n"


def test_an_unknown_claim_or_topic_is_answered_with_the_nearest(two_claims, capsys):
    for asked, answer in [
        (["claims", "rigth"], "no claim 'rigth'; did you mean 'right'?"),
        (["claims", "xyzzy"], "no claim 'xyzzy'; `actlab claims` names them all"),
        (["claims", "--topic", "ReLU"], "no topic 'ReLU'; did you mean 'ReLU family'?"),
        (["claims", "--topic", "xyzzy"], "no topic 'xyzzy'; there are linearity collapse, "),
    ]:
        assert main(asked) == 2
        assert answer in capsys.readouterr().err


@pytest.mark.slow
def test_the_module_and_the_command_are_one():
    for command in ([sys.executable, "-m", "actlab"], [str(Path(sys.executable).with_name("actlab"))]):
        done = subprocess.run([*command, "claims", "--topic", "nothing"], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "no topic 'nothing'" in done.stderr and "Traceback" not in done.stderr


# --- studies: small ones, by the engine that needs no compilation

TINY = ["--runs", "2", "--steps", "8", "--activations", "relu", "tanh", "--workers", "1", "--engine", "stacked"]


@pytest.fixture
def store(tmp_path, monkeypatch, capsys):
    """The folder that commands run in, with a tiny study of the disk in disk.sqlite."""
    monkeypatch.chdir(tmp_path)
    assert main(["run", "disk", *TINY]) == 0
    capsys.readouterr()
    return tmp_path / "disk.sqlite"


def test_run_makes_a_store_and_says_what_it_did_and_what_comes_next(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run", "disk", *TINY]) == 0
    said = capsys.readouterr()
    first, last = said.out.splitlines()
    work = r"[\d.]+ us of one processor per step of a network"
    assert re.fullmatch(rf"4 runs in disk\.sqlite; 4 of them trained now, in [\d.]+ s, {work}", first)
    assert last == "next: actlab summary disk.sqlite"
    assert "4/4" in said.err, "the bar counts runs"
    assert main(["run", "disk", *TINY]) == 0
    assert capsys.readouterr().out.startswith("4 runs in disk.sqlite; 0 of them trained now, in ")
    assert main(["run", "disk", *TINY, "--draws", "2", "--rates", "0.1", "0.01", "--out", "other.sqlite"]) == 0
    with results.Store("other.sqlite") as there:
        assert [(s["activation"], s["draw"], s["rate"]) for s in there.settings()] == list(
            itertools.product(["relu", "tanh"], [0, 1], [0.1, 0.01])
        )
        assert len(there) == 16 and set(there.array("seed")) == {0, 1}


def test_names_for_many_activations(tmp_path, capsys):
    for word, names in [("published", experiments.published), ("all", activations.catalog)]:
        out = tmp_path / f"{word}.sqlite"
        arguments = ["--runs", "1", "--steps", "1", "--activations", word, "--workers", "1", "--engine", "stacked"]
        assert main(["run", "disk", *arguments, "--out", str(out)]) == 0
        with results.Store(out) as store:
            assert [setting["activation"] for setting in store.settings()] == list(names)


def test_an_option_given_twice_means_both(tmp_path, capsys):
    out = tmp_path / "disk.sqlite"
    asked = "run disk --runs 1 --steps 1 --workers 1 --set points=40 --set test_points=50"
    assert main([*asked.split(), "--activations", "relu", "--activations", "tanh", "--out", str(out)]) == 0
    with results.Store(out) as store:
        found = [(setting["activation"], setting["points"], setting["test_points"]) for setting in store.settings()]
    assert found == [("relu", 40, 50), ("tanh", 40, 50)]


def test_a_reader_of_the_output_who_goes_away_is_no_error():
    command = [sys.executable, "-u", "-m", "actlab", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as listing:
        listing.stdout.readline()
        listing.stdout.close()
        assert listing.stderr.read() == "" and listing.wait() == 141


def test_run_xor_takes_seeds_and_scales(tmp_path, capsys):
    out = tmp_path / "x.sqlite"
    arguments = ["--seeds", "3", "--steps", "5", "--scales", "0.1", "1", "--workers", "1", "--engine", "stacked"]
    assert main(["run", "xor", *arguments, "--out", str(out)]) == 0
    with results.Store(out) as store:
        assert {s["scheme"] for s in store.settings()} == {0.1, 1.0}
        assert store.losses(activation="sigmoid", scheme=1.0, loss="bce").shape == (3, 5)


def test_summary_prints_the_table_of_the_store_and_where_it_comes_from(store, capsys):
    assert main(["summary", str(store)]) == 0
    out = capsys.readouterr().out
    with results.Store(store) as there:
        assert results.table(results.summary(there)) in out
    head, origin, *_ = out.splitlines()
    assert head.startswith(f"{store}: 4 runs; study disk, task disk, points 1000")
    assert "sizes 2-16-8-1" in head and "draw 0" in head and "rate 0.01" in head and "steps 8" in head
    assert f"torch {metadata.version('torch')}" in origin


@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_export_writes_beside_the_store_or_where_it_is_told(store, format, capsys):
    assert main(["export", str(store), "--format", format]) == 0
    beside = store.with_suffix(f".{format}")
    assert capsys.readouterr().out.startswith(f"32 steps in {beside}, ")
    assert main(["export", str(store), "--format", format, "--out", str(store.with_name("out"))]) == 0
    assert store.with_name("out").read_bytes() == beside.read_bytes()


@pytest.mark.parametrize(
    "asked, answer",
    [
        ("run disc", "no study named 'disc'; did you mean 'disk'? there are disk, xor"),
        ("run disk --activations rleu", "no activation named 'rleu'; did you mean 'relu'?"),
        ("run disk --engine steam", "no engine named 'steam'; there are compiled, stacked"),
        ("run disk --runs 0", "--runs/--seeds: a whole number from 1 to 1,000,000, got '0'"),
        ("run disk --draws 0", "argument --draws: a whole number from 1 to 1,000,000, got '0'"),
        ("run disk --rates 0", "rate is a positive number from 1.2e-38 to 3.4e+38, got 0.0"),
        ("run disk --steps 1 --workers 0", "argument --workers: a whole number from 1 to 1,000,000, got '0'"),
        ("run xor --draws 2", "xor has no --draws; it takes --runs, --steps, --activations, --scales"),
        ("run disk --scales 1", "disk has no --scales; it takes --runs, --steps, --activations, --draws, --rates"),
        ("run disk --out no/such/folder.sqlite", "cannot be opened"),
        ("summary none.sqlite", "there is no file none.sqlite"),
        ("export none.sqlite", "there is no file none.sqlite"),
        ("export none.sqlite --format csv", "no format named 'csv'; there are parquet, jsonl"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tmp_path, monkeypatch, capsys, asked, answer):
    monkeypatch.chdir(tmp_path)
    assert main(asked.split()) == 2
    said = capsys.readouterr()
    assert answer in said.err.splitlines()[-1] and said.err.splitlines()[-1].startswith("actlab: ")
    assert said.out == "" and not list(tmp_path.iterdir())


def test_a_store_that_cannot_be_used_is_refused_in_one_line_and_stays_as_it_is(store, capsys):
    whole = store.read_bytes()
    later = bytearray(whole)
    later[60:64] = (4).to_bytes(4)  # where SQLite keeps a file's user_version
    for content, more, answer in [
        (whole, ["--steps", "9"], "holds another study: steps is 8 there, 9 asked for"),
        (whole[:-5000], [], "cut short"),
        (bytes(later), [], "is a store of format 4"),
        (b"loss\n0.3\n" * 30, [], "is not a store"),
    ]:
        store.write_bytes(content)
        assert main(["run", "disk", *TINY, *more, "--out", str(store)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"actlab: {store} ") and answer in line
        if not more:
            assert main(["summary", str(store)]) == 2
            (line,) = capsys.readouterr().err.splitlines()
            assert answer in line
        assert store.read_bytes() == content


def test_a_store_without_runs_has_no_summary(tmp_path, capsys):
    results.Store.open(tmp_path / "s.sqlite", {"study": "disk"}).close()
    assert main(["summary", str(tmp_path / "s.sqlite")]) == 2
    assert capsys.readouterr().err == f"actlab: {tmp_path / 's.sqlite'} holds no run yet\n"


def test_jobs_that_fail_make_the_command_fail(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(experiments.Setting, "train", lambda *job: 1 / 0)
    assert main(["run", "disk", *TINY, "--out", str(tmp_path / "s.sqlite")]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("actlab: 2 jobs failed, all others are stored: relu, draw 0, ")
    assert said.endswith("ZeroDivisionError: division by zero")


def test_a_file_whose_first_job_failed_is_free_for_another_study(tmp_path, monkeypatch, capsys):
    out = tmp_path / "s.sqlite"
    with monkeypatch.context() as patch:
        patch.setattr(experiments.Setting, "train", lambda *job: 1 / 0)
        assert main(["run", "disk", *TINY, "--out", str(out)]) == 1
    assert main(["run", "disk", *TINY, "--steps", "9", "--out", str(out)]) == 0
    with results.Store(out) as there:
        assert len(there) == 4 and there.study["steps"] == 9
    assert main(["run", "disk", *TINY, "--out", str(out)]) == 2
    assert "holds another study: steps is 9 there, 8 asked for" in capsys.readouterr().err


@pytest.mark.parametrize("name", [":memory:", "file:s?mode=memory"])
def test_a_store_is_a_file_whatever_its_name(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    assert main(["run", "disk", *TINY, "--out", name]) == 0
    assert capsys.readouterr().out.startswith(f"4 runs in {name}; 4 of them trained now")
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert main(["run", "disk", *TINY, "--out", name]) == 0 and main(["summary", name]) == 0
    assert "; 0 of them trained now" in capsys.readouterr().out


def test_an_export_over_the_store_or_over_a_link_is_refused_in_one_line(store, capsys):
    before = store.read_bytes()
    store.with_name("link").symlink_to(store.with_name("mine"))
    store.with_name("mine").write_text("mine", encoding="utf-8")
    for out, answer in [
        (store, "is the store itself"),
        (f"{store}-journal", "beside"),
        (store.with_name("link"), "a link"),
    ]:
        assert main(["export", str(store), "--format", "jsonl", "--out", str(out)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("actlab: ") and answer in line
    assert store.read_bytes() == before and store.with_name("mine").read_text(encoding="utf-8") == "mine"
    assert sorted(file.name for file in store.parent.iterdir()) == ["disk.sqlite", "link", "mine"]


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_said_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with socket() as free:  # a port at which nobody answers
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        for asked, answer in [
            (address, f"no Dask scheduler answers at {address}"),
            ("nowhere://x", "'nowhere://x' is no address of a Dask scheduler: it begins with one of tcp, tls"),
            ("", "'' is no address of a Dask scheduler: it is to be such as tcp://127.0.0.1:8786"),
            ("tcp://127.0.0.1", "it is to be such as tcp://"),
        ]:
            assert main(["run", "disk", *TINY, "--scheduler", asked]) == 2
            (line,) = capsys.readouterr().err.splitlines()
            assert line.startswith("actlab: ") and answer in line
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["run", "disk", *TINY, "--scheduler", address]) == 2
    assert capsys.readouterr().err == "actlab: a Dask cluster needs distributed: pip install 'actlab[cluster]'\n"
    assert not list(tmp_path.iterdir())
