"""Claims about eleven activations in BERT."""

from functools import cache

import torch
from torch.nn import functional

from ... import gates
from .. import (
    CONDITIONS,
    FALSE,
    OPEN,
    OPENLY,
    PUBLISHED,
    TRUE,
    Evidence,
    claim,
)
from ._stored import BERT, _error, _gap, _place, _printed, _rows, _tables


@claim(
    "ReLU is the fastest in BERT, but for the gates, which have a smaller output layer",
    verdict=TRUE,
    corrected="By two per cent, on both data sets, as far as there are times: GLU has none for SST-2. Its arithmetic "
    "is not the reason, since Leaky ReLU takes as long as tanh and sigmoid.",
    where="chapters/08d_transformers#sec-swap-times",
    how=PUBLISHED,
    activations=("relu", "leaky_relu", "tanh", "sigmoid"),
    citations=("park2024",),
)
def relu_is_the_fastest_in_bert():
    times = {task: _tables(BERT, task, "total_time") for task in ("CoLA", "SST-2")}
    plain = {task: {n: s for n, s in of.items() if n not in ("glu", "swiglu")} for task, of in times.items()}
    slower = {n: plain["CoLA"][n] / plain["CoLA"]["relu"] - 1 for n in ("leaky_relu", "tanh", "sigmoid")}
    return Evidence(
        "over ReLU's time on CoLA: " + ", ".join(f"{n} {s:+.2%}" for n, s in slower.items()),
        expected="the shortest time but for gates",
        cases={f"{task}: the shortest": _place(of, "relu") == 1 for task, of in plain.items()},
    )


@claim(
    "The penalized tanh takes longest because its gradients vanish",
    verdict=FALSE,
    corrected="The number of epochs is fixed, and the time of one does not depend on the size of gradients: tanh and "
    "sigmoid, which failed as well, take as long as GELU. It is made of several operations, and so is ReLU squared, "
    "the next slowest.",
    where="chapters/08d_transformers#sec-swap-times",
    how=PUBLISHED,
    activations=("penalized_tanh", "tanh", "gelu", "relu_squared"),
    citations=("park2024",),
)
def penalized_tanh_is_slow_because_gradients_vanish():
    time, accuracy = (_tables(BERT, "CoLA", quantity) for quantity in ("total_time", "accuracy"))
    failed = [n for n in ("tanh", "sigmoid", "elu", "swish") if accuracy[n] == accuracy["penalized_tanh"]]
    excess = {n: time[n] / time["gelu"] - 1 for n in (*failed, "relu_squared", "penalized_tanh")}
    return Evidence(
        "time on CoLA over that of GELU, which learned: " + ", ".join(f"{n} {s:+.1%}" for n, s in excess.items()),
        expected="functions that failed slower than GELU, by more than 1 %",
        cases={"every function that failed in the same way": min(excess[n] for n in failed) > 0.01},
    )


@claim(
    "GELU performs best in BERT on all data",
    verdict=CONDITIONS,
    corrected="On CoLA, far ahead. On SST-2 it is ahead of ReLU by seven sentences of 1000, which is within chance.",
    where="chapters/08d_transformers#sec-swap-arithmetic",
    how=PUBLISHED,
    activations=("gelu", "relu"),
    citations=("park2024",),
)
def gelu_performs_best_in_bert():
    n = _printed("test", place="Section 3.3")["CoLA"]
    percent = {task: {k: 100 * v for k, v in _tables(BERT, task, "accuracy").items()} for task in ("CoLA", "SST-2")}
    first = {task: _place(of, "gelu", best=max) == 1 for task, of in percent.items()}
    z = {task: _gap(of, "gelu", "relu", n) for task, of in percent.items()}
    return Evidence(
        "ahead of ReLU, the next, by "
        + " and ".join(
            f"{percent[t]['gelu'] - percent[t]['relu']:.1f} points on {t} ({z[t]:.1f} standard errors)" for t in z
        ),
        expected="place 1, beyond 2 standard errors",
        cases={f"{task}: place 1": held for task, held in first.items()}
        | {f"{task}: beyond 2 standard errors": z[task] > 2 for task in z},
    )


@claim(
    "All but ReLU, Leaky ReLU and GELU have one accuracy and one F1: they learned nothing",
    verdict=TRUE,
    where="chapters/08d_transformers#sec-swap-arithmetic",
    how=PUBLISHED,
    activations=("tanh", "sigmoid", "elu", "swish", "relu_squared", "penalized_tanh"),
    citations=("park2024",),
)
def eight_functions_learned_nothing():
    printed = {task: [_tables(BERT, task, q) for q in ("accuracy", "f1")] for task in ("CoLA", "SST-2")}
    rest = [name for name in printed["CoLA"][0] if name not in ("relu", "leaky_relu", "gelu")]
    cases, told = {}, []
    for task, (accuracy, f1) in printed.items():
        share = accuracy["tanh"]
        constant = 2 * share**2 / (1 + share)  # weighted F1 of the answer "always the commoner class"
        cases[f"{task}: one accuracy"] = {accuracy[n] for n in rest} == {share}
        cases[f"{task}: the F1 of a constant answer"] = all(abs(f1[n] - constant) < 5e-4 for n in rest)
        told.append(f"{task}: accuracy {share}, F1 {f1['tanh']}, of a constant answer {constant:.4f}")
    return Evidence(
        f"{len(rest)} functions alike. " + "; ".join(told),
        expected="one accuracy, and with it the F1 of a constant answer",
        cases=cases,
    )


@claim(
    "Leaky ReLU is one of the three functions that learned CoLA",
    verdict=CONDITIONS,
    corrected="By F1, which is above that of a constant answer. In accuracy it is 25 sentences of 1000 below it.",
    where="chapters/08d_transformers#sec-swap-arithmetic",
    how=PUBLISHED,
    activations=("leaky_relu", "relu"),
    citations=("park2024",),
)
def leaky_relu_learned_cola():
    accuracy, f1 = (_tables(BERT, "CoLA", quantity) for quantity in ("accuracy", "f1"))
    return Evidence(
        f"accuracy {accuracy['leaky_relu']} against {accuracy['tanh']} of a constant answer (ReLU "
        f"{accuracy['relu']}), F1 {f1['leaky_relu']} against {f1['tanh']}",
        expected="more than a constant answer has",
        cases={
            "in accuracy": accuracy["leaky_relu"] > accuracy["tanh"],
            "in F1": f1["leaky_relu"] > f1["tanh"],
        },
    )


@cache
def _swapped():
    """From (function, start) to what stored runs from pretrained attention show: learned, gradient, cosine.

    Learned: the share of runs with more right answers than the commoner class has, by two standard errors. Gradient:
    its norm in block 1 over that in the head; cosine: between sentences after the last block; both before training.
    """
    usual = {"trained": "all", "rate": 5e-5, "warmup": 0, "updates": 64}
    runs, found = {}, {}
    for row in _rows("transformers", "swaps"):
        if row["start"] != "random" and all(row[key] == value for key, value in usual.items()):
            error = _error(100 * row["majority"], row["n"]) / 100
            learned = row["accuracy"] > row["majority"] + 2 * error
            runs.setdefault((row["activation"], row["start"]), []).append(learned)
    for row in _rows("transformers", "looks"):
        key = row["activation"], row["start"]
        if row["when"] == "before" and key in runs and all(row[k] == value for k, value in usual.items()):
            found[key] = sum(runs[key]) / len(runs[key]), row["gradient"][1] / row["gradient"][-1], row["cosine"][-1]
    return found


@claim(
    "In BERT, functions other than ReLU, Leaky ReLU and GELU failed because of vanishing gradients",
    verdict=OPEN,
    corrected="Of BERT itself there are norms in figures only, after the fact. In a smaller pretrained transformer "
    "gradients that vanish are not what separates: tanh fails though no less gradient reaches its first block, in "
    "the median over seeds, than with GELU, which learns. But most functions that failed in BERT learn there, so it "
    "is another case.",
    where="chapters/08d_transformers#sec-swap-causes",
    how=OPENLY,
    activations=("tanh", "gelu", "elu", "sigmoid"),
    citations=("park2024", "mosbach2021"),
)
def bert_failures_are_vanishing_gradients():
    found = {name: of for (name, start), of in _swapped().items() if start == "pretrained"}
    learned = {name: ratio for name, (share, ratio, _) in found.items() if share > 0.5}
    failed = {name: ratio for name, (share, ratio, _) in found.items() if share <= 0.5}
    return Evidence(
        "no gradients of BERT are at hand. In MiniLM, gradient in block 1 over that in the head before training, "
        "median over seeds, where most runs learn: "
        + ", ".join(f"{name} {ratio:.2f}" for name, ratio in learned.items())
        + "; where most fail: "
        + ", ".join(f"{name} {ratio:.2f}" for name, ratio in failed.items())
    )


@claim(
    "What learned in BERT are the functions of the ReLU series",
    verdict=FALSE,
    corrected="GELU learned best and is no rectifier; ReLU squared and ELU are of the series and did not learn.",
    where="chapters/08d_transformers#sec-swap-study",
    how=PUBLISHED,
    activations=("relu", "leaky_relu", "elu", "relu_squared", "gelu"),
    citations=("park2024",),
)
def relu_series_learns_in_bert():
    series = {"relu", "leaky_relu", "elu", "relu_squared"}
    f1 = _tables(BERT, "SST-2", "f1")
    learned = {name for name in f1 if f1[name] > f1["tanh"]}
    return Evidence(
        f"SST-2, above a constant answer: {', '.join(sorted(learned))}; of the series, not: "
        + ", ".join(sorted(series - learned)),
        expected="every function of the series (ReLU, Leaky ReLU, ELU, ReLU squared), and no other",
        cases={"every one": series <= learned, "no other": learned <= series},
    )


@claim(
    "With GELU the norms of the gradients differ much from layer to layer",
    verdict=OPEN,
    corrected="If they do, it is no sign of health: a gradient that flows evenly has like norms in all layers.",
    how=OPENLY,
    activations=("gelu",),
    citations=("park2024",),
)
def gelu_norms_differ_by_layer():
    return Evidence("the norms are in a figure, with no numbers in the text")


@claim(
    "GLU and SwiGLU fit into BERT's block only with a smaller output layer",
    verdict=CONDITIONS,
    corrected="If the first matrix is kept and its output cut into two halves. With a matrix for each half the "
    "output layer stays; either way the pretrained weights no longer fit, and times and scores can't be compared.",
    where="chapters/08d_transformers#ex-08d-halves",
    citations=("shazeer2020",),
)
def gates_need_a_smaller_output_layer():
    width, inner = 768, 3072  # of bert-base
    x = torch.zeros(1, width)
    first = torch.zeros(inner, width)
    halves = gates.glu(*functional.linear(x, first).chunk(2, dim=1))
    full = gates.glu(functional.linear(x, first), functional.linear(x, first))
    return Evidence(
        f"bert-base, {width} wide, {inner} inside: {halves.shape[1]} numbers reach the output layer from one matrix "
        f"cut in two, {full.shape[1]} from two matrices",
        expected="fewer numbers than the output layer takes",
        cases={"one matrix, cut in two": halves.shape[1] < inner, "a matrix for each half": full.shape[1] < inner},
    )
