"""The report as a table for a terminal: rows with human numbers, a foot with exact ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from graphcost.render.columns import Column, cells, columns, measured, measured_as
from graphcost.render.numbers import share
from graphcost.render.rows import Rows, select
from graphcost.render.sanitize import head, middle, sanitize
from graphcost.render.summary import Fact, summarize, title
from graphcost.render.table_row import TableRow
from graphcost.render.view import View
from graphcost.report import Report

PLAIN_WIDTH = 120
NARROWEST = 60
LEAST_NAME = 26
LEAST_TEXT = 8
FAIR_TEXT = 12
BAR_WIDTH = 12
GAP = 2
INDENT = "  "


def render(report: Report, view: View, *, width: int = PLAIN_WIDTH, colour: bool = False) -> str:
    """The table, at most `width` characters wide (but at least 60); escape sequences only with `colour`."""
    buffer = StringIO()
    console = Console(
        file=buffer,
        width=max(width, NARROWEST),
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    rows = select(report, view)
    console.print(Text(title(report), style="bold"))
    console.print()
    console.print(_table(report, view, rows, console.width))
    if rows.cut:
        console.print(Text(rows.cut, style="dim"))
    console.print()
    console.print(_foot(summarize(report)))
    return "\n".join(line.rstrip() for line in buffer.getvalue().split("\n"))


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns that there is room for, with their widths, and the room that is left for names and bars."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    names: int
    has_bars: bool


def _table(report: Report, view: View, rows: Rows, width: int) -> Table:
    total = TableRow("total", report.total)
    layout = _lay_out(columns(report, view), (*rows.entries, total), width)
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    table.add_column(Text(view.by), Text("total", style="bold"), no_wrap=True, min_width=LEAST_NAME)
    for column, column_width, text in zip(layout.columns, layout.widths, cells(total, layout.columns), strict=True):
        table.add_column(
            Text(column.heading),
            Text(head(text, column_width), style="bold"),
            justify="right" if column.is_number else "left",
            no_wrap=True,
            width=column_width,
        )
    if layout.has_bars:
        table.add_column(Text(), Text(), no_wrap=True, width=BAR_WIDTH)
    for entry in rows.entries:
        table.add_row(*_row(report, entry, layout))
    return table


def _lay_out(shown: Sequence[Column], entries: Iterable[TableRow], width: int) -> _Layout:
    """Bars give way first, then texts, then the widest of the formulas."""
    rows = [cells(entry, shown) for entry in entries]
    widths = [max(cell_len(column.heading), *(cell_len(row[i]) for row in rows)) for i, column in enumerate(shown)]
    room = width - LEAST_NAME - GAP
    numbers = [i for i, column in enumerate(shown) if column.is_number]
    texts = [i for i in range(len(shown)) if i not in numbers]
    _shrink(widths, numbers, room - sum(min(widths[i], FAIR_TEXT) + GAP for i in texts))
    kept = _fitted(widths, texts, room - _used(widths, numbers))
    chosen = [i for i in range(len(shown)) if i in numbers or i in kept]
    names = width - GAP - _used(widths, chosen)
    has_bars = names - BAR_WIDTH - GAP >= LEAST_NAME + LEAST_TEXT
    return _Layout(
        columns=tuple(shown[i] for i in chosen),
        widths=tuple(widths[i] for i in chosen),
        names=names - (BAR_WIDTH + GAP if has_bars else 0),
        has_bars=has_bars,
    )


def _used(widths: Sequence[int], chosen: Iterable[int]) -> int:
    return sum(widths[i] + GAP for i in chosen)


def _shrink(widths: list[int], numbers: Sequence[int], room: int) -> None:
    """Takes from the widest columns, in place: only formulas are so wide that they have anything to give."""
    while _used(widths, numbers) > room:
        widest = max(numbers, key=lambda i: widths[i])
        if widths[widest] <= LEAST_TEXT:
            return
        widths[widest] -= 1


def _fitted(widths: list[int], texts: list[int], room: int) -> list[int]:
    """The columns of text that there is room for, narrowed in place where need be; the last go first."""
    while texts and _used(widths, texts) > room:
        fair = room // len(texts) - GAP
        if fair >= LEAST_TEXT:
            for i in texts:
                widths[i] = min(widths[i], fair)
        else:
            texts = texts[:-1]
    return texts


def _row(report: Report, entry: TableRow, layout: _Layout) -> list[Text]:
    style = _style(report, entry)
    indent = INDENT * min(entry.indent, 8)
    name = indent + middle(sanitize(entry.label), layout.names - len(indent))
    row = [Text(name, style=style, overflow="ellipsis")]
    for column, width, text in zip(layout.columns, layout.widths, cells(entry, layout.columns), strict=True):
        row.append(Text((head if column.is_number else middle)(text, width), style=style))
    if layout.has_bars:
        row.append(Text(_bar(_fraction(report, entry)), style="cyan"))
    return row


def _style(report: Report, entry: TableRow) -> str:
    if entry.line is not None and not entry.line.status.is_known:
        return "yellow"
    fraction = _fraction(report, entry)
    return "dim" if fraction is not None and fraction < 0.001 else ""


def _fraction(report: Report, entry: TableRow) -> float | None:
    return share(measured_as(entry.row, report.total), measured(report.total))


def _bar(fraction: float | None) -> str:
    """Eighths of a character are told apart."""
    eighths = round(min(fraction or 0.0, 1.0) * BAR_WIDTH * 8)
    whole, part = divmod(eighths, 8)
    return "█" * whole + (" ▏▎▍▌▋▊▉"[part] if part else "")


def _foot(facts: Sequence[Fact]) -> Table:
    grid = Table.grid(padding=(0, GAP, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for fact in facts:
        style = "yellow" if fact.is_caution else ""
        grid.add_row(Text(fact.heading, style=style or "bold"), Text(fact.text, style=style))
    return grid
