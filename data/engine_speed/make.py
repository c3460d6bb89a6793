"""What a training step costs: the plain loop, both engines of `fit_many`, and the least that this processor allows.

    make bench            or: python data/engine_speed/make.py

The eight functions of the disk study in its network, 2-16-8-1 on 1000 points with Adam; a minute and a half on a
machine that does nothing else. All forms are timed once in each round, one after the other, so that what slows the
machine for a while slows all.
"""

import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numba import njit, types

from actlab import activations, data, ensemble, networks, results, train
from actlab.ensemble import _compiled, _loops

FUNCTIONS = ("leaky_relu", "gelu", "elu", "silu", "tanh", "relu", "softplus", "sigmoid")
SIZES, POINTS = (2, 16, 8, 1), 1000
ROUNDS, PLAIN_STEPS, STACKED_STEPS, COMPILED_STEPS = 9, 300, 60, 800
RUNS = 16  # side by side in the stacked engine
TIMES = 500  # how often a row is gone over, for a clock that ticks slowly


def forms(name: str) -> dict[str, Callable[[], int]]:
    """What is timed of one function: each call returns how many model-steps it took."""
    task = data.disk(POINTS, test=1)

    def plain():
        network = networks.mlp(SIZES, name)
        train.fit(network, task, steps=PLAIN_STEPS)
        return PLAIN_STEPS

    def stacked():
        ensemble.fit_many(SIZES, name, task, seeds=range(RUNS), steps=STACKED_STEPS, engine="stacked")
        return RUNS * STACKED_STEPS

    def compiled():
        ensemble.fit_many(SIZES, name, task, seeds=range(2), steps=COMPILED_STEPS, engine="compiled")
        return 2 * COMPILED_STEPS

    return {"plain": plain, "stacked": stacked, "compiled": compiled}


def timed(names=FUNCTIONS, rounds=ROUNDS) -> dict[tuple[str, str], list[float]]:
    """Microseconds of processor time for each model-step, by function and form, one number for each round."""
    tasks = {(name, form): call for name in names for form, call in forms(name).items()}
    for call in tasks.values():
        call()  # what is compiled or loaded once is not part of a step
    times = {key: [] for key in tasks}
    for _ in range(rounds):
        for key, call in tasks.items():
            began = time.process_time_ns()
            steps = call()
            times[key].append((time.process_time_ns() - began) / steps / 1000)
    return times


def peak() -> float:
    """Multiplications and additions of float32 that one core does in a second: the best of ten.

    Eight numbers at a time, for none of which the others have to wait, go through 32 of them each between being read
    and being written.
    """

    @njit(fastmath={"contract"}, error_model="numpy", forceinline=True)
    def eight(x, a, b):
        return (((((((x * a + b) * a + b) * a + b) * a + b) * a + b) * a + b) * a + b) * a + b

    @njit(fastmath={"contract"}, error_model="numpy")
    def chain(rows, a, b, times):
        _loops.wide()
        r0, r1, r2, r3, r4, r5, r6, r7 = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7]
        for _ in range(times):
            for p in range(64):
                x0, x1, x2, x3, x4, x5, x6, x7 = r0[p], r1[p], r2[p], r3[p], r4[p], r5[p], r6[p], r7[p]
                for _ in range(4):
                    x0, x1, x2, x3 = eight(x0, a, b), eight(x1, a, b), eight(x2, a, b), eight(x3, a, b)
                    x4, x5, x6, x7 = eight(x4, a, b), eight(x5, a, b), eight(x6, a, b), eight(x7, a, b)
                r0[p], r1[p], r2[p], r3[p], r4[p], r5[p], r6[p], r7[p] = x0, x1, x2, x3, x4, x5, x6, x7

    rows, a, b = _compiled._aligned(8, 64), np.float32(0.5), np.float32(1)
    chain(rows, a, b, 1)
    return 2 * 32 * 10_000 * rows.size / best(lambda: chain(rows, a, b, 10_000))


def floor(name: str, rate: float) -> float:
    """Microseconds below which a step cannot come: its products at the peak, the units' values and slopes, the loss.

    Products are counted once for the outputs, once for the gradient of the weights, and once for that of the inputs
    of every layer but the first. All else, Adam and every way through memory, is counted as nothing.
    """
    weights = [a * b for a, b in itertools.pairwise(SIZES)]
    products = 2 * POINTS * (2 * sum(weights) + sum(weights[1:])) / rate
    activate = _compiled._activate(name, tuple(activations.get(name).settings.items()))
    head, rows, vector = _compiled._head("bce"), _loops.rows, _loops.vector

    @njit(types.void(_loops.activation_type, rows, rows, vector))
    def units(function, Z, H, b):
        for _ in range(TIMES):
            function(Z, b, len(Z), H)

    @njit(types.void(_loops.head_type, rows, rows, vector, vector))
    def losses(function, Z, Y, share, b):
        for _ in range(TIMES):
            function(Z, b, len(Z), Y, share, b)

    Z, H = (_compiled._aligned(8, _compiled.BLOCK) for _ in range(2))  # all in the fastest cache
    Z[:] = np.random.default_rng(0).standard_normal(Z.shape)
    b = np.zeros(len(Z), np.float32)
    # what a loss leaves in Z is the next one's input, times the share: one share for all keeps it from fading to
    # numbers so small that some processors take ten times as long over them
    share = np.full(_compiled.BLOCK, 1 / POINTS, np.float32)
    each = TIMES * Z.size
    with ensemble._undisturbed():
        elementwise = sum(SIZES[1:-1]) * best(lambda: units(activate, Z, H, b))
        elementwise += best(lambda: losses(head, Z, H, share, b))
    return 1e6 * (products + POINTS * elementwise / each)


def best(call: Callable[[], object]) -> float:
    """Seconds of the fastest of ten calls: what disturbs it can only make it slower."""
    times = []
    for _ in range(10):
        began = time.process_time_ns()
        call()
        times.append(time.process_time_ns() - began)
    return min(times) / 1e9


def memory() -> int:
    """MB that a process holds at most while it trains 1000 runs of 2000 steps with every loss kept."""
    script = (
        "import resource; from actlab import data, ensemble;"
        f"ensemble.fit_many({SIZES}, 'relu', data.disk({POINTS}), seeds=range(1000), steps=2000, test_steps=[2000]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return round(int(run.stdout) / (2**20 if sys.platform == "darwin" else 2**10))


def table(times: dict[tuple[str, str], list[float]], rate: float) -> list[dict]:
    """A row for each function: the median of each form over the rounds, and the floor."""
    return [
        {
            "activation": name,
            **{form: round(statistics.median(times[name, form]), 1) for form in ("plain", "stacked", "compiled")},
            "floor": round(floor(name, rate), 1),
        }
        for name in dict.fromkeys(name for name, _ in times)
    ]


def main():
    began = time.perf_counter()
    torch.set_num_threads(1)
    rate = peak()
    times = timed()
    rows = table(times, rate)
    sums = {form: [sum(times[name, form][i] for name in FUNCTIONS) for i in range(ROUNDS)] for _, form in times}
    ratios = {form: sorted(p / t for p, t in zip(sums["plain"], sums[form], strict=True)) for form in sums}
    results.save(
        "engine_speed",
        rows,
        folder=Path(__file__).parent,
        command="python data/engine_speed/make.py",
        seconds=time.perf_counter() - began,
        vectors=torch.backends.cpu.get_cpu_capability(),
        rounds=ROUNDS,
        peak_gflops=round(rate / 1e9, 1),
        memory_mb=memory(),
        ratios={
            form: [round(r, 2) for r in (ratio[0], statistics.median(ratio), ratio[-1])]
            for form, ratio in ratios.items()
        },
    )
    show()


def show():
    """Print the stored table with its sums and ratios."""
    rows, facts = results.load("engine_speed"), results.provenance("engine_speed")
    forms = ("plain", "stacked", "compiled", "floor")
    print(
        f"{'us per model-step':20}"
        + "".join(f"{form:>10}" for form in forms)
        + f"{'x stacked':>11}{'x compiled':>11}"
    )
    total = {"activation": "sum"} | {form: sum(row[form] for row in rows) for form in forms}
    for row in [*rows, total]:
        ratios = [row["plain"] / row[form] for form in ("stacked", "compiled")]
        print(
            f"{row['activation']:20}"
            + "".join(f"{row[form]:10.1f}" for form in forms)
            + "".join(f"{r:11.1f}" for r in ratios)
        )
    for form in ("stacked", "compiled"):
        low, middle, high = facts["ratios"][form]
        print(f"{form}: {middle} times the plain loop, {low} to {high} over {facts['rounds']} rounds")
    share = total["floor"] / total["compiled"]
    print(f"compiled: {share:.0%} of what the processor allows; at most {facts['memory_mb']} MB")
    print(f"{facts['hardware']['processor']}, {facts['peak_gflops']} GFLOP/s a core, {facts['vectors']}")


if __name__ == "__main__":
    main()
