"""Makes `jupyter-book build .` right after any edit, and quick after none.

Jupyter Book stores the outputs of a notebook under the text of its cells. It does not see what the cells import, so
an edit in src/actlab, data/ or references.bib would leave yesterday's words on the page, and the build would exit 0.
This extension takes a fingerprint of all that:

- It is a configuration value of Sphinx that the environment depends on. Sphinx stores it with what it has read, and
  only once everything was read: another fingerprint, or a build that broke off, and all pages are read again.
- It is written into the folder of stored outputs at the moment that this folder is emptied. So a stored output was
  always made under the fingerprint beside it, and a build that breaks off half-way loses nothing that it has run.

A second one, of the extensions, some of which make parts of a page while it is read, makes Sphinx read all pages
again, and a third, of style sheets and scripts, write them again; neither runs a notebook.

And it mends two things of Sphinx that would otherwise let an old page pass:

- Sphinx repeats no warning of a page that it does not read again: a second `build -W` would pass where the first one
  failed. A build with a warning therefore forgets what it has read (not what it has run).
- Every page shows the titles of all others. When one page was read again, all are written again.
"""

import hashlib
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sphinx.application import Sphinx

RUN = ("src/actlab", "data", "references.bib", "_ext/kernels.py")  # what notebooks import and read, and run in
READ = ("_ext",)  # what makes parts of a page while it is read: read again, not run again
LOOKS = ("_static",)  # what pages look like: written again, not read again
PACKAGES = ("torch", "numpy", "matplotlib", "ipywidgets")


def fingerprint(root: Path) -> str:
    """A hash of every file that a notebook may import or read, and of the versions that its numbers may hang on."""
    digest = _hash(root, RUN)
    for package in PACKAGES:
        digest.update(f"{package} {_version(package)}\0".encode())
    return digest.hexdigest()


def _hash(root, names):
    digest = hashlib.sha256()
    for path in sorted(path for name in names for path in (root / name, *(root / name).rglob("*"))):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def drop_stale(cache: Path, current: str) -> None:
    """Empties the folder of stored outputs unless they were made under the current fingerprint."""
    stamp = cache / "fingerprint"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == current:
        return
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(parents=True)
    stamp.write_text(current, encoding="utf-8", newline="\n")


def forget_warned(app: Sphinx, exception: Exception | None) -> None:
    # after an exception Sphinx does this by itself
    if exception is None and app._warncount:
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)


def setup(app: Sphinx) -> dict:
    current = fingerprint(Path(app.srcdir))
    # MyST-NB keeps its outputs there when execute.cache in _config.yml names no other place
    drop_stale(Path(app.outdir).parent / ".jupyter_cache", current)
    app.add_config_value("actlab_fingerprint", current, "env")
    app.add_config_value("actlab_extensions", _hash(Path(app.srcdir), READ).hexdigest(), "env")
    app.add_config_value("actlab_looks", _hash(Path(app.srcdir), LOOKS).hexdigest(), "html")
    app.connect("build-finished", forget_warned)
    read = []
    app.connect("env-before-read-docs", lambda app, env, names: read.extend(names))
    app.connect("env-updated", lambda app, env: sorted(env.found_docs) if read else [])
    return {"parallel_read_safe": True, "parallel_write_safe": True}
