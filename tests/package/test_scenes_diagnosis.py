"""What the page on networks that do not train shows: the patients are as they are said to be."""

import pytest
import torch
from torch import nn

from actlab import diagnostics, results
from actlab.scenes import diagnosis as scene

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def short():
    """A few steps of each patient in each state."""
    network = {"A": scene.Deep, "B": scene.wide}
    found = {}
    for patient in "AB":
        for state in ("as it came", "after the cure"):
            one = network[patient]()
            with diagnostics.monitor(one, every=2) as seen:
                run = scene.trained(one, 0.01, adam=patient == "B", steps=5)
            found[patient, state] = scene.Run(run.losses, run.accuracy, seen)
    return found


def test_the_deep_patient_has_pytorchs_start_and_calls_functions():
    network, (x, _) = scene.Deep(seed=1), scene.batch(32)
    s = diagnostics.signals(network, x)
    assert s.functions == ("relu",) * 12 and set(s.layers) == {"itself"}
    assert not any(isinstance(m, nn.ReLU) for m in network.modules())
    for layer in network.layers:
        bound = layer.in_features**-0.5  # of the uniform distribution that a Linear layer draws from
        assert layer.weight.abs().max() <= bound and layer.weight.std().item() == pytest.approx(
            bound / 3**0.5, rel=0.05
        )


def test_the_cure_changes_gain_and_biases_and_no_more():
    network = scene.cured(scene.Deep(), gain=0.7, seed=3)
    head = network.head.weight.clone()
    for layer in network.layers:
        assert layer.weight.std().item() * layer.in_features**0.5 == pytest.approx(0.7, rel=0.05)
        assert not layer.bias.any()
    assert torch.equal(head, scene.Deep().head.weight)


def test_drawing_a_patient_leaves_the_global_generator():
    before = torch.get_rng_state()
    scene.Deep()
    scene.wide()
    assert torch.equal(torch.get_rng_state(), before)


def test_training_is_a_loop_by_hand():
    network, other = scene.wide(seed=2), scene.wide(seed=2)
    run = scene.trained(network, 0.01, adam=True, steps=3, seed=4)
    x, y = scene.batch(2000)
    order, adam = torch.Generator().manual_seed(4), torch.optim.Adam(other.parameters(), 0.01)
    for loss in run.losses:
        chosen = torch.randint(0, 2000, (64,), generator=order)
        now = nn.functional.cross_entropy(other(x[chosen]), y[chosen])
        assert now.item() == loss
        adam.zero_grad()
        now.backward()
        adam.step()
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))


def test_the_table_says_the_loss_and_the_share_of_right_answers(short):
    rows = scene.runs_table(short).rows
    assert [row[0] for row in rows][:2] == ["A, as it came", "A, after the cure"]
    run = short["B", "as it came"]
    assert rows[2][2] == f"{run.accuracy:.0%}"


def test_the_player_has_a_state_for_each_run_and_says_what_it_shows(short):
    player = scene.states_player(short)
    assert [knob.index for knob in player.children[0].children] == [1, 0]  # B, as it came
    assert player.summary == "player: patient x state, 4 frames"


def test_the_costs_are_the_stored_ones():
    rows = {row["network"]: row for row in results.load("health_cost")}
    table = scene.cost_table()
    assert [row[0] for row in table.rows] == [scene.NAMES[name] for name in rows]
    assert table.rows[1][1] == f"{rows['bert']['health_ratio']:.1f}"
    assert table.rows[0][3] == f"{100 * rows['resnet18']['monitor_share']:.1f} %"
