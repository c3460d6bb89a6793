"""`actlab health`: a network by the name of what makes it, and a checkpoint's blocks beside its configuration."""

import json
import subprocess
import sys

import pytest
import torch
from torch import nn

from actlab import diagnostics
from actlab.__main__ import main

pytestmark = pytest.mark.usefixtures("one_thread")
MODULE = """
import torch
from torch import nn
from actlab import networks

batch = torch.randn(64, 16, generator=torch.Generator().manual_seed(0))
good = networks.mlp([16, 32, 32, 2], "relu", scheme="he", seed=0)


def healthy():
    return good, batch


def deep():
    return networks.mlp([16, *[32] * 30, 2], "relu", scheme="torch", seed=0), batch


class Lightning(nn.Sequential):
    example_input_array = batch

    def __init__(self):
        super().__init__(*networks.mlp([16, 32, 32, 2], "relu", scheme="he", seed=0))


class Holder:
    made = staticmethod(healthy)


def alone():
    return good


def raises():
    raise RuntimeError("no\\n  data \\x1b[31m here" + "!" * 500)


def leaves():
    raise SystemExit(3)


def number():
    return 3


def triple():
    return good, batch, 3


def misfit():
    return good, torch.zeros(4, 5)


def empty():
    return good, torch.zeros(0, 16)


def linear():
    return nn.Linear(16, 2), batch


value = 7
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a module that makes networks, well and badly."""
    (tmp_path / "makes_networks.py").write_text(MODULE)
    (tmp_path / "broken_module.py").write_text("def f(:\n")
    (tmp_path / "needs_another.py").write_text("import no_such_library_at_all\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in ("makes_networks", "broken_module", "needs_another"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("factory", "code", "verdict"),
    [
        ("healthy", 0, "nothing to object to"),
        ("Lightning", 0, "nothing to object to"),
        ("Holder.made", 0, "nothing to object to"),
        ("deep", 1, "to look at"),
    ],
)
def test_a_network_is_looked_over_by_the_name_of_what_makes_it(here, capsys, factory, code, verdict):
    assert main(["health", f"makes_networks:{factory}"]) == code
    said = capsys.readouterr()
    assert said.err == "" and f"verdict: {verdict}" in said.out.replace("3 to", "to")
    assert ("1. gradients vanish" in said.out) == (code == 1)


def test_the_command_works_from_the_folder_where_the_module_lies(here):
    command = [sys.executable, "-m", "actlab", "health", "makes_networks:deep", "--save", "health.html"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=here)
    assert done.returncode == 1 and done.stderr == ""
    assert done.stdout.endswith("saved in health.html\n")
    assert "gradients vanish" in (here / "health.html").read_text()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("makes_networks", "makes_networks is no folder, and not of the form MODULE:FACTORY"),
        ("makes_networks:", "not of the form MODULE:FACTORY"),
        ("no_such_module:f", "there is no module no_such_module, neither in "),
        ("no_such.module:f", "no_such.module can't be found: ModuleNotFoundError: No module named 'no_such'"),
        ("..:f", "can't be found"),
        ("broken_module:f", "broken_module can't be imported: SyntaxError: "),
        ("needs_another:f", "needs_another can't be imported: ModuleNotFoundError: No module named 'no_such_library"),
        ("makes_networks:helthy", "makes_networks has no helthy; did you mean 'healthy'?"),
        ("makes_networks:Holder.none", "makes_networks has no Holder.none"),
        ("makes_networks:value", "makes_networks:value is a int, and no function that makes a network"),
        ("makes_networks:raises", "makes_networks:raises raised RuntimeError: no data \\x1b[31m here!"),
        ("makes_networks:leaves", "makes_networks:leaves raised SystemExit: 3"),
        ("makes_networks:number", "makes_networks:number makes a int; wanted is a network, or (network, batch)"),
        ("makes_networks:triple", "makes_networks:triple makes a tuple; wanted is a network"),
        ("makes_networks:alone", "makes_networks:alone makes a network without a batch; let it return"),
        ("makes_networks:good", "makes_networks:good makes a network without a batch; let it return"),
        ("makes_networks:misfit", "the network can't take the batch: RuntimeError: "),
        ("makes_networks:empty", "the batch is empty"),
        ("makes_networks:linear", "the network called no activation"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(here, capsys, asked, message):
    assert main(["health", asked]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("actlab: ") and message in said.err
    assert said.err.count("\n") == 1 and len(said.err) < 500 and said.err[:-1].isprintable()


def test_a_report_that_cannot_be_saved_is_told(here, capsys):
    assert main(["health", "makes_networks:healthy", "--save", "."]) == 2
    assert "is a folder" in capsys.readouterr().err


# --- checkpoints

SMALL = {
    "vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48
}  # fmt: skip


@pytest.fixture(scope="module")
def hugging():
    return pytest.importorskip("transformers")


def model(hugging, name, **settings):
    torch.manual_seed(0)
    kinds = {
        "bert": lambda: hugging.BertModel(hugging.BertConfig(**SMALL, **settings)),
        "gpt2": lambda: hugging.GPT2Model(
            hugging.GPT2Config(vocab_size=61, n_embd=32, n_layer=3, n_head=4, bos_token_id=1, eos_token_id=2)
        ),
        "llama": lambda: hugging.LlamaModel(hugging.LlamaConfig(**SMALL, num_key_value_heads=2)),
        "mixtral": lambda: hugging.MixtralModel(
            hugging.MixtralConfig(**SMALL, num_key_value_heads=2, num_local_experts=4)
        ),
        "t5": lambda: hugging.T5Model(
            hugging.T5Config(
                vocab_size=61, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4,
                feed_forward_proj="gated-gelu", decoder_start_token_id=0,
            )
        ),
        "vit": lambda: hugging.ViTModel(
            hugging.ViTConfig(
                hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=48, image_size=16,
                patch_size=4,
            )
        ),
        "convnext": lambda: hugging.ConvNextModel(
            hugging.ConvNextConfig(hidden_sizes=[8, 16], depths=[2, 2], num_stages=2, image_size=32)
        ),
    }  # fmt: skip
    return kinds[name]()


@pytest.mark.parametrize(
    ("name", "settings", "count", "function", "form", "gate"),
    [
        ("bert", {}, 3, "gelu", "exact, by erf", False),
        ("bert", {"hidden_act": "quick_gelu"}, 3, "swish", "by a sigmoid", False),
        ("bert", {"hidden_act": "relu"}, 3, "relu", "", False),
        ("gpt2", {}, 3, "gelu_tanh", "by tanh", False),
        ("llama", {}, 3, "silu", "", True),
        ("mixtral", {}, 3, "silu", "", True),
        ("t5", {}, 4, "gelu_tanh", "by tanh", True),
        ("vit", {}, 3, "gelu", "exact, by erf", False),
        ("convnext", {}, 4, "gelu", "exact, by erf", False),
    ],
)
def test_each_block_is_said_to_compute_what_it_computes(hugging, name, settings, count, function, form, gate):
    network = model(hugging, name, **settings).train()
    found = diagnostics.blocks(network)
    assert found.differs == () and len(found.blocks) == count and len(found.says) == 1
    for block in found.blocks:
        assert (block.functions, block.forms, block.gated) == ((function,), (form,), (gate,))
    assert found.coverage.complete and all(m.training for m in network.modules())
    assert max(map(len, repr(found).splitlines())) <= 80 and "compute what the configuration says" in repr(found)


def test_a_block_that_computes_something_else_is_named(hugging):
    network = model(hugging, "bert")
    network.encoder.layer[1].intermediate.intermediate_act_fn = nn.GELU(approximate="tanh")
    (sentence,) = diagnostics.blocks(network).differs
    assert sentence.startswith(
        "encoder.layer.1 computes gelu_tanh (GELU by tanh, no gate); the configuration says gelu"
    )


def test_a_function_that_the_configuration_names_and_no_block_computes_is_told(hugging, tmp_path, capsys):
    model(hugging, "gpt2").save_pretrained(tmp_path)
    capsys.readouterr()
    assert main(["health", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "3 blocks, h.0 to h.2: gelu_tanh (GELU by tanh, no gate)" in said.out
    assert "activation_function is gelu_new, which is gelu_tanh" in said.out and said.err == ""
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"hidden_act": "gelu"}))
    assert main(["health", str(tmp_path), "--save", str(tmp_path / "blocks.html")]) == 1
    said = capsys.readouterr()
    assert "no block computes gelu, which the configuration has as hidden_act: gelu" in " ".join(said.out.split())
    assert "no block computes gelu" in " ".join((tmp_path / "blocks.html").read_text().split())


def test_a_folder_that_is_no_checkpoint_is_told_in_one_line(hugging, tmp_path, capsys):
    assert main(["health", str(tmp_path)]) == 2
    assert "holds no config.json" in capsys.readouterr().err
    (tmp_path / "config.json").write_text("{")
    assert main(["health", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "can't be loaded: " in said and said.count("\n") == 1
    (tmp_path / "config.json").write_text('{"model_type": "bert", "vocab_size": 61}')
    assert main(["health", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "can't be loaded: " in said and said.count("\n") == 1


def test_what_is_no_model_of_transformers_is_refused():
    with pytest.raises(ValueError, match="a Linear has no configuration"):
        diagnostics.blocks(nn.Linear(2, 2))


def test_a_model_for_which_no_batch_can_be_drawn_is_refused(hugging):
    torch.manual_seed(0)
    network = model(hugging, "bert")
    network.main_input_name = "input_features"
    with pytest.raises(ValueError, match="no batch can be drawn for a BertModel, which takes input_features"):
        diagnostics.blocks(network)
