"""Protobuf's text format: what is parsed, and what is said of what can't be."""

from __future__ import annotations

import pytest
from model_files import RELU

from graphcost.errors import LoadError
from graphcost.loaders.source import NodeBudget
from graphcost.loaders.text import parse_text


def test_a_graph() -> None:
    message = parse_text("GraphDef", RELU.encode(), NodeBudget(2))
    assert [node.name for node in message.node] == ["x", "y"]


def test_a_byte_order_mark_is_no_error() -> None:
    assert len(parse_text("GraphDef", b"\xef\xbb\xbf" + RELU.encode(), NodeBudget(2)).node) == 2


@pytest.mark.parametrize("node", ["node {", "node{", "node: {", "node <", "node_def {"])
def test_nodes_are_counted_before_anything_is_parsed(node: str) -> None:
    with pytest.raises(LoadError, match="nodes"):
        parse_text("GraphDef", (f"{node} not even text\n" * 3).encode(), NodeBudget(2))


def test_what_is_no_text_of_it() -> None:
    with pytest.raises(LoadError, match="no text of a GraphDef: 1:1"):
        parse_text("GraphDef", b"weights { }", NodeBudget(2))
    with pytest.raises(LoadError, match="isn't UTF-8 at byte 3"):
        parse_text("GraphDef", b"# \n\xff", NodeBudget(2))
