"""Which code trains: what decides the numbers of a run beside its setting, as a worker sees it."""

from collections.abc import Callable

__all__ = ["SAME", "SOURCE", "question"]

SAME = ("actlab", "source", "torch", "numpy", "numba")  # what a worker has as we have it, or is not used


def question() -> Callable[[], dict[str, str | None]]:
    """A function that says, where it is called, which versions of SAME are there; None for what is missing.

    It is made here, and not defined in the module, so that it travels by value to a worker that may lack actlab. It
    imports nothing that takes time. "source" is a hash of the package's own files, since one version number may
    stand for many states of a checkout: of what is loaded already, else of what would be.
    """

    def versions():
        import hashlib
        import sys
        from importlib.metadata import PackageNotFoundError, version
        from importlib.util import find_spec
        from pathlib import Path

        found = {}
        for package in ("actlab", "torch", "numpy", "numba"):
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                found[package] = None
        loaded = sys.modules.get("actlab.experiments._source")
        if hasattr(loaded, "SOURCE"):
            return found | {"source": loaded.SOURCE}
        package = find_spec("actlab")
        if package is None or not package.submodule_search_locations:
            return found | {"actlab": None, "source": None}
        folder = Path(next(iter(package.submodule_search_locations)))
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix()):
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            # a checkout on Windows may end its lines in another way
            digest.update(hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).digest())
        return found | {"source": digest.hexdigest()[:12]}

    return versions


SOURCE = question()()["source"]  # now, when it is loaded: the files may change while a worker lives
