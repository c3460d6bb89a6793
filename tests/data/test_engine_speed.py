import pytest
from recipes import recipe_of

from actlab import results

FORMS = ("plain", "stacked", "compiled")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("engine_speed")


def test_every_function_of_the_study_is_stored_in_every_form(recipe):
    rows = results.load("engine_speed")
    assert [row["activation"] for row in rows] == list(recipe.FUNCTIONS)
    for row in rows:
        assert row["plain"] > row["stacked"] > row["compiled"] > row["floor"] > 0


def test_the_stored_ratios_are_those_of_the_stored_times():
    # medians of sums against sums of medians: close to each other where the machine was quiet
    rows, facts = results.load("engine_speed"), results.provenance("engine_speed")
    for form in ("stacked", "compiled"):
        low, middle, high = facts["ratios"][form]
        ratio = sum(row["plain"] for row in rows) / sum(row[form] for row in rows)
        assert low <= middle <= high
        assert low <= ratio <= high


def test_each_form_trains_what_it_says(recipe, monkeypatch):
    monkeypatch.setattr(recipe, "PLAIN_STEPS", 3)
    monkeypatch.setattr(recipe, "STACKED_STEPS", 3)
    monkeypatch.setattr(recipe, "COMPILED_STEPS", 3)
    assert {form: call() for form, call in recipe.forms("tanh").items()} == {"plain": 3, "stacked": 48, "compiled": 6}
    times = recipe.timed(names=("tanh",), rounds=2)
    assert {key: len(found) for key, found in times.items()} == {("tanh", form): 2 for form in FORMS}
    assert all(time > 0 for found in times.values() for time in found)


def test_the_floor_counts_the_products_of_a_step(recipe):
    # 16 * 2 + 8 * 16 + 8 products a point for the outputs, the same for the weights, 8 * 16 + 8 for the inputs
    slow, slower = recipe.floor("relu", 1e6), recipe.floor("relu", 0.5e6)
    assert slow == pytest.approx(1e6 * 2 * 1000 * 472 / 1e6, rel=1e-3)
    assert slower == pytest.approx(2 * slow, rel=1e-3)
