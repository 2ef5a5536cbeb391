"""The report as CSV: one row for each row of the grouping, plain numbers, formulas where symbols are open."""

from __future__ import annotations

import csv
from io import StringIO

from graphcost.dims import Dim, Shape, format_dim
from graphcost.render.numbers import MAX_BITS
from graphcost.render.rows import flat
from graphcost.render.sanitize import TEXT_LIMIT, sanitize
from graphcost.render.table_row import TableRow
from graphcost.render.view import View
from graphcost.report import Line, Quantities, Report, Row

SPREADSHEET_FORMULA = ("=", "+", "-", "@")


def render(report: Report, view: View) -> str:
    """The rows don't overlap, so that each column adds up to the total."""
    entries = flat(report, view)
    header = (
        ["node", "op", "scope", "status", "count", "outputs"] if view.by == "node" else [view.by, "nodes", "uncosted"]
    )
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*header, *(quantity.name for quantity in report.quantities), "formula"])
    for entry in entries:
        numbers = [number(entry.row.amount(quantity)) for quantity in report.quantities]
        writer.writerow([*_identity(entry), *numbers, _formula(entry.row, report.quantities)])
    return buffer.getvalue()


def _identity(entry: TableRow) -> list[str | int]:
    if entry.line is None:
        return [cell(entry.row.name), entry.row.nodes, entry.row.uncosted]
    line = entry.line
    return [cell(line.node), cell(line.op), cell(line.scope), line.status.value, _count(line), _shapes(line)]


def number(value: Dim) -> str:
    """The digits; empty where there is no number, or none that a reader of CSV could take."""
    return str(value) if isinstance(value, int) and value.bit_length() <= MAX_BITS else ""


def _count(line: Line) -> str:
    return number(line.count) or cell(format_dim(line.count))


def _formula(row: Row, quantities: Quantities) -> str:
    """What the FLOPs are where they aren't a number, else what the first quantity is that isn't one."""
    amounts = (row.amount(quantity) for quantity in quantities if quantity.may_be_open)
    return next((cell(format_dim(amount)) for amount in amounts if not number(amount)), "")


def _shapes(line: Line) -> str:
    return cell(" ".join(_shape(shape) for shape in line.outputs))


def _shape(shape: Shape | None) -> str:
    return "?" if shape is None else "x".join(format_dim(dim) for dim in shape) or "scalar"


def cell(text: str) -> str:
    """A spreadsheet takes a cell that begins with one of these for a formula, and runs it."""
    shown = sanitize(text, TEXT_LIMIT)
    return f"'{shown}" if shown.startswith(SPREADSHEET_FORMULA) else shown
