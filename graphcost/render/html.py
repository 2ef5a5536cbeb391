"""The report as HTML, for notebooks: a table without scripts, links or styles of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from graphcost.render.columns import cells, columns
from graphcost.render.rows import select
from graphcost.render.sanitize import sanitize
from graphcost.render.summary import Fact, summarize, title
from graphcost.render.table_row import TableRow
from graphcost.render.view import View
from graphcost.report import Report

LEFT = ' style="text-align:left"'
RIGHT = ' style="text-align:right"'


def render(report: Report, view: View = View()) -> str:  # noqa: B008  (frozen)
    return "\n".join(_lines(report, view))


def _lines(report: Report, view: View) -> Iterator[str]:
    rows = select(report, view)
    shown = columns(report, view)
    styles = [LEFT, *(RIGHT if column.is_number else LEFT for column in shown)]
    yield "<table>"
    yield f"<caption>{escape(title(report))}</caption>"
    yield f"<thead>{_row('th', [view.by, *(column.heading for column in shown)], styles)}</thead>"
    yield "<tbody>"
    for entry in rows.entries:
        name = "\u2003" * min(entry.indent, 8) + sanitize(entry.label)
        yield _row("td", [name, *cells(entry, shown)], styles)
    yield "</tbody>"
    total = TableRow("total", report.total)
    yield f"<tfoot>{_row('th', ['total', *cells(total, shown)], styles)}</tfoot>"
    yield "</table>"
    if rows.cut:
        yield f"<p>{escape(rows.cut)}</p>"
    yield "<table><tbody>"
    yield from (_statement(fact) for fact in summarize(report))
    yield "</tbody></table>"


def _row(tag: str, texts: Iterable[str], styles: Iterable[str]) -> str:
    written = (f"<{tag}{style}>{escape(text)}</{tag}>" for text, style in zip(texts, styles, strict=True))
    return f"<tr>{''.join(written)}</tr>"


def _statement(fact: Fact) -> str:
    return f"<tr><th{LEFT}>{escape(fact.heading)}</th><td{LEFT}>{escape(fact.text)}</td></tr>"
