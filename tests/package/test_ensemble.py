import dataclasses
import itertools
import math
import os
import platform
import subprocess
import sys

import numpy as np
import pytest
import torch

from actlab import activations, data, ensemble, train
from actlab.data import Split
from actlab.ensemble import _compiled, engine_for, fit_many
from actlab.ensemble._pairs import pairs
from actlab.networks import mlp

pytestmark = pytest.mark.slow

EIGHT = ("relu", "leaky_relu", "elu", "silu", "gelu", "softplus", "tanh", "sigmoid")
DISK = data.disk(300, test=200, seed=1)
COMPILED = [name for name in activations.catalog if engine_for(name) == "compiled"]
BOTH = [("stacked", name) for name in activations.catalog] + [("compiled", name) for name in COMPILED]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def alone(sizes, name, split, seed, steps, **settings):
    """The plain loop: one network, one after the other."""
    return train.fit(mlp(sizes, name, seed=seed), split, steps=steps, test_every=steps, **settings)


def off(found, plain):
    return ((found - plain) / plain).abs().max().item()


def after_one_ulp(sizes, name, split, seed, steps, plain):
    """How far the plain loop goes astray when one weight is the next float32: what rounding alone may do."""
    worst = 0.0
    for i in range(0, min(12, sizes[0] * sizes[1]), 3):
        network = mlp(sizes, name, seed=seed)
        with torch.no_grad():
            weights = network[0].weight.view(-1)
            weights[i] = torch.nextafter(weights[i], torch.tensor(math.inf))
        worst = max(worst, off(train.fit(network, split, steps=steps).loss, plain))
    return worst


@pytest.mark.parametrize(("engine", "name"), BOTH)
def test_fifty_steps_are_those_of_the_plain_loop(engine, name):
    sizes, seeds = [2, 16, 8, 1], (3, 4)
    runs = fit_many(sizes, name, DISK, seeds=seeds, steps=50, test_steps=[0, 50], engine=engine)
    assert runs.test_steps == (0, 50)
    for i, seed in enumerate(seeds):
        plain = alone(sizes, name, DISK, seed, 50)
        allowed = 1e-6
        if off(runs.loss[i], plain.loss) > allowed:  # a gradient of nearly 0, whose sign Adam takes at its word
            allowed = 3 * after_one_ulp(sizes, name, DISK, seed, 50, plain.loss)
        assert off(runs.loss[i], plain.loss) <= allowed
        assert off(runs.test_loss[i], torch.tensor(plain.test_loss)) <= 3 * allowed
        assert (runs.test_accuracy[i].double() - torch.tensor(plain.test_accuracy)).abs().max() < 1e-6


TASKS = {
    "bce": (data.disk(70, test=30, seed=2), 1),
    "brier": (data.disk(70, test=30, seed=2), 1),
    "mse": (data.disk(600, test=30, seed=2), 1),
    "cross_entropy": (data.spirals(70, arms=3, test=30, seed=2), 3),
    "wide": (data.spirals(513, arms=6, test=30, seed=2), 6),
}


@pytest.mark.parametrize("engine", ensemble.engines)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("hidden", [(), (1,), (5,), (3, 4, 6)], ids=str)
@pytest.mark.parametrize("task", TASKS)
def test_every_loss_optimizer_and_shape_is_that_of_the_plain_loop(task, hidden, optimizer, engine):
    split, outputs = TASKS[task]
    loss = task if task in train.losses else "cross_entropy"
    sizes = [2, *hidden, outputs]
    settings = {"rate": 0.03, "optimizer": optimizer, "loss": loss}
    runs = fit_many(sizes, "tanh", split, seeds=[5], steps=20, test_steps=[20], engine=engine, **settings)
    plain = alone(sizes, "tanh", split, 5, 20, **settings)
    assert off(runs.loss[0], plain.loss) < 1e-6
    assert off(runs.test_loss[0], torch.tensor(plain.test_loss[-1:])) < 1e-6


@pytest.mark.parametrize("name", COMPILED)
def test_units_that_fill_up_a_width_count_for_nothing(name):
    # whatever the activation makes of 0: a sigmoid's 1/2 would be one bias more
    for sizes in ([2, 1, 1], [2, 6, 5, 1]):
        found = fit_many(sizes, name, DISK, seeds=[1], steps=20, test_steps=[20], engine="compiled")
        plain, allowed = alone(sizes, name, DISK, 1, 20), 1e-6
        if off(found.loss[0], plain.loss) > allowed:
            allowed = 3 * after_one_ulp(sizes, name, DISK, 1, 20, plain.loss)
        assert off(found.loss[0], plain.loss) <= allowed < 1e-4
        assert off(found.test_loss[0], torch.tensor(plain.test_loss[-1:])) <= 3 * allowed


@pytest.mark.parametrize("engine", ensemble.engines)
def test_the_mean_square_is_over_all_outputs(engine):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(90, 3, generator=generator)
    split = Split(x, x[:, :2].sin(), x, x[:, :2].sin())
    runs = fit_many([3, 6, 2], "gelu", split, seeds=[1], steps=20, loss="mse", engine=engine)
    network = mlp([3, 6, 2], "gelu", seed=1)
    update, losses = torch.optim.Adam(network.parameters(), lr=0.01), []
    for _ in range(20):
        loss = (network(x) - split.train_y).square().mean()
        update.zero_grad()
        loss.backward()
        update.step()
        losses.append(loss.item())
    assert off(runs.loss[0], torch.tensor(losses)) < 1e-6


@pytest.mark.parametrize("engine", ensemble.engines)
def test_settings_of_the_activation_reach_the_units(engine):
    leaky = activations.get("leaky_relu", negative_slope=0.3)
    runs = fit_many([2, 6, 1], leaky, DISK, seeds=[1], steps=20, engine=engine)
    assert off(runs.loss[0], alone([2, 6, 1], leaky, DISK, 1, 20).loss) < 1e-6
    assert off(runs.loss[0], alone([2, 6, 1], "leaky_relu", DISK, 1, 20).loss) > 1e-3


@pytest.mark.parametrize("engine", ensemble.engines)
def test_each_run_may_have_its_own_data(engine):
    draws = [data.disk(100, test=10, seed=seed) for seed in (0, 1, 0)]
    runs = fit_many([2, 4, 1], "silu", draws, seeds=[7, 7, 7], steps=30, engine=engine)
    for loss, split in zip(runs.loss, draws, strict=True):
        assert off(loss, alone([2, 4, 1], "silu", split, 7, 30).loss) < 1e-6
    assert torch.equal(runs.loss[0], runs.loss[2])
    assert not torch.equal(runs.loss[0], runs.loss[1])


def numbers(runs):
    return [runs.loss, runs.test_loss, runs.test_accuracy]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(numbers(one), numbers(other), strict=True))


@pytest.mark.parametrize(
    ("engine", "name"),
    [("stacked", name) for name in (*EIGHT, "prelu", "swish", "rrelu", "apl", "mish")]
    + [("compiled", name) for name in EIGHT],
)
def test_a_run_is_the_same_to_the_bit_wherever_it_stands(engine, name):
    def runs(seeds, chunk=16, threads=1):
        torch.set_num_threads(threads)
        return fit_many(
            [2, 7, 5, 1], name, DISK, seeds=seeds, steps=60, test_steps=[0, 30, 60], engine=engine, chunk=chunk
        )

    whole = runs(range(7))
    assert same(whole, runs(range(7)))
    for chunk in (1, 2, 3):
        assert same(whole, runs(range(7), chunk))
    assert same(whole, runs(range(7), threads=2))
    last = runs([6])
    assert torch.equal(last.loss[0], whole.loss[6])
    assert torch.equal(last.test_loss[0], whole.test_loss[6])


def test_code_just_compiled_and_code_from_the_cache_give_the_same_bits(tmp_path):
    script = (
        "from actlab import data, ensemble; from actlab.ensemble import _loops;"
        "r = [ensemble.fit_many([2, 16, 8, 1], name, data.disk(600, test=9), seeds=[0, 1], steps=300,"
        " test_steps=[300], engine='compiled') for name in ('relu', 'gelu')];"
        "print(sum(l.stats.cache_hits.total() for l in _loops.loops()));"
        "print(*[x.tobytes().hex() for one in r for x in (one.loss.numpy(), one.test_loss.numpy())])"
    )
    found = []
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(run.stdout.split("\n", 1))
    assert [hits for hits, _ in found] == ["0", "2"]
    assert found[0][1] == found[1][1]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="asks for an Intel processor's code")
def test_products_take_whole_vectors_where_llvm_would_take_half():
    script = (
        "from actlab.ensemble import _loops as at\n"
        "for product in (at._multiply, at._add_dots):\n"
        "    product.compile((at.rows, at.rows, at.rows))\n"
        "    print(*product.inspect_asm().values())"
    )
    target = {"NUMBA_CPU_NAME": "sapphirerapids", "NUMBA_CPU_FEATURES": "+avx512f,+avx512vl,+avx2,+fma"}
    run = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **target}, capture_output=True, text=True, check=True
    )
    products = [line for line in run.stdout.splitlines() if "fmadd" in line]
    assert sum("zmm" in line for line in products) >= 32
    assert not any("ymm" in line for line in products)


def test_the_ends_of_long_runs_are_distributed_as_those_of_the_plain_loop():
    # a step's rounding moves single runs, so that only their distribution can agree
    sizes, n = [2, 6, 1], 40
    split = data.disk(100, test=9, seed=3)
    plain = torch.stack([train.fit(mlp(sizes, "relu", seed=s), split, steps=400).loss[-1] for s in range(n)])
    for engine in ensemble.engines:
        # other starts than the plain loop's, so that agreement is not that of one run with itself
        found = fit_many(sizes, "relu", split, seeds=range(1000, 1000 + n), steps=400, engine=engine).loss[:, -1]
        assert kolmogorov_smirnov(found, plain) < 1.63 * math.sqrt(2 / n)  # the 1 % point
    slower = fit_many(sizes, "relu", split, seeds=range(n), steps=400, rate=0.003).loss[:, -1]
    assert kolmogorov_smirnov(slower, plain) > 1.63 * math.sqrt(2 / n)


def kolmogorov_smirnov(a, b):
    at = torch.cat([a, b])
    return ((a <= at[:, None]).double().mean(1) - (b <= at[:, None]).double().mean(1)).abs().max().item()


@pytest.mark.parametrize("engine", ensemble.engines)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_run_that_diverges_is_known_and_leaves_the_others_alone(engine, optimizer):
    healthy, x = data.disk(100, test=10, seed=0), data.disk(100, test=10, seed=1)
    wild = Split(x.train_x * 1e30, x.train_y, x.test_x, x.test_y)
    settings = {"seeds": [1, 2, 3], "steps": 40, "loss": "mse", "optimizer": optimizer, "engine": engine}
    mixed = fit_many([2, 4, 1], "relu", [healthy, wild, healthy], **settings)
    assert mixed.diverged.tolist() == [False, True, False]
    without = fit_many([2, 4, 1], "relu", [healthy] * 3, **settings)
    assert torch.equal(mixed.loss[[0, 2]], without.loss[[0, 2]])


@pytest.mark.parametrize(("engine", "name"), [(e, n) for e in ensemble.engines for n in EIGHT])
def test_a_rate_far_too_high_diverges_as_in_the_plain_loop(engine, name):
    settings = {"rate": 1e30, "optimizer": "sgd", "loss": "mse"}
    (diverged,) = fit_many([2, 4, 1], name, DISK, seeds=[1], steps=30, engine=engine, **settings).diverged
    assert bool(diverged) == alone([2, 4, 1], name, DISK, 1, 30, **settings).diverged is True


@pytest.mark.parametrize("engine", ensemble.engines)
def test_every_run_has_a_clock(engine):
    runs = fit_many([2, 4, 1], "relu", DISK, seeds=range(5), steps=250, engine=engine)
    assert runs.seconds.shape == runs.loss.shape == (5, 250)
    assert (runs.seconds > 0).all()
    assert (runs.seconds.diff() > 0).all()
    assert runs.engine == engine


def test_nothing_outside_is_changed():
    torch.set_num_threads(2)
    state, tiny = torch.get_rng_state(), torch.tensor([1e-40])
    for engine in ensemble.engines:
        fit_many([2, 4, 1], "relu", DISK, seeds=[0], steps=5, engine=engine)
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.get_rng_state(), state)
        assert tiny.mul(1).item() > 0, "denormal numbers are still flushed"
        assert torch.is_grad_enabled()


def test_the_engine_is_chosen_by_what_the_activation_needs():
    learns_or_draws = {name for name, act in activations.catalog.items() if act.learnable or act.training_function}
    assert learns_or_draws == {
        "prelu",
        "swish",
        "rrelu",
        "apl",
        "snake",
        "star_relu",
        "xatlu",
        "xielu",
    } and not learns_or_draws & set(COMPILED)
    assert set(COMPILED) == set(pairs)
    assert fit_many([2, 3, 1], "relu", DISK, seeds=[0], steps=2).engine == "compiled"
    assert fit_many([2, 3, 1], "prelu", DISK, seeds=[0], steps=2).engine == "stacked"


def test_without_numba_the_stacked_engine_takes_over(monkeypatch):
    find = ensemble.importlib.util.find_spec
    monkeypatch.setattr(ensemble.importlib.util, "find_spec", lambda name: None if name == "numba" else find(name))
    assert fit_many([2, 3, 1], "relu", DISK, seeds=[0], steps=2).engine == "stacked"
    with pytest.raises(ValueError, match=r"actlab\[fast\]"):
        fit_many([2, 3, 1], "relu", DISK, seeds=[0], steps=2, engine="compiled")


@pytest.mark.parametrize("name", COMPILED)
def test_a_compiled_activation_is_that_of_the_catalog(name):
    activation = activations.get(name)
    z = torch.cat([torch.linspace(-30, 30, 4000), torch.linspace(-2, 2, 4000), torch.linspace(-1e-3, 1e-3, 192)])
    Z = z.reshape(-1, _compiled.BLOCK).clone().numpy()
    H, b = Z.copy(), Z[:, 0] * 0
    _compiled._activate(name, tuple(activation.settings.items()))(Z, b, len(Z), H)
    value, slope = torch.from_numpy(H).reshape(-1), torch.from_numpy(Z).reshape(-1)
    exact = z.double()
    assert ((value - activation(exact)).abs() / activation(exact).abs().clamp(min=1)).max() < 5e-7
    assert (slope - activation.slope(exact)).abs().max() < 3e-6
    near = exact.abs() < 1  # where most numbers are, to rounding
    assert (value - activation(exact)).abs()[near].max() < 2.5e-7
    assert (slope - activation.slope(exact)).abs()[near].max() < 6e-7


@pytest.mark.parametrize("name", sorted(set(COMPILED) - {"step", "hardsigmoid"}))
def test_nan_comes_out_of_a_compiled_activation_as_nan(name):
    Z = torch.full((1, _compiled.BLOCK), math.nan).numpy()
    H = Z * 0 + 1
    activation = activations.get(name)
    _compiled._activate(name, tuple(activation.settings.items()))(Z, Z[:, 0] * 0, 1, H)
    assert math.isnan(H[0, 0])


@pytest.mark.parametrize("engine", ensemble.engines)
@pytest.mark.parametrize("alpha", [-1.0, -0.2, 0.0, 3.0])
def test_every_alpha_of_elu_is_that_of_the_plain_loop(alpha, engine):
    elu = activations.get("elu", alpha=alpha)
    runs = fit_many([2, 6, 1], elu, DISK, seeds=[1], steps=20, engine=engine)
    assert off(runs.loss[0], alone([2, 6, 1], elu, DISK, 1, 20).loss) < 1e-6


def test_an_activation_without_a_kernel_is_trained_by_stacked_tensors(monkeypatch):
    def bent():
        return dataclasses.replace(
            activations.get("tanh"),
            name="bent",
            function=lambda z: z + torch.tanh(z),
            slope_function=lambda z: 1 + 1 / torch.cosh(z) ** 2,
        )

    monkeypatch.setitem(activations._record._entries, "bent", bent)
    assert engine_for("bent") == "stacked"
    runs = fit_many([2, 6, 1], "bent", DISK, seeds=[1], steps=20)
    assert runs.engine == "stacked"
    assert off(runs.loss[0], alone([2, 6, 1], "bent", DISK, 1, 20).loss) < 1e-6
    with pytest.raises(ValueError, match="got bent"):
        fit_many([2, 6, 1], "bent", DISK, seeds=[1], steps=20, engine="compiled")


def test_a_record_that_bears_the_name_of_another_function_is_trained_as_what_it_is():
    # both engines have forms of their own for tanh, and find them by its name
    doubled = dataclasses.replace(
        activations.get("tanh"), function=lambda z: 2 * z.sin(), slope_function=lambda z: 2 * z.cos()
    )
    runs = fit_many([2, 6, 1], doubled, DISK, seeds=[1], steps=20)
    assert runs.engine == "stacked"
    assert off(runs.loss[0], alone([2, 6, 1], doubled, DISK, 1, 20).loss) < 1e-6
    assert off(runs.loss[0], alone([2, 6, 1], "tanh", DISK, 1, 20).loss) > 1e-3


@pytest.mark.parametrize("engine", ensemble.engines)
def test_numbers_may_be_numpys_and_lists_whatever_can_be_gone_through(engine):
    def runs(sizes, splits, seeds, steps, test_steps, rate):
        return fit_many(
            sizes, "tanh", splits, seeds=seeds, steps=steps, test_steps=test_steps, rate=rate, engine=engine
        )

    plain = runs([2, 3, 1], DISK, [0, 1, 2], 4, [0, 4], 0.5)
    numpys = runs(np.array([2, 3, 1]), DISK, np.arange(3), np.int64(4), np.array([4, 0, 4]), np.float32(0.5))
    once = runs((k for k in (2, 3, 1)), (DISK for _ in range(3)), iter(range(3)), 4, iter((4, 0)), 0.5)
    tensors = runs(torch.tensor([2, 3, 1]), [DISK] * 3, torch.arange(3), torch.tensor(4), {0, 4}, 0.5)
    assert same(plain, numpys) and same(plain, once) and same(plain, tensors)
    assert plain.test_steps == numpys.test_steps == tensors.test_steps == (0, 4)


@pytest.mark.parametrize("engine", ensemble.engines)
def test_points_may_lie_in_memory_in_any_order_and_have_gradients(engine):
    plain = fit_many([2, 3, 1], "tanh", DISK, seeds=[0], steps=4, test_steps=[4], engine=engine)
    x, y = torch.stack([DISK.train_x.T, DISK.train_x.T])[0].T, DISK.train_y.repeat_interleave(2)[::2]
    assert not x.is_contiguous() and not y.is_contiguous()
    negated = torch.complex(DISK.test_x, -DISK.test_x).conj().imag
    assert negated.is_neg()
    odd = Split(x.requires_grad_(), y, negated, DISK.test_y)
    assert same(plain, fit_many([2, 3, 1], "tanh", odd, seeds=[0], steps=4, test_steps=[4], engine=engine))
    assert x.grad is None


@pytest.mark.parametrize("engine", ensemble.engines)
def test_a_default_dtype_of_float64_changes_nothing(engine):
    before = fit_many([2, 3, 1], "prelu" if engine == "stacked" else "tanh", DISK, seeds=[0], steps=4, engine=engine)
    torch.set_default_dtype(torch.float64)
    try:
        after = fit_many(
            [2, 3, 1], "prelu" if engine == "stacked" else "tanh", DISK, seeds=[0], steps=4, engine=engine
        )
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert same(before, after)


def test_many_runs_of_many_points_stand_in_smaller_chunks_and_give_the_same(monkeypatch):
    whole = fit_many([2, 5, 1], "tanh", DISK, seeds=range(5), steps=3, engine="stacked")
    monkeypatch.setattr(ensemble.checks, "MOST", 2 * 6 * 512)
    assert same(whole, fit_many([2, 5, 1], "tanh", DISK, seeds=range(5), steps=3, engine="stacked"))


def test_up_to_points_of_1e18_the_engines_agree_and_where_squares_overflow_the_compiled_one_parts():
    near = data.disk(50, test=20, seed=1)
    for size, together in [(1e18, True), (1e22, False)]:
        far = near._replace(train_x=near.train_x * size)
        compiled, stacked = (
            fit_many([2, 5, 3, 1], "relu", far, seeds=[1], steps=5, engine=engine).loss[0]
            for engine in ensemble.engines
        )
        assert off(stacked, alone([2, 5, 3, 1], "relu", far, 1, 5).loss) < 1e-5
        assert (off(compiled, stacked) < 1e-5) is together  # the docstring says so


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"seeds": []}, ValueError, "there are 0 for 0 seeds"),
        ({"splits": [DISK, DISK]}, ValueError, "there are 2 for 1 seeds"),
        ({"steps": 0}, ValueError, "steps=0"),
        ({"rate": -1}, ValueError, "rate=-1"),
        ({"chunk": 0}, ValueError, "chunk=0"),
        ({"test_steps": [11]}, ValueError, r"between step 0 and step 10, got \[11\]"),
        ({"loss": "hinge"}, KeyError, "there are bce, brier, cross_entropy, mse"),
        ({"optimizer": "lion"}, KeyError, "there are adam, sgd"),
        ({"engine": "cuda"}, KeyError, "there are compiled, stacked"),
        ({"engine": "compiled", "activation": "prelu"}, ValueError, "got prelu"),
        ({"activation": "gelo"}, KeyError, "did you mean 'gelu'"),
        ({"sizes": [3, 4, 1]}, ValueError, "with 3 features, got torch.float32 with 2"),
        ({"sizes": [2, 4, 2]}, ValueError, "2 outputs do not fit labels for 1"),
        ({"splits": data.disk(9, test=9, dtype=torch.float64)}, ValueError, "got torch.float64"),
        (
            {"splits": [data.disk(9, test=9), data.disk(8, test=9)], "seeds": [0, 1]},
            ValueError,
            "there are 2 kinds",
        ),
        ({"splits": DISK._replace(train_y=DISK.train_y[:150])}, ValueError, "train_x has 300 points, and train_y"),
        ({"splits": DISK._replace(test_y=DISK.test_y[:1])}, ValueError, "test_x has 200 points, and test_y"),
        (
            {"splits": Split(torch.zeros(12_000_000, 2), torch.zeros(1), DISK.test_x, DISK.test_y)},
            ValueError,
            "12000000 points, and train_y labels for 1",
        ),
        (
            {"splits": DISK._replace(train_x=torch.zeros(300, 7)), "sizes": [7, 4, 1]},
            ValueError,
            "train_x and test_x must be alike",
        ),
        ({"splits": DISK._replace(test_x=DISK.test_x.double())}, ValueError, "train_x and test_x must be alike"),
        ({"splits": Split(*(part[:0] for part in DISK))}, ValueError, "at least one point"),
        ({"splits": Split(*(part[..., None] for part in DISK))}, ValueError, r"with shape \(300, 2, 1\)"),
        (
            {"splits": Split(*(x[:, None, None] if x.ndim == 1 else x for x in DISK)), "loss": "mse"},
            ValueError,
            r"\(1, 1\)",
        ),
        ({"splits": DISK._replace(train_y=DISK.train_y.long())}, ValueError, "train_y and test_y must be alike"),
        ({"splits": data.spirals(9, arms=4, test=9), "sizes": [2, 4, 3]}, ValueError, "between 0 and 2, got 3"),
        (
            {"splits": data.spirals(9, test=9), "loss": "bce", "sizes": [2, 4, 2]},
            ValueError,
            "2 outputs do not fit labels for 1",
        ),
        ({"test_steps": (1.5,)}, ValueError, r"whole numbers between step 0 and step 10, got \[1.5\]"),
        ({"test_steps": 5}, ValueError, "test_steps must be a list, got 5"),
        ({"seeds": [0.0]}, ValueError, "seeds must be whole numbers"),
        ({"seeds": itertools.count()}, ValueError, "seeds must be a list of at most"),
        ({"seeds": "0"}, ValueError, "seeds must be a list, got '0'"),
        ({"seeds": [2**64]}, ValueError, "seeds must be whole numbers"),
        ({"sizes": [2]}, ValueError, r"at least inputs and outputs, got \[2\]"),
        ({"sizes": [2, 4.9, 1]}, ValueError, "sizes must be whole numbers"),
        ({"sizes": [2, 10**10, 1]}, ValueError, "sizes must be whole numbers"),
        ({"sizes": [2, 10**8, 1]}, ValueError, "units times points: .* are too many, 1073741824 are allowed"),
        ({"sizes": [2, 40_000, 40_000, 1]}, ValueError, "weights: .* are too many"),
        ({"steps": 2**29, "seeds": range(3)}, ValueError, "runs times steps: .* are too many"),
        ({"steps": 10.0}, ValueError, "steps=10.0"),
        ({"steps": True}, ValueError, "steps=True"),
        ({"rate": 1e38}, ValueError, r"from 1.2e-38 to 3.4e\+37, got rate=1e\+38"),
        ({"rate": math.nan}, ValueError, "rate=nan"),
        ({"rate": "0.1"}, ValueError, "rate='0.1'"),
        ({"scheme": math.inf}, ValueError, "scheme=inf"),
        ({"scheme": None}, ValueError, "scheme=None"),
        ({"loss": ""}, KeyError, "no loss named ''"),
        ({"optimizer": None}, KeyError, "no optimizer named None; there are adam, sgd"),
        ({"activation": activations.get("elu", alpha=1e39)}, ValueError, "elu: alpha must be 0 or between"),
        (
            {
                "splits": Split(*(DISK.train_x,) * 4),
                "sizes": [2, 4, 2],
                "loss": "mse",
                "test_steps": [10],
            },
            ValueError,
            "no answer is right or wrong with 2 labels for a point",
        ),
    ],
)
@pytest.mark.parametrize("engine", [None, *ensemble.engines])
def test_what_makes_no_sense_is_refused(settings, error, words, engine):
    settings = {"engine": engine} | settings
    asked = {"sizes": [2, 4, 1], "activation": "relu", "splits": DISK, "seeds": [0], "steps": 10} | settings
    with pytest.raises(error, match=words):
        fit_many(asked.pop("sizes"), asked.pop("activation"), asked.pop("splits"), **asked)
