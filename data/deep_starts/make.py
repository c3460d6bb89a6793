"""Which starts train twenty layers of ReLU, tanh and sigmoid units? Four starts, ten draws; some minutes on one core.

    python data/deep_starts/make.py            writes deep_starts.json and provenance.json beside it

Twenty hidden layers of 24 units, one output, 100 points of the disk and 500 fresh ones, 400 steps of descent on the
full batch at rate 0.03 with momentum 0.9: one rate for all, tuned for none. A draw is of the points and, with 1000
added to its seed, of the weights; the functions and the starts share the draws.
"""

import time
from pathlib import Path

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from actlab import activations, data, networks, results

# the start and the gain of each, as in the player of chapter 7
STARTS = {"PyTorch": ("torch", 1.0), "Glorot": ("lecun", 1.0), "He": ("he", 1.0), "gain 8": ("lecun", 8.0)}
FUNCTIONS, DRAWS, STOPS = ("relu", "tanh", "sigmoid"), range(10), (50, 100, 200, 400)
LAYERS, WIDTH, POINTS, RATE, MOMENTUM = 20, 24, 100, 0.03, 0.9


def train(function: str, draws=DRAWS, stops=STOPS) -> list[dict]:
    """A row for each start and draw: all networks of a function side by side, each on its own points."""
    act = activations.get(function)
    tasks = {draw: data.disk(POINTS, test=500, seed=draw) for draw in draws}
    cases, started = [], []
    for start, (scheme, gain) in STARTS.items():
        for draw in draws:
            network = networks.mlp([2, *[WIDTH] * LAYERS, 1], function)
            networks.initialize(network, scheme, gain=gain, seed=1000 + draw)
            cases.append((start, draw))
            started.append(list(network.parameters()))
    parameters = [
        torch.stack([part.detach() for part in same]).requires_grad_() for same in zip(*started, strict=True)
    ]
    x, y, test_x, test_y = (torch.stack(part) for part in zip(*(tasks[draw] for _, draw in cases), strict=True))

    def logits(a):
        for layer, (weight, bias) in enumerate(zip(parameters[0::2], parameters[1::2], strict=True)):
            z = torch.baddbmm(bias[:, None], a, weight.mT)
            a = act(z) if layer < LAYERS else z
        return a.squeeze(2)

    update = torch.optim.SGD(parameters, lr=RATE, momentum=MOMENTUM)
    rows = [{"function": function, "start": start, "draw": draw} for start, draw in cases]
    for step in range(1, max(stops) + 1):
        loss = binary_cross_entropy_with_logits(logits(x), y, reduction="none").mean(1)
        update.zero_grad()
        loss.sum().backward()  # each network gets the gradient of its own loss
        update.step()
        if step in stops:
            with torch.no_grad():
                right = ((logits(test_x) > 0) == (test_y > 0)).double().mean(1)
            for row, share in zip(rows, right.tolist(), strict=True):
                row[f"accuracy_{step}"] = round(share, 4)
    return rows


def main():
    began = time.perf_counter()
    torch.set_num_threads(1)  # the sums inside a step depend on the number of threads
    rows = [row for function in FUNCTIONS for row in train(function)]
    results.save(
        "deep_starts",
        {"deep_starts": rows},
        folder=Path(__file__).parent,
        command="python data/deep_starts/make.py",
        seconds=time.perf_counter() - began,
        seeds=list(DRAWS),
    )


if __name__ == "__main__":
    main()
