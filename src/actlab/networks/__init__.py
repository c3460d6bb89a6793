"""Networks that take an activation, ways to start them, and the fold of a deep linear network into one layer."""

from ._adaptive import APL, conv_net, conv_stack
from ._dense import collapse, initialize, mlp, schemes
from ._images import cnn, resnet, xavier_uniform
from ._text import Inside, Sentences, Transformer, inside, pretrained, swap_feed_forward, transformer, trim

__all__ = [
    "APL",
    "Inside",
    "Sentences",
    "Transformer",
    "cnn",
    "collapse",
    "conv_net",
    "conv_stack",
    "initialize",
    "inside",
    "mlp",
    "pretrained",
    "resnet",
    "schemes",
    "swap_feed_forward",
    "transformer",
    "trim",
    "xavier_uniform",
]
