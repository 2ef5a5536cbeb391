"""The columns of a report's table and the text of their cells, for every format that shows a table to people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphcost.dims import Dim
from graphcost.render.numbers import human, percent
from graphcost.render.rows import View, output_shape
from graphcost.render.sanitize import sanitize
from graphcost.render.summary import shape_text
from graphcost.render.table_row import TableRow
from graphcost.report import Report, Row


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    cell: Callable[[TableRow], str]
    is_number: bool = True


def columns(report: Report, view: View) -> tuple[Column, ...]:
    """The columns beside the name. Those that would say the same on every row are left out."""
    total = report.total
    shown: list[Column] = []
    if view.by == "node":
        shown += [Column("op", _op, is_number=False), Column("output", _output, is_number=False)]
        if any(line.count != 1 for line in report.lines):
            shown.append(Column("runs", _runs))
    else:
        shown.append(Column("nodes", lambda entry: f"{entry.row.nodes:,}"))
    shown.append(Column("FLOPs", lambda entry: _bounded(entry, entry.row.work.flops)))
    shown.append(Column("%", lambda entry: _share(entry, total)))
    shown.append(Column("MACs", lambda entry: human(entry.row.work.macs)))
    if _matters(total):
        shown.append(Column("int ops", lambda entry: human(entry.row.work.int_ops)))
    shown.append(Column("params", lambda entry: human(entry.row.params)))
    return tuple(shown)


def cells(entry: TableRow, shown: Sequence[Column]) -> list[str]:
    """The texts of a row, the name excepted."""
    return [column.cell(entry) for column in shown]


def measured(total: Row) -> Dim:
    """The quantity that shares are shares of: FLOPs, or integer operations where there are no FLOPs."""
    return total.work.flops if total.work.flops != 0 else total.work.int_ops


def measured_as(row: Row, total: Row) -> Dim:
    """The row's part of `measured(total)`."""
    return row.work.flops if total.work.flops != 0 else row.work.int_ops


def _matters(total: Row) -> bool:
    """Whether integer arithmetic is a part of the model's work, not just of its bookkeeping."""
    flops, int_ops = total.work.flops, total.work.int_ops
    if not isinstance(flops, int) or not isinstance(int_ops, int):
        return int_ops != 0
    return 100 * int_ops > flops


def _bounded(entry: TableRow, flops: Dim) -> str:
    if entry.row.uncosted == 0:
        return human(flops)
    if entry.line is not None:
        return entry.line.status.value
    return f"≥ {human(flops)}" if entry.row.uncosted < entry.row.nodes else "?"


def _share(entry: TableRow, total: Row) -> str:
    is_unknown = 0 < entry.row.uncosted == entry.row.nodes
    return "" if is_unknown else percent(measured_as(entry.row, total), measured(total))


def _op(entry: TableRow) -> str:
    return "" if entry.line is None else sanitize(entry.line.op, 30)


def _output(entry: TableRow) -> str:
    return "" if entry.line is None else shape_text(output_shape(entry.line), 28)


def _runs(entry: TableRow) -> str:
    return "" if entry.line is None else human(entry.line.count)
