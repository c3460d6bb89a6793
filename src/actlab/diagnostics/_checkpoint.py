"""What the blocks of a model of transformers compute, beside what its configuration says that they do."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from os import PathLike
from pathlib import Path

import torch
from torch import nn

from ..activations import Activation
from . import _html, _text
from ._findings import called
from ._names import entry_of
from ._ops import names as _names
from ._signals import Coverage, signals

__all__ = ["Block", "Blocks", "blocks", "load_checkpoint"]

# under these names configurations keep the function of their blocks
KEYS = _names(
    "hidden_act hidden_activation activation_function activation dense_act_fn act_fn afn ffn_activation "
    "hidden_activation_function mlp_hidden_act"
)
FORMS = {"gelu": "exact, by erf", "gelu_tanh": "by tanh", "swish": "by a sigmoid"}  # of the catalog
EXAMPLES, TOKENS = 2, 8  # of a drawn batch: a function is known by its values, so few examples serve
BLOCK = re.compile(r"(.*?\.\d+(?:\.layers?\.\d+)*)(?:\.|$)")  # up to the number that counts the blocks of a stack


@dataclass(frozen=True)
class Block:
    """One block: the name of its module, the functions that it calls, and which of them are gates."""

    name: str
    functions: tuple[str, ...]  # as the catalog has them, or torch's name
    gated: tuple[bool, ...]  # whether the output is multiplied with another signal
    forms: tuple[str, ...]  # of GELU, "" where it is none


@dataclass(frozen=True)
class Blocks:
    """The blocks of a model, beside its configuration.

    says: what each key of it names, and which entry of the catalog that is. differs: a sentence for each difference.
    coverage: how much was measured.
    """

    blocks: tuple[Block, ...]
    says: Mapping[str, str]
    differs: tuple[str, ...]
    coverage: Coverage

    def __repr__(self) -> str:
        lines = []
        for names, block in self._alike():
            of = f"{len(names)} blocks, {names[0]} to {names[-1]}" if len(names) > 1 else names[0]
            lines += _text.wrapped(f"{of}: {_told(block)}", "  ")
        said = "; ".join(f"{key} is {name}" for key, name in self.says.items())
        lines += _text.wrapped(f"the configuration says: {said or 'nothing about the function of its blocks'}", "  ")
        lines += _text.wrapped(f"{self.coverage}")
        lines.append(f"verdict: {self._verdict}")
        for sentence in self.differs:
            lines += _text.wrapped(f"- {sentence}", "  ")
        return "\n".join(lines)

    @property
    def _verdict(self):
        if self.differs:
            return "the blocks compute something else than the configuration says"
        return (
            "the blocks compute what the configuration says" if self.says else "there is nothing to hold them against"
        )

    def _alike(self):
        """Blocks in a row that compute the same, together."""
        for _, found in groupby(self.blocks, lambda block: (block.functions, block.gated, block.forms)):
            found = list(found)
            yield [block.name for block in found], found[0]

    def _repr_html_(self) -> str:
        return _html.framed(f"<pre>{_html.said_in_lines(repr(self))}</pre>")

    def save(self, path: str | PathLike[str]) -> Path:
        """Write this as one HTML file; as `Health.save` does."""
        return _html.save(path, self._verdict, "What the blocks compute", self._repr_html_())


def _told(block):
    parts = []
    for function, gated, form in zip(block.functions, block.gated, block.forms, strict=True):
        more = [word for word in (f"GELU {form}" if form else "", "a gate" if gated else "no gate") if word]
        parts.append(f"{function} ({', '.join(more)})")
    return ", ".join(parts)


def blocks(model: nn.Module, batch: object = None) -> Blocks:
    """Run a model of transformers once, and hold what its blocks compute against its configuration.

    A block is a module that its parent numbers, such as `encoder.layer.0`; functions are known by their values, not
    by their names. batch: what `signals` takes; left out, tokens or pixels are drawn. Raises ValueError where that
    can't be, where a model has no configuration, and as `signals` does.
    """
    config = getattr(model, "config", None)
    if not hasattr(config, "to_dict"):
        raise ValueError(f"a {type(model).__name__} has no configuration: it is no model of transformers")
    mode = [(m, m.training) for m in model.modules()]
    try:
        model.eval()
        s = signals(model, _drawn(model, config) if batch is None else batch)
    finally:
        for module, training in mode:
            module.training = training
    found: dict[str, dict[tuple[str, bool, str], None]] = {}
    entries: dict[str, list[Activation | None]] = {}
    for layer, function, act, gate in zip(s.layers, s.functions, s.activations, s.gates.tolist(), strict=True):
        at = BLOCK.match(layer)
        if at:
            told = (called(act) if act else function, gate == gate, _form(act))
            found.setdefault(at[1], {})[told] = None
            entries.setdefault(at[1], []).append(act)
    rows = tuple(Block(name, *zip(*kinds, strict=True)) for name, kinds in found.items())
    declared = dict(_declared(config.to_dict()))
    says = {key: _meant(name, act) for key, (name, act) in declared.items()}
    return Blocks(rows, says, tuple(_differences(rows, entries, declared)), s.coverage)


def _meant(name, act):
    return f"{name}, which is {called(act)}" if act and called(act) != name else name


def _form(act):
    return FORMS.get(act.name, "") if act and (act.name != "swish" or act.settings.get("beta") == 1.702) else ""


def _declared(config, path="") -> Iterator[tuple[str, tuple[str, Activation | None]]]:
    """From each key that names a function to its name and its entry in the catalog."""
    from transformers.activations import ACT2FN

    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _declared(value, f"{path}{key}.")
        elif key in KEYS and isinstance(value, str) and value in ACT2FN:
            numbers = [1.702]  # of quick_gelu, whose class keeps it in its code
            yield f"{path}{key}", (value, entry_of(ACT2FN[value], numbers))


def _differences(rows, entries, declared):
    known = {name: act for name, act in declared.values() if act}
    if not known:
        return
    wanted = [_key(act) for act in known.values()]
    computed = {name: [_key(act) for act in acts if act] for name, acts in entries.items()}
    others = [row for row in rows if not set(computed[row.name]) & set(wanted)]
    if others:
        names = (
            others[0].name if len(others) == 1 else f"{len(others)} blocks, {others[0].name} to {others[-1].name},"
        )
        made = " and ".join(dict.fromkeys(_told(row) for row in others))
        said = " and ".join(_meant(name, act) for name, act in known.items())
        yield f"{names} {'computes' if len(others) == 1 else 'compute'} {made}; the configuration says {said}"
    for key, (name, act) in declared.items():
        if act and not others and not any(_key(act) in made for made in computed.values()):
            yield f"no block computes {called(act)}, which the configuration has as {key}: {name}"


def _key(act):
    return act.name, tuple(act.settings.items())


def _drawn(model, config):
    generator = torch.Generator().manual_seed(0)
    name = getattr(model, "main_input_name", None)
    config = config.get_text_config() if name == "input_ids" and hasattr(config, "get_text_config") else config
    if name == "input_ids" and getattr(config, "vocab_size", 0):
        ids = torch.randint(0, config.vocab_size, (EXAMPLES, TOKENS), generator=generator)
        batch = {"input_ids": ids}
        return batch | {"decoder_input_ids": ids} if getattr(config, "is_encoder_decoder", False) else batch
    size = getattr(config, "image_size", None)
    if name == "pixel_values" and size:
        size = (size, size) if isinstance(size, int) else tuple(size)
        channels = getattr(config, "num_channels", 3)
        return {name: torch.randn(EXAMPLES, channels, *size, generator=generator)}
    raise ValueError(f"no batch can be drawn for a {type(model).__name__}, which takes {name}: give one")


def load_checkpoint(folder: str | PathLike[str]) -> nn.Module:
    """The model of a folder that `save_pretrained` wrote, in float32; nothing is fetched, no code in it is run.

    Raises ValueError, in one line, where the extra is missing or the folder can't be read.
    """
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise ValueError(
            f"{folder} holds no config.json: wanted is a folder that save_pretrained of transformers wrote"
        )
    try:
        from transformers import AutoModel
        from transformers.utils import logging
    except ImportError as error:
        raise ValueError("a checkpoint is read by transformers: pip install 'actlab[transformers]'") from error
    with _quiet(logging):
        try:
            return AutoModel.from_pretrained(folder, local_files_only=True, trust_remote_code=False).float()
        except Exception as error:  # what can be wrong with files of others has no end
            raise ValueError(f"{folder} can't be loaded: {type(error).__name__}: {error}") from error


@contextlib.contextmanager
def _quiet(logging):
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
