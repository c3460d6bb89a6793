"""What training asks of its numbers, points and labels, said in one place, before anything is trained.

Each function returns what it was given in the form that the loops take, or raises ValueError with the name of the
argument, what was asked for and what is allowed.
"""

import itertools
import math
import numbers
import operator
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from .data import Split

__all__ = ["IGNORED", "MOST", "fitted", "listed", "number", "outputs", "rate", "split", "whole", "wholes"]

MOST = 2**30  # numbers in one array: 4 GiB of float32
IGNORED = -100  # as a class number: this point has no label, as torch's cross_entropy has it
MOST_ENTRIES = 2**24  # of a list: an iterator without an end is to be found out
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def whole(name: str, value: Any, least: int = 1, most: int = MOST) -> int:
    """`value` as an int: any whole number from least to most, numpy's too, but neither a bool nor a float."""
    found = _index(value)
    if found is None or not least <= found <= most:
        kind = f"positive, a whole number up to {most}" if least == 1 else f"a whole number from {least} to {most}"
        raise ValueError(f"{name} must be {kind}, got {name}={_short(value)}")
    return found


def wholes(name: str, values: Iterable, least: int, most: int, unit: str = "", ordered: bool = True) -> list[int]:
    """`values` as a list of ints from least to most, before which the message writes unit; ordered as in `listed`."""
    found = listed(name, values, ordered)
    for value in found:
        one = _index(value)
        if one is None or not least <= one <= most:
            allowed = f"whole numbers between {unit}{least} and {unit}{most}"
            raise ValueError(f"{name} must be {allowed}, got {_short(found if len(found) < 7 else value)}")
    return [_index(value) for value in found]


def listed(name: str, values: Iterable, ordered: bool = True) -> list:
    """`values` as a list. Text and mappings are none, nor is a set where the order counts."""
    wrong = str | bytes | Mapping | set | frozenset if ordered else str | bytes | Mapping
    if isinstance(values, wrong) or not isinstance(values, Iterable):
        raise ValueError(f"{name} must be a list, got {_short(values)}")
    try:
        found = list(itertools.islice(values, MOST_ENTRIES + 1))
    except TypeError:  # an array or a tensor of no dimension
        raise ValueError(f"{name} must be a list, got {_short(values)}") from None
    if len(found) > MOST_ENTRIES:
        raise ValueError(f"{name} must be a list of at most {MOST_ENTRIES} entries, got more")
    return found


def number(name: str, value: Any, least: float, most: float) -> float:
    """`value` as a float: any real number from least to most, numpy's too, but no bool."""
    try:
        found = float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else math.nan
    except OverflowError:  # an int or a fraction beyond the floats
        found = math.inf
    if not least <= found <= most:
        kind = f"{'positive, ' if least > 0 else ''}a number from {least:.2g} to {most:.2g}"
        raise ValueError(f"{name} must be {kind}, got {name}={_short(value)}")
    return found


def rate(value: Any, dtype: torch.dtype = torch.float32) -> float:
    """A learning rate as a float that the dtype holds, and its tenfold too: Adam divides its first one by 0.1."""
    info = torch.finfo(torch.promote_types(dtype, torch.float32))  # shorter floats are scaled in float32
    return number("rate", value, info.tiny, info.max / 10)


def split(given: Split, loss: str | None = None, *, ignored: bool = False) -> tuple[Split, str]:
    """The split without its gradients, and the loss: left out, what the labels call for.

    Points are floats, or integers such as a text's ids, of any shape (points, ...). Labels are floats of the points'
    dtype, 0 and 1 for "bce" and "brier", any for "mse"; or integers from 0 on for "cross_entropy". Bools call for
    "bce". What comes back are floats of the points' dtype or int64, where nothing is copied that is so already:
    integers of any width are made int64, bools what the loss wants, and integers floats where "bce" or "brier" is
    asked for by name. ignored: whether a class number may be `IGNORED`; a label that counts has to be left.
    All four parts are dense, finite and on one device, with a label for every point and at least one point; test
    points and labels are like those of training but for their number.
    """
    if not isinstance(given, Split):
        raise ValueError(f"points and labels come as a data.Split, got {_short(given)}")
    for name, part in given._asdict().items():
        _require_values(name, part)
    given = Split(*(part.detach().resolve_neg() for part in given))
    x, y, test_x, test_y = given
    for points, labels, kind in [(x, y, "train"), (test_x, test_y, "test")]:
        if len(points) != len(labels):
            raise ValueError(f"{kind}_x has {len(points)} points, and {kind}_y labels for {len(labels)}")
    for one, other, kind in [(x, test_x, "x"), (y, test_y, "y")]:
        if (one.dtype, one.shape[1:]) != (other.dtype, other.shape[1:]):
            found = f"{_kind(one)} and {_kind(other)}"
            raise ValueError(f"train_{kind} and test_{kind} must be alike but for their number, got {found}")
    if len({part.device for part in given}) > 1:
        raise ValueError(f"all parts lie on one device, got {', '.join(str(part.device) for part in given)}")
    if x.is_floating_point() and y.is_floating_point() and x.dtype != y.dtype:
        raise ValueError(f"points and labels must be floats of one dtype, got {x.dtype} and {y.dtype}")
    loss = loss or ("bce" if y.is_floating_point() or y.dtype == torch.bool else "cross_entropy")
    given = _labelled(given, loss)
    _require_labels(given, loss, ignored)
    return given, loss


def _labelled(given, loss):
    """The labels in the dtype that the loss takes, where there is one way to have them so."""
    x, y = given.train_x, given.train_y
    if not y.is_floating_point() and loss == "cross_entropy":
        dtype = torch.int64
    elif y.dtype == torch.bool or (not y.is_floating_point() and loss in ("bce", "brier")):
        dtype = x.dtype if x.is_floating_point() else torch.float32
    else:
        dtype = y.dtype
    return given._replace(train_y=y.to(dtype), test_y=given.test_y.to(dtype))


def fitted(given: Split, loss: str, shape: tuple[int, ...]) -> Split:
    """The split with labels that fit the outputs, whose shape for one point is given; refuses those that do not.

    Labels in a column, shape (points, 1), are made a row where each point has one answer.
    """
    if tuple(given.train_y.shape[1:]) == (1,) and len(shape) == (loss == "cross_entropy"):
        given = given._replace(train_y=given.train_y[:, 0], test_y=given.test_y[:, 0])
    outputs(given, loss, shape)
    return given


def outputs(given: Split, loss: str, shape: tuple[int, ...]) -> None:
    """Refuse labels that do not fit the outputs, whose shape for one point is given: () for a single number."""
    answer, count = tuple(given.train_y.shape[1:]), math.prod(shape)
    if loss != "cross_entropy":
        if shape != answer:
            raise ValueError(
                f"{count} outputs do not fit labels for {math.prod(answer)}: the {loss} of a point with outputs of"
                f" shape {shape} and a label of shape {answer}"
            )
        return
    classes = shape[-1] if shape else 1
    if classes < 2 or shape[:-1] != answer:
        raise ValueError(
            f"cross_entropy needs a class number of shape {answer} and outputs for two classes or more behind it for"
            f" each point, got outputs of shape {shape}; one output goes with labels of floats or bools"
        )
    highest = max(int(part.max()) for part in (given.train_y, given.test_y))
    if highest >= classes:
        raise ValueError(f"with {classes} outputs the labels lie between 0 and {classes - 1}, got {highest}")


def _require_values(name, part):
    dense = isinstance(part, Tensor) and part.layout == torch.strided and not part.is_nested and not part.is_meta
    if not dense:
        raise ValueError(f"{name} must be a dense tensor, got {_kind(part)}")
    kinds = FLOATS + INTEGERS + (() if name.endswith("x") else (torch.bool,))
    if part.dtype not in kinds:
        wanted = "floats or integers" if name.endswith("x") else "floats, bools, or integers for classes"
        raise ValueError(f"{name} must be {wanted}, got {_kind(part)}")
    if part.ndim == 0 or part.numel() == 0:
        raise ValueError(f"{name} must have at least one point, and a number for each, got {_kind(part)}")
    # of numbers with a nan among them both ends are nan; isfinite takes a hundred times as long
    if part.is_floating_point() and not all(math.isfinite(end) for end in part.detach().aminmax()):
        raise ValueError(f"{name} must be finite, got nan or inf among its numbers")


def _require_labels(given, loss, ignored):
    floats = given.train_y.is_floating_point()
    if floats == (loss == "cross_entropy"):
        wanted = "integers, class numbers" if floats else "floats"
        raise ValueError(f"the labels of {loss} are {wanted}, got {given.train_y.dtype}")
    for name in ("train_y", "test_y"):
        y = getattr(given, name)
        if loss == "cross_entropy" and y.min() < 0:
            counted = y[y != IGNORED] if ignored else y
            if not len(counted):
                raise ValueError(f"{name} has no label but {IGNORED}, which stands for none")
            if counted.min() < 0:
                raise ValueError(f"the labels of cross_entropy count from 0, got {int(counted.min())} in {name}")
        if loss in ("bce", "brier") and not ((y == 0) | (y == 1)).all():
            raise ValueError(f"the labels of {loss} are 0 and 1, got others in {name}")


def _index(value):
    if isinstance(value, bool) or getattr(value, "dtype", None) is torch.bool:
        return None
    try:
        return operator.index(value)
    except (TypeError, ValueError, RuntimeError):  # the last two from tensors that are no single number
        return None


def _kind(part):
    if not isinstance(part, Tensor):
        return f"a {type(part).__name__}"
    shape = "" if part.is_nested else f" of shape {tuple(part.shape)}"
    form = "nested" if part.is_nested else "" if part.layout == torch.strided else f"{part.layout}"
    return " ".join(filter(None, [str(part.dtype) + shape, form, "on meta" if part.is_meta else ""]))


def _short(value):
    try:
        return reprlib.repr(value)
    except ValueError:  # an int of more digits than Python writes
        return f"a {type(value).__name__}"
