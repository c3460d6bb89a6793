"""What entries of several families are made of."""

import torch

__all__ = ["above", "finite", "negative", "reach", "sigmoid_slope", "softplus_value", "tanh_slope", "times"]


def above(z):
    """1 where z > 0, else 0, and nan where z is nan: a comparison would say of nan that it is not."""
    return z.clamp(0, 1).ceil()


def finite(z):
    """z with the farthest number of its dtype for infinity, which quotients and products can't take."""
    largest = torch.finfo(z.dtype).max
    return z.clamp(-largest, largest)


def times(a, z):
    """a z for a number, or a tensor of them, and 0 where a is 0, however far z is."""
    return a * reach(a, z)


def reach(a, z):
    """z with a number for infinity where a is 0, so that a z is 0 there."""
    if isinstance(a, torch.Tensor):
        return torch.where(z.isinf() & (a == 0), 0.0, z)
    return z if a else finite(z)


def sigmoid_slope(z):
    # s(-z), not 1 - s(z): the difference is 0 once s rounds to 1, although the slope is not.
    return torch.sigmoid(z) * torch.sigmoid(-z)


def tanh_slope(z):
    return 4 * torch.sigmoid(2 * z) * torch.sigmoid(-2 * z)  # 1 - tanh**2 cancels in the tails


def softplus_value(z):
    # never takes exp of a positive number, and its gradient at 0 is 1/2: with relu and abs it would be 0 there
    return torch.logaddexp(z, torch.zeros_like(z))


def negative(z):
    """z, but above 0 a number whose exp is 1: what `where` leaves out must not see a large z, as inf * 0 is nan.

    Not cut at 0 itself: there the gradient of clamp, which counts in the slope of a slope, is 1 up to torch 2.13 and
    0 from 2.14 on. And not at the smallest number, whose exp and expm1 take longer.
    """
    return z.clamp(max=1e-18)
