"""Lines added up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from graphcost.dims import Dim, bind, dim_sum, symbols
from graphcost.report.line import Line, Work, sum_work
from graphcost.report.quantities import QUANTITIES, Quantities, Quantity


@dataclass(frozen=True, slots=True)
class Row:
    """Lines added up: of one op, of one scope, or all.

    `amounts` are the quantities beside the arithmetic, by name. `unsettled` says, by the name of a quantity, how many
    of the lines leave its amount a lower bound; those that none does aren't there. `uncosted` are the lines of unknown
    arithmetic.
    """

    name: str
    nodes: int
    work: Work
    amounts: Mapping[str, Dim]
    unsettled: Mapping[str, int]
    uncosted: int

    def amount(self, quantity: Quantity) -> Dim:
        """How much of a quantity the lines have together, as far as it is known."""
        if quantity.of_work is not None:
            return quantity.of_work(self.work)
        return self.amounts[quantity.name] if self.nodes else 0

    def missing(self, quantity: Quantity) -> int:
        """How many of the lines leave the amount a lower bound."""
        return self.unsettled.get(quantity.name, 0)

    @property
    def params(self) -> Dim:
        return self.amounts.get("params", 0)

    @property
    def param_bytes(self) -> Dim:
        return self.amounts.get("param_bytes", 0)

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols in any of the amounts."""
        return self.work.symbols.union(*(symbols(amount) for amount in self.amounts.values()))

    @property
    def coverage(self) -> float:
        """The share of the nodes whose arithmetic is known."""
        return self._share(self.uncosted)

    def coverage_of(self, quantity: Quantity) -> float:
        """The share of the nodes of which the quantity is known."""
        return self._share(self.missing(quantity))

    def is_complete_in(self, quantity: Quantity) -> bool:
        """Whether the amount is exact: known of every node, and without symbols."""
        return not self.missing(quantity) and not symbols(self.amount(quantity))

    def bind(self, bindings: Mapping[str, Dim]) -> Row:
        """The row with the named symbols replaced."""
        amounts = {name: bind(amount, bindings) for name, amount in self.amounts.items()}
        return replace(self, work=self.work.bind(bindings), amounts=amounts)

    def _share(self, missing: int) -> float:
        return 1.0 if self.nodes == 0 else (self.nodes - missing) / self.nodes


def add_up(name: str, lines: Iterable[Line], quantities: Quantities = QUANTITIES) -> Row:
    """The sum of lines in each quantity of the table."""
    lines = tuple(lines)
    return Row(
        name=name,
        nodes=len(lines),
        work=sum_work(line.work for line in lines),
        amounts={q.name: dim_sum([q.of(line) for line in lines]) for q in quantities if q.of_work is None},
        unsettled=_unsettled(lines, quantities),
        uncosted=sum(not line.status.is_known for line in lines),
    )


def add_up_rows(name: str, rows: Iterable[Row]) -> Row:
    """One row in place of many, which are of one report: all have the same quantities."""
    rows = tuple(rows)
    names = dict.fromkeys(each for row in rows for each in row.amounts)
    unsettled = dict.fromkeys(each for row in rows for each in row.unsettled)
    return Row(
        name=name,
        nodes=sum(row.nodes for row in rows),
        work=sum_work(row.work for row in rows),
        amounts={each: dim_sum([row.amounts[each] for row in rows]) for each in names},
        unsettled={each: sum(row.unsettled.get(each, 0) for row in rows) for each in unsettled},
        uncosted=sum(row.uncosted for row in rows),
    )


def grouped(lines: Iterable[Line], key: Callable[[Line], str], quantities: Quantities = QUANTITIES) -> tuple[Row, ...]:
    """A row for each key, in the order in which the keys first come."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return tuple(add_up(name, members, quantities) for name, members in groups.items())


def by_cost(row: Row) -> tuple[bool, int, int]:
    """A sort key: open formulas first, then by arithmetic of either domain, most expensive first."""
    flops, int_ops = row.work.flops, row.work.int_ops
    is_open = not isinstance(flops, int) or not isinstance(int_ops, int)
    return not is_open, -(flops if isinstance(flops, int) else 0), -(int_ops if isinstance(int_ops, int) else 0)


def _unsettled(lines: Sequence[Line], quantities: Quantities) -> Mapping[str, int]:
    """Asked once of each line for all quantities that are settled together."""
    tests = dict.fromkeys(quantity.is_settled for quantity in quantities)
    missing = {is_settled: sum(not is_settled(line) for line in lines) for is_settled in tests}
    return {q.name: missing[q.is_settled] for q in quantities if missing[q.is_settled]}
