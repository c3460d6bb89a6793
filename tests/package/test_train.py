import copy
import itertools
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from actlab import data, networks
from actlab.activations import get
from actlab.data import Split
from actlab.networks import mlp
from actlab.train import History, accuracy, fit, fit_batches, weighted_f1

F64 = torch.float64


def regression(n=30):
    generator = torch.Generator().manual_seed(9)
    x = torch.randn(n, 2, generator=generator)
    y = x[:, 0] * x[:, 1]
    return data.Split(x, y, x, y)


def by_hand(network, split, steps, rate, optimizer, loss):
    """The loop without the package: the losses, each from before its update."""
    measure = {
        "bce": lambda out, y: functional.binary_cross_entropy_with_logits(out[:, 0], y),
        "mse": lambda out, y: functional.mse_loss(out[:, 0], y),
        "cross_entropy": functional.cross_entropy,
    }[loss]
    update = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimizer](network.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        network.zero_grad()
        value = measure(network(split.train_x), split.train_y)
        value.backward()
        update.step()
        losses.append(value.item())
    return losses


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize(
    ("loss", "split", "outputs"),
    [("bce", data.disk(30, test=1), 1), ("mse", regression(), 1), ("cross_entropy", data.spirals(30, test=1), 3)],
    ids=["bce", "mse", "cross_entropy"],
)
def test_fit_is_the_plain_loop_bit_for_bit(optimizer, loss, split, outputs):
    ours, plain = (mlp([2, 5, outputs], "tanh", seed=4) for _ in range(2))
    history = fit(ours, split, steps=20, rate=0.05, optimizer=optimizer, loss=loss)
    assert history.loss.tolist() == by_hand(plain, split, 20, 0.05, optimizer, loss)
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_loss_and_the_optimizer_follow_from_the_labels_when_left_out():
    for split, loss, outputs in [(data.disk(9, test=1), "bce", 1), (data.spirals(9, test=1), "cross_entropy", 2)]:
        left_out, named = (mlp([2, 3, outputs], "relu") for _ in range(2))
        history = fit(left_out, split, steps=3)
        assert history.loss.tolist() == by_hand(named, split, 3, 0.01, "adam", loss)


def test_a_loss_is_the_one_before_its_update():
    network, split = mlp([2, 4, 1], "tanh"), data.xor()
    with torch.no_grad():
        before = functional.binary_cross_entropy_with_logits(network(split.train_x)[:, 0], split.train_y).item()
    history = fit(network, split, steps=3, rate=0.5)
    with torch.no_grad():
        after = functional.binary_cross_entropy_with_logits(network(split.train_x)[:, 0], split.train_y).item()
    assert history.loss[0].item() == before
    assert after not in history.loss.tolist()


def test_the_time_runs_on():
    history = fit(mlp([2, 4, 1], "tanh"), data.xor(), steps=5)
    assert history.seconds.shape == history.loss.shape == (5,)
    assert history.seconds.dtype == F64
    assert history.seconds[0] > 0
    assert (history.seconds.diff() > 0).all()
    assert not history.loss.requires_grad


def test_watch_sees_every_step_and_the_end():
    seen = []
    network = mlp([2, 1], "relu")
    fit(network, data.xor(), steps=4, rate=0.1, watch=lambda step, it: seen.append((step, it, it[0].bias.item())))
    assert [step for step, _, _ in seen] == [0, 1, 2, 3, 4]
    assert all(it is network for _, it, _ in seen)
    biases = [bias for _, _, bias in seen]
    assert len(set(biases)) == 5, "watch must be called between the updates"
    assert biases[0] == mlp([2, 1], "relu")[0].bias.item()
    assert biases[-1] == network[0].bias.item()


@pytest.mark.parametrize(
    ("steps", "every", "at"),
    [(10, 0, ()), (10, 5, (0, 5, 10)), (10, 4, (0, 4, 8, 10)), (3, 1, (0, 1, 2, 3)), (3, 100, (0, 3))],
)
def test_tests_come_every_so_many_steps_and_at_the_end(steps, every, at):
    history = fit(mlp([2, 3, 1], "tanh"), data.disk(8, test=6), steps=steps, test_every=every)
    assert history.test_steps == at
    assert len(history.test_loss) == len(history.test_accuracy) == len(at)


def test_a_test_measures_the_test_points_before_the_update_of_its_step():
    split = data.disk(20, test=15)
    watched = {}

    def watch(step, network):
        with torch.no_grad():
            out = network(split.test_x)[:, 0]
            loss = functional.binary_cross_entropy_with_logits(out, split.test_y).item()
        answers = zip(out.tolist(), split.test_y.tolist(), strict=True)
        watched[step] = loss, sum((o > 0) == (y == 1) for o, y in answers) / 15

    history = fit(mlp([2, 4, 1], "tanh"), split, steps=6, rate=0.3, test_every=3, watch=watch)
    assert history.test_steps == (0, 3, 6)
    assert history.test_loss == tuple(watched[step][0] for step in (0, 3, 6))
    assert history.test_accuracy == pytest.approx([watched[step][1] for step in (0, 3, 6)], abs=1e-15)
    assert len(set(history.test_loss)) == 3


def test_a_network_is_tested_in_evaluation_mode_and_trained_on_in_its_own():
    network = torch.nn.Sequential(
        torch.nn.Linear(2, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Linear(8, 1)
    )
    network[2].eval()  # a reader may hold a part of the network still
    seen = []
    network.register_forward_pre_hook(lambda whole, x: seen.append([module.training for module in whole]))
    fit(network, data.disk(50, test=20), steps=2, test_every=1)
    training, testing = [True, True, False, True], [False] * 4
    assert seen == [testing, testing, training, testing, testing, training, testing, testing]


def test_testing_and_watching_do_not_change_the_training():
    plain, watched = (mlp([2, 4, 1], "tanh") for _ in range(2))
    split = data.disk(20, test=15)
    first = fit(plain, split, steps=5)
    second = fit(watched, split, steps=5, test_every=2, watch=lambda step, network: network(split.test_x))
    assert torch.equal(first.loss, second.loss)


@pytest.mark.parametrize(
    ("losses", "diverged"),
    [([1.0, 0.5], False), ([1.0, math.nan], True), ([math.inf, 1.0], True), ([1.0, -math.inf, 0.1], True)],
)
def test_a_run_diverged_if_any_loss_was_not_finite(losses, diverged):
    assert History(torch.tensor(losses), torch.zeros(len(losses))).diverged is diverged


def test_a_rate_that_is_far_too_large_is_seen_as_divergence():
    history = fit(mlp([2, 4, 1], "identity"), regression(), steps=60, rate=100, optimizer="sgd", loss="mse")
    assert history.diverged
    assert history.loss.shape == (60,)
    assert not fit(mlp([2, 4, 1], "identity"), regression(), steps=60, loss="mse").diverged


class Answers(nn.Module):
    """A network that returns the rows it is fed."""

    def forward(self, x):
        return x


def test_accuracy_with_one_output_counts_the_side_of_zero():
    logits = torch.tensor([[2.0], [-1.0], [0.0], [1e-30], [0.0]])
    labels = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0])  # a logit of 0 answers 0
    assert accuracy(Answers(), logits, labels) == 4 / 5
    assert accuracy(Answers(), logits[:, 0], labels) == 4 / 5
    assert accuracy(Answers(), logits, labels.long()) == 4 / 5


def test_accuracy_with_several_outputs_counts_the_largest():
    logits = torch.tensor([[0.1, 0.2, 0.3], [5.0, -1.0, 2.0], [-3.0, -2.0, -4.0], [0.0, 9.0, 1.0]])
    assert accuracy(Answers(), logits, torch.tensor([2, 0, 1, 0])) == 3 / 4
    assert accuracy(Answers(), logits, torch.tensor([2, 0, 1, 1])) == 1.0
    assert accuracy(Answers(), torch.zeros(2, 3), torch.tensor([1, 2])) <= 1 / 2, "a tie names one class"


def test_accuracy_is_exact_for_many_points_and_asks_for_no_gradient():
    x = torch.ones(3001, 1)
    y = torch.ones(3001)
    y[0] = 0
    assert accuracy(Answers(), x, y) == 3000 / 3001
    layer = nn.Linear(1, 1)
    accuracy(layer, x, y)
    assert layer.weight.grad is None


def test_accuracy_without_a_label_for_each_answer_is_refused():
    # broadcasting would compare every answer with every label
    for answers, labels in [(torch.ones(3), torch.ones(3, 2)), (torch.ones(3), torch.ones(1)), (torch.eye(3),) * 2]:
        with pytest.raises(ValueError, match="a label for each answer"):
            accuracy(Answers(), answers, labels)


def test_the_points_of_a_task_may_have_gradients_and_get_none():
    xor = data.xor()
    learned = xor._replace(train_x=(xor.train_x.requires_grad_() * 1))
    history = fit(mlp([2, 3, 1], "tanh"), learned, steps=3)
    assert history.loss.tolist() == fit(mlp([2, 3, 1], "tanh"), data.xor(), steps=3).loss.tolist()
    assert xor.train_x.grad is None


def test_where_gradients_are_switched_off_training_is_refused():
    with torch.no_grad(), pytest.raises(ValueError, match="gradients are switched off"):
        fit(mlp([2, 3, 1], "tanh"), data.xor(), steps=3)


def test_accuracy_of_no_points_is_refused():
    with pytest.raises(ValueError, match="at least one point"):
        accuracy(Answers(), torch.ones(0, 1), torch.ones(0))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps=0"),
        ({"steps": -1}, ValueError, "steps=-1"),
        ({"rate": 0.0}, ValueError, "rate=0.0"),
        ({"rate": -1.0}, ValueError, "rate=-1.0"),
        ({"rate": math.nan}, ValueError, "rate=nan"),
        ({"rate": 1e38}, ValueError, r"rate=1e\+38"),
        ({"rate": None}, ValueError, "rate=None"),
        ({"steps": 2.5}, ValueError, "steps=2.5"),
        ({"test_every": -1}, ValueError, "test_every=-1"),
        ({"watch": 3}, ValueError, "watch must be a function or None"),
        ({"loss": "cross_entropy"}, ValueError, "labels of cross_entropy are integers"),
        ({"split": data.disk(4, test=4, dtype=F64)}, ValueError, "cannot take these points, torch.float64"),
        ({"split": Split(*(torch.zeros(4, 3), torch.zeros(4)) * 2)}, ValueError, r"torch.float32 of shape \(4, 3\)"),
        ({"split": Split(*(torch.zeros(4, 3, 2), torch.zeros(4)) * 2)}, ValueError, "3 outputs do not fit"),
        ({"split": Split(*(torch.zeros(4, 2), torch.zeros(4, 2)) * 2), "loss": "mse"}, ValueError, r"shape \(2,\)"),
        (
            {"split": Split(*(torch.zeros(4, 2), torch.zeros(3)) * 2)},
            ValueError,
            "4 points, and train_y labels for 3",
        ),
        ({"split": Split(*(torch.zeros(4, 2), torch.zeros(4).long()) * 2)}, ValueError, "two classes or more"),
        ({"split": tuple(data.xor())}, ValueError, "come as a data.Split"),
        ({"loss": "hinge"}, KeyError, "no loss named 'hinge'; there are bce, brier, cross_entropy, mse"),
        ({"optimizer": "adamw"}, KeyError, "no optimizer named 'adamw'; there are adam, sgd"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_does(arguments, error, message):
    network = mlp([2, 1], "relu")
    with pytest.raises(error, match=message):
        fit(network, **{"split": data.xor(), "steps": 3, **arguments})
    assert torch.equal(network[0].weight, mlp([2, 1], "relu")[0].weight)


def test_a_bar_is_shown_only_when_it_is_asked_for(capfd):
    fit(mlp([2, 1], "relu"), data.xor(), steps=3, test_every=1)
    assert capfd.readouterr() == ("", "")
    fit(mlp([2, 1], "relu"), data.xor(), steps=3, progress=True)
    shown = capfd.readouterr()
    assert shown.out == "" and "/3" in shown.err


def test_a_small_network_learns_xor():
    network = mlp([2, 8, 1], "tanh", seed=1)
    history = fit(network, data.xor(), steps=300, rate=0.05, test_every=300)
    assert history.test_accuracy[-1] == 1.0
    assert history.loss[-1] < history.loss[0] / 10


# --- mini-batches


def batches_by_hand(network, split, epochs, batch, seed, update, rates):
    """The loop without the package, for networks without dropout: loss and right answers of each batch, gradients."""
    order, step = torch.Generator().manual_seed(seed), 0
    for _ in range(epochs):
        shuffled = torch.randperm(len(split.train_x), generator=order)
        for start in range(0, len(shuffled), batch):
            chosen = shuffled[start : start + batch]
            out, y = network(split.train_x[chosen]), split.train_y[chosen]
            loss = functional.cross_entropy(out, y)
            network.zero_grad()
            loss.backward()
            norms = [
                math.sqrt(sum(float((p.grad.double() ** 2).sum()) for p in network[i].parameters())) for i in (0, 2)
            ]
            update.param_groups[0]["lr"] = rates[step]
            update.step()
            step += 1
            yield loss.item() * len(chosen), (out.argmax(1) == y).sum().item(), len(chosen), norms


MAKERS = {
    "adam": lambda parameters: torch.optim.Adam(parameters),
    "adamw": lambda parameters: torch.optim.AdamW(parameters, weight_decay=0.1),
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=1, momentum=0.9, weight_decay=0.1),
}


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ({}, [0.03] * 8),
        ({"warmup": 4}, [0.0075, 0.015, 0.0225, 0.03, 0.03, 0.03, 0.03, 0.03]),
        ({"warmup": 2, "decay": True}, [0.015, 0.03, 0.03, 0.025, 0.02, 0.015, 0.01, 0.005]),
    ],
    ids=["constant", "warmup", "decay"],
)
@pytest.mark.parametrize("optimizer", MAKERS)
def test_batches_are_those_of_the_plain_loop(optimizer, schedule, rates):
    split = data.spirals(50, test=30)  # batches of 16, 16, 16 and 2
    ours, plain = (mlp([2, 6, 2], "tanh", seed=3) for _ in range(2))
    settings = {"adam": {}, "adamw": {"weight_decay": 0.1}, "sgd": {"momentum": 0.9, "weight_decay": 0.1}}[optimizer]
    course = fit_batches(
        ours,
        split,
        steps=8,
        batch=16,
        rate=0.03,
        optimizer=optimizer,
        seed=7,
        layers=["0", "2"],
        **settings,
        **schedule,
    )
    seen = list(batches_by_hand(plain, split, 2, 16, 7, MAKERS[optimizer](plain.parameters()), rates))
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)
    for row, of_epoch in enumerate((seen[:4], seen[4:])):
        assert course.train_loss[row].item() == pytest.approx(sum(s[0] for s in of_epoch) / 50, rel=1e-6)
        assert course.train_accuracy[row].item() == sum(s[1] for s in of_epoch) / 50
        for layer in (0, 1):
            expected = sum(s[3][layer] for s in of_epoch) / 4
            assert course.norms[row, layer].item() == pytest.approx(expected, rel=1e-5)
    assert course.layers == ("0", "2") and course.steps.tolist() == [0, 4, 8]
    assert course.seconds.shape == (2,) and course.seconds[1] > course.seconds[0] > 0


def test_a_course_tests_before_the_first_update_and_after_each_row():
    split = data.spirals(40, test=30, arms=3)
    network, seen = mlp([2, 8, 3], "relu"), []

    def watch(row, it):
        with torch.no_grad():
            out = it(split.test_x)
        seen.append((row, functional.cross_entropy(out, split.test_y).item(), out.argmax(1)))

    course = fit_batches(network, split, steps=6, batch=20, every=3, rate=0.05, watch=watch)
    assert [row for row, _, _ in seen] == [0, 1, 2] and course.steps.tolist() == [0, 3, 6]
    assert course.test_loss.tolist() == pytest.approx([loss for _, loss, _ in seen], rel=1e-6)
    for confusion, share, (_, _, answers) in zip(course.confusion, course.test_accuracy, seen, strict=True):
        for true in range(3):
            for answered in range(3):
                count = ((split.test_y == true) & (answers == answered)).sum().item()
                assert confusion[true, answered].item() == count
        assert share.item() == confusion.trace().item() / 30
    assert course.norms.shape == (2, 0) and course.batch_loss is None


def test_one_logit_and_a_language_model_train_too():
    disk = data.disk(40, test=30)
    course = fit_batches(mlp([2, 8, 1], "tanh"), disk, steps=60, batch=20, rate=0.05)
    assert course.confusion.shape == (31, 2, 2)
    assert course.confusion[-1].sum(1).tolist() == [(disk.test_y == label).sum().item() for label in (0, 1)]
    assert course.train_loss[-1] < course.train_loss[0]
    ids = torch.arange(24).reshape(4, 6) % 5
    repeated = data.Split(ids, (ids + 1) % 5, ids, (ids + 1) % 5)
    network = torch.nn.Sequential(torch.nn.Embedding(5, 4), torch.nn.Linear(4, 5))
    course = fit_batches(network, repeated, steps=200, batch=2, rate=0.05)
    assert course.confusion[-1].sum() == 24 and course.test_accuracy[-1] == 1
    assert course.test_loss[0].item() == pytest.approx(math.log(5), abs=1)


def test_order_and_dropout_follow_from_the_seed_and_the_global_generator_stays():
    def run(seed):
        torch.manual_seed(5)
        network = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 2))
        before = torch.get_rng_state()
        course = fit_batches(network, data.spirals(40, test=10), steps=8, batch=10, seed=seed)
        assert torch.equal(before, torch.get_rng_state())
        return course.train_loss

    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))


def test_batch_statistics_are_those_of_the_test_batch_and_leave_the_running_ones():
    split = data.spirals(40, test=30)
    network = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 2))
    seen = []

    def watch(row, it):
        z = it[0](split.test_x)
        z = (z - z.mean(0)) / (z.var(0, unbiased=False) + it[1].eps).sqrt() * it[1].weight + it[1].bias
        seen.append(functional.cross_entropy(it[2](z), split.test_y).item())

    tested = fit_batches(network, split, steps=4, batch=20, rate=0.3, batch_statistics=True, watch=watch)
    assert tested.batch_loss.tolist() == pytest.approx(seen, rel=1e-5)
    assert not torch.allclose(tested.batch_loss, tested.test_loss)
    torch.manual_seed(0)
    twins = [torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 2)) for _ in "ab"]
    twins[1].load_state_dict(twins[0].state_dict())
    first, second = (
        fit_batches(twin, split, steps=4, batch=20, batch_statistics=asked)
        for twin, asked in zip(twins, (False, True), strict=True)
    )
    assert torch.equal(first.test_loss, second.test_loss)


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"optimizer": "adm"}, KeyError, "adam, adamw, sgd"),
        ({"layers": ["3"]}, KeyError, "no layer '3'; there are 0, 1, 2"),
        ({"layers": ["1"]}, ValueError, "layer '1' has no parameters"),
        ({"steps": 7, "every": 2}, ValueError, "rows of 2 updates do not fit into 7 steps"),
        ({"batch": 0}, ValueError, "batch must be positive, .*, got batch=0"),
        ({"rate": -1.0}, ValueError, "rate must be positive"),
        ({"warmup": 9}, ValueError, "rise over 0 to 4 steps, got warmup=9"),
        ({"warmup": 1.5}, ValueError, "warmup=1.5"),
        ({"every": 0}, ValueError, "every=0"),
        ({"steps": True}, ValueError, "steps=True"),
        ({"rate": math.inf}, ValueError, "rate=inf"),
        ({"momentum": math.nan}, ValueError, "momentum=nan"),
        ({"weight_decay": -1}, ValueError, "weight_decay=-1"),
        ({"seed": 2**64}, ValueError, "seed must be a whole number from -9223372036854775808 to"),
        ({"layers": "0"}, ValueError, "layers must be a list, got '0'"),
        ({"layers": torch.tensor(0.1)}, ValueError, "layers must be a list, got tensor"),
        ({"layers": {"first": 3}}, ValueError, "layer 'first' must be a torch.nn.Module, got a int"),
        ({"device": "nowhere"}, ValueError, "no device 'nowhere' to train on"),
        ({"device": "meta"}, ValueError, "holds no numbers"),
        ({"network": None}, ValueError, "network must be a torch.nn.Module, got a NoneType"),
        ({"network": nn.ReLU()}, ValueError, "no parameters to train"),
        ({"network": nn.Linear(3, 2)}, ValueError, "cannot take these points"),
        ({"network": nn.Linear(2, 1)}, ValueError, "outputs for two classes or more"),
        ({"network": nn.LSTM(2, 2)}, ValueError, "must return a tensor, got a tuple"),
        ({"network": nn.Linear(2, 2).requires_grad_(False)}, ValueError, "no parameter that learns"),
        (
            {"split": data.spirals(40, arms=3, test=10)},
            ValueError,
            "with 2 outputs the labels lie between 0 and 1, got 2",
        ),
        ({"split": data.disk(40, test=10)}, ValueError, "2 outputs do not fit labels for 1"),
        ({"split": data.spirals(40, test=10)[:2]}, ValueError, "come as a data.Split"),
    ],
)
def test_a_course_that_cannot_be_run_is_refused(wrong, error, said):
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    asked = {"network": network, "split": data.spirals(40, test=10), "steps": 4, "batch": 10} | wrong
    with pytest.raises(error, match=said):
        fit_batches(asked.pop("network"), asked.pop("split"), **asked)


def test_weighted_f1_is_the_mean_over_examples_of_their_class_f1():
    generator = torch.Generator().manual_seed(0)
    true, answered = torch.randint(4, (2, 200), generator=generator)
    confusion = torch.zeros(4, 4, dtype=torch.int64)
    for t, a in zip(true.tolist(), answered.tolist(), strict=True):
        confusion[t, a] += 1

    def f1(label):
        hits = ((true == label) & (answered == label)).sum().item()
        precision, recall = hits / (answered == label).sum().item(), hits / (true == label).sum().item()
        return 2 * precision * recall / (precision + recall)

    assert weighted_f1(confusion).item() == pytest.approx(sum(f1(label) for label in true.tolist()) / 200)


@pytest.mark.parametrize("p", [0.708, 0.558, 0.5, 1.0])
def test_weighted_f1_of_a_constant_answer(p):
    n = 1000
    constant = torch.tensor([[round(p * n), 0], [n - round(p * n), 0]])
    assert weighted_f1(constant).item() == pytest.approx(2 * p * p / (1 + p), abs=1e-12)


# --- labels as people have them


def in_form(split, form):
    return split._replace(train_y=form(split.train_y), test_y=form(split.test_y))


FORMS = {
    "a column": lambda y: y[:, None],
    "int32": lambda y: y.int(),
    "int8 in a column": lambda y: y.to(torch.int8)[:, None],
    "uint8": lambda y: y.to(torch.uint8),
    "bool": lambda y: y.bool(),
    "bool in a column": lambda y: y.bool()[:, None],
}
LOOPS = {
    "fit": lambda network, split, **settings: fit(network, split, steps=4, test_every=2, **settings),
    "fit_batches": lambda network, split: fit_batches(network, split, steps=4, batch=8, every=2),
}


@pytest.mark.parametrize("form", [name for name in FORMS if "bool" not in name])
@pytest.mark.parametrize("loop", LOOPS)
def test_class_numbers_of_any_width_train_as_int64_does(loop, form):
    plain = data.spirals(20, arms=3, test=12)
    usual, other = (mlp([2, 6, 3], "tanh", seed=2) for _ in "ab")
    course = LOOPS[loop](usual, plain)
    again = LOOPS[loop](other, in_form(plain, FORMS[form]))
    assert torch.equal(usual[0].weight, other[0].weight)
    assert list(course.test_accuracy) == list(again.test_accuracy)
    assert list(course.test_loss) == list(again.test_loss)
    assert accuracy(usual, plain.test_x, FORMS[form](plain.test_y)) == accuracy(usual, plain.test_x, plain.test_y)


@pytest.mark.parametrize("form", ["a column", "bool", "bool in a column"])
@pytest.mark.parametrize("loop", LOOPS)
def test_two_classes_train_as_floats_do(loop, form):
    plain = data.disk(20, test=12)
    usual, other = (mlp([2, 6, 1], "tanh", seed=2) for _ in "ab")
    course = LOOPS[loop](usual, plain)
    again = LOOPS[loop](other, in_form(plain, FORMS[form]))
    assert torch.equal(usual[0].weight, other[0].weight)
    assert list(course.test_accuracy) == list(again.test_accuracy)
    assert accuracy(usual, plain.test_x, FORMS[form](plain.test_y)) == accuracy(usual, plain.test_x, plain.test_y)


@pytest.mark.parametrize("loss", ["bce", "brier"])
@pytest.mark.parametrize("form", FORMS)
def test_integers_and_bools_are_floats_where_the_loss_is_named(loss, form):
    plain = data.disk(20, test=12)
    usual, other = (mlp([2, 6, 1], "tanh", seed=2) for _ in "ab")
    history = fit(usual, plain, steps=4, loss=loss)
    again = fit(other, in_form(plain, FORMS[form]), steps=4, loss=loss)
    assert torch.equal(history.loss, again.loss)


def test_bools_are_class_numbers_where_cross_entropy_is_named():
    split = data.spirals(20, test=12)
    usual, other = (mlp([2, 6, 2], "tanh", seed=2) for _ in "ab")
    history = fit(usual, split, steps=4)
    again = fit(other, in_form(split, lambda y: y.bool()), steps=4, loss="cross_entropy")
    assert torch.equal(history.loss, again.loss)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(
    ("split", "outputs", "said"),
    [
        (in_form(data.disk(9, test=9), lambda y: y.int()), 1, "one output goes with labels of floats or bools"),
        (in_form(data.disk(9, test=9), lambda y: y.bool()), 2, "2 outputs do not fit labels for 1"),
        (in_form(data.disk(9, test=9), lambda y: y[:, None].repeat(1, 2)), 1, "outputs do not fit labels for 2"),
        (in_form(data.spirals(9, test=9), lambda y: y[:, None].repeat(1, 2)), 2, r"a class number of shape \(2,\)"),
        (in_form(data.disk(9, test=9), lambda y: y + 0j), 1, "floats, bools, or integers for classes, got torch.com"),
    ],
)
def test_labels_that_could_mean_two_things_are_refused(loop, split, outputs, said):
    network = mlp([2, 3, outputs], "relu")
    with pytest.raises(ValueError, match=said):
        LOOPS[loop](network, split)
    assert torch.equal(network[0].weight, mlp([2, 3, outputs], "relu")[0].weight)


# --- labels that stand for none


def with_gaps(split, train=(0, 3, 7), test=(1, 2)):
    train_y, test_y = split.train_y.clone(), split.test_y.clone()
    train_y[list(train)], test_y[list(test)] = -100, -100
    return split._replace(train_y=train_y, test_y=test_y)


def without_gaps(split):
    train, test = split.train_y != -100, split.test_y != -100
    return data.Split(split.train_x[train], split.train_y[train], split.test_x[test], split.test_y[test])


@pytest.mark.parametrize("arms", [2, 4])
@pytest.mark.parametrize("test_gaps", [(), (0,), tuple(range(11))])
def test_points_without_a_label_count_nowhere(arms, test_gaps):
    split = with_gaps(data.spirals(20, arms=arms, test=12), test=test_gaps)
    for loop in (
        lambda network, split: fit(network, split, steps=5, test_every=1, optimizer="sgd"),
        lambda network, split: fit_batches(network, split, steps=5, batch=20, optimizer="sgd"),
    ):
        one, two = (mlp([2, 6, arms], "tanh", seed=2) for _ in "ab")
        course, alone = loop(one, split), loop(two, without_gaps(split))
        torch.testing.assert_close(one[0].weight, two[0].weight)
        assert list(course.test_loss) == pytest.approx(list(map(float, alone.test_loss)), rel=1e-5)
        assert list(course.test_accuracy) == list(alone.test_accuracy)
        if hasattr(course, "confusion"):
            assert torch.equal(course.confusion, alone.confusion)
            assert torch.equal(course.train_accuracy, alone.train_accuracy)
            torch.testing.assert_close(course.train_loss, alone.train_loss)
        assert accuracy(one, split.test_x, split.test_y) == alone.test_accuracy[-1]


def test_a_language_model_may_have_places_without_a_label():
    ids = torch.arange(24).reshape(4, 6) % 5
    y = (ids + 1) % 5
    y[:, :2] = -100
    network = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 5))
    course = fit_batches(network, data.Split(ids, y, ids, y), steps=100, batch=2, rate=0.05)
    assert course.confusion[-1].sum() == 16 and course.test_accuracy[-1] == 1
    history = fit(network, data.Split(ids, y, ids, y), steps=2, test_every=1)
    assert history.test_accuracy == (1, 1, 1) and accuracy(network, ids, y) == 1
    assert history.test_loss[0] == pytest.approx(course.test_loss[-1].item(), rel=1e-5)


def test_a_batch_without_labels_moves_nothing_and_a_row_of_it_has_no_loss():
    split = data.spirals(4, test=4)
    split = split._replace(train_y=torch.tensor([-100, 1, -100, -100]))
    network, moved = mlp([2, 4, 2], "tanh"), []
    course = fit_batches(
        network, split, steps=4, batch=1, every=1, optimizer="sgd",
        watch=lambda row, it: moved.append(it[0].weight.clone()),
    )  # fmt: skip
    none = course.train_loss.isnan()
    assert none.sum() == 3 and torch.equal(none, course.train_accuracy.isnan())
    assert [torch.equal(a, b) for a, b in itertools.pairwise(moved)] == none.tolist()


@pytest.mark.parametrize("loop", LOOPS)
def test_minus_one_is_no_label_and_some_must_be_left(loop):
    split = data.spirals(20, test=12)
    for wrong, said in [
        (with_gaps(split)._replace(train_y=split.train_y - 1), "count from 0, got -1 in train_y"),
        (split._replace(test_y=torch.full((12,), -100)), "test_y has no label but -100"),
    ]:
        with pytest.raises(ValueError, match=said):
            LOOPS[loop](mlp([2, 4, 2], "tanh"), wrong)
    with pytest.raises(ValueError, match="at least one label that counts; all are -100"):
        accuracy(Answers(), torch.eye(3), torch.full((3,), -100))
    assert accuracy(Answers(), torch.ones(3), torch.tensor([156, 1, 1], dtype=torch.uint8)) == 2 / 3  # not -100


# --- what decays


def learnt_shapes():
    return nn.Sequential(
        nn.Linear(2, 6), nn.PReLU(6), nn.Linear(6, 6), get("swish").module(), nn.Linear(6, 6), get("prelu").module(),
        nn.Linear(6, 6), networks.APL(6), nn.Linear(6, 2),
    )  # fmt: skip


SHAPES = {"1.weight", "3.beta", "5.negative_slope", "7.a", "7.b"}


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("decay_shapes", [False, True])
def test_what_an_activation_learns_decays_only_where_that_is_asked_for(optimizer, decay_shapes):
    # one step of the loop and the same step by hand, from one gradient, with the decay of each parameter chosen here
    torch.manual_seed(0)
    network = learnt_shapes()
    twin = copy.deepcopy(network)
    split = data.spirals(20, test=5)
    fit_batches(
        network, split, steps=1, batch=20, every=1, rate=0.01, optimizer=optimizer, weight_decay=0.5,
        decay_shapes=decay_shapes,
    )  # fmt: skip
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    functional.cross_entropy(twin(split.train_x[order]), split.train_y[order]).backward()
    make = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[optimizer]
    named = dict(twin.named_parameters())
    assert set(named) > SHAPES
    groups = [
        {"params": [p], "weight_decay": 0.5 if decay_shapes or name not in SHAPES else 0.0}
        for name, p in named.items()
    ]
    make(groups, lr=0.01).step()
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(parameter, named[name], msg=name)


def test_without_decay_there_is_one_group_and_shapes_learn():
    torch.manual_seed(0)
    network = learnt_shapes()
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    fit_batches(network, data.spirals(20, test=5), steps=3, batch=20, optimizer="adamw")
    assert not any(torch.equal(p, before[name]) for name, p in network.named_parameters())


# --- a last batch of one


@pytest.mark.parametrize(
    "build",
    [
        lambda: mlp([2, 8, 2], "relu", norm="batch"),
        lambda: nn.Sequential(
            nn.Linear(2, 8), nn.Unflatten(1, (8, 1, 1)), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8, 2)
        ),
    ],
    ids=["BatchNorm1d", "BatchNorm2d on one pixel"],
)
@pytest.mark.parametrize(
    ("n", "batch", "sizes"), [(21, 10, (10, 9, 2)), (4, 3, (2, 2)), (22, 10, (10, 10, 2)), (1000, 999, (998, 2))]
)
def test_a_last_batch_of_one_gets_an_example_where_batchnorm_needs_one(build, n, batch, sizes):
    network, seen = build(), []
    network[0].register_forward_hook(lambda layer, x, out: seen.append(x[0]) if layer.training else None)
    split = data.spirals(n, test=5)
    course = fit_batches(network, split, steps=2 * len(sizes), batch=batch)
    assert [len(x) for x in seen] == 2 * list(sizes)
    assert course.train_loss.isfinite().all() and len(course.train_loss) == 2
    for epoch in (seen[: len(sizes)], seen[len(sizes) :]):  # all of them, each once
        assert sorted(map(tuple, torch.cat(epoch).tolist())) == sorted(map(tuple, split.train_x.tolist()))


@pytest.mark.parametrize("norm", [None, "layer"])
def test_without_batchnorm_the_last_batch_is_what_is_left(norm):
    network, seen = mlp([2, 8, 2], "relu", norm=norm), []
    network[0].register_forward_hook(lambda layer, x, out: seen.append(len(x[0])) if layer.training else None)
    fit_batches(network, data.spirals(21, test=5), steps=3, batch=10)
    assert seen == [10, 10, 1]


def test_batches_of_one_are_refused_where_batchnorm_has_no_variance():
    network = mlp([2, 8, 2], "relu", norm="batch")
    with pytest.raises(ValueError, match="BatchNorm has no variance in a batch of one example: take larger batches"):
        fit_batches(network, data.spirals(5, test=5), steps=5, batch=1)
    with pytest.raises(ValueError, match="BatchNorm has no variance in a batch of one"):
        fit(network, data.spirals(1, test=5), steps=1)


# --- how far a step goes


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize(("every", "at"), [(0, ()), (1, (0, 1, 2, 3, 4)), (2, (0, 2, 4)), (9, (0,))])
def test_fit_records_how_far_its_steps_go(optimizer, every, at):
    network, weights = mlp([2, 5, 1], "tanh", norm="layer"), []

    def watch(step, it):
        weights.append([it[i].weight.detach().double().clone() for i in (0, 3)])

    history = fit(
        network, data.disk(30, test=5), steps=5, rate=0.03, optimizer=optimizer, ratios_every=every, watch=watch
    )
    assert history.update_steps == at
    if not at:
        assert history.update_ratios is None and history.matrices == ()
        return
    assert history.matrices == ("0.weight", "3.weight") and history.update_ratios.shape == (len(at), 2)
    for row, step in zip(history.update_ratios.tolist(), at, strict=True):
        by_hand = [((b - a).norm() / a.norm()).item() for a, b in zip(weights[step], weights[step + 1], strict=True)]
        assert row == pytest.approx(by_hand, rel=1e-4)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_fit_batches_records_how_far_the_last_step_of_a_row_goes(optimizer):
    split = data.spirals(30, test=5)
    one, two, three = (mlp([2, 5, 2], "tanh", seed=1) for _ in "abc")
    course = fit_batches(one, split, steps=6, batch=10, every=3, optimizer=optimizer, ratios=True)
    plain = fit_batches(two, split, steps=6, batch=10, every=3, optimizer=optimizer)
    assert torch.equal(one[0].weight, two[0].weight) and plain.update_ratios is None and plain.matrices == ()
    assert course.matrices == ("0.weight", "2.weight") and course.update_ratios.shape == (2, 2)
    weights = []
    fit_batches(
        three, split, steps=6, batch=10, every=1, optimizer=optimizer,
        watch=lambda row, it: weights.append([it[i].weight.detach().double().clone() for i in (0, 2)]),
    )  # fmt: skip
    for row, step in zip(course.update_ratios.tolist(), (2, 5), strict=True):
        by_hand = [((b - a).norm() / a.norm()).item() for a, b in zip(weights[step], weights[step + 1], strict=True)]
        assert row == pytest.approx(by_hand, rel=1e-4)


def test_measuring_the_steps_does_not_change_them():
    one, two = (mlp([2, 5, 1], "tanh") for _ in "ab")
    split = data.disk(30, test=5)
    assert torch.equal(fit(one, split, steps=5).loss, fit(two, split, steps=5, ratios_every=1).loss)
    with pytest.raises(ValueError, match="ratios_every=-1"):
        fit(one, split, steps=5, ratios_every=-1)
