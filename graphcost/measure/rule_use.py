"""What became of the rules that the user brought: those that no node has, and what others overrode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphcost.ir.graph import Graph
from graphcost.ops.rule import RuleSet
from graphcost.report import Line, Overridden, Unmatched


def unmatched(brought: RuleSet | None, graphs: Iterable[Graph]) -> tuple[Unmatched, ...]:
    """The rules for operations that no node of the graphs has, functions included."""
    if brought is None:
        return ()
    ops = {node.op for graph in graphs for each in (graph, *graph.functions.values()) for node in each.nodes.values()}
    return tuple(Unmatched(rule.op, rule.owner) for rule in brought if rule.op not in ops)


def overridden(lines: Iterable[Line], rules: RuleSet) -> tuple[Overridden, ...]:
    """Where one owner's rule took the place of another's, for the operations that run."""
    return tuple(each for op in dict.fromkeys(line.op for line in lines) for each in _of(op, rules))


def _of(op: str, rules: RuleSet) -> Iterator[Overridden]:
    rule = rules.get(op)
    if rule is None:
        return
    for below in rule.overrides:
        yield Overridden(op, rule.owner, below.owner, below.aspects)
