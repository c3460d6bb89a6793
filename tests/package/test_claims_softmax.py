"""What the checks of this topic measure with, against answers known without them."""

import numpy as np
import pytest
import torch

from actlab.claims import softmax


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_the_largest_logit_is_the_last_whose_exponential_is_finite(dtype):
    number = np.dtype(str(dtype).removeprefix("torch.")).type
    limit = number(softmax._largest_logit(dtype))
    with np.errstate(over="ignore"):
        assert np.isfinite(np.exp(limit))
        beyond = limit + number(2) * np.spacing(limit)  # numpy 1 would go on in float64 with a plain 2
        assert not np.isfinite(np.exp(beyond))


def test_the_shifted_softmax_of_two_logits_is_a_sigmoid():
    z = torch.tensor([3.0, 1.0], dtype=torch.float64)
    torch.testing.assert_close(softmax._shifted(z + 1e4)[0], torch.sigmoid(z[0] - z[1]))
