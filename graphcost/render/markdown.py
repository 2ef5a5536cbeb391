"""The report as a Markdown table, as GitHub renders it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from graphcost.render.columns import cells, columns
from graphcost.render.rows import select
from graphcost.render.sanitize import sanitize
from graphcost.render.summary import summarize, title
from graphcost.render.table_row import TableRow
from graphcost.render.view import View
from graphcost.report import Report

SPECIAL = re.compile(r"[\\`*_\[\]<>|~$&#@]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""What could be taken for syntax inside a line: emphasis, code, links, tags, mathematics, mentions, bare addresses."""


def render(report: Report, view: View) -> str:
    return "\n".join(_lines(report, view)) + "\n"


def _lines(report: Report, view: View) -> Iterator[str]:
    rows = select(report, view)
    shown = columns(report, view)
    yield f"**{escape(title(report))}**"
    yield ""
    yield _row([view.by, *(column.heading for column in shown)])
    yield _row([":--", *("--:" if column.is_number else ":--" for column in shown)])
    for entry in (*rows.entries, TableRow("total", report.total)):
        name = "&emsp;" * min(entry.indent, 8) + escape(sanitize(entry.label))
        yield _row([name, *(escape(text) for text in cells(entry, shown))])
    yield ""
    if rows.cut:
        yield escape(rows.cut)
        yield ""
    for fact in summarize(report):
        heading = f"**{escape(fact.heading)}**: " if fact.heading else ""
        yield f"{'' if heading else '  '}- {heading}{escape(fact.text)}"


def escape(text: str) -> str:
    """The text as Markdown that shows it as it is."""
    return SPECIAL.sub(r"\\\g<0>", text)


def _row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"
