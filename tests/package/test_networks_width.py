"""muP against the table of its paper, and by what it is for: updates that are of one size at any width."""

import pytest
import torch
from torch import nn

from actlab import networks
from actlab.scenes import large as scene


def made(width, activation="relu", **more):
    return networks.mlp([7, width, width, 3], activation, scheme="he", seed=1, **more)


@pytest.mark.parametrize(
    ("layer", "start", "rate"),  # Table 3 of Yang and others (2021), relative to a network an eighth as wide
    [("0", 1, 1), ("2", 1, 1 / 8), ("4", 8**-0.5, 1 / 8)],
)
def test_each_layer_has_the_start_and_the_rate_of_the_papers_table(layer, start, rate):
    before, network = made(64), made(64)
    groups = {group["name"]: group for group in networks.mup(network, made(8), 0.01)}
    weight = network.get_parameter(f"{layer}.weight")
    torch.testing.assert_close(weight, start * before.get_parameter(f"{layer}.weight"))
    assert groups[f"{layer}.weight"]["params"][0] is weight
    assert groups[f"{layer}.weight"]["lr"] == pytest.approx(0.01 * rate)
    assert groups[f"{layer}.bias"]["lr"] == 0.01


def test_last_weights_fall_as_the_fan_in_and_not_as_its_root():
    deviations = []
    for width in (16, 1024):
        network = made(width)
        networks.mup(network, made(16), 0.01)
        deviations.append(network[-1].weight.std().item())
    assert deviations[0] / deviations[1] == pytest.approx(1024 / 16, rel=0.2)


def test_at_the_width_that_was_tuned_nothing_changes():
    network = made(8, "prelu", norm="layer")
    groups = networks.mup(network, made(8, "prelu", norm="layer"), 0.01)
    for (name, parameter), group in zip(network.named_parameters(), groups, strict=True):
        assert (group["name"], group["lr"]) == (name, 0.01) and group["params"][0] is parameter
        torch.testing.assert_close(parameter, made(8, "prelu", norm="layer").get_parameter(name))


def test_what_has_no_rule_here_is_refused_before_a_weight_is_touched():
    def odd(width):
        return nn.Sequential(nn.Linear(3, width), nn.Embedding(5, width), nn.Linear(width, 2))

    network = odd(8)
    before = [parameter.clone() for parameter in network.parameters()]
    with pytest.raises(ValueError, match=r"no rule here for 1\.weight: only Linear"):
        networks.mup(network, odd(4), 0.01)
    torch.testing.assert_close(list(network.parameters()), before)
    with pytest.raises(ValueError, match="same parameters, but for their sizes"):
        networks.mup(made(8), networks.mlp([7, 4, 3], "relu"), 0.01)


def grown(arm):
    """How the change that one update makes in each layer grows from width 128 to 1024."""
    narrow, wide = (scene.changes(arm, width, base=128, seeds=range(3)).mean(0) for width in (128, 1024))
    return wide / narrow


def test_updates_stay_of_one_size_in_mup_as_the_width_grows():
    ratio = grown("muP")
    assert (ratio > 0.5).all() and (ratio < 1.3).all(), ratio


def test_updates_grow_with_the_width_in_the_standard_parametrisation():
    assert (grown("standard")[1:] > 2.5).all()  # what the first layer reads does not get wider
