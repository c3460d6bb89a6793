"""The explorer of the lab and functions that a reader types in: the engine, in Chromium, against the package."""

import math

import numpy as np
import pytest
import torch
from site_checks import ROOT

from actlab import theory
from actlab.activations import catalog, get

F64 = torch.float64
BUILT = ROOT / "_static/lab.js"
OTHER = {
    "elu": {"alpha": 2.5}, "celu": {"alpha": 0.3}, "threshold": {"threshold": 0.4}, "hardshrink": {"threshold": 1.5},
    "squareplus": {"b": 0.25}, "swish": {"beta": 4.0}, "xatlu": {"alpha": 0.5}, "snake": {"a": 3.0},
    "star_relu": {"scale": 0.3, "bias": 0.5}, "apl": {"a": (0.5, -0.3), "b": (-1.0, 2.0)},
    "xielu": {"alpha_p": 0.3, "alpha_n": 1.5, "beta": 0.2},
}  # fmt: skip
CASES = [(name, {}) for name in catalog] + list(OTHER.items())
IDS = [name + " moved" * bool(settings) for name, settings in CASES]


@pytest.fixture(scope="module")
def engine(browser):
    """Calls a function of the lab's engine on an empty page."""
    context = browser.new_context()
    tab = context.new_page()
    wrong = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.add_script_tag(content=BUILT.read_text(encoding="utf-8"))

    def ask(program, **given):
        found = tab.evaluate(f"given => {{ const e = actlabLab.engine; {program} }}", given)
        assert wrong == []
        return found

    yield ask
    context.close()


# --- the catalog


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_second_derivatives_are_those_of_the_theory(engine, name, settings):
    act = get(name, **settings)
    z = torch.cat([torch.linspace(-12, 12, 483, dtype=F64), torch.tensor([-700.0, -40.0, 40.0, 700.0], dtype=F64)])
    z = z[[all(abs(one - kink) > 1e-9 for kink in (*act.kinks, 0, -1, 1)) for one in z.tolist()]]
    ask = "const bend = e.bendOf(given.name, given.settings); return given.z.map(bend);"
    ours = torch.tensor(engine(ask, name=name, settings=settings, z=z.tolist()), dtype=F64)
    torch.testing.assert_close(ours, theory.curvature(act, z), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_moments_fixed_point_and_edge_are_those_of_the_theory(engine, name, settings):
    act = get(name, **settings)
    found = engine(
        """
        const theory = new e.Theory(given.name, given.settings);
        const words = (value) => (value === Infinity ? "inf" : value);
        const {moments} = theory;
        const points = [moments.gain, ...given.gains].map((gain) => theory.fixedPoint(gain));
        return {
            moments: ["mean", "second", "slopeSecond", "gain", "backwardGain",
    "chi"].map((key) => words(moments[key])),
            points: points.map((p) => p && [p.q, words(p.slope), p.stability]), edge: theory.edgeOfChaos(),
        };
        """,
        name=name, settings=settings, gains=[0.7, 1.3, 2.0],
    )  # fmt: skip
    of = theory.moments(act)
    gains = [of.mean, of.second, of.slope_second, theory.gain(act), theory.backward_gain(act), theory.chi(act)]
    assert [float(one) for one in found["moments"]] == pytest.approx(gains, rel=1e-9, abs=1e-12)
    for gain, ours in zip([None, 0.7, 1.3, 2.0], found["points"], strict=True):
        try:
            theirs = theory.fixed_point(act, gain)
        except ValueError:  # it grows beyond all numbers
            theirs = None
        assert (ours is None) == (theirs is None), gain
        if ours:
            expected = [theirs.q, theirs.slope]
            assert [float(one) for one in ours[:2]] == pytest.approx(expected, rel=1e-9, abs=1e-12), gain
            assert ours[2] == theirs.stability, gain
    edge = theory.edge_of_chaos(act)
    assert (found["edge"] is None) == (edge is None)
    if edge:
        assert found["edge"]["kind"] == edge.kind
        assert found["edge"]["gain"] == pytest.approx(edge.gain, rel=1e-9)
        assert found["edge"]["q"] == (edge.q if edge.q is None else pytest.approx(edge.q, rel=1e-9))


@pytest.mark.parametrize(("name", "gain"), [("relu", 1.2), ("tanh", 1.6), ("gelu", 1.45), ("hardtanh", 3.0)])
def test_fifty_layers_are_those_of_the_variance_map(engine, name, gain):
    ours = engine("return new e.Theory(given.name).layers(given.gain, 50);", name=name, gain=gain)
    act, forward, backward = get(name), [1.0], [1.0]
    for _ in range(50):
        forward.append(theory.variance_map(act, forward[-1], gain))
    for q in reversed(forward[:-1]):
        factor = theory.expectation(lambda z, q=q: act.slope(math.sqrt(q) * z) ** 2, [k / q**0.5 for k in act.kinks])
        backward.insert(0, backward[0] * gain**2 * factor)
    assert ours["forward"] == pytest.approx(forward, rel=1e-9)
    assert ours["backward"] == pytest.approx(backward, rel=1e-9)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32"])
def test_numbers_are_rounded_as_torch_rounds_them(engine, name):
    dtype = getattr(torch, name)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3000, dtype=F64, generator=generator) * 10.0 ** torch.randint(
        -46, 40, (3000,), generator=generator
    )
    top, small = torch.finfo(dtype).max, torch.finfo(dtype).smallest_normal
    eps = torch.finfo(dtype).eps
    ties = [1 + eps / 2, 1 + 1.5 * eps, small * eps / 2, small * eps * 1.5, top * (1 + eps / 4), top * (1 + eps / 5)]
    x = torch.cat([x, torch.tensor([*ties, 0.0, -top, small, small * eps], dtype=F64)])
    if dtype != torch.float32:
        x = x.to(torch.float32).to(F64)  # torch goes this way, and rounds twice
    ask = "return given.x.map((x) => String(e.roundedTo(e.FORMATS[given.name], x)));"
    ours = torch.tensor([float(one) for one in engine(ask, name=name, x=x.tolist())], dtype=F64)
    assert torch.equal(ours, x.to(dtype).to(F64))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "gelu", "softplus", "relu6", "identity", "relu_squared", "step"])
def test_the_ends_of_a_format_are_where_a_look_at_all_its_numbers_finds_them(engine, name, dtype):
    top = torch.tensor(torch.finfo(dtype).max, dtype=dtype).view(torch.int16).item()
    size = torch.arange(top + 1, dtype=torch.int16).view(dtype).to(F64)
    expected = {"slope": [], "value": []}
    for side in (-1, 1):
        value, slope = (f(side * size).to(dtype) for f in (get(name), get(name).slope))
        for key, fails in {"slope": slope != 0, "value": value != value[-1]}.items():
            last = int(fails.nonzero().max()) if fails.any() else -1
            start = size[min(last + 1, top)].item() * side
            expected[key].append(None if last >= 0 and size[last] > size[-1] / 2 else start)
    ask = "return e.limitsOf(new e.Theory(given.name), e.FORMATS[given.dtype]);"
    found = engine(ask, name=name, dtype=str(dtype).removeprefix("torch."))
    assert {key: [end if end is None else float(end) for end in ends] for key, ends in found.items()} == expected


# --- what is typed in


TYPED = {
    "identity": "z", "relu": "max(z, 0)", "leaky_relu": "where(z > 0, z, 0.01 z)", "relu6": "min(max(0, z), 6)",
    "hardtanh": "clip(z, -1, 1)", "hardsigmoid": "clip(z + 3, 0, 6) / 6", "hardswish": "z * clip(z + 3, 0, 6) / 6",
    "sigmoid": "1 / (1 + exp(−z))", "silu": "z sigmoid(z)", "swish": "z * sigmoid(1.702 z)", "tanh": "tanh(z)",
    "gelu": "z * Phi(z)", "gelu_tanh": "z*sigmoid(2*sqrt(2/pi)*(z + 0.044715 z^3))", "mish": "z * tanh(softplus(z))",
    "elu": "where(z > 0, z, expm1(z))", "softsign": "z / (1 + abs(z))", "snake": "z + sin(z)^2", "sine": "sin(z)",
    "relu_squared": "max(z, 0)^2", "squareplus": "(z + sqrt(z^2 + 4)) / 2", "golu": "z exp(-exp(-z))",
    "softshrink": "z - clip(z, -0.5, 0.5)", "step": "where(z >= 0, 1, 0)",
    "penalized_tanh": "where(z>0,1,1/4) tanh(z)",
}  # fmt: skip


@pytest.mark.parametrize("name", TYPED)
def test_what_is_typed_in_is_the_catalogs(engine, name):
    z = np.concatenate([np.linspace(-8, 8, 641), [-20.5, 20.5, 1e-9, -1e-9]]).tolist()
    ours, theirs, own, other = engine(
        """
        const f = e.typed(given.text), g = e.functionOf(given.name), bend = e.bendOf(given.name);
        const z = Float64Array.from(given.z), [v, s, b] = [0, 1, 2].map(() => new Float64Array(z.length));
        f.fill(z, z.length, v, s, b);
        const theories = [new e.Theory("own", {text: given.text}), new e.Theory(given.name)];
        return [[[...v], [...s], [...b]], [0, 1, 2].map((i) => given.z.map((z) => [...e.value(g, z), bend(z)][i])),
            ...theories.map((t) => [t.breaks.map((one) => one.z), t.moments.gain, t.moments.slopeSecond])];
        """,
        text=TYPED[name], name=name, z=z,
    )  # fmt: skip
    # where pieces meet, the side is a convention
    inside = [all(abs(one - kink) > 1e-6 for kink in (*catalog[name].kinks, 0, -1, 1)) for one in z]
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12, atol=1e-14)
    smooth = [z not in catalog[name].kinks for z in z]
    np.testing.assert_allclose(np.array(ours[1])[smooth], np.array(theirs[1])[smooth], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(np.array(ours[2])[inside], np.array(theirs[2])[inside], rtol=1e-9, atol=1e-12)
    assert sorted(own[0]) == sorted(other[0]) == sorted(catalog[name].kinks)
    assert own[1:] == pytest.approx(other[1:], rel=1e-9)


def test_one_number_at_a_time_and_many_are_the_same(engine):
    one, many = engine("""
        const f = e.typed("where(z < 1, z^2 sin(z), max(z, 3 - z))"), n = 700;
        const z = Float64Array.from({length: n}, (_, k) => (k - 350) / 50);
        const [v, s] = [new Float64Array(n), new Float64Array(n)];
        f.fill(z, n, v, s);
        return [[...z].map((x) => e.value(f, x)), [...v].map((x, k) => [x, s[k]])];
    """)
    assert one == many


@pytest.mark.parametrize(
    ("text", "kinks"),
    [
        ("abs(z - 0.1)", [[0.1, "kink"]]), ("where(z > 0.3, z, -1)", [[0.3, "jump"]]), ("1/z", [[0, "pole"]]),
        ("max(z, z^2)", [[0, "kink"], [1, "kink"]]), ("abs(z^2)", []), ("z^2 + max(1, 2)", []), ("relu6(2 z)",
        [[0, "kink"], [3, "kink"]]), ("log(abs(z))", [[0, "pole"]]), ("max(z, 0)^2", []), ("abs(z + 700)",
        [[-700, "kink"]]), ("1/(z - 2)", [[2, "pole"]]),
    ],
)  # fmt: skip
def test_kinks_are_found(engine, text, kinks):
    found = engine("return new e.Theory('own', {text: given.text}).breaks.map((b) => [b.z, b.kind]);", text=text)
    assert [kind for _, kind in found] == [kind for _, kind in kinks]
    assert [z for z, _ in found] == pytest.approx([z for z, _ in kinks], abs=1e-12)


@pytest.mark.parametrize(
    "text", ["1/z", "exp(z^2)", "exp(0.26 z^2)", "1/(z - 0.3)^2", "sqrt(z)", "log(z)", "1/sqrt(abs(z))", "1/sin(z)"]
)
def test_a_mean_square_that_is_not_there_is_no_number(engine, text):
    assert engine("return Number.isNaN(new e.Theory('own', {text: given.text}).moments.gain);", text=text)
    assert engine("return Number.isNaN(e.gainOf('own', {text: given.text}));", text=text)


def test_a_mean_square_that_is_there_is_exact_though_its_gradient_may_not_be(engine):
    mean_square = "return new e.Theory('own', {text: given.text}).moments;"
    assert engine(mean_square, text="exp(z)")["second"] == pytest.approx(math.exp(2), rel=1e-12)
    assert engine(mean_square, text="exp(0.2 z^2)")["second"] == pytest.approx(5**0.5, rel=1e-12)
    assert engine(mean_square, text="abs(z)^0.9")["second"] == pytest.approx(
        2**0.9 * math.gamma(1.4) / math.sqrt(math.pi), rel=1e-9
    )
    root = engine(mean_square, text="sqrt(abs(z))")
    assert root["second"] == pytest.approx(math.sqrt(2 / math.pi), rel=1e-12)
    assert math.isnan(root["slopeSecond"])


REFUSED = [
    "", " ", "\t\n", "__proto__", "constructor", "toString", "hasOwnProperty", "__proto__(z)", "constructor(z)",
    "this", "window", "globalThis", "document.cookie", "alert(1)", "eval(z)", "Function(z)", "z.constructor", "z[0]",
    "z['a']",
    "`z`", "'z'", '"z"', "z = 1", "z == 1", "z => z", "z; z", "z // 1", "/* z */", "z # 1", "z++", "++", "z +", "* z",
    "(z", "z)", "((z)", "()", "sin", "sin z", "sin()", "sin(z, z)", "max(z)", "max(z, 1, 2)", "max(,)",
    "where(z, 1, 2)",
    "where(z > 0, 1)", "z > 0", "z < 1 < 2", "1 2", "z 2", "1.2.3", "1..2", "1e999", "9" * 199 + "e9", "z" * 201,
    "(" * 100 + "z" + ")" * 100, "-" * 100 + "z", "z" + "^z" * 99, "𝑧", "ζ", "z²", "x", "Z", "zz", "z，1", "z\u200b",
    "z\u0000", "∞", "NaN", "Infinity", "undefined", "null", "true", "import(z)", "new Date", "z ? 1 : 2", "z & 1",
    "z % 2",
    "!z", "~z", "z!", "{z}", "[z]", "\\u007a", "sin(z)(", "1/2 z", "z ** ** 2", "😀", "own(z)", "e.z", "valueOf(z)",
]  # fmt: skip
RIGHT = {
    "-z^2": -4, "2^-z": 0.25, "2 z^2": 8, "z^3^1": 8, "(z + 1)(z - 1)": 3, "2(z)": 4, "+z": 2, "--z": 2, "z**3": 8,
    "1.5e1": 15, ".5z": 1, "2e z": 4 * math.e, "  z  ": 2, "z − 1": 1, "2·z": 4, "π": math.pi, "z\n+\n1": 3,
    "1 - 2 - 3": -4, "8 / 2 / 2": 2, "z^z": 4, "where(1 >= z, 7, 9)": 9, "(" * 50 + "z" + ")" * 50: 2,
    "z z z": 8, "abs(-z) sign(-z)": -2, "gelu(-1e9)": 0, "cosh(0) + sinh(0) + atan(0)": 1,
    "erf(z/sqrt(2)) - 2 Phi(z)": -1,
    "log1p(expm1(z))": 2, "1/(2 z)": 0.25, "z/2*z": 2,
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_function_is_refused_in_one_sentence_with_its_place(engine, text):
    said = engine(
        "try { e.typed(given.text); return null; } catch (wrong) { return [wrong.message, wrong.at]; }", text=text
    )
    assert said is not None
    assert said[0].startswith(f"Character {said[1]}: ") and said[0].endswith(".") and "\n" not in said[0]
    assert 1 <= said[1] <= min(len(text.encode("utf-16-le")) // 2, 200) + 1
    assert len(said[0]) < 140


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_a_function_has_its_value(engine, text):
    assert engine("return e.typed(given.text)(2);", text=text) == pytest.approx(RIGHT[text], rel=1e-15, abs=1e-15)


def test_random_strings_are_refused_or_compute_numbers_and_touch_nothing(engine):
    pieces = [
        "z", "(", ")", "+", "-", "*", "/", "^", "1", "2.5", "e", "pi", ",", "<", ">=", " ", "sin(", "max(", "where(",
        "exp(", "constructor", "__proto__", "relu(", ".", "[", "=", "window",
    ]  # fmt: skip
    generator = np.random.default_rng(0)
    texts = ["".join(generator.choice(pieces, size=generator.integers(1, 14))) for _ in range(3000)]
    right, wrong, kinds, operations, leaked = engine(
        """
        const before = Object.getOwnPropertyNames(window).length;
        let right = 0, wrong = 0, most = 0;
        const kinds = new Set();
        for (const text of given.texts) {
            try {
                const f = e.typed(text);
                right++;
                most = Math.max(most, f.operations - text.length);
                for (const z of [-1e300, -1, 0, 2, 1e300]) kinds.add(typeof f(z));
            } catch (fault) {
                wrong++;
                kinds.add(fault.message.startsWith("Character ") ? "refused" : String(fault));
            }
        }
        const leaked = Object.getOwnPropertyNames(window).length - before + Object.keys(Object.prototype).length;
        return [right, wrong, [...kinds], most, leaked];
        """,
        texts=texts,
    )  # fmt: skip
    assert right > 30 and wrong > 1000
    assert set(kinds) == {"number", "refused"}
    assert operations <= 2  # more than characters
    assert leaked == 0


def test_the_script_compiles_no_text():
    text = BUILT.read_text(encoding="utf-8")
    assert "eval(" not in text and "new Function" not in text and "innerHTML" not in text


def test_a_typed_in_function_trains_as_the_catalogs(engine):
    losses = engine("""
        return ["own", "silu"].map((f) => {
            const read = e.readSetting(new URLSearchParams("depth=3&start=computed"));
            const setting = {...read, f, own: "z / (1 + exp(-z))"};
            const {trainer} = e.begun(setting);
            return Array.from({length: 30}, () => trainer.step());
        });
    """)
    assert losses[0][-1] < losses[0][0]
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def test_a_typed_in_function_survives_the_way_through_an_address(engine):
    back = engine("""
        const setting = {...e.readSetting(new URLSearchParams("f=own"))};
        setting.own = "where(z > 0, z, 0.1 z) + 1";
        const q = new URLSearchParams();
        e.writeSetting(q, setting, "b.");
        return [setting, e.readSetting(new URLSearchParams(q.toString()), "b."),
            e.readSetting(new URLSearchParams("f=own&own=alert(1)")).own];
    """)
    assert back[0] == back[1]
    assert back[2] == "z * sigmoid(1.7 z)"
