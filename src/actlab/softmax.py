"""Softmax and its relatives, the formula as it is written and the program that survives, side by side.

Each takes logits `z`, a float tensor of any shape, and the dim along which they compete: one, several in a tuple, or
None for all. float16 and bfloat16 are carried out in float32 and rounded once, except by `naive_softmax`, which is
here to show where it breaks. dtype: what z is cast to first, and so the dtype of the result. A tensor of no dims is
one logit. Where there is nothing along dim there are no probabilities, and the logsumexp is -inf.

mask: bool, of z's shape or one that broadcasts to it; True keeps an entry, as in torch's scaled_dot_product_attention
(and the other way round in torch.nn.MultiheadAttention). An entry that is not kept, or is -inf, has probability
exactly 0, and its gradient is 0 whatever was in its place. Where nothing along dim is kept there is no distribution:
all probabilities are 0, as attention kernels have it, all their logarithms and the logsumexp -inf.

An entry of +inf has no probability, inf - inf being nothing: its row is nan, and its logsumexp inf.

They raise TypeError if z is no tensor of floats or mask none of bools, IndexError if z has no such dim, ValueError if
a dim is named twice or the mask does not fit.
"""

import functools
import inspect
import math
from numbers import Integral

import torch
from torch import Tensor

from ._floats import require_float

__all__ = ["log_softmax", "logsumexp", "naive_softmax", "online_softmax", "softmax", "softmax_jacobian", "sparsemax"]

inf = math.inf
Dims = int | tuple[int, ...] | None


def _in_single(function):
    """`function` of (z, dim, mask) with what it is given checked, and float16 and bfloat16 carried out in float32."""
    reduces = "keepdim" in inspect.signature(function).parameters

    @functools.wraps(function)
    def wrapped(z, dim=-1, mask=None, *, dtype=None, **settings):
        if isinstance(z, torch.fx.Proxy):  # one call in the graph that torch.fx writes
            given = {"dim": dim, "mask": mask, "dtype": dtype, **settings}
            return z.tracer.create_proxy("call_function", wrapped, (z,), given)
        if dtype is not None and isinstance(z, Tensor):
            z = z.to(dtype)
        dims = _require(function.__name__, z, dim, mask)
        if isinstance(dim, Integral) and z.dim() and z.shape[dim]:
            return function(_widened(z), dims[0], mask, **settings).to(z.dtype)
        return _along(function, z, dims, mask, reduces, **settings)

    return wrapped


def _along(function, z, dims, mask, reduces, *, keepdim=False, **settings):
    """function along several dims, or empty ones, or of one number: along the last of a tensor where they are one."""
    order = [*(d for d in range(z.dim()) if d not in dims), *dims]
    kept = [z.shape[d] for d in order[: z.dim() - len(dims)]]
    size = math.prod([z.shape[d] for d in dims])  # torch.compile takes no generator here
    flat = z.permute(order).reshape(*kept, size)
    if size == 0:
        out = flat.sum(-1) - inf if reduces else flat.clone()
    else:
        mask = None if mask is None else mask.expand(z.shape).permute(order).reshape(*kept, size)
        out = function(_widened(flat), -1, mask, **settings).to(z.dtype)
    if reduces:
        return out.reshape([1 if d in dims else n for d, n in enumerate(z.shape)]) if keepdim else out
    return out.reshape([z.shape[d] for d in order]).permute([order.index(d) for d in range(z.dim())])


def _widened(z):
    return z.float() if z.dtype in (torch.float16, torch.bfloat16) else z


def naive_softmax(z: Tensor, dim: Dims = -1) -> Tensor:
    """exp(z) / sum exp(z), as the formula has it and in z's own dtype: the shape of z.

    nan as soon as an entry's exp exceeds the largest number of the dtype: log(max) is 11.09 in float16, 88.72 in
    float32 and bfloat16, 709.78 in float64. 0 / 0 where all entries lie far below 0.
    """
    dims = _require("naive_softmax", z, dim)
    return torch.exp(z) / torch.exp(z).sum(dims, keepdim=True)


@_in_single
def softmax(z: Tensor, dim: Dims = -1, mask: Tensor | None = None, *, dtype: torch.dtype | None = None) -> Tensor:
    """exp(z) / sum exp(z) along dim, for logits of any size: the shape and dtype of z.

    The largest entry is subtracted first, which changes nothing in the quotient; see {cite}`blanchard2021`. Its own
    weight, 1, is kept apart from the others: where it has nearly all, the gradient would be 1 minus 1 without that.
    """
    largest, place, weights = _weights(_masked(z, mask), dim)
    total = 1 + weights.sum(dim, keepdim=True)
    total = total.masked_fill(largest == -inf, inf).masked_fill(largest == inf, math.nan)
    return (weights / total).scatter(dim, place, 1 / total)


@_in_single
def log_softmax(z: Tensor, dim: Dims = -1, mask: Tensor | None = None, *, dtype: torch.dtype | None = None) -> Tensor:
    """The logarithm of softmax along dim: the shape and dtype of z.

    Finite where the probability rounds to 0, and not 0 where it rounds to 1: log(softmax(z)) is neither.
    """
    z = _masked(z, mask)
    largest, place, weights = _weights(z, dim)
    others = weights.sum(dim, keepdim=True)
    below = (z - largest).scatter(dim, place, 0.0)  # its gradient would be 1 minus 1 for the largest entry
    logs = (below - torch.log1p(others)).masked_fill(z == -inf, -inf)
    return logs.masked_fill(largest == inf, math.nan)


@_in_single
def logsumexp(
    z: Tensor,
    dim: Dims = -1,
    mask: Tensor | None = None,
    *,
    keepdim: bool = False,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """log sum exp(z) along dim, for logits of any size: the shape of z without dim, or with 1 there if keepdim."""
    largest, _, weights = _weights(_masked(z, mask), dim)
    # of nan alone nothing else is left, and its gradient has to be nan too
    others = weights.sum(dim, keepdim=True) + 0 * torch.nan_to_num(largest, nan=math.nan)
    total = largest + torch.log1p(others)
    return total if keepdim else total.squeeze(dim)


@_in_single
def online_softmax(
    z: Tensor,
    dim: Dims = -1,
    mask: Tensor | None = None,
    *,
    block: int = 64,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Softmax along dim whose largest entry and sum come from one pass over blocks of that many entries.

    Equal to `softmax` to rounding. When a block brings a new largest entry, the sum so far is scaled down to it: the
    loop needs no more than one block and two numbers at a time, so attention kernels run it; {cite}`milakov2018`.
    To rounding of 1: the gradient of an entry that has nearly all is 1 minus 1 here, and not in `softmax`.
    Raises ValueError if block is not a positive whole number.
    """
    if not isinstance(block, int) or block < 1:
        raise ValueError(f"online_softmax: block is a positive whole number of entries, got {block!r}")
    z = _masked(z, mask)
    largest, total = torch.finfo(z.dtype).min, 0
    for part in z.split(block, dim):
        larger = _largest(part, dim).clamp(min=largest)
        total = total * torch.exp(largest - larger) + torch.exp(part - larger).sum(dim, keepdim=True)
        largest = larger
    return torch.exp(z - largest) / _total(total)


@_in_single
def sparsemax(z: Tensor, dim: Dims = -1, mask: Tensor | None = None, *, dtype: torch.dtype | None = None) -> Tensor:
    """The probabilities that lie nearest to z along dim, which are exactly 0 for small entries {cite}`martins2016`.

    They are max(0, z - t), with the one t for which they add up to 1: the shape and dtype of z. No t is looked for:
    of the entries in order, those that share are the first k, and t is their sum less 1, divided by k. The gradient
    goes to those alone, less its mean over them.
    """
    z = _masked(z, mask)
    largest = _largest(z, dim)
    below = z - largest  # t is less than 1 below the largest
    ordered = below.detach().sort(dim, descending=True).values
    k = torch.ones_like(ordered).cumsum(dim)
    sharing = (1 + k * ordered > ordered.cumsum(dim)).sum(dim, keepdim=True).clamp(min=1)
    shares = below.detach() >= ordered.gather(dim, sharing - 1)
    t = (torch.where(shares, below, 0.0).sum(dim, keepdim=True) - 1) / sharing
    p = torch.relu(torch.where(shares & (below > -inf), below - t, 0.0))
    known = largest.isfinite()
    return torch.where(known, p, z * torch.where(known, 1.0, math.nan))  # so that the gradient is nan too


def softmax_jacobian(z: Tensor) -> Tensor:
    """d softmax(z)_i / d z_j for logits of shape (n,), which is diag(p) - p p^T: shape (n, n), dtype of z.

    Symmetric, and each row sums to 0: raising all logits alike changes nothing. Raises ValueError if z has not one
    dim.
    """
    _require("softmax_jacobian", z, -1)
    if z.dim() != 1:
        raise ValueError(f"softmax_jacobian takes logits of shape (n,), got {tuple(z.shape)}")
    p = softmax(_widened(z))
    between = torch.outer(p, p) * (1 - torch.eye(len(p), dtype=p.dtype, device=p.device))
    # p (1 - p) would be 0 once p rounds to 1; p times the sum of the others is not
    return (torch.diag(between.sum(1)) - between).to(z.dtype)


def _masked(z, mask):
    """z with -inf for what is not kept; no gradient passes there."""
    return z if mask is None else z.masked_fill(~mask, -inf)


def _largest(z, dim):
    """The largest entry along dim, which stays as 1: a constant for autograd, since softmax does not depend on it."""
    largest = z.detach().amax(dim, keepdim=True)
    return largest.clamp(min=torch.finfo(z.dtype).min)  # -inf - -inf would be nan


def _total(total):
    """The sums of the weights, with 1 where one is below: it lacks the largest entry, so that none was kept.

    Not by clamp: a sum is exactly 1 wherever one entry takes everything, and there torch, from 2.14 on, cuts the
    gradient.
    """
    return torch.where(total < 1, 1.0, total)


def _weights(z, dim):
    """The largest entry along dim, which stays as 1, its place, and exp(entry - largest): 0 in that place, for 1.

    Without its 1 the sum keeps the digits that log1p needs where one entry outweighs the rest. For backward the
    weights are the one tensor of z's size that is kept.
    """
    largest, place = z.max(dim, keepdim=True)  # by gather at its place, all of z would be kept too
    largest = largest.masked_fill(largest == -inf, -inf)  # an entry that is -inf gets no gradient
    finite = torch.nan_to_num(largest, nan=math.nan)  # inf - inf would be nan
    return largest, place, torch.exp((z - finite).scatter(dim, place, -inf))


def _require(name, z, dim, mask=None):
    """The dims that are meant, counted from the first."""
    require_float(z, name)
    numbers = range(z.dim()) if dim is None else dim if isinstance(dim, tuple | list) else (dim,)
    if not all(isinstance(number, Integral) for number in numbers) or (dim is not None and len(numbers) == 0):
        raise TypeError(f"{name}: dim is the number of a dim, several in a tuple, or None for all; got {dim!r}")
    there = max(z.dim(), 1)  # as in torch, a single number may be asked for its dim 0
    for number in numbers:
        if not -there <= number < there:
            raise IndexError(f"{name}: there is no dim {number} in z of shape {tuple(z.shape)}")
    dims = [int(number) % there for number in numbers][: z.dim()]
    if len(set(dims)) < len(dims):
        raise ValueError(f"{name}: dim names one of z twice, got {dim!r}")
    if mask is None:
        return dims
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(f"{name}: mask is a tensor of bools, True for what is kept; got {kind}")
    fits = [kept in (1, n) for kept, n in zip(mask.shape[::-1], z.shape[::-1], strict=False)]
    if mask.dim() > z.dim() or not all(fits):
        raise ValueError(f"{name}: a mask of shape {tuple(mask.shape)} does not fit z of shape {tuple(z.shape)}")
    return dims
