"""A training loop watched from the side: every so many passes, what is dead, how large gradients and steps are."""

import contextlib
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ..activations import watched
from . import _text
from ._findings import Limits
from ._recorder import Hook
from ._run import looked_at, tensors
from ._signals import ELEMENTWISE, FLAT
from ._watch import Watch

__all__ = ["Monitor", "monitor"]


class Monitor:
    """What `monitor` has measured so far, a row for each pass that was looked at; also a context manager.

    steps: which passes, counted from 1, shape (rows,), int64. layers, functions: of the calls of activations, as in
    `Signals`. dead: share of units without a slope on the pass's batch, shape (rows, calls). delta: rms of the
    gradient at the pre-activations, in units of the loss as it was sent back, shape (rows, calls). weights: names of
    the matrices that are trained. updates: rms change over rms weight in the first step after the pass, shape
    (rows, weights). float64; nan where there was nothing to measure.
    """

    def __init__(self, network: nn.Module, every: int, kinds: Sequence[type[nn.Module]], axis):
        if not isinstance(network, nn.Module) or hasattr(network, "_orig_mod"):
            what = "a compiled one" if isinstance(network, nn.Module) else f"a {type(network).__name__}"
            raise ValueError(f"a network as torch.nn makes it can be watched, and not {what}")
        hooks = [hook for module in network.modules() for hook in module._forward_pre_hooks.values()]
        if any(isinstance(hook, _Hook) and hook.of is not None for hook in hooks):
            raise ValueError("the network, or a part of it, is watched already: close that monitor first")
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"every is a whole number of passes from 1, got {every!r}")
        self._network, self._every, self._passes = network, every, 0
        self._watch = Watch(network, (*ELEMENTWISE, *kinds), flat=FLAT, axis=axis, keep=(), slopes_alone=True)
        self._watch.gradients = True
        self._rows: list[tuple[int, dict, dict]] = []
        self._open: contextlib.ExitStack | None = None
        self._before: dict[str, tuple[nn.Parameter, int, Tensor]] = {}
        begin, end = _Hook(self, "_begin"), _Hook(self, "_end")
        self._hooks = [
            network.register_forward_pre_hook(begin, with_kwargs=True),
            network.register_forward_hook(end, always_call=True),
        ]

    def __enter__(self) -> "Monitor":
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def close(self) -> None:
        """Stop watching: the network has no hook of the monitor any more. What was measured stays."""
        for hook in self._hooks:
            hook.remove()
        self._stop()
        self._settle()
        self._before.clear()
        self._watch.calls = {}
        self._watch.thread.shutdown()
        self._hooks = []

    # --- around the passes

    def _begin(self, network, args, kwargs):
        if self._open is not None or id(network) in looked_at:
            return
        if not (network.training and torch.is_grad_enabled()):
            return
        self._settle()
        self._passes += 1
        if (self._passes - 1) % self._every:
            return
        watch = self._watch
        self._last_gradients()
        watch.calls = {}
        self._rows.append((self._passes, {}, {}))
        self._before = {
            name: (p, p._version, p.detach().clone())
            for name, p in network.named_parameters()
            if p.requires_grad and p.ndim > 1
        }
        watch.start()
        watch.given(tensors((args, kwargs)))
        self._open = contextlib.ExitStack()
        for module in network.modules():
            if module is not network and not isinstance(module, torch.jit.ScriptModule):
                for hook in (
                    module.register_forward_pre_hook(Hook(watch.before)),
                    module.register_forward_hook(Hook(watch.after), always_call=True),
                ):
                    self._open.callback(hook.remove)
        watch.phase = "first"
        watch.before(network, args)
        self._open.enter_context(watch)
        self._open.enter_context(watched(watch.called))

    def _end(self, network, args, out):
        if self._open is None:
            return
        try:
            self._watch.finish(tensors(out))
        finally:
            self._stop()
        for place, call in self._watch.calls.items():
            self._rows[-1][1][place] = [call.dead_share, math.nan]

    def _stop(self):
        if self._open is not None:
            self._watch.phase = "over"
            self._open.close()
            self._open = None
            self._watch.start()

    # --- after them

    def _settle(self):
        """Put by what the step after a measured pass has done, once there was one."""
        if not self._rows:
            return
        self._last_gradients()
        changed = {n: p.detach() for n, (p, version, _) in self._before.items() if p._version != version}
        if changed:
            for name, (p, _, old) in self._before.items():
                size, change = (_norm(t) for t in (old, p.detach() - old))
                self._rows[-1][2][name] = change / size if size else math.inf * bool(change)
            self._before = {}

    def _last_gradients(self):
        for place, call in self._watch.calls.items():
            if call.delta.found and place in self._rows[-1][1]:
                self._rows[-1][1][place][1] = call.delta.rms

    # --- what was found

    @property
    def steps(self) -> Tensor:
        """See the class."""
        return torch.tensor([row[0] for row in self._rows], dtype=torch.int64)

    @property
    def layers(self) -> tuple[str, ...]:
        """See the class."""
        return tuple(place[0] for place in self._places)

    @property
    def functions(self) -> tuple[str, ...]:
        """See the class."""
        return tuple(place[1] for place in self._places)

    @property
    def dead(self) -> Tensor:
        """See the class."""
        return self._calls(0)

    @property
    def delta(self) -> Tensor:
        """See the class."""
        self._settle()
        return self._calls(1)

    @property
    def weights(self) -> tuple[str, ...]:
        """See the class."""
        return tuple(name for name, p in self._network.named_parameters() if p.requires_grad and p.ndim > 1)

    @property
    def updates(self) -> Tensor:
        """See the class."""
        self._settle()
        return _matrix([[row[2].get(name, math.nan) for name in self.weights] for row in self._rows], self.weights)

    @property
    def _places(self):
        return tuple(dict.fromkeys(place for row in self._rows for place in row[1]))

    def _calls(self, which):
        places = self._places
        nothing = (math.nan, math.nan)
        return _matrix([[row[1].get(place, nothing)[which] for place in places] for row in self._rows], places)

    def __repr__(self) -> str:
        if not self._rows:
            return "no pass in training mode was seen yet"
        lines = _text.wrapped(f"{len(self._rows)} of {self._passes} passes measured, the last is {self._rows[-1][0]}")
        lines.append(f"{'':24}{'first':>12}{'last':>12}{'most':>12}")
        for what, values, show in (
            ("dead share, worst layer", self.dead, "{:12.1%}"),
            ("delta, first layer", self.delta[:, :1], "{:12.2g}"),
            ("delta, last layer", self.delta[:, -1:], "{:12.2g}"),
            ("largest update", self.updates, "{:12.2g}"),
        ):
            rows = [_largest(row) for row in values]
            rows = [value for value in rows if not math.isnan(value)] or [math.nan]
            lines.append(f"{what:24}" + "".join(show.format(v) for v in (rows[0], rows[-1], max(rows))))
        return "\n".join(lines)

    def plot(self, limits: Limits | None = None):
        """Dead share, delta and update ratios over the passes, a line each: a matplotlib Figure.

        It is none of pyplot's list: show it as a cell's result, or store it with `savefig`. From the first
        layer, light, to the last, dark; these two are named. Dotted: the limits of `health`.
        """
        import matplotlib.pyplot as plt

        limits = limits or Limits()
        figure, axes = plt.subplots(3, 1, figsize=(6.4, 6.6), sharex=True, layout="constrained")
        for ax, values, names, lines in (
            (axes[0], self.dead, self.layers, [limits.dead]),
            (axes[1], self.delta, self.layers, []),
            (axes[2], self.updates, self.weights, limits.updates),
        ):
            _drawn(ax, self.steps, values, names, lines)
        axes[0].set(ylabel="dead units, share", ylim=(-0.03, 1.03))
        axes[1].set(ylabel="delta, rms")
        axes[2].set(ylabel="change / weight", xlabel="passes in training")
        for ax in axes[1:]:
            known = [v for line in ax.get_lines() for v in line.get_ydata() if 0 < v < math.inf]
            if known:
                ax.set_yscale("log")
        plt.close(figure)  # else a notebook shows it twice
        return figure


def _drawn(ax, steps, values, names, limits):
    from matplotlib import colormaps

    n = len(names)
    for i in range(n):
        end = {0: ("-", "o"), n - 1: ("--", "s")}.get(i)
        style, mark = end or ("-", "")
        shade = colormaps["viridis"](0.85 - 0.85 * i / max(n - 1, 1))
        label = f"first: {_end_of(names[0])}" if i == 0 else f"last: {_end_of(names[-1])}" if i == n - 1 else None
        ax.plot(
            steps, values[:, i], style, marker=mark, markersize=4, color=shade, label=label,
            linewidth=2 if end else 0.8, zorder=3 if end else 2,
        )  # fmt: skip
    for limit in limits:
        ax.axhline(limit, color="0.5", linestyle=":", linewidth=1)
    if n:
        ax.legend(fontsize="small", loc="best")


def _end_of(name):
    name = _text.plain(name)
    return name if len(name) <= 24 else f"…{name[-23:]}"


def _largest(row):
    known = [value for value in row.tolist() if not math.isnan(value)]
    return max(known, default=math.nan)


def _matrix(rows, names):
    return torch.tensor(rows, dtype=torch.float64).reshape(len(rows), len(names))


def _norm(values):
    return torch.linalg.vector_norm(values.float() if values.dtype.itemsize < 4 else values).item()


class _Hook:
    """What a network calls around its passes; in a copy of the network, and in a stored one, it does nothing."""

    def __init__(self, of: Monitor | None = None, name: str = ""):
        self.of, self.name = of, name

    def __call__(self, network, args, *more):
        if self.of is not None and network is self.of._network:
            getattr(self.of, self.name)(network, args, *more)

    def __deepcopy__(self, memo):
        return _Hook()

    def __reduce__(self):
        return _Hook, ()


def monitor(
    network: nn.Module,
    every: int = 100,
    *,
    kinds: Sequence[type[nn.Module]] = (),
    axis: int | Mapping[str, int] | None = None,
) -> Monitor:
    """Watch a network while it is trained; return its `Monitor`, which fills as the passes go by.

    It looks at the first pass in training mode and at each `every`-th after it: the loop's own pass, with nothing
    repeated and nothing changed, so the network learns what it would have learnt. Between them it only counts. In a
    `with` statement it ends with it; in callbacks, make it where training starts, and call `close()` where it ends.

        with diagnostics.monitor(network, every=100) as seen:
            train.fit_batches(network, split, steps=1000)
        seen.plot()

    network: the module that the loop calls, before `torch.compile`. While it is watched a copy of the trained
    matrices is kept from a measured pass to the step after it. Passes without gradients, as tests are, don't count,
    and what lies before the first trained weight is not seen. kinds, axis: as in `signals`. Raises ValueError for
    what is no such network, for one that is watched already, and for an `every` that is no whole number from 1.
    """
    return Monitor(network, every, kinds, axis)
