"""Nodes from messages: defaults, dtypes, state, and what one file may ask for."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from model_files import message

from graphcost.errors import GraphError
from graphcost.ir.literal import Literal
from graphcost.ir.node import TensorRef
from graphcost.loaders import nodes
from graphcost.loaders.nodes import Draft, NodeDecoder
from graphcost.loaders.opdefs import OpDef, tensorflow_ops
from graphcost.loaders.source import NodeSource


def draft(text: str, decoder: NodeDecoder | None = None, signatures: Mapping[str, OpDef] | None = None) -> Draft:
    decoder = decoder or NodeDecoder(tensorflow_ops(), signatures or {})
    return decoder.draft(NodeSource(message("NodeDef", text)))


def test_the_definition_gives_defaults_and_dtypes() -> None:
    found = draft('name: "y" op: "MatMul" input: "a" attr { key: "T" value { type: DT_HALF } }')
    assert found.attrs["transpose_a"] is False
    assert found.dtypes == ("float16",)
    node = found.with_inputs([TensorRef("a")], ["init"], found.dtypes or ())
    assert (node.name, node.inputs, node.controls, node.stateful) == ("y", (TensorRef("a"),), ("init",), False)


def test_what_nobody_describes_may_hold_state() -> None:
    found = draft('name: "y" op: "Odd"')
    assert (found.definition, found.dtypes) == (None, None)
    assert found.with_inputs([], [], ()).stateful


def test_a_function_of_the_file_comes_before_an_operation() -> None:
    signature = OpDef("Relu", (), (), {}, stateful=True)
    assert draft('name: "y" op: "Relu"', signatures={"Relu": signature}).definition is signature


@pytest.mark.parametrize(("text", "message_"), [('op: "Relu"', "no name"), ('name: "y"', "node 'y' has no op")])
def test_a_node_needs_a_name_and_an_operation(text: str, message_: str) -> None:
    with pytest.raises(GraphError, match=message_):
        draft(text)


def test_equal_texts_and_dtypes_are_one_object() -> None:
    decoder = NodeDecoder(tensorflow_ops(), {})
    assert decoder.shared("ab" * 30) is decoder.shared("ab" * 30)
    assert decoder.counted(("float32", None)) is decoder.counted(("float32", None))


def test_outputs_are_counted_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MAX_OUTPUTS", 3)
    decoder = NodeDecoder(tensorflow_ops(), {})
    decoder.counted((None,) * 4)
    decoder.counted((None,))
    with pytest.raises(GraphError, match="more than 3 outputs beside the first"):
        decoder.counted((None, None))


def test_past_the_limit_constants_are_known_by_shape_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MAX_ELEMENTS", 3)
    text = """name: "c" op: "Const" attr { key: "value" value { tensor { dtype: DT_INT32
        tensor_shape { dim { size: 2 } } int_val: 1 int_val: 2 } } }"""
    decoder = NodeDecoder(tensorflow_ops(), {})
    first, second = (draft(text, decoder).attrs["value"] for _ in range(2))
    assert isinstance(first, Literal)
    assert isinstance(second, Literal)
    assert first.value is not None
    assert (second.value, second.shape) == (None, (2,))


def test_outputs_that_no_definition_tells_are_those_that_are_read_or_recorded() -> None:
    decoder = NodeDecoder(tensorflow_ops(), {})
    plain = draft('name: "y" op: "Odd"', decoder)
    recorded = draft(
        'name: "y" op: "Odd" attr { key: "_output_shapes" value { list { shape { } shape { } shape { } } } }', decoder
    )
    assert [len(decoder.unknown(plain, count)) for count in (0, 2)] == [1, 2]
    assert len(decoder.unknown(recorded, 2)) == 3
    with pytest.raises(GraphError, match="reads output 65536 of 'y'"):
        decoder.unknown(plain, 65_537)
