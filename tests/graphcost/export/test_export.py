"""A skeleton: the same graph, so the same report, without the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from model_files import RELU, encoded, write
from random_graphs import models
from tiny_graph import tiny_graph, wiring

import graphcost
from graphcost import GraphcostError, Literal, PartialShape, Value, load
from graphcost.cli import main
from graphcost.export import export_graph, export_model, to_graph_def
from graphcost.export.attrs import encode_attr
from graphcost.ir.node import EMPTY, Attr, FunctionRef
from graphcost.loaders.attrs import decode_attr
from graphcost.loaders.descriptors import dtype_names, dtype_numbers, message_class

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared"
FIXTURES = sorted(path for path in (ROOT / "fixtures").iterdir() if path.suffix in (".pb", ".pbtxt") or path.is_dir())
MODELS = [path for path in FIXTURES if path.name != "golden"]
ZOO = sorted((SHARED / "zoo").glob("*.pb"))

every_graph = settings(
    max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)


def corpus() -> list[Path]:
    """Every eighth model, which are of all formats."""
    index = SHARED / "corpus" / "index.json"
    entries = json.loads(index.read_text()) if index.exists() else []
    return [SHARED / "corpus" / entry["path"] for entry in entries if not entry["negative"]][::8]


def report(path: Path) -> Mapping[str, Any]:
    """All that a report says, but of the file itself."""
    try:
        document = graphcost.analyze(path, batch=1).to_dict()
    except GraphcostError as error:
        return {"error": str(error).removeprefix(str(path))}
    del document["model"], document["warnings"]
    document["outputs"].sort(key=lambda output: output["name"])
    return document


def assert_same_report(model: Path, folder: Path) -> None:
    skeleton = folder / "skeleton.pb"
    assert main(["export", str(model), "-o", str(skeleton)]) == 0
    assert report(skeleton) == report(model)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_the_report_of_a_fixture_stays(path: Path, tmp_path: Path) -> None:
    assert_same_report(path, tmp_path)


@pytest.mark.shared
@pytest.mark.parametrize("path", [*ZOO, *corpus()], ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_report_of_a_real_model_stays(path: Path, tmp_path: Path) -> None:
    assert_same_report(path, tmp_path)


@every_graph
@given(models())
def test_a_graph_comes_back_as_it_was(model: Any) -> None:
    graph = load(model).graph
    again = load(message_class("GraphDef").FromString(export_graph(graph, 716))).graph

    assert again.nodes == graph.nodes


def test_functions_come_back_as_they_were() -> None:
    body = tiny_graph(
        """
        a = _Arg(T=float32)
        b = _Arg(T=int32)
        s = Split(b, a, num_split=2, T=float32)
        u = Unique(b, T=int32)
        n = Neg(s:1, T=float32)
        p = NoOp(^n)
        """,
        "n,u:1,a",
        controls="p",
    )
    caller = "x = Placeholder(dtype=float32)\n y = F(x, x) -> float32, int32, float32\n z = Neg(y:2, T=float32)"
    graph = tiny_graph(caller, functions={"F": body})
    again = load(to_graph_def(graph, producer=716)).graph

    assert wiring(again) == wiring(graph)
    assert again.nodes["y"].dtypes == ("float32", "int32", "float32")
    assert again.functions["F"].outputs == body.outputs
    assert again.functions["F"].controls == ("p",)
    assert [node.inputs for node in again.functions["F"].nodes.values()] == [
        node.inputs for node in body.nodes.values()
    ]


@pytest.mark.parametrize(
    "attr",
    [
        True,
        7,
        -(2**63),
        0.1 + 2**-26 - 0.1,
        b"NHWC",
        "float32",
        "bfloat16",
        "resource",
        PartialShape(None),
        PartialShape(()),
        PartialShape((-1, 3)),
        (1, 2),
        (True, False),
        (0.5, 2.0),
        (b"a", b""),
        ("int32", "string"),
        (PartialShape((2,)), PartialShape(None)),
        (),
        None,
        FunctionRef("F", EMPTY),
        (FunctionRef("F", {"T": "int32"}), FunctionRef("G", EMPTY)),
        Literal("int64", (2,), Value((2,), (-1, 2**62))),
        Literal("float32", (2, 1), Value((2, 1), (0.5, float("inf")))),
        Literal("float16", (2,), Value((2,), (0.5, -3.0))),
        Literal("bfloat16", (2,), Value((2,), (0.5, -3.0))),
        Literal("bool", (), Value((), (True,))),
        Literal("string", (2,), None, (b"a", b"b")),
        Literal("string", (2,), None),
        Literal("float32", (100, 100), None),
        Literal("int32", (2,), None),
        Literal("float32", (), None),
        Literal("complex64", (2,), None),
    ],
    ids=str,
)
def test_an_attribute_comes_back_as_it_was(attr: Attr) -> None:
    message = message_class("AttrValue")()
    encode_attr(message, attr)

    assert decode_attr(message_class("AttrValue").FromString(message.SerializeToString())) == attr


def test_weights_take_no_room() -> None:
    graph = tiny_graph("c = Const(value=1.0)")
    literal = Literal("float32", (1000, 1000), None)
    node = graph.nodes["c"]
    heavy = graph.replacing([type(node)(node.name, node.op, attrs={"value": literal, "dtype": "float32"})])

    assert len(export_graph(heavy)) < 100


def test_every_dtype_has_its_number() -> None:
    names = dtype_names()

    assert {name: names[number] for name, number in dtype_numbers().items()} == {name: name for name in names.values()}
    assert max(dtype_numbers().values()) < 100


def test_nodes_that_are_gone_are_not_looked_for() -> None:
    graph = tiny_graph("x = Placeholder(dtype=float32)\n y = Neg(x, T=float32, _class=[b'loc:@x', b'loc:@gone'])")
    (node,) = (node for node in to_graph_def(graph).node if node.name == "y")

    assert list(node.attr["_class"].list.s) == [b"loc:@x"]


def test_signatures_stay() -> None:
    model = load(ROOT / "fixtures" / "lstm_saved_model")
    again = load(message_class("MetaGraphDef").FromString(export_model(model)))

    assert again.signatures == model.signatures


def test_a_file_or_a_pipe_but_no_terminal(tmp_path: Path, capsysbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "m.pb", encoded("GraphDef", RELU))

    assert main(["export", str(path)]) == 0
    assert message_class("GraphDef").FromString(capsysbinary.readouterr().out).node[1].name == "y"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["export", str(path)]) == 2
    assert b"give -o FILE" in capsysbinary.readouterr().err


def test_where_nothing_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "m.pb", encoded("GraphDef", RELU))

    assert main(["export", str(path), "-o", str(tmp_path / "no" / "such.pb")]) == 74
    assert "can't write" in capsys.readouterr().err


@pytest.mark.tensorflow
def test_tensorflow_takes_it() -> None:
    """A skeleton of a training graph with functions, gradients and control edges."""
    tf = pytest.importorskip("tensorflow")
    for name in ("train.pb", "loops.pb", "attention.pb"):
        exported = export_model(load(ROOT / "fixtures" / name))
        graph_def = tf.compat.v1.GraphDef.FromString(exported)
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(graph_def, name="")
        assert len(graph.get_operations()) == len(graph_def.node)


@pytest.mark.tensorflow
def test_tensorflow_takes_a_constant_of_unknown_elements() -> None:
    tf = pytest.importorskip("tensorflow")
    message = message_class("TensorProto")()
    value = message_class("AttrValue")()
    encode_attr(value, Literal("int32", (2,), None))
    message.CopyFrom(value.tensor)
    graph_def = tf.compat.v1.GraphDef()
    node = graph_def.node.add(name="c", op="Const")
    node.attr["dtype"].type = 3
    node.attr["value"].tensor.ParseFromString(message.SerializeToString())
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        array = session.run(tf.import_graph_def(graph_def, return_elements=["c:0"]))[0]
    assert array.tolist() == [0, 0]
