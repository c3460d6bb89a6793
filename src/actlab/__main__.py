"""The command line: the catalog, the studies, the claims with what their checks find now, and a network's health."""

import argparse
import ast
import inspect
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path

from . import _streams
from ._names import hint, meant, nearest, one_of
from ._streams import put, say

__all__ = ["main"]

UNWRITABLE = 74  # what other programs exit with after an error of input or output
MOST = 1_000_000  # of anything that is counted here; each study has limits of its own


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return what the process exits with.

    0, or 1 where a claim is contradicted, runs failed, a store is damaged or a network has something to look at, 2
    where what was asked for cannot be done, 74 where what was asked for cannot be written to standard output, 141
    where its reader went away, 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP. A study that is trained, a file
    that is exported or a store that is brought over is what was asked for; what is said of it is not.
    """
    try:
        with _streams.plain(), _streams.stoppable():
            return _command(arguments)
    except _streams.Unwritable as error:
        if not error.gone:  # who read the output, `head` perhaps, has read enough
            say(error)
        return 141 if error.gone else UNWRITABLE
    except (KeyError, ValueError, OSError) as error:
        # the text of a KeyError is its argument: str() would show it in quotes
        say(error.args[0] if isinstance(error, KeyError) else error)
        return 2
    except KeyboardInterrupt as stop:
        return 128 + getattr(stop, "number", signal.SIGINT)


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ValueError(message)


def _command(arguments):
    parser = _Parser(prog="actlab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the catalog as a table")
    _run_options(commands.add_parser("run", help="train what a study's store still lacks; resumes where it stopped"))
    summary = commands.add_parser("summary", help="final losses of a store: mean, median, quantiles, rank intervals")
    summary.add_argument("store", type=_file)
    check = commands.add_parser("check", help="what of a store is whole, row by row")
    check.add_argument("store", type=_file)
    check.add_argument(
        "--out", type=_file, metavar="NEW", help="a new store of the whole runs, in the present format"
    )
    export = commands.add_parser("export", help="every step of a store's runs, for other programs")
    export.add_argument("store", type=_file)
    export.add_argument("--format", default="parquet", metavar="parquet|jsonl")
    export.add_argument("--out", type=_file, metavar="FILE", help="default: beside the store")
    claims = commands.add_parser("claims", help="every claim, its verdict and what was measured just now")
    claims.add_argument("ids", nargs="*", metavar="ID", help="only these claims")
    claims.add_argument("--topic", help="only the claims of one topic, such as tanh")
    health = commands.add_parser(
        "health", help="what a network's signals, or a checkpoint's blocks, have to be told of"
    )
    health.add_argument(
        "of", metavar="MODULE:FACTORY|FOLDER", help="returns network, or (network, batch); or a folder"
    )
    health.add_argument("--save", type=_file, metavar="FILE", help="the report as one HTML file")
    options = parser.parse_args(arguments)
    does = {
        "list": _list, "run": _run, "summary": _summary, "check": _check, "export": _export, "claims": _claims,
        "health": _health,
    }  # fmt: skip
    return does[options.command](options)


def _count(text):
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {MOST:,}, got {text[:80]!r}")
    return number


def _steps(text):
    try:
        return int(text)  # its study says how many it may be
    except ValueError:
        raise argparse.ArgumentTypeError(f"a whole number, got {text[:80]!r}") from None


def _file(text):
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"the name of a file, got {text[:80]!r}")
    return Path(text)


MANY = {"nargs": "+", "action": "extend"}  # an option given twice means both
# Options that are what a study's function takes, by its own names: a study has those that it names.
OF_STUDIES = {
    "runs": {"type": _count, "metavar": "N", "help": "how many of each setting, seeds 0 to N-1"},
    "steps": {"type": _steps, "metavar": "N"},
    "activations": {**MANY, "metavar": "NAME", "help": "names of the catalog, 'published' or 'all'"},
    "draws": {"type": _count, "metavar": "N", "help": "how many draws of the points, 0 to N-1"},
    "rates": {**MANY, "type": float, "metavar": "RATE"},
    "scales": {**MANY, "type": float, "metavar": "SCALE", "help": "standard deviations of the start"},
    "optimizers": {**MANY, "metavar": "NAME", "help": "sgd, adam"},
    "names": {**MANY, "metavar": "NAME", "help": "arms of the study of adaptive units"},
    "depths": {**MANY, "type": _count, "metavar": "N", "help": "in its place, stacks of N convolutions"},
    "starts": {**MANY, "metavar": "NAME", "help": "pretrained, calibrated, fresh, random"},
}


def _run_options(parser):
    parser.add_argument("study", help="which, such as disk; a name that is none is answered with all there are")
    parser.add_argument("--out", type=_file, metavar="FILE", help="the store; default: STUDY.sqlite")
    for name, how in OF_STUDIES.items():
        parser.add_argument(f"--{name}", *(["--seeds"] if name == "runs" else []), **how)
    parser.add_argument("--set", **MANY, default=[], metavar="NAME=VALUE", help="other entries of every setting")
    parser.add_argument("--device", metavar="cpu|cuda", help="where networks are trained one by one; default: cpu")
    parser.add_argument("--workers", type=_count, metavar="N", help="processes; default: the processors there are")
    parser.add_argument("--engine", help="how new settings are trained; default: the fastest that works here")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="train on the Dask cluster with this scheduler")


def _run(options) -> int:
    from . import experiments

    if options.engine is not None and options.device is not None:
        raise ValueError("--engine and --device say the same of different studies; give the one that this study has")
    study = _study(options)
    out = options.out or Path(f"{options.study}.sqlite")
    if out.is_dir():
        raise ValueError(f"{out} is a folder: --out names a file")
    train_on = nullcontext() if options.scheduler is None else experiments.cluster(options.scheduler, tell=say)
    try:
        with train_on as executor:
            outcome = experiments.run(
                study,
                out,
                executor=executor,
                workers=options.workers,
                engine=options.device if options.engine is None else options.engine,
                progress=True,
                tell=say,
            )
    except KeyboardInterrupt:
        say(
            f"stopped; what is done is in {out}: the same command goes on from there"
            if out.exists()
            else "stopped before anything was begun"
        )
        raise
    except experiments.Failed as error:
        say(error)
        return 1
    done = f"{outcome.runs} runs in {out}; {outcome.trained} of them trained now, in {outcome.seconds:.1f} s"
    if outcome.trained:
        done += f", {1e6 * outcome.work / outcome.model_steps:.1f} us of one processor per step of a network"
    _mention(f"{done}\nnext: actlab summary {out}")
    return 0


def _mention(text):
    """Say on standard output what was done; that it cannot be said does not undo it."""
    try:
        put(text)
    except _streams.Unwritable as error:
        say(f"{error}; but this was done: {text}")


def _study(options):
    """The study that is asked for. Raises KeyError or ValueError, by name, for what it has not or cannot be."""
    from . import activations, experiments

    make = experiments.studies[one_of(experiments.studies, options.study, "study")]
    named = {"all": list(activations.catalog), "published": list(experiments.published)}
    asked = {name: value for name in OF_STUDIES if (value := getattr(options, name)) is not None}
    if "activations" in asked:
        asked["activations"] = [name for word in asked["activations"] for name in named.get(word, [word])]
    if "draws" in asked:
        asked["draws"] = range(asked["draws"])
    takes = [name for name in inspect.signature(make).parameters if hasattr(options, name)]
    for name in asked:
        if name not in takes:
            raise KeyError(f"{options.study} has no --{name}; it takes {', '.join(f'--{taken}' for taken in takes)}")
    entries = _entries(options, make)
    for name in entries:
        if name in asked:
            raise ValueError(f"{name} is given twice, by --{name} and by --set")
    return make(**asked, **entries)


def _entries(options, make) -> dict[str, object]:
    """What --set says: entries of the study's settings by name, as Python would read them, or else as text."""
    there, found = [field.name for field in fields(make().settings[0])], {}
    for text in options.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"--set takes NAME=VALUE, got {text!r}")
        if name not in there:
            raise KeyError(f"no setting of {options.study} has an entry {name!r}; {hint(name, there)}")
        if name in found:
            raise ValueError(f"--set gives {name} twice")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what looks as if it were meant in another way
                found[name] = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            found[name] = value
    return found


def _summary(options) -> int:
    from . import experiments, results

    with results.Store(options.store) as store:
        rows, origins, runs = (
            results.summary(store, published=experiments.published_loss),
            store.origins(),
            len(store),
        )
        settings = [store.study, *store.settings()]
    if not rows:
        raise ValueError(f"{options.store} holds no run yet")
    one = settings[0] | settings[1]
    constant = {name: value for name, value in one.items() if name not in rows[0] and name != "test_steps"}
    shared = ", ".join(f"{name} {_said(value)}" for name, value in constant.items())
    put(f"{options.store}: {runs} runs; {results.shown(shared)}")
    for origin in origins:
        versions = ", ".join(f"{name} {number}" for name, number in origin.get("versions", {}).items() if number)
        when, where = (origin.get(name, f"a {name} not noted") for name in ("date", "processor"))
        put(results.shown(f"trained on {when}, {where}, with {versions or 'versions not noted'}"))
    put(f"\n{results.table(rows)}")
    return 0


def _said(value) -> str:
    return "-".join(map(str, value)) if isinstance(value, list) else str(value)


def _check(options) -> int:
    from . import results

    found = results.check(options.store, options.out)
    lines = [f"damaged: {line}" for line in found.damage]
    whole = f"{found.runs} whole runs" if found.damage else f"{found.runs} runs, all whole"
    lines.append(
        f"{options.store}: {whole}{'' if found.format > 2 else ', as far as a store without checksums can say'}"
    )
    if options.out:
        lines.append(f"they are in {options.out}: the command that made {options.store} goes on there, with --out")
    elif found.damage or found.format == 2:
        lines.append(f"next: actlab check {options.store} --out NEW puts them into a new store")
    (_mention if options.out else put)("\n".join(lines))
    return int(bool(found.damage))


def _export(options) -> int:
    from . import results

    if options.out is None and not options.store.name:
        raise ValueError(f"{options.store} is no file")
    out = options.out or options.store.with_name(f"{options.store.stem}.{options.format}")
    began = time.perf_counter()
    steps = results.export(options.store, out, options.format)
    _mention(f"{steps} steps in {out}, {out.stat().st_size / 1e6:.1f} MB, in {time.perf_counter() - began:.1f} s")
    return 0


def _list(_) -> int:
    from . import activations, theory

    put(f"{'name':16} {'year':4}  {'range':20} {'E f':>9} {'E f^2':>9} {'gain':>9} {'largest slope':>13}")
    for name, act in activations.catalog.items():
        moments = theory.moments(act)
        low, high = (f"{bound:.6g}" for bound in act.range)
        mean = round(moments.mean, 9) + 0.0  # no -0.000000 for an odd function
        put(
            f"{name:16} {act.year:4}  {f'{low} to {high}':20} {mean:9.6f} {moments.second:9.6f} "
            f"{theory.gain(act):9.6f} {theory.lipschitz(act):13.6f}"
        )
    return 0


def _claims(options) -> int:
    import torch

    from . import claims

    ids, topic = options.ids, options.topic
    asked_for = [(id, claims.ledger, "claim", "`actlab claims` names them all") for id in ids]
    asked_for.append((topic, claims.topics, "topic", f"there are {', '.join(claims.topics)}"))
    for asked, there, kind, all_of_them in asked_for:
        if asked is not None and asked not in there:
            near = meant(nearest(asked, there)).strip() or all_of_them
            raise ValueError(f"no {kind} {asked!r}; {near}")
    chosen = [
        claim
        for claim in claims.ledger.values()
        if (not ids or claim.id in ids) and (topic is None or claim.topic == topic)
    ]
    torch.set_num_threads(1)  # many small networks: a second thread would cost more than it brings
    began, contradicted = time.perf_counter(), []
    for claim in chosen:
        try:
            settled = claims.settle(claim)
        except Exception as error:  # one check that breaks off must not hide what the others find
            found, fault = "nothing", f"the check broke off: {type(error).__name__}: {error}"
        else:
            found = settled.evidence.measured
            fault = "" if settled.supported else f"the evidence says {settled.evidence.verdict}"
        put(f"{claim.id}: {claim.verdict}\n    {found}")
        if fault:
            contradicted.append(claim.id)
            put(f"    CONTRADICTED: {fault}")
    put(f"{len(chosen)} claims in {time.perf_counter() - began:.0f} s; {len(contradicted) or 'none'} contradicted")
    for id in contradicted:
        say(f"contradicted: {id}")
    return int(bool(contradicted))


def _health(options) -> int:
    from . import _factory, diagnostics

    if Path(options.of).is_dir():
        found = _factory.told(diagnostics.blocks, diagnostics.load_checkpoint(options.of))
        objections = found.differs
    else:
        found = _factory.told(diagnostics.health, *_factory.made(options.of))
        objections = found.findings
    put(repr(found))
    if options.save is not None:
        _mention(f"saved in {found.save(options.save)}")
    return int(bool(objections))


if __name__ == "__main__":
    sys.exit(main())
