"""The arithmetic of the numbers lab, in Chromium on an empty page, against torch, numpy and mpmath.

Adding, subtracting, dividing and storing are compared with torch's tensors of the format, bit by bit; exponentials
and logarithms with mpmath, rounded once: no number of the format may be nearer. What torch itself has for those two
is within one unit in the last place of it, which is tested too.
"""

import itertools
import json
import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
import torch
from mpmath import mp, mpf
from site_checks import ROOT

FORMATS = {
    "float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32, "float64": torch.float64,
    "float8_e5m2": torch.float8_e5m2,
}  # fmt: skip
INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
SMALL = [name for name, dtype in FORMATS.items() if dtype.itemsize <= 2]
WIDE = ["float32", "float64"]
HEAD = "const {FORMATS, operate, rounded, bitsOf, hexOf} = e.formats; const format = FORMATS[given.name];"
SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
# JSON has none of these
OUT = "const out = (v) => (Number.isFinite(v) && !Object.is(v, -0) ? v : Object.is(v, -0) ? '-0' : String(v));"
IN = "const taken = (v) => (typeof v === 'string' ? Number(v) : v);"


@pytest.fixture(scope="module")
def engine(browser):
    """Calls a function of the lab's engine on an empty page. Numbers that JSON lacks go and come as words."""
    context = browser.new_context()
    tab = context.new_page()
    tab.add_script_tag(content=(ROOT / "_static/lab.js").read_text(encoding="utf-8"))

    def ask(program, **given):
        # as one text: a list of 65,536 numbers goes ten times faster that way
        given = json.dumps({key: written(value) for key, value in given.items()})
        body = f"const e = actlabLab.engine; {OUT} {IN} {program}"
        return json.loads(tab.evaluate(f"text => JSON.stringify(((given) => {{ {body} }})(JSON.parse(text)))", given))

    yield ask
    context.close()


def written(value):
    if isinstance(value, list | tuple):
        return [written(one) for one in value]
    if isinstance(value, float) and not (math.isfinite(value) and (value or math.copysign(1, value) > 0)):
        return "-0" if value == 0 else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def read(values):
    """What the page answered, as float64."""
    words = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}
    return torch.tensor([words.get(v, v) for v in values], dtype=torch.float64)


def all_of(name):
    """Every pattern of a small format."""
    dtype = FORMATS[name]
    bits = torch.arange(2 ** (8 * dtype.itemsize), dtype=torch.int64).to(INTEGERS[dtype.itemsize])
    return bits.view(dtype)


def some_of(name, n, seed=0):
    """n finite numbers of a format: any pattern, or such as logits and their exponentials are."""
    dtype = FORMATS[name]
    if name in SMALL:
        every = all_of(name).double()
        every = every[every.isfinite()]
        return every[torch.randint(len(every), (n,), generator=torch.Generator().manual_seed(seed))].tolist()
    generator = np.random.default_rng(seed)
    integer = {4: np.uint32, 8: np.uint64}[dtype.itemsize]
    kind = {4: np.float32, 8: np.float64}[dtype.itemsize]
    patterns = generator.integers(0, np.iinfo(integer).max, n, dtype=integer, endpoint=True).view(kind)
    usual = (generator.normal(size=n) * 10.0 ** generator.integers(-3, 4, n)).astype(kind)
    found = np.where(generator.random(n) < 0.5, usual, patterns)
    return found[np.isfinite(found)].astype(np.float64).tolist()


def same(ours, theirs):
    """Equal to the last bit, zeros with their signs, one nan like another."""
    ours, theirs = ours.double(), theirs.double()
    nan = ours.isnan() & theirs.isnan()
    return nan | ((ours == theirs) & (ours.signbit() == theirs.signbit()))


def stored(values, name):
    """float64 values as torch stores them, by way of float32 where torch goes that way: for values that fit there."""
    return torch.tensor(values, dtype=torch.float64).to(FORMATS[name])


# --- patterns and rounding


@pytest.mark.parametrize("name", SMALL)
def test_each_pattern_of_a_small_format_is_read_and_written_as_torch_does(engine, name):
    every = all_of(name)
    values = every.double()
    size = 8 * every.dtype.itemsize
    digits = engine(
        HEAD + "return given.values.map((v) => bitsOf(taken(v), format).join(''));", name=name, values=values.tolist()
    )
    kept = ~values.isnan()
    assert kept.sum() > 240
    assert [int(one, 2) for one in itertools.compress(digits, kept.tolist())] == np.flatnonzero(kept).tolist()
    back = read(engine(HEAD + "return given.values.map((v) => out(rounded(taken(v), format)));",
                       name=name, values=values.tolist()))  # fmt: skip
    assert same(back, values).all()
    assert len(digits[0]) == size and "1" in digits[values.isnan().nonzero()[0]]


@pytest.mark.parametrize("name", WIDE)
def test_patterns_of_wide_formats_are_those_of_torch(engine, name):
    values = [*some_of(name, 3000), 0.0, -0.0, math.inf, -math.inf]
    tensor = stored(values, name)
    patterns = tensor.view(INTEGERS[tensor.dtype.itemsize]).tolist()
    mask = 2 ** (8 * tensor.dtype.itemsize) - 1
    hexes = engine(
        HEAD + "return given.values.map((v) => hexOf(bitsOf(taken(v), format)));", name=name, values=values
    )
    assert [int(one, 16) for one in hexes] == [pattern & mask for pattern in patterns]


@pytest.mark.parametrize("name", [*SMALL, "float32"])
def test_storing_takes_the_nearest_and_of_two_the_even_one(engine, name):
    """Halfway between neighbours, and a little to both sides of that."""
    finite = sorted({v for v in (all_of(name).double().tolist() if name in SMALL else some_of(name, 4000))
                     if math.isfinite(v)})  # fmt: skip
    if name == "float32":
        finite = [v for one in finite for v in (one, float(np.nextafter(np.float32(one), np.float32(math.inf))))]
        pairs = list(zip(finite[::2], finite[1::2], strict=True))
    else:
        top = finite[-1] + (finite[-1] - finite[-2])
        pairs = list(itertools.pairwise([*finite, top]))
    middles = [(a + b) / 2 for a, b in pairs if math.isfinite(b)]
    near = np.float64 if name == "float32" else np.float32  # what torch and numpy start from, exactly
    given = [float(one) for middle in middles for one in (
        middle, np.nextafter(near(middle), near(math.inf)), np.nextafter(near(middle), near(-math.inf)))]  # fmt: skip
    ours = read(engine(HEAD + "return given.values.map((v) => out(rounded(taken(v), format)));",
                       name=name, values=given))  # fmt: skip
    theirs = torch.tensor(np.array(given, dtype=np.float64)).to(FORMATS[name])
    assert same(ours, theirs).all(), [given[i] for i in (~same(ours, theirs)).nonzero()[:5, 0]]


# --- operations

OPERATIONS = {"add": torch.add, "subtract": torch.sub, "divide": torch.div}


def carried_out(engine, name, operation, *values):
    program = (
        HEAD
        + """
        return given.a.map((_, i) => {
            const args = given.b ? [taken(given.a[i]), taken(given.b[i])] : [taken(given.a[i])];
            return out(operate(given.operation, args, format).value);
        });"""
    )
    a, b = [*values, None][:2]
    return read(engine(program, name=name, operation=operation, a=a, b=b))


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_operations_are_those_of_torch_bit_by_bit(engine, name, operation):
    a, b = some_of(name, 4000, seed=1), some_of(name, 4000, seed=2)
    n = min(len(a), len(b))
    a, b = [*a[:n], 0.0, -0.0, math.inf, math.inf, 0.0, 1.0], [*b[:n], 0.0, -0.0, math.inf, -1.0, math.inf, 0.0]
    theirs = OPERATIONS[operation](stored(a, name), stored(b, name))
    ours = carried_out(engine, name, operation, a, b)
    assert same(ours, theirs).all(), [(a[i], b[i]) for i in (~same(ours, theirs)).nonzero()[:5, 0]]
    assert theirs.double().isinf().any() or (operation, name) == ("subtract", "float64")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", ["float8_e5m2"])
def test_operations_on_eight_bits_are_those_of_float32_rounded_once(engine, name, operation):
    # torch has no arithmetic for them; with 24 places for numbers of 3 the second rounding changes nothing
    every = all_of(name).double()
    every = every[every.isfinite()]
    a, b = every.repeat_interleave(len(every)), every.repeat(len(every))
    theirs = OPERATIONS[operation](a.float(), b.float()).to(FORMATS[name])
    ours = carried_out(engine, name, operation, a.tolist(), b.tolist())
    assert same(ours, theirs).all()


def neighbours(value, name):
    """The next numbers of a format below and above a finite one, infinity included."""
    if name in WIDE:
        kind = {"float32": np.float32, "float64": np.float64}[name]
        with np.errstate(over="ignore"):
            return [float(np.nextafter(kind(value), kind(side))) for side in (-math.inf, math.inf)]
    every = sorted({v for v in all_of(name).double().tolist() if math.isfinite(v)})
    at = every.index(value)
    return [every[at - 1] if at else -math.inf, every[at + 1] if at + 1 < len(every) else math.inf]


@pytest.fixture(scope="module")
def ladder():
    """For each small format its finite numbers in order."""
    return {name: np.unique(all_of(name).double()[all_of(name).double().isfinite()].numpy()) for name in SMALL}


def right(exact, name, ladder):
    """A positive or negative real number (mpf) rounded to a format, by comparing with its numbers."""
    largest = torch.finfo(FORMATS[name]).max
    if abs(exact) >= largest:
        place = math.ldexp(torch.finfo(FORMATS[name]).eps, math.frexp(largest)[1] - 1)
        beyond = abs(exact) - largest >= mpf(place) / 2
        return math.copysign(math.inf if beyond else largest, exact)
    if name in SMALL:
        at = np.searchsorted(ladder[name], float(exact))
        near = ladder[name][max(0, at - 2) : at + 2].tolist()
    else:
        start = float({"float32": np.float32, "float64": np.float64}[name](float(exact)))
        near = [v for v in (*neighbours(start, name), start) if math.isfinite(v)]
    return math.copysign(min(near, key=lambda v: abs(mpf(v) - exact)), exact)


@pytest.mark.slow
@pytest.mark.parametrize("operation", ["exp", "log"])
@pytest.mark.parametrize("name", FORMATS)
def test_exponentials_and_logarithms_are_rounded_right(engine, name, operation, ladder):
    values = all_of(name).double().tolist() if name in SMALL else some_of(name, 3000, seed=3)
    values = [v for v in values if math.isfinite(v) and v and (v > 0 or operation == "exp")]
    values = values[:: 13 if FORMATS[name].itemsize == 2 else 1]
    with mp.workdps(60):
        if operation == "exp":  # beyond that nothing but 0 and infinity comes
            theirs = [right(mp.exp(mpf(max(-2000.0, min(2000.0, v)))), name, ladder) for v in values]
        else:
            theirs = [right(mp.log(mpf(v)), name, ladder) if v != 1 else 0.0 for v in values]
    theirs = torch.tensor(theirs, dtype=torch.float64)
    ours = carried_out(engine, name, operation, values)
    assert same(ours, theirs).all(), [values[i] for i in (~same(ours, theirs)).nonzero()[:5, 0]]
    if name in WIDE or FORMATS[name].itemsize == 2:
        tensor = stored(values, name)
        there = getattr(torch, operation)(tensor).double()
        finite = ours.isfinite() & there.isfinite()
        assert (ours.isfinite() == there.isfinite()).all()
        info = torch.finfo(FORMATS[name])
        place = torch.maximum(ours.abs(), torch.tensor(info.tiny, dtype=torch.float64)) * info.eps
        off = ((ours - there).abs() / place)[finite]
        assert off.max() <= 1


# --- programs


def by_torch(logits, name, want, way, y, ladder):
    """The values of all steps, each from the tensor operation of the format; exp and log from mpmath."""
    seen = []

    def keep(value):
        seen.append(float(value.double()))
        return value

    def exact(operation, value):
        v = float(value.double())
        if v == 0 and operation == "exp":
            return keep(stored(1.0, name))
        if not math.isfinite(v) or (operation == "log" and (v <= 0 or v == 1)):
            return keep(getattr(torch, operation)(value))
        with mp.workdps(60):
            result = right(getattr(mp, operation)(mpf(v)), name, ladder)
        return keep(stored(result, name))

    z = [keep(stored(v, name)) for v in logits]
    if way != "formula":
        m = keep(torch.stack(z).max())
        z = [keep(v - m) for v in z]
    e = [exact("exp", v) for v in z]
    s = e[0]
    for one in e[1:]:
        s = keep(s + one)
    if len(e) == 1:
        keep(s)
    kept = [y] if want == "loss" else range(len(e))
    if way == "logits":
        log_s = exact("log", s)
        result = [keep(z[i] - log_s) for i in kept]
    else:
        result = [keep(e[i] / s) for i in kept]
        if want != "softmax":
            result = [exact("log", p) for p in result]
    if want == "loss":
        result = [keep(-result[0])]
    return seen


ROWS = [
    [10.0, 11.0, 12.0], [5.0] * 8, [0.0, 800.0], [-20.0, -19.3, -18.7], [300.2, 301.1, 300.3], [0.0, -104.5],
    [1.0], [-math.inf, 1.0, 2.0], [-math.inf, -math.inf], [math.inf, 0.0], [88.7, 88.8], [-12000.0, 0.0],
    [1e-9, -3.25], [709.0, 710.5], [-745.0, -746.0], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
    [6.0, 5.0, -6.0], [40.0, 0.0],
]  # fmt: skip


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_programs_are_those_of_tensors_step_by_step(engine, name, ladder):
    for logits, (want, way) in itertools.product(
        ROWS,
        [("softmax", "formula"), ("softmax", "shifted"), *itertools.product(("log", "loss"), ("formula", "shifted",
         "logits"))],
    ):  # fmt: skip
        y = len(logits) - 1
        found = engine(
            "const format = e.formats.FORMATS[given.name];"
            "return e.programs.steps(given.z.map(taken), format, given.want, given.way, given.y)"
            ".steps.map(({value}) => out(value));",
            z=logits, name=name, want=want, way=way, y=y,
        )  # fmt: skip
        theirs = torch.tensor(by_torch(logits, name, want, way, y, ladder), dtype=torch.float64)
        ours = read(found)
        assert len(ours) == len(theirs), (logits, want, way)
        assert same(ours, theirs).all(), (logits, want, way, ours, theirs)


def judged(engine, logits, name, want, way, y=0):
    return engine(
        "const {verdict, breaks, steps, off} = "
        "e.programs.judge(given.z.map(taken), e.formats.FORMATS[given.name], given.want, given.way, given.y);"
        "return {verdict, off: out(off), what: steps[breaks]?.what, words: steps[breaks]?.words};",
        z=logits, name=name, want=want, way=way, y=y,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("logits", "name", "want", "way", "verdict", "words", "what"),
    [
        ([10.0, 11.0, 12.0], "float16", "softmax", "formula", "lost", "e[2] = exp(z[2])", "overflow"),
        ([10.0, 11.0, 12.0], "bfloat16", "softmax", "formula", "right", None, None),
        ([10.0, 11.0, 12.0], "float16", "softmax", "shifted", "right", None, None),
        ([10.0] * 8, "float16", "softmax", "formula", "wrong", "s = s + e[2]", "overflow"),
        ([-20.0, -20.0], "float16", "softmax", "formula", "lost", "p[0] = e[0] / s", "invalid"),
        ([0.0, 800.0], "float64", "loss", "shifted", "lost", "log p[0]", "log of 0"),
        ([0.0, 800.0], "float64", "loss", "logits", "right", None, None),
        ([300.2, 301.1, 300.3], "bfloat16", "softmax", "shifted", "wrong", "z[1]", "rounded"),
        ([-math.inf, -math.inf], "float32", "softmax", "shifted", "none", None, None),
        ([-math.inf, 1.0], "float32", "softmax", "shifted", "right", None, None),
        ([10.0, 11.0, 12.0], "float8_e5m2", "softmax", "shifted", "wrong", "z[1]", "rounded"),
    ],
)
def test_a_result_is_judged_and_the_step_named_that_spoils_it(engine, logits, name, want, way, verdict, words, what):
    found = judged(engine, logits, name, want, way)
    assert (found["verdict"], found.get("words"), found.get("what")) == (verdict, words, what)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_the_formula_breaks_above_the_logarithm_of_the_largest_number(engine, name):
    """Where chapter 6 says: from the last number of the format below that, and from the first above."""
    edge = math.log(torch.finfo(FORMATS[name]).max)
    below = float(stored(edge, name).double())
    if below > edge:
        below = neighbours(below, name)[0]
    above = neighbours(below, name)[1]
    assert judged(engine, [below], name, "softmax", "formula")["verdict"] == "right"
    found = judged(engine, [above], name, "softmax", "formula")
    assert (found["verdict"], found["what"]) == ("lost", "overflow")


def test_the_stable_programs_are_right_where_the_formula_is_not(engine):
    for logits, name in itertools.product(ROWS, ("float32", "float64")):
        if math.inf in logits or logits == [-math.inf] * 2:
            continue
        assert judged(engine, logits, name, "log", "logits")["verdict"] == "right", (logits, name)
        assert judged(engine, logits, name, "softmax", "shifted")["verdict"] == "right", (logits, name)


# --- what is typed, and what is written


@pytest.mark.parametrize(
    ("text", "values"),
    [("1, 2 ;3\t-4e2", [1, 2, 3, -400]), ("−1.5 .5 2.", [-1.5, 0.5, 2]), ("inf -inf", ["Infinity", "-Infinity"])],
)
def test_logits_are_read_with_commas_or_spaces(engine, text, values):
    assert engine("return e.programs.parsedLogits(given.text).values.map(out);", text=text) == values


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("", 1, "no number"), (" , ", 1, "no number"), ("1, two", 4, "“two” is no number"),
        ("0x10", 1, "is no number"),
        ("1 2 nan", 5, "is no number"), ("1 1e999", 3, "beyond float64"), ("1 2 3 4 5 6 7 8 9", 17, "more than 8"),
        ("1" * 201, 201, "longer than 200"), ("1,<b>2", 3, "is no number"), ("1--2", 1, "is no number"),
    ],
)  # fmt: skip
def test_what_is_no_logit_is_told_with_its_place(engine, text, at, words):
    found = engine("return e.programs.parsedLogits(given.text);", text=text)
    assert found["at"] == at and words in found["error"]


def test_decimals_are_those_of_the_exact_number(engine):
    values = [v for v in some_of("float64", 600, seed=5) if v]
    ours = engine(
        "return given.values.map((v) => e.formats.decimal(e.formats.exactly(v), 9).replace(/−/g, '-'));",
        values=values,
    )
    with localcontext(prec=9, rounding="ROUND_HALF_UP"):
        theirs = [+Decimal(v) for v in values]
    assert [Decimal(text) for text in ours] == theirs


def test_a_setting_survives_the_way_through_an_address(engine):
    setting = {"z": "1, -inf, 2.5", "format": "float8_e5m2", "want": "loss", "how": "logits", "target": 2, "step": 7}
    found = engine(
        "const q = new URLSearchParams(); e.writeNumbers(q, given.setting);"
        "return e.readNumbers(new URLSearchParams(q.toString()));", setting=setting,
    )  # fmt: skip
    assert found == setting


@pytest.mark.parametrize(
    "query",
    ["format=toString", "want=__proto__", "how=logits", "target=-1", "target=x", "step=1e9", "want=log&how=sum"],
)
def test_what_an_address_says_wrongly_is_not_believed(engine, query):
    found = engine("return e.readNumbers(new URLSearchParams(given.query));", query=query)
    assert found["format"] == "float16" and found["how"] == "formula"
    assert found["want"] in ("softmax", "log") and found["target"] == 0 and 0 <= found["step"] <= 999
