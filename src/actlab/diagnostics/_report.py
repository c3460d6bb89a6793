"""The report on a network: what was measured, what is objected to, and what is only said, in 80 columns."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from ._findings import Finding, Limits, findings, notes, step_findings
from ._signals import Signals, signals

__all__ = ["Health", "health"]

WIDTH = 80
MOST = 12  # rows of a table


@dataclass(frozen=True)
class Health:
    """What `health` found; its repr is a report to be read.

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
        s, lines = self.signals, []
        if s.layers:
            lines += _table(s)
        if s.attention:
            lines += _attention_table(s)
        seen = s.coverage
        if not seen.complete:
            lines += _wrapped(f"{seen}")
        if self.findings:
            verdict = f"{len(self.findings)} to look at"
        else:
            verdict = "nothing to object to" + ("" if seen.complete else " in what was measured")
        lines.append(f"verdict: {verdict}")
        for line in (*self.findings, *(f"Note: {note}" for note in self.notes)):
            lines += _wrapped(f"- {line}", "  ")
        return "\n".join(lines)


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


def _table(s):
    wide = _column(s.layers)
    head = f"{'function':12}{'std z':>9}{'rms out':>9}{'delta':>9}{'dead':>6}{'flat':>6}{'alike':>7}"
    lines = [f"{'layer':>{wide}} {head}"]
    shown = _shown(len(s.layers))
    for i in shown:
        lines.append(
            f"{_short(s.layers[i], wide):>{wide}} {_short(s.functions[i], 12):12}{s.z_std[i]:9.2g}{s.rms[i]:9.2g}"
            f"{s.delta[i]:9.2g}{s.dead[i]:6.0%}{s.flat[i]:6.0%}{s.cosine[i]:7.3f}"
        )
    return [*lines, *_left_out(len(shown), len(s.layers), "calls")]


def _attention_table(s):
    wide = _column([a.layer for a in s.attention])
    lines = [f"{'layer':>{wide}} {'softmax over':>12}{'entropy':>9}{'largest z':>11}{'on first':>10}"]
    shown = _shown(len(s.attention))
    for a in (s.attention[i] for i in shown):
        name = _short(a.layer, wide)
        lines.append(f"{name:>{wide}} {a.entries:12}{a.entropy:9.0%}{a.largest:11.3g}{a.first:10.0%}")
    return [*lines, *_left_out(len(shown), len(s.attention), "softmaxes")]


def _column(names):
    return min(max(8, *map(len, names)), 21)


def _short(name, width):
    """The end of a name says most: the beginning gives way."""
    return name if len(name) <= width else "…" + name[1 - width :]


def _left_out(shown, number, what):
    return [f"{shown} of {number} {what} shown"] if shown < number else []


def _wrapped(text, indent=""):
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _shown(n, most=MOST):
    return range(n) if n <= most else sorted({round(i * (n - 1) / (most - 1)) for i in range(most)})
