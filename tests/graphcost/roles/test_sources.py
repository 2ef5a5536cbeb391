"""Through which tensors a graph is fed."""

from __future__ import annotations

from tiny_graph import tiny_graph

from graphcost.plugins import installed_rules
from graphcost.roles.sources import input_refs


def fed(text: str, inputs: str = "") -> list[str]:
    return [str(ref) for ref in input_refs(tiny_graph(text, inputs=inputs), installed_rules())]


def test_placeholders_and_data_sources_in_the_order_of_the_file() -> None:
    text = "b = Placeholder(dtype=float32)\nc = Const(value=1)\na = PlaceholderWithDefault(c, dtype=int32)\ny = Neg(b)"
    assert fed(text) == ["b", "a"]


def test_declared_inputs_come_first_and_once() -> None:
    text = "a = Placeholder(dtype=float32)\nb = Placeholder(dtype=float32)\ny = Neg(a)"
    assert fed(text, "y, b, b") == ["y", "b", "a"]


def test_every_tensor_of_a_source_is_one() -> None:
    text = "it = OneShotIterator() -> resource\nnext = IteratorGetNext(it) -> float32, resource, int64"
    assert fed(text) == ["next", "next:2"]


def test_handles_are_no_data_unless_they_are_declared() -> None:
    text = "h = Placeholder(dtype=resource)\nv = Placeholder(dtype=variant)"
    assert fed(text) == []
    assert fed(text, "h") == ["h"]
