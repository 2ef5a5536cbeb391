"""The table of quantities: what a report says a line costs, each with its name, its unit and how to read it off.

Every form of a report goes over this table. A new quantity is one entry here and one field of a line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from graphcost.dims import Dim
from graphcost.report.line import Line, Work


class Unit(Enum):
    """What a quantity counts."""

    OPERATIONS = "operations"
    ELEMENTS = "elements"
    BYTES = "bytes"


def is_costed(line: Line) -> bool:
    """Whether the line's arithmetic is known."""
    return line.status.is_known


def is_sized(line: Line) -> bool:
    """Whether the sizes of all weights that the line is credited with are known."""
    return line.unsized == 0


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing that is counted.

    name: its key in JSON and in CSV.
    heading, title: what columns call it, and what sentences do.
    of: how much of it all runs of a line have together.
    of_work: the same, read off the arithmetic; None where a line has it beside its arithmetic.
    is_settled: whether what a line has of it is known; a total with a line of which it isn't is a lower bound.
    may_be_open: whether symbols may stand in it, so that it has a formula.
    beside: the quantity that it is mentioned with; it has no column and no sentence of its own then.
    minor_to: the quantity next to which it may be too small to mention.
    """

    name: str
    heading: str
    unit: Unit
    of: Callable[[Line], Dim]
    of_work: Callable[[Work], Dim] | None = None
    is_settled: Callable[[Line], bool] = is_costed
    may_be_open: bool = True
    title: str = ""
    beside: str = ""
    minor_to: str = ""

    @property
    def spoken(self) -> str:
        """What sentences call it."""
        return self.title or self.heading


def arithmetic(
    name: str,
    heading: str,
    of_work: Callable[[Work], Dim],
    *,
    title: str = "",
    beside: str = "",
    minor_to: str = "",
) -> Quantity:
    """A quantity that is a part of the arithmetic. Sums of it are read off the sum of the work."""
    return Quantity(
        name,
        heading,
        Unit.OPERATIONS,
        of=lambda line: of_work(line.work),
        of_work=of_work,
        title=title,
        beside=beside,
        minor_to=minor_to,
    )


Quantities = tuple[Quantity, ...]

QUANTITIES: Quantities = (
    arithmetic("flops", "FLOPs", lambda work: work.flops),
    arithmetic("macs", "MACs", lambda work: work.macs),
    arithmetic("int_ops", "int ops", lambda work: work.int_ops, title="integer ops", minor_to="flops"),
    arithmetic("int_macs", "MACs", lambda work: work.int_macs, beside="int_ops"),
    Quantity(
        "params",
        "params",
        Unit.ELEMENTS,
        of=lambda line: line.params,
        is_settled=is_sized,
        may_be_open=False,
        title="parameters",
    ),
    Quantity(
        "param_bytes",
        "param bytes",
        Unit.BYTES,
        of=lambda line: line.param_bytes,
        is_settled=is_sized,
        may_be_open=False,
        beside="params",
    ),
)
"""The quantities in the order in which they are read; the first is what a model is first of all said to cost."""


def quantity_named(name: str, quantities: Quantities = QUANTITIES) -> Quantity:
    """Raises KeyError where the table has none of that name."""
    for quantity in quantities:
        if quantity.name == name:
            return quantity
    raise KeyError(name)
