"""Claims about what the texts report of others of the data, and of experiments without a table."""

import numpy as np

from .. import (
    CITED,
    CONDITIONS,
    FALSE,
    IMPRECISE,
    OPEN,
    OPENLY,
    PUBLISHED,
    STORED,
    TRUE,
    Evidence,
    claim,
)
from .._measure import number_in, words_in
from ._stored import (
    BERT,
    CNN,
    IMAGES,
    RESNET,
    _disk,
    _error,
    _further,
    _gap,
    _medians,
    _place,
    _printed,
    _rows,
    _tables,
)


@claim(
    "ReLU trains faster than sigmoid and tanh, and usually gives better results in deeper networks",
    verdict=CONDITIONS,
    corrected="Faster, with eight hidden layers: a little faster than tanh, and far faster than sigmoid, which "
    "failed on one of ten draws. Not better: where they learn, both have more fresh points right. With two hidden "
    "layers ReLU is in the middle of eight functions.",
    how=STORED,
    activations=("relu", "tanh", "sigmoid"),
)
def relu_trains_faster_and_better_when_deep():
    names = ("relu", "tanh", "sigmoid")
    steps = {name: np.median(_further("deep", name, "steps_to_0.1")) for name in names}
    right = {name: np.median(_further("deep", name, "test_accuracy")) for name in names}
    failed = {name: int((_further("deep", name, "test_accuracy") < 0.9).sum()) for name in names}
    place = _place(_medians("train_loss"), "relu")
    return Evidence(
        "8 hidden layers on the disk, 10 draws: "
        + "; ".join(
            f"{name} reaches a training loss of 0.1 in {steps[name]:.0f} steps and has {right[name]:.1%} of fresh "
            f"points right (medians), below 90 % on {failed[name]}"
            for name in names
        )
        + f"; with 2 hidden layers ReLU has place {place} of 8 in training loss",
        expected="fewer steps to a loss of 0.1; more fresh points right; with 2 layers, the first half of 8",
        cases={
            **{f"8 layers: faster than {name}": steps["relu"] < steps[name] for name in names[1:]},
            **{f"8 layers: better than {name}": right["relu"] > right[name] for name in names[1:]},
            "2 layers: in the first half": place <= 4,
        },
    )


@claim(
    "On some toy tasks tanh or sigmoid may be comparable to ReLU",
    verdict=TRUE,
    how=STORED,
    activations=("tanh", "sigmoid", "relu"),
    where="chapters/08_experiments#sec-exp-reversal",
)
def tanh_and_sigmoid_are_comparable_on_toys():
    accuracy = _medians("test_accuracy")
    return Evidence(
        f"right on 20,000 fresh points of the disk, medians of {_disk('test_accuracy')['tanh'].size} runs: "
        + ", ".join(f"{name} {accuracy[name]:.1%}" for name in ("tanh", "sigmoid", "relu")),
        expected="within half a per cent of ReLU, or above",
        cases={name: accuracy[name] > accuracy["relu"] - 0.005 for name in ("tanh", "sigmoid")},
    )


@claim(
    "APL units improved on ReLU by 7.51 % on CIFAR-10 and by 30.83 % on CIFAR-100",
    verdict=FALSE,
    corrected="These are the error rates that they reached: 92.5 % and 69.2 % right.",
    how=CITED,
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_improved_by_its_error_rates():
    errors = {task: number_in("agostinelli2015", f"error on {task}") for task in ("CIFAR-10", "CIFAR-100")}
    number = _printed("improvement", place="Section 2.1")
    return Evidence(
        "the text's improvement, and the error that the abstract of the paper has: "
        + "; ".join(f"{task} {number[task]} and {error} per cent" for task, error in errors.items()),
        expected="improvements, which are other numbers than the errors that are left",
        cases={task: number[task] != error for task, error in errors.items()},
    )


@claim(
    "Eger and others compared activations on three language tasks",
    verdict=IMPRECISE,
    corrected="On eight tasks, of three types: classification of sentences and of documents, and tagging of "
    "sequences.",
    how=CITED,
    citations=("eger2018",),
)
def eger_compared_on_three_tasks():
    functions, tasks, types = (int(number_in("eger2018", what)) for what in ("functions", "tasks", "types of tasks"))
    return Evidence(
        f"its abstract: {functions} functions on {tasks} tasks; its text: tasks of {types} types",
        expected="3 tasks",
        cases={"the tasks are three": tasks == 3},
        core={"their types are three": types == 3},
    )


@claim(
    "Eger and others found the penalized tanh the most stable across tasks",
    verdict=OPEN,
    corrected="Their abstract says so. The numbers behind it are not at hand, and one setting cannot decide it.",
    how=OPENLY,
    activations=("penalized_tanh",),
    citations=("eger2018",),
)
def penalized_tanh_is_the_most_stable():
    f1 = _tables(BERT, "CoLA", "f1")
    return Evidence(
        f"the abstract says so, of eight tasks whose results are not stored here. In the BERT runs of the text that "
        f"repeats it, its F1 on CoLA is {f1['penalized_tanh']}, tanh's {f1['tanh']}, GELU's {f1['gelu']}"
    )


@claim(
    "Agostinelli et al. have each layer learn its activation",
    verdict=FALSE,
    corrected="They have each unit learn it, with 2S numbers of its own; the same text says so elsewhere.",
    how=CITED,
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_learns_one_function_per_layer():
    said = words_in("agostinelli2015", "learned")
    return Evidence(
        f"their abstract: “{said}”; the text counts 2SM parameters, M being the hidden units",
        expected="one function for each layer",
        cases={"the abstract has one for each layer": "layer" in said and "neuron" not in said},
    )


@claim(
    "ReLU overfits more easily than sigmoid",
    verdict=CONDITIONS,
    corrected="On the disk, clearly. The text's tables can't say: they have no training loss, and in half of its "
    "image experiments ReLU has the lower test loss.",
    how=STORED,
    activations=("relu", "sigmoid"),
)
def relu_overfits_more_than_sigmoid():
    gap = {name: (_disk("test_loss")[name] - _disk("train_loss")[name]).mean(axis=1) for name in ("relu", "sigmoid")}
    wider, draws = int((gap["relu"] > gap["sigmoid"]).sum()), len(gap["relu"])
    loss = {
        f"{network}, {task}": _tables(tables, task, "loss")
        for network, tables in [("CNN", CNN), ("ResNet50", RESNET)]
        for task in IMAGES
    }
    higher = {where: values["relu"] > values["sigmoid"] for where, values in loss.items()}
    return Evidence(
        f"disk: test minus training loss {gap['relu'].mean():.3f} with ReLU, {gap['sigmoid'].mean():.3f} with "
        f"sigmoid, wider on {wider} of {draws} draws; test loss higher with ReLU in {sum(higher.values())} of "
        f"{len(higher)} image experiments of the text",
        expected="a wider gap, and a higher test loss",
        cases={"disk: a wider gap on nine tenths of the draws": wider >= 0.9 * draws}
        | {f"{where}: a higher test loss": held for where, held in higher.items()},
    )


@claim(
    "CIFAR-10 has 6000 images of each class, 5000 to train on and 1000 to test on",
    verdict=TRUE,
    how=CITED,
    citations=("krizhevsky2009",),
)
def cifar_10_has_6000_images_of_each_class():
    what = ("classes", "training images", "test images")
    classes, train_images, test_images = (int(number_in("krizhevsky2009", of)) for of in what)
    return Evidence(
        f"its page: {train_images:,} training and {test_images:,} test images of {classes} classes, as many of each",
        expected="5000 and 1000 of each class",
        cases={
            "5000 to train on": train_images / classes == 5000,
            "1000 to test on": test_images / classes == 1000,
        },
    )


@claim(
    "SST-2 has 6,7349 training sentences",
    verdict=IMPRECISE,
    corrected="67,349: a slip of the comma.",
    how=CITED,
    citations=("wang2019",),
)
def sst_2_has_67349_training_sentences():
    listed, printed = int(number_in("wang2019", "SST-2 training sentences")), "6,7349"
    return Evidence(
        f"the files of GLUE have {listed:,}",
        expected="the number as it is printed",
        cases={"as printed": f"{listed:,}" == printed},
        core={"its digits": str(listed) == printed.replace(",", "")},
    )


@claim(
    "CoLA comes from 23 publications and has 8,551 sentences to train on",
    verdict=TRUE,
    corrected="The 23 are those of all 10,657 sentences, the held-out test set included.",
    how=CITED,
    citations=("warstadt2019", "wang2019"),
)
def cola_has_8551_training_sentences():
    training, development = (int(number_in("wang2019", f"CoLA {of} sentences")) for of in ("training", "development"))
    public, held_out, everything, publications = (
        int(number_in("warstadt2019", what))
        for what in ("public sentences", "held-out sentences", "sentences", "publications")
    )
    return Evidence(
        f"the corpus's page: {everything:,} sentences of {publications} linguistics publications, {public:,} of them "
        f"public and {held_out:,} held out; the files of GLUE: {development:,} for development. What is left of "
        f"the public ones is {public - development:,}",
        expected="23, and 8,551 to train on",
        cases={
            "23 publications": publications == 23,
            "8,551 in GLUE": training == 8551,
            "as many as the corpus leaves": training == public - development == everything - held_out - development,
        },
    )


@claim(
    "In SST-2 the comments are scored by how positive they are",
    verdict=IMPRECISE,
    corrected="SST-2 has two labels, positive and negative. The treebank that it is taken from has five grades.",
    how=CITED,
    citations=("socher2013", "wang2019"),
)
def sst_2_scores_by_degree():
    labels, grades = int(number_in("wang2019", "SST-2 labels")), int(number_in("socher2013", "grades"))
    return Evidence(
        f"SST-2: {labels} labels; the treebank: {grades} grades",
        expected="more than two labels in SST-2",
        cases={"SST-2 has degrees": labels > 2},
        core={"its source has": grades > 2},
    )


@claim(
    "A thousand sentences, held out from the training set, make a test set for the comparison",
    verdict=CONDITIONS,
    own=True,
    corrected="Enough to tell GELU from no learning at all. The standard error is about a point, and differences "
    "between the functions that learned SST-2 lie within it; labelled validation sets exist.",
    where="chapters/08d_transformers#sec-swap-arithmetic",
    how=PUBLISHED,
    citations=("wang2019",),
)
def thousand_sentences_make_a_test_set():
    n = {task: _printed("test", place="Section 3.3")[task] for task in ("CoLA", "SST-2")}
    percent = {task: {k: 100 * v for k, v in _tables(BERT, task, "accuracy").items()} for task in n}
    cola = _gap(percent["CoLA"], "gelu", "tanh", n["CoLA"])
    sst = _gap(percent["SST-2"], "gelu", "relu", n["SST-2"])
    return Evidence(
        f"standard error {_error(percent['CoLA']['tanh'], n['CoLA']):.1f} points at {percent['CoLA']['tanh']:.1f} %; "
        f"GELU is ahead of no learning by {cola:.1f} standard errors on CoLA, of ReLU by {sst:.1f} on SST-2",
        expected="differences beyond 2 standard errors",
        cases={"GELU from a constant answer, CoLA": cola > 2, "GELU from ReLU, SST-2": sst > 2},
    )


@claim(
    "BERT was tried with basic functions, with variants of ReLU and with gates",
    verdict=TRUE,
    where="chapters/08d_transformers#sec-swap-published",
    how=PUBLISHED,
    activations=("relu", "tanh", "sigmoid", "swish", "elu", "leaky_relu", "relu_squared", "penalized_tanh", "gelu"),
    citations=("park2024",),
)
def bert_was_tried_with_eleven_functions():
    named = {
        "relu",
        "tanh",
        "sigmoid",
        "swish",
        "elu",
        "leaky_relu",
        "relu_squared",
        "penalized_tanh",
        "glu",
        "swiglu",
    }
    tried = set(_tables(BERT, "CoLA", "accuracy"))
    return Evidence(
        f"{len(tried)} columns in Tables 19 and 20: {', '.join(sorted(tried))}",
        expected="a column for each function that the text names, and GELU's",
        cases={"as named, and GELU": tried == named | {"gelu"}},
    )


@claim(
    "ELU, GELU and Swish cost more to compute than ReLU",
    verdict=TRUE,
    corrected="On the processor on which it was timed, and of the function alone. In a layer of 512 units the "
    "difference is small.",
    how=STORED,
    activations=("elu", "gelu", "silu", "relu"),
    where="appendix/catalog#cost-of-activations",
)
def elu_gelu_and_swish_cost_more_than_relu():
    cost = {row["activation"]: row for row in _rows("activation_cost") if row["form"] == "torch"}
    names = ("elu", "gelu", "silu")
    return Evidence(
        "processor time over that of ReLU, torch's own forms, alone, with the gradient, and in a layer of 512 units: "
        + "; ".join(
            f"{name} " + ", ".join(f"{cost[name][f'{what}_ratio']:.2f}" for what in ("forward", "both", "layer"))
            for name in names
        ),
        expected="at least a tenth more, alone and with the gradient",
        cases={name: min(cost[name]["forward_ratio"], cost[name]["both_ratio"]) > 1.1 for name in names},
    )


@claim(
    "No single activation is the best everywhere",
    verdict=CONDITIONS,
    corrected="Six functions share the ten first places; but in most of the comparisons the first is ahead by no "
    "more than chance, so they don't show that another would have been worse.",
    how=PUBLISHED,
    activations=("relu", "leaky_relu", "elu", "selu", "sigmoid", "gelu"),
    citations=("park2024",),
)
def no_activation_is_best_everywhere():
    n_images, n_sentences = (
        _printed("test", place="Section 3.1")["all"],
        _printed("test", place="Section 3.3")["CoLA"],
    )
    scores = {
        f"{e}, {task}": (_tables(t, task, "accuracy"), n_images)
        for e, t in [("CNN", CNN), ("ResNet50", RESNET)]
        for task in IMAGES
    }
    for task in ("CoLA", "SST-2"):
        scores[f"BERT, {task}"] = {k: 100 * v for k, v in _tables(BERT, task, "accuracy").items()}, n_sentences
    order = {where: sorted(of, key=of.get)[::-1] for where, (of, _) in scores.items()}
    ahead = {where: _gap(of, *order[where][:2], n) for where, (of, n) in scores.items()}
    winners = {names[0] for names in order.values()}
    clear = [where for where in ahead if ahead[where] > 2]
    return Evidence(
        f"{len(winners)} winners in {len(scores)} comparisons ({', '.join(sorted(winners))}); ahead of the second by "
        f"more than 2 standard errors in {len(clear)}: {'; '.join(clear)}",
        expected="different winners, each ahead of the second by more than 2 standard errors",
        cases={"more than one winner": len(winners) > 1}
        | {f"{where}: {order[where][0]} ahead beyond chance": z > 2 for where, z in ahead.items()},
    )
