"""The base of settings whose networks are trained one by one in mini-batches, on a processor or a GPU."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import torch

from .. import checks, train
from .._names import one_of
from ._numbers import MOST, real, truth, whole, wholes

__all__ = ["Deep"]

DEVICES = ("cpu", "cuda")


class Deep(ABC):
    """What settings have in common whose runs are trained one by one; their engine is the device.

    A kind of setting is a frozen dataclass that has this base; its fields are strings, numbers, tuples, True, False
    or None, and decide everything but the seed. It says how many updates a run takes, and trains one.
    """

    @property
    @abstractmethod
    def steps(self) -> int:
        """The updates of a run."""

    @abstractmethod
    def course(self, seed: int, device: str) -> tuple[train.BatchHistory, dict[str, np.ndarray]]:
        """Train one run; its history, and further arrays to store, by name."""

    def engine(self, asked: str | None = None) -> str:
        """The device: what is asked for, or "cpu". Raises KeyError for another, ValueError for one not here."""
        asked = "cpu" if asked is None else asked
        one_of(DEVICES, asked, "device")
        if asked == "cuda" and not torch.cuda.is_available():
            raise ValueError("there is no GPU that torch can use here; --device cpu trains on the processor")
        return asked

    def ready(self) -> None:  # noqa: B027 - most kinds need nothing
        """Raise ValueError where the data that runs train on are too few, or cannot be read."""

    def memory(self, runs: int, engine: str) -> dict[str, int]:
        """Bytes that a job of so many runs takes at the least, by what they are for; none, where that is little."""
        return {}

    def batch(self, share: int) -> int:
        """One run to a job: it takes seconds to minutes, and what is done is stored."""
        return 1

    def train(self, seeds: Sequence[int], engine: str) -> dict[str, object]:
        """The arrays of `results.Store.add`, a row for each seed.

        The loss is the training loss of each row of the history. "more" has its norms, confusion, train_accuracy and,
        where they were asked for, batch_loss and batch_accuracy, and what the setting adds.
        """
        runs = [self._one(seed, engine) for seed in seeds]
        columns = {name: np.stack([run[name] for run in runs]) for name in runs[0] if name != "more"}
        return columns | {"more": {name: np.stack([run["more"][name] for run in runs]) for name in runs[0]["more"]}}

    def _one(self, seed, device):
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # the order of sums depends on it, and the machine may have one worker a processor
        try:
            history, more = self.course(seed, device)
        except RuntimeError as error:
            if isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error):
                raise MemoryError(f"too little memory on {device} for this network and batch") from error
            raise
        finally:
            torch.set_num_threads(threads)
        noted = {name: getattr(history, name) for name in MORE}
        return {
            "loss": history.train_loss.numpy(),
            "seconds": history.seconds.numpy(),
            "test_loss": history.test_loss.numpy(),
            "test_accuracy": history.test_accuracy.numpy(),
            "more": {name: value.numpy() for name, value in noted.items() if value is not None} | more,
        }

    def __str__(self):
        return ", ".join(f"{field.name} {getattr(self, field.name)}" for field in fields(self))

    def _spell(self) -> None:
        """Give each number its one spelling, by the type of its field. Raises ValueError, by name, for no such one.

        Fields of the type int are at least 1 but those in FROM_ZERO, floats above 0.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is int:
                value = whole(field.name, value, 0 if field.name in FROM_ZERO else 1)
            elif field.type is float:
                value = real(field.name, value, zero=field.name == "momentum", below=BELOW.get(field.name))
                value = checks.rate(value) if field.name == "rate" else value  # training takes no more
            elif field.type is bool:
                value = truth(field.name, value)
            elif field.type == tuple[int, ...]:
                value = wholes(field.name, value)
            object.__setattr__(self, field.name, value)

    def _check_images(self) -> None:
        """Raise ValueError where the task has fewer images than asked for."""
        asked = f"got points={self.points} and test_points={self.test_points}"
        if self.task == "mnist" and self.points + self.test_points > DIGITS:
            raise ValueError(f"there are {DIGITS} digits; {asked}, together {self.points + self.test_points}")
        if self.task == "cifar10" and (self.points > PHOTOGRAPHS[0] or self.test_points > PHOTOGRAPHS[1]):
            raise ValueError(f"there are {PHOTOGRAPHS[0]} photographs, and {PHOTOGRAPHS[1]} to test on; {asked}")

    def _check_updates(self, of: str) -> None:
        """Raise ValueError where a run takes more updates than can be stored."""
        if self.steps > MOST:
            raise ValueError(f"a run has at most {MOST:,} updates; {of} makes {self.steps:,}")


FROM_ZERO = ("hinges", "every", "warmup")
BELOW = {"momentum": 1.0}
DIGITS = 5000  # in data/mnist
PHOTOGRAPHS = (50_000, 10_000)  # of CIFAR-10: to train on, to test on

MORE = ("norms", "confusion", "train_accuracy", "batch_loss", "batch_accuracy")
