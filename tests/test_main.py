"""The command line, as a user calls it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from actlab import activations, claims, theory
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
    assert said.err == "contradicted: wrong\n"
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
    assert "right: true\n    right: 1" in said.out and said.err == "contradicted: broken\n"


def test_an_unknown_claim_or_topic_is_answered_with_the_nearest(two_claims, capsys):
    for asked, answer in [
        (["claims", "rigth"], "no claim 'rigth'; did you mean 'right'?"),
        (["claims", "xyzzy"], "no claim 'xyzzy'; `actlab claims` names them all"),
        (["claims", "--topic", "ReLU"], "no topic 'ReLU'; did you mean 'ReLU family'?"),
        (["claims", "--topic", "xyzzy"], "no topic 'xyzzy'; there are linearity collapse, "),
    ]:
        with pytest.raises(SystemExit) as exit:
            main(asked)
        assert exit.value.code == 2
        assert answer in capsys.readouterr().err


def test_the_module_and_the_command_are_one():
    for command in ([sys.executable, "-m", "actlab"], [str(Path(sys.executable).with_name("actlab"))]):
        done = subprocess.run([*command, "claims", "--topic", "nothing"], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "no topic 'nothing'" in done.stderr and "Traceback" not in done.stderr
