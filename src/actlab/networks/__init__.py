"""Networks that take an activation, ways to start them, and the fold of a deep linear network into one layer."""

from ._adaptive import APL, conv_net, conv_stack
from ._dense import collapse, mlp
from ._fans import fans
from ._images import cnn, resnet, xavier_uniform
from ._norms import DyT
from ._starts import Drawn, Left, Scheme, Start, initialize, laws, schemes
from ._text import Inside, Sentences, Transformer, inside, pretrained, swap_feed_forward, transformer, trim
from ._width import mup

__all__ = [
    "APL",
    "Drawn",
    "DyT",
    "Inside",
    "Left",
    "Scheme",
    "Sentences",
    "Start",
    "Transformer",
    "cnn",
    "collapse",
    "conv_net",
    "conv_stack",
    "fans",
    "initialize",
    "inside",
    "laws",
    "mlp",
    "mup",
    "pretrained",
    "resnet",
    "schemes",
    "swap_feed_forward",
    "transformer",
    "trim",
    "xavier_uniform",
]
