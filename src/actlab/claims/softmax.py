"""Claims about softmax stability."""

import math
import warnings

import numpy as np
import torch
from matplotlib.figure import Figure
from torch.nn import functional

from .. import activations, softmax
from . import CONDITIONS, IMPRECISE, TRUE, Evidence, claim

CHAPTER = "chapters/06_softmax_stability"
DIGITS = "chapters/deeper/06_digits"
SLOPE = "chapters/deeper/06_slope"


@claim(
    "The outputs of softmax add up to 1",
    verdict=TRUE,
    corrected="In a program to the rounding of its format, which in bfloat16 is some tenths of a per cent.",
    where=f"{DIGITS}#sec-softmax-digits",
)
def softmax_adds_up_to_1():
    logits = 5 * torch.randn(1000, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    off = {}
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        outputs = softmax.softmax(logits.to(dtype)).tolist()
        off[dtype] = max(abs(math.fsum(row) - 1) for row in outputs)  # fsum rounds once
    return Evidence(
        "farthest from 1 among the sums of 1000 rows of ten outputs: "
        + ", ".join(
            f"less than 1e{math.ceil(math.log10(gap))} in {str(dtype).removeprefix('torch.')}"
            for dtype, gap in off.items()
        ),
        expected="sums of 1 to the rounding of ten outputs",
        cases={str(dtype).removeprefix("torch."): gap < 10 * torch.finfo(dtype).eps for dtype, gap in off.items()},
    )


@claim(
    "Softmax is made stable by the log-sum-exp trick, which is to subtract the largest logit before exponentials are "
    "taken",
    verdict=IMPRECISE,
    corrected="Subtracting the largest logit makes softmax stable, because a shift does not change it. The "
    "log-sum-exp trick is to add it again outside the logarithm, and is what the logarithm of softmax needs.",
    where=f"{CHAPTER}#sec-softmax-log",
    citations=("blanchard2021",),
)
def stable_softmax_is_the_log_sum_exp_trick():
    z = torch.tensor([0.0, -800.0], dtype=torch.float64)
    by_shift, by_logsumexp = torch.log(_shifted(z)), z - softmax.logsumexp(z)
    large = torch.tensor([1000.0, 1001.0, 1002.0], dtype=torch.float64)
    off = (_shifted(large) - softmax.naive_softmax(large - 1000)).abs().max().item()
    return Evidence(
        f"logarithm of the second probability of [0, -800]: {by_shift[1]:g} from the shifted softmax, "
        f"{by_logsumexp[1]:g} with log-sum-exp; the shifted softmax of [1000, 1001, 1002] is "
        f"{'right' if off < 1e-15 else 'wrong'}",
        expected="one trick: the shift gives what log-sum-exp is for, the logarithms too",
        cases={"the logarithms come out finite": by_shift.isfinite().all().item()},
        core={"the shift makes softmax itself right for large logits, to 1e-15": off < 1e-15},
    )


def _shifted(z):
    """Softmax of logits of shape (n,), the largest subtracted first."""
    weights = torch.exp(z - z.max())
    return weights / weights.sum()


@claim(
    "Put a sigmoid behind a network for binary classification, softmax for many classes, and nothing for regression",
    verdict=TRUE,
    corrected="Of several labels that may hold at once each wants a sigmoid. And the usual losses want logits and "
    "bring the sigmoid or softmax themselves: applied twice, it leaves a loss that cannot come near 0.",
    where=f"{CHAPTER}#sec-softmax-twice",
    activations=("sigmoid", "identity"),
)
def which_function_goes_behind_the_network():
    z = torch.linspace(-20, 20, 401, dtype=torch.float64)
    two = softmax.softmax(torch.stack([z, torch.zeros_like(z)], dim=1))[:, 0]
    gap = (two - activations.get("sigmoid")(z)).abs().max().item()
    sure, label = 50 * torch.eye(10, dtype=torch.float64), torch.arange(10)  # certain, and right
    once, twice = (functional.cross_entropy(out, label).item() for out in (sure, softmax.softmax(sure)))
    both = softmax.softmax(torch.tensor([50.0, 50.0, 0.0])).sort().values[-2].item()  # two labels at once
    return Evidence(
        f"softmax of (z, 0) is sigmoid(z) to {'1e-12' if gap < 1e-12 else 'less than 1e-12'}; cross-entropy of "
        f"certain right answers in ten classes: {once:.2f} from logits, {twice:.2f} from probabilities; where two "
        f"labels hold, the second largest output of softmax is {both:.2f} at most",
        expected="one rule for two classes and for many, a loss near 0 for certain right answers, and answers that "
        "nothing bounds",
        cases={
            "two classes: the sigmoid is their softmax": gap < 1e-12,
            "many classes: softmax, then a cross-entropy of its logarithm": once < 0.01,
            "regression: nothing bounds the answer": activations.get("identity").range == (-math.inf, math.inf),
        },
    )


@claim(
    "Subtracting each row's maximum, with the last axis kept, makes softmax stable in NumPy",
    verdict=TRUE,
    where=f"{CHAPTER}#sec-softmax-axis",
)
def one_maximum_for_each_row():
    def by_rows(x):
        weights = np.exp(x - x.max(axis=-1, keepdims=True))
        return weights / weights.sum(axis=-1, keepdims=True)

    rows = np.array([[1.0, 2, 3], [1001, 1002, 1003], [-1003, -1002, -1001], [0, 0, 2000]])
    off = {}
    for shape, x in {"a vector": rows[1], "a batch": rows, "a batch of batches": rows.reshape(2, 2, 3)}.items():
        off[shape] = np.abs(by_rows(x) - softmax.softmax(torch.from_numpy(x)).numpy()).max()
    apart = np.ptp(by_rows(rows)[:3], axis=0).max()
    right = [shape for shape, gap in off.items() if gap < 1e-15]
    return Evidence(
        f"right to 1e-15, with logits up to 2000 in size, for {', '.join(right)}; three rows that differ by a shift "
        f"come out {'alike' if apart < 1e-15 else 'different'}",
        expected="right to 1e-15 whatever the shape and the size of the logits",
        cases={shape: bool(gap < 1e-15) for shape, gap in off.items()}
        | {"rows shifted by 1000": bool(apart < 1e-15)},
    )


@claim(
    "Softmax has the range (0, 1), and serves as the output for many classes",
    verdict=TRUE,
    corrected="Never all of that range at once: the outputs share a sum of 1. And in a program 0 and 1 are reached, "
    "in float32 by logits 20 apart.",
    where=f"{DIGITS}#sec-softmax-digits",
)
def the_range_of_softmax():
    logits = {"three classes": [1.0, 2.0, 3.0], "3 apart": [3.0, 0.0], "30 apart": [30.0, 0.0]}
    outputs = {name: softmax.softmax(torch.tensor(z, dtype=torch.float64)) for name, z in logits.items()}
    single = softmax.softmax(torch.tensor([20.0, 0.0]))
    return Evidence(
        "outputs in float64: "
        + "; ".join(
            f"{name}, {p.min():.2g} to {'1 - ' if p.max() > 0.99 else ''}"
            f"{(1 - p.max() if p.max() > 0.99 else p.max()):.2g}"
            for name, p in outputs.items()
        )
        + f"; in float32 of logits 20 apart, the larger is {'1' if single.max() == 1 else 'below 1'}",
        expected="outputs strictly between 0 and 1, and near to both",
        cases={name: bool((p > 0).all() and (p < 1).all()) for name, p in outputs.items()}
        | {"as near to both as 1e-12": bool(1 - outputs["30 apart"].max() < 1e-12 > outputs["30 apart"].min())},
    )


@claim(
    "Softmax becomes numerically unstable with large logits",
    verdict=CONDITIONS,
    corrected="The formula as it is written does: it is lost above 11.1 in float16, 88.7 in float32 and 709.8 in "
    "float64. With the largest logit subtracted first no logit is too large.",
    where=f"{CHAPTER}#fig-softmax-reach",
    citations=("blanchard2021",),
)
def softmax_is_unstable_with_large_logits():
    limits = {dtype: _largest_logit(dtype) for dtype in (torch.float16, torch.float32, torch.float64)}
    z = torch.tensor([1e4, 1e4 + 1, -1e4], dtype=torch.float64)
    naive, stable = softmax.naive_softmax(z), softmax.softmax(z)
    right = torch.tensor([1.0, math.e, 0.0], dtype=torch.float64) / (1 + math.e)
    return Evidence(
        "largest logit that the formula survives: "
        + ", ".join(f"{limit:.2f} in {str(dtype).removeprefix('torch.')}" for dtype, limit in limits.items())
        + f"; with logits of 10,000 in float64 it is {'nan' if naive.isnan().any() else 'finite'}, and with the "
        f"largest subtracted first {'right' if torch.allclose(stable, right, rtol=1e-12) else 'wrong'}",
        expected="answers that are not finite, or off by more than 1e-12, at logits of 10,000",
        cases={
            name: not torch.allclose(found, right, rtol=1e-12, atol=0)
            for name, found in {"the formula as it is written": naive, "the largest subtracted first": stable}.items()
        },
    )


def _largest_logit(dtype):
    """The largest logit, to 60 halvings, at which the naive softmax of it and 0 is finite in that dtype."""
    low, high = 0.0, 1000.0
    for _ in range(60):
        middle = (low + high) / 2
        finite = softmax.naive_softmax(torch.tensor([middle, 0.0], dtype=dtype)).isfinite().all()
        low, high = (middle, high) if finite else (low, middle)
    return torch.tensor(low, dtype=dtype).item()


@claim(
    "Subtracting the maximum of the whole array keeps a NumPy softmax right, for a batch too",
    verdict=CONDITIONS,
    own=True,
    corrected="It does for one vector. Of a batch it takes one maximum and one sum for all rows: the rows share a "
    "sum of 1 between them, and a row far below the largest comes out as zeros.",
    where=f"{CHAPTER}#sec-softmax-axis",
)
def one_maximum_for_the_whole_array():
    def over_all(x):
        weights = np.exp(x - x.max())
        return weights / weights.sum()

    vector = np.array([1001.0, 1002, 1003])
    batches = {"two equal rows": np.stack([vector, vector]), "rows 1000 apart": np.stack([vector - 1000, vector])}
    sums = {"one vector": over_all(vector).sum()} | {name: over_all(x).sum(axis=1) for name, x in batches.items()}
    told = [f"{name} {', '.join(f'{total:.2f}' for total in np.atleast_1d(of))}" for name, of in sums.items()]
    return Evidence(
        f"sums of the rows: {'; '.join(told)}",
        expected="rows that add up to 1, to 1e-12",
        cases={name: bool(np.abs(of - 1).max() < 1e-12) for name, of in sums.items()},
    )


@claim(
    "Softmax has a graph over one logit, as other activations have, drawn with the format 'bo-' and the colour blue",
    verdict=IMPRECISE,
    own=True,
    corrected="What such a graph shows is one vector of logits: with more points on the same interval every value "
    "falls. The colour is said twice, at which matplotlib warns.",
    where=f"{SLOPE}#sec-softmax-temperature",
)
def the_graph_of_softmax():
    few, many = (np.linspace(-2, 2, n) for n in (11, 101))
    at_2 = [softmax.softmax(torch.from_numpy(x))[-1].item() for x in (few, many)]
    odds = [(p[-1] / p[len(p) // 2]).item() for p in (softmax.softmax(torch.from_numpy(x)) for x in (few, many))]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Figure().subplots().plot(few, few, "bo-", color="blue")
    return Evidence(
        f"at the logit 2 the value is {at_2[0]:.3f} among 11 points from -2 to 2 and {at_2[1]:.3f} among 101; its "
        f"ratio to that at 0 is {odds[0]:.2f} in both; warnings of matplotlib: {len(caught)}",
        expected="a value at 2 that does not depend on the other points, to a tenth, and no warning",
        cases={"one value at 2": abs(at_2[1] / at_2[0] - 1) < 0.1, "no warning": not caught},
        core={"the ratio of two values depends on their two logits alone": abs(odds[1] / odds[0] - 1) < 1e-9},
    )
