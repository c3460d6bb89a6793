import pytest
from matplotlib import pyplot

from actlab import scenes


def test_a_drawn_figure_is_the_one_that_was_given_and_pyplot_has_it_no_more():
    before = pyplot.get_fignums()
    figure, _ = pyplot.subplots()
    assert scenes.drawn(figure) is figure
    assert pyplot.get_fignums() == before
    assert repr(figure).startswith("<Figure size")


def test_axes_are_no_figure():
    figure, ax = pyplot.subplots()
    with pytest.raises(TypeError, match=r"not Axes; axes have theirs as \.figure"):
        scenes.drawn(ax)
    pyplot.close(figure)
