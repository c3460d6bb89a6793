"""The doctor's round: three networks that do not train, what is found in them, and the same after the cure."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ... import data, diagnostics, networks
from ...tables import Table
from ._signals import noise, power

__all__ = ["cured", "findings_table", "patients", "reports", "update_table", "with_batch_norm"]

F64 = torch.float64
Patients = dict[str, tuple[nn.Module, Tensor]]


def patients() -> Patients:
    """Three networks of ten hidden layers of 64 units, each with the batch of 256 examples that it is fed."""
    sizes, standard = [32, *[64] * 10, 1], noise(256, 32)
    return {
        "A": (networks.mlp(sizes, "sigmoid", seed=1, dtype=F64), standard),
        "B": (networks.mlp(sizes, "relu", scheme=0.5, seed=1, dtype=F64), standard),
        "C": (networks.mlp(sizes, "tanh", scheme="glorot", seed=1, dtype=F64), 128 + 40 * standard),
    }


def cured() -> Patients:
    """The same with one thing changed: A gets batch normalisation, B He's weights, C standardised inputs."""
    of = patients()
    grey = of["C"][1]
    return {
        "A": (with_batch_norm(of["A"][0]), of["A"][1]),
        "B": (networks.initialize(of["B"][0], "he", seed=1).network, of["B"][1]),
        "C": (of["C"][0], (grey - grey.mean(0)) / grey.std(0)),
    }


def with_batch_norm(network: nn.Sequential) -> nn.Sequential:
    """The same layers with batch normalisation before each activation."""
    stack = []
    for layer in network[:-1]:
        stack.append(layer)
        if isinstance(layer, nn.Linear):
            stack.append(nn.BatchNorm1d(layer.out_features, dtype=layer.weight.dtype))
    return nn.Sequential(*stack, network[-1])


def reports(of: Patients) -> dict[str, diagnostics.Health]:
    """What `diagnostics.health` says of each."""
    return {name: diagnostics.health(*patient) for name, patient in of.items()}


def findings_table(before: Mapping[str, diagnostics.Health], after: Mapping[str, diagnostics.Health]) -> Table:
    """What is objected to in each, what delta does over the layers, and what it does after the cure."""
    rows = []
    for name, report in before.items():
        for number, finding in enumerate(report.findings):
            what = finding.what if len(finding.what) < 42 else finding.what.split(",")[0]
            ends = [power(of[name].signals.powers) for of in (before, after)] if not number else ["", ""]
            rows.append([f"{name}" if not number else f"{name}, too", what, *ends])
    return Table(["patient", "health objects to", "delta", "cured"], rows)


def update_table(rates: tuple[float, ...] = (1e-6, 1e-3, 0.3)) -> Table:
    """How far one step of Adam moves the weights of a 2-32-32-1 ReLU network, as a share of their size."""
    task, rows = data.disk(300, seed=0, dtype=F64), []
    for rate in rates:
        network = networks.mlp([2, 32, 32, 1], "relu", scheme="he", seed=1, dtype=F64)
        adam = torch.optim.Adam(network.parameters(), lr=rate)

        def step(network=network, adam=adam):
            loss = nn.functional.binary_cross_entropy_with_logits(network(task.train_x).squeeze(1), task.train_y)
            loss.backward()
            adam.step()

        ratios = diagnostics.update_ratios(network, step).values()
        rows.append([f"{rate:g}", *(f"{ratio:.0e}".replace("e-0", "e-").replace("e+00", "e0") for ratio in ratios)])
    return Table(
        ["rate", "first matrix", "second", "third"], rows, caption="Change over size of the weights, both rms."
    )
