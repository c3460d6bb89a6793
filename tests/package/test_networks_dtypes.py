"""What networks and tasks say to a dtype that torch does not compute in."""

import pytest
import torch
from torch import nn

from actlab import data
from actlab.networks import APL, DyT, initialize, mlp

MADE = {
    "mlp": lambda dtype: mlp([2, 4, 1], "relu", dtype=dtype), "APL": lambda dtype: APL(3, dtype=dtype),
    "DyT": lambda dtype: DyT(3, dtype=dtype), "disk": lambda dtype: data.disk(8, test=8, dtype=dtype),
    "spirals": lambda dtype: data.spirals(8, test=8, dtype=dtype), "xor": lambda dtype: data.xor(dtype=dtype),
}  # fmt: skip
OTHERS = [torch.float8_e4m3fn, torch.int32, torch.complex64, "float32"]


@pytest.mark.parametrize("dtype", OTHERS, ids=str)
@pytest.mark.parametrize("name", MADE)
def test_a_dtype_that_is_not_computed_in_is_one_clear_error(name, dtype):
    with pytest.raises(TypeError, match=rf"^{name} takes as dtype one of torch\.float16, .*; got {dtype!r}$"):
        MADE[name](dtype)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("name", MADE)
def test_every_other_dtype_is_taken(name, dtype):
    made = MADE[name](dtype)
    tensors = list(made.parameters()) if isinstance(made, nn.Module) else [made.train_x]
    assert {t.dtype for t in tensors} == {dtype}


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2])
def test_a_start_of_eight_bits_is_refused_before_a_weight_is_touched(dtype):
    layer = nn.Linear(3, 3).to(dtype)
    before = layer.weight.clone()
    with pytest.raises(ValueError, match=r"weight is of torch\.float8.*: torch draws no such numbers"):
        initialize(layer, "he")
    assert torch.equal(layer.weight.view(torch.uint8), before.view(torch.uint8))
