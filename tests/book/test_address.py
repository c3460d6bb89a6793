"""The address of the repository and of the site, in one place, and `make address`, which changes it in all others."""

import re
import subprocess
import sys

import pytest
import readers
import yaml
from site_checks import ROOT, _soups, stored

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
URL, SITE = CONFIG["repository"]["url"], CONFIG["html"]["baseurl"]
SENTENCE = CONFIG["parse"]["myst_substitutions"]["address"]
# in pieces: in a fork, an address that stood here would be one of those that are found
OWNER, NAME = "Some-One", "some.book"
NEW, NEW_SITE = f"https://github.com/{OWNER}/{NAME}", f"https://{OWNER.lower()}.github.io/{NAME}/"


def address(checkout, *arguments):
    command = [sys.executable, ".ci/address.py", *arguments]
    return subprocess.run(command, cwd=checkout, text=True, capture_output=True)


def git(checkout, *arguments):
    return subprocess.run(["git", *arguments], cwd=checkout, text=True, capture_output=True).stdout


@pytest.fixture
def checkout(tmp_path):
    return readers.copy(tmp_path)


@pytest.fixture(scope="module")
def fork(tmp_path_factory):
    """A copy of the checkout that was given another address, and what was said."""
    folder = readers.copy(tmp_path_factory.mktemp("fork"))
    done = address(folder, NEW)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_the_sentence_about_the_address_stands_in_one_place_and_as_a_copy_in_the_readme():
    lines = git(ROOT, "grep", "--fixed-strings", "--line-number", SENTENCE).splitlines()
    assert {line.partition(":")[0] for line in lines} == {"_config.yml", "README.md"} and len(lines) == 2
    assert SENTENCE in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert re.findall(r"^\{\{ address \}\}$", (ROOT / "appendix/run_it.md").read_text(encoding="utf-8"), re.M) == [
        "{{ address }}"
    ]
    assert "`make address URL=" in SENTENCE


def test_the_sentence_about_the_address_is_on_its_page(book):
    (page,) = _soups(book / "appendix/run_it.html")
    assert re.sub("[`<>]", "", SENTENCE) in " ".join(page.find("article").get_text().split())


def test_without_an_address_it_says_what_is_set_and_changes_nothing(checkout):
    done = address(checkout)
    assert done.stdout.splitlines() == [URL, SITE, SENTENCE]
    assert git(checkout, "status", "--porcelain") == ""


def test_no_file_of_a_fork_names_the_old_address(fork):
    folder, _ = fork
    for old in (URL.removeprefix("https://"), SITE.removeprefix("https://").rstrip("/"), SENTENCE):
        assert git(folder, "grep", "--fixed-strings", "--ignore-case", "--files-with-matches", old) == ""
    config = yaml.safe_load((folder / "_config.yml").read_text(encoding="utf-8"))
    assert (config["repository"]["url"], config["html"]["baseurl"]) == (NEW, NEW_SITE)
    sentence = config["parse"]["myst_substitutions"]["address"]
    assert f"<{NEW_SITE}>" in sentence and f"<{NEW}>" in sentence and "published" in sentence
    assert sentence in (folder / "README.md").read_text(encoding="utf-8").splitlines()
    assert f"git clone {NEW} && cd {NAME}\n" in (folder / "README.md").read_text(encoding="utf-8")
    assert yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))["url"] == NEW_SITE


def test_a_fork_differs_in_nothing_but_its_address_and_has_been_told_where(fork):
    folder, said = fork
    changed = git(folder, "diff", "--name-only").splitlines()
    assert changed and said.splitlines()[: len(changed)] == changed
    assert {"_config.yml", "README.md", "CITATION.cff", "appendix/cite.md", "appendix/run_it.md"} < set(changed)
    assert "Settings, Pages" in said
    for line in git(folder, "diff", "--unified=0", "--no-prefix").splitlines():
        if line.startswith("+") and not line.startswith("+++"):
            assert NEW in line or NEW_SITE in line or f"cd {NAME}" in line, line
    assert git(folder, "ls-files", "--others", "--exclude-standard") == ""


def test_the_tests_of_the_address_pass_in_a_fork(fork):
    folder, _ = fork
    env = readers.os.environ | {"PYTHONPATH": str(folder / "src")}
    checks = [
        ["-m", "actlab.notebooks", "check", "intro.ipynb", "chapters", "appendix"],
        ["-m", "pytest", "-o", "addopts=", "-q", "-k", "repository or address or install or conda or citation",
         "tests/book/test_book.py", "tests/book/test_run_it.py", "tests/book/test_teaching.py"],
    ]  # fmt: skip
    for check in checks:
        done = subprocess.run([sys.executable, *check], cwd=folder, env=env, text=True, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[5-9] passed", done.stdout, re.M), done.stdout


def test_contributing_walks_from_a_fork_to_what_is_published(checkout, tmp_path):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## From a fork to a published site\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"^ *```sh\n(.*?)^ *```", section, re.M | re.S)
    commands = [line.strip().replace("OWNER", OWNER).replace("NAME", NAME) for line in block.splitlines()]
    # the bare repository is what GitHub has of a fork: this project, at the new address
    github, notebooks = (
        tmp_path / "github",
        yaml.safe_load((checkout / "_config.yml").read_text())["repository"]["branch"],
    )
    git(checkout, "branch", "--move", "main")
    git(tmp_path, "clone", "--quiet", "--bare", str(checkout), str(github))
    given = {"user.name": "a reader", "user.email": "reader@example.org", f"url.{github}.insteadOf": NEW}
    env = readers.os.environ | {"GIT_CONFIG_COUNT": str(len(given))}
    for i, (key, value) in enumerate(given.items()):
        env |= {f"GIT_CONFIG_KEY_{i}": key, f"GIT_CONFIG_VALUE_{i}": value}

    def run(script, folder):
        done = subprocess.run(["bash", "-e"], input=script, cwd=folder, env=env, text=True, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr

    run("\n".join(commands), tmp_path)
    # and then what the workflow does, with notebooks that it would have built
    for page in stored(tmp_path / NAME):
        plain = tmp_path / NAME / "_build/notebooks" / page.relative_to(tmp_path / NAME)
        plain.parent.mkdir(parents=True, exist_ok=True)
        plain.write_bytes(page.read_bytes())
    run(f"make branch\ngit push origin {notebooks}", tmp_path / NAME)
    for branch in ("main", notebooks):
        config = yaml.safe_load(git(github, "show", f"{branch}:_config.yml"))
        assert (config["repository"]["url"], config["html"]["baseurl"]) == (NEW, NEW_SITE)
        for old in (URL.removeprefix("https://"), SITE.removeprefix("https://").rstrip("/"), SENTENCE):
            assert git(github, "grep", "-F", "-i", "-l", old, branch) == ""
        # what the rocket opens
        there = git(github, "ls-tree", "-r", "--name-only", branch).splitlines()
        assert {page.relative_to(ROOT).as_posix() for page in stored()} <= set(there)


def test_the_walk_names_the_jobs_of_the_workflow():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## From a fork to a published site\n")[2].partition("\n## ")[0]
    workflow = yaml.load((ROOT / ".github/workflows/book.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
    named = set(re.findall(r"`(\w+)`", section))
    assert set(workflow["jobs"]) <= named and workflow["name"] in named
    assert f"after {workflow['jobs']['test']['timeout-minutes']} minutes" in " ".join(section.split())
    assert "vars.TORCH_INDEX" in workflow["jobs"]["test"]["env"]["PIP_EXTRA_INDEX_URL"] and "TORCH_INDEX" in named


def test_a_second_time_changes_nothing_and_another_address_can_follow(checkout):
    address(checkout, NEW)
    git(checkout, "add", "--all")
    done = address(checkout, NEW)
    assert done.stdout == f"{NEW} stands everywhere already\n"
    assert git(checkout, "diff", "--name-only") == ""
    assert address(checkout, f"https://github.com/else/{NAME}-2").returncode == 0
    left = git(checkout, "grep", "--fixed-strings", "--ignore-case", "--files-with-matches", OWNER)
    assert left.splitlines() == ["tests/book/test_address.py"]
    assert address(checkout, NEW).returncode == 0
    assert git(checkout, "diff", "--name-only") == ""


def test_the_address_that_is_set_may_be_set_again_once_it_is_registered(checkout):
    assert address(checkout, URL).returncode == 0
    assert set(git(checkout, "diff", "--name-only").splitlines()) <= {"README.md", "_config.yml"}
    sentence = address(checkout).stdout.splitlines()[-1]
    assert (
        f"published at <{SITE}>" in sentence
        and sentence in (checkout / "README.md").read_text(encoding="utf-8").splitlines()
    )


def test_an_address_that_another_one_begins_with_is_left_alone(checkout):
    beside = f"{URL}-data {URL}.js {URL}_2 {SITE.rstrip('/')}-old/"
    (checkout / "notes.md").write_text(f"{beside}\n{URL}. {URL}.git {URL}/issues <{SITE}a.html>\n", encoding="utf-8")
    (checkout / "notes.md").chmod(0o755)
    git(checkout, "add", "notes.md")
    address(checkout, NEW)
    assert (checkout / "notes.md").stat().st_mode & 0o777 == 0o755
    assert (checkout / "notes.md").read_text(encoding="utf-8").splitlines() == [
        beside,
        f"{NEW}. {NEW}.git {NEW}/issues <{NEW_SITE}a.html>",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        [f"{OWNER}/{NAME}"],
        [NEW.replace("https", "http")],
        [NEW.replace("github", "gitlab")],
        [f"https://github.com/{OWNER}"],
        [f"{NEW}/"],
        [f"{NEW}.git"],
        [f"{NEW}\n"],
        [NEW.replace("-", " ")],
        [f"https://github.com/{OWNER}/.."],
        [f"https://github.com/{OWNER}/{OWNER}.github.io"],
        [NEW, NEW],
        [""],
    ],
    ids=repr,
)
def test_what_is_not_the_address_of_a_repository_is_refused_in_one_line(fork, wrong):
    folder, _ = fork
    before = git(folder, "diff")
    done = address(folder, *wrong)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("not the address of a repository, https://github.com/OWNER/NAME: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert git(folder, "diff") == before


def test_make_hands_the_address_on():
    for arguments, command in {(): ".ci/address.py ", (f"URL={NEW}",): f'.ci/address.py "{NEW}"'}.items():
        done = subprocess.run(
            ["make", "-n", "--no-print-directory", "address", *arguments], cwd=ROOT, text=True, capture_output=True
        )
        assert done.stdout.strip() == f"python3 {command}".strip()
