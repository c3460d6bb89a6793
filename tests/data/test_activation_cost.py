"""The stored table of costs: it covers the catalog, it hangs together, and its recipe still makes such a table.

No test compares times: they are facts of one machine on one day.
"""

import time

import pytest
import torch
from recipes import recipe_of
from site_checks import ROOT

from actlab import pages, results
from actlab.activations import catalog

WHAT = ("forward", "both", "layer")
# entries that are younger than the stored table; a table that is made again has them
NOT_TIMED = {"threshold", "snake", "star_relu", "xatlu", "golu", "xielu"}


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("activation_cost")


@pytest.fixture(scope="module")
def rows():
    return results.load("activation_cost")


@pytest.fixture(scope="module")
def small(recipe):
    return recipe.table(rounds=3, elements=100, width=4, batch=3)


@pytest.fixture(params=["rows", "small"])
def either(request):
    """The stored table, and one that the recipe makes now."""
    return request.getfixturevalue(request.param)


def forms_there_are(names):
    ours = [(name, "actlab") for name in names]
    return {*ours, *[(name, "torch") for name in names if catalog[name].torch_function]}


def test_every_activation_is_there_in_each_form_that_it_has(rows):
    keys = [(row["activation"], row["form"]) for row in rows]
    assert len(keys) == len(set(keys)) and set(keys) == forms_there_are([n for n in catalog if n not in NOT_TIMED])


def test_a_table_made_now_has_every_activation_in_the_order_of_the_catalog(small):
    keys = [(row["activation"], row["form"]) for row in small]
    assert len(keys) == len(set(keys)) and set(keys) == forms_there_are(catalog)
    assert sorted(keys, key=lambda key: list(catalog).index(key[0])) == keys


def test_a_datasheet_says_what_was_not_timed(rows):
    timed = {row["activation"] for row in rows}
    for name in catalog:
        assert ("not timed" in pages.datasheet(name).html) == (name not in timed) == (name in NOT_TIMED)


def test_the_columns_are_those_that_the_readme_explains(either):
    columns = [f"{what}_{sum_up}" for what in WHAT for sum_up in ("min", "median", "ratio")]
    assert all(list(row) == ["activation", "form", *columns] for row in either)
    readme = (ROOT / "data/activation_cost/README.md").read_text(encoding="utf-8")
    for word in ["activation", "form", *(f"{what}_…" for what in WHAT), "…_min", "…_median", "…_ratio"]:
        assert f"`{word}`" in readme


def test_times_are_positive_and_a_least_is_no_more_than_a_median(either):
    for row in either:
        for what in WHAT:
            assert 0 < row[f"{what}_min"] <= row[f"{what}_median"]
            assert row[f"{what}_ratio"] > 0


def test_relu_is_the_unit_of_the_ratios(either):
    (relu,) = [row for row in either if (row["activation"], row["form"]) == ("relu", "torch")]
    assert [relu[f"{what}_ratio"] for what in WHAT] == [1, 1, 1]


def test_the_readme_says_how_much_was_timed(recipe):
    made = results.provenance("activation_cost")
    assert made["rounds"] == recipe.ROUNDS
    assert made["sizes"] == {"elements": recipe.ELEMENTS, "width": recipe.WIDTH, "batch": recipe.BATCH}
    readme = (ROOT / "data/activation_cost/README.md").read_text(encoding="utf-8")
    for fact in ["200,000 numbers", "Linear 512 to 512", "batch 256", "80 rounds"]:
        assert fact in readme
    assert (recipe.ELEMENTS, recipe.WIDTH, recipe.BATCH, recipe.ROUNDS) == (200_000, 512, 256, 80)


def test_both_forms_of_an_activation_are_one_function(recipe):
    z = torch.linspace(-4, 4, 101)
    forms = recipe.forms()
    for name, form in forms:
        if form == "torch":
            torch.testing.assert_close(forms[name, "torch"](z), forms[name, "actlab"](z), msg=lambda m, n=name: n + m)


def test_a_task_does_what_it_is_named_for(recipe):
    tasks = recipe.tasks(elements=10, width=4, batch=3)
    assert tasks["tanh", "torch", "forward"]() is None
    for form in recipe.FORMS:
        (slope,) = tasks["tanh", form, "both"]()
        assert slope.shape == (10,)
        shapes = [tuple(gradient.shape) for gradient in tasks["tanh", form, "layer"]()]
        assert shapes == [(4, 4), (4,), (3, 4)]
    ours, theirs = tasks["tanh", "actlab", "layer"](), tasks["tanh", "torch", "layer"]()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


def test_every_task_is_timed_in_every_round_in_orders_that_differ(recipe):
    calls = []
    tasks = {(letter, "torch", "forward"): lambda letter=letter: calls.append(letter) for letter in "abcdef"}
    times = recipe.timed(tasks, 4)
    assert {key: len(each) for key, each in times.items()} == dict.fromkeys(tasks, 4)
    # a call that is not timed, then the one that is
    assert calls[::2] == calls[1::2]
    rounds = [tuple(calls[start : start + 12 : 2]) for start in range(0, 48, 12)]
    assert all(sorted(order) == list("abcdef") for order in rounds) and len(set(rounds)) > 1


def test_what_is_timed_is_work_and_not_waiting(recipe):
    def work():
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass

    tasks = {("rest", "torch", "both"): lambda: time.sleep(0.02), ("work", "torch", "both"): work}
    times = recipe.timed(tasks, 2)
    assert max(times["rest", "torch", "both"]) < 0.01e9 < 0.02e9 <= min(times["work", "torch", "both"])


def test_the_sums_are_those_of_the_times(recipe, monkeypatch):
    def known(tasks, rounds):
        return {key: [4000, 1000, 2000] if key[0] == "relu" else [8000, 6000, 2000] for key in tasks}

    monkeypatch.setattr(recipe, "timed", known)
    row = recipe.table(rounds=3, elements=10, width=4, batch=3)[-1]
    assert row["activation"] != "relu"
    assert [row["forward_min"], row["forward_median"], row["forward_ratio"]] == [200, 600, 2]
    assert [row["layer_min"], row["layer_median"], row["layer_ratio"]] == [2, 6, 2]


def test_the_global_generator_is_neither_read_nor_moved(recipe):
    before = torch.get_rng_state()
    recipe.tasks(elements=10, width=4, batch=3)
    assert torch.equal(torch.get_rng_state(), before)
