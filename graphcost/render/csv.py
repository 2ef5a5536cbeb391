"""The report as CSV: one row for each row of the grouping, plain numbers, formulas where symbols are open."""

from __future__ import annotations

import csv
from io import StringIO

from graphcost.dims import Dim, Shape, format_dim
from graphcost.render.numbers import MAX_BITS
from graphcost.render.rows import View, flat
from graphcost.render.sanitize import TEXT_LIMIT, sanitize
from graphcost.render.table_row import TableRow
from graphcost.report import Line, Report, Work

QUANTITIES = ("flops", "macs", "int_ops", "int_macs", "params", "param_bytes")
SPREADSHEET_FORMULA = ("=", "+", "-", "@")


def render(report: Report, view: View) -> str:
    """The rows don't overlap, so that each column adds up to the total."""
    entries = flat(report, view)
    header = (
        ["node", "op", "scope", "status", "count", "outputs"] if view.by == "node" else [view.by, "nodes", "uncosted"]
    )
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*header, *QUANTITIES, "formula"])
    for entry in entries:
        writer.writerow([*_identity(entry), *_numbers(entry), _formula(entry.row.work)])
    return buffer.getvalue()


def _identity(entry: TableRow) -> list[str | int]:
    if entry.line is None:
        return [cell(entry.row.name), entry.row.nodes, entry.row.uncosted]
    line = entry.line
    return [cell(line.node), cell(line.op), cell(line.scope), line.status.value, _count(line), _shapes(line)]


def _numbers(entry: TableRow) -> list[str]:
    row = entry.row
    work = row.work
    return [
        number(value) for value in (work.flops, work.macs, work.int_ops, work.int_macs, row.params, row.param_bytes)
    ]


def number(value: Dim) -> str:
    """The digits; empty where there is no number, or none that a reader of CSV could take."""
    return str(value) if isinstance(value, int) and value.bit_length() <= MAX_BITS else ""


def _count(line: Line) -> str:
    return number(line.count) or cell(format_dim(line.count))


def _formula(work: Work) -> str:
    """What the FLOPs are, else what the integer operations are, where they aren't a number."""
    is_open = [value for value in (work.flops, work.int_ops) if not number(value)]
    return cell(format_dim(is_open[0])) if is_open else ""


def _shapes(line: Line) -> str:
    return cell(" ".join(_shape(shape) for shape in line.outputs))


def _shape(shape: Shape | None) -> str:
    return "?" if shape is None else "x".join(format_dim(dim) for dim in shape) or "scalar"


def cell(text: str) -> str:
    """A spreadsheet takes a cell that begins with one of these for a formula, and runs it."""
    shown = sanitize(text, TEXT_LIMIT)
    return f"'{shown}" if shown.startswith(SPREADSHEET_FORMULA) else shown
