"""The pipeline as a table: what each pass took, made, and how long it needed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from graphcost.ir.graph import Graph
from graphcost.passes.pipeline import Step
from graphcost.render.sanitize import sanitize

HEADINGS = ("pass", "nodes before", "after", "functions", "ms")


def render(steps: Sequence[Step], form: str) -> str:
    """The steps as "table" or "json". Nodes are those of the top level; functions are counted beside them."""
    rows = list(_rows(steps))
    if form == "json":
        keys = ("pass", "nodes_before", "nodes_after", "functions", "seconds")
        return json.dumps({"passes": [dict(zip(keys, row, strict=True)) for row in rows]}, indent=2) + "\n"
    texts = [_texts(*row) for row in rows]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *texts, strict=True)]
    return "".join(_line(row, widths) for row in (HEADINGS, *texts))


def _rows(steps: Sequence[Step]) -> Iterator[tuple[str, int | None, int, int, float]]:
    before: Graph | None = None
    for step in steps:
        nodes = None if before is None else len(before.nodes)
        yield step.name, nodes, len(step.graph.nodes), len(step.graph.functions), step.seconds
        before = step.graph


def _texts(name: str, before: int | None, after: int, functions: int, seconds: float) -> tuple[str, ...]:
    counted = "" if before is None else f"{before:,}"
    return sanitize(name), counted, f"{after:,}", f"{functions:,}", f"{1000 * seconds:.1f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers = row
    return "  ".join([name.ljust(widths[0]), *map(str.rjust, numbers, widths[1:])]) + "\n"
