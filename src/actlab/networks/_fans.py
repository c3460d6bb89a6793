"""The kinds of layers that have weights: how many meet in an output, and what torch starts them with."""

import math
from typing import NamedTuple

from torch import Tensor, nn

__all__ = ["Part", "fans", "parts_of"]


class Part(NamedTuple):
    """A tensor of a layer. fan_in, fan_out: of a weight, 0 of a bias. blocks: matrices that lie in it, one under the
    other. reach: of the uniform law that torch draws it from. usual: what else torch does, a law and a std."""

    key: str
    fan_in: float = 0
    fan_out: float = 0
    blocks: int = 1
    reach: float = 0.0
    usual: tuple[str, float] | None = None

    @property
    def is_bias(self) -> bool:
        return not self.fan_in


def _linear(layer):
    fan_out, fan_in = layer.weight.shape
    reach = 1 / math.sqrt(fan_in)
    # the last layer of attention, which torch starts without biases
    usual = ("zero", 0.0) if isinstance(layer, nn.modules.linear.NonDynamicallyQuantizableLinear) else None
    return [Part("weight", fan_in, fan_out, reach=reach), Part("bias", reach=reach, usual=usual)]


def _convolution(layer):
    places, groups = math.prod(layer.kernel_size), layer.groups
    fan_in, fan_out = (channels // groups * places for channels in (layer.in_channels, layer.out_channels))
    torchs = fan_in
    if layer.transposed:
        torchs, fan_in = fan_out, fan_in / math.prod(layer.stride)
    reach = 1 / math.sqrt(torchs)
    return [Part("weight", fan_in, fan_out, reach=reach), Part("bias", reach=reach)]


def _bilinear(layer):
    one, two, out = layer.in1_features, layer.in2_features, layer.out_features
    reach = 1 / math.sqrt(one)
    return [Part("weight", one * two, out * (one + two) / 2, reach=reach), Part("bias", reach=reach)]


def _embedding(layer):
    return [Part("weight", 1, layer.embedding_dim, usual=("normal", 1.0))]


def _recurrent(layer):
    if isinstance(layer, nn.RNNBase):
        keys = [key for keys in layer._all_weights for key in keys]
    else:
        keys = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    reach = 1 / math.sqrt(layer.hidden_size)
    for key in keys:
        weight = getattr(layer, key, None)
        if weight is None or weight.ndim == 1:
            yield Part(key, reach=reach)
        elif key.startswith("weight_hr"):  # the projection of an LSTM's outputs
            yield Part(key, weight.shape[1], weight.shape[0], reach=reach)
        else:
            yield Part(key, weight.shape[1], layer.hidden_size, len(weight) // layer.hidden_size, reach)


def _attention(layer):
    width = layer.embed_dim
    if layer._qkv_same_embed_dim:
        yield Part("in_proj_weight", width, width, 3, usual=("uniform", math.sqrt(2 / (4 * width))))
    else:
        for key, there in [("q", width), ("k", layer.kdim), ("v", layer.vdim)]:
            usual = ("uniform", math.sqrt(2 / (width + there)))
            yield Part(f"{key}_proj_weight", there, width, usual=usual)
    yield Part("in_proj_bias", usual=("zero", 0.0))
    for key in ("bias_k", "bias_v"):
        yield Part(key, usual=("normal", 1 / math.sqrt(width)))


KINDS = (
    (nn.modules.conv._ConvNd, _convolution),
    (nn.Bilinear, _bilinear),
    (nn.Embedding | nn.EmbeddingBag, _embedding),
    (nn.RNNBase | nn.RNNCellBase, _recurrent),
    (nn.MultiheadAttention, _attention),
)


def fans(layer: nn.Module) -> dict[str, tuple[float, float]]:
    """Fan-in and fan-out of each weight of a layer, by its name: {"weight": (64, 32)}.

    Fan-in is how many weights meet in one output, fan-out how many outputs one input goes to, both away from borders.
    A convolution's channels count by group, and its stride does not count {cite}`he2015`. One that is transposed with
    a stride spreads its kernel: only so many of its weights meet in an output, on average, as the product of strides
    leaves. An embedding looks one row up, and has fan-in 1. Each gate of a recurrent layer, and each of the queries,
    keys and values of attention, is a matrix of its own. Raises ValueError for a layer of another kind, one whose
    shape is not known yet, and one without inputs or outputs.
    """
    parts = parts_of(layer, type(layer).__name__)
    if parts is None:
        raise ValueError(f"there are no fans of a {type(layer).__name__}")
    return {part.key: (part.fan_in, part.fan_out) for part in parts if not part.is_bias}


def parts_of(layer, name):
    """Every tensor of a layer that has one; None for a layer of another kind."""
    if isinstance(layer, nn.modules.lazy.LazyModuleMixin) and layer.has_uninitialized_params():
        raise ValueError(
            f"layer {name} is a {type(layer).__name__}, whose shape is not known yet: call the network on a batch "
            "first"
        )
    describe = (
        _linear if isinstance(layer, nn.Linear) else next((d for kind, d in KINDS if isinstance(layer, kind)), None)
    )
    if describe is None:
        return None
    for key, value in _tensors(layer):
        if value.ndim > 1 and not value.numel():
            raise ValueError(
                f"layer {name} has a {key} of shape {tuple(value.shape)}, in which there is nothing to draw"
            )
    return [part for part in describe(layer) if isinstance(getattr(layer, part.key, None), Tensor)]


def _tensors(layer):
    yield from layer.named_parameters(recurse=False)
    for key in getattr(layer, "parametrizations", ()):
        yield key, getattr(layer, key)
