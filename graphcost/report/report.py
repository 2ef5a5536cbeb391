"""The answer: one line for each node, and the totals of them. Plain data, symbolic until bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from graphcost.dims import Dim, bind, symbols
from graphcost.errors import UsageError
from graphcost.ir.graph import Graph
from graphcost.ops.roles import PHASES
from graphcost.ops.sizes import BATCH, Equality
from graphcost.report.bindings import check_equalities, implied
from graphcost.report.ids import unique_ids
from graphcost.report.line import Line
from graphcost.report.parts import Dropped, Loop, ModelInfo, Overridden, Tensor, Unmatched
from graphcost.report.quantities import QUANTITIES, Quantities, Quantity, quantity_named
from graphcost.report.row import Row, add_up, by_cost, grouped


@dataclass(frozen=True)
class Report:
    """What running the model costs. Formulas stay; `bindings` fill them in wherever a number is asked.

    `quantities` is the table of what is counted, which every form of the report goes over.
    `reads` has, for each line, the positions of the lines that it reads. What a node that runs bodies gives, and what
    it gives to them, is read from its own line.
    `overridden` are the rules that others took the place of, `unmatched` those of the user's that no node has.
    `graph` is what runs: pruned, loops and branches raised, what constants decide folded; `graph.nx` is its networkx
    DAG.
    """

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
    quantities: Quantities = QUANTITIES
    reads: tuple[tuple[int, ...], ...] = ()
    overridden: tuple[Overridden, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    graph: Graph | None = field(default=None, compare=False, repr=False)

    def bind(self, **bindings: int) -> Report:
        """The report with numbers for symbols: `report.bind(N=8)`. Names that aren't identifiers: `bind(**{...})`.

        A line is invalid where that makes a size illegal, such as an image smaller than a VALID window.
        Raises UsageError for a symbol that the report doesn't have, and for numbers that contradict each other.
        """
        merged = dict(self.bindings)
        for name, number in bindings.items():
            self._check_symbol(name, number)
            merged[name] = number
        check_equalities(self.replaced, self.equalities, merged)
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
    def refused(self) -> tuple[Line, ...]:
        """The lines that are invalid under the bindings alone."""
        pairs = zip(self.lines, self.bound_lines, strict=True)
        return tuple(bound for line, bound in pairs if bound.status is not line.status)

    @cached_property
    def line_ids(self) -> tuple[str, ...]:
        """A name for each line that no other line has: the node's, with " #2", " #3" where that is taken."""
        return unique_ids(line.node for line in self.lines)

    @cached_property
    def formula(self) -> Row:
        """The sum of all lines, symbols and all."""
        return add_up("total", self.lines, self.quantities)

    @cached_property
    def total(self) -> Row:
        """The sum of all lines under the bindings."""
        if self.refused:
            return add_up("total", self.bound_lines, self.quantities)
        return self.formula.bind(self._effective_bindings)

    @cached_property
    def constants(self) -> int:
        """The elements of floating constants, where parameters are those of variables."""
        return sum(line.constants for line in self.lines)

    @cached_property
    def state(self) -> int:
        """The elements of variables that are no parameters: optimizers' slots, states of networks, seeds, counters."""
        return sum(line.state for line in self.lines)

    @property
    def coverage(self) -> float:
        """The kept lines that are costed or free over all kept lines."""
        return self.total.coverage

    @property
    def is_complete(self) -> bool:
        """Whether the total is exact: full coverage, and every symbol in it bound."""
        return self.total.uncosted == 0 and not self.total.work.symbols

    def coverage_of(self, name: str) -> float:
        """The kept lines of which a quantity is known, such as "params", over all kept lines.

        Raises UsageError where the report counts no such quantity.
        """
        return self.total.coverage_of(self._quantity(name))

    def is_complete_in(self, name: str) -> bool:
        """Whether the total of one quantity is exact. Raises UsageError where the report counts no such quantity."""
        return self.total.is_complete_in(self._quantity(name))

    @property
    def uncosted(self) -> tuple[Line, ...]:
        """The lines that keep the total from being exact."""
        return tuple(line for line in self.bound_lines if not line.status.is_known)

    def by_op(self) -> tuple[Row, ...]:
        """Totals for each operation, most expensive first."""
        return self._grouped(lambda line: line.op)

    def by_scope(self, depth: int | None = None) -> tuple[Row, ...]:
        """Totals for each name scope, cut after `depth` parts; in the order of the model."""
        return grouped(self.bound_lines, lambda line: "/".join(line.scope.split("/")[:depth]), self.quantities)

    def by_phase(self) -> tuple[Row, ...]:
        """Totals for forward, backward, optimizer and other, where the outputs make up a training step; else empty."""
        rows = {row.name: row for row in grouped(self.bound_lines, lambda line: line.phase, self.quantities)}
        return tuple(rows[phase] for phase in PHASES if phase in rows)

    def by_node(self) -> tuple[Row, ...]:
        """One row for each line, most expensive first."""
        return self._grouped(lambda line: f"{line.scope}\n{line.node}")

    def to_dict(self) -> dict[str, Any]:
        """The report as the JSON contract has it (`schema_version` 1)."""
        from graphcost.report.serialize import to_dict

        return to_dict(self)

    def _repr_html_(self) -> str:
        from graphcost.render.html import render

        return render(self)

    def _grouped(self, key: Callable[[Line], str]) -> tuple[Row, ...]:
        return tuple(sorted(grouped(self.bound_lines, key, self.quantities), key=by_cost))

    def _quantity(self, name: str) -> Quantity:
        try:
            return quantity_named(name, self.quantities)
        except KeyError:
            known = ", ".join(quantity.name for quantity in self.quantities)
            raise UsageError(f"the report has no quantity {name!r}: it has {known}") from None

    @cached_property
    def _free_symbols(self) -> frozenset[str]:
        shapes = [line.outputs for line in self.lines]
        sizes = {dim for outputs in shapes for shape in outputs if shape is not None for dim in shape}
        named = frozenset().union(*(symbols(dim) for dim in sizes), *(symbols(line.count) for line in self.lines))
        given = frozenset().union(*(symbols(d) for t in self.inputs if t.shape is not None for d in t.shape))
        return named | given | self.formula.symbols

    @cached_property
    def _effective_bindings(self) -> dict[str, Dim]:
        return implied(self.replaced, self.bindings)

    def _check_symbol(self, name: str, number: int) -> None:
        known = [*self.symbols, *self.replaced]
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=3) or known[:5]
            hint = f"its symbols are {', '.join(near)}" if near else "it has none"
            raise UsageError(f"the model has no symbol {name!r}: {hint}")
        if number < 0:
            raise UsageError(f"{name}={number}: a size can't be negative")
