"""Which lines read which: the edges between the lines of a report, over the borders of bodies."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from graphcost.evaluate import CallGraph, Evaluation
from graphcost.ir.node import Node
from graphcost.ir.stand_ins import ARGUMENT, COPY, STAND_INS

Reads = tuple[tuple[int, ...], ...]
"""For each line the positions of the lines that it reads, each once, in the order of its inputs."""


def reads(calls: CallGraph) -> Reads:
    """The edges between the lines of all bodies, in the order of the report's lines. They make a DAG.

    What a node that runs bodies gives is read from the node's own line. An argument of a body is read from there too:
    from the first node that runs the body. What was folded is read from nothing; a copy from what it reads.
    """
    numbers = count()
    lines = {
        (body, node.name): next(numbers)
        for body in calls.order
        for node in body.graph.nodes.values()
        if node.op not in STAND_INS
    }
    callers: dict[Evaluation, int] = {}
    found: list[tuple[int, ...]] = [()] * len(lines)
    for body in calls.order:
        given: dict[str, tuple[int, ...]] = {}
        for node in body.graph.order:
            read = _read(node, given)
            line = lines.get((body, node.name))
            if line is not None:
                found[line] = read
                given[node.name] = (line,)
                for call in body.calls.get(node.name, ()):
                    callers.setdefault(call.callee, line)
            elif node.op == ARGUMENT and body in callers:
                given[node.name] = (callers[body],)
            elif node.op == COPY:
                given[node.name] = read
    return tuple(found)


def _read(node: Node, given: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(line for ref in node.inputs for line in given.get(ref.node, ())))
