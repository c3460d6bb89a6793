"""The report on a network: what was measured, what is objected to, and what is only said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from torch import Tensor, nn

from . import _html, _text
from ._findings import Finding, Limits, findings, notes, step_findings
from ._signals import Signals, signals

__all__ = ["Health", "health"]


@dataclass(frozen=True)
class Health:
    """What `health` found: printed, a report of 80 columns; in a notebook, one with a figure for each layer.

    notes: what is as likely to be meant as to be wrong, such as a branch that starts at 0.
    """

    signals: Signals
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything was seen, and there is nothing to object to."""
        return not self.findings and self.signals.coverage.complete

    def __repr__(self) -> str:
        return _text.report(self)

    def _repr_html_(self) -> str:
        return _html.report(self)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the report as one HTML file, which asks for no other; return where it is.

        The file is there whole or not at all. Raises ValueError where it can't be written, and where what lies there
        is no regular file.
        """
        return _html.save(path, f"health: {_text.verdict(self)}", "How the signals travel", self._repr_html_())


def health(
    network: nn.Module,
    x: object,
    *,
    loss: Callable[..., Tensor] | None = None,
    updates: Mapping[str, float] | None = None,
    limits: Limits | None = None,
    **settings,
) -> Health:
    """Look a network over on a batch, or several; return a report that prints itself.

    It objects to numbers that are not finite; to outputs or gradients that grow or shrink by more than a factor of
    1000 between the first and the last activation, and to pre-activations that large; to layers with more than half
    of their units dead or of their values saturated (where the function is flat on both sides); to attention that
    looks at one entry alone; to examples that can't be told apart any more; and, given what `update_ratios` returned,
    to steps outside 1e-5 to 1e-1 of the weights. These limits are those of `Limits`, where others can be set. They
    are conventions: a network within them need not train, nor does one past them have to fail. What is as likely to
    be meant is a note, and no finding.
    Further settings, and errors, are those of `signals`.
    """
    limits = limits or Limits()
    s = signals(network, x, loss=loss, **{"flat": limits.flat, **settings})
    found = [*findings(s, limits), *(step_findings(updates, limits) if updates else ())]
    return Health(s, tuple(found), tuple(notes(s, limits)))
