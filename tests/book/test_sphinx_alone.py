"""The way off Jupyter Book: what it knows of the book is written down for Sphinx."""

import runpy
import shutil
import sys
from types import SimpleNamespace

import pytest
import sphinx_alone
import yaml
from site_checks import ROOT

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def conf(tmp_path_factory):
    """What the configuration for Sphinx says, and the folder that it was written for."""
    folder, before = tmp_path_factory.mktemp("book"), list(sys.path)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(ROOT / "_static", folder / "_static")
    sphinx_alone.write_conf(folder)
    said = runpy.run_path(str(folder / "conf.py"))
    found, sys.path[:] = sys.path[0], before
    return SimpleNamespace(folder=folder, said=said, found=found)


def test_conf_has_the_extensions_of_the_book_and_finds_them_without_jupyter_book(conf):
    listed = CONFIG["sphinx"]["config"]["extensions"]
    assert conf.said["extensions"] == [name for name in listed if name not in sphinx_alone.LEFT_OUT]
    assert {"jupyter_book"} < set(listed) - set(conf.said["extensions"])
    assert conf.found == str(conf.folder / "_ext")
    assert set(CONFIG["sphinx"]["local_extensions"]) <= set(conf.said["extensions"])


def test_conf_says_what_the_configuration_of_the_book_says(conf):
    own = CONFIG["sphinx"]["config"].keys() - {"extensions", "html_theme_options", "html_context"}
    assert {key: conf.said[key] for key in own} == {key: CONFIG["sphinx"]["config"][key] for key in own}
    assert conf.said["html_baseurl"] == CONFIG["html"]["baseurl"]
    assert conf.said["nb_execution_mode"] == CONFIG["execute"]["execute_notebooks"]
    assert conf.said["external_toc_path"] == "_toc.yml"
    assert set(conf.said["html_css_files"] + conf.said["html_js_files"]) == {
        path.name for path in (ROOT / "_static").iterdir() if path.suffix in (".css", ".js")
    }
