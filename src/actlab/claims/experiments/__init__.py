"""Claims about the experiments of the sources: what they ran, what they printed, and what they made of it."""

# in the order in which the ledger has them
from . import disk, ranks, xor, quoted, cnn, resnet, bert, adaptive  # isort: skip

__all__ = ["adaptive", "bert", "cnn", "disk", "quoted", "ranks", "resnet", "xor"]
