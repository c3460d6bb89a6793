"""A function in the place of a normalisation."""

import torch
from torch import Tensor, nn

from .._floats import require_float_type
from ..activations import get

__all__ = ["DyT"]


class DyT(nn.Module):
    """weight * tanh(alpha z) + bias, dynamic tanh: in the place of a layer norm, without a mean {cite}`zhu2025`.

    features: the size of z's last dim, as of torch.nn.LayerNorm. Parameters, with the names of the authors' code:
    `alpha`, one number for the layer, which starts at `alpha`, theirs at 0.5; `weight` and `bias`, one for each
    feature, which start at 1 and 0. z and what comes back have one shape, whose last dim is features; the dtype is
    that of z. No entry of the catalog of activations, for it is another function for each feature.
    Raises ValueError where there is no feature, or z has another number of them, TypeError where it holds no floats.
    """

    def __init__(self, features: int, *, alpha: float = 0.5, dtype: torch.dtype = torch.float32):
        super().__init__()
        if features < 1:
            raise ValueError(f"there is at least one feature, got features={features}")
        require_float_type(dtype, "DyT")
        self.features = features
        self.alpha = nn.Parameter(torch.full((1,), alpha, dtype=dtype))
        self.weight = nn.Parameter(torch.ones(features, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(features, dtype=dtype))

    def forward(self, z: Tensor) -> Tensor:
        if isinstance(z, Tensor) and (z.ndim == 0 or z.shape[-1] != self.features):
            raise ValueError(f"these are {self.features} features, in the last dim; z has shape {tuple(z.shape)}")
        alpha, weight, bias = (value.to(z.dtype) for value in (self.alpha, self.weight, self.bias))
        return weight * get("tanh")(alpha * z) + bias

    def extra_repr(self) -> str:
        return f"{self.features}, alpha={self.alpha.item():g}"
