"""The columns of a report's table and the text of their cells, for every format that shows a table to people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphcost.dims import Dim
from graphcost.render.numbers import human, human_in, percent
from graphcost.render.rows import output_shape
from graphcost.render.sanitize import sanitize
from graphcost.render.summary import shape_text
from graphcost.render.table_row import TableRow
from graphcost.render.view import View
from graphcost.report import Quantities, Quantity, Report, Row
from graphcost.report.quantities import quantity_named


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
    first, *others = (quantity for quantity in report.quantities if not quantity.beside)
    shown.append(_bounded_column(first))
    shown.append(Column("%", lambda entry: _share(entry, total)))
    for quantity in others:
        if not quantity.minor_to or _matters(total, quantity, report.quantities):
            # What the first column says of a row isn't said again.
            is_said = quantity.is_settled is first.is_settled
            shown.append(_plain_column(quantity) if is_said else _bounded_column(quantity))
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


def _matters(total: Row, quantity: Quantity, quantities: Quantities) -> bool:
    """Whether a minor quantity is a part of what the model costs, not just of its bookkeeping: a hundredth or more."""
    amount, major = total.amount(quantity), total.amount(quantity_named(quantity.minor_to, quantities))
    if not isinstance(amount, int) or not isinstance(major, int):
        return amount != 0
    return 100 * amount > major


def _plain_column(quantity: Quantity) -> Column:
    return Column(quantity.heading, lambda entry: human_in(entry.row.amount(quantity), quantity.unit))


def _bounded_column(quantity: Quantity) -> Column:
    return Column(quantity.heading, lambda entry: _bounded(entry, quantity))


def _bounded(entry: TableRow, quantity: Quantity) -> str:
    """The amount; where it is a lower bound, or nothing is known, that is said."""
    amount, missing = human_in(entry.row.amount(quantity), quantity.unit), entry.row.missing(quantity)
    if missing == 0:
        return amount
    if entry.line is not None and not entry.line.status.is_known:
        return entry.line.status.value
    is_all_unknown = missing == entry.row.nodes and entry.row.amount(quantity) == 0
    return "?" if is_all_unknown else f"≥ {amount}"


def _share(entry: TableRow, total: Row) -> str:
    is_unknown = 0 < entry.row.uncosted == entry.row.nodes
    return "" if is_unknown else percent(measured_as(entry.row, total), measured(total))


def _op(entry: TableRow) -> str:
    return "" if entry.line is None else sanitize(entry.line.op, 30)


def _output(entry: TableRow) -> str:
    return "" if entry.line is None else shape_text(output_shape(entry.line), 28)


def _runs(entry: TableRow) -> str:
    return "" if entry.line is None else human(entry.line.count)
