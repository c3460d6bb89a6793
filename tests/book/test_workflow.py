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
SCRIPTS = {
    ".ci/run": ["make test", "make portable"],
    ".ci/browsers": ["make browsers"],
}  # they install what make's target needs
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
PUSH = f"git push origin {CONFIG['repository']['branch']}"
PUBLISHES = "github.ref == 'refs/heads/main' && github.event_name != 'pull_request'"


def commands_of(job: str) -> list[str]:
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def test_every_command_is_a_target_of_make_or_what_calls_one_but_for_a_push():
    commands = [command for job in JOBS for command in commands_of(job)]
    commands.remove(PUSH)
    for command in commands:
        if command in SCRIPTS:
            script = ROOT / command
            assert re.findall(r"^make .*", script.read_text(encoding="utf-8"), re.M) == SCRIPTS[command]
            assert os.access(script, os.X_OK)
        else:
            assert re.fullmatch(r"make \w+", command), command
            assert subprocess.run(["make", "-n", command.split()[1]], cwd=ROOT, capture_output=True).returncode == 0


def test_it_runs_on_pushes_requests_and_weekly():
    assert {"push", "pull_request", "schedule"} <= set(WORKFLOW["on"])
    ((cron,),) = [entry.values() for entry in WORKFLOW["on"]["schedule"]]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", cron)


def test_only_the_jobs_that_publish_may_write_and_each_only_where_it_does():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert {name: job["permissions"] for name, job in JOBS.items() if "permissions" in job} == {
        "deploy": {"pages": "write", "id-token": "write"},
        "notebooks": {"contents": "write"},
    }
    for name in ("deploy", "notebooks"):
        assert JOBS[name]["needs"] == "test" and JOBS[name]["if"] == PUBLISHES


def test_what_is_published_is_what_make_builds():
    uploaded = {step["with"]["path"] for step in STEPS if "upload" in step.get("uses", "")}
    assert uploaded == {"_build/html", "_build/actlab-book.zip", "_build/notebooks"}
    assert "_build/html" in (ROOT / "tests/site_checks.py").read_text(encoding="utf-8")
    assert "_build/actlab-book.zip" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert 'FOLDER = "notebooks"' in (ROOT / "_ext/plain.py").read_text(encoding="utf-8")


def test_the_branch_is_made_of_all_its_history_and_of_the_notebooks_that_were_tested_and_pushed_without_force():
    assert commands_of("notebooks") == ["make branch", PUSH]
    checkout, download, *_ = JOBS["notebooks"]["steps"]
    assert checkout["uses"].startswith("actions/checkout@") and checkout["with"] == {"fetch-depth": "0"}
    assert download["uses"].startswith("actions/download-artifact@")


def test_a_job_that_takes_the_notebooks_waits_for_the_one_that_makes_them_and_puts_them_where_they_were():
    def given(job, action):
        return [step["with"] for step in JOBS[job]["steps"] if step.get("uses", "").startswith(f"actions/{action}@")]

    (made,) = [upload for upload in given("test", "upload-artifact") if upload["path"] == "_build/notebooks"]
    takers = {job: taken for job in JOBS for taken in given(job, "download-artifact")}
    assert takers == {"notebooks": made, "colab": made}
    assert {JOBS[name]["needs"] for name in takers} == {"test"}


def test_every_environment_of_readers_is_tried_somewhere():
    tried = {JOBS["imitation"]["env"]["READERS"], "here", *JOBS["readers"]["strategy"]["matrix"]["environment"]}
    assert tried == set(readers.ENVIRONMENTS)
    assert commands_of("colab") == ["make here"] and commands_of("imitation") == ["make readers"]
    assert "if" not in JOBS["imitation"]


def test_every_python_that_the_project_names_is_tried_weekly_as_a_change_is():
    said = [line.rsplit(" ", 1)[1] for line in readers.PROJECT["classifiers"] if "Python ::" in line]
    (setup,) = [step for step in JOBS["test"]["steps"] if "setup-python" in step.get("uses", "")]
    job = JOBS["pythons"]
    assert [setup["with"]["python-version"], *job["strategy"]["matrix"]["python"]] == said
    assert readers.PROJECT["requires-python"] == f">={said[0]}"
    assert job["if"] == JOBS["readers"]["if"] and "if" not in JOBS["test"]
    assert commands_of("pythons") == commands_of("test")[:1] == [".ci/run"]
    assert job["steps"][1]["with"]["python-version"] == "${{ matrix.python }}"


def test_the_processor_between_is_tried_weekly():
    assert JOBS["processors"]["if"] == JOBS["readers"]["if"]
    assert commands_of("processors") == ["make processors"]


def test_the_way_off_jupyter_book_is_tried_weekly_on_the_newest_python():
    job = JOBS["sphinx"]
    assert job["if"] == JOBS["readers"]["if"]
    assert commands_of("sphinx") == ["make sphinx"]
    assert job["steps"][1]["with"]["python-version"] == JOBS["pythons"]["strategy"]["matrix"]["python"][-1]


def test_the_other_browsers_are_tried_weekly_and_must_be_there():
    job = JOBS["browsers"]
    assert job["if"] == JOBS["readers"]["if"] and "schedule" in job["if"]
    assert commands_of("browsers") == [".ci/browsers"]
    assert job["container"].endswith("-bookworm")  # Ubuntu has no firefox-esr
    script = (ROOT / ".ci/browsers").read_text(encoding="utf-8")
    assert "export CI=true" in script
    assert re.search(r"apt-get install .*\bfirefox-esr webkit2gtk-driver xvfb$", script, re.M)


def test_actions_are_named_with_the_version_that_they_are_taken_in():
    for step in STEPS:
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]), step["uses"]
