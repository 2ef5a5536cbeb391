"""What every explanation is written with: signed numbers, quantities for JSON, and tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from graphcost.dims import Dim, format_dim
from graphcost.render.markdown import escape
from graphcost.render.numbers import MAX_BITS, exact
from graphcost.render.sanitize import head, middle

GAP = "  "
FORMULA_WIDTH = 26
LEAST_TEXT = 30


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of text under headings; the columns from `numbers` on are numbers."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: int


def aligned(grid: Grid, width: int) -> Iterable[str]:
    """The lines of the grid in columns, at most `width` wide as far as the first column has room to give."""
    rows = [grid.headings, *grid.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(grid.headings))]
    widths[0] = min(widths[0], max(width - sum(w + len(GAP) for w in widths[1:]), 20))
    for position, row in enumerate(rows):
        cells = [middle(row[0], widths[0]).ljust(widths[0])]
        for i in range(1, len(row)):
            cells.append(row[i].rjust(widths[i]) if i >= grid.numbers else row[i].ljust(widths[i]))
        yield GAP.join(cells).rstrip()
        if position == 0:
            yield "─" * min(sum(widths) + len(GAP) * (len(widths) - 1), max(width, LEAST_TEXT))


def markdown_table(grid: Grid) -> Iterable[str]:
    """The lines of the grid as a Markdown table; leading spaces become an indent."""
    yield _row(grid.headings)
    yield _row(["--:" if i >= grid.numbers else ":--" for i in range(len(grid.headings))])
    for row in grid.rows:
        indent = "&emsp;" * ((len(row[0]) - len(row[0].lstrip())) // 2)
        yield _row([indent + escape(row[0].strip()), *(escape(text) for text in row[1:])])


def digits(value: Dim) -> str:
    """All digits; a formula as far as a column has room for it."""
    return exact(value) if isinstance(value, int) else head(exact(value), FORMULA_WIDTH)


def signed(value: Dim) -> str:
    """As digits(), with a sign; 0 has none."""
    return f"+{exact(value)}" if isinstance(value, int) and value > 0 else digits(value)


def quantity(name: str, value: Dim) -> dict[str, Any]:
    """For JSON: the number, or None beside the formula where symbols are open, or digits are too many."""
    if isinstance(value, int) and value.bit_length() <= MAX_BITS:
        return {name: value}
    return {name: None, f"{name}_formula": format_dim(value)}


def _row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"
