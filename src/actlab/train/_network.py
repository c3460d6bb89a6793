"""What both loops ask of a network, and refuse in one sentence."""

from contextlib import contextmanager

import torch
from torch import Tensor, nn

from .. import checks

__all__ = [
    "accuracy",
    "answers_of",
    "dtype_of",
    "evaluating",
    "outputs_of",
    "pick",
    "require_answers",
    "require_gradient",
    "require_trainable",
]


@torch.no_grad()
def accuracy(network: nn.Module, x: Tensor, y: Tensor) -> float:
    """Share of points whose label the network gets right, between 0 and 1, in the mode that the network is in.

    With one output the answer is 1 where the logit is above 0; with several it is the largest. Raises ValueError
    if there are no points, or not one label for each of the answers.
    """
    if len(x) == 0:
        raise ValueError("accuracy needs at least one point")
    out = outputs_of(network, x)
    answer = out.argmax(dim=1) if out.ndim == 2 else (out > 0).to(y.dtype)
    if answer.shape != y.shape:
        raise ValueError(f"accuracy needs a label for each answer, got {tuple(y.shape)} for {tuple(answer.shape)}")
    return (answer == y).double().mean().item()


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
    """ValueError unless these first outputs, one for each of x, are what the loss and the labels need."""
    if out.ndim == 0 or len(out) != len(x):
        raise ValueError(f"the network must answer each of {len(x)} points, got outputs of shape {tuple(out.shape)}")
    if not out.is_floating_point() or (split.train_y.is_floating_point() and out.dtype != split.train_y.dtype):
        raise ValueError(f"outputs and labels must be floats of one dtype, got {out.dtype} and {split.train_y.dtype}")
    checks.outputs(split, loss, tuple(out.shape[1:]))


def require_gradient(value):
    if not value.requires_grad:
        raise ValueError("the loss reaches no parameter that learns: all are frozen, or gradients are switched off")


def dtype_of(network):
    """What the network computes in."""
    return next((p.dtype for p in network.parameters() if p.is_floating_point()), torch.float32)
