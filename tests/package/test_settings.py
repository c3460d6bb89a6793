"""What a study may be asked for: exactly that is accepted, or it is refused by name before anything is begun."""

import ast
import inspect
import re
import warnings
from dataclasses import asdict, fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actlab import __main__, experiments
from actlab.__main__ import main
from actlab.experiments import Adaptive, Characters, Images, Setting, Study, Swap, _run

KINDS = {
    "disk": Setting("disk", "relu"),
    "images": Images("relu"),
    "adaptive": Adaptive("relu"),
    "transformers": Swap("relu"),
    "characters": Characters("relu"),
}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("disk --set points=1e400", "points is a whole number from 1 to 100,000,000, got inf"),
        ("disk --set points=2.7", "points is a whole number from 1 to 100,000,000, got 2.7"),
        ("disk --set points=True", "points is a whole number from 1 to 100,000,000, got True"),
        ("disk --set points=-3", "points is a whole number from 1 to 100,000,000, got -3"),
        ("disk --set points=many", "points is a whole number from 1 to 100,000,000, got 'many'"),
        ("disk --set points=(5,)", "points is a whole number from 1 to 100,000,000, got (5,)"),
        ("disk --set points=9999999999999999999999", "points is a whole number from 1 to 100,000,000, got 99999999"),
        ("disk --set points=5 points=6", "--set gives points twice"),
        ("disk --steps 5 --set steps=6", "steps is given twice, by --steps and by --set"),
        ("disk --set test_points=None", "test_points is a whole number from 1"),
        ("disk --set sizes=2", "sizes is a row such as (2, 4, 1) of whole numbers from 1, got 2"),
        ("disk --set sizes=2-4-1", "sizes is a row such as (2, 4, 1) of whole numbers from 1, got '2-4-1'"),
        ("disk --set sizes=(2,4.9,1)", "sizes is a row such as (2, 4, 1) of whole numbers from 1, got (2, 4.9, 1)"),
        ("disk --set sizes=(2,True,1)", "sizes is a row such as (2, 4, 1) of whole numbers"),
        ("disk --set sizes=(2,10000000000,1)", "sizes is a row such as (2, 4, 1) of whole numbers"),
        ("disk --set sizes=(2,100000000,100000000,1)", "sizes: "),
        ("disk --set sizes=(3,4,1)", "sizes begins with the two coordinates and ends with the one answer of disk"),
        ("disk --set scheme=None", "scheme is 0 or a positive number from 1.2e-38 to 3.4e+38, got None"),
        ("disk --set scheme=-1", "scheme is 0 or a positive number"),
        ("disk --set test_steps=5", "test_steps is a row such as (2, 4, 1) of whole numbers from 0, got 5"),
        ("disk --steps 5 --set test_steps=(6,)", "test_steps stand between step 0 and step 5, got [6]"),
        ("disk --set loss=cross_entropy", "no loss named 'cross_entropy'; there are bce, brier, mse"),
        ("disk --set task=xor", "task of disk is given by its name alone"),
        ("disk --set rate=1", "rate of disk is given by its rates alone"),
        ("xor --set loss=bce", "loss of xor is given by its losses alone"),
        ("xor --scales inf", "scheme is 0 or a positive number from 1.2e-38 to 3.4e+38, got inf"),
        ("xor --scales 1e-60", "scheme is 0 or a positive number from 1.2e-38 to 3.4e+38, got 1e-60"),
        ("disk --rates 1e39", "rate is a positive number from 1.2e-38 to 3.4e+38, got 1e+39"),
        ("disk --rates 3e38", "rate must be positive, a number from 1.2e-38 to 3.4e+37, got rate=3e+38"),
        ("images --rates 3e38", "rate must be positive, a number from 1.2e-38 to 3.4e+37, got rate=3e+38"),
        ("disk --rates nan", "rate is a positive number"),
        ("disk --rates x", "argument --rates: invalid float value: 'x'"),
        ("disk --steps 1e3", "argument --steps: a whole number, got '1e3'"),
        ("disk --steps 1000000000", "steps is a whole number from 1 to 100,000,000, got 1000000000"),
        ("disk --steps 100000000 --runs 1000", "steps: "),
        ("disk --runs 1000000000", "argument --runs/--seeds: a whole number from 1 to 1,000,000, got '1000000000'"),
        ("disk --runs 1000000", "disk has at most 1,000,000 runs, got 8 settings with 1,000,000 seeds"),
        ("disk --runs 2.5", "argument --runs/--seeds: a whole number from 1 to 1,000,000, got '2.5'"),
        ("disk --draws 1000000000", "argument --draws: a whole number"),
        ("disk --draws 1000000", "disk has at most 100,000 settings, got 8 activations, 100,001 draws or more"),
        ("disk --draws -1", "argument --draws: a whole number from 1 to 1,000,000, got '-1'"),
        ("disk --workers 1000000 --runs 100000", "workers: "),
        ("disk --engine=", "no engine named ''; there are compiled, stacked"),
        ("disk --device=", "no engine named ''"),
        ("disk --out=", "argument --out: the name of a file, got ''"),
        ("disk --out .", ". is a folder: --out names a file"),
        ("images --set epochs=1e400", "epochs is a whole number from 1 to 100,000,000, got inf"),
        ("images --set epochs=1.5", "epochs is a whole number from 1 to 100,000,000, got 1.5"),
        (
            "images --set epochs=100000000",
            "a run has at most 100,000,000 updates; epochs=100000000 makes",
        ),
        ("images --set batch_size=1.5", "batch_size is a whole number from 1"),
        ("images --set momentum=1", "momentum is 0 or a positive number below 1, got 1"),
        ("images --set every=7", "every=7 is no divisor of the 1600 updates; 0 stands for an epoch"),
        ("images --set task=cifar10 points=50001", "there are 50000 photographs, and 10000 to test on"),
        ("adaptive --set frozen=1", "frozen of adaptive is what the arm apl_5_frozen stands for"),
        ("adaptive --names apl_5 --set frozen=1", "frozen is True or False, got 1"),
        ("adaptive --names relu --set activation=tanh", "activation of adaptive is what the arm relu stands for"),
        ("adaptive --set points=5000", "there are 5000 digits; got points=5000 and test_points=1000, together 6000"),
        ("adaptive --set widths=(8,16)", "the network has three convolutions; got widths (1, 1)"),
        ("adaptive --set widths=(8,100000000,100000000)", "widths and hidden: "),
        ("adaptive --set hidden=64", "hidden is a row such as"),
        ("adaptive --depths 1001", "depths is a whole number from 1 to 1,000, got 1001"),
        ("adaptive --depths 3 --set widths=(16,)", "widths of adaptive follow from depths"),
        ("transformers --set updates=64.5", "updates is a whole number from 1"),
        ("transformers --set decay=0", "decay is True or False, got 0"),
        ("transformers --set warmup=65", "warmup is at most the 64 updates, got 65"),
        ("transformers --set longest=513", "longest is at most the 512 word pieces that MiniLM takes, got 513"),
        ("transformers --set rows=7", "rows divide the updates"),
        ("characters --set width=65", "heads divide the width; got 4 heads and width=65"),
        ("characters --set width=100000000", "width and layers: "),
        ("characters --set windows=20000", "windows of 64 characters; got windows=20000 and test=100"),
        ("characters --set layers=0", "layers is a whole number from 1"),
        ("disk --set points", "--set takes NAME=VALUE, got 'points'"),
        ("disk --surprise", "unrecognized arguments: --surprise"),
    ],
)
def test_what_cannot_be_is_refused_by_name_in_one_line_and_nothing_is_written(
    tmp_path, monkeypatch, capsys, asked, said
):
    monkeypatch.chdir(tmp_path)
    assert main(["run", *asked.split()]) == 2
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert line.startswith("actlab: ") and said in line
    assert shown.out == "" and not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", KINDS)
def test_no_number_of_a_setting_takes_what_is_none(name):
    usual = KINDS[name]
    tried = 0
    for field in fields(usual):
        if field.type in (int, float, bool) or field.type == tuple[int, ...]:
            for wrong in ("5", None, 1.5 + 1j, float("nan"), float("inf"), -1, -0.5, 10**400, [], b"5", {5}, [1.5]):
                if wrong == [] and field.name in ("test_steps", "hidden"):
                    continue
                with pytest.raises(ValueError, match=field.name):
                    type(usual)(**asdict(usual) | {field.name: wrong})
                tried += 1
    assert tried > 50


def test_a_number_has_one_spelling():
    for plain, other in [
        (Images("relu", epochs=3, rate=1.0), Images("relu", epochs=3.0, rate=1)),
        (Images("relu", epochs=3), Images("relu", epochs=np.int32(3))),
        (Adaptive("relu", widths=(3, 4, 5)), Adaptive("relu", widths=np.array([3, 4, 5]))),
        (Characters("relu", decay=False), Characters("relu", decay=np.bool_(False))),
    ]:
        assert plain == other
        for one, two in zip(asdict(plain).values(), asdict(other).values(), strict=True):
            assert type(one) is type(two)


def test_seeds_are_whole_and_not_too_many():
    for wrong, said in [([0, 1.5], "a seed is a whole number .* got 1.5"), ([-1], "a seed"), (["0"], "a seed")]:
        with pytest.raises(ValueError, match=said):
            Study("mine", [KINDS["disk"]], wrong, ())
    with pytest.raises(ValueError, match="mine has at most 1,000,000 runs, got 1 settings with 1,000,001 seeds"):
        Study("mine", [KINDS["disk"]], range(10**12), ())
    with pytest.raises(ValueError, match="activations of disk are several"):
        experiments.disk(1, activations="relu")
    with pytest.raises(ValueError, match="at least one setting, and rates is empty"):
        experiments.disk(1, rates=())


def test_what_does_not_fit_into_memory_is_named_before_a_store_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(_run, "_memory", lambda: 2 * 10**9)
    for entries, said in [
        (
            {"points": 10**8},
            "^points and test_points: 1 jobs at a time need .* GB of memory, and this .* has 2.0",
        ),
        ({"sizes": (2, 40_000, 40_000, 1)}, "^sizes: "),
        ({"steps": 10**8, "runs": 100}, "^steps: "),
    ]:
        study = experiments.disk(**{"runs": 1, "activations": ["relu"]} | entries)
        with pytest.raises(ValueError, match=said):
            experiments.run(study, tmp_path / "s.sqlite", workers=1, engine="stacked")
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(_run, "_memory", lambda: None)  # where nobody says, nothing is refused
    small = experiments.disk(1, 2, ["relu"], points=5, test_points=5)
    assert experiments.run(small, tmp_path / "s.sqlite", workers=1, engine="stacked").trained == 1


# --- at random: every call ends with one line, or has the study that was asked for

TEXTS = st.one_of(
    st.sampled_from(["0", "1", "2", "3", "16", "2.0", "2.5", "-1", "1e400", "1e39", "1e-320", "1_0", "0x10", "1e3"]),
    st.sampled_from(["True", "False", "None", "10000000000", "1+2j", "(1,)", "[]", "()", "(2,4,1)", "{2}"]),
    st.sampled_from(["(2,4.9,1)", "(2,10000000000,1)", "2-4-1", "b'x'", "1if...", "0.1", "0.05", "64", "100"]),
    st.sampled_from(["relu", "he", "torch", "adam", "sgd", "bce", "mse", "mnist", "cifar10", "cnn", "stack", "head"]),
    st.sampled_from(["", "9" * 5000, "(" * 300, "-" * 3000, "\x00", "\x1b[31m", "a\nb", "\ud800", "'\\d'"]),
    st.integers(-5, 3000).map(str),
    st.floats().map(repr),
    st.text(max_size=6),
)
OPTIONS = ("--runs", "--steps", "--activations", "--draws", "--rates", "--scales", "--optimizers", "--names")
OPTIONS += ("--depths", "--starts", "--device", "--workers", "--engine")


@st.composite
def calls(draw):
    study = draw(st.sampled_from([*experiments.studies, *experiments.studies, "disc"]))
    entries = [field.name for field in fields(experiments.studies.get(study, experiments.disk)().settings[0])]
    sets = draw(st.dictionaries(st.sampled_from(entries), TEXTS, max_size=2))
    options = draw(st.dictionaries(st.sampled_from(OPTIONS), TEXTS, max_size=2))
    return study, sets, options


def as_asked(stored, text):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asked = ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        asked = text
    if isinstance(stored, tuple):
        return not isinstance(asked, str) and list(stored) in (list(asked), sorted(set(asked)))
    if isinstance(stored, bool) or isinstance(asked, bool):
        return stored is asked
    return stored == asked or (isinstance(stored, float) and stored == float(asked))


@pytest.mark.slow
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=calls())
def test_a_random_call_is_refused_in_one_line_or_is_the_study_that_was_asked_for(tmp_path, monkeypatch, capsys, call):
    study, sets, options = call
    made = []

    def begun(study, out, *, executor, workers, engine, **_):
        for setting in study.settings:
            setting.engine(engine)
        _run._check_memory(study, engine, None, workers or 2)
        made.append(study)
        return experiments.Outcome(out, 0, 0, 0, 0.0, 0.0)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(experiments, "run", begun)
    words = [word for name, text in sets.items() for word in ("--set", f"{name}={text}")]
    code = main(["run", study, *words, *(f"{name}={text}" for name, text in options.items())])
    shown = capsys.readouterr()
    assert not list(tmp_path.iterdir())
    if code == 2:
        (line,) = shown.err.splitlines()
        assert re.match("actlab: .", line) and shown.out == ""
        return
    assert code == 0 and len(made) == 1
    for name, text in sets.items():
        assert all(as_asked(getattr(setting, name), text) for setting in made[0].settings), (name, text)
    if "--runs" in options:
        assert made[0].seeds == tuple(range(int(options["--runs"])))
    for option, name in [("--rates", "rate"), ("--scales", "scheme")]:
        if option in options:
            assert {getattr(setting, name) for setting in made[0].settings} >= {float(options[option])}


def test_no_function_of_the_runner_is_too_long_to_be_read():
    for module in (__main__, _run):
        for _, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__:
                assert len(inspect.getsource(function).splitlines()) <= 60, function
