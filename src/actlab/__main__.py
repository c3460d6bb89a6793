"""The command line: the catalog, the studies, and the claims with what their checks find now."""

import argparse
import ast
import difflib
import inspect
import os
import sys
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return what the process exits with.

    0, or 1 where a claim is contradicted, runs failed or a store is damaged, 2 where what was asked for cannot be
    done, 130 after Ctrl-C, 141 where the reader of the output went away.
    """
    parser = argparse.ArgumentParser(prog="actlab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the catalog as a table")
    _run_options(commands.add_parser("run", help="train what a study's store still lacks; resumes where it stopped"))
    summary = commands.add_parser("summary", help="final losses of a store: mean, median, quantiles, rank intervals")
    summary.add_argument("store", type=Path)
    check = commands.add_parser("check", help="what of a store is whole, row by row")
    check.add_argument("store", type=Path)
    check.add_argument("--out", type=Path, metavar="NEW", help="a new store of the whole runs, in the present format")
    export = commands.add_parser("export", help="every step of a store's runs, for other programs")
    export.add_argument("store", type=Path)
    export.add_argument("--format", default="parquet", metavar="parquet|jsonl")
    export.add_argument("--out", type=Path, metavar="FILE", help="default: beside the store")
    claims = commands.add_parser("claims", help="every claim, its verdict and what was measured just now")
    claims.add_argument("ids", nargs="*", metavar="ID", help="only these claims")
    claims.add_argument("--topic", help="only the claims of one topic, such as tanh")
    options = parser.parse_args(arguments)
    try:
        if options.command == "claims":
            status = _claims(parser, options.ids, options.topic)
        else:
            does = {"list": _list, "run": _run, "summary": _summary, "check": _check, "export": _export}
            status = does[options.command](options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # who read the output, `head` perhaps, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains as it ends
        return 141
    except (KeyError, ValueError, OSError) as error:
        # the text of a KeyError is its argument: str() would show it in quotes
        print(f"actlab: {error.args[0] if isinstance(error, KeyError) else error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _run_options(parser):
    many = {"nargs": "+", "action": "extend"}  # an option given twice means both
    parser.add_argument("study", help="disk, xor, images, adaptive, transformers or characters")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the store; default: STUDY.sqlite")
    parser.add_argument("--runs", "--seeds", type=int, metavar="N", help="how many of each setting, seeds 0 to N-1")
    parser.add_argument("--steps", type=int, metavar="N")
    parser.add_argument("--activations", **many, metavar="NAME", help="names of the catalog, 'published' or 'all'")
    parser.add_argument("--draws", type=int, metavar="N", help="how many draws of the points, 0 to N-1")
    parser.add_argument("--rates", type=float, **many, metavar="RATE")
    parser.add_argument("--scales", type=float, **many, metavar="SCALE", help="standard deviations of the start")
    parser.add_argument("--optimizers", **many, metavar="NAME", help="sgd, adam")
    parser.add_argument("--names", **many, metavar="NAME", help="arms of the study of adaptive units")
    parser.add_argument("--depths", type=int, **many, metavar="N", help="in its place, stacks of N convolutions")
    parser.add_argument("--starts", **many, metavar="NAME", help="pretrained, calibrated, fresh, random")
    parser.add_argument("--set", **many, default=[], metavar="NAME=VALUE", help="other entries of every setting")
    parser.add_argument("--device", metavar="cpu|cuda", help="where networks are trained one by one; default: cpu")
    parser.add_argument("--workers", type=int, metavar="N", help="processes; default: the processors there are")
    parser.add_argument("--engine", help="how new settings are trained; default: the fastest that works here")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="train on the Dask cluster with this scheduler")


def _run(options) -> int:
    from . import activations, experiments

    if options.study not in experiments.studies:
        near = difflib.get_close_matches(options.study, experiments.studies, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise KeyError(f"no study named {options.study!r}; {hint}there are {', '.join(experiments.studies)}")
    named = {
        "all": list(activations.catalog),
        "published": list(experiments.published),
    }
    asked = {
        "runs": options.runs,
        "steps": options.steps,
        "activations": options.activations
        and [name for word in options.activations for name in named.get(word, [word])],
        "draws": None if options.draws is None else range(options.draws),
        "rates": options.rates,
        "scales": options.scales,
        "optimizers": options.optimizers,
        "names": options.names,
        "depths": options.depths,
        "starts": options.starts,
    }
    asked = {name: value for name, value in asked.items() if value is not None}
    make = experiments.studies[options.study]
    takes = [name for name in inspect.signature(make).parameters if hasattr(options, name)]
    for name in asked:
        if name not in takes:
            raise KeyError(f"{options.study} has no --{name}; it takes {', '.join(f'--{taken}' for taken in takes)}")
    if options.engine and options.device:
        raise ValueError("--engine and --device say the same of different studies; give the one that this study has")
    entries = _entries(options, make)
    try:
        study = make(**asked, **entries)
    except TypeError as error:  # one entry from two sides
        said = ", ".join(f"--{taken}" for taken in takes)
        raise ValueError(f"--set gives an entry that {options.study} has an option for: {said}") from error
    out = options.out or Path(f"{options.study}.sqlite")
    try:
        with _cluster(options.scheduler) as (executor, workers):
            outcome = experiments.run(
                study,
                out,
                executor=executor,
                workers=workers if options.workers is None else options.workers,
                engine=options.engine or options.device,
                progress=True,
            )
    except KeyboardInterrupt:
        print(f"actlab: stopped; what is done is in {out}: the same command goes on from there", file=sys.stderr)
        return 130
    except experiments.Failed as error:
        print(f"actlab: {error}", file=sys.stderr)
        return 1
    print(f"{outcome.runs} runs in {out}; {outcome.trained} of them trained now, in {outcome.seconds:.1f} s", end="")
    if outcome.trained:
        print(f", {1e6 * outcome.work / outcome.model_steps:.1f} us of one processor per step of a network", end="")
    print(f"\nnext: actlab summary {out}")
    return 0


def _entries(options, make) -> dict[str, object]:
    """What --set says: entries of the study's settings by name, numbers as numbers."""
    usual, found = make().settings[0], {}
    there = [field.name for field in fields(usual)]
    for text in options.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"--set takes NAME=VALUE, got {text!r}")
        if name not in there:
            near = difflib.get_close_matches(name, there, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise KeyError(f"no setting of {options.study} has an entry {name!r}; {hint}there are {', '.join(there)}")
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name] = value
        if isinstance(getattr(usual, name), int | float) and not isinstance(found[name], int | float):
            raise ValueError(f"{name} of {options.study} is a number, got {value!r}")
    return found


@contextmanager
def _cluster(address):
    """An executor for the Dask cluster at an address, and its number of threads; (None, None) for no address."""
    if address is None:
        yield None, None
        return
    try:
        import distributed
    except ImportError as error:
        raise ValueError("a Dask cluster needs distributed: pip install 'actlab[cluster]'") from error
    try:
        client = distributed.Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {address}") from error
    with client:
        yield client.get_executor(pure=False), max(1, sum(client.nthreads().values()))


def _summary(options) -> int:
    from . import results

    with results.Store(options.store) as store:
        rows, origins, runs = results.summary(store), store.origins(), len(store)
        settings = [store.study, *store.settings()]
    if not rows:
        raise ValueError(f"{options.store} holds no run yet")
    one = settings[0] | settings[1]
    constant = {name: value for name, value in one.items() if name not in rows[0] and name != "test_steps"}
    shared = ", ".join(f"{name} {_said(value)}" for name, value in constant.items())
    print(f"{options.store}: {runs} runs; {results.shown(shared)}")
    for origin in origins:
        versions = ", ".join(f"{name} {number}" for name, number in origin.get("versions", {}).items() if number)
        when, where = (origin.get(name, f"a {name} not noted") for name in ("date", "processor"))
        print(results.shown(f"trained on {when}, {where}, with {versions or 'versions not noted'}"))
    print(f"\n{results.table(rows)}")
    return 0


def _said(value) -> str:
    return "-".join(map(str, value)) if isinstance(value, list) else str(value)


def _check(options) -> int:
    from . import results

    found = results.check(options.store, options.out)
    for line in found.damage:
        print(f"damaged: {line}")
    whole = f"{found.runs} whole runs" if found.damage else f"{found.runs} runs, all whole"
    print(f"{options.store}: {whole}{'' if found.format > 2 else ', as far as a store without checksums can say'}")
    if options.out:
        print(f"they are in {options.out}: the command that made {options.store} goes on there, with --out")
    elif found.damage or found.format == 2:
        print(f"next: actlab check {options.store} --out NEW puts them into a new store")
    return int(bool(found.damage))


def _export(options) -> int:
    from . import results

    out = options.out or options.store.with_suffix(f".{options.format}")
    began = time.perf_counter()
    steps = results.export(options.store, out, options.format)
    print(f"{steps} steps in {out}, {out.stat().st_size / 1e6:.1f} MB, in {time.perf_counter() - began:.1f} s")
    return 0


def _list(_) -> int:
    from . import activations, theory

    print(f"{'name':16} {'year':4}  {'range':20} {'E f':>9} {'E f^2':>9} {'gain':>9} {'largest slope':>13}")
    for name, act in activations.catalog.items():
        moments = theory.moments(act)
        low, high = (f"{bound:.6g}" for bound in act.range)
        mean = round(moments.mean, 9) + 0.0  # no -0.000000 for an odd function
        print(
            f"{name:16} {act.year:4}  {f'{low} to {high}':20} {mean:9.6f} {moments.second:9.6f} "
            f"{theory.gain(act):9.6f} {theory.lipschitz(act):13.6f}"
        )
    return 0


def _claims(parser, ids, topic) -> int:
    import torch

    from . import claims

    asked_for = [(id, claims.ledger, "claim", "`actlab claims` names them all") for id in ids]
    asked_for.append((topic, claims.topics, "topic", f"there are {', '.join(claims.topics)}"))
    for asked, there, kind, all_of_them in asked_for:
        if asked is not None and asked not in there:
            near = difflib.get_close_matches(asked, there, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else all_of_them
            parser.error(f"no {kind} {asked!r}; {hint}")
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
        print(f"{claim.id}: {claim.verdict}\n    {found}", flush=True)
        if fault:
            contradicted.append(claim.id)
            print(f"    CONTRADICTED: {fault}", flush=True)
    print(f"{len(chosen)} claims in {time.perf_counter() - began:.0f} s; {len(contradicted) or 'none'} contradicted")
    for id in contradicted:
        print(f"contradicted: {id}", file=sys.stderr)
    return int(bool(contradicted))


if __name__ == "__main__":
    sys.exit(main())
