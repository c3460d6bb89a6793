"""How `health` says what it found: as text, as HTML, as a file."""

import math
import re
import unicodedata
from html.parser import HTMLParser

import pytest
import torch
from torch import nn

from actlab import networks
from actlab.diagnostics import Limits, dead_fraction, health, saturation, signals

pytestmark = pytest.mark.usefixtures("one_thread")
NAMES = [
    "层" * 60,
    "a\nb",
    "\x1b[31mred",
    "<script>alert(1)</script>",
    "x" * 300,
    "e\u0301" * 40,
    '"&amp;',
    "🧠 brain",
]


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def named(names=NAMES):
    network = nn.Sequential()
    torch.manual_seed(0)
    for name in names:
        network.add_module(name, nn.Sequential(nn.Linear(8, 8), nn.ReLU()))
        nn.init.constant_(network[-1][0].bias, -50.0)
    return network


def broken(depth=30):
    return networks.mlp([32] * depth + [1], "relu", scheme="torch", seed=0)


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in line)


class Elements(HTMLParser):
    """The tags of a page, each with its attributes; every one that is opened must be closed."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


# --- text


def test_every_line_has_at_most_80_columns_on_a_screen_whatever_the_names_are():
    report = health(named(), drawn(16, 8))
    lines = repr(report).split("\n")
    assert max(map(columns, lines)) <= 80 and max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)
    said = "".join(line.strip() for line in lines)
    assert "\\u5c42" * 60 in said and "x" * 300 in said  # whole, where it is objected to


def test_a_finding_comes_with_number_limit_reason_and_advice():
    report = health(broken(), drawn(64, 32))
    assert len(report.findings) >= 3
    text = " ".join(repr(report).split())
    for number, finding in enumerate(report.findings, 1):
        assert finding.why and finding.advice and finding.of
        assert f"{number}. {' '.join(finding.what.split())}" in text
        assert f"limit: {finding.limit:.3g} {finding.of}, here {finding.value:.3g} why: {finding.why} try: " in text
        assert finding.advice in text and finding.why in str(finding) and finding.advice in str(finding)


@pytest.mark.parametrize(
    ("network", "x", "settings"),
    [
        (broken(5), torch.full((4, 32), math.nan), {}),
        (networks.mlp([32, 32, 1], "relu").half(), 6e4 * torch.ones(4, 32).half(), {}),
        (broken(4), drawn(8, 32), {"loss": lambda out: (out * 0).sum()}),
        (networks.mlp([8, 8, 1], "tanh"), 1e5 * drawn(8, 8), {}),
        (broken(3), drawn(64, 32), {"updates": {"0.weight": 0.5, "2.weight": 1e-9}}),
    ],
    ids=["nan in the batch", "overflow", "no gradient", "large", "steps"],
)
def test_every_kind_of_finding_says_why(network, x, settings):
    report = health(network, x, **settings)
    assert report.findings and all(finding.why for finding in report.findings)


# --- HTML


def test_names_stay_text_in_html():
    found = Elements(health(named(), drawn(16, 8))._repr_html_()).found
    assert not any(tag in ("script", "img", "iframe", "link", "object") for tag, _ in found)
    assert not any(key.startswith("on") or key in ("src", "href") for _, attrs in found for key in attrs)


def test_there_is_a_figure_with_words_for_each_call():
    report = health(broken(), drawn(64, 32))
    figures = [attrs for tag, attrs in Elements(report._repr_html_()).found if tag == "svg"]
    labels = {attrs["aria-label"] for attrs in figures}
    assert all(attrs["role"] == "img" for attrs in figures) and len(labels) == len(report.signals.layers) == 29
    for layer, delta in zip(report.signals.layers, report.signals.delta, strict=True):
        (label,) = [label for label in labels if label.startswith(f"layer {layer}, ")]
        assert label.endswith(f"delta {delta:.2g}")


def test_the_layers_that_a_finding_names_are_marked_with_its_number():
    network = networks.mlp([32, 32, 32, 32, 1], "relu", scheme="he", seed=0)
    with torch.no_grad():
        network[2].bias[:20] = -50.0
    page = health(network, drawn(64, 32), limits=Limits(powers=99, alike=2))._repr_html_()
    marked = re.findall(r'<li class="(past|within)"><strong>(\d+)</strong>', page)
    assert marked == [("within", "1"), ("past", "3"), ("within", "5")]
    assert page.count("see 1</strong>") == 1


def test_what_is_not_finite_can_be_drawn():
    page = health(broken(5), torch.full((4, 32), math.nan))._repr_html_()
    assert "nan" in page and 'd="M0' not in page
    x = drawn(8, 32)
    with torch.no_grad():
        ghost = health(nn.Sequential(nn.Linear(32, 4).requires_grad_(False), nn.Tanh()), x * 0)
    assert "delta" in ghost._repr_html_()


# --- a file


def test_a_saved_report_is_one_file_that_asks_for_no_other(tmp_path):
    report = health(broken(), drawn(64, 32))
    path = report.save(tmp_path / "health.html")
    text = path.read_text(encoding="utf-8")
    assert report._repr_html_() in text and not re.search(r"https?:|//|url\(|@import", text)
    tags = [tag for tag, _ in Elements(text.replace("<!doctype html>", "")).found]
    assert tags.count("html") == tags.count("title") == 1 and "script" not in tags
    assert [p.name for p in tmp_path.iterdir()] == ["health.html"]


def test_a_report_that_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    report, path = health(broken(4), drawn(64, 32)), tmp_path / "health.html"
    report.save(str(path))
    before = path.read_text()
    monkeypatch.setattr("actlab.diagnostics._html.page", lambda *parts: "\ud800")  # no file can hold this
    with pytest.raises(UnicodeEncodeError):
        report.save(path)
    assert path.read_text() == before and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(ValueError, match="is a folder"):
        report.save(tmp_path)
    with pytest.raises(ValueError, match="cannot be written"):
        report.save(tmp_path / "none" / "health.html")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_saved_report_can_be_read_in_a_browser(tmp_path, browser, width, scheme):
    network = named([*NAMES, *(f"layer_{i}" for i in range(30))])
    path = health(network, drawn(16, 8)).save(tmp_path / "health.html")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab, asked, said = context.new_page(), [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(path.as_uri())
    assert len(asked) == 1 and said == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    letters = tab.evaluate("""() => [...document.querySelectorAll("svg text")].filter(t => t.checkVisibility())
        .map(t => t.getBoundingClientRect().height)""")
    assert letters and min(letters) > 10
    ground, ink = tab.evaluate("""() => {
        const probe = document.createElement("p");
        document.body.append(probe);
        probe.style.color = "Canvas";
        return [getComputedStyle(probe).color, getComputedStyle(document.querySelector("svg")).color];
    }""")
    bright = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ground, ink)]
    assert (bright[0] > bright[1]) == (scheme == "light") and abs(bright[0] - bright[1]) > 500
    context.close()


# --- histograms, and the counts that need no more than slopes


def test_histograms_count_every_number_of_a_small_batch():
    x = drawn(40, 32)
    s = signals(broken(4), x, keep=["z"])
    for histogram, z in zip(s.histograms, s.values["z"], strict=True):
        mean, std = z.double().mean(), z.double().std(correction=0)
        assert histogram.low == pytest.approx((mean - 3.5 * std).item(), rel=1e-6)
        clamped = z.double().clamp(histogram.low, histogram.high)
        assert list(histogram.counts) == torch.histc(clamped, 24, histogram.low, histogram.high).long().tolist()
        assert sum(histogram.counts) == z.numel()


def test_histograms_of_many_numbers_count_a_fair_sample():
    # 2**20 numbers, whose units differ: a sample that takes one unit alone would show it
    z = drawn(2048, 512) + torch.linspace(-3, 3, 512)
    (histogram,) = signals(nn.Sequential(nn.Tanh()), z).histograms
    whole = torch.histc(z.clamp(histogram.low, histogram.high), 24, histogram.low, histogram.high) / z.numel()
    share = torch.tensor(histogram.counts) / sum(histogram.counts)
    assert sum(histogram.counts) == 2**14
    assert (whole - share).abs().max() < 5 * (whole.max() / 2**14).sqrt()


def test_histograms_add_up_over_batches():
    x = drawn(40, 32)
    one = signals(broken(4), iter([x, x])).histograms
    assert [sum(h.counts) for h in one] == [2 * sum(h.counts) for h in signals(broken(4), x).histograms]


@pytest.mark.parametrize("name", ["relu", "gelu", "leaky_relu", "hardtanh", "sigmoid"])
def test_dead_units_and_flat_values_are_those_of_signals(name):
    network = networks.mlp([8, 32, 32, 32, 2], name, seed=0)
    with torch.no_grad():
        network[2].bias.sub_(torch.linspace(0, 6, 32))
    conv = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3), nn.GELU())
    for net, x in [(network, 2 * drawn(50, 8)), (conv, drawn(5, 1, 6, 6)), (network, iter([drawn(9, 8)] * 2))]:
        batches = list(x) if not isinstance(x, torch.Tensor) else None
        given = lambda x=x, batches=batches: iter(batches) if batches else x  # noqa: E731
        s = signals(net, given())
        assert torch.equal(dead_fraction(net, given()), s.dead)
        assert torch.equal(saturation(net, given()), s.flat)


def test_counting_dead_units_sends_no_gradient_back_and_refuses_what_signals_refuses():
    network = networks.mlp([8, 32, 2], "relu")

    def never(out):
        raise AssertionError("the loss was asked for")

    assert dead_fraction(network, drawn(9, 8), loss=never).shape == (1,)
    with pytest.raises(TypeError, match="there is no setting lossy"):
        dead_fraction(network, drawn(9, 8), lossy=1)
    with pytest.raises(ValueError, match="kept are z, out"):
        dead_fraction(network, drawn(9, 8), keep=["w"])
    with pytest.raises(ValueError, match="called no activation"):
        dead_fraction(nn.Linear(8, 2), drawn(9, 8))


def test_calls_in_one_layer_are_told_apart():
    class Three(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])
            self.last = nn.Sequential(nn.Linear(8, 8), nn.Tanh())
            nn.init.constant_(self.layers[1].bias, -50.0)

        def forward(self, x):
            for layer in self.layers:
                x = x + layer(x).relu()
            return self.last(x)

    report = health(Three(), drawn(32, 8))
    assert report.signals.layers == ("itself",) * 3 + ("last.1",)
    assert report.signals.names == ("itself #1", "itself #2", "itself #3", "last.1")
    (finding,) = [f for f in report.findings if "dead" in f.what]
    assert finding.layer == "layer itself #2" and "itself #2 relu" in repr(report)
    assert '<li class="past"><strong>itself #2</strong>' in report._repr_html_()
