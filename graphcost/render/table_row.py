"""One row of a table, and rows added up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graphcost.report import Line, Row, sum_work


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: indented by `indent`; `line` where it is a single node."""

    label: str
    row: Row
    indent: int = 0
    line: Line | None = None


def add_up(name: str, rows: Iterable[Row]) -> Row:
    """One row in place of many."""
    rows = tuple(rows)
    return Row(
        name=name,
        nodes=sum(row.nodes for row in rows),
        work=sum_work(row.work for row in rows),
        params=sum(row.params for row in rows),
        param_bytes=sum(row.param_bytes for row in rows),
        uncosted=sum(row.uncosted for row in rows),
    )
