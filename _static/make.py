"""Draws gallery.svg, the figure of the README, and card.png, which others show with a link to the book.

Run it as `python _static/make.py`.
"""

from pathlib import Path

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
import torch

from actlab import activations, plot

HERE = Path(__file__).parent

plt.style.use("actlab.book")
plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "actlab", "font.family": "sans-serif"})
figure = plot.gallery(activations.catalog, columns=7, reach=3)
figure.savefig(HERE / "gallery.svg", metadata={"Date": None})

# 1200 x 630 pixels is what the sites that show cards ask for
card = plt.figure(figsize=(12, 6.3), layout="none")
ax = card.add_axes((0, 0, 1, 1), xlim=(-4, 4), ylim=(-1.6, 4.6))
ax.set_axis_off()
z = torch.linspace(-4, 4, 801, dtype=torch.float64)
for name in ("sigmoid", "tanh", "relu", "gelu", "silu", "elu", "softplus"):
    act = activations.get(name)
    ax.plot(z, act(z), **plot.style_of(act) | {"linewidth": 4})
ax.text(-3.7, 3.75, "Activation Functions, Measured", fontsize=40, fontweight="bold", va="center")
ax.text(-3.7, 3.05, "what they are, what they cost, and what is true of them", fontsize=22, va="center")
card.savefig(HERE / "card.png", dpi=100, metadata={"Software": None})
