"""`monitor`: what it reads off a training loop, and that the loop doesn't notice."""

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from actlab import activations, data, networks, train
from actlab.diagnostics import dead_fraction, monitor, signals

pytestmark = pytest.mark.usefixtures("one_thread")


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Mixed(nn.Module):
    """Functional and in-place calls, dropout, a layer that draws, batch statistics."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two, self.out = nn.Linear(8, 16), nn.Linear(16, 16), nn.Linear(16, 1)
        self.norm, self.noise, self.act = nn.BatchNorm1d(16), activations.get("rrelu").module(), nn.ReLU(inplace=True)

    def forward(self, x, scale=1.0):
        x = F.dropout(F.relu(self.norm(self.one(x))), 0.2, self.training)
        return self.out(self.act(self.noise(self.two(x)))) * scale


def loop(network, steps, *, look=lambda step: None, keywords=False, parts=1, optimizer=torch.optim.Adam):
    update, x = optimizer(network.parameters(), 0.01), drawn(32, 8)
    torch.manual_seed(1)
    for step in range(steps):
        update.zero_grad()
        for part in x.chunk(parts):
            (network(x=part) if keywords else network(part)).square().mean().backward()
        look(step)
        update.step()
    return network


# --- nothing changes


def test_a_network_learns_what_it_would_have_learnt():
    plain, network = loop(Mixed(), 12), Mixed()
    with monitor(network, every=3) as seen:
        loop(network, 12)
    assert seen.steps.tolist() == [1, 4, 7, 10]
    assert "noise.draws._extra_state" in plain.state_dict()  # where its generator stands
    for (name, one), other in zip(plain.state_dict().items(), network.state_dict().values(), strict=True):
        assert torch.equal(one, other), name


def hooks(network):
    return [h for m in network.modules() for h in (*m._forward_hooks, *m._forward_pre_hooks, *m._backward_hooks)]


def test_nothing_is_left_in_the_network_after_the_end():
    network = Mixed()
    before = {name: set(vars(m)) for name, m in network.named_modules()}
    seen = monitor(network, every=2)
    loop(network, 1)
    assert len(hooks(network)) == 2  # and no more, between the passes
    seen.close()
    seen.close()
    assert hooks(network) == [] and before == {name: set(vars(m)) for name, m in network.named_modules()}
    assert torch.equal(activations.get("tanh")(torch.ones(1)), torch.ones(1).tanh())
    loop(network, 5)
    assert seen.steps.tolist() == [1]


def test_a_pass_that_raises_is_no_end():
    network, x = Mixed(), drawn(32, 8)
    with monitor(network, every=1) as seen:
        with pytest.raises(RuntimeError):
            network(x[:, :3])
        network(x).sum().backward()
        assert len(hooks(network)) == 2
    assert seen.dead[1].isfinite().all() and hooks(network) == []
    with pytest.raises(ZeroDivisionError), monitor(network):
        raise ZeroDivisionError
    assert hooks(network) == []


def test_a_copy_of_a_watched_network_is_not_watched_and_can_be_stored():
    network = Mixed()
    with monitor(network, every=1) as seen:
        average = copy.deepcopy(network)
        stored = pickle.loads(pickle.dumps(network))
        for other in (average, stored):
            other(drawn(32, 8)).sum().backward()
        assert seen.steps.tolist() == []
        network(drawn(32, 8)).sum().backward()
    assert seen.steps.tolist() == [1]


def test_a_second_monitor_is_refused_until_the_first_is_closed():
    network = networks.mlp([8, 16, 1], "tanh", seed=0)
    whole = nn.Sequential(network, nn.Sigmoid())
    with monitor(network):
        for one in (network, whole):
            with pytest.raises(ValueError, match="is watched already"):
                monitor(one)
    monitor(whole).close()
    assert hooks(whole) == []


# --- what it reads


def test_dead_units_gradients_and_updates_are_those_of_the_pass():
    network = networks.mlp([8, 32, 32, 1], "relu", seed=0)
    with torch.no_grad():
        network[2].bias.sub_(torch.linspace(0, 3, 32))
    found, before = [], {}

    def look(step):
        s = signals(network, drawn(32, 8), loss=lambda out: out.square().mean())
        found.append((s.dead, s.delta))
        before[step] = {name: p.detach().clone() for name, p in network.named_parameters()}

    with monitor(network, every=2) as seen:
        loop(network, 5, look=look)
    assert seen.layers == ("1", "3") and seen.functions == ("relu", "relu")
    assert seen.weights == ("0.weight", "2.weight", "4.weight")
    for row, step in enumerate((0, 2, 4)):
        torch.testing.assert_close(seen.dead[row], found[step][0], rtol=0, atol=0)
        torch.testing.assert_close(seen.delta[row], found[step][1], rtol=1e-5, atol=0)
        after = before.get(step + 1, dict(network.named_parameters()))
        for i, name in enumerate(seen.weights):
            old, new = before[step][name], after[name].detach()
            assert seen.updates[row, i].item() == pytest.approx(
                (new - old).norm().item() / old.norm().item(), rel=1e-4
            )
    assert seen.dead.max() > 0.2


def test_functional_calls_keywords_and_recomputed_blocks_are_seen():
    class Recomputed(Mixed):
        def forward(self, x):
            return checkpoint(super().forward, x, use_reentrant=False)

    network = Recomputed()
    with monitor(network, every=1) as seen:
        loop(network, 2, keywords=True)
    assert seen.functions == ("relu", "rrelu", "ReLU") and seen.layers == ("itself", "noise", "act")
    assert seen.delta.isfinite().all() and (seen.delta > 0).all()


def test_where_gradients_add_up_over_passes_the_step_is_still_found():
    network = networks.mlp([8, 16, 1], "tanh", seed=0)
    with monitor(network, every=8) as seen:
        loop(network, 4, parts=4)
    assert seen.steps.tolist() == [1, 9]
    assert (seen.updates > 0).all() and seen.updates.isfinite().all()


def test_tests_in_between_do_not_count():
    network, x = networks.mlp([8, 16, 1], "tanh", seed=0), drawn(32, 8)

    def look(step):
        network.eval()
        network(x)
        network.train()
        with torch.no_grad():
            network(x)

    with monitor(network, every=2) as seen:
        loop(network, 4, look=look)
    assert seen.steps.tolist() == [1, 3]


def test_a_step_that_never_comes_is_nan():
    network = networks.mlp([8, 16, 1], "tanh", seed=0)
    with monitor(network, every=1) as seen:
        network(drawn(4, 8))
    assert seen.updates.isnan().all() and seen.delta.isnan().all() and seen.dead.tolist() == [[0.0]]
    assert "1 of 1 passes measured" in repr(seen)


@pytest.mark.parametrize("fit", ["fit", "fit_batches"])
def test_the_packages_own_loops_are_watched_as_they_are(fit):
    split = data.disk(60, test=20, seed=0)
    network = networks.mlp([2, 16, 16, 1], "relu", seed=0)
    plain = copy.deepcopy(network)
    with monitor(network, every=10) as seen:
        getattr(train, fit)(network, split, steps=30, **({"every": 30} if fit == "fit_batches" else {}))
    getattr(train, fit)(plain, split, steps=30, **({"every": 30} if fit == "fit_batches" else {}))
    assert seen.steps.tolist() == [1, 11, 21] and (seen.updates > 0).all()
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), network.parameters(), strict=True))


class Trainer:
    """A loop that calls back as the large libraries do: by name, with itself."""

    def __init__(self, network, callbacks):
        self.model, self.callbacks = network, callbacks

    def call(self, event):
        for callback in self.callbacks:
            getattr(callback, event, lambda trainer: None)(self)

    def train(self, steps):
        self.call("on_train_begin")
        loop(self.model, steps, look=lambda step: self.call("on_step_end"))
        self.call("on_train_end")


def test_two_methods_make_a_callback_of_it():
    class Watcher:
        def on_train_begin(self, trainer):
            self.seen = monitor(trainer.model, every=2)

        def on_train_end(self, trainer):
            self.seen.close()

    watcher, network = Watcher(), Mixed()
    Trainer(network, [watcher]).train(4)
    assert watcher.seen.steps.tolist() == [1, 3] and hooks(network) == []


# --- what it says and refuses


def test_the_figure_has_a_line_for_each_layer_and_each_limit():
    network = networks.mlp([8, *[16] * 4, 1], "relu", seed=0)
    with monitor(network, every=2) as seen:
        loop(network, 6)
    figure = seen.plot()
    dead, delta, updates = figure.axes
    assert [len(ax.get_lines()) for ax in figure.axes] == [4 + 1, 4, 5 + 2]
    assert delta.get_yscale() == updates.get_yscale() == "log" and dead.get_yscale() == "linear"
    for ax, values in ((dead, seen.dead), (delta, seen.delta), (updates, seen.updates)):
        for i in range(values.shape[1]):
            assert list(ax.get_lines()[i].get_ydata()) == values[:, i].tolist()
        assert [t.get_text().split(":")[0] for t in ax.get_legend().get_texts()] == ["first", "last"]
        first, last = ax.get_lines()[0], ax.get_lines()[values.shape[1] - 1]
        assert first.get_linestyle() != last.get_linestyle()  # not by colour alone
    figure.clear()
    assert "3 of 6 passes measured, the last is 5" in repr(seen) and max(map(len, repr(seen).splitlines())) <= 80


def test_before_the_first_pass_there_is_an_empty_record():
    network = networks.mlp([8, 16, 1], "tanh", seed=0)
    with monitor(network) as seen:
        assert seen.dead.shape == (0, 0) and seen.updates.shape == (0, 2) and seen.layers == ()
        assert "no pass in training mode" in repr(seen)
        seen.plot().clear()


@pytest.mark.parametrize("every", [0, -1, 2.0, True, "10"])
def test_every_is_a_whole_number(every):
    with pytest.raises(ValueError, match="every is a whole number of passes from 1"):
        monitor(nn.Linear(2, 2), every)


def test_what_cannot_be_watched_is_refused():
    with pytest.raises(ValueError, match="and not a function"):
        monitor(lambda x: x)
    with pytest.raises(ValueError, match="and not a compiled one"):
        monitor(torch.compile(nn.Linear(2, 2), backend="eager"))


def test_a_batch_watched_alone_agrees_with_dead_fraction():
    network, x = networks.mlp([8, 32, 32, 1], "relu", scheme="torch", seed=0), drawn(6, 8)
    with monitor(network) as seen:
        network(x).sum().backward()
    assert torch.equal(seen.dead[0], dead_fraction(network, x)) and seen.dead.max() > 0
