"""What the guide asks, and what an answer is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ._measured import numbers

__all__ = ["ASIDE", "GROUPS", "KINDS", "Leaf", "questions"]

# From a question to what it asks, and from each of its answers to the words for it. The first is asked first; each
# of the others while an answer depends on it.
questions: Mapping[str, tuple[str, Mapping[str, str]]] = MappingProxyType(
    {
        "place": (
            "Where does it stand?",
            {
                "hidden": "in hidden layers",
                "output": "at the output",
                "gate": "as a gate, or in attention",
                "start": "in the first weights",
            },
        ),
        "target": (
            "What is to come out?",
            {
                "number": "any number",
                "positive": "a positive number",
                "bounded": "a number in a range",
                "spread": "a number, and how sure it is",
                "binary": "yes or no",
                "class": "one of several classes",
                "labels": "several labels at once",
                "action": "an action",
            },
        ),
        "part": (
            "Which part?",
            {
                "block": "a gated feed-forward block",
                "recurrent": "the gates of a recurrent network",
                "attention": "the weights of attention",
            },
        ),
        "weights": (
            "What about the first weights?",
            {
                "size": "how large in hidden layers",
                "output": "how large in the last layer",
                "equal": "may they be equal, or zero",
                "branches": "how large in residual branches",
                "fixed": "one small number for all",
                "width": "what changes with the width",
            },
        ),
        "task": (
            "What kind of network?",
            {
                "small": "small, a few inputs",
                "table": "a table of features",
                "images": "convolutions on images",
                "vision": "vision transformer, ConvNeXt",
                "diffusion": "a diffusion model",
                "text": "transformer, from scratch",
                "pretrained": "pretrained transformer",
                "sequence": "recurrent",
                "field": "coordinates to values",
                "equation": "a loss with derivatives",
                "agent": "reinforcement learning",
            },
        ),
        "depth": ("How many hidden layers?", {"few": "fewer than ten", "many": "ten or more"}),
        "between": (
            "What stands between them?",
            {"nothing": "nothing", "norm": "normalisation or skips"},
        ),
        "function": (
            "Is the function given?",
            {
                "relu": "ReLU or leaky ReLU",
                "tanh": "tanh",
                "smooth": "GELU, SiLU or Mish",
                "selu": "SELU",
                "sigmoid": "sigmoid",
            },
        ),
        "special": (
            "Is it about one of these?",
            {
                "dead": "units that die",
                "shape": "units that learn their shape",
                "swap": "another function for trained weights",
                "forms": "the two forms of GELU",
                "inputs": "what to do with the inputs",
                "large": "something that grows too large",
            },
        ),
        "precision": (
            "In which number format?",
            {"float32": "float32", "float16": "float16", "bfloat16": "bfloat16", "int8": "int8"},
        ),
        "hardware": (
            "On what does it run?",
            {"cpu": "a processor", "gpu": "a graphics card", "edge": "a phone or less"},
        ),
    }
)

# An answer about one of these is shown to those who named one, and to those who named nothing at all.
ASIDE = ("precision", "hardware")

# The answers stand in groups, in this order.
GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "plain": "Small networks, tables, coordinates",
        "deep": "Many layers",
        "images": "Images",
        "text": "Text and sequences",
        "gates": "Gates and attention",
        "outputs": "At the output",
        "starts": "The first weights",
        "machine": "Number formats and hardware",
    }
)

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "measured": "measured here",
        "theory": "theory",
        "cited": "no evidence here; practice, from the literature",
        "none": "no evidence here",
    }
)


@dataclass(frozen=True)
class Leaf:
    """One situation and its answer; every text is a template over `numbers`.

    fits: for each question that matters to it, the answers that lead here; one that is not named does not matter.
    choose: the function in a few words; start, rate: weights and rate; watch: what goes wrong, and how it shows.
    evidence: from a place to words for it. A place is a page and its label, "claim:ID" or "cite:KEY"; the last two
    have words of their own. kind: a key of `KINDS`; basis: on what that rests, with n. group: a key of `GROUPS`.
    holds: whether the numbers bear out what the words compare.
    """

    id: str
    group: str
    title: str
    fits: Mapping[str, tuple[str, ...]]
    choose: str
    why: str
    kind: str
    basis: str
    evidence: Mapping[str, str]
    start: str = ""
    rate: str = ""
    watch: str = ""
    first: bool = False  # in the short table at the top
    holds: Callable[[Mapping[str, Any]], bool] = field(default=lambda n: True, compare=False)

    def filled(self, text: str) -> str:
        return text.format_map(numbers())
