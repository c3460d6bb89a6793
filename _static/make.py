"""Draws gallery.svg, the figure of the README: `python _static/make.py`."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt

from actlab import activations, plot

plt.style.use("actlab.book")
plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "actlab", "font.family": "sans-serif"})
figure = plot.gallery(activations.catalog, columns=7, reach=3)
figure.savefig(Path(__file__).with_name("gallery.svg"), metadata={"Date": None})
