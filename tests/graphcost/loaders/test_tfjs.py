import base64
import json
import struct

import pytest
from model_files import write

from graphcost.errors import LoadError
from graphcost.ir.literal import Literal, Value
from graphcost.ir.node import TensorRef
from graphcost.loaders import load


def const(name, dtype="DT_INT32", sizes=(2,), **tensor):
    shape = {"dim": [{"size": str(size)} for size in sizes]}
    value = {"tensor": {"dtype": dtype, "tensorShape": shape, **tensor}}
    return {"name": name, "op": "Const", "attr": {"dtype": {"type": dtype}, "value": value}}


def document(*nodes, weights=(), paths=("shard1.bin",), **rest):
    manifest = [{"paths": list(paths), "weights": list(weights)}]
    return {"modelTopology": {"node": list(nodes), "versions": {"producer": 7}}, "weightsManifest": manifest, **rest}


def weight(name, shape, dtype="int32", **rest):
    return {"name": name, "shape": list(shape), "dtype": dtype, **rest}


@pytest.fixture
def load_json(tmp_path):
    def load_it(content):
        return load(
            write(tmp_path / "model.json", content if isinstance(content, (str, bytes)) else json.dumps(content))
        )

    return load_it


def literal(model, name):
    return model.graph.nodes[name].attrs["value"]


def test_a_graph_as_json(load_json):
    pad = {"name": "p", "op": "AvgPool", "input": ["c:0"], "attr": {
        "padding": {"s": base64.b64encode(b"SAME").decode()},
        "ksize": {"list": {"i": ["1", "2", "2", "1"]}}}}  # fmt: skip
    model = load_json(document(const("c", sizes=(), intVal=[5]), pad))
    assert model.format == "tfjs"
    assert model.producer == 7
    assert model.graph.nodes["p"].attrs["padding"] == b"SAME"
    assert model.graph.nodes["p"].attrs["ksize"] == (1, 2, 2, 1)
    assert literal(model, "c") == Literal("int32", (), Value((), (5,)))


def test_strings_of_old_converters(load_json):
    node = {"name": "p", "op": "AvgPool", "attr": {"padding": {"s": list(b"SAME")}, "T": {"type": 1}}}
    assert load_json(document(node)).graph.nodes["p"].attrs["padding"] == b"SAME"


def test_a_listed_constant_without_its_shard_is_unknown(load_json):
    model = load_json(document(const("c"), const("own"), weights=[weight("c", [2])]))
    assert literal(model, "c") == Literal("int32", (2,), None)
    assert literal(model, "own") == Literal("int32", (2,), Value((2,), (0, 0)))
    assert model.warnings == ("1 integer constants have no value: their shards aren't beside the model.json",)


def test_small_integers_are_read_from_the_shards(load_json, tmp_path):
    data = struct.pack("<3f", 1, 2, 3) + struct.pack("<2i", -4, 5) + bytes([7]) * 2 + struct.pack("<2i", 8, 9) + b"\1\0"
    write(tmp_path / "a.bin", data[:14])
    write(tmp_path / "b.bin", data[14:])
    weights = [
        weight("float", [3], "float32"),
        weight("ints", [2]),
        weight("quantized", [2], "int32", quantization={"dtype": "uint8", "min": 0, "scale": 1}),
        weight("long", [2]),
        weight("bools", [2], "bool"),
    ]
    nodes = [
        const("float", "DT_FLOAT", (3,)),
        const("ints"),
        const("quantized"),
        const("long", "DT_INT64"),
        const("bools", "DT_BOOL"),
    ]
    model = load_json(document(*nodes, weights=weights, paths=["a.bin", "b.bin"]))
    assert literal(model, "float") == Literal("float32", (3,), None)
    assert literal(model, "ints") == Literal("int32", (2,), Value((2,), (-4, 5)))
    assert literal(model, "quantized") == Literal("int32", (2,), None)
    assert literal(model, "long") == Literal("int64", (2,), Value((2,), (8, 9)))
    assert literal(model, "bools") == Literal("bool", (2,), Value((2,), (True, False)))
    assert not model.warnings


@pytest.mark.parametrize("name", ["c", "f/c"])
def test_constants_of_a_function_are_listed_under_its_name(load_json, tmp_path, name):
    write(tmp_path / "shard1.bin", struct.pack("<2i", 3, 4))
    body = {"signature": {"name": "f"}, "nodeDef": [const(name)]}
    content = document(const("c", intVal=[1]), weights=[weight("f/c", [2])])
    content["modelTopology"]["library"] = {"function": [body]}
    model = load_json(content)
    assert model.graph.functions["f"].nodes[name].attrs["value"].value == Value((2,), (3, 4))
    assert literal(model, "c").value == Value((2,), (1, 1))


@pytest.mark.parametrize(
    "name", ["../secret.bin", "/etc/passwd", "sub/shard.bin", "sub\\shard.bin", "..", ".", "", "a\0b", 3, None]
)
def test_shards_that_lie_elsewhere_are_not_opened(load_json, tmp_path, name):
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "shard.bin", bytes(8))
    write(tmp_path.parent / "secret.bin", bytes(8))
    model = load_json(document(const("c"), weights=[weight("c", [2])], paths=[name]))
    assert literal(model, "c").value is None


def test_a_link_is_not_followed(load_json, tmp_path):
    write(tmp_path / "real.bin", bytes(8))
    (tmp_path / "shard1.bin").symlink_to(tmp_path / "real.bin")
    assert literal(load_json(document(const("c"), weights=[weight("c", [2])])), "c").value is None


@pytest.mark.parametrize(
    "weights",
    [
        [weight("c", [3])],
        [weight("c", [4097])],
        [weight("c", [2], "int64")],
        [weight("c", [2], 7)],
        [weight("c", [-2])],
        [weight("c", "2")],
        [weight("strings", [1], "string"), weight("c", [2])],
        ["nonsense", weight("c", [2])],
        [weight("before", [100]), weight("c", [2])],
    ],
)  # fmt: skip
def test_entries_that_tell_nothing(load_json, tmp_path, weights):
    write(tmp_path / "shard1.bin", bytes(100))
    assert literal(load_json(document(const("c"), weights=weights)), "c").value is None


@pytest.mark.parametrize("manifest", [None, {}, "x", [None], [{}], [{"weights": 3}], [{"weights": [weight("c", [2])]}]])
def test_a_manifest_of_any_other_form(load_json, manifest):
    content = document(const("c", intVal=[1]))
    content["weightsManifest"] = manifest
    load_json(content)


SIGNATURE = {"inputs": {"in": {"name": "c:0"}}, "outputs": {"out": {"name": "c"}}}


@pytest.mark.parametrize("rest", [{"signature": SIGNATURE}, {"userDefinedMetadata": {"signature": SIGNATURE}}])
def test_the_signature(load_json, rest):
    signatures = load_json(document(const("c"), **rest)).signatures
    assert signatures["serving_default"].inputs == {"in": TensorRef("c")}
    assert signatures["serving_default"].outputs == {"out": TensorRef("c")}


@pytest.mark.parametrize(
    "signature", [3, {"inputs": 3}, {"outputs": {"o": {"name": "c:x"}}}, {"outputs": {"o": {"name": "z"}}}]
)
def test_a_signature_that_makes_no_sense(load_json, signature):
    signatures = load_json(document(const("c"), signature=signature)).signatures
    assert not signatures or not signatures["serving_default"].outputs


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "no JSON"),
        ('{"a": ' + "1" * 5000 + "}", "no JSON"),
        ("[1, 2]", "no tfjs model.json"),
        ("{}", "no modelTopology"),
        ('{"modelTopology": []}', "no modelTopology"),
        ('{"modelTopology": {"node": {}}}', "no modelTopology"),
        ('{"modelTopology": {"model_config": {}}}', "layers model"),
        ('{"class_name": "Functional", "config": {}}', "a Keras configuration"),
        ('{"modelTopology": {"node": [3]}}', "no GraphDef"),
        ('{"modelTopology": {"node": [{"name": 3}]}}', "no GraphDef"),
        ('{"modelTopology": {"node": [{"name": "a", "op": "C", "attr": {"s": {"s": [300]}}}]}}', "no GraphDef"),
        ('{"modelTopology": {"node": []}}', "without nodes"),
        (b'{"modelTopology": "\xff"}', "UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        (
            '{"modelTopology": {"node": [' + '{"attr": {"a": {"func": ' * 3000 + "{}" + "}}}" * 3000 + "]}}",
            "nested too deeply",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_other_json(load_json, content, what):
    with pytest.raises(LoadError, match=what):
        load_json(content)


def test_nodes_are_counted(tmp_path):
    path = write(tmp_path / "model.json", json.dumps(document(*(const(f"c{i}") for i in range(9)))))
    assert len(load(path, max_nodes=9).graph.nodes) == 9
    with pytest.raises(LoadError, match="more than 8 nodes"):
        load(path, max_nodes=8)
