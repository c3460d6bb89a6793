import itertools
import math

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from torch import nn

from actlab import data, plot
from actlab.activations import catalog, get
from actlab.diagnostics import signals
from actlab.networks import mlp
from actlab.train import History

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    plt.close("all")


def drawn(ax):
    """The lines of a curve: those of f and those of its slope, without the lines through the origin."""
    lines = [line for line in ax.lines if len(line.get_xdata()) > 2]
    thick = max((line.get_linewidth() for line in lines), default=0)
    return [line for line in lines if line.get_linewidth() == thick], [
        line for line in lines if line.get_linewidth() < thick
    ]


def joined(lines):
    """The points of all pieces: an array of z and one of values."""
    return (np.concatenate([np.asarray(line.get_data()[axis]) for line in lines]) for axis in (0, 1))


def test_every_activation_has_a_style_and_no_style_is_left_over():
    assert set(plot.styles) == set(catalog)


def test_no_two_activations_look_alike():
    looks = [(to_hex(style["color"]), style["linestyle"]) for style in map(plot.style_of, catalog)]
    assert len(set(looks)) == len(looks)
    assert plot.style_of(get("elu", alpha=2.0)) == plot.style_of("elu")


def luminance(color):
    """Relative luminance of WCAG 2, for `#rrggbb`."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in matplotlib.colors.to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_the_guidelines_do():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("page", ["#ffffff", "#14181e"])
@pytest.mark.parametrize("name", catalog)
def test_a_colour_can_be_seen_on_the_light_and_on_the_dark_page(name, page):
    assert contrast(plot.style_of(name)["color"], page) >= 3


def test_the_style_of_the_book_cycles_through_the_same_hues():
    with plt.style.context("actlab.book"):
        cycle = [one["color"] for one in plt.rcParams["axes.prop_cycle"]]
    assert {to_hex(color) for color in cycle} == {plot.style_of(name)["color"] for name in catalog}
    assert len(cycle) == len(set(cycle))


# Machado, Oliveira and Fernandes (2009), doi 10.1109/TVCG.2009.113, severity 1: on linear RGB
WITHOUT_CONES = {
    "red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "no": np.eye(3),
}


def lab(color, seen=WITHOUT_CONES["no"]):
    """CIE 1976 L*a*b* of `#rrggbb` as someone with the cones of `seen` has it; distances of 2 can just be seen."""
    rgb = np.array(matplotlib.colors.to_rgb(color))
    linear = np.clip(seen @ np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4), 0, 1)
    xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]] @ linear
    t = xyz / [0.9505, 1, 1.089]
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_colours_are_measured_as_the_standard_has_them():
    # white and the red of sRGB, from the tables of the standard
    assert lab("#ffffff") == pytest.approx([100, 0, 0], abs=0.02)
    assert lab("#ff0000") == pytest.approx([53.2, 80.1, 67.2], abs=0.1)
    # greys are grey to everyone, and red and green close to one another without green cones
    for seen in WITHOUT_CONES.values():
        assert lab("#808080", seen)[1:] == pytest.approx([0, 0], abs=0.05)
    red, green = "#b00000", "#6c6c00"
    apart = {who: np.linalg.norm(lab(red, seen) - lab(green, seen)) for who, seen in WITHOUT_CONES.items()}
    assert apart["green"] < apart["no"] / 2


@pytest.mark.parametrize("missing", WITHOUT_CONES)
def test_two_activations_differ_in_their_dash_or_in_a_colour_that_everyone_sees(missing):
    close = []
    for one, other in itertools.combinations(catalog, 2):
        first, second = plot.style_of(one), plot.style_of(other)
        apart = np.linalg.norm(np.subtract(*(lab(s["color"], WITHOUT_CONES[missing]) for s in (first, second))))
        if first["linestyle"] == second["linestyle"] and apart < 15:
            close.append(f"{one} and {other}: {apart:.1f}")
    assert close == []


def test_a_style_is_for_the_catalog():
    with pytest.raises(KeyError, match="no activation named 'rleu'"):
        plot.style_of("rleu")


def test_curve_draws_on_the_axes_it_is_given():
    _, (left, right) = plt.subplots(1, 2)
    assert plot.curve("relu", left) is left
    assert not right.lines
    thick, thin = drawn(left)
    z, value = joined(thick)
    np.testing.assert_allclose(value, np.maximum(z, 0), rtol=0, atol=1e-15)
    z, slope = joined(thin)
    assert np.all(slope[(z < 0)] == 0) and np.all(slope[z > 0] == 1)
    assert (z.min(), z.max()) == (-4, 4)


def test_curve_takes_the_current_axes_when_it_is_given_none():
    _, ax = plt.subplots()
    assert plot.curve("tanh") is ax
    z, value = joined(drawn(ax)[0])
    np.testing.assert_allclose(value, np.tanh(z), rtol=1e-14)
    z, slope = joined(drawn(ax)[1])
    np.testing.assert_allclose(slope, 1 / np.cosh(z) ** 2, rtol=1e-13)


def test_curve_goes_as_far_as_it_is_told_and_leaves_the_slope_out():
    ax = plot.curve("sigmoid", plt.figure().add_subplot(), reach=7.5, slope=False)
    thick, thin = drawn(ax)
    assert not thin
    z, _ = joined(thick)
    assert (z.min(), z.max()) == (-7.5, 7.5)
    assert ax.get_ylabel() == "$f(z)$" and "z" in ax.get_xlabel()


@pytest.mark.parametrize("name", catalog)
def test_a_jump_has_no_vertical_stroke_and_a_smooth_curve_no_gap(name):
    reach = 4
    thick, thin = drawn(plot.curve(name, plt.figure().add_subplot(), reach=reach))
    kinks = [kink for kink in catalog[name].kinks if abs(kink) < reach]
    for lines in (thick, thin):
        for line in lines:
            z, value = line.get_data()
            steps = np.abs(np.diff(value)) / np.diff(z)
            assert steps.max() < 2.1 * reach, "a stroke steeper than any slope or bend in the catalog"
        assert len(lines) == 1 + len(kinks)
        ends = [line.get_xdata()[[0, -1]] for line in lines]
        assert [float(right) for _, right in ends[:-1]] == [float(left) for left, _ in ends[1:]]


def test_both_sides_of_the_step_are_drawn_up_to_the_jump():
    below, above = drawn(plot.curve("step", plt.figure().add_subplot()))[0]
    assert set(np.asarray(below.get_ydata())) == {0.0} and below.get_xdata()[-1] == 0
    assert set(np.asarray(above.get_ydata())) == {1.0} and above.get_xdata()[0] == 0


@pytest.mark.parametrize("name", ["relu", "gelu"])
def test_a_curve_has_one_look_and_one_entry_in_the_legend(name):
    ax = plot.curve(name, plt.figure().add_subplot())
    thick, thin = drawn(ax)
    assert {to_hex(line.get_color()) for line in thick + thin} == {to_hex(plot.style_of(name)["color"])}
    assert len({str(line.get_linestyle()) for line in thick + thin}) == 1
    assert ax.get_legend_handles_labels()[1] == [name, "its slope"]


def test_kinks_beyond_the_edge_cut_nothing():
    thick, _ = drawn(plot.curve("relu", plt.figure().add_subplot(), reach=1e-3))
    assert len(thick) == 2
    shifted = get("leaky_relu", negative_slope=1.0)
    assert len(drawn(plot.curve(shifted, plt.figure().add_subplot()))[0]) == 1


def test_the_lines_through_the_origin_lie_behind():
    ax = plt.figure().add_subplot()
    (line,) = ax.plot([0, 1], [0, 1])
    assert plot.zero_lines(ax) is ax
    across, up = ax.lines[1:]
    assert list(across.get_ydata()) == [0, 0] and list(up.get_xdata()) == [0, 0]
    assert max(across.get_zorder(), up.get_zorder()) < line.get_zorder()


@pytest.mark.parametrize(("n", "columns"), [(1, 3), (2, 3), (3, 3), (4, 3), (5, 2), (3, 1), (len(catalog), 4)])
def test_a_gallery_shows_all_that_it_is_given(n, columns):
    names = list(catalog)[:n]
    figure = plot.gallery(names, columns=columns, reach=3)
    shown = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_title() for ax in shown] == names
    for ax, name in zip(shown, names, strict=True):
        z, value = joined(drawn(ax)[0])
        assert (z.min(), z.max()) == (-3, 3)
        inside = np.abs(z[:, None] - np.array([*catalog[name].kinks, 99])).min(axis=1) > 1e-9
        true, slope = (f(torch.tensor(z)).numpy()[inside] for f in (catalog[name], catalog[name].slope))
        # the ends are drawn from a hair inside: golu at -3 moves by 20 times that
        allowed = 1e-14 * np.abs(true) + 2 * np.finfo(float).eps * np.abs(z[inside] * slope)
        assert (np.abs(value[inside] - true) <= allowed).all()
        assert ax.get_xlim() == shown[0].get_xlim() and ax.get_ylim() == shown[0].get_ylim()
    assert not any(ax.lines for ax in figure.axes if not ax.axison)
    lowest = {i % columns: ax for i, ax in enumerate(shown)}
    for ax in shown:
        assert ax.get_xlabel() == ("$z$" if ax in lowest.values() else "")


def test_a_gallery_is_a_figure_of_its_own_and_takes_any_iterable():
    before = plt.figure()
    figure = plot.gallery(get(name) for name in ("relu", "tanh"))
    assert figure is not before and not before.axes
    assert len([ax for ax in figure.axes if ax.axison]) == 2


def history(*losses):
    return History(torch.tensor(losses), torch.zeros(len(losses)))


def test_learning_draws_each_loss_at_its_step_on_a_log_axis():
    ax = plt.figure().add_subplot()
    assert plot.learning({"tanh": history(3.0, 2.0, 1.0), "my net": history(4.0, 0.5)}, ax) is ax
    assert ax.get_yscale() == "log" and "log" in ax.get_ylabel()
    known, own = ax.lines
    np.testing.assert_array_equal(known.get_data(), [[0, 1, 2], [3, 2, 1]])
    np.testing.assert_array_equal(own.get_data(), [[0, 1], [4, 0.5]])
    assert to_hex(known.get_color()) == to_hex(plot.style_of("tanh")["color"])
    assert [line.get_label() for line in ax.lines] == ["tanh", "my net"]
    assert not ax.collections, "one run has no spread"


def test_learning_draws_the_median_and_the_quartiles_of_several_runs():
    runs = [history(9.0, 5.0), history(1.0, 4.0), history(2.0, 1.0), history(3.0, 2.0), history(5.0, 3.0)]
    ax = plot.learning({"relu": runs}, plt.figure().add_subplot())
    assert ax.lines[0].get_ydata().tolist() == [3, 3]
    (band,) = ax.collections
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices.tolist()}
    assert corners == {(0, 2), (0, 5), (1, 2), (1, 4)}
    assert to_hex(band.get_facecolor()[0][:3]) == to_hex(ax.lines[0].get_color())


def test_one_diverged_run_does_not_erase_the_others():
    runs = [history(1.0, math.nan), history(1.0, 2.0), history(1.0, 3.0)]
    ax = plot.learning({"relu": runs}, plt.figure().add_subplot())
    assert ax.lines[0].get_ydata().tolist() == [1, 3], "a loss of nan is larger than any other"


def test_layers_draws_a_quantity_at_each_layer_with_the_quartiles_of_several_runs():
    x = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
    runs = [signals(mlp([4, 4, 4, 4, 1], "tanh", seed=seed), x) for seed in range(4)]
    ax = plt.figure().add_subplot()
    assert plot.layers({"tanh": runs, "my net": runs[0]}, "rms", ax) is ax
    median, single = ax.lines
    assert median.get_xdata().tolist() == [1, 2, 3]
    table = torch.stack([run.rms for run in runs]).numpy()
    np.testing.assert_allclose(median.get_ydata(), np.median(table, axis=0))
    np.testing.assert_allclose(single.get_ydata(), table[0])
    (band,) = ax.collections
    low, high = np.quantile(table, [0.25, 0.75], axis=0)
    corners = {tuple(np.round(point, 9)) for point in band.get_paths()[0].vertices}
    assert {(layer + 1.0, round(value, 9)) for edge in (low, high) for layer, value in enumerate(edge)} <= corners
    assert ax.get_yscale() == "log" and median.get_color() == plot.style_of("tanh")["color"]
    assert "rms" in ax.get_ylabel()


def test_learning_drops_none_of_many_names():
    histories = {f"net {i}": history(1.0 + i, 0.5) for i in range(25)}
    ax = plot.learning(histories, plt.figure().add_subplot())
    assert [line.get_label() for line in ax.lines] == list(histories)


def line_at(x1, dtype=torch.float32):
    """A network whose logit is x_1 - x1."""
    layer = nn.Linear(2, 1, dtype=dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 0.0]]))
        layer.bias.fill_(-x1)
    return layer


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_line_of_a_boundary_is_where_the_logit_is_zero(dtype):
    split = data.disk(400, test=1, dtype=dtype)
    ax = plt.figure().add_subplot()
    assert plot.boundary(line_at(0.25, dtype), split, ax) is ax
    (contour,) = ax.collections
    vertices = np.concatenate([path.vertices for path in contour.get_paths()])
    np.testing.assert_allclose(vertices[:, 0], 0.25, atol=1e-6)
    assert np.ptp(vertices[:, 1]) > 0.9 * np.diff(ax.get_ylim())


def test_the_shade_is_the_probability_at_its_place():
    network = mlp([2, 8, 1], "tanh", seed=3, scheme=1.0)
    ax = plot.boundary(network, data.disk(400, test=1), plt.figure().add_subplot(), grid=21)
    (image,) = ax.images
    left, right, bottom, top = (float(edge) for edge in image.get_extent())
    shade = image.get_array()
    assert shade.shape == (21, 21) and image.origin == "lower" and image.get_clim() == (0, 1)
    for row, column in [(0, 0), (0, 20), (20, 0), (3, 11)]:
        x = torch.tensor([[left + (right - left) * column / 20, bottom + (top - bottom) * row / 20]])
        assert shade[row, column] == pytest.approx(torch.sigmoid(network(x)).item(), abs=1e-5)
    assert ax.get_xlim() == pytest.approx((left, right)) and ax.get_ylim() == pytest.approx((bottom, top))


def test_a_boundary_without_a_change_of_sign_has_no_line():
    ax = plot.boundary(line_at(1e6), data.disk(50, test=1), plt.figure().add_subplot())
    assert not ax.collections and len(ax.images) == 1


@pytest.mark.parametrize("arms", [1, 2, 3, 6, 8])
def test_the_shade_of_several_outputs_is_the_class_and_no_point_is_dropped(arms):
    split = data.spirals(200, arms=arms, test=1)
    network = mlp([2, 8, max(arms, 2)], "tanh", seed=3, scheme=1.0)
    ax = plot.boundary(network, split, plt.figure().add_subplot(), grid=11, points=150)
    assert set(np.unique(ax.images[0].get_array())) <= set(range(max(arms, 2)))
    found = {tuple(point) for line in ax.lines for point in np.transpose(line.get_data()).tolist()}
    assert found == {tuple(point) for point in split.train_x[:150].tolist()}
    by_class = [{tuple(p) for p in split.train_x[:150][split.train_y[:150] == arm].tolist()} for arm in range(arms)]
    for line in ax.lines:  # a marker holds one class
        assert {tuple(p) for p in np.transpose(line.get_data()).tolist()} in by_class
    assert len({line.get_marker() for line in ax.lines}) == arms


def test_the_points_of_a_boundary_are_told_apart_by_label():
    split = data.disk(100, test=1)
    zeros, ones = plot.boundary(line_at(0.0), split, plt.figure().add_subplot()).lines
    for line, label in [(zeros, 0), (ones, 1)]:
        expected = split.train_x[split.train_y == label]
        np.testing.assert_array_equal(np.transpose(line.get_data()), expected)
    assert zeros.get_marker() != ones.get_marker()
    assert to_hex(zeros.get_color()) != to_hex(ones.get_color())


def test_a_boundary_neither_trains_nor_leaves_gradients():
    network = mlp([2, 4, 1], "relu")
    before = nn.utils.parameters_to_vector(network.parameters()).clone()
    plot.boundary(network, data.xor(), plt.figure().add_subplot())
    assert torch.equal(nn.utils.parameters_to_vector(network.parameters()), before)
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_look_of_the_course_is_a_style_of_matplotlib():
    with plt.style.context("actlab.book"):
        ax = plt.figure().add_subplot()
        assert not ax.spines["top"].get_visible() and not ax.spines["right"].get_visible()
        assert plt.rcParams["font.size"] >= 10


def panels(figure):
    """The panels of a grid by row and column, from the text above each: rows of axes."""
    rows = {}
    for ax in figure.axes:
        rows.setdefault(round(ax.get_subplotspec().rowspan.start), []).append(ax)
    return [rows[row] for row in sorted(rows)]


def heights(ax):
    (stairs,) = ax.patches
    return stairs.get_data().values, stairs.get_data().edges


def test_histograms_have_a_row_for_each_part_and_a_column_for_each_layer():
    values = torch.linspace(-1, 1, 1001)
    parts = {"output": {1: values, 5: values / 2, 9: values / 4}, "delta": {1: 3 * values, 5: values, 9: values}}
    grid = panels(plot.histograms(parts, layers=[9, 1]))
    assert [len(row) for row in grid] == [2, 2]
    assert [row[0].get_ylabel() for row in grid] == ["output", "delta"]
    assert [[text.get_text() for text in ax.texts if "layer" in text.get_text()] for ax in grid[0]] == [
        ["layer 9"],
        ["layer 1"],
    ]
    # root mean square of a uniform density on (-1, 1) is 1/sqrt(3)
    assert [ax.get_title() for ax in grid[0]] == ["rms 0.14", "rms 0.58"]
    assert [ax.get_title() for ax in grid[1]] == ["rms 0.58", "rms 1.73"]
    for row in grid:
        assert len({ax.get_xlim() for ax in row}) == 1, "widths of one row can be compared"
    assert grid[0][0].get_xlim() == pytest.approx((-1, 1)) and grid[1][0].get_xlim() == pytest.approx((-3, 3))


def test_the_bars_of_a_histogram_are_shares_of_all_values():
    share, edges = heights(panels(plot.histograms({"z": {1: torch.tensor([-1.0, -0.1, 0.1, 1.0])}}, bins=3))[0][0])
    np.testing.assert_allclose(share, [0.25, 0.5, 0.25])
    np.testing.assert_allclose(edges, [-1, -1 / 3, 1 / 3, 1])


def test_far_outliers_leave_the_panel_and_stay_in_the_root_mean_square():
    values = torch.cat([torch.linspace(-1, 1, 999), torch.tensor([1000.0])])
    (ax,) = panels(plot.histograms({"z": {1: values}}))[0]
    assert ax.get_xlim()[1] == pytest.approx(1, abs=0.01)
    assert float(ax.get_title().removeprefix("rms ")) == pytest.approx(1000 / math.sqrt(1000), rel=0.01)
    assert heights(ax)[0].sum() == pytest.approx(0.99, abs=0.01)


def test_a_bin_far_above_the_others_is_cut_and_its_share_written():
    values = torch.cat([torch.zeros(1100), torch.linspace(0.1, 1, 900)])
    (ax,) = panels(plot.histograms({"output": {1: values}}))[0]
    assert "55%" in [text.get_text() for text in ax.texts]
    share, edges = heights(ax)
    zero = np.searchsorted(edges, 0) - 1
    assert share[zero] == pytest.approx(0.55) and ax.get_ylim()[1] < 0.55
    assert np.delete(share, zero).max() < ax.get_ylim()[1], "the others are seen whole"
    (ax,) = panels(plot.histograms({"output": {1: values[1100:]}}))[0]
    assert [text.get_text() for text in ax.texts] == ["layer 1"] and ax.get_ylim()[1] > heights(ax)[0].max()


def test_histograms_draw_on_the_figure_they_are_given_and_only_zeros_have_a_place():
    figure = plt.figure()
    assert plot.histograms({"z": {1: torch.zeros(10)}}, figure) is figure
    (ax,) = figure.axes
    assert ax.get_title() == "rms 0.00" and heights(ax)[0].max() == 1


def test_small_and_large_numbers_are_written_shortly():
    (row,) = panels(plot.histograms({"delta": {1: 2e-7 * torch.ones(4), 2: 3e6 * torch.ones(4)}}))
    assert [ax.get_title() for ax in row] == ["rms 2e-7", "rms 3e6"]
    assert [text.get_text() for text in row[0].get_xticklabels()] == ["-3e6", "0", "3e6"]


@pytest.mark.parametrize(
    ("parts", "settings", "said"),
    [
        ({}, {}, "nothing to draw"),
        ({"z": {}}, {}, "nothing to draw"),
        ({"z": {1: torch.ones(3)}}, {"layers": []}, "nothing to draw"),
        ({"z": {1: torch.ones(3)}}, {"layers": [1, 4]}, "z has no layer 4; it has 1"),
        ({"z": {1: torch.ones(3)}, "delta": {2: torch.ones(3)}}, {}, "delta has no layer 1; it has 2"),
        ({"z": {1: torch.ones(0)}}, {}, "z, layer 1: no values"),
        ({"z": {1: torch.tensor([1.0, torch.nan])}}, {}, "z, layer 1: values that are not finite"),
        ({"z": {1: torch.ones(3)}}, {"bins": 10}, "bins is an odd number"),
    ],
)
def test_histograms_say_what_they_cannot_draw(parts, settings, said):
    before = plt.get_fignums()
    with pytest.raises(ValueError, match=said):
        plot.histograms(parts, **settings)
    assert plt.get_fignums() == before


def test_powers_of_ten_are_plain_text_on_logarithmic_axes_alone():
    ax = plt.figure().add_subplot()
    ax.set(yscale="log", ylim=(1e-2, 1e12), xlim=(0, 3))
    before = ax.xaxis.get_major_formatter()
    assert plot.powers(ax) is ax and ax.xaxis.get_major_formatter() is before
    assert ax.yaxis.get_major_formatter().format_ticks([1e-2, 1.0, 1e12]) == ["10⁻²", "10⁰", "10¹²"]
    assert not len(ax.yaxis.get_minorticklocs())
