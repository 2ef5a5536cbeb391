"""The rows of a report as a table shows them: by scope (a tree), by op, or by node; cut to what can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphcost.dims import Shape
from graphcost.render.scope_tree import Cut, flatten, grow, readable
from graphcost.render.table_row import TableRow
from graphcost.render.view import View
from graphcost.report import Line, Report, Row, add_up, add_up_rows

READABLE_ROWS = 30


@dataclass(frozen=True, slots=True)
class Rows:
    """The entries to show, and a sentence about what isn't shown ("" where all is)."""

    entries: tuple[TableRow, ...]
    cut: str = ""


def select(report: Report, view: View) -> Rows:
    """The rows of the view, at most about `READABLE_ROWS` where it leaves their number open."""
    if view.by == "scope":
        return _scopes(report, view)
    limit = READABLE_ROWS if view.top is None else view.top
    if view.by == "op":
        return _most_expensive([TableRow(row.name, row) for row in report.by_op()], limit, "ops")
    return _most_expensive(sorted(_nodes(report), key=_node_cost), limit, "nodes")


def flat(report: Report, view: View) -> tuple[TableRow, ...]:
    """All rows of the view side by side, none inside another, so that a column adds up to the total."""
    if view.by == "node":
        entries = _nodes(report)
    elif view.by == "op":
        entries = [TableRow(row.name, row) for row in report.by_op()]
    else:
        entries = [TableRow(row.name, row) for row in report.by_scope(view.depth)]
    if not view.top:
        return tuple(entries)
    return tuple(sorted(entries, key=lambda entry: _dearness(entry.row))[: view.top])


def output_shape(line: Line | None) -> Shape | None:
    """The shape of the first output."""
    return line.outputs[0] if line is not None and line.outputs else None


def _scopes(report: Report, view: View) -> Rows:
    tree = grow(report.by_scope(None))
    cut = Cut(view.depth) if view.depth is not None else readable(tree, READABLE_ROWS)
    entries = list(flatten(tree, cut))
    limit = READABLE_ROWS if view.top is None else view.top
    count = len(entries)
    hidden: list[TableRow] = []
    if limit and count > limit:
        entries, hidden = _keep_most_expensive(entries, limit)
    said = []
    if hidden:
        said.append(f"the most expensive {len(entries)} of {count} scopes (--top 0 for all)")
    if cut.depth < tree.height:
        said.append(f"cut at depth {cut.depth} of {tree.height} (--depth {cut.depth + 1} for more)")
    outermost = [entry.row for entry in hidden if entry.indent == 0]
    if outermost:
        entries.append(TableRow(_others(len(outermost)), add_up_rows("others", outermost)))
    return Rows(tuple(entries), "; ".join(said))


def _most_expensive(entries: list[TableRow], limit: int, what: str) -> Rows:
    if not limit or len(entries) <= limit:
        return Rows(tuple(entries))
    rest = add_up_rows("others", (entry.row for entry in entries[limit:]))
    shown = (*entries[:limit], TableRow(_others(len(entries) - limit), rest))
    return Rows(shown, f"the most expensive {limit} of {len(entries)} {what} (--top 0 for all)")


def _others(count: int) -> str:
    return f"({count:,} other{'' if count == 1 else 's'})"


def _keep_most_expensive(entries: Sequence[TableRow], limit: int) -> tuple[list[TableRow], list[TableRow]]:
    """The most expensive rows, in their order, and the others. A scope costs what its parts do, so none is lost."""
    ranked = sorted(range(len(entries)), key=lambda i: (_dearness(entries[i].row), entries[i].indent))
    kept = set(ranked[:limit])
    shown = [entry for i, entry in enumerate(entries) if i in kept]
    return shown, [entry for i, entry in enumerate(entries) if i not in kept]


def _nodes(report: Report) -> list[TableRow]:
    return [
        TableRow(line.node, add_up(line.node, (line,), report.quantities), line=line) for line in report.bound_lines
    ]


def _dearness(row: Row) -> tuple[int, int, int]:
    """A sort key: open formulas first, then by arithmetic, most expensive first, then by parameters."""
    flops, int_ops = row.work.flops, row.work.int_ops
    if not isinstance(flops, int) or not isinstance(int_ops, int):
        return 0, 0, 0
    return 1, -(flops + int_ops), -row.params if isinstance(row.params, int) else 0


def _node_cost(entry: TableRow) -> tuple[int, int, int, int]:
    """As _dearness; what couldn't be costed comes before what costs nothing."""
    is_open, work, params = _dearness(entry.row)
    return is_open, work, int(entry.row.uncosted == 0), params
