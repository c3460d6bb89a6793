"""The branch that Colab and Binder open, made by .ci/branch in a copy of the checkout, a repository of its own."""

import os
import subprocess
from pathlib import Path

import pytest
import readers
import yaml
from site_checks import ROOT, stored

BRANCH = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["branch"]
PAGES = [path.relative_to(ROOT).as_posix() for path in stored()]
# what git and a job know of whoever runs this must not be needed
KEPT = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
ENV = KEPT | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(folder: Path, *arguments: str) -> str:
    someone = ("-c", "user.name=an author", "-c", "user.email=author@example.org")
    done = subprocess.run(["git", *someone, *arguments], cwd=folder, env=ENV, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def branch(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(["bash", ".ci/branch"], cwd=folder, env=ENV, text=True, capture_output=True)


def made(folder: Path) -> str:
    """The commit that the branch has after the script was run."""
    done = branch(folder)
    assert done.returncode == 0, done.stderr
    return git(folder, "rev-parse", BRANCH)


def files(folder: Path, commit: str) -> dict[str, str]:
    """From each path in a commit to its mode and what is in it."""
    lines = git(folder, "ls-tree", "-r", commit).splitlines()
    return {path: rest for rest, path in (line.split("\t") for line in lines)}


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A repository of one commit, in which the book was built: of the book there are the plain notebooks."""
    folder = readers.copy(tmp_path)
    for page in PAGES:
        file = folder / "_build/notebooks" / page
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(f'{{"plain": "{page}"}}\r\n'.encode())
    (folder / "_build/notebooks/made").write_text("not a notebook", encoding="utf-8")
    return folder


def test_the_branch_is_main_with_the_plain_notebooks_and_without_the_workflow(checkout):
    before = git(checkout, "status", "--porcelain", "--branch")
    ours, main = files(checkout, made(checkout)), files(checkout, "HEAD")
    assert {path for path in main if path not in ours} == {".github/workflows/book.yml"}
    assert {path for path in ours if ours[path] != main.get(path)} == set(PAGES)
    for page in PAGES:
        shown = subprocess.run(["git", "show", f"{BRANCH}:{page}"], cwd=checkout, capture_output=True, check=True)
        assert shown.stdout == (checkout / "_build/notebooks" / page).read_bytes()
    assert git(checkout, "status", "--porcelain", "--branch") == before


def test_the_commit_names_the_one_of_main_and_has_its_author_and_date(checkout):
    commit = made(checkout)
    assert git(checkout, "log", "-1", "--format=%s", commit).endswith(git(checkout, "rev-parse", "--short", "HEAD"))
    what = "--format=%an %ae %at %cn %ce %ct"
    author = git(checkout, "log", "-1", "--format=%an %ae %at", "HEAD")
    assert git(checkout, "log", "-1", what, commit) == f"{author} {author}"
    assert git(checkout, "log", "--format=%H", commit) == commit, "it goes on from nothing"


def test_where_nothing_changed_there_is_no_commit_and_after_a_change_there_is_one(checkout):
    first = made(checkout)
    assert made(checkout) == first
    (checkout / "_build/notebooks" / PAGES[1]).write_text("{}", encoding="utf-8")
    second = made(checkout)
    assert git(checkout, "log", "--format=%H", second).split() == [second, first]
    assert git(checkout, "diff", "--name-only", first, second) == PAGES[1]
    (checkout / "README.md").write_text("another one\n", encoding="utf-8")
    assert made(checkout) == second, "what is not committed is not in it"
    git(checkout, "commit", "--all", "--quiet", "-m", "an edit")
    third = made(checkout)
    assert git(checkout, "diff", "--name-only", second, third) == "README.md"
    assert git(checkout, "rev-parse", f"{third}^") == second


@pytest.mark.parametrize("page", [PAGES[0], PAGES[-1]])
def test_a_page_without_a_plain_notebook_is_refused_in_one_line(checkout, page):
    (checkout / "_build/notebooks" / page).unlink()
    done = branch(checkout)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == f"there is no _build/notebooks/{page}: first build the book with make book\n"
    assert git(checkout, "branch", "--list", BRANCH) == ""


def test_a_fresh_clone_goes_on_from_what_was_pushed_and_pushes_only_what_is_new(checkout, tmp_path):
    bare = tmp_path / "bare"
    main = git(checkout, "symbolic-ref", "--short", "HEAD")
    git(tmp_path, "init", "--bare", "--quiet", str(bare))
    git(checkout, "remote", "add", "origin", str(bare))
    first = made(checkout)
    git(checkout, "push", "--quiet", "origin", main, BRANCH)

    def job(name):
        """What the workflow does: a clone with all branches and no branch of its own, the notebooks, the push."""
        clone = tmp_path / name
        git(tmp_path, "clone", "--quiet", "--branch", main, str(bare), str(clone))
        git(clone, "checkout", "--quiet", "--detach")
        (checkout / "_build").rename(clone / "_build")
        commit = made(clone)
        git(clone, "push", "--quiet", "origin", BRANCH)
        (clone / "_build").rename(checkout / "_build")
        return commit

    assert job("same") == first == git(bare, "rev-parse", BRANCH)
    (checkout / "_build/notebooks" / PAGES[2]).write_text("{}", encoding="utf-8")
    second = job("other")
    assert git(bare, "log", "--format=%H", BRANCH).split() == [second, first]
    # the first checkout fetches, and its own branch, which is behind, does not count
    git(checkout, "fetch", "--quiet", "origin")
    assert made(checkout) == second


def test_make_calls_the_script_and_needs_nothing_else():
    done = subprocess.run(["make", "-n", "--no-print-directory", "branch"], cwd=ROOT, text=True, capture_output=True)
    assert done.stdout == ".ci/branch\n"
    assert os.access(ROOT / ".ci/branch", os.X_OK)
