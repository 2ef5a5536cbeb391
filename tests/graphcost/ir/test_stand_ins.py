"""Stand-ins: nodes whose tensors are computed elsewhere."""

from __future__ import annotations

import pytest
from tiny_graph import parse_node

from graphcost.ir.node import Node
from graphcost.ir.stand_ins import COPY, FOLDED, origins, restored, standing_for


@pytest.mark.parametrize("op", [COPY, FOLDED])
def test_a_stand_in_knows_what_it_was(op: str) -> None:
    node = parse_node("y = Cast(x, SrcT=int32, DstT=float32)")
    standing = standing_for(node, op)
    assert (standing.op, standing.inputs, standing.dtypes) == (op, node.inputs, ("float32",))
    assert (restored(standing).op, dict(restored(standing).attrs)) == ("Cast", dict(node.attrs))


def test_other_nodes_are_restored_as_they_are() -> None:
    node = Node("x", "Placeholder")
    assert restored(node) is node


def test_a_node_stands_for_itself_unless_it_says_otherwise() -> None:
    assert origins(Node("x", "Op")) == ("x",)
    assert origins(Node("x", "Op", origins=("a", "b"))) == ("a", "b")
    assert standing_for(Node("x", "Op"), COPY).origins == ("x",)
