"""Runs the notebooks of a build side by side, before Sphinx reads them one after the other.

MyST-NB runs a notebook while Sphinx reads its page, and Sphinx reads the pages of a Jupyter Book one at a time: on
two processors one of them idles for minutes. Here every notebook that is about to be read and has no stored outputs
is run, as many at a time as there are processors, and its outputs are stored where MyST-NB looks for them. A notebook
that fails is left out: MyST-NB runs it once more and says on which page, in which cell.
"""

import asyncio
import os
import time
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_client.manager import AsyncKernelManager
from kernels import Kernels
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def run_ahead(app: Sphinx, env, names: list[str]) -> None:
    """Fills MyST-NB's folder of stored outputs for the pages that Sphinx is about to read."""
    if app.config.nb_execution_mode != "cache":
        return
    cache = get_cache(Path(app.outdir).parent / ".jupyter_cache")
    waiting = [
        path for name in names if (path := Path(env.doc2path(name))).suffix == ".ipynb" and not _has(cache, path)
    ]
    if len(waiting) < 2:
        return  # one alone is MyST-NB's, with all processors
    at_once = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"  # each kernel has a processor to itself
    try:
        asyncio.run(_run_all(waiting, cache, at_once, app.config.nb_execution_timeout))
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _has(cache, path):
    try:
        cache.match_cache_notebook(nbformat.read(path, 4))
    except KeyError:
        return False
    return True


async def _run_all(paths, cache, at_once, timeout):
    room = asyncio.Semaphore(at_once)

    async def run(path):
        async with room:
            notebook, began = nbformat.read(path, 4), time.perf_counter()
            where = {"metadata": {"path": str(path.parent)}}
            client = NotebookClient(
                notebook,
                km=kernels.managed(AsyncKernelManager()),
                timeout=timeout,
                resources=where,
                record_timing=False,
            )
            try:
                await client.async_execute(cleanup_kc=True)
            except (CellExecutionError, CellTimeoutError, DeadKernelError):
                return
            seconds = time.perf_counter() - began
        bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        logger.info(f"{path}: run in {seconds:.0f} s")

    with Kernels() as kernels:
        await asyncio.gather(*map(run, paths))


def setup(app: Sphinx) -> dict:
    app.connect("env-before-read-docs", run_ahead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
