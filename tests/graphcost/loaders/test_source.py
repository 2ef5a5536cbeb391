"""Stepping over weights, and counting before parsing."""

import tracemalloc

import pytest
from model_files import RELU, delimited, encoded, message, write

from graphcost.errors import LoadError
from graphcost.ir.literal import Literal, Value
from graphcost.loaders import load
from graphcost.loaders.source import LARGE, NodeBudget, source_from_bytes


def const(name, elements, dtype="DT_FLOAT", **fields):
    """A Const with `elements` in one dimension; the fields are those of its TensorProto."""
    node = message(
        "NodeDef",
        f"""name: "{name}" op: "Const" attr {{ key: "dtype" value {{ type: {dtype} }} }} attr {{ key: "value"
        value {{ tensor {{ dtype: {dtype} tensor_shape {{ dim {{ size: {elements} }} }} }} }} }}""",
    )
    tensor = node.attr["value"].tensor
    for field, value in fields.items():
        if isinstance(value, bytes):
            setattr(tensor, field, value)
        else:
            getattr(tensor, field).extend(value)
    return node.SerializeToString()


def graph_file(tmp_path, *nodes, field=1):
    return write(tmp_path / "m.pb", b"".join(delimited(field, node) for node in nodes))


@pytest.mark.parametrize(
    ("dtype", "fields"),
    [
        ("DT_FLOAT", {"tensor_content": bytes(4 * LARGE)}),
        ("DT_FLOAT", {"float_val": [1.0] * LARGE}),
        ("DT_INT64", {"int64_val": [1] * (LARGE + 9)}),
        ("DT_STRING", {"string_val": [b"text"] * LARGE}),
    ],
    ids=["content", "floats", "integers", "strings"],
)
def test_a_large_constant_is_known_by_dtype_and_shape(tmp_path, dtype, fields):
    nodes = (
        encoded("NodeDef", 'name: "a" op: "NoOp"'),
        const("w", LARGE, dtype, **fields),
        encoded("NodeDef", 'name: "b" op: "NoOp"'),
    )
    model = load(graph_file(tmp_path, *nodes))
    assert list(model.graph.nodes) == ["a", "w", "b"]
    short = {"DT_FLOAT": "float32", "DT_INT64": "int64", "DT_STRING": "string"}[dtype]
    assert model.graph.nodes["w"].attrs == {"dtype": short, "value": Literal(short, (LARGE,), None)}
    assert model.graph.nodes["w"].dtypes == (short,)


def test_a_small_constant_among_large_ones_keeps_its_value(tmp_path):
    large = const("w", LARGE, tensor_content=bytes(4 * LARGE))
    model = load(graph_file(tmp_path, large, const("c", 2, "DT_INT32", int_val=[3, 4]), large.replace(b"w", b"v", 1)))
    assert model.graph.nodes["c"].attrs["value"] == Literal("int32", (2,), Value((2,), (3, 4)))


def test_a_large_string_attribute_is_read(tmp_path):
    node = message("NodeDef", 'name: "x" op: "Own"')
    node.attr["module"].s = b"m" * (2 * LARGE)
    model = load(graph_file(tmp_path, node.SerializeToString()))
    assert model.graph.nodes["x"].attrs["module"] == b"m" * (2 * LARGE)


def test_the_weights_of_a_function_are_stepped_over(tmp_path):
    body = encoded(
        "FunctionDef",
        'signature { name: "f" output_arg { name: "y" type: DT_FLOAT } } ret { key: "y" value: "w:output:0" }',
    )
    function = body + delimited(3, const("w", LARGE, tensor_content=bytes(4 * LARGE)))
    file = encoded("GraphDef", RELU) + delimited(2, delimited(1, function))
    model = load(write(tmp_path / "m.pb", file))
    assert model.graph.functions["f"].nodes["w"].attrs["value"] == Literal("float32", (LARGE,), None)


def test_memory_does_not_follow_the_weights(tmp_path):
    path = graph_file(tmp_path, *(const(f"w{i}", 1 << 20, tensor_content=bytes(4 << 20)) for i in range(16)))
    load(path)
    tracemalloc.start()
    load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert path.stat().st_size > 64 << 20
    assert peak < 1 << 20


def test_many_runs_keep_the_order(tmp_path):
    names = [f"node_{i}_{'x' * 2000}" for i in range(1500)]
    model = load(graph_file(tmp_path, *(encoded("NodeDef", f'name: "{name}" op: "NoOp"') for name in names)))
    assert list(model.graph.nodes) == names


def test_nodes_are_counted_before_they_are_parsed(tmp_path):
    path = write(tmp_path / "m.pb", delimited(1, b"") * 100_000)
    with pytest.raises(LoadError, match="more than 5000 nodes; raise max_nodes"):
        load(path, max_nodes=5000)


def test_the_limit_is_the_number_of_nodes(tmp_path):
    path = write(tmp_path / "m.pb", encoded("GraphDef", RELU))
    assert len(load(path, max_nodes=2).graph.nodes) == 2
    with pytest.raises(LoadError, match="more than 1 nodes"):
        load(path, max_nodes=1)


@pytest.mark.parametrize("unit", [delimited(2, b""), delimited(4, b""), delimited(2, delimited(1, b""))])
def test_other_fields_are_limited_too(unit):
    data = unit * 200
    with pytest.raises(LoadError, match="more than 100"):
        source_from_bytes(data, 0, len(data), NodeBudget(100))


def test_nodes_of_functions_count(tmp_path):
    body = 'node_def { name: "a" op: "NoOp" } node_def { name: "b" op: "NoOp" }'
    function = f'library {{ function {{ signature {{ name: "f" }} {body} }} }}'
    for suffix, content in (("pb", encoded("GraphDef", RELU + function)), ("pbtxt", RELU + function)):
        path = write(tmp_path / f"m.{suffix}", content)
        load(path, max_nodes=4)
        with pytest.raises(LoadError, match="more than 3 nodes"):
            load(path, max_nodes=3)


@pytest.mark.parametrize(("count", "is_kept"), [(3, True), (2 * LARGE, True), (2 << 20, False)])
def test_a_list_of_a_large_node_is_read_unless_it_is_vast(tmp_path, count, is_kept):
    node = message("NodeDef", 'name: "x" op: "Own"')
    node.attr["module"].s = b"m" * (2 * LARGE)
    node.attr["sizes"].list.i.extend([1] * count)
    attrs = load(graph_file(tmp_path, node.SerializeToString())).graph.nodes["x"].attrs
    assert attrs["sizes"] == ((1,) * count if is_kept else None)
