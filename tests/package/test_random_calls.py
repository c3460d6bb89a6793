import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[1] / "random_calls.py"


def test_no_random_call_crashes_or_reads_outside_an_array_and_all_agree_on_what_they_refuse(tmp_path):
    # more of them: NUMBA_BOUNDSCHECK=1 python tests/random_calls.py 10000 --seed 1
    run = subprocess.run(
        [sys.executable, str(SCRIPT), "250"],
        env={**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    # an error inside a compiled function that is called through a pointer is written there, and nowhere else
    assert (run.returncode, run.stderr) == (0, ""), run.stderr[-3000:]
    counts = json.loads(run.stdout)
    assert counts["stacked"] == 250
    assert min(counts[name] for name in ("compiled", "fit", "fit_batches", "trained", "refused")) > 40
    assert counts["numbers compared with the plain loop"] > 40


def test_bounds_are_looked_at_in_compiled_functions_that_are_called_through_a_pointer(tmp_path):
    # or else the test above would see nothing
    script = (
        "import numpy as np\n"
        "from actlab.ensemble import _compiled\n"
        "one = np.zeros((1, _compiled.BLOCK), np.float32)\n"
        "_compiled._activate('relu', ())(one, one[0], 2, one)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert "IndexError" in run.stderr
