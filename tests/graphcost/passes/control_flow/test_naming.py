"""New names, and where new nodes stand."""

from __future__ import annotations

from tiny_graph import parse_node

from graphcost.passes.control_flow.naming import Names, in_file_order


def test_a_taken_name_gets_a_number() -> None:
    names = Names(["a", "a_1"])
    assert [names.fresh("a"), names.fresh("a"), names.fresh("b")] == ["a_2", "a_3", "b"]


def test_a_node_that_stands_for_a_scope_has_its_name_or_one_inside_it() -> None:
    names = Names(["rnn/while"])
    assert names.of_scope("rnn/while", "While") == "rnn/while/While"
    assert names.of_scope("cond", "If") == "cond"


def test_new_nodes_stand_before_their_first_reader() -> None:
    nodes = [parse_node(line) for line in ("b = NoOp()", "x = _Arg()", "new = Neg(b)", "c = Neg(new)", "a = Neg(c)")]
    placed = in_file_order(nodes, {"a": 0, "b": 1, "c": 2})
    assert [node.name for node in placed] == ["x", "a", "b", "new", "c"]
