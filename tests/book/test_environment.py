import re
import subprocess
import sys
import tomllib
import zipfile

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from site_checks import ROOT, stored

from actlab import lab

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
CONDA = [entry for entry in ENVIRONMENT["dependencies"] if isinstance(entry, str)]
(PIP,) = [entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict)]
PINS = {
    canonicalize_name(name): Version(version)
    for name, version in re.findall(
        r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M
    )
}


def test_environment_is_named_after_the_project():
    assert ENVIRONMENT["name"] == PROJECT["name"]


def test_conda_brings_pip_and_a_python_that_the_project_admits():
    versions = dict(re.fullmatch(r"([\w-]+)(?:=(\S+))?", entry).groups() for entry in CONDA)
    assert set(versions) == {"python", "pip"}, "every other package is pyproject.toml's to list"
    assert Version(versions["python"]) in Requirement(f"python{PROJECT['requires-python']}").specifier


def test_pip_installs_this_project_with_the_extras_that_its_notebooks_ask_for_and_no_other():
    asked = {extra for path in stored() for extra in re.findall(r'"needs-(\w+)"', path.read_text(encoding="utf-8"))}
    (extras,) = [re.fullmatch(r"-e \.\[([\w,]+)\]", entry)[1] for entry in PIP if entry.startswith("-e")]
    assert asked
    assert set(extras.split(",")) == asked <= set(PROJECT["optional-dependencies"])


def test_pip_keeps_to_constraints_that_exist_and_is_given_no_second_list():
    (name,) = [entry.removeprefix("-c ") for entry in PIP if entry.startswith("-c")]
    assert (ROOT / name).is_file()
    (other,) = [entry for entry in PIP if not entry.startswith(("-c ", "-e "))]
    assert re.fullmatch(r"--extra-index-url https://\S+/cpu", other), "torch's builds for processors, no package"


def test_the_constraints_bring_widgets_that_the_players_need():
    (need,) = [Requirement(line) for line in PROJECT["optional-dependencies"]["pages"] if "ipywidgets" in line]
    assert Version("8.0") not in need.specifier and PINS["ipywidgets"] in need.specifier


def test_constraints_pin_versions_within_the_promised_ranges():
    extras = PROJECT["optional-dependencies"]
    wanted = [
        Requirement(line) for line in PROJECT["dependencies"] + extras["book"] + extras["pages"] + extras["test"]
    ]
    outside = [str(need) for need in wanted if PINS.get(canonicalize_name(need.name), "none") not in need.specifier]
    assert not outside, f"not pinned, or pinned outside of the range: {outside}"


def test_the_wheel_carries_every_file_of_the_package_and_what_a_lab_needs(tmp_path, monkeypatch):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        carried = set(file.namelist())
        file.extractall(tmp_path / "installed")
    files = [path for path in (ROOT / "src/actlab").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert len([path for path in files if path.suffix == ".toml"]) >= 12
    assert {path.relative_to(ROOT / "src").as_posix() for path in files} <= carried
    monkeypatch.setattr(lab, "__file__", str(tmp_path / "installed/actlab/lab.py"))
    for made in (lab.train(), lab.explore(), lab.numbers()):
        assert "window.actlabLab" in made._repr_html_()
