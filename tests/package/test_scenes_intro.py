"""What the first page shows, and what its map says of the chapters."""

import json
import re

import pytest
import torch
import yaml
from site_checks import ROOT, stored
from torch import nn

from actlab import data
from actlab.scenes import intro

CHAPTERS = [path for path in stored() if path.parent.name == "chapters"]


@pytest.fixture(scope="module")
def kept():
    return intro.four_networks(("identity", "tanh"), moments=(0, 5, 10), rate=0.05)


def test_the_networks_begin_with_the_same_weights_and_are_kept_as_they_were(kept):
    assert list(kept) == ["identity", "tanh"] and list(kept["tanh"]) == [0, 5, 10]
    first, other = (kept[name][0].state_dict() for name in kept)
    weights = [key for key in first if key.endswith("weight")]
    assert weights and all(torch.equal(first[key], other[key]) for key in weights)
    assert not torch.equal(kept["tanh"][5][0].weight, kept["tanh"][10][0].weight)


def test_what_is_right_is_counted_on_fresh_points():
    inside = nn.Module()
    task = data.disk(1000, seed=0)
    inside.forward = lambda x: torch.zeros(len(x), 1) + 1
    assert intro.right(inside) == pytest.approx(task.test_y.mean().item())


def test_the_player_tells_what_it_shows(kept):
    player = intro.learning(kept, first=10)
    assert player.summary == "player: step, 3 frames"
    said = json.dumps([child.value for child in player.children[1].children])
    share = f"{intro.right(kept['tanh'][10]):.0%}"
    assert f"a line that is smooth, right on {share} of fresh points" in said and "a line that is straight" in said


def test_a_network_that_answers_all_points_alike_has_no_line():
    always = nn.Module()
    always.forward = lambda x: torch.ones(len(x), 1)
    assert intro._line(always, data.disk(10, seed=0), "relu") == "the same answer for all points"


def test_a_unit_is_dead_that_answers_none_of_the_inputs():
    inputs = torch.randn(40, 12, generator=torch.Generator().manual_seed(1))
    as_drawn, no_biases = intro.dead(inputs, range(3), layer=2)
    few = intro.dead(inputs[:5], range(3), layer=2)
    assert as_drawn < few[0] and no_biases < few[1]
    by_hand = []
    for seed in range(3):
        network = intro.networks.mlp([12, *[256] * 5, *[128] * 5, 10], "relu", scheme="torch", seed=seed)
        z = network[2](torch.relu(network[0](inputs)))
        by_hand.append((z <= 0).all(0).double().mean())
    assert as_drawn == pytest.approx(torch.stack(by_hand).mean().item())


def test_the_places_are_those_of_the_stored_runs():
    low, high = intro._places("leaky_relu", "test_loss")
    assert 1 <= low <= high <= 8
    with pytest.raises(ValueError):
        intro._places("mish_of_another_name", "test_loss")


def test_the_map_has_every_chapter_of_the_course_by_its_own_title_and_in_order():
    text = "".join(
        "".join(cell["source"]) for cell in json.loads((ROOT / "intro.ipynb").read_text(encoding="utf-8"))["cells"]
    )
    linked = re.findall(r"^- \[(\w+) · (.*)\]\(chapters/(\w+)\) · \d+ min", text, flags=re.M)
    assert [stem for _, _, stem in linked] == [path.stem for path in CHAPTERS]
    for (number, title, stem), path in zip(linked, CHAPTERS, strict=True):
        assert number == re.match(r"0?(\w+?)_", stem)[1]
        lines = "".join(
            "".join(cell["source"]) + "\n" for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        ).split("\n")
        assert title == next(line for line in lines if line.startswith("# ")).removeprefix("# ")
    menu = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"][0]["chapters"]
    assert [f"{number} · {title}" for number, title, _ in linked] == [entry["title"] for entry in menu]
