"""The workflow that tests and publishes the book: it calls make, and what it names exists."""

import os
import re
import subprocess

import readers
import yaml
from site_checks import ROOT

# BaseLoader: a bare `on` is a word here, not YAML 1.1's true
WORKFLOW = yaml.load((ROOT / ".github/workflows/book.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
SCRIPTS = {".ci/run": "make test", ".ci/browsers": "make browsers"}  # they install what make's target needs


def test_every_command_is_a_target_of_make_or_what_calls_one():
    commands = [step["run"] for step in STEPS if "run" in step]
    assert commands
    for command in commands:
        if command in SCRIPTS:
            script = ROOT / command
            assert re.findall(r"^make .*", script.read_text(encoding="utf-8"), re.M) == [SCRIPTS[command]]
            assert os.access(script, os.X_OK)
        else:
            assert re.fullmatch(r"make \w+", command), command
            assert subprocess.run(["make", "-n", command.split()[1]], cwd=ROOT, capture_output=True).returncode == 0


def test_it_runs_on_pushes_requests_and_weekly():
    assert {"push", "pull_request", "schedule"} <= set(WORKFLOW["on"])
    ((cron,),) = [entry.values() for entry in WORKFLOW["on"]["schedule"]]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", cron)


def test_only_the_job_that_publishes_may_write_and_only_pages():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert {name: job["permissions"] for name, job in JOBS.items() if "permissions" in job} == {
        "deploy": {"pages": "write", "id-token": "write"}
    }
    assert JOBS["deploy"]["needs"] == "test" and "refs/heads/main" in JOBS["deploy"]["if"]


def test_what_is_published_is_what_make_builds():
    uploaded = {step["with"]["path"] for step in STEPS if "upload" in step.get("uses", "")}
    assert uploaded == {"_build/html", "_build/actlab-book.zip"}
    assert "_build/html" in (ROOT / "tests/site_checks.py").read_text(encoding="utf-8")
    assert "_build/actlab-book.zip" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_environment_of_readers_is_tried_somewhere():
    tried = {"colab", "here", *JOBS["readers"]["strategy"]["matrix"]["environment"]}
    assert tried == set(readers.ENVIRONMENTS)
    assert [step["run"] for step in JOBS["colab"]["steps"] if "run" in step] == ["make here"]


def test_the_other_browsers_are_tried_weekly_and_must_be_there():
    job = JOBS["browsers"]
    assert job["if"] == JOBS["readers"]["if"] and "schedule" in job["if"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/browsers"]
    assert job["container"].endswith("-bookworm")  # Ubuntu has no firefox-esr
    script = (ROOT / ".ci/browsers").read_text(encoding="utf-8")
    assert "export CI=true" in script
    assert re.search(r"apt-get install .*\bfirefox-esr webkit2gtk-driver xvfb$", script, re.M)


def test_actions_are_named_with_the_version_that_they_are_taken_in():
    for step in STEPS:
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]), step["uses"]
