"""Which inputs are labels, and where judging begins."""

from __future__ import annotations

import pytest
from tiny_graph import tiny_graph

from graphcost.plugins import installed_rules
from graphcost.roles.flow import Flow
from graphcost.roles.labels import find_labels
from graphcost.roles.regions import find_regions
from graphcost.roles.weights import find_weight_uses

DENSE = """
x = Placeholder(dtype=float32)
w = VariableV2(dtype=float32)
h = MatMul(x, w, T=float32)
y = Placeholder(dtype=float32)
"""


def labels(text: str, rest: str = "") -> tuple[set[str], set[str], set[str]]:
    """The labels, what judges, and the answers, by name; the nodes of `rest` are only gradients."""
    graph = tiny_graph(DENSE + text + rest)
    flow = Flow.of(graph, installed_rules())
    uses = find_weight_uses(flow, graph.inputs)
    regions = find_regions(flow, uses)
    found = find_labels(flow, uses, regions, uses.weighted - regions.gradient)
    sources, judges, answers = (
        {str(flow.ref(point)) for point in points} for points in (found.sources, found.judges, found.answers)
    )
    return sources, judges, answers


def test_an_input_that_first_meets_results_behind_the_last_weights_is_a_label() -> None:
    assert labels("d = Sub(h, y, T=float32)") == ({"y"}, {"y"}, {"h"})


def test_so_it_is_behind_ops_that_no_weight_touches() -> None:
    assert labels("t = Neg(y, T=float32)\nd = Sub(h, t, T=float32)")[0] == {"y"}


def test_an_input_that_meets_results_before_other_weights_is_none() -> None:
    more = "d = Mul(h, y, T=float32)\nv = VariableV2(dtype=float32)\no = MatMul(d, v, T=float32)"
    assert labels(more) == (set(), set(), set())


def test_an_input_that_is_multiplied_with_weights_too_is_none() -> None:
    more = "v = VariableV2(dtype=float32)\no = MatMul(y, v, T=float32)\nd = Sub(h, y, T=float32)"
    assert labels(more)[0] == set()


def test_the_operand_that_tensorflow_calls_labels_is_one() -> None:
    loss = "c = Cast(y, SrcT=float32, DstT=int64)\ne = SparseSoftmaxCrossEntropyWithLogits(h, c, T=float32)"
    assert labels(loss) == ({"y"}, {"e", "y"}, {"h"})


def test_what_a_loss_takes_beside_labels_is_none() -> None:
    loss = """
    indices = Placeholder(dtype=int64)
    values = Placeholder(dtype=int32)
    lengths = Placeholder(dtype=int32)
    e = CTCLoss(h, indices, values, lengths, T=float32)
    """
    assert labels(loss)[0] == {"indices", "values"}


def test_the_other_operands_of_a_loss_are_no_labels() -> None:
    loss = "e = SoftmaxCrossEntropyWithLogits(y, h, T=float32)"
    assert labels(loss) == (set(), {"e"}, set())


def test_the_network_s_own_input_is_no_label_though_results_are_compared_with_it() -> None:
    assert labels("d = Sub(h, x, T=float32)") == (set(), set(), set())


def test_which_is_judging_where_the_graph_is_trained() -> None:
    backward = """
    nothing = Const(value=[])
    one = Const(value=1.0)
    seed = Fill(nothing, one, T=float32)
    dw = Mul(seed, h, T=float32)
    rate = Const(value=0.1)
    train = ApplyGradientDescent(w, rate, dw, T=float32)
    """
    assert labels("d = Sub(h, x, T=float32)", backward) == (set(), {"d"}, set())


def test_a_label_s_lookup_of_weights_makes_it_no_input() -> None:
    loss = """
    table = VariableV2(dtype=float32)
    ids = Placeholder(dtype=int32)
    rows = Gather(table, ids, Tparams=float32, Tindices=int32)
    c = Mul(h, rows, T=float32)
    d = Sub(c, ids, T=float32)
    """
    assert "ids" not in labels(loss.replace("d = Sub(c, ids, T=float32)", "o = MatMul(rows, w, T=float32)"))[0]


@pytest.mark.parametrize("more", ["", "z = Exp(e, T=float32)\n"])
def test_what_is_looked_up_for_more_weights_is_an_input_whoever_else_reads_it(more: str) -> None:
    text = """
    ids = Placeholder(dtype=int32)
    table = VariableV2(dtype=float32)
    v = VariableV2(dtype=float32)
    e = Gather(table, ids, Tparams=float32, Tindices=int32)
    o = MatMul(e, v, T=float32)
    s = AddV2(h, o, T=float32)
    same = Cast(ids, SrcT=int32, DstT=float32)
    d = Sub(s, same, T=float32)
    """
    assert labels(text + more)[0] == set()


def test_beside_noise_what_is_compared_is_no_label() -> None:
    graph = tiny_graph("""
    shape = Const(value=[2, 2])
    x = RandomStandardNormal(shape, T=int32, dtype=float32)
    w = VariableV2(dtype=float32)
    h = MatMul(x, w, T=float32)
    y = Placeholder(dtype=float32)
    d = Sub(h, y, T=float32)
    """)
    flow = Flow.of(graph, installed_rules())
    uses = find_weight_uses(flow, graph.inputs)
    found = find_labels(flow, uses, find_regions(flow, uses), uses.weighted)
    assert found.sources == frozenset()


def test_nothing_is_a_label_where_all_would_be() -> None:
    assert labels("d = Sub(h, y, T=float32)".replace("h", "x"))[0] == set()


def test_each_output_of_a_source_is_an_input_of_its_own() -> None:
    graph = tiny_graph("""
    data = IteratorGetNext() -> float32, float32
    w = VariableV2(dtype=float32)
    h = MatMul(data, w, T=float32)
    d = Sub(h, data:1, T=float32)
    """)
    flow = Flow.of(graph, installed_rules())
    uses = find_weight_uses(flow, graph.inputs)
    found = find_labels(flow, uses, find_regions(flow, uses), uses.weighted)
    assert [str(flow.ref(point)) for point in found.sources] == ["data:1"]


@pytest.mark.parametrize("source", ["RandomStandardNormal(shape, T=int32, dtype=float32)"])
def test_a_network_that_runs_on_noise_has_no_labels(source: str) -> None:
    graph = tiny_graph(f"""
    shape = Const(value=[2, 2])
    x = {source}
    w = VariableV2(dtype=float32)
    h = MatMul(x, w, T=float32)
    e = SoftmaxCrossEntropyWithLogits(h, x, T=float32)
    """)
    flow = Flow.of(graph, installed_rules())
    uses = find_weight_uses(flow, graph.inputs)
    found = find_labels(flow, uses, find_regions(flow, uses), uses.weighted)
    assert found.sources == frozenset()
    assert {flow.nodes[point].name for point in found.judges} == {"e"}
