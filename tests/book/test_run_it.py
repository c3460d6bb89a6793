"""What appendix/run_it tells a reader to type, and the book as a zip that is read from a disk."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile

import pytest
import yaml
from chromium import CONTROLS, SEEN, UNRENDERED, moves, opened
from site_checks import ROOT, stored

TEXT = (ROOT / "appendix/run_it.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.M | re.S) for line in block.splitlines()]
REPOSITORY = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
ADDRESS, BRANCH = REPOSITORY["url"], REPOSITORY["branch"]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def told(pattern: str) -> list[str]:
    return [command for command in COMMANDS if re.match(pattern, command)]


def test_every_make_target_that_a_reader_is_told_exists():
    targets = told("make ") + re.findall(r"`(make \w+)`", TEXT)
    assert {"make book", "make offline", "make help"} <= set(targets)
    for command in targets:
        assert subprocess.run(["make", "-n", command.split()[1]], cwd=ROOT, capture_output=True).returncode == 0


def test_every_install_names_this_project_files_that_exist_and_extras_that_exist():
    installs = told("python -m pip install ") + re.findall(r"`(pip install [^`]+)`", TEXT)
    assert len(installs) >= 5
    for command in installs:
        words = shlex.split(command.partition(" install ")[2])
        for word in words:
            if word.startswith("git+"):
                assert word == f"git+{ADDRESS}"
            elif word.endswith(".txt"):
                assert (ROOT / word).is_file()
            elif extra := re.fullmatch(r"\.\[(\w+)\]", word):
                assert extra[1] in EXTRAS
            else:
                assert word in ("-c", "-e", "jupyterlab"), f"what is {word}?"


def test_a_checkout_is_made_of_the_one_address_and_named_like_it():
    assert told("git ") == [f"git clone {ADDRESS}", f"git clone -b {BRANCH} {ADDRESS}"]
    assert told("cd ") == 2 * [f"cd {ADDRESS.rpartition('/')[2]}"]
    assert set(re.findall(r"branch `([^`]+)`", TEXT)) == {BRANCH}


def test_the_site_has_the_one_address_that_follows_from_the_repository():
    owner, name = ADDRESS.removeprefix("https://github.com/").split("/")
    owner = owner.lower()
    known = re.compile(rf"https://(?:{owner}\.github\.io/[\w.-]+|[\w-]+\.github\.io/{re.escape(name)}\b)")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, text=True, capture_output=True, check=True)
    named = {}
    for path in listed.stdout.splitlines():
        text = (ROOT / path).read_bytes().decode(errors="ignore") if (ROOT / path).is_file() else ""
        for found in known.findall(text):
            named[path] = found
    assert {"README.md", "CITATION.cff"} <= set(named)
    assert {path: found for path, found in named.items() if found != f"https://{owner}.github.io/{name}"} == {}


def test_conda_and_jupyter_are_given_files_and_names_that_exist():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert told("conda ") == ["conda env create -f environment.yml", f"conda activate {environment['name']}"]
    built, published = (command.split()[-1] for command in told("jupyter lab"))
    assert built == f"_build/notebooks/{published}" and ROOT / published in stored()


def test_the_command_lines_run_one_after_the_other_as_they_stand(tmp_path):
    commands = [command for command in told("python -m actlab ") if "--device cuda" not in command]
    assert {command.split()[3] for command in commands} == {"list", "claims", "run", "summary", "check", "export"}
    for command in commands:
        done = subprocess.run(
            [sys.executable, *shlex.split(command)[1:]],
            cwd=tmp_path,
            env=os.environ | {"COLUMNS": "100"},
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert (tmp_path / "disk.jsonl").stat().st_size > 0


def test_the_study_for_a_graphics_card_runs_without_one_when_it_is_made_small(tmp_path):
    (command,) = told("python -m actlab .*--device cuda")
    small = command.replace("epochs=10", "epochs=1").replace("--device cuda", "--runs 1")
    assert "epochs=1 " in small
    small += " --set points=64 --set test_points=64 --out images.sqlite"
    done = subprocess.run([sys.executable, *shlex.split(small)[1:]], cwd=tmp_path, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "images.sqlite").stat().st_size > 0


def test_the_lowest_versions_it_names_are_those_of_the_package():
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    named = re.findall(r"(\w+) from (\d[\d.]*\d)", TEXT)
    assert len(named) == 2
    assert {f"{package}>={lowest}" for package, lowest in named} <= set(needs)


def test_no_command_is_left_unchecked():
    known = r"make |python -m pip install |git |cd |conda |jupyter lab |jupyter-book build \.$|python -m actlab "
    assert [command for command in COMMANDS if not re.match(known, command)] == []


@pytest.fixture(scope="module")
def unpacked(book, tmp_path_factory):
    """The address of the book as a reader unpacks it, away from the checkout."""
    done = subprocess.run(["make", "--old-file=book", "offline"], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    folder = tmp_path_factory.mktemp("reader")
    with zipfile.ZipFile(ROOT / "_build/actlab-book.zip") as packed:
        packed.extractall(folder)
    (top,) = folder.iterdir()
    return top.as_uri()


@pytest.mark.parametrize("page", ["intro", "chapters/03_tanh", "appendix/catalog"])
def test_a_page_on_a_disk_is_whole(browser, unpacked, page):
    with opened(browser, unpacked, page) as tab:
        assert tab.evaluate(UNRENDERED) == []
        assert tab.locator("mjx-container").count() or page == "intro"
        players = tab.locator(".actlab-player").all()
        if page.startswith("chapters/"):
            assert players
        for player in players:
            assert player.evaluate(SEEN)
            assert moves(player, player.locator(CONTROLS).first)


def test_search_on_a_disk_lists_the_pages_that_hold_a_word(browser, unpacked):
    tab = browser.new_page()
    tab.goto(f"{unpacked}/search.html?q=saturation")
    results = tab.locator("#search-results li a")
    results.first.wait_for()
    tab.get_by_text("found").first.wait_for()
    found = results.evaluate_all("links => links.map(link => link.href)")
    assert len(found) >= 3
    assert any("chapters/02_step_to_sigmoid" in link for link in found)
    results.first.click()
    tab.locator(".bd-article h1").wait_for()  # another one is for paper
    assert tab.url.startswith(unpacked) and "search.html" not in tab.url
    tab.close()
