"""What kinds of operations torch has: linear, moving, making new units, reducing, and those not to be looked into."""

import torch

__all__ = ["ACTIVATIONS", "BY_MASK", "COMPARISONS", "CREATED", "FACTORS", "FUSED", "LARGEST", "LINEAR", "MERGED",
           "ORDERS", "PASSED", "REDUCTIONS", "SOFTMAXES", "UNITS_AT", "base_name", "functional", "is_linear",
           "is_pointwise", "names"]  # fmt: skip

aten = torch.ops.aten


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


# one number in, one number out, by the name of an activation function
ACTIVATIONS = names(
    "relu relu6 gelu silu sigmoid tanh leaky_relu elu celu selu hardswish hardsigmoid hardtanh mish softplus "
    "threshold _prelu_kernel prelu rrelu rrelu_with_noise rrelu_with_noise_functional log_sigmoid "
    "log_sigmoid_forward hardshrink softshrink sin"
)
LINEAR = names(
    "add sub rsub mul div neg positive _to_copy to clone copy alias detach lift_fresh real contiguous masked_fill "
    "nan_to_num where addcmul addcdiv lerp"
)
PRODUCTS = names("mul div where masked_fill")  # linear in one operand, and not in two
# linear as long as not all of these operands vary
FACTORS = {"div": (1,), "addcmul": (1, 2), "addcdiv": (2,), "lerp": (2,)}
UNTAGGED = names("_to_copy clone where masked_fill")  # pointwise, and torch does not say so of each form
COMPARISONS = names("eq ne lt gt le ge logical_and logical_or logical_not bitwise_and bitwise_or bitwise_not isnan")
ORDERS = names("topk sort kthvalue median argmax argmin argsort bucketize searchsorted cummax cummin")
# autograd saves outputs by way of these, and nobody reads them
PASSED = names("detach alias lift_fresh")
# made in the likeness of a tensor, and of nothing in it
CREATED = names(
    "zeros_like ones_like full_like empty_like rand_like randn_like new_zeros new_ones new_full new_empty bernoulli"
)
# new units, and the dimension on which they lie
UNITS_AT = {
    **dict.fromkeys(names("convolution _convolution mkldnn_convolution cudnn_convolution native_batch_norm"), 1),
    **dict.fromkeys(names("_native_batch_norm_legit _native_batch_norm_legit_no_training batch_norm"), 1),
    **dict.fromkeys(names("_batch_norm_with_update cudnn_batch_norm native_group_norm"), 1),
    **dict.fromkeys(names("addmm mm bmm baddbmm linear mkldnn_linear embedding matmul _grouped_mm"), -1),
    **dict.fromkeys(names("native_layer_norm _fused_rms_norm mkldnn_rnn_layer addbmm _scaled_mm"), -1),
}
REDUCTIONS = names(
    "mean sum amax amin var std var_mean std_mean max min argmax argmin norm linalg_vector_norm "
    "logsumexp any all prod"
)
LARGEST = names("amax amin max min")
# what writes by a mask; masked_fill itself is pointwise
BY_MASK = names("index_put _index_put_impl masked_scatter")
# what only serves to measure a size, if a reduction reads it
MERGED = names("pow abs exp square sqrt rsqrt log log1p expm1 reciprocal mul div add sub rsub neg _to_copy clone")
SOFTMAXES = names("_softmax _safe_softmax _log_softmax")
# nonlinear kernels that torch hands nothing out of
FUSED = names(
    "mkldnn_rnn_layer _cudnn_rnn miopen_rnn _thnn_fused_lstm_cell _thnn_fused_gru_cell quantized_lstm quantized_gru "
    "_scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_for_cpu "
    "_scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention "
    "_scaled_dot_product_fused_attention_overrideable _flash_attention_forward _efficient_attention_forward "
    "_transformer_encoder_layer_fwd _native_multi_head_attention flex_attention"
)


def base_name(operation) -> tuple[str, bool]:
    """The name of an aten operation without the underscore of those that work in place, and whether it is one."""
    name = operation.overloadpacket.__name__
    in_place = name.endswith("_") and not name.endswith("__")
    return (name[:-1] if in_place else name), in_place


def is_pointwise(operation, base: str) -> bool:
    """Whether each number of the output is a function of one number from each operand."""
    return torch.Tag.pointwise in operation.tags or base in ACTIVATIONS or base in UNTAGGED


def is_linear(base: str, args: tuple, inner: list[bool]) -> bool:
    """Whether a pointwise operation is linear in what varies; inner says of each positional argument if it does."""
    if base in COMPARISONS or base not in LINEAR:
        return False
    if base in FACTORS:
        return not all(i < len(inner) and inner[i] for i in FACTORS[base])
    if base in ("where", "masked_fill"):
        chooses = 0 if base == "where" else 1
        return sum(inner) < 2 and not (len(inner) > chooses and inner[chooses])
    return base not in PRODUCTS or sum(inner) < 2


def functional(operation):
    """The form of an operation that leaves its input as it is."""
    base, in_place = base_name(operation)
    if not in_place:
        return operation
    packet = getattr(aten, base)
    return getattr(packet, operation._overloadname, None) or packet.default
