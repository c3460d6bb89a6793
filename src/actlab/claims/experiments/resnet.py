"""Claims about five activations in ResNet50."""

import math

import torch

from .. import (
    CONDITIONS,
    FALSE,
    IMPRECISE,
    PUBLISHED,
    TRUE,
    Evidence,
    claim,
)
from ._stored import CNN, FIVE, IMAGES, RESNET, _gap, _place, _printed, _tables


def _adam_step(gradient):
    """How far Adam's first step at rate 0.01 moves a weight that has this gradient."""
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    weight.grad = torch.tensor([gradient], dtype=torch.float64)
    torch.optim.Adam([weight], lr=0.01).step()
    return abs(weight.item())


@claim(
    "Adam adapts the learning rate of each parameter",
    verdict=TRUE,
    citations=("kingma2014",),
)
def adam_adapts_the_rate_of_each_parameter():
    steps = {gradient: _adam_step(gradient) for gradient in (1.0, 1e-3)}
    rates = [step / gradient for gradient, step in steps.items()]
    return Evidence(
        "first step at rate 0.01: " + ", ".join(f"{step:.3f} for a gradient of {g:g}" for g, step in steps.items()),
        expected="for a gradient a thousand times smaller a rate a thousand times larger, to 1 %",
        cases={"a rate of its own": abs(rates[1] / rates[0] / 1000 - 1) < 0.01},
    )


@claim(
    "In deep networks Adam may fail to keep the rates right, which makes vanishing gradients worse",
    verdict=IMPRECISE,
    corrected="Gradients are computed before Adam sees them, and it divides their size out: a weight with a gradient "
    "a million times smaller moves as far. Only gradients near its epsilon, 1e-8, make small steps.",
    citations=("kingma2014",),
    where="chapters/08b_images#sec-images-resnet",
)
def adam_makes_vanishing_gradients_worse():
    steps = {gradient: _adam_step(gradient) for gradient in (1.0, 1e-6, 1e-10)}
    return Evidence(
        "first step at rate 0.01: " + ", ".join(f"{step:.1g} for a gradient of {g:g}" for g, step in steps.items()),
        expected="steps that shrink with the gradient, below half for a gradient of 1e-6",
        cases={"a gradient of 1e-6 makes less than half of a step": steps[1e-6] < 0.5 * steps[1.0]},
        core={"a gradient below epsilon makes less than half of a step": steps[1e-10] < 0.5 * steps[1.0]},
    )


@claim(
    "On MNIST, ResNet50 converges quickly with sigmoid and ReLU, and very slowly with ELU",
    verdict=CONDITIONS,
    corrected="With SGD. With Adam the two stopped early because they had failed: ReLU at 10.6 %, as good as "
    "guessing, and sigmoid at half right; ELU took the most epochs and came out first.",
    how=PUBLISHED,
    activations=("sigmoid", "relu", "elu"),
    citations=("park2024",),
)
def sigmoid_and_relu_converge_quickly_on_mnist():
    held, told = {}, []
    for task in ("MNIST, SGD", "MNIST, Adam"):
        epochs, accuracy = (_tables(RESNET, task, quantity) for quantity in ("epochs", "accuracy"))
        quick = max(epochs["sigmoid"], epochs["relu"]) <= min(epochs[n] for n in ("leaky_relu", "elu", "selu"))
        learned = min(accuracy["sigmoid"], accuracy["relu"]) > max(accuracy.values()) - 1
        held[task] = quick and learned
        told.append(
            f"{task}: "
            + ", ".join(f"{n} {epochs[n]:.0f} epochs, {accuracy[n]:.1f} % right" for n in ("sigmoid", "relu", "elu"))
        )
    loss = _tables(RESNET, "MNIST, Adam", "loss")["relu"]
    return Evidence(
        "; ".join(told) + f"; ReLU's loss there {loss:.1f}, that of guessing {math.log(10):.1f}",
        expected="no more epochs than the other functions, and within a point of the best accuracy",
        cases=held,
    )


@claim(
    "With ResNet50, sigmoid and ReLU suit simple data like MNIST better",
    verdict=FALSE,
    corrected="They are the two worst of five on MNIST, with either optimiser.",
    how=PUBLISHED,
    activations=("sigmoid", "relu"),
    citations=("park2024",),
)
def sigmoid_and_relu_suit_simple_data():
    tasks = ("MNIST, SGD", "MNIST, Adam")
    resnet, cnn = (
        {task: [_place(_tables(t, task, "accuracy"), n, best=max) for n in ("sigmoid", "relu")] for task in tasks}
        for t in (RESNET, CNN)
    )
    return Evidence(
        "places of sigmoid and ReLU among five, ResNet50: "
        + "; ".join(f"{task} {s} and {r}" for task, (s, r) in resnet.items())
        + "; the small network: "
        + "; ".join(f"{task} {s} and {r}" for task, (s, r) in cnn.items()),
        expected="one of them on the first place, or both in the first three",
        cases={task: min(found) == 1 or max(found) <= 3 for task, found in resnet.items()},
    )


@claim(
    "On CIFAR-10 all functions converge at a similar pace, ELU and SELU the fastest",
    verdict=IMPRECISE,
    corrected="A similar pace, yes. ELU and SELU take as many epochs as ReLU; the one that takes fewer, with Adam, "
    "is Leaky ReLU.",
    how=PUBLISHED,
    activations=("elu", "selu", "relu", "leaky_relu"),
    citations=("park2024",),
)
def elu_and_selu_converge_fastest_on_cifar_10():
    epochs = {task: _tables(RESNET, task, "epochs") for task in ("CIFAR-10, SGD", "CIFAR-10, Adam")}
    others = [name for name in FIVE if name not in ("elu", "selu")]
    return Evidence(
        "epochs, " + "; ".join(f"{t}: " + ", ".join(f"{n} {of[n]:.0f}" for n in FIVE) for t, of in epochs.items()),
        expected="fewer epochs with ELU and SELU than with any other",
        cases={t: max(of["elu"], of["selu"]) < min(of[n] for n in others) for t, of in epochs.items()},
        core={"all within three epochs": all(max(of.values()) - min(of.values()) <= 3 for of in epochs.values())},
    )


@claim(
    "With ResNet50, ELU and SELU, which escape vanishing gradients, can do better on complex data like CIFAR-10",
    verdict=FALSE,
    corrected="Neither is among the first two there, and with Adam ELU is the last. It is in the small network that "
    "ELU is the best.",
    how=PUBLISHED,
    activations=("elu", "selu"),
    citations=("park2024",),
)
def elu_and_selu_suit_complex_data():
    tasks = ("CIFAR-10, SGD", "CIFAR-10, Adam")
    resnet, cnn = (
        {task: [_place(_tables(t, task, "accuracy"), n, best=max) for n in ("elu", "selu")] for task in tasks}
        for t in (RESNET, CNN)
    )
    return Evidence(
        "places of ELU and SELU among five, ResNet50: "
        + "; ".join(f"{task} {e} and {s}" for task, (e, s) in resnet.items())
        + "; the small network: "
        + "; ".join(f"{task} {e} and {s}" for task, (e, s) in cnn.items()),
        expected="one of them on the first place, or both in the first three",
        cases={task: min(found) == 1 or max(found) <= 3 for task, found in resnet.items()},
    )


@claim(
    "With Adam, ELU is the best on MNIST: 99.04 % right, a loss of 0.039",
    verdict=TRUE,
    how=PUBLISHED,
    activations=("elu",),
    citations=("park2024",),
)
def elu_is_best_on_mnist_with_adam():
    accuracy, loss = (_tables(RESNET, "MNIST, Adam", quantity) for quantity in ("accuracy", "loss"))
    return Evidence(
        f"ResNet50: {accuracy['elu']} % right, a loss of {loss['elu']}; next {sorted(accuracy.values())[-2]} % and "
        f"{sorted(loss.values())[1]}",
        expected="place 1 of 5 in both",
        cases={
            "the highest accuracy": _place(accuracy, "elu", best=max) == 1,
            "the lowest loss": _place(loss, "elu") == 1,
        },
    )


@claim(
    "With SGD, Leaky ReLU is the best on MNIST, in loss and in accuracy",
    verdict=CONDITIONS,
    corrected="It has the best numbers of the five, two images of 10,000 ahead of ELU: a difference that says "
    "nothing.",
    how=PUBLISHED,
    activations=("leaky_relu", "elu"),
    citations=("park2024",),
)
def leaky_relu_is_best_on_mnist_with_sgd():
    accuracy, loss = (_tables(RESNET, "MNIST, SGD", quantity) for quantity in ("accuracy", "loss"))
    n = _printed("test", place="Section 3.1")["all"]
    second = sorted(accuracy, key=accuracy.get)[-2]
    z = _gap(accuracy, "leaky_relu", second, n)
    return Evidence(
        f"{accuracy['leaky_relu']} % right, {second} {accuracy[second]} %: {z:.1f} standard errors on {n:.0f} "
        f"images; loss {loss['leaky_relu']}, next {sorted(loss.values())[1]}",
        expected="place 1 in both, beyond 2 standard errors",
        cases={
            "the highest accuracy": _place(accuracy, "leaky_relu", best=max) == 1,
            "the lowest loss": _place(loss, "leaky_relu") == 1,
            "ahead by more than 2 standard errors": z > 2,
        },
    )


@claim(
    "On CIFAR-10, with SGD, Leaky ReLU is the worst",
    verdict=CONDITIONS,
    corrected="In accuracy and F1; the highest loss there is sigmoid's. With Adam it is the best.",
    how=PUBLISHED,
    activations=("leaky_relu", "sigmoid"),
    citations=("park2024",),
)
def leaky_relu_is_worst_on_cifar_10():
    best = {"accuracy": max, "f1": max, "loss": min}
    places = {
        f"{quantity}, {task.partition(', ')[2]}": _place(_tables(RESNET, task, quantity), "leaky_relu", best=better)
        for task in ("CIFAR-10, SGD", "CIFAR-10, Adam")
        for quantity, better in best.items()
    }
    return Evidence(
        "ResNet50, place of 5: " + "; ".join(f"{where} {place}" for where, place in places.items()),
        expected="place 5",
        cases={where: place == 5 for where, place in places.items() if where.endswith("SGD")},
    )


@claim(
    "On CIFAR-10 with Adam, Leaky ReLU is the best by a small margin",
    verdict=TRUE,
    how=PUBLISHED,
    activations=("leaky_relu",),
    citations=("park2024",),
)
def leaky_relu_is_marginally_best_on_cifar_10_with_adam():
    accuracy, loss = (_tables(RESNET, "CIFAR-10, Adam", quantity) for quantity in ("accuracy", "loss"))
    second = sorted(accuracy, key=accuracy.get)[-2]
    z = _gap(accuracy, "leaky_relu", second, _printed("test", place="Section 3.1")["all"])
    return Evidence(
        f"ResNet50: {accuracy['leaky_relu']:.2f} % right, {second} {accuracy[second]:.2f} %: {z:.1f} standard "
        f"errors; loss {loss['leaky_relu']}, next {sorted(loss.values())[1]}",
        expected="place 1 of 5, within 2 standard errors of the next",
        cases={
            "the highest accuracy": _place(accuracy, "leaky_relu", best=max) == 1,
            "the lowest loss": _place(loss, "leaky_relu") == 1,
            "by less than 2 standard errors": z < 2,
        },
    )


@claim(
    "The average times of the tables are total time over epochs",
    verdict=CONDITIONS,
    own=True,
    corrected="All 40, to a thousandth of a second; but half of the tables round and half cut off the last digit.",
    how=PUBLISHED,
    citations=("park2024",),
)
def average_times_are_totals_over_epochs():
    off = {}
    for name, tables in [("Tables 5 to 8", CNN), ("Tables 13 to 16", RESNET)]:
        off[name] = []
        for task in IMAGES:
            epochs, total, average = (_tables(tables, task, q) for q in ("epochs", "total_time", "average_time"))
            off[name] += [total[n] / epochs[n] - average[n] for n in FIVE]
    return Evidence(
        "largest differences: "
        + ", ".join(f"{name} {1000 * max(map(abs, values)):.1f} ms" for name, values in off.items()),
        expected="the printed number to 1 ms, and rounded: to 0.5 ms",
        cases={f"{name}, to 1 ms": max(map(abs, values)) < 1e-3 for name, values in off.items()}
        | {f"{name}, rounded": max(map(abs, values)) < 0.501e-3 for name, values in off.items()},
    )
