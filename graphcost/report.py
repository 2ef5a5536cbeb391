"""The answer: one line for each node, and the totals of them. Plain data, symbolic until bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property
from typing import Any

from graphcost.dims import Dim, Shape, bind, format_dim, symbols
from graphcost.errors import UsageError
from graphcost.rule import NOTHING, Cost
from graphcost.sizes import BATCH, Equality


class Status(StrEnum):
    """The one state that every node ends in."""

    COSTED = "costed"
    FREE = "free"
    NO_RULE = "no rule"
    NO_SHAPE = "no shape"
    INVALID = "invalid"

    @property
    def is_settled(self) -> bool:
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
    """A node that runs. `work` is that of all its `count` runs together; `params` are elements of weights."""

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


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of the model."""

    name: str
    dtype: str | None
    shape: Shape | None


@dataclass(frozen=True, slots=True)
class Dropped:
    """The nodes that fell away for one reason. Where some can't be costed the work is a lower bound."""

    nodes: int
    work: Work
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop and how often its body runs; `source` is "derived", "at most" or "unknown"."""

    name: str
    trips: Dim
    source: str


@dataclass(frozen=True, slots=True)
class ModelInfo:
    path: str
    format: str
    nodes: int


@dataclass(frozen=True)
class Report:
    """What running the model costs. Formulas stay; `bindings` fill them in wherever a number is asked."""

    model: ModelInfo
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    outputs_from: str
    lines: tuple[Line, ...]
    dropped: Mapping[str, Dropped] = field(default_factory=dict)
    loops: tuple[Loop, ...] = ()
    replaced: Mapping[str, Dim] = field(default_factory=dict)
    equalities: tuple[Equality, ...] = ()
    bindings: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def bind(self, **bindings: int) -> Report:
        """The report with numbers for symbols: `report.bind(N=8)`. Names that aren't identifiers: `bind(**{...})`.

        Raises UsageError for a symbol that the report doesn't have, and for numbers that contradict each other.
        """
        merged = dict(self.bindings)
        for name, number in bindings.items():
            self._check_symbol(name, number)
            merged[name] = number
        _check_equalities(self.replaced, self.equalities, merged)
        return replace(self, bindings=merged)

    def value(self, dim: Dim) -> Dim:
        """A size or count of this report with the bindings filled in."""
        return bind(dim, self._effective_bindings)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol of the formulas, the batch first."""
        return tuple(sorted(self._free_symbols, key=lambda name: (name != BATCH, name)))

    @cached_property
    def bound_lines(self) -> tuple[Line, ...]:
        """The lines with the bindings filled in."""
        bindings = self._effective_bindings
        return tuple(line.bind(bindings) for line in self.lines) if bindings else self.lines

    @cached_property
    def formula(self) -> Row:
        """The sum of all lines, symbols and all."""
        return _add_up("total", self.lines)

    @cached_property
    def total(self) -> Row:
        """The sum of all lines under the bindings."""
        formula = self.formula
        return replace(formula, work=formula.work.bind(self._effective_bindings))

    @property
    def coverage(self) -> float:
        """The kept lines that are costed or free over all kept lines."""
        return self.total.coverage

    @property
    def is_complete(self) -> bool:
        """Whether the total is exact: full coverage, and every symbol in it bound."""
        return self.total.uncosted == 0 and not self.total.work.symbols

    @property
    def uncosted(self) -> tuple[Line, ...]:
        """The lines that keep the total from being exact."""
        return tuple(line for line in self.lines if not line.status.is_settled)

    def by_op(self) -> tuple[Row, ...]:
        """Totals for each operation, dearest first."""
        return self._grouped(lambda line: line.op)

    def by_scope(self, depth: int | None = None) -> tuple[Row, ...]:
        """Totals for each name scope, cut after `depth` parts; in the order of the model."""
        return _group(self.bound_lines, lambda line: "/".join(line.scope.split("/")[:depth]))

    def by_node(self) -> tuple[Row, ...]:
        """One row for each line, dearest first."""
        return self._grouped(lambda line: f"{line.scope}\n{line.node}")

    def to_dict(self) -> dict[str, Any]:
        """The report as the JSON contract has it (`schema_version` 1)."""
        from graphcost.render.json import to_dict

        return to_dict(self)

    def _repr_html_(self) -> str:
        from graphcost.render.html import render

        return render(self)

    def _grouped(self, key: Callable[[Line], str]) -> tuple[Row, ...]:
        return tuple(sorted(_group(self.bound_lines, key), key=_dearness))

    @cached_property
    def _free_symbols(self) -> frozenset[str]:
        shapes = [line.outputs for line in self.lines]
        sizes = {dim for outputs in shapes for shape in outputs if shape is not None for dim in shape}
        named = frozenset().union(*(symbols(dim) for dim in sizes), *(symbols(line.count) for line in self.lines))
        given = frozenset().union(*(symbols(d) for t in self.inputs if t.shape is not None for d in t.shape))
        return named | given | self.formula.work.symbols

    @cached_property
    def _effective_bindings(self) -> dict[str, Dim]:
        return _effective(self.replaced, self.bindings)

    def _check_symbol(self, name: str, number: int) -> None:
        known = [*self.symbols, *self.replaced]
        if name not in known:
            near = get_close_matches(name, known, n=3) or known[:5]
            hint = f"its symbols are {', '.join(near)}" if near else "it has none"
            raise UsageError(f"the model has no symbol {name!r}: {hint}")
        if number < 0:
            raise UsageError(f"{name}={number}: a size can't be negative")


def _effective(replaced: Mapping[str, Dim], bindings: Mapping[str, int]) -> dict[str, Dim]:
    """The bindings, and what a binding of a replaced symbol says of the one that stands for it."""
    effective: dict[str, Dim] = dict(bindings)
    for name, standing in replaced.items():
        lone = format_dim(standing)
        if name in bindings and symbols(standing) == {lone}:
            effective.setdefault(lone, bindings[name])
    return effective


def _check_equalities(replaced: Mapping[str, Dim], equalities: Iterable[Equality], bindings: Mapping[str, int]) -> None:
    effective = _effective(replaced, bindings)
    for name, standing in replaced.items():
        number = bind(standing, effective)
        if name in bindings and isinstance(number, int) and number != bindings[name]:
            raise UsageError(f"{name}={bindings[name]} contradicts {name} = {format_dim(standing)} = {number}")
    for equality in equalities:
        left, right = bind(equality.left, effective), bind(equality.right, effective)
        if not isinstance(left, int) or not isinstance(right, int) or left == right:
            continue
        if equality.or_one and left == 1:
            continue
        wanted = f"{format_dim(equality.left)} = {format_dim(equality.right)}"
        raise UsageError(f"the bindings contradict {wanted} at {equality.node}: {left} against {right}")


def _group(lines: Iterable[Line], key: Callable[[Line], str]) -> tuple[Row, ...]:
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return tuple(_add_up(name, members) for name, members in groups.items())


def _add_up(name: str, lines: Iterable[Line]) -> Row:
    lines = tuple(lines)
    return Row(
        name=name,
        nodes=len(lines),
        work=_sum_work(line.work for line in lines),
        params=sum(line.params for line in lines),
        param_bytes=sum(line.param_bytes for line in lines),
        uncosted=sum(not line.status.is_settled for line in lines),
    )


def _sum_work(works: Iterable[Work]) -> Work:
    total = IDLE
    for work in works:
        if work is not IDLE:
            total = total + work
    return total


def _dearness(row: Row) -> tuple[bool, int, int]:
    """A sort key: open formulas first, then by arithmetic of either domain, dearest first."""
    flops, int_ops = row.work.flops, row.work.int_ops
    is_open = not isinstance(flops, int) or not isinstance(int_ops, int)
    return not is_open, -(flops if isinstance(flops, int) else 0), -(int_ops if isinstance(int_ops, int) else 0)
