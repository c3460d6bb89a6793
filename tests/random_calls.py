"""Random calls of `fit_many` with both engines, `train.fit` and `fit_batches`, right and wrong: what comes of them?

    NUMBA_BOUNDSCHECK=1 python tests/random_calls.py 10000 --seed 1

With that variable every index of the compiled loops is looked at. Ends with an error at the first call that crashes,
hangs, fails in any other way than by an error of the package's own, is refused by one and not by the others, or
gives other numbers; else prints counts. tests/package/test_random_calls.py runs a few hundred of them.
"""

import argparse
import collections
import dataclasses
import faulthandler
import itertools
import json
import math
import sys
import traceback
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import hypothesis
import numpy as np
import torch
from hypothesis import strategies as st

import actlab
from actlab import activations, data, ensemble, train
from actlab.networks import mlp

PACKAGE = str(Path(actlab.__file__).parent)
FEW = ("relu", "sigmoid", "elu", "prelu")  # each takes a third of a second to compile
HANG = 120  # seconds
counts = collections.Counter()
get = activations.get


def at(points, value):
    changed = points.clone()
    changed.view(-1)[-1] = value
    return changed


# --- what is put in the place of an argument; each call makes it anew, since an iterator can be read once

ANY = [
    None, True, False, "", "3", "nan", b"1", 0, -1, 1.5, -0.5, 0.0, math.nan, math.inf, -math.inf, 1 + 0j, 2**70,
    10**400, [], [1], (2,), {}, {1}, object(), np.int64(2), np.uint8(3), np.float32(0.5), np.float64(math.nan),
    np.bool_(True), np.array(2), np.array([1, 2]), torch.tensor(2), torch.tensor(0.1), torch.tensor(True),
    torch.tensor([1, 2]), torch.empty((), device="meta"), Fraction(1, 2), Decimal("0.1"), range(2), 1e38, 3e38,
    1e-38, 1e-46, 1e300, 10**12,
]  # fmt: skip
LISTS = [
    lambda: [], lambda: [1.5], lambda: [1.0], lambda: ["a"], lambda: "12", lambda: np.arange(2),
    lambda: np.arange(2.0), lambda: torch.arange(2), lambda: (k for k in (0, 1)), lambda: {1, 2}, lambda: {1: 2},
    lambda: range(2), lambda: [2**64], lambda: [2**64 - 1], lambda: [-(2**63)], lambda: [-1], lambda: [True],
    lambda: [None], lambda: [[1]], lambda: np.ones((2, 2), int), lambda: itertools.count(),
    lambda: itertools.repeat(1), lambda: range(10**12), lambda: [0, 0], lambda: [math.nan], lambda: 3,
    lambda: [np.int32(1)], lambda: [torch.tensor(1)],
]  # fmt: skip
SIZES = [
    lambda: [2], lambda: [2, 0, 1], lambda: [2, -1, 1], lambda: [2, 2.5, 1], lambda: [2, 4.0, 1], lambda: "2-4-1",
    lambda: "241", lambda: [2, True, 1], lambda: [2, 10**10, 1], lambda: [2, 2**28, 1], lambda: [2, 2**70, 1],
    lambda: np.array([2, 3, 1]), lambda: torch.tensor([2, 3, 1]), lambda: (k for k in (2, 3, 1)), lambda: {2, 3, 1},
    lambda: [[2, 3, 1]], lambda: torch.Size([2, 3, 1]), lambda: [2, 40_000, 40_000, 1],
]  # fmt: skip
ACTIVATIONS = [
    lambda: get("elu", alpha=-1), lambda: get("elu", alpha=0), lambda: get("elu", alpha=1e39),
    lambda: get("leaky_relu", negative_slope=-2), lambda: get("leaky_relu", negative_slope=1e-42),
    lambda: get("prelu", negative_slope=-1e300), lambda: get("rrelu"), lambda: get("apl", a=(1e39, 1), b=(0, 1)),
    lambda: dataclasses.replace(get("relu"), name="new"), lambda: dataclasses.replace(get("relu"), name=""),
    lambda: dataclasses.replace(get("relu"), settings={"none": 1.0}), lambda: "gelo", lambda: "ReLU", lambda: "glu",
    lambda: dataclasses.replace(get("sigmoid"), function=lambda z: 2 * z, slope_function=lambda z: 2 + 0 * z),
]  # fmt: skip
WORDS = [
    "hinge", "mse", "bce", "brier", "cross_entropy", "lion", "adamw", "sgd", "adam", "cuda", "computed", "he",
    "orthogonal",
]  # fmt: skip
PARTS = [
    lambda t: t[:-1], lambda t: t[:1], lambda t: t[:0], lambda t: torch.cat([t, t]), lambda t: t[:, None],
    lambda t: t[None], lambda t: t.flatten(), lambda t: t.double(), lambda t: t.half(), lambda t: t.bfloat16(),
    lambda t: t.long(), lambda t: t.int(), lambda t: t.bool(), lambda t: t + 0j,
    lambda t: at(t, math.nan) if t.is_floating_point() else t,
    lambda t: at(t, math.inf) if t.is_floating_point() else t, lambda t: t.to("meta"), lambda t: t.to_sparse(),
    lambda t: t.float().requires_grad_(), lambda t: torch.nn.Parameter(t.float()), lambda t: t.numpy(),
    lambda t: t.tolist(), lambda t: None, lambda t: "points", lambda t: t.repeat_interleave(2, 0)[::2],
    lambda t: t.mT if t.ndim == 2 else t, lambda t: t.flip(0), lambda t: t[:1].expand(t.shape),
    lambda t: torch.complex(-t.float(), -t.float()).conj().imag, lambda t: t + 1, lambda t: -t, lambda t: t * 0.5,
    lambda t: t * 100, lambda t: at(t, 1) + 0, lambda t: t * 0 - 100, lambda t: torch.cat([t, t], -1),
    lambda t: t.float().sin() if t.ndim == 1 else t, lambda t: t[0], lambda t: t[0, 0] if t.ndim == 2 else t[0],
    lambda t: torch.quantize_per_tensor(t.float(), 0.1, 0, torch.qint8),
    lambda t: t.float().mul(2).sqrt() if t.ndim == 1 else t,
    lambda t: torch.nested.nested_tensor([t.float(), t.float()]), lambda t: t.reshape(*t.shape, 1),
    lambda t: t.to(torch.uint8),
]  # fmt: skip
HUGE = [
    lambda t: t * 1e20, lambda t: t * 1e30, lambda t: t * 1e38, lambda t: t * 1e-30, lambda t: t * 1e-42,
]  # fmt: skip
WHOLE = [
    lambda s, k: tuple(s), lambda s, k: list(s), lambda s, k: s[0], lambda s, k: None, lambda s, k: [],
    lambda s, k: [s] * k, lambda s, k: [s] * (k + 1), lambda s, k: (s for _ in range(k)),
    lambda s, k: [s, *[other(s)] * (k - 1)], lambda s, k: [tuple(s)] * k, lambda s, k: dict(enumerate([s] * k)),
    lambda s, k: "splits", lambda s, k: itertools.repeat(s),
    lambda s, k: [data.Split(*(t.clone() for t in s)) for _ in range(k)], lambda s, k: {s}, lambda s, k: [None] * k,
]  # fmt: skip


OWN = [
    "batch",
    "every",
    "seed",
    "warmup",
    "momentum",
    "weight_decay",
    "layers",
    "device",
    "watch",
    "test_every",
    "network",
]


def other(split):
    """One training point more."""
    x, y = (torch.cat([t[:1], t]) for t in split[:2])
    return data.Split(x, y, *split[2:])


@st.composite
def calls(draw, names):
    """Arguments by name, each a function that makes it, what of them was put in another's place, and the task."""
    features, width = draw(st.integers(1, 5)), st.integers(1, 9)
    loss = draw(st.sampled_from(list(train.losses)))
    least = 2 if loss == "cross_entropy" else 1
    outputs = draw(st.integers(least, 6)) if draw(st.booleans()) else least
    sizes = [features, *draw(st.lists(width, max_size=3)), outputs]
    points = st.integers(1, 40) | st.sampled_from([511, 512, 513, 1025])
    n, test = draw(points), draw(points)
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    x = torch.randn(n + test, features, generator=generator)
    if loss == "cross_entropy":
        y = torch.randint(outputs, (n + test,), generator=generator)
    else:
        y = torch.rand((n + test, outputs), generator=generator)
        y = (y if loss == "mse" else y.round())[:, : outputs if outputs > 1 else None]
        y = y if outputs > 1 else y[:, 0]
    split = data.Split(x[:n], y[:n], x[n:], y[n:])
    runs, steps = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    values = {
        "sizes": sizes,
        "activation": draw(st.sampled_from(names)),
        "splits": split,
        "seeds": list(range(runs)),
        "steps": steps,
        "rate": draw(st.sampled_from([0.001, 0.01, 0.1])),
        "optimizer": draw(st.sampled_from(list(train.optimizers))),
        "loss": loss if loss in ("mse", "brier") or draw(st.booleans()) else None,
        "scheme": draw(st.sampled_from(["torch", "he", 0.5])),
        "test_steps": draw(st.sets(st.integers(0, steps))) if outputs == 1 or loss == "cross_entropy" else [],
        "chunk": draw(st.integers(1, 4)),
    }
    asked = {name: (lambda value=value: value) for name, value in values.items()}
    changed = []
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
        what = draw(st.sampled_from(["part", "part", "splits", *values]))
        if what == "part":
            k, how = draw(st.integers(0, 3)), draw(st.sampled_from(PARTS + HUGE))
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # quantized and nested tensors are on their way out of torch
                    part = how(split[k])
            except (RuntimeError, IndexError, NotImplementedError):  # cannot be made of it
                continue
            split = split._replace(**{split._fields[k]: part})
            what += " huge" if how in HUGE else ""
            changed.append(
                (what, split._fields[k], how.__code__.co_firstlineno, str(getattr(part, "dtype", part))[:40])
            )
            asked["splits"] = lambda split=split: split
        elif what == "splits":
            i = draw(st.integers(0, len(WHOLE) - 1))
            changed.append((what, i))
            asked[what] = lambda i=i, split=split: WHOLE[i](split, runs)
        else:
            pool = [lambda value=value: value for value in ANY + WORDS]
            pool += {"sizes": SIZES, "activation": ACTIVATIONS, "seeds": LISTS, "test_steps": LISTS}.get(what, [])
            asked[what] = pool[draw(st.integers(0, len(pool) - 1))]
            changed.append((what, repr(asked[what]())[:60]))
            if what == "steps":
                asked["test_steps"] = list  # they would lie behind the end
    own = draw(st.sampled_from(OWN)), draw(st.integers(0, len(ANY) - 1))
    return asked, changed, loss, own


def outcome(call):
    """What a call returns, or the error with which the package itself refuses it."""
    faulthandler.dump_traceback_later(HANG, exit=True)
    try:
        return call()
    except (KeyError, TypeError, ValueError) as error:
        place = traceback.extract_tb(error.__traceback__)[-1].filename
        assert place.startswith(PACKAGE), f"not the package's own: {error!r} in {place}"
        assert len(str(error)) < 2000
        return error
    finally:
        faulthandler.cancel_dump_traceback_later()


def refused(found):
    return isinstance(found, Exception)


def many(asked, engine):
    made = {name: make() for name, make in asked.items()}
    return outcome(lambda: ensemble.fit_many(**made, engine=engine))


def first(asked):
    """The split of the first run, if there is one."""
    splits = asked["splits"]()
    return splits[0] if isinstance(splits, list) and splits else splits


def network(asked):
    (sizes, seeds) = (asked[name]() for name in ("sizes", "seeds"))
    seed = int(seeds[0]) if isinstance(seeds, list | range | np.ndarray) else 0
    return mlp(list(map(int, sizes)), asked["activation"](), scheme=asked["scheme"](), seed=seed)


def close(one, two, allowed):
    one, two = (torch.as_tensor(x, dtype=torch.float64) for x in (one, two))
    return bool(((one - two).abs() <= allowed * (1 + two.abs())).all()) or not bool(two.isfinite().all())


def look_alone(asked, name, i):
    """What the plain loops alone ask for: right, or refused."""
    split, settings = first(asked), {"network": network(asked), name: ANY[i]}
    trained = settings.pop("network")
    if name != "test_every" and asked["loss"]() in (None, "bce", "cross_entropy"):
        found = outcome(lambda: train.fit_batches(trained, split, steps=2, **settings))
        counts["fit_batches alone"] += 1
        assert refused(found) or len(found.train_loss) in (1, 2)
    if name in ("test_every", "watch", "network"):
        found = outcome(lambda: train.fit(trained, split, steps=2, loss=asked["loss"](), **settings))
        counts["fit alone"] += 1
        assert refused(found) or len(found.loss) == 2


def look(asked, changed, loss, own):
    """One example: the same call of all that have these arguments."""
    names = {what for what, *_ in changed}
    stacked = many(asked, "stacked")
    made = asked["activation"]()
    try:
        compilable = ensemble.engine_for(made) == "compiled"
    except (KeyError, TypeError):
        compilable = True  # no activation: both say so
    counts["stacked"] += 1
    counts["refused" if refused(stacked) else "trained"] += 1
    if compilable:
        compiled = many(asked, "compiled")
        counts["compiled"] += 1
        assert refused(stacked) == refused(compiled), (stacked, compiled)
        if refused(stacked):
            assert (type(stacked), str(stacked)) == (type(compiled), str(compiled))
    if names <= {"part", "part huge", "splits", "steps", "rate", "optimizer", "loss"}:
        if "splits" in names and not isinstance(asked["splits"](), data.Split):
            return
        settings = {name: asked[name]() for name in ("steps", "rate", "optimizer", "loss")}
        tested = bool(asked["test_steps"]())
        every = settings["steps"] if tested else 0
        alone = outcome(lambda: train.fit(network(asked), first(asked), test_every=every, **settings))
        counts["fit"] += 1
        assert refused(alone) == refused(stacked), (alone, stacked)
        implied = {"bce": "bce", "cross_entropy": "cross_entropy", None: loss}.get(
            settings["loss"] if isinstance(settings["loss"], str | None) else "", "none"
        )
        if implied == loss and isinstance(settings["optimizer"], str):
            del settings["loss"]
            if settings["optimizer"] == "adamw":  # which the other loops do not have
                return
            course = outcome(lambda: train.fit_batches(network(asked), first(asked), batch=10**6, **settings))
            counts["fit_batches"] += 1
            whole = tested and getattr(getattr(first(asked), "train_y", None), "ndim", 1) > 1
            assert refused(course) == refused(stacked) or whole, (course, stacked)
        if not refused(stacked) and names <= {"part"} and asked["activation"]() != "rrelu":
            same = close(stacked.loss[0], alone.loss, 1e-3) and (
                not compilable or close(compiled.loss[0], alone.loss, 1e-3)
            )
            same &= close(stacked.loss[0, 0], alone.loss[0], 1e-5)
            same &= not compilable or close(compiled.loss[0, 0], alone.loss[0], 1e-5)
            for runs in [stacked, *([compiled] if compilable else [])]:
                for step, value in zip(runs.test_steps, runs.test_loss[0], strict=True):
                    if step in alone.test_steps:
                        same &= close(value, alone.test_loss[alone.test_steps.index(step)], 1e-3)
            assert same, (stacked.loss[0], compilable and compiled.loss[0], alone.loss)
            counts["numbers compared with the plain loop"] += 1
    if not changed:
        look_alone(asked, *own)
    if not refused(stacked):
        assert stacked.loss.shape == (len(stacked.loss), asked["steps"]()) and stacked.loss.dtype == torch.float32


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("calls", type=int)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    names = FEW if asked.calls < 1000 else list(activations.catalog)

    @hypothesis.seed(asked.seed)
    @hypothesis.settings(
        max_examples=asked.calls,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(calls(names))
    def run(call):
        asked, changed, loss, own = call
        counts["examples"] += 1
        try:
            look(asked, changed, loss, own)
        except BaseException as error:
            failed.append((dict(asked), changed, loss, own, error))
            raise

    failed = []
    try:
        run()
    except BaseException:
        call, changed, loss, own, error = failed[0]
        shown = {name: make() for name, make in call.items() if name != "splits"}
        print(dict(counts), shown, changed, loss, own[0], ANY[own[1]], file=sys.stderr)
        traceback.print_exception(error, limit=-4)
        sys.exit(1)
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
