"""The numbers copied from the texts: their sums, added up by another way, and what the texts say of them."""

import pytest
from recipes import recipe_of

from actlab import results

# of all the numbers that a table prints, added up from the paper's text itself
SUMS = {
    1: 493.701, 2: 290.464, 3: 498.294, 4: 320.32, 5: 2718.498, 6: 3125.936, 7: 904.352, 8: 1281.686,
    9: 498.498, 10: 304.167, 11: 366.706, 12: 398.789, 13: 3872.819, 14: 3813.43, 15: 5040.477, 16: 4609.703,
    17: 21730.225, 18: 16204.579, 19: 16.7346, 20: 11.2635, 21: 466.9, 22: 214.0694,
}  # fmt: skip


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("published")


@pytest.fixture(scope="module")
def rows():
    return results.load("published")


def column(rows, place, quantity, task=None):
    """From activation to value, in the order in which they are printed."""
    chosen = [r for r in rows if r["place"] == place and r["quantity"] == quantity and task in (None, r["task"])]
    return {r["activation"]: r["value"] for r in chosen}


def test_a_block_is_read_the_same_by_rows_and_by_columns(recipe):
    by_activation = recipe.parse("activation loss f1\n relu 1 2\n elu - 4")
    by_quantity = recipe.parse("quantity relu elu\n loss 1 -\n f1 2 4")
    assert set(by_activation) == set(by_quantity) == {("relu", "loss", 1), ("relu", "f1", 2), ("elu", "f1", 4)}


def test_a_row_with_a_number_too_few_is_refused(recipe):
    with pytest.raises(ValueError):
        recipe.parse("activation loss f1\n relu 1")


def test_no_number_is_stored_twice(rows):
    keys = [(r["source"], r["place"], r["task"], r["activation"], r["quantity"]) for r in rows]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("number", SUMS)
def test_a_table_has_the_sum_of_the_printed_one(rows, number):
    found = [r["value"] for r in rows if r["source"] == "park2024" and r["place"] == f"Table {number}"]
    assert sum(found) == pytest.approx(SUMS[number], abs=1e-6)


@pytest.mark.parametrize("number", [*range(5, 9), *range(13, 17)])
def test_average_times_are_totals_over_epochs(rows, number):
    epochs, total, average = (
        column(rows, f"Table {number}", quantity) for quantity in ("epochs", "total_time", "average_time")
    )
    assert len(average) == 5
    for name in average:
        assert total[name] / epochs[name] == pytest.approx(average[name], abs=0.001)


@pytest.mark.parametrize("number", [17, 18])
def test_average_times_on_cola_are_totals_over_three_epochs(rows, number):
    total, average = (column(rows, f"Table {number}", q, "CoLA") for q in ("total_time", "average_time"))
    for name in average:
        assert total[name] / 3 == pytest.approx(average[name], abs=0.0006)


@pytest.mark.parametrize("number", [*range(1, 5), *range(9, 13)])
def test_f1_is_close_to_accuracy_where_a_network_learned(rows, number):
    accuracy, f1 = (column(rows, f"Table {number}", quantity) for quantity in ("accuracy", "f1"))
    learned = [name for name in accuracy if accuracy[name] > 55]
    assert len(learned) >= 3
    for name in learned:
        assert 100 * f1[name] == pytest.approx(accuracy[name], abs=1)


@pytest.mark.parametrize(("task", "digits"), [("CoLA", 3), ("SST-2", 4)])
def test_the_rows_at_the_majority_rate_have_the_f1_of_a_constant_answer(rows, task, digits):
    accuracy = {**column(rows, "Table 19", "accuracy", task), **column(rows, "Table 20", "accuracy", task)}
    f1 = {**column(rows, "Table 19", "f1", task), **column(rows, "Table 20", "f1", task)}
    share = accuracy["tanh"]
    constant = [name for name in accuracy if accuracy[name] == share]
    assert len(constant) == 8
    for name in constant:  # the majority class has precision `share` and recall 1, and counts `share`
        assert round(share * 2 * share / (share + 1), digits) == f1[name]


@pytest.mark.parametrize(
    ("place", "quantity", "best", "name", "value"),
    [
        ("Table 11", "accuracy", max, "elu", 99.04),
        ("Table 11", "loss", min, "elu", 0.039),
        ("Table 9", "accuracy", max, "leaky_relu", 98.77),
        ("Table 9", "loss", min, "leaky_relu", 0.047),
        ("Table 12", "accuracy", max, "leaky_relu", 79.00),
        ("Table 22", "accuracy", max, "apl", 75.98),
        ("Table 2", "accuracy", max, "elu", 65.42),
        ("Table 4", "accuracy", max, "elu", 63.70),
        ("Results", "train_loss", min, "leaky_relu", 0.00017),
        ("Results", "train_loss", max, "sigmoid", 0.002588),
    ],
)
def test_the_best_and_the_worst_are_those_that_the_texts_name(rows, place, quantity, best, name, value):
    found = column(rows, place, quantity)
    assert best(found, key=found.get) == name and found[name] == value


def test_the_eight_losses_stand_in_rising_order_as_their_author_sorted_them(rows):
    losses = list(column(rows, "Results", "train_loss").values())
    assert len(losses) == 8 and losses == sorted(losses)
