"""The engine of the lab, in Chromium on an empty page, against the package."""

import base64
import itertools
import json
import math
import runpy
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from site_checks import ROOT
from torch import nn

from actlab import activations, diagnostics, networks, statistics, theory, train
from actlab.activations import catalog, get
from actlab.data import Split, disk

F64 = torch.float64
BUILT = ROOT / "_static/lab.js"
# other settings than the defaults, for every entry that has some
OTHER = {
    "leaky_relu": {"negative_slope": 0.3}, "prelu": {"negative_slope": 0.6}, "rrelu": {"lower": 0.2, "upper": 0.7},
    "elu": {"alpha": 2.5}, "celu": {"alpha": 0.3}, "threshold": {"threshold": 0.4}, "hardshrink": {"threshold": 1.5},
    "softshrink": {"threshold": 0.1}, "squareplus": {"b": 0.25}, "swish": {"beta": 4.0}, "xatlu": {"alpha": 0.5},
    "snake": {"a": 3.0}, "star_relu": {"scale": 0.3, "bias": 0.5}, "apl": {"a": (0.5, -0.3), "b": (-1.0, 2.0)},
    "softplus": {"beta": 3.0}, "xielu": {"alpha_p": 0.3, "alpha_n": 1.5, "beta": 0.2},
    "hardtanh": {"min_val": -0.5, "max_val": 2.0},
}  # fmt: skip
CASES = [(name, {}) for name in catalog] + list(OTHER.items())
IDS = [name + " moved" * bool(settings) for name, settings in CASES]


POLICIES = {
    "compiled": "script-src 'unsafe-inline' 'wasm-unsafe-eval'",
    "plain": "script-src 'unsafe-inline'",  # which lets nothing be compiled
}


@contextmanager
def asked(browser, way, script=None):
    """Calls a function of the lab's engine on an empty page, whose policy allows the compiled module or not."""
    context = browser.new_context()
    context.route(
        "**/*",
        lambda route: route.fulfill(
            body="<!doctype html>", content_type="text/html", headers={"Content-Security-Policy": POLICIES[way]}
        ),
    )
    tab = context.new_page()
    wrong = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.goto("http://lab.example/")
    tab.add_script_tag(content=script or BUILT.read_text(encoding="utf-8"))
    assert tab.evaluate("actlabLab.ready") == (way == "compiled")

    def ask(program, **given):
        found = tab.evaluate(f"given => {{ const e = actlabLab.engine; {program} }}", _plain(given))
        assert wrong == []
        return found

    yield ask
    context.close()


@pytest.fixture(scope="module")
def engine(browser):
    """The engine as most readers have it."""
    with asked(browser, "compiled") as ask:
        yield ask


@pytest.fixture(scope="module", params=POLICIES)
def either(browser, request):
    """The engine, compiled and plain."""
    with asked(browser, request.param) as ask:
        yield ask


def _plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value


def test_the_script_is_the_one_that_the_recipe_makes_of_its_parts():
    made = runpy.run_path(str(ROOT / "_lab/make.py"))["script"]()
    assert BUILT.read_text(encoding="utf-8") == made, "run python _lab/make.py"


def test_the_module_is_the_one_that_was_made_of_the_source():
    recipe = runpy.run_path(str(ROOT / "_lab/make.py"))
    recorded = json.loads(recipe["RECORD"].read_text(encoding="utf-8"))
    assert recorded == recipe["made_of"](), "run python _lab/make.py, which needs clang and lld"


def test_a_compiler_makes_a_module_of_the_source_that_trains_alike(browser, engine, tmp_path):
    for tool in ("clang", "wasm-ld"):
        if not shutil.which(tool):
            pytest.skip(f"there is no {tool} to compile engine.c with")
    recipe = runpy.run_path(str(ROOT / "_lab/make.py"))
    made = tmp_path / "engine.wasm"
    recipe["compile_to"](made)
    stored, new = (base64.b64encode(path.read_bytes()).decode() for path in (recipe["MODULE"], made))
    text = BUILT.read_text(encoding="utf-8")
    assert text.count(stored) == 1
    losses = """
        return Object.keys(e.CATALOG).map((f) => {
            const {trainer} = e.begun({...e.readSetting(new URLSearchParams()), f});
            return Array.from({length: 10}, () => trainer.step())[9];
        });
    """
    with asked(browser, "compiled", text.replace(stored, new)) as ask:
        assert ask(losses) == pytest.approx(engine(losses), rel=1e-12)


def test_every_other_setting_is_tried():
    assert set(OTHER) == {name for name, act in catalog.items() if act.settings}


# --- functions


def points(act):
    """Both sides, near and far, each kink and its neighbours."""
    sizes = np.concatenate([[1e-300, 1e-30, 1e-8, 1e-3, 20, 20.5, 37, 60, 100], np.linspace(0.01, 12, 241)])
    beside = [math.nextafter(k, side) for k in act.kinks for side in (-math.inf, math.inf)]
    return torch.tensor([0.0, *sizes, *-sizes, *act.kinks, *beside], dtype=F64)


# one unit that z goes into as it is
IN_A_NETWORK = """
    const z = Float64Array.from(given.z);
    const network = new e.Network([1, 1, 1], e.functionOf(given.name, given.settings));
    network.parameters.set([1, 0, 1, 0]);
    network.forward(z, z.length, true);
    return [network.a[1], network.slopes[1]].map((line) => [...line.subarray(0, z.length)]);
"""
ONE_BY_ONE = """
    const f = e.functionOf(given.name, given.settings);
    const both = given.z.map((z) => e.value(f, z));
    return [0, 1].map((i) => both.map((one) => one[i]));
"""


@pytest.mark.parametrize("program", [IN_A_NETWORK, ONE_BY_ONE], ids=["in a network", "one by one"])
@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_values_and_slopes_are_those_of_the_package(either, name, settings, program):
    act = get(name, **settings)
    z = points(act)
    value, slope = torch.tensor(either(program, name=name, settings=settings, z=z), dtype=F64)
    for ours, theirs, further in [(value, act(z), act.slope(z)), (slope, act.slope(z), theory.curvature(act, z))]:
        # beside a root: what an input changed in its last bits would give
        floor = 4 * torch.finfo(F64).eps * (further * z).abs()
        bad = (ours - theirs).abs() > torch.maximum(1e-12 * theirs.abs(), floor) + torch.finfo(F64).tiny
        assert not bad.any(), list(zip(z[bad].tolist(), ours[bad].tolist(), theirs[bad].tolist(), strict=True))[:5]


ELEMENTARY = {
    "log(z)": torch.log, "log1p(z)": torch.log1p, "sinh(z)": torch.sinh, "cosh(z)": torch.cosh, "atan(z)": torch.atan,
}  # fmt: skip
TYPED = IN_A_NETWORK.replace("e.functionOf(given.name, given.settings)", "e.typed(given.text)")


@pytest.mark.parametrize("text", ELEMENTARY)
def test_elementary_functions_are_right_at_every_size(either, text):
    sizes = [0.0, 1e-308, 1e-300, 1e-17, 1e-8, 0.1, 0.4, 0.9, 0.999, 1.0, 1.5, 30.0, 354.0, 707.9, 709.0, 711.0, 1e5]
    sizes += [1e149, 1e151, 1e300, 1.7e308, math.inf]
    z = torch.tensor([s * one for one in sizes for s in (1, -1)] + [math.nan, *np.linspace(-3, 3, 99)], dtype=F64)
    value, _ = torch.tensor(either(TYPED, text=text, z=z), dtype=F64)
    true = ELEMENTARY[text](z)
    torch.testing.assert_close(value, true, rtol=3e-15, atol=0.0, equal_nan=True)


@pytest.mark.parametrize("name", ["gelu", "sigmoid", "tanh", "silu", "mish", "softplus", "celu"])
def test_slopes_keep_their_digits_in_the_tails(either, name):
    z = torch.tensor([-37.0, -20.0, -10.0, -6.0], dtype=F64)
    slope = torch.tensor(either(IN_A_NETWORK, name=name, z=z)[1], dtype=F64)
    torch.testing.assert_close(slope, get(name).slope(z), rtol=1e-12, atol=0.0)
    assert (slope != 0).all()


def test_the_tail_of_the_normal_distribution_is_right_to_the_last_digits(engine):
    from mpmath import mp

    x = [0.0, 1e-9, 0.1, 0.5, 1.0, 2.0, 3.75, 5.0, 10.0, 26.0, 70.0, 1e4]
    for one, found in zip(x, engine("return given.x.map(e.erfcx);", x=x), strict=True):
        with mp.workdps(40 if one < 26 else 4000 if one < 71 else 40):
            far = one > 71  # the first terms of its series are right to 17 digits there
            true = (1 - mp.mpf(1) / (2 * one**2)) / (one * mp.sqrt(mp.pi)) if far else None
            true = float(true if far else mp.exp(mp.mpf(one) ** 2) * mp.erfc(one))
        assert found == pytest.approx(true, rel=2e-15)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_gains_are_those_of_the_theory(engine, name, settings):
    found = engine("return e.gainOf(given.name, given.settings);", name=name, settings=settings)
    assert found == pytest.approx(theory.gain(get(name, **settings)), rel=1e-9)


def test_a_name_of_javascript_is_no_activation(engine):
    for name in ("toString", "constructor", "__proto__", "hasOwnProperty", ""):
        found = engine("try { e.functionOf(given.name) } catch (wrong) { return wrong.name }", name=name)
        assert found == "RangeError"


# --- training


class Fixed(nn.Module):
    """An activation whose settings are not learned, as in the lab."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def forward(self, z):
        return self.act(z)


def network(name, depth, width=6, seed=0, scheme="lecun", gain=None):
    """A network as the lab has it, with biases; of one function, or of a list of them, which begins at gain 1."""
    names = [name] * depth if isinstance(name, str) else name
    if gain is None and names is name:
        gain = 1
    elif gain is None:  # what is squared ten times over grows beyond all numbers at the gain of a very wide layer
        gain = theory.gain(name) * (0.5 if name in ("relu_squared", "star_relu") else 1)
    net = nn.Sequential()
    for i, (into, out) in enumerate(itertools.pairwise([2, *[width] * depth, 1])):
        if i:
            net.append(Fixed(get(names[i - 1])))
        net.append(nn.Linear(into, out, dtype=F64))
    networks.initialize(net, scheme, seed=seed, gain=gain)
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, nn.Linear):
                layer.bias.copy_(0.1 * torch.randn(layer.bias.shape, generator=generator, dtype=F64))
    return net


def numbers(net):
    """Of each layer the weights, then the biases."""
    return torch.cat([p.detach().flatten() for p in net.parameters()]).tolist()


def given(split):
    return {"x": split.train_x.T.flatten(), "y": split.train_y, "n": len(split.train_y)}


TRAIN = """
    const f = Array.isArray(given.name) ? given.name.map((one) => e.functionOf(one)) : e.functionOf(given.name);
    const network = new e.Network(given.sizes, f);
    network.parameters.set(given.start);
    const data = {x: Float64Array.from(given.data.x), y: Float64Array.from(given.data.y), n: given.data.n};
    const trainer = new e.Trainer(network, data, given.options);
    const losses = Array.from({length: given.steps}, () => trainer.step());
    return {losses, end: [...network.parameters]};
"""
STEPS = 50


def both(engine, name, depth, split, optimiser="adam", rate=0.01, loss="bce"):
    """Losses over 50 steps from the same weights: of train.fit, and of the lab."""
    net = network(name, depth)
    sizes = [2, *[6] * depth, 1]
    options = {"optimiser": optimiser, "rate": rate, "loss": loss}
    start = numbers(net)
    here = engine(TRAIN, name=name, sizes=sizes, start=start, data=given(split), options=options, steps=STEPS)
    there = train.fit(net, split, steps=STEPS, rate=rate, optimizer=optimiser, loss=loss).loss
    return torch.tensor(here["losses"], dtype=F64), there


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 5, 10])
@pytest.mark.parametrize("name", list(catalog))
def test_losses_are_those_of_the_package(either, name, depth, one_thread):
    # at ten times this rate, ten layers of some functions amplify the last bit a millionfold in 50 steps
    ours, theirs = both(either, name, depth, disk(40, test=1, dtype=F64), rate=0.001)
    assert theirs[-1] != theirs[0] and theirs.isfinite().all()
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


MIXED = [
    ["relu", "tanh", "gelu"],
    ["sine", "softplus", "leaky_relu", "swish", "hardtanh"],
    ["mish", "relu", "mish", "elu", "tanh", "tanh", "xatlu", "silu", "sigmoid", "selu"],
]


@pytest.mark.parametrize("names", MIXED, ids=["3 layers", "5 layers", "10 layers"])
def test_losses_of_a_network_with_a_function_per_layer_are_those_of_the_package(either, names, one_thread):
    ours, theirs = both(either, names, len(names), disk(40, test=1, dtype=F64))
    assert theirs[-1] != theirs[0]
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    backwards, _ = both(either, names[::-1], len(names), disk(40, test=1, dtype=F64))
    assert (backwards - ours).abs().max() > 1e-3  # which layer has which function counts


def test_a_setting_with_a_function_per_layer_is_that_network(either):
    """Its functions, the settings of f where a layer has no other, and the gain of what comes before the weights."""
    query = "f=elu&set.alpha=2.5&depth=3&f.2=tanh&start="
    names, computed, lecun = either(
        """
        const [first, second] = ["computed", "lecun"].map((start) =>
            e.begun(e.readSetting(new URLSearchParams(given.query + start))).trainer.network);
        const of = (network) => network.layers.map(({weight}) => network.parameters[weight]);
        return [e.layersOf(e.readSetting(new URLSearchParams(given.query))), of(first), of(second)];
        """,
        query=query,
    )
    assert names == [{"f": "elu", "settings": {"alpha": 2.5}}, {"f": "tanh", "settings": {}},
                     {"f": "elu", "settings": {"alpha": 2.5}}]  # fmt: skip
    elu, tanh = theory.gain(get("elu", alpha=2.5)), theory.gain("tanh")
    assert [a / b for a, b in zip(computed, lecun, strict=True)] == pytest.approx([elu, elu, tanh, elu], rel=1e-9)


def test_ten_functions_that_take_much_room_have_it(browser, engine):
    text = "+".join(f"erf({k}z)" for k in range(2, 10)) + "+" + "+".join(f"sin({k}z)" for k in range(2, 20))
    long = ["xatlu", "mish", "gelu", "tanhshrink", "softplus", "apl", "snake", "xielu", "selu"]
    query = f"f=own&depth=10&width=32&own={text.replace('+', '%2B')}&"
    query += "&".join(f"f.{layer}={name}" for layer, name in enumerate(long, start=1))
    steps = """
        const {trainer, test} = e.begun(e.readSetting(new URLSearchParams(given.query)));
        const losses = Array.from({length: 5}, () => trainer.step());
        e.judged(trainer.network, test);
        const {engine} = trainer.network;
        return [losses, e.layersOf(e.readSetting(new URLSearchParams(given.query))).length,
            engine.top <= engine.memory?.buffer.byteLength];
    """
    losses, layers, fits = engine(steps, query=query)
    assert layers == 10 and fits
    with asked(browser, "plain") as ask:
        assert ask(steps, query=query)[0] == pytest.approx(losses, rel=1e-12)


BEGUN = "const begun = (f) => e.begun({...e.readSetting(new URLSearchParams('depth=3')), f}).trainer;"


def test_networks_that_take_turns_do_not_disturb_one_another(engine):
    alone, turns = engine(f"""
        {BEGUN}
        const names = ["tanh", "gelu"], steps = Array(20).fill();
        const alone = names.map((f) => {{ const one = begun(f); return steps.map(() => one.step()); }});
        const both = names.map(begun);
        const turns = steps.map(() => both.map((one) => {{
            const loss = one.step();
            e.judged(one.network, e.drawTask("disk", 9).test);
            return loss;
        }}));
        return [alone, [0, 1].map((i) => turns.map((pair) => pair[i]))];
    """)
    assert alone == turns


def test_a_network_that_was_begun_before_the_module_was_there_goes_on_in_it(browser, engine):
    early = "{const e = actlabLab.engine; " + BEGUN + " window.one = begun('gelu'); one.step(); }"
    with asked(browser, "compiled", BUILT.read_text(encoding="utf-8") + early) as ask:
        before, after, end = ask("""
            const plain = one.network.engine;
            for (let i = 0; i < 9; i++) one.step();
            return [plain === one.network.plain, one.network.engine !== plain, one.latest];
        """)
    assert before and after
    whole = engine(BEGUN + "const one = begun('gelu'); return Array.from({length: 10}, () => one.step());")
    assert end == pytest.approx(whole[-1], rel=1e-12)


@pytest.mark.parametrize(("optimiser", "loss"), [("sgd", "bce"), ("adam", "brier"), ("sgd", "mse")])
def test_other_losses_and_optimisers_are_those_of_the_package(either, optimiser, loss, one_thread):
    ours, theirs = both(either, "tanh", 3, disk(40, test=1, dtype=F64), optimiser, 0.1, loss)
    assert theirs[-1] < theirs[0]
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_momentum_is_that_of_torch(either, one_thread):
    split = disk(40, test=1, dtype=F64)
    net = network("tanh", 2)
    options = {"optimiser": "momentum", "rate": 0.05}
    here = either(
        TRAIN, name="tanh", sizes=[2, 6, 6, 1], start=numbers(net), data=given(split), options=options, steps=STEPS
    )
    update = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9)
    for _ in range(STEPS):
        update.zero_grad()
        train.losses["bce"](net(split.train_x)[:, 0], split.train_y).backward()
        update.step()
    torch.testing.assert_close(torch.tensor(here["end"]), torch.tensor(numbers(net)), rtol=1e-11, atol=1e-12)


def test_a_pass_in_batches_takes_every_point_once_in_a_new_order(engine):
    seen = engine("""
        const n = 10, x = Float64Array.from({length: 2 * n}, (_, i) => i), y = new Float64Array(n);
        const network = new e.Network([2, 3, 1], e.functionOf("tanh"));
        const trainer = new e.Trainer(network, {x, y, n}, {batch: 4, seed: 5});
        return Array.from({length: 6}, () => { const [x, , size] = trainer.drawn(); return [...x.slice(0, size)] });
    """)
    assert [len(batch) for batch in seen] == [4, 4, 2] * 2
    first, second = ([point for batch in seen[i : i + 3] for point in batch] for i in (0, 3))
    assert sorted(first) == sorted(second) == list(range(10)) and first != second


def test_a_batch_is_trained_like_its_points_alone(either, one_thread):
    split = disk(12, test=1, dtype=F64)
    start = numbers(network("gelu", 2))
    small = Split(split.train_x[:5], split.train_y[:5], split.test_x, split.test_y)
    whole = either(
        TRAIN, name="gelu", sizes=[2, 6, 6, 1], start=start, data=given(small), options={"rate": 0.02}, steps=1
    )
    batched = either(
        """
        const network = new e.Network(given.sizes, e.functionOf("gelu"));
        network.parameters.set(given.start);
        const data = {x: Float64Array.from(given.data.x), y: Float64Array.from(given.data.y), n: given.data.n};
        const trainer = new e.Trainer(network, data, {rate: 0.02, batch: 5});
        trainer.order = Uint32Array.from(given.data.y, (_, i) => i);
        trainer.step();
        return [...network.parameters];
        """,
        sizes=[2, 6, 6, 1], start=start, data=given(split),
    )  # fmt: skip
    assert batched == whole["end"]


# --- starts and numbers at random


DRAWN = """
    const network = new e.Network([2, 32, 32, 16, 1], e.functionOf("relu"));
    network.initialize(given.start, given.gain, new e.Random(given.seed, 2));
    return network.layers.map(({into, out, weight, bias}) => ({
        into, out, weight: [...network.parameters.slice(weight, bias)],
        bias: [...network.parameters.slice(bias, bias + out)],
    }));
"""
SDS = {
    "torch": lambda i, o: math.sqrt(1 / (3 * i)), "lecun": lambda i, o: math.sqrt(1 / i),
    "glorot": lambda i, o: math.sqrt(2 / (i + o)), "he": lambda i, o: math.sqrt(2 / i),
    "computed": lambda i, o: math.sqrt(1 / i),
}  # fmt: skip


def test_the_starts_are_those_of_the_package(engine):
    assert set(engine("return Object.keys(e.STARTS);")) == set(networks.schemes)


@pytest.mark.parametrize("start", SDS)
def test_weights_have_the_spread_of_their_start(engine, start):
    layers = [engine(DRAWN, start=start, gain=1.5, seed=seed)[1] for seed in range(1, 21)]
    weights = np.array([layer["weight"] for layer in layers])
    expected = 1.5 * SDS[start](32, 32)
    n = weights.size  # 20,480 draws: their sd is off by less than 4 / sqrt(2 n) but once in 15,000 times
    assert weights.std() == pytest.approx(expected, rel=4 / math.sqrt(2 * n))
    assert abs(weights.mean()) < 4 * expected / math.sqrt(n)
    biases = np.array([layer["bias"] for layer in layers])
    if start != "torch":
        assert not biases.any()
        return
    assert abs(weights).max() <= 1.5 / math.sqrt(32)
    assert 0.95 / math.sqrt(32) < abs(biases).max() <= 1 / math.sqrt(32)  # the gain is the weights' alone


def test_orthogonal_weights_keep_lengths(engine):
    for layer in engine(DRAWN, start="orthogonal", gain=2.0, seed=3):
        weight = np.array(layer["weight"]).reshape(layer["out"], layer["into"])
        small = weight @ weight.T if layer["out"] <= layer["into"] else weight.T @ weight
        np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-13)


def test_a_seed_means_the_same_numbers_and_another_one_others(engine):
    first, again, other, stream = engine("""
        return [[7, 0], [7, 0], [8, 0], [7, 1]].map(([seed, stream]) => {
            const random = new e.Random(seed, stream);
            return Array.from({length: 2000}, () => random.normal());
        });
    """)
    assert first == again
    assert max(abs(np.corrcoef([first, other, stream])[np.triu_indices(3, 1)])) < 0.09  # 4 / sqrt(2000)
    assert abs(np.mean(first)) < 0.09 and abs(np.std(first) - 1) < 0.07


def test_uniform_numbers_fill_the_interval(engine):
    drawn = np.array(engine("const r = new e.Random(1); return Array.from({length: 20000}, () => r.uniform());"))
    assert drawn.min() > 0 and drawn.max() < 1
    counts, _ = np.histogram(drawn, 50, (0, 1))
    assert ((counts - 400) ** 2 / 400).sum() < 95  # chi-squared of 49 is above that once in 10,000 times


@pytest.mark.parametrize("task", ["disk", "spirals", "square"])
def test_half_of_the_points_of_a_task_have_each_label(engine, task):
    share = np.mean([engine("return [...e.drawTask(given.task, given.seed).test.y];", task=task, seed=s)
                     for s in range(1, 21)])  # fmt: skip
    assert abs(share - 0.5) < 4 * 0.5 / math.sqrt(20 * 500)


# --- what is measured


def test_the_numbers_of_a_layer_are_those_of_diagnostics(either, one_thread):
    split = disk(30, test=1, dtype=F64)
    for name in ("relu", "tanh", "hardtanh", ["relu", "tanh", "hardtanh"]):
        net = network(name, 3, seed=4, gain=2.5)
        whole = either(
            """
            const network = new e.Network([2, 6, 6, 6, 1], given.names.map((one) => e.functionOf(one)));
            network.parameters.set(given.start);
            const data = {x: Float64Array.from(given.data.x), y: Float64Array.from(given.data.y), n: given.data.n};
            return e.layerStatistics(network, data).map((layer) => ({...layer, bins: [...layer.z.bins]}));
            """,
            names=[name] * 3 if isinstance(name, str) else name, start=numbers(net), data=given(split),
        )  # fmt: skip
        with_layers = nn.Sequential(
            *[part.act.module(dtype=F64) if isinstance(part, Fixed) else part for part in net]
        )
        theirs = diagnostics.signals(
            with_layers, split.train_x, loss=lambda out: train.losses["bce"](out[:, 0], split.train_y)
        )
        for key, ours in {
            "z_mean": [layer["z"]["mean"] for layer in whole], "mean": [layer["a"]["mean"] for layer in whole],
            "rms": [layer["a"]["rms"] for layer in whole], "delta": [layer["delta"] for layer in whole],
            "dead": [layer["dead"] for layer in whole], "flat": [layer["flat"] for layer in whole],
        }.items():  # fmt: skip
            np.testing.assert_allclose(ours, getattr(theirs, key).numpy(), rtol=1e-10, atol=1e-15, err_msg=key)
        assert all(sum(layer["bins"]) == 6 * 30 for layer in whole)


def test_the_surface_is_the_network_on_a_grid(either):
    net = network("mish", 2)
    found = either(
        """
        const network = new e.Network([2, 6, 6, 1], e.functionOf("mish"));
        network.parameters.set(given.start);
        return [...e.surface(network, 40, 2)];
        """,
        start=numbers(net),
    )  # fmt: skip
    place = 2 * ((2 * torch.arange(40, dtype=F64) + 1) / 40 - 1)
    grid = torch.stack([place.repeat(40), (-place).repeat_interleave(40)], dim=1)
    torch.testing.assert_close(torch.tensor(found, dtype=F64), net(grid)[:, 0].detach(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("n", [2, 3, 20, 57])
def test_the_interval_is_that_of_the_package(engine, n):
    values = np.random.default_rng(n).normal(size=n)
    assert engine("return e.student(given.values);", values=values.tolist()) == pytest.approx(
        statistics.student(values), rel=1e-9
    )


def test_pairs_are_compared_as_in_the_package(engine):
    generator = np.random.default_rng(0)
    a = generator.exponential(size=20)
    b = a + generator.normal(0.3, 0.2, size=20)
    found = engine("return e.paired(given.a, given.b);", a=a.tolist(), b=b.tolist())
    mean, half = statistics.student(a - b)
    theirs = statistics.compare(a, b, resamples=10)
    assert (found["mean"], found["half"]) == pytest.approx((mean, half), rel=1e-9)
    assert (found["smaller"], found["larger"], found["pairs"]) == (theirs.smaller, theirs.larger, theirs.pairs)


def test_a_verdict_says_no_more_than_its_interval(engine):
    said = "return e.verdict(e.paired(given.a.map((v) => v ?? Infinity), given.b), ['A', 'B']);"
    a = [0.1 + 0.01 * (i % 3) for i in range(20)]
    clear = engine(said, a=a, b=[v + 0.2 + 0.01 * (i % 5) for i, v in enumerate(a)])
    assert clear.startswith("Ends lower: A, by 0.22 in the mean of 20 pairs") and "in 20 of 20" in clear
    reverse = engine(said, a=[v + 0.2 + 0.01 * (i % 5) for i, v in enumerate(a)], b=a)
    assert reverse.startswith("Ends lower: B, by 0.22")
    other = [v + 0.1 * (-1) ** i for i, v in enumerate(a)]
    unclear = engine(said, a=a, b=other)
    mean, half = statistics.student(np.array(a) - np.array(other))
    missed = max(abs(mean - half), abs(mean + half))
    assert (
        unclear.startswith("Not distinguishable") and f"Differences below {missed:.3g} could not be seen" in unclear
    )
    assert engine(said, a=a, b=a).startswith("The two ended alike in each of 20 pairs")
    lost = engine(said, a=[None, *a[1:]], b=other)
    assert "1 of 20 pairs have a loss that is no finite number" in lost and "19 pairs" in lost


def test_a_setting_survives_the_way_through_an_address(engine):
    setting = {
        "data": "own", "points": "AA0h", "f": "apl", "set": {"a 2": 0.5, "b 1": -1.5}, "depth": 10, "width": 32,
        "layers": {"2": "tanh", "10": "sine"}, "start": "he", "gain": 1.5, "optimiser": "momentum", "rate": 0.1,
        "batch": 16, "seed": 12,
    }  # fmt: skip
    found = engine(
        "const q = new URLSearchParams(); e.writeSetting(q, given.setting, 'b.'); "
        "const again = new URLSearchParams(q.toString()); "
        "return [e.readSetting(again, 'b.'), e.settingsOf(given.setting), q.toString()];",
        setting=setting,
    )
    assert found[0] == setting
    assert found[1] == {"a": [-0.2, 0.5], "b": [-1.5, -0.7]}
    assert len(found[2]) < 300


@pytest.mark.parametrize(
    "query",
    [
        "f=toString", "f=__proto__", "depth=1e9", "depth=-4", "depth=NaN", "width=Infinity", "rate=7", "batch=-1",
        "gain=<img src=x>", "start=constructor", "data=hasOwnProperty", "seed=1.5", "optimiser=",
        "set.alpha=1e99&f=elu", "f.1=constructor", "f.1=own", "f.2=__proto__", "f.3=tanh&depth=2", "f.0=relu",
        "points=A",
    ],
)  # fmt: skip
def test_what_an_address_says_wrongly_is_not_believed(engine, query):
    found = engine("return e.readSetting(new URLSearchParams(given.query));", query=query)
    assert found["f"] in catalog and found["start"] in networks.schemes and found["data"] in ("disk", "xor")
    assert found["depth"] in range(1, 11) and found["width"] in range(1, 33) and isinstance(found["seed"], int)
    assert 0.1 <= found["gain"] <= 5 and found["rate"] in (0.01,) and found["batch"] == 0
    assert all(0.05 <= value <= 4 for value in found["set"].values())
    assert found["layers"] == {} and found["points"] == ""


def test_the_settings_of_the_catalog_and_its_names_are_in_the_script(engine):
    told = engine("return e.CATALOG;")
    assert list(told) == list(activations.catalog)
    assert engine("return Object.keys(e.FUNCTIONS);") and set(engine("return Object.keys(e.FUNCTIONS);")) == set(told)
