"""The command line: the catalog, and the claims with what their checks find now."""

import argparse
import difflib
import sys
import time
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return what the process exits with: 0, or 1 where a claim is contradicted."""
    parser = argparse.ArgumentParser(prog="actlab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the catalog as a table")
    claims = commands.add_parser("claims", help="every claim, its verdict and what was measured just now")
    claims.add_argument("ids", nargs="*", metavar="ID", help="only these claims")
    claims.add_argument("--topic", help="only the claims of one topic, such as tanh")
    options = parser.parse_args(arguments)
    return _list() if options.command == "list" else _claims(parser, options.ids, options.topic)


def _list() -> int:
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
