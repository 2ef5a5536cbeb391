"""Weights and data: which operands an op takes for weights, and what sums up a batch."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tiny_graph import tiny_graph

from graphcost.ir.literal import Literal
from graphcost.plugins import installed_rules
from graphcost.roles.flow import Flow
from graphcost.roles.weights import batch_reductions, find_weight_uses


@pytest.mark.parametrize(
    ("axes", "reduces"),
    [
        ("Const(value=[0])", True),
        ("Const(value=[0, 1])", True),
        ("Const(value=[1])", False),
        ("Const(value=-1)", False),
        ("Const(value=0)", True),
        ("Range(zero, rank, one, Tidx=int32)", True),
        ("Placeholder(dtype=int32, shape=<1>)", False),
        ("Const()", False),
    ],
)
def test_a_reduction_over_the_first_axis_or_over_all_sums_up_the_batch(axes: str, reduces: bool) -> None:
    flow = Flow.of(
        tiny_graph(
            f"""
            x = Placeholder(dtype=float32)
            zero = Const(value=0)
            one = Const(value=1)
            rank = Rank(x, T=float32)
            axes = {axes}
            y = Mean(x, axes, T=float32, Tidx=int32)
            z = Neg(x, T=float32)
            loss = L2Loss(x, T=float32)
            """
        ),
        installed_rules(),
    )
    assert (flow.index["y"] in batch_reductions(flow)) == reduces
    assert flow.index["z"] not in batch_reductions(flow)
    assert flow.index["loss"] in batch_reductions(flow)


def test_axes_that_nobody_has_read_sum_up_nothing_for_certain() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32)
        axes = Const(value=[0])
        y = Mean(x, axes, T=float32, Tidx=int32)
        """
    )
    axes = graph.nodes["axes"]
    unread = replace(axes, attrs={**axes.attrs, "value": Literal("int32", (1,), None)})
    flow = Flow.of(graph.replacing([unread]), installed_rules())
    assert flow.index["y"] not in batch_reductions(flow)


def test_without_inputs_noise_is_data_and_what_weights_meet_otherwise_is_none() -> None:
    graph = tiny_graph(
        """
        size = Const(value=[4, 2])
        z = RandomStandardNormal(size, T=int32, dtype=float32)
        w = VariableV2(dtype=float32)
        two = Const(value=2.0)
        double = Mul(w, two, T=float32)
        y = MatMul(z, w, T=float32)
        """
    )
    flow = Flow.of(graph, installed_rules())
    found = find_weight_uses(flow, graph.inputs)
    assert {flow.nodes[point].name for point in found.weighted} == {"y"}
    assert not found.is_fed
