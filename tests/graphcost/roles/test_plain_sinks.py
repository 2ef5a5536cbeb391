"""Outputs of a graph without a loss: what it computes and nobody reads."""

from __future__ import annotations

import pytest
from networks import network_of
from tiny_graph import tiny_graph

from graphcost.roles.copies import MOST_COMPARED
from graphcost.roles.plain_sinks import UNREAD, find_sinks

DENSE = """
x = Placeholder(dtype=float32)
w = VariableV2(dtype=float32)
h = MatMul(x, w, T=float32)
"""


def sinks(text: str) -> dict[str, object]:
    """What is found, by name; empty parts are left out."""
    network = network_of(tiny_graph(text))
    found = find_sinks(network)
    parts = {name: getattr(found, name) for name in ("chosen", "copies", "unnamed", "early", "inner", "sharing")}
    names = {part: [network.flow.nodes[point].name for point in points] for part, points in parts.items() if points}
    return names if found.why == UNREAD else {**names, "why": found.why}


def test_what_nobody_reads_is_the_output() -> None:
    assert sinks(DENSE + "y = Relu(h, T=float32)") == {"chosen": ["y"]}


def test_all_of_it_is_in_order() -> None:
    assert sinks(DENSE + "y = Relu(h, T=float32)\na = Exp(h, T=float32)") == {"chosen": ["y", "a"]}


def test_an_effect_reads_nothing_away() -> None:
    summary = "tag = Const(value=[0])\nlog = HistogramSummary(tag, h, T=float32)"
    assert sinks(DENSE + summary) == {"chosen": ["h"]}


@pytest.mark.parametrize(
    "line",
    ["z = Placeholder(dtype=float32)", "z = Const(value=1.0)", "z = VariableV2(dtype=float32)", "z = NoOp(^h)",
     "z = Shape(h, T=float32)", "z = Foo(x) -> resource", "z = Foo(x) -> variant", "z = Neg(w, T=float32)",
     "u = Placeholder(dtype=float32)\nz = Exp(u, T=float32)"],
)  # fmt: skip
def test_what_gives_no_answer_is_none(line: str) -> None:
    assert sinks(DENSE + line) == {"chosen": ["h"]}


@pytest.mark.parametrize("dtype", ["resource", "variant"])
def test_a_handle_that_the_network_makes_is_no_answer(dtype: str) -> None:
    assert sinks(DENSE + f"y = Exp(h, T=float32)\nz = Foo(h) -> {dtype}") == {"chosen": ["y"]}


def test_a_name_goes_before_what_has_none() -> None:
    text = DENSE + "named = Identity(h, T=float32)\nother = Exp(h, T=float32)"
    assert sinks(text) == {"chosen": ["named"], "unnamed": ["other"]}


def test_what_stands_behind_the_last_weights_goes_before_what_leaves_early() -> None:
    text = DENSE + "early = Exp(h, T=float32)\nv = VariableV2(dtype=float32)\no = MatMul(h, v, T=float32)"
    assert sinks(text) == {"chosen": ["o"], "early": ["early"]}


def test_a_named_one_that_leaves_early_is_chosen_and_said() -> None:
    text = DENSE + "early = Identity(h, T=float32)\nv = VariableV2(dtype=float32)\no = MatMul(h, v, T=float32)"
    assert sinks(text + "\nlast = Identity(o, T=float32)") == {"chosen": ["early", "last"], "inner": ["early"]}


def test_what_only_moves_what_is_read_elsewhere_is_left() -> None:
    text = DENSE + "shape = Const(value=[-1])\nflat = Reshape(h, shape, T=float32)\ny = Exp(h, T=float32)"
    assert sinks(text) == {"chosen": ["y"]}


COPY = (
    DENSE
    + "y = Exp(h, T=float32)\nx2 = Placeholder(dtype=float32)\nh2 = MatMul(x2, w, T=float32)\ny2 = Exp(h2, T=float32)\n"
)


def test_what_does_the_same_with_the_same_weights_once_more_is_a_copy() -> None:
    assert sinks(COPY) == {"chosen": ["y"], "copies": ["y2"]}


def test_what_has_weights_of_its_own_is_none() -> None:
    assert sinks(COPY.replace("MatMul(x2, w", "MatMul(x2, v") + "v = VariableV2(dtype=float32)") == {
        "chosen": ["y", "y2"]
    }


def test_one_that_has_no_weights_of_its_own_is_chosen_and_said() -> None:
    longer = COPY + "v = VariableV2(dtype=float32)\no = MatMul(y2, v, T=float32)"
    assert sinks(longer) == {"chosen": ["y", "o"], "sharing": ["y"]}


@pytest.mark.parametrize(("count", "copies"), [(MOST_COMPARED, MOST_COMPARED - 1), (MOST_COMPARED + 1, 0)])
def test_not_too_many_are_compared(count: int, copies: int) -> None:
    lines = [f"x{i} = Placeholder(dtype=float32)\nh{i} = MatMul(x{i}, w, T=float32)" for i in range(count)]
    found = sinks("w = VariableV2(dtype=float32)\n" + "\n".join(lines))
    assert len(list(found.get("copies", []))) == copies  # type: ignore[call-overload]


def test_without_weights_whatever_data_reaches_counts() -> None:
    assert sinks("x = Placeholder(dtype=float32)\ny = Neg(x, T=float32)") == {"chosen": ["y"]}


def test_inputs_alone_are_the_output() -> None:
    assert sinks("x = Placeholder(dtype=float32)\nz = Placeholder(dtype=float32)") == {
        "chosen": ["x", "z"],
        "why": "nothing follows it",
    }


def test_without_inputs_the_effect_is() -> None:
    text = "w = VariableV2(dtype=float32)\none = Const(value=1.0)\nset = Assign(w, one, T=float32)"
    assert sinks(text) == {"chosen": ["set"], "why": "the graph's effect"}


def test_beside_weights_that_are_multiplied_what_data_alone_reaches_is_none() -> None:
    more = "b = VariableV2(dtype=float32)\ny = BiasAdd(h, b, T=float32)\nu = Placeholder(dtype=float32)\n"
    assert sinks(DENSE + more + "z = Exp(u, T=float32)") == {"chosen": ["y"]}


def test_beside_tables_that_are_only_looked_up_it_counts() -> None:
    text = """
    ids = Placeholder(dtype=int32)
    table = Const(value=[1.0, 2.0])
    row = Gather(table, ids, Tparams=float32, Tindices=int32)
    u = Placeholder(dtype=float32)
    z = Exp(u, T=float32)
    """
    assert sinks(text) == {"chosen": ["row", "z"]}


def test_a_named_one_that_has_no_weights_of_its_own_is_said() -> None:
    longer = COPY + "v = VariableV2(dtype=float32)\no = MatMul(y2, v, T=float32)\n"
    found = sinks(longer + "a = Identity(y, T=float32)\nb = Identity(o, T=float32)")
    assert found["chosen"] == ["a", "b"]
    assert found["sharing"] == ["a"]


def test_an_effect_that_another_reads_is_not_the_graph_s() -> None:
    text = "w = VariableV2(dtype=float32)\none = Const(value=1.0)\nset = Assign(w, one, T=float32)\n"
    assert sinks(text + "v = VariableV2(dtype=float32)\nmore = AssignAdd(v, set, T=float32)") == {
        "chosen": ["more"],
        "why": "the graph's effect",
    }
