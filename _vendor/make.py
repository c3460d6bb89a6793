"""Fetches the vendored files again, and writes SHA256SUMS. Run it where npm is: `python _vendor/make.py`.

To move to another version, edit PACKAGES, run, and run the tests.
"""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = "_vendor/_static/vendor"  # below _static/ on the site, and out of the repository's _static/: see README.md
MATHJAX = f"{SITE}/mathjax"
AXE = "tests/vendor"

# package -> file in it -> where it goes; a name that ends in / stands for all files of that folder
PACKAGES = {
    "mathjax@3.2.2": {
        "LICENSE": f"{MATHJAX}/LICENSE",
        "es5/tex-chtml-full.js": f"{MATHJAX}/tex-chtml-full.js",
        "es5/output/chtml/fonts/woff-v2/": f"{MATHJAX}/output/chtml/fonts/woff-v2/",
    },
    "axe-core@4.14.1": {
        "LICENSE": f"{AXE}/LICENSE",
        "LICENSE-3RD-PARTY.txt": f"{AXE}/LICENSE-3RD-PARTY.txt",
        "axe.min.js": f"{AXE}/axe.min.js",
    },
}


def fetch(name: str, wanted: dict[str, str]) -> list[str]:
    """Puts the wanted files of a package in their places, and names them."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", name], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (tarball,) = Path(folder).glob("*.tgz")
        with tarfile.open(tarball) as tar:
            tar.extractall(folder, filter="data")
        package = Path(folder) / "package"
        return [place for source, target in wanted.items() for place in _copy(package, source, target)]


def _copy(package, source, target):
    files = sorted((package / source).iterdir()) if source.endswith("/") else [package / source]
    for file in files:
        place = ROOT / target / file.name if target.endswith("/") else ROOT / target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
        yield place.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    for folder in (SITE, AXE):
        shutil.rmtree(ROOT / folder, ignore_errors=True)
    places = sorted(place for package, wanted in PACKAGES.items() for place in fetch(package, wanted))
    sums = [f"{hashlib.sha256((ROOT / place).read_bytes()).hexdigest()}  {place}\n" for place in places]
    (ROOT / "_vendor/SHA256SUMS").write_text("".join(sums), encoding="utf-8", newline="\n")
    print(f"{len(places)} files, {sum((ROOT / place).stat().st_size for place in places) / 1e6:.1f} MB")
