"""Statements under headings, in every format that people read or a spreadsheet does."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from graphcost.render.csv import cell
from graphcost.render.markdown import escape

LEAST_TEXT = 20


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement under a heading; an empty heading goes on under the one before. The text is sanitized."""

    heading: str
    text: str


def listed(heading: str, texts: Iterable[str]) -> Iterator[Statement]:
    """All texts under one heading."""
    for position, text in enumerate(texts):
        yield Statement("" if position else heading, text)


def as_table(title: str, statements: Sequence[Statement], width: int) -> str:
    """For a terminal, at most `width` wide as far as the headings leave room."""
    column = max((len(each.heading) for each in statements), default=0) + 2
    lines = [title, ""]
    for each in statements:
        wrapped = textwrap.wrap(each.text, max(width - column, LEAST_TEXT), break_on_hyphens=False) or [""]
        lines.append(f"{each.heading.ljust(column)}{wrapped[0]}")
        lines += [" " * column + rest for rest in wrapped[1:]]
    return "\n".join(lines) + "\n"


def as_markdown(title: str, statements: Sequence[Statement]) -> str:
    lines = [f"**{escape(title)}**", ""]
    for each in statements:
        heading = f"**{escape(each.heading)}**: " if each.heading else ""
        lines.append(f"{'' if heading else '  '}- {heading}{escape(each.text)}")
    return "\n".join(lines) + "\n"


def as_csv(statements: Sequence[Statement]) -> str:
    """Two columns; every row has its heading."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["what", "text"])
    heading = ""
    for each in statements:
        heading = each.heading or heading
        writer.writerow([cell(heading), cell(each.text)])
    return buffer.getvalue()
