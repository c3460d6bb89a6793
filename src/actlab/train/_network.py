"""What both loops ask of a network, and refuse in one sentence."""

from contextlib import contextmanager

import torch
from torch import Tensor, nn

from .. import checks
from ..activations import Elementwise
from ..networks import APL

__all__ = [
    "accuracy",
    "answers_of",
    "dtype_of",
    "evaluating",
    "labelled",
    "outputs_of",
    "pick",
    "require_answers",
    "require_gradient",
    "require_trainable",
    "shapes_of",
]


@torch.no_grad()
def accuracy(network: nn.Module, x: Tensor, y: Tensor) -> float:
    """Share of points whose label the network gets right, between 0 and 1, in the mode that the network is in.

    With one output the answer is 1 where the logit is above 0; with several, along the last axis, it is the largest.
    Labels may be floats, integers or bools, in a row or in a column; integers that are `checks.IGNORED`, -100, do
    not count. Raises ValueError if no label counts, or there is not one for each of the answers.
    """
    if len(x) == 0:
        raise ValueError("accuracy needs at least one point")
    out = outputs_of(network, x)
    whole = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 and out.ndim < 3 else y
    answer = out.argmax(dim=-1) if out.ndim in (2, whole.ndim + 1) else (out > 0).to(whole.dtype)
    if answer.shape != whole.shape:
        raise ValueError(f"accuracy needs a label for each answer, got {tuple(y.shape)} for {tuple(answer.shape)}")
    right = answer == whole
    if not _all_count(whole):
        right = right[labelled(whole)]
    if not right.numel():
        raise ValueError(f"accuracy needs at least one label that counts; all are {checks.IGNORED}")
    return int(right.count_nonzero()) / right.numel()


def labelled(y):
    """Where there is a label that counts: bools of the labels' shape."""
    return torch.ones_like(y, dtype=torch.bool) if _all_count(y) else y != checks.IGNORED


def _all_count(y):
    return y.is_floating_point() or y.dtype in (torch.bool, torch.uint8)  # -100 is no such label


def shapes_of(network):
    """The parameters that are an activation's own: the slope of a PReLU, the beta of a Swish, hinges."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.PReLU | Elementwise | APL)]
    return [parameter for layer in layers for parameter in layer.parameters(recurse=False)]


@contextmanager
def evaluating(network):
    """Every module in evaluation mode, and afterwards in the mode that it was in."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def answers_of(network, x):
    """network(x), with ValueError where the network cannot take the points, or returns no tensor."""
    try:
        out = network(x)
    except torch.cuda.OutOfMemoryError:
        raise
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise ValueError("BatchNorm has no variance in a batch of one example: take larger batches") from error
    except (IndexError, RuntimeError, TypeError) as error:
        if "can't allocate memory" in str(error):  # of the processor: no fault of the points
            raise
        kind = f"{x.dtype} of shape {tuple(x.shape)} on {x.device}" if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"the network cannot take these points, {kind}: {error}") from error
    if not isinstance(out, Tensor):
        raise ValueError(f"the network must return a tensor, got a {type(out).__name__}")
    return out


def outputs_of(network, x):
    out = answers_of(network, x)
    return out.squeeze(1) if out.ndim == 2 and out.shape[1] == 1 else out


def pick(table, name, kind):
    if not isinstance(name, str) or name not in table:
        raise KeyError(f"no {kind} named {name!r}; there are {', '.join(table)}")
    return table[name]


def require_trainable(network, watch):
    if not isinstance(network, nn.Module):
        raise ValueError(f"network must be a torch.nn.Module, got a {type(network).__name__}")
    if not any(True for _ in network.parameters()):
        raise ValueError("network has no parameters to train")
    if watch is not None and not callable(watch):
        raise ValueError(f"watch must be a function or None, got a {type(watch).__name__}")


def require_answers(out, x, split, loss):
    """The split with labels as these first outputs, one for each of x, need them; ValueError where none are."""
    if out.ndim == 0 or len(out) != len(x):
        raise ValueError(f"the network must answer each of {len(x)} points, got outputs of shape {tuple(out.shape)}")
    if not out.is_floating_point() or (split.train_y.is_floating_point() and out.dtype != split.train_y.dtype):
        raise ValueError(f"outputs and labels must be floats of one dtype, got {out.dtype} and {split.train_y.dtype}")
    return checks.fitted(split, loss, tuple(out.shape[1:]))


def require_gradient(value):
    if not value.requires_grad:
        raise ValueError("the loss reaches no parameter that learns: all are frozen, or gradients are switched off")


def dtype_of(network):
    """What the network computes in."""
    return next((p.dtype for p in network.parameters() if p.is_floating_point()), torch.float32)
