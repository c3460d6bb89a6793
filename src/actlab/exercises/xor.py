"""Checks of chapter 08a."""

import math

import torch

from .. import activations, data
from ._kit import call, exercise


def _number(value, wanted):
    assert isinstance(value, int | float | torch.Tensor), f"{wanted} is a number, this is a {type(value).__name__}."
    return float(value)


@exercise("08a-mcnemar")
def _exact_p(function):
    for b, c in [(6, 2), (2, 6), (0, 6), (15, 5), (3, 3), (0, 0), (60, 30)]:
        n = b + c
        tail = sum(math.comb(n, k) for k in range(min(b, c) + 1)) / 2**n
        found, p = _number(call(function, b, c), "p"), min(1.0, 2 * tail)
        if abs(found - p) <= 1e-9:
            continue
        case = f"with {b} pairs one way and {c} the other p is {p:.4f}, and yours is {found:.4f}"
        assert abs(found - 2 * tail) > 1e-9, f"{case}: a probability ends at 1; both tails share the middle."
        assert abs(found - tail) > 1e-9, f"{case}: that is one tail, and either of the two might have come out ahead."
        upper = sum(math.comb(n, k) for k in range(b + 1)) / 2**n
        assert min(abs(found - 2 * upper), abs(found - min(1.0, 2 * upper))) > 1e-9, (
            f"{case}: which of the two ways comes first must not matter."
        )
        raise AssertionError(f"{case}.")
    return "the exact p, whichever way comes first, and 1 where there is nothing to tell."


@exercise("08a-end")
def _end_loss(function):
    # the answers of each group: how many of its corners have label 1, of how many
    cases = {
        "four corners alike, two of them 1": ([(2, 4)], math.log(2)),
        "three alike, two of them 1, and one alone": ([(2, 3), (0, 1)], None),
        "three alike, one of them 1, and one alone": ([(1, 3), (1, 1)], None),
        "one pair alike with both labels, two alone": ([(1, 2), (1, 1), (0, 1)], math.log(2) / 2),
        "a pair alike whose labels are both 1, two alone": ([(2, 2), (0, 1), (0, 1)], 0.0),
        "all alone": ([(0, 1), (1, 1), (1, 1), (0, 1)], 0.0),
    }
    three = 0.75 * (math.log(3) - 2 / 3 * math.log(2))
    for words, (groups, loss) in cases.items():
        loss = three if loss is None else loss
        found = _number(call(function, [tuple(group) for group in groups]), "the loss")
        assert found == found, f"{words}: nan; a group with one label only has 0 log 0 in its loss, which is 0."
        case = f"{words}: the loss is {loss:.4f}, and yours is {found:.4f}"
        off = sum(_entropy(k / m) for k, m in groups) / len(groups)
        assert abs(found - loss) <= 1e-9 or abs(found - off) > 1e-9, (
            f"{case}: a group of three weighs three times as much as a corner alone."
        )
        assert abs(found - loss) <= 1e-9 or abs(found - loss / math.log(2)) > 1e-9, (
            f"{case}: take natural logarithms."
        )
        assert abs(found - loss) <= 1e-9, f"{case}."
    return "every loss at which a ReLU network can come to rest."


def _entropy(p):
    return -sum(q * math.log(q) for q in (p, 1 - p) if q > 0)


@exercise("08a-order")
def _order(function):
    cases = {"relu": 1, "gelu": 2, "tanh": 3, "softplus": 2, "softsign": 2, "relu_squared": 2, "sine": 3}
    for name, order in cases.items():
        found = _number(call(function, activations.get(name)), "the order")
        case = f"for {name} the order is {order}, and yours is {found:.3g}"
        if name == "softsign" and abs(found - 3) < 0.1:
            raise AssertionError(f"{case}: it is odd, but its second derivative jumps at 0; measure, don't argue.")
        assert found == found, f"{case}: at a scale where the difference is exactly 0 its logarithm is no number."
        assert abs(found - order) < 0.1, f"{case}."
    return "seven functions, one of which looks like a 3 and is a 2."


@exercise("08a-rescue")
def _rescue(function):
    x, y = (part.double() for part in data.xor()[:2])
    generator = torch.Generator().manual_seed(11)
    w1, w2 = (0.1 * torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((2, 4, 100), (4, 100)))
    b1 = call(function, w1.clone())
    assert isinstance(b1, torch.Tensor), f"a tensor of biases is wanted, this is a {type(b1).__name__}."
    assert b1.shape == (4, 100), f"biases have shape (4, 100), yours {tuple(b1.shape)}."
    parameters = [w1, b1.detach().double().clone(), w2, torch.zeros(100, dtype=torch.float64)]
    z = torch.tensordot(x, w1, 1) + parameters[1]
    silent = (z <= 0).all(0).double().mean().item()
    for _ in range(5000):
        a = z.clamp(min=0)
        delta2 = ((torch.sigmoid((a * parameters[2]).sum(1) + parameters[3]) - y[:, None]) / 4)[:, None]
        delta1 = delta2 * parameters[2] * (z > 0)
        gradients = [torch.tensordot(x.T, delta1, 1), delta1.sum(0), (delta2 * a).sum(0), delta2.sum((0, 1))]
        parameters = [p - 0.1 * g for p, g in zip(parameters, gradients, strict=True)]
        z = torch.tensordot(x, parameters[0], 1) + parameters[1]
    right = ((z.clamp(min=0) * parameters[2]).sum(1) + parameters[3] > 0) == (y[:, None] > 0.5)
    solved = int(right.all(0).sum())
    why = f"; {silent:.0%} of the units are silent on all corners before the first step" if silent > 0.1 else ""
    if not why and solved < 80:
        why = "; no unit is silent, but units that are on everywhere are one straight line together"
    assert solved >= 80, f"{solved} of 100 ReLU networks solve XOR, and 80 are wanted{why}."
    return f"{solved} of 100 ReLU networks solve XOR; {silent:.0%} of the units were silent at the start."
