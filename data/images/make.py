"""The study of images: five functions, two optimisers, two kinds of network; about an hour of one processor.

    python data/images/make.py [FOLDER]             trains what FOLDER lacks, then writes the tables beside this file
    python data/images/make.py --tables [FOLDER]    writes the tables from whatever runs FOLDER has

Stopped, it goes on from where it was: FOLDER keeps every run. The stores:

mnist            the small network on 2,000 digits: SGD and Adam at rate 0.001, then SGD at ten and a hundred times that
resnet50_narrow  as deep as ResNet-50, a quarter as wide, 2,000 digits, Adam and SGD
resnet50         ResNet-50 with ReLU and Adam, 1,000 digits
cifar10          the small network on 4,000 photographs, which the repository does not hold: see README.md
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from actlab import experiments, results, train

STORES = Path(__file__).parents[2] / "_build" / "images"
FIVE = experiments.five
SGD, ADAM = {"optimizers": ["sgd"], "epochs": 30}, {"optimizers": ["adam"], "epochs": 25}
RATE = SGD | {"epochs": 25}
NARROW = {"network": "resnet50_narrow", "points": 2000, "test_points": 500, "epochs": 4, "every": 16}
FULL = {"network": "resnet50", "points": 1000, "test_points": 500, "epochs": 3, "every": 8}
PHOTOGRAPHS = {"task": "cifar10", "points": 4000, "test_points": 1000, "epochs": 12}


def studies(photographs: bool) -> Iterator[tuple[str, experiments.Study]]:
    """Each store with a study, what matters most first; the first seeds of all before the later ones of any."""
    images = experiments.images
    for runs in (1, 2, 3):
        yield "mnist", images(runs, **SGD)
        yield "mnist", images(runs, **ADAM)
        yield "mnist", images(runs, rates=[0.1], **RATE)
        yield "resnet50_narrow", images(runs, ["relu", "sigmoid", "elu"], ["adam"], **NARROW)
        yield "resnet50", images(runs, ["relu"], ["adam"], **FULL)
    for runs in (4, 5):
        yield "mnist", images(runs, **SGD)
        yield "mnist", images(runs, **ADAM)
    for runs in (1, 2, 3):
        if photographs:
            yield "cifar10", images(runs, **PHOTOGRAPHS)
    for runs in (1, 2, 3):
        yield "mnist", images(runs, rates=[0.01], **RATE)
        yield "resnet50_narrow", images(runs, optimizers=["adam", "sgd"], **NARROW)
