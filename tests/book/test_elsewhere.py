"""What the catalog says of other libraries, run in them: JAX, Keras and ONNX where they are installed, torch always.

None of the three is needed for the course, so each is skipped, by name, where it is missing. To run them all:
`pip install jax keras onnx`. Keras is told to compute with torch unless `KERAS_BACKEND` says otherwise.
"""

import ast
import importlib
import os
import re
import warnings

import numpy as np
import pytest
import torch

from actlab.activations import catalog, get

# Keras hands a tensor of torch to numpy in a way that numpy has given up.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

# Both sides, all kinks of the catalog, and far enough out to tell definitions apart.
GRID = np.unique(np.concatenate([np.linspace(-8, 8, 129), [-20, -3, -1, -0.7, -0.5, 0, 0.3, 0.5, 1, 3, 6, 20]]))
Z = GRID.astype(np.float32)[:, None]


def library(name):
    os.environ.setdefault("KERAS_BACKEND", "torch")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a library says of another one while it loads is not our matter
            return importlib.import_module(name)
    except ImportError:
        pytest.skip(f"{name.upper()} IS NOT INSTALLED: what the catalog says of it is not checked in this run")


def of_torch(expression):
    return eval(expression, {"torch": torch, "z": torch.tensor(Z)}).detach().numpy()


def of_jax(expression):
    jax = library("jax")
    return np.asarray(eval(expression, {"jax": jax, "z": jax.numpy.asarray(Z)}))


def of_keras(expression):
    keras = library("keras")
    z = keras.ops.convert_to_tensor(Z)
    return keras.ops.convert_to_numpy(eval(expression, {"keras": keras, "z": z}))


def operator(expression):
    """An ONNX operator written as a call: its name, the numbers it takes beside z, its attributes, its opset."""
    call = ast.parse(expression, mode="eval").body
    assert call.args[0].id == "z"
    numbers = [ast.literal_eval(argument) for argument in call.args[1:]]
    attributes = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    return call.func.id, numbers, attributes, int(re.search(r"# opset (\d+)$", expression)[1])


def of_onnx(expression):
    onnx = library("onnx")
    reference = importlib.import_module("onnx.reference")
    name, numbers, attributes, opset = operator(expression)
    names = [f"input{i}" for i in range(1 + len(numbers))]
    inputs = [Z, *(np.array(number, dtype=np.float32) for number in numbers)]
    float32 = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(name, names, ["out"], **attributes)],
        "one operator",
        [onnx.helper.make_tensor_value_info(n, float32, i.shape) for n, i in zip(names, inputs, strict=True)],
        [onnx.helper.make_tensor_value_info("out", float32, Z.shape)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    onnx.checker.check_model(model)
    return reference.ReferenceEvaluator(model).run(None, dict(zip(names, inputs, strict=True)))[0]


VALUE = {"torch": of_torch, "jax": of_jax, "keras": of_keras, "onnx": of_onnx}
SETTINGS = [
    ("leaky_relu", {"negative_slope": 0.2}),
    ("prelu", {"negative_slope": 0.1}),
    ("rrelu", {"lower": 0.1, "upper": 0.5}),
    ("elu", {"alpha": 0.3}),
    ("celu", {"alpha": 0.3}),
    ("hardshrink", {"threshold": 1.5}),
    ("softshrink", {"threshold": 1.5}),
    ("swish", {"beta": 0.5}),
    ("squareplus", {"b": 1.0}),
    ("softplus", {"beta": 4.0}),
    ("hardtanh", {"min_val": -0.5, "max_val": 2.0}),
]
CALLS = [
    pytest.param(name, settings, where, id=f"{where} {name} {settings or ''}".strip())
    for name, settings in [*((name, {}) for name in catalog), *SETTINGS]
    for where in get(name, **settings).elsewhere
]


def assert_same(theirs, activation):
    ours = activation(torch.tensor(Z)).numpy()
    assert theirs.shape == ours.shape and theirs.dtype == ours.dtype
    # 1 + tanh and 1 + erf cancel on the left: eps is left of them there, times z
    np.testing.assert_allclose(theirs, ours, rtol=5e-6, atol=8 * np.finfo(np.float32).eps)


@pytest.mark.parametrize(("name", "settings", "where"), CALLS)
def test_the_call_computes_the_same_function(name, settings, where):
    activation = get(name, **settings)
    assert_same(VALUE[where](activation.elsewhere[where]), activation)


# What a bare call means, which is what `differs` is about.
BARE = [
    ("torch", "torch.nn.functional.leaky_relu(z)", "leaky_relu", {}),
    ("torch", "torch.nn.LeakyReLU()(z)", "leaky_relu", {}),
    ("torch", "torch.nn.PReLU()(z)", "prelu", {}),
    ("torch", "torch.nn.functional.rrelu(z)", "rrelu", {}),
    ("torch", "torch.nn.functional.gelu(z)", "gelu", {}),
    ("torch", "torch.nn.functional.hardshrink(z)", "hardshrink", {}),
    ("torch", "torch.nn.functional.softshrink(z)", "softshrink", {}),
    ("torch", "torch.nn.functional.elu(z)", "elu", {}),
    ("torch", "torch.nn.functional.celu(z)", "celu", {}),
    ("jax", "jax.nn.gelu(z)", "gelu_tanh", {}),
    ("jax", "jax.nn.leaky_relu(z)", "leaky_relu", {}),
    ("jax", "jax.nn.swish(z)", "silu", {}),
    ("jax", "jax.nn.hard_silu(z)", "hardswish", {}),
    ("jax", "jax.nn.squareplus(z)", "squareplus", {}),
    ("jax", "jax.nn.elu(z)", "elu", {}),
    ("jax", "jax.nn.celu(z)", "celu", {}),
    ("keras", "keras.activations.gelu(z)", "gelu", {}),
    ("keras", "keras.activations.leaky_relu(z)", "leaky_relu", {"negative_slope": 0.2}),
    ("keras", "keras.layers.LeakyReLU()(z)", "leaky_relu", {"negative_slope": 0.3}),
    ("keras", "keras.layers.PReLU()(z)", "prelu", {"negative_slope": 0.0}),
    ("keras", "keras.activations.swish(z)", "silu", {}),
    ("keras", "keras.activations.hard_silu(z)", "hardswish", {}),
    ("keras", "keras.activations.squareplus(z)", "squareplus", {}),
    ("keras", "keras.activations.hard_shrink(z)", "hardshrink", {}),
    ("keras", "keras.activations.soft_shrink(z)", "softshrink", {}),
    ("keras", "keras.activations.elu(z)", "elu", {}),
    ("keras", "keras.activations.celu(z)", "celu", {}),
    ("onnx", "LeakyRelu(z)  # opset 16", "leaky_relu", {}),
    ("onnx", "Gelu(z)  # opset 20", "gelu", {}),
    ("onnx", "Swish(z)  # opset 24", "silu", {}),
    ("onnx", "Shrink(z)  # opset 9", "hardshrink", {}),
    ("onnx", "Elu(z)  # opset 6", "elu", {}),
    ("onnx", "Celu(z)  # opset 12", "celu", {}),
]


@pytest.mark.parametrize(("where", "expression", "name", "settings"), BARE)
def test_a_bare_call_means_what_the_record_says(where, expression, name, settings):
    assert_same(VALUE[where](expression), get(name, **settings))


def test_a_hard_sigmoid_of_onnx_has_another_slope_by_default():
    got = VALUE["onnx"]("HardSigmoid(z)  # opset 6")
    np.testing.assert_allclose(got, np.clip(0.2 * Z + 0.5, 0, 1), rtol=1e-6, atol=1e-7)


def test_a_prelu_of_keras_has_a_slope_for_each_input_and_one_of_torch_one_for_all():
    keras = library("keras")
    layer = keras.layers.PReLU()
    layer.build((None, 3, 5))
    assert layer.count_params() == 15
    assert sum(parameter.numel() for parameter in torch.nn.PReLU().parameters()) == 1


def test_a_library_that_the_record_leaves_out_has_no_function_of_that_name():
    places = {
        "torch": [torch, torch.nn.functional],
        "jax": [library("jax").nn],
        "keras": [library("keras").activations],
    }
    renamed = {"swish": "with another beta", "tanh": ""}
    for name, activation in catalog.items():
        for where, modules in places.items():
            if where not in activation.elsewhere and name not in renamed:
                words = {name, name.replace("_", ""), *activation.aliases}
                found = [word for word in words for module in modules if hasattr(module, word)]
                assert not found, f"{name}: {where} has {found}"


def versions_of(name):
    """The schemas of an ONNX operator, by the opset that introduced each."""
    onnx = library("onnx")
    schemas = [
        schema for schema in onnx.defs.get_all_schemas_with_history() if (schema.domain, schema.name) == ("", name)
    ]
    return {schema.since_version: schema for schema in schemas}


@pytest.mark.parametrize("name", [name for name in catalog if "onnx" in catalog[name].elsewhere])
def test_the_opset_is_the_first_in_which_the_call_means_this(name):
    called, numbers, attributes, opset = operator(catalog[name].elsewhere["onnx"])
    versions = versions_of(called)
    assert opset in versions, f"{called} came or changed in opsets {sorted(versions)}"

    def means(schema):
        """The defaults that the call leans on, or None if it isn't allowed."""
        if not set(attributes) <= set(schema.attributes) or len(numbers) + 1 > schema.max_input:
            return None
        return {
            key: str(a.default_value)
            for key, a in schema.attributes.items()
            if key not in attributes and not a.required
        }

    now = {key: value for key, value in means(versions[opset]).items() if key != "consumed_inputs"}
    for earlier in (schema for version, schema in versions.items() if version < opset):
        before = means(earlier)
        assert before is None or any(before.get(key) != value for key, value in now.items())


def test_onnx_has_no_operator_where_the_record_leaves_it_out():
    onnx = library("onnx")
    operators = {schema.name.lower() for schema in onnx.defs.get_all_schemas()}
    for name, activation in catalog.items():
        if "onnx" not in activation.elsewhere:
            words = {word.lower().replace("_", "") for word in (name, *activation.aliases)}
            assert not words & operators
