"""The built book, and a server for it: made once a test run, whichever worker asks first."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from serving import served
from site_checks import NO_BROWSER, ROOT, build


@pytest.fixture(scope="session")
def book(testrun_uid: str, pytestconfig: pytest.Config) -> Path:
    """The folder of the built pages."""
    folder = ROOT / "_build"
    if pytestconfig.option.built:
        return folder / "html"
    folder.mkdir(exist_ok=True)
    stamp = folder / "tested"
    with FileLock(folder / "lock"):
        # a second build would write under the hands of the worker that reads
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != testrun_uid:
            done = build(ROOT, "-W", "-n", "--keep-going")
            assert done.returncode == 0, done.stdout[-4000:]
            stamp.write_text(testrun_uid, encoding="utf-8")
    return folder / "html"


@pytest.fixture(scope="session")
def site(book: Path) -> Iterator[str]:
    """The address at which the built pages are served, on this machine alone."""
    with served(book) as address:
        yield address


@pytest.fixture(scope="module")
def browser(in_ci: bool) -> Iterator:
    """Chromium; without one the tests that need it are skipped, and fail where it must be there."""
    import chromium  # here: unit tests run where there is no playwright
    from playwright.sync_api import sync_playwright

    if not chromium.path():
        if in_ci:
            pytest.fail(NO_BROWSER)
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As in the recipes and on the ledger: two threads add up in another order, and training amplifies that."""
    import torch  # here: half of the tests need none

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def pytest_terminal_summary(terminalreporter) -> None:
    # a skipped test is one letter among a thousand
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    if any(NO_BROWSER in reason for reason in skipped):
        terminalreporter.section(NO_BROWSER, red=True, bold=True)
    said = r"(?:[A-Z]+ IS NOT INSTALLED|NO PACKAGE INDEX)[^'\"]*"
    elsewhere = sorted({found for reason in skipped for found in re.findall(said, reason)})
    for reason in elsewhere:
        terminalreporter.section(reason, yellow=True)
