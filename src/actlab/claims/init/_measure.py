"""What several of these claims measure with."""

import math

import torch
from torch import nn
from torch.nn import functional

CHAPTER = "chapters/07_init_pairing"
F64 = torch.float64


def _descend(network, task, *, rate, steps, batch=None, clip=math.inf):
    """The loss before each step of plain gradient descent on the logistic loss, which trains the network in place."""
    generator = torch.Generator().manual_seed(0)
    descent = torch.optim.SGD(network.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        pick = torch.randint(len(task.train_x), (batch,), generator=generator) if batch else slice(None)
        logits = network(task.train_x[pick]).squeeze(1)
        loss = functional.binary_cross_entropy_with_logits(logits, task.train_y[pick])
        descent.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), clip)
        descent.step()
        losses.append(loss.item())
    return losses
