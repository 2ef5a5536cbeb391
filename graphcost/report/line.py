"""One node that runs: its status, its work, and lines added up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from graphcost.dims import Dim, Shape, bind, dim_sum, symbols
from graphcost.ops.rule import KINDS, NOTHING, Cost


class Status(StrEnum):
    """The one state that every node ends in."""

    COSTED = "costed"
    FREE = "free"
    NO_RULE = "no rule"
    NO_SHAPE = "no shape"
    INVALID = "invalid"

    @property
    def is_known(self) -> bool:
        """Whether the cost is known, so that the node counts as covered."""
        return self in (Status.COSTED, Status.FREE)


@dataclass(frozen=True, slots=True)
class Work:
    """Arithmetic, filed by the dtype that it runs on: floating (complex as real operations), or integer and bool."""

    floating: Cost = NOTHING
    integer: Cost = NOTHING

    def __add__(self, other: Work) -> Work:
        return Work(self.floating + other.floating, self.integer + other.integer)

    def __mul__(self, times: Dim) -> Work:
        return Work(self.floating * times, self.integer * times)

    def bind(self, bindings: Mapping[str, Dim]) -> Work:
        if self is IDLE:
            return self
        return Work(self.floating.bind(bindings), self.integer.bind(bindings))

    @property
    def flops(self) -> Dim:
        return self.floating.flops

    @property
    def macs(self) -> Dim:
        return self.floating.mac

    @property
    def int_ops(self) -> Dim:
        """Integer operations, a multiply-add being two."""
        return self.integer.flops

    @property
    def int_macs(self) -> Dim:
        return self.integer.mac

    @property
    def symbols(self) -> frozenset[str]:
        counts = (*self.floating.by_kind.values(), *self.integer.by_kind.values())
        return frozenset().union(*(symbols(count) for count in counts))


IDLE = Work()


@dataclass(frozen=True, slots=True)
class Line:
    """A node that runs. `work` is that of all its `count` runs together; `params` are elements of weights.

    `phase` is the part of a training step that it belongs to; empty where what runs is no training step.
    """

    node: str
    op: str
    scope: str
    status: Status
    work: Work = IDLE
    count: Dim = 1
    outputs: tuple[Shape | None, ...] = ()
    params: int = 0
    param_bytes: int = 0
    reason: str = ""
    phase: str = ""

    def bind(self, bindings: Mapping[str, Dim]) -> Line:
        """The line with the named symbols replaced."""
        return replace(
            self,
            work=self.work.bind(bindings),
            count=bind(self.count, bindings),
            outputs=tuple(None if s is None else Shape(*(bind(d, bindings) for d in s)) for s in self.outputs),
        )


@dataclass(frozen=True, slots=True)
class Row:
    """Lines added up: of one op, of one scope, or all."""

    name: str
    nodes: int
    work: Work
    params: int
    param_bytes: int
    uncosted: int

    @property
    def coverage(self) -> float:
        """The share of the nodes whose cost is known."""
        return 1.0 if self.nodes == 0 else (self.nodes - self.uncosted) / self.nodes


def sum_work(works: Iterable[Work]) -> Work:
    """The sum of many, kind by kind: far faster than one after the other."""
    some = [work for work in works if work is not IDLE]
    if len(some) < 2:
        return some[0] if some else IDLE
    return Work(_sum_costs(work.floating for work in some), _sum_costs(work.integer for work in some))


def _sum_costs(costs: Iterable[Cost]) -> Cost:
    some = [cost for cost in costs if cost is not NOTHING]
    if len(some) < 2:
        return some[0] if some else NOTHING
    return Cost(*(dim_sum([getattr(cost, kind) for cost in some]) for kind in KINDS))


def grouped(lines: Iterable[Line], key: Callable[[Line], str]) -> tuple[Row, ...]:
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return tuple(add_up(name, members) for name, members in groups.items())


def add_up(name: str, lines: Iterable[Line]) -> Row:
    lines = tuple(lines)
    return Row(
        name=name,
        nodes=len(lines),
        work=sum_work(line.work for line in lines),
        params=sum(line.params for line in lines),
        param_bytes=sum(line.param_bytes for line in lines),
        uncosted=sum(not line.status.is_known for line in lines),
    )


def by_cost(row: Row) -> tuple[bool, int, int]:
    """A sort key: open formulas first, then by arithmetic of either domain, most expensive first."""
    flops, int_ops = row.work.flops, row.work.int_ops
    is_open = not isinstance(flops, int) or not isinstance(int_ops, int)
    return not is_open, -(flops if isinstance(flops, int) else 0), -(int_ops if isinstance(int_ops, int) else 0)
