"""What a look at a network costs: `health` and `monitor` beside plain passes; two minutes of a quiet machine.

Every network does one step of each kind in each round, so that what slows the machine for a while slows all: a plain
pass forward and back with a step, one that `monitor` measures, one that it lets pass, and `health`. Times are those
that the processor spent on this process. Memory is measured in processes of their own, one for each number.
"""

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from actlab import diagnostics, networks, results
from actlab.results import digits

ROUNDS, EVERY, SEED = 9, 100, 0
SIZES = {"resnet18": (4, 3, 96, 96), "bert": (4, 64), "mlp": (64, 784)}  # of the batches
MANY = 4  # times as many examples where memory is measured: of few most is the program
KINDS = ("plain", "measured", "passed", "health")


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.one, self.norm_one = _convolution(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs)
        self.two, self.norm_two = _convolution(outputs, outputs, 3), nn.BatchNorm2d(outputs)
        changes = stride > 1 or inputs != outputs
        self.around = (
            nn.Sequential(_convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))
            if changes
            else nn.Identity()
        )

    def forward(self, x):
        """The block's output."""
        inner = F.relu(self.norm_one(self.one(x)), inplace=True)
        return F.relu(self.norm_two(self.two(inner)) + self.around(x), inplace=True)


def _convolution(inputs, outputs, size, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


def resnet18() -> nn.Module:
    """Eight blocks of 64, 128, 256 and 512 channels, and ten classes."""
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    blocks, inputs = [], 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        blocks += [Block(inputs, outputs, stride), Block(outputs, outputs, 1)]
        inputs = outputs
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def bert() -> nn.Module:
    """Six layers of 256 units, with random weights."""
    from transformers import BertConfig, BertModel

    sizes = {"hidden_size": 256, "num_hidden_layers": 6, "num_attention_heads": 4, "intermediate_size": 1024}
    return BertModel(BertConfig(vocab_size=8000, **sizes))


def mlp() -> nn.Module:
    """Three hidden layers of 256 units: so small that what is around the arithmetic counts."""
    return networks.mlp([784, 256, 256, 256, 10], "relu", seed=SEED)


MAKES = {"resnet18": resnet18, "bert": bert, "mlp": mlp}


def made(name: str, size: tuple[int, ...]) -> tuple[nn.Module, torch.Tensor]:
    """A network and a batch of this size."""
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        x = torch.randint(0, 8000, size) if name == "bert" else torch.randn(size)
        return MAKES[name]().train(), x


def _loss(out):
    return (out[0] if not isinstance(out, torch.Tensor) else out).square().mean()


def stepper(network: nn.Module, x: torch.Tensor) -> Callable[[], None]:
    """One step of training."""
    sgd = torch.optim.SGD(network.parameters(), 1e-6, momentum=0.9)

    def step():
        sgd.zero_grad()
        _loss(network(x)).backward()
        sgd.step()

    return step


def timed(name: str, size: tuple[int, ...], rounds: int) -> dict[str, list[float]]:
    """Seconds of each kind of step in each round; the first round is not counted."""
    network, x = made(name, size)
    step, times = stepper(network, x), {kind: [] for kind in KINDS}

    def clocked(kind, work):
        began = time.process_time()
        work()
        times[kind].append(time.process_time() - began)

    for _ in range(rounds + 1):
        clocked("plain", step)
        with diagnostics.monitor(network, every=2) as seen:
            clocked("measured", step)  # what it does at the end of a measured step, it does before the next
            clocked("passed", step)
        assert seen.steps.tolist() == [1]
        clocked("health", lambda: diagnostics.health(network, x, loss=_loss))
    return {kind: values[1:] for kind, values in times.items()}


def peak(name: str, size: tuple[int, ...], kind: str) -> tuple[float, float]:
    """Largest memory of a process that does two steps of one kind: before them and after them, in MB."""
    torch.set_num_threads(1)
    network, x = made(name, size)
    step = stepper(network, x)
    before = _largest()
    for _ in range(2):
        if kind == "health":
            diagnostics.health(network, x, loss=_loss)
        elif kind == "measured":
            with diagnostics.monitor(network, every=1):
                step()
        else:
            step()
    return before, _largest()


def _largest():
    # not by getrusage, which begins with what the process had that started this one
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("this kernel does not say how much memory a process has had at most")


def row(name: str, size: tuple[int, ...], rounds: int) -> dict[str, str | float]:
    """All numbers of a network."""
    times = timed(name, size, rounds)
    plain = times["plain"]
    found = {"network": name, "plain_ms": digits(1000 * statistics.median(plain))}
    for kind in KINDS[1:]:
        ratios = [a / b for a, b in zip(times[kind], plain, strict=True)]
        found[f"{kind}_ratio"] = digits(statistics.median(ratios))
        found[f"{kind}_least"], found[f"{kind}_most"] = digits(min(ratios)), digits(max(ratios))
    found["monitor_share"] = digits(share(times, EVERY))
    context = multiprocessing.get_context("spawn")
    for kind in ("plain", "measured", "health"):
        with context.Pool(1) as pool:  # a process of its own: a peak never falls
            before, after = pool.apply(peak, (name, (MANY * size[0], *size[1:]), kind))
        found[f"{kind}_mb"], found[f"{kind}_added_mb"] = digits(after), digits(after - before)
    return found


def share(times: dict[str, list[float]], every: int) -> float:
    """How much longer training takes where every so many steps are measured: median over the rounds of a quotient.

    The first step after a measured one holds what the measurement ends with; it is counted with it.
    """
    rounds = zip(times["plain"], times["measured"], times["passed"], strict=True)
    return statistics.median((measured + passed - 2 * plain) / plain / every for plain, measured, passed in rounds)


def main():
    torch.set_num_threads(1)
    load, began = os.getloadavg()[0], time.perf_counter()
    rows = [row(name, size, ROUNDS) for name, size in SIZES.items()]
    results.save(
        "health_cost",
        rows,
        folder=Path(__file__).parent,
        command="python data/health_cost/make.py",
        seconds=time.perf_counter() - began,
        rounds=ROUNDS,
        every=EVERY,
        seed=SEED,
        many=MANY,
        sizes={name: list(size) for name, size in SIZES.items()},
        load_before=round(load, 2),
    )


if __name__ == "__main__":
    main()
