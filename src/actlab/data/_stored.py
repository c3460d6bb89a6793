"""Real digits, sentences and tables, from the files that lie in data/."""

import gzip
import io
import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

from .. import stored
from .._names import one_of
from ._points import Split, _require_count

__all__ = ["mnist", "rated_sentences", "reviews", "tables", "tabular"]

tables = ("auto_mpg", "breast_cancer", "wine")
STRATA = 10  # of a target that is no class


def mnist(n: int = 4000, *, test: int = 1000, seed: int = 0, flat: bool = False) -> Split:
    """`n` training and `test` test digits, drawn by the seed from the 5,000 of data/mnist {cite}`lecun1998mnist`.

    x: float32, shape (digits, 1, 28, 28), -1 for paper and 1 for ink, or flat, shape (digits, 784), for a network
    of linear layers. y: int64, 0 to 9. Raises ValueError where more digits are asked for than there are, or the
    stored file is not the one that its recipe wrote.
    """
    images, labels = _digits()
    chosen = _chosen(len(images), "digits", n, test, seed)
    x, y = images[chosen], labels[chosen]
    x = (x[:, None].float() / 255 - 0.5) / 0.5
    x = x.flatten(1) if flat else x
    return Split(x[:n], y[:n], x[n:], y[n:])


def reviews(n: int = 4000, *, test: int = 1000, seed: int = 0, clear: float = 0.5) -> Split:
    """`n` training and `test` test sentences, drawn by the seed from those of data/reviews {cite}`hutto2014`.

    x: tuples of sentences. y: float32, 1 where the mean rating is `clear` or more, 0 where it is -`clear` or less;
    sentences between are left out. One that comes twice counts once, with its later rating. Raises as `mnist` does,
    and where `clear` is not above 0.
    """
    if not clear > 0:
        raise ValueError(f"clear must be more than 0; got {clear}")  # at 0 a rating of 0 would count as negative
    texts, ratings = rated_sentences()
    sure = (ratings.abs() >= clear).nonzero()[:, 0]
    chosen = sure[_chosen(len(sure), f"sentences with a rating of {clear} or more", n, test, seed)]
    x, y = tuple(texts[i] for i in chosen.tolist()), (ratings[chosen] > 0).float()
    return Split(x[:n], y[:n], x[n:], y[n:])


def tabular(name: str, *, share: float = 1 / 3, seed: int = 0) -> Split:
    """A table of data/tabular, `share` of its rows to test on, split by the seed; one of `tables` {cite}`kelly2023`.

    x: float32, (rows, features), each feature less its mean over the training rows and divided by its deviation
    there. y: of "breast_cancer" float32, 1 for malignant; of "wine" int64, the cultivar, 0 to 2; of "auto_mpg"
    float32, miles per gallon, brought to mean 0 and deviation 1 like a feature. The split is stratified: each class,
    or each tenth of the rows by miles per gallon, has the same share in the test. Raises KeyError for another name;
    ValueError where no row is left to train or to test on, or the stored file is not the one that its recipe wrote.
    """
    one_of(tables, name, "table")
    x, y, strata = _table(name)
    generator = torch.Generator().manual_seed(seed)
    test = torch.zeros(len(y), dtype=torch.bool)
    for stratum in strata.unique():
        rows = (strata == stratum).nonzero()[:, 0]
        count = math.floor(share * len(rows) + 0.5) if 0 < share < 1 else 0
        if not 0 < count < len(rows):
            raise ValueError(f"share is the part of the rows to test on, between 0 and 1; got {share}")
        test[rows[torch.randperm(len(rows), generator=generator)[:count]]] = True
    x = (x - x[~test].mean(0)) / x[~test].std(0)
    if name == "auto_mpg":
        y = (y - y[~test].mean()) / y[~test].std()
    y = y.long() if name == "wine" else y.float()
    return Split(x[~test].float(), y[~test], x[test].float(), y[test])


def _chosen(there, what, n, test, seed):
    _require_count(n=n, test=test)
    if n + test > there:
        raise ValueError(f"there are {there} {what}; got n={n} and test={test}, together {n + test}")
    return torch.randperm(there, generator=torch.Generator().manual_seed(seed))[: n + test]


@cache
def _digits():
    with np.load(io.BytesIO(stored.read("mnist", "digits.npz")), allow_pickle=False) as file:
        return torch.from_numpy(file["images"]), torch.from_numpy(file["labels"]).long()


@cache
def _table(name):
    """Features (rows, features) and target (rows,), float64, and the number of each row's stratum."""
    whole = np.loadtxt(io.BytesIO(stored.read("tabular", f"{name}.csv")), delimiter=",", skiprows=1)
    x, y = torch.from_numpy(whole[:, :-1]), torch.from_numpy(whole[:, -1])
    if name == "auto_mpg":
        return x, y, y.argsort(stable=True).argsort(stable=True) * STRATA // len(y)
    return x, y, y


@cache
def rated_sentences() -> tuple[tuple[str, ...], Tensor]:
    """All sentences of data/reviews, each once, and their mean ratings, float32 from -4 to 4 {cite}`hutto2014`."""
    lines = gzip.decompress(stored.read("reviews", "sentences.tsv.gz")).decode().splitlines()
    rated = {sentence: float(rating) for rating, _, sentence in (line.partition("\t") for line in lines)}
    return tuple(rated), torch.tensor(list(rated.values()))
