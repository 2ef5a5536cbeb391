"""What holds for every graph: totals are sums, binding commutes, and names and order mean nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_graphs import BATCH_SIZES, models
from wrapped_models import called, in_a_loop, in_branches

import graphcost
from graphcost import Report
from graphcost.passes.prune import Prune
from graphcost.pipeline import run_pipeline
from graphcost.report import Line, Work, sum_work

every_graph = settings(
    max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@every_graph
@given(models())
def test_the_total_is_the_sum_of_lines_of_scopes_and_of_operations(model: Any) -> None:
    report = analyzed(model)
    total = report.total

    for rows in (report.bound_lines, report.by_op(), report.by_node(), report.by_scope(), report.by_scope(1)):
        assert added(rows) == total.work
        assert sum(row.params for row in rows) == total.params
        assert sum(row.param_bytes for row in rows) == total.param_bytes
    for grouping in (report.by_op(), report.by_scope(), report.by_scope(1)):
        assert sum(row.nodes for row in grouping) == len(report.lines) == total.nodes
    assert total.uncosted == 0


@every_graph
@given(models(), BATCH_SIZES)
def test_binding_before_and_after_is_the_same(model: Any, batch: int) -> None:
    features = next(node for node in model.node if node.name == "x").attr["shape"].shape.dim[1].size
    formula = analyzed(model)
    after = formula.bind(N=batch) if "N" in formula.symbols else formula

    assert after.bound_lines == analyzed(model, batch=batch).bound_lines
    assert after.bound_lines == analyzed(model, shapes={"x": (batch, features)}).bound_lines
    assert after.total == analyzed(model, batch=batch).total
    assert after.total.work == formula.formula.work.bind({"N": batch})


@every_graph
@given(models())
def test_pruning_twice_is_pruning_once(model: Any) -> None:
    graph = run_pipeline(model, outputs=["last"]).graph

    assert Prune()(Prune()(graph)).nodes == Prune()(graph).nodes


@every_graph
@given(models())
def test_what_is_kept_costs_what_the_whole_did(model: Any) -> None:
    """A file of the kept nodes alone: the same lines, and nothing is dropped."""
    whole = analyzed(model)
    kept = {line.node for line in whole.lines}
    pruned = copied(model, (node for node in model.node if node.name in kept))

    again = analyzed(pruned)

    assert again.lines == whole.lines
    assert not again.dropped


@every_graph
@given(models(), st.randoms())
def test_the_order_of_nodes_means_nothing(model: Any, random: Any) -> None:
    nodes = list(model.node)
    random.shuffle(nodes)

    shuffled = analyzed(copied(model, nodes))

    assert as_bag(shuffled) == as_bag(analyzed(model))
    assert shuffled.total == analyzed(model).total


@every_graph
@given(models())
def test_names_mean_nothing(model: Any) -> None:
    """Names that say what a node isn't: a loss, an initializer, a gradient."""
    names = {node.name: f"gradients/Initializer/loss_{index}" for index, node in enumerate(model.node)}
    renamed = copied(model, model.node)
    for node in renamed.node:
        node.name = names[node.name]
        node.input[:] = [names[source] for source in node.input]

    report = graphcost.analyze(renamed, outputs=[names["last"]])

    assert as_bag(report, without_names) == as_bag(analyzed(model), without_names)
    assert report.total == analyzed(model).total


@every_graph
@given(models(), models())
def test_what_nothing_reads_means_nothing(model: Any, other: Any) -> None:
    """Another model beside it, which no output needs."""
    both = copied(model, [*model.node, *renamed(other, "beside/").node])

    assert as_bag(analyzed(both)) == as_bag(analyzed(model))
    assert analyzed(both).inputs == analyzed(model).inputs


@pytest.mark.parametrize("wrapped", [called, in_branches, in_a_loop])
def test_what_is_around_a_model_means_nothing(wrapped: Callable[[Any], Any]) -> None:
    """The counter of a loop is integer arithmetic, which isn't in the FLOPs."""

    @settings(every_graph, max_examples=20)
    @given(models())
    def compare(model: Any) -> None:
        inside, outside = analyzed(wrapped(model)), analyzed(model)
        assert inside.total.work.floating == outside.total.work.floating
        assert inside.total.params == outside.total.params
        assert inside.total.uncosted == outside.total.uncosted

    compare()


def renamed(model: Any, scope: str) -> Any:
    """The same model with names in a scope."""
    copy = copied(model, model.node)
    for node in copy.node:
        node.name = f"{scope}{node.name}"
        node.input[:] = [f"{scope}{source}" for source in node.input]
    return copy


def analyzed(model: Any, **options: Any) -> Report:
    return graphcost.analyze(model, outputs=["last"], **options)


def added(rows: Iterable[Any]) -> Work:
    return sum_work(row.work for row in rows)


def copied(model: Any, nodes: Iterable[Any]) -> Any:
    """The same model with other nodes."""
    copy = type(model)()
    copy.versions.CopyFrom(model.versions)
    copy.node.extend(nodes)
    return copy


def as_bag(report: Report, view: Callable[[Line], Line] = lambda line: line) -> Counter[Line]:
    """The lines without their order."""
    return Counter(map(view, report.bound_lines))


def without_names(line: Line) -> Line:
    return replace(line, node="", scope="")
