"""One node that runs: its status, and its work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from graphcost.dims import Dim, Expr, Shape, bind, dim_sum, format_dim, symbols
from graphcost.dims.ratio import is_negative
from graphcost.ops.cost import NOTHING, Cost
from graphcost.ops.sizes import Need
from graphcost.ops.status import Status


@dataclass(frozen=True, slots=True)
class Work:
    """Arithmetic, filed by the dtype that it runs on: floating (complex as real operations), or integer and bool."""

    floating: Cost = NOTHING
    integer: Cost = NOTHING

    def __add__(self, other: Work) -> Work:
        return Work(self.floating + other.floating, self.integer + other.integer)

    def __mul__(self, times: Dim) -> Work:
        return Work(self.floating * times, self.integer * times)

    def whole(self) -> Work:
        """The work with shares of operations rounded up."""
        if self is IDLE or (self.floating.is_whole and self.integer.is_whole):
            return self
        return Work(self.floating.whole(), self.integer.whole())

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
    def below_zero(self) -> str:
        """Says which part of the arithmetic can only be less than nothing; empty where none is."""
        for cost in (self.floating, self.integer):
            for kind, count in cost.by_kind.items():
                if is_negative(count):
                    return f"its rule gives {format_dim(count)} {kind}: a cost isn't negative"
        return ""

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset().union(*map(symbols, (*self.floating.counts, *self.integer.counts)))


IDLE = Work()


@dataclass(frozen=True, slots=True)
class Line:
    """A node that runs. `work` is that of all its `count` runs together.

    `params` are elements of weights, `unsized` the weights that it is credited with beside them, of unknown size.
    `constants` and `state` are elements of what it reads that are no parameters: of constants beside trained variables,
    and of variables that a run changes otherwise than by training.
    `phase` is the part of a training step that it belongs to; empty where what runs is no training step.
    `needs` are what open sizes must be for the node to be legal.
    `broken` is the owner of its rule, where that isn't refusing the node but at fault itself, as the reason says.
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
    unsized: int = 0
    constants: int = 0
    state: int = 0
    reason: str = ""
    phase: str = ""
    needs: tuple[Need, ...] = ()
    broken: str = ""

    def bind(self, bindings: Mapping[str, Dim]) -> Line:
        """The line with the named symbols replaced, in whatever of its fields they stand.

        It is invalid, and without work, where that makes a size or a cost illegal.
        """
        formulas = {name: value for name in _FIELDS if isinstance(value := getattr(self, name), Expr)}
        bound: dict[str, Any] = {name: bind(formula, bindings) for name, formula in formulas.items()}
        line = replace(
            self,
            work=self.work.bind(bindings),
            outputs=tuple(None if s is None else Shape(*(bind(d, bindings) for d in s)) for s in self.outputs),
            **bound,
        )
        refusal = self._refusal(line, bindings) if self.status.is_known and line.count != 0 else ""
        return replace(line, status=Status.INVALID, work=IDLE, reason=refusal) if refusal else line

    def _refusal(self, bound: Line, bindings: Mapping[str, Dim]) -> str:
        """What is illegal of the line with symbols bound; empty where nothing is."""
        for need in self.needs:
            number = bind(need.size, bindings)
            if isinstance(number, int) and number < need.least:
                return f"{need.reason}: {format_dim(need.size)} is {number}"
        for open_shape, shape in zip(self.outputs, bound.outputs, strict=True):
            for open_size, size in zip(open_shape or (), shape or (), strict=True):
                if isinstance(size, int) and size < 0:
                    return f"the size {format_dim(open_size)} is {size}"
        return bound.work.below_zero


_FIELDS = tuple(field.name for field in fields(Line))


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
    return Cost(*map(dim_sum, zip(*(cost.counts for cost in some), strict=True)))
