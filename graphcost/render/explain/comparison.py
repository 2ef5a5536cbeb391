"""Another tool's count beside graphcost's, as a table, Markdown, CSV or JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from textwrap import wrap
from typing import Any

from graphcost.explain.reasons import ALIKE
from graphcost.explain.reconcile import Differences, NodeDifference, Reconciliation
from graphcost.render.csv import cell, number
from graphcost.render.explain.grid import Grid, aligned, digits, markdown_table, quantity, signed
from graphcost.render.markdown import escape
from graphcost.render.numbers import exact
from graphcost.render.sanitize import TEXT_LIMIT, sanitize
from graphcost.render.summary import title

SCHEMA_VERSION = 1
EXAMPLES = 2
"""How many nodes of a group a table names, unless it is asked for more."""

INDENT = "  "
LEAST_WIDTH = 40


def render(found: Reconciliation, form: str, width: int, examples: int | None = None) -> str:
    """The comparison as "table", "json", "csv" or "markdown"; `examples` nodes of each reason, where it isn't all."""
    if form == "json":
        return json.dumps(to_dict(found), indent=1) + "\n"
    if form == "csv":
        return _csv(found)
    grid, remarks = _grid(found, EXAMPLES if examples is None else examples), list(_remarks(found))
    if form == "markdown":
        heading = f"**{escape(title(found.report))}**"
        return "\n".join([heading, "", *markdown_table(grid), "", *(f"- {escape(each)}" for each in remarks), ""])
    wrapped = [line for each in remarks for line in wrap(each, max(width, LEAST_WIDTH), break_on_hyphens=False)]
    return "\n".join([title(found.report), "", *aligned(grid, width), "", *wrapped, ""])


def to_dict(found: Reconciliation) -> dict[str, Any]:
    """The comparison in the types that JSON has; a quantity with an open symbol is None beside its formula."""
    report = found.report
    return {
        "schema_version": SCHEMA_VERSION,
        "model": {"path": report.model.path, "format": report.model.format, "nodes": report.model.nodes},
        "tool": found.tool,
        "symbols": {name: report.bindings.get(name) for name in report.symbols},
        **_quantities(found),
        "complete": report.is_complete,
        "reasons": [_group(group) for group in found.groups],
    }


def _group(group: Differences) -> dict[str, Any]:
    return {"reason": group.reason, **_quantities(group), "note": group.note, "nodes": _nodes(group)}


def _nodes(group: Differences) -> list[dict[str, Any]]:
    return [{"node": entry.node, "op": entry.op, **_quantities(entry)} for entry in group.entries]


def _quantities(counted: Reconciliation | Differences | NodeDifference) -> dict[str, Any]:
    return {
        **quantity("theirs", counted.theirs),
        **quantity("graphcost", counted.ours),
        **quantity("difference", counted.theirs - counted.ours),
    }


def _csv(found: Reconciliation) -> str:
    """One row for each node of which anything is counted; the columns add up to the totals."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["node", "op", "reason", found.tool, "graphcost", "difference"])
    for group in found.groups:
        for entry in group.entries:
            numbers = [number(value) for value in (entry.theirs, entry.ours, entry.difference)]
            writer.writerow([cell(entry.node), cell(entry.op), cell(entry.reason), *numbers])
    return buffer.getvalue()


def _grid(found: Reconciliation, examples: int) -> Grid:
    rows = [row for group in found.groups for row in _rows(group, examples)]
    nodes = sum(len(group.entries) for group in found.groups)
    total = ["total", f"{nodes:,}", digits(found.theirs), digits(found.ours), signed(found.theirs - found.ours)]
    return Grid(["why", "nodes", found.tool, "graphcost", "difference"], [*rows, total], numbers=1)


def _rows(group: Differences, examples: int) -> Iterator[list[str]]:
    numbers = [digits(group.theirs), digits(group.ours), signed(group.difference)]
    yield [sanitize(group.reason), f"{len(group.entries):,}", *numbers]
    if group.reason == ALIKE:
        return
    for entry in group.entries[:examples]:
        name = f"{INDENT}{sanitize(entry.node)} ({sanitize(entry.op, 40)})"
        yield [name, "", digits(entry.theirs), digits(entry.ours), signed(entry.difference)]


def _remarks(found: Reconciliation) -> Iterator[str]:
    report = found.report
    bound = ", ".join(f"{sanitize(name, 60)} = {exact(value)}" for name, value in report.bindings.items())
    outputs = ", ".join(sanitize(tensor.name, 60) for tensor in report.outputs[:5]) or "none"
    more = f" and {len(report.outputs) - 5:,} more" if len(report.outputs) > 5 else ""
    yield f"{found.tool} counts {exact(found.theirs)} FLOPs over the whole file, as TensorFlow imports it."
    lower = "" if report.total.uncosted == 0 else "at least "
    at = f" at {bound}" if bound else ""
    total, source = f"{lower}{exact(found.ours)} FLOPs{at}", sanitize(report.outputs_from)
    yield f"graphcost counts {total} for {outputs}{more} ({source})."
    for group in found.groups:
        if group.note:
            yield sanitize(group.note, TEXT_LIMIT)
    if report.total.work.symbols:
        names = ", ".join(sanitize(name, 60) for name in sorted(report.total.work.symbols)[:5])
        yield sanitize(f"Open: {names}; --bind SYMBOL=INT gives a number.", TEXT_LIMIT)
