import hashlib

from site_checks import ROOT

SUMS = dict(
    reversed(line.split("  ")) for line in (ROOT / "_vendor/SHA256SUMS").read_text(encoding="utf-8").splitlines()
)
FOLDERS = ("_vendor/_static", "tests/vendor")


def test_vendored_files_are_the_ones_that_were_fetched():
    assert {place: hashlib.sha256((ROOT / place).read_bytes()).hexdigest() for place in SUMS} == SUMS


def test_no_vendored_file_is_without_checksum():
    files = {path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert {path.relative_to(ROOT).as_posix() for path in files} == set(SUMS)


def test_every_vendored_package_has_its_licence():
    for folder in ("_vendor/_static/vendor/mathjax", "tests/vendor"):
        assert f"{folder}/LICENSE" in SUMS


def test_vendored_files_stay_small():
    assert sum((ROOT / place).stat().st_size for place in SUMS) < 5_000_000
