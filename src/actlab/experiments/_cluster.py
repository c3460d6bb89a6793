"""A Dask cluster to train on: who answers there, and whether its workers have the code that we have."""

import asyncio
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from ._pools import Failed, Pool
from ._source import SAME, question

__all__ = ["cluster"]

ANSWER = 8.0  # seconds that a scheduler has to answer, and a worker half as many, what takes milliseconds
SILENT = f"does not answer within {ANSWER / 2:.0f} s"
SOON = 0.5  # seconds between two looks for the first worker


@contextmanager
def cluster(address: str, *, tell: Callable[[str], object] = lambda line: None) -> Iterator[Pool]:
    """An executor for `run` that trains on the Dask cluster whose scheduler has this address, "tcp://HOST:PORT".

    It waits for the first worker as long as it takes. Workers that join later are used too, and jobs of one that goes
    away are given to others; none is used whose versions of actlab, torch, numpy or numba, or whose source of
    actlab, are not ours. tell: called with a line for what is waited for, and for each worker that is not used.
    Raises ValueError, within 15 seconds, where the address is none, where no scheduler answers there, and where a
    worker that is there at the start cannot be used.
    """
    try:
        import distributed
    except ImportError as error:
        raise ValueError("a Dask cluster needs distributed: pip install 'actlab[cluster]'") from error
    _check_address(address)
    identity = _ask_scheduler(address)
    if identity.get("type") != "Scheduler":
        raise ValueError(f"{address} is no Dask scheduler but a {identity.get('type', 'program of another kind')}")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Mismatched versions found")  # those that matter are told below
            client = distributed.Client(address, timeout=ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {address}") from error
    with client:
        workers = _Workers(client, tell)
        workers.wait_for_the_first()
        yield workers


def _check_address(address):
    from distributed.comm import parse_host_port, registry

    scheme, there, place = address.rpartition("://")
    known = sorted(set(registry.backends) - {"inproc"})  # which is a scheduler of the same process
    if there and scheme not in known:
        raise ValueError(f"{address!r} is no address of a Dask scheduler: it begins with one of {', '.join(known)}")
    try:
        host, port = parse_host_port(place, 0)
    except ValueError:
        host = port = None
    if not host or not port or not 0 < port < 65536 or "*" in host:
        raise ValueError(f"{address!r} is no address of a Dask scheduler: it is to be such as tcp://127.0.0.1:8786")


def _ask_scheduler(address):
    """What answers at an address says that it is."""
    from distributed import Security
    from distributed.comm import connect

    async def ask():
        comm = await connect(address, timeout=ANSWER / 2, **Security().get_connection_args("client"))
        try:
            await comm.write({"op": "identity", "reply": True, "close": True})
            return await comm.read()
        finally:
            comm.abort()

    try:
        found = _in_time(lambda: asyncio.run(asyncio.wait_for(ask(), ANSWER)), 1.2 * ANSWER)
    except TimeoutError as error:
        raise ValueError(f"no Dask scheduler answers at {address}: something is there, and silent") from error
    except Exception as error:  # whatever is there may say anything
        raise ValueError(f"no Dask scheduler answers at {address}") from error
    return found if isinstance(found, dict) else {}


class _Workers(Pool):
    """The workers of a cluster that can be used; others are told of once."""

    def __init__(self, client, tell):
        self._client, self._tell = client, tell
        self._versions = question()()
        self._fit: dict[str, int] = {}  # threads by address
        self._unfit: dict[str, str] = {}  # what is wrong with those that are not used, by address
        self._told: set[tuple[str, str]] = set()
        self._executor = None
        self._where: dict[Future, frozenset[str]] = {}  # the workers that a job was given to choose from
        self._waiting = ""

    @property
    def width(self):
        return 2 * sum(self._fit.values())

    def submit(self, function, /, *arguments):
        future = self._executor.submit(function, *arguments)
        self._where[future] = frozenset(self._fit)
        future.add_done_callback(lambda future: self._where.pop(future, None))
        return future

    def wait_for_the_first(self):
        """Return when there is a worker. Raises ValueError where one that is there cannot be used."""
        while not self._fit:
            faults = self._count()
            if faults:
                (address, fault), *others = faults.items()
                more = f", and {len(others)} others cannot be used either" if others else ""
                raise ValueError(f"the worker {address} {fault}{more}")
            if not self._fit:
                time.sleep(SOON)

    def look(self, flying):
        """The jobs whose workers have all gone away."""
        for one in self._count().items():
            if one not in self._told:
                self._told.add(one)
                self._tell(f"the worker {one[0]} {one[1]}; it is not used")
        there = set(self._fit)
        return [future for future in flying if not self._where.get(future, there) & there and not future.done()]

    def _count(self):
        """See who is there now, and ask those that are new; return what is wrong with them, by address."""
        threads = self._threads()
        if threads is None:
            self._wait_for("the scheduler, which does not answer")
            return {}
        before = set(self._fit)
        # one that was silent may only have been busy
        known = {one: self._unfit[one] for one in threads if self._unfit.get(one, SILENT) != SILENT}
        faults = self._faults([one for one in threads if one not in known and one not in before])
        self._unfit = known | faults
        self._fit = {address: count for address, count in threads.items() if address not in self._unfit}
        if set(self._fit) != before:
            self._executor = self._client.get_executor(
                pure=False, workers=sorted(self._fit), allow_other_workers=False
            )
        if self._fit:
            self._waiting = ""
        elif not faults:
            self._wait_for("workers: the scheduler has none that can be used")
        return faults

    def _threads(self):
        """How many threads each worker has, by address; None where the scheduler does not say."""
        try:
            return dict(_in_time(self._client.nthreads))
        except Exception as error:
            if self._client.status == "closed":
                raise Failed("the scheduler of the cluster is gone; what was done is stored") from error
            return None

    def _faults(self, new):
        """What is wrong with those of the workers that cannot be used, by address."""
        answers = {}

        def ask(address):
            try:
                answers[address] = self._client.run(question(), workers=[address])[address]
            except Exception as error:
                answers[address] = f"cannot be asked for its versions: {type(error).__name__}: {error}"

        asking = [threading.Thread(target=ask, args=[address], daemon=True) for address in new]
        for thread in asking:
            thread.start()
        end = time.monotonic() + ANSWER / 2
        for thread in asking:
            thread.join(max(0, end - time.monotonic()))
        faults = {address: self._fault(answers.get(address, SILENT)) for address in new}
        return {address: fault for address, fault in faults.items() if fault}

    def _fault(self, answer):
        if isinstance(answer, str):
            return answer
        if answer["source"] is None:
            return "has no actlab: install there what is installed here"
        for name in SAME:
            if answer[name] != self._versions[name]:
                what = f"the source {answer[name]} of actlab" if name == "source" else f"{name} {answer[name]}"
                return f"has {what}, and we have {self._versions[name]}: install the same there"
        return ""

    def _wait_for(self, what):
        if self._waiting != what:
            self._waiting = what
            self._tell(f"waiting for {what}; Ctrl-C ends this")


def _in_time(ask, seconds=ANSWER):
    """What a function returns. Raises TimeoutError where that takes too long; the question is left behind then."""
    found = {}

    def answer():
        try:
            found["answer"] = ask()
        except Exception as error:
            found["error"] = error

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    thread.join(seconds)
    if "error" in found:
        raise found["error"]
    if "answer" not in found:
        raise TimeoutError
    return found["answer"]
