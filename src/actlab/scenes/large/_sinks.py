"""Where attention parks in a trained language model: the stored look at MiniLM, by layer and head."""

from collections.abc import Mapping, Sequence

from ... import plot, results, widgets
from ...tables import Table

__all__ = ["sinks", "sinks_player", "sinks_table"]

KINDS = ("trained", "without [CLS]", "random")


def sinks() -> dict[str, list[list[dict]]]:
    """What `data/attention_sinks` holds: by kind, by layer, a row for each network looked at (three random ones)."""
    found: dict[str, list[list[dict]]] = {kind: [] for kind in KINDS}
    for row in results.load("attention_sinks"):
        kind = "random" if row["weights"] != "trained" else "trained" if row["begins"] == "[CLS]" else "without [CLS]"
        layers = found[kind]
        if row["layer"] > len(layers):
            layers.append([])
        layers[row["layer"] - 1].append(row)
    return found


def _mean(values):
    return sum(values) / len(values)


def sinks_player(found: Mapping[str, Sequence[Sequence[dict]]]) -> widgets.Player:
    """The share of attention on the first and on the last piece by head, as bars on top of each other."""

    def heads(network, layer):
        rows = found[network][layer - 1]
        return [[_mean(of) for of in zip(*(row[part] for row in rows), strict=True)]
                for part in ("heads_first", "heads_last")], rows[0]["even"]  # fmt: skip

    def draw(ax, network, layer):
        (first, last), even = heads(network, layer)
        places = range(1, len(first) + 1)
        ax.bar(places, first, color=plot.BLUE, label="first piece")
        ax.bar(places, last, bottom=first, color=plot.OCHRE, label="last piece")
        ax.axhline(2 * even, color=widgets.INK, linewidth=0.8, linestyle=":", label="both, if all got the same")
        ax.set(ylim=(0, 1.3), xlabel="head", ylabel="share of the attention", xticks=places, yticks=(0, 0.5, 1))
        ax.legend(loc="upper center", fontsize=10, ncols=3, columnspacing=0.8, handlelength=1.2)

    def words(network, layer):
        (first, last), even = heads(network, layer)
        return (
            f"Layer {layer}, {network}: {_mean(first):.0%} of the attention falls on the first piece, at most "
            f"{max(first):.0%} of a head's, and {_mean(last):.0%} on the last; {even:.0%} each if all got the same."
        )

    layers = range(1, len(found["trained"]) + 1)
    return widgets.player(
        draw, network=KINDS, layer=layers, first={"network": "trained", "layer": 3}, alt=words, size=(5.4, 3.0)
    )


def sinks_table(found: Mapping[str, Sequence[Sequence[dict]]]) -> Table:
    """By layer: the share on the first piece, with Student's interval over sentences, and what stands beside it.

    passed on: the share of the lengths of weight times value that is the first piece's. last: the share on [SEP].
    """
    rows = []
    for layer, (trained, without, random) in enumerate(zip(*(found[kind] for kind in KINDS), strict=True), 1):
        (row,), (headless,) = trained, without
        mean, half = results.student(row["first"])
        rows.append(
            (
                layer,
                f"{mean:.2f} ± {half:.2f}",
                f"{_mean(row['passed']):.2f}",
                f"{_mean(row['last']):.2f}",
                f"{_mean(headless['first']):.2f}",
                f"{_mean([_mean(one['first']) for one in random]):.2f}",
                f"{row['even']:.2f}",
            )
        )
    return Table(["layer", "on [CLS]", "passed on", "on [SEP]", "on a first word", "random", "even"], rows)
