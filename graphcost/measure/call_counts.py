"""How often each body runs: the call graph of evaluations, counted without expanding a single call path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphcost.budget import shortened
from graphcost.dims import Dim, symbols
from graphcost.dims.ratio import Amount, as_quotient, round_up
from graphcost.dims.series import sum_over
from graphcost.evaluate import Binder, Call, CallGraph, Evaluation, Guard, calls_of
from graphcost.ir.scopes import common, joined, readable
from graphcost.ops.cost import Cost
from graphcost.report import Work

Binders = tuple[Binder, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BodyRuns:
    """An evaluation that runs: in each context (the loops around it, outermost first) so many times."""

    evaluation: Evaluation
    contexts: Mapping[Binders, Dim]
    scope: str

    @property
    def count(self) -> Dim:
        return self.times(1)

    @property
    def is_plain(self) -> bool:
        """Whether it runs once and outside any loop that it tells, so that one run's work is the work of all."""
        return self.contexts == {(): 1}

    def times(self, once: Dim) -> Dim:
        """What `once` is for one run adds up to over all runs."""
        total: Dim = 0
        for binders, count in self.contexts.items():
            amount = once * count
            for binder in reversed(binders):
                amount = sum_over(amount, binder.counter, binder.trips, binder.symbols)
            total = total + amount
        return total

    def work(self, once: Work) -> Work:
        """The work of all runs, from that of one."""
        return Work(self._cost(once.floating), self._cost(once.integer))

    def _cost(self, cost: Cost) -> Cost:
        return Cost(*(self._whole_count(amount) if amount != 0 else 0 for amount in cost.counts))

    def _whole_count(self, once: Amount) -> Dim:
        """A share of something is rounded up when all runs are added up."""
        over = as_quotient(once)
        assert over is not None
        numerator, denominator = over
        return round_up(self.times(numerator), denominator)


def bodies(calls: CallGraph, choices: Mapping[Dim, int]) -> Iterator[BodyRuns]:
    """Every evaluation that the root reaches, callers before callees; those of branches not taken have count 0."""
    contexts: dict[Evaluation, dict[Binders, Dim]] = {calls.root: {(): 1}}
    scopes = {calls.root: ""}
    for evaluation in calls.order:
        body = BodyRuns(evaluation, contexts[evaluation], scopes[evaluation])
        yield body
        for name, call in calls_of(evaluation):
            known = contexts.setdefault(call.callee, {})
            for binders, count in _entered(body, call, choices):
                known[binders] = known.get(binders, 0) + count
            scope = shortened(readable(joined(body.scope, name)))
            scopes[call.callee] = common(scopes.get(call.callee), scope)


def _entered(body: BodyRuns, call: Call, choices: Mapping[Dim, int]) -> Iterator[tuple[Binders, Dim]]:
    """The contexts in which one call site runs its callee; loops that the callee can't tell are summed at once."""
    taken = 1 if call.guard is None or is_taken(call.guard, choices) else 0
    visible = call.callee.symbols
    for outer, count in body.contexts.items():
        amount = count * call.times * taken
        binders = outer if call.binder is None else (*outer, call.binder)
        kept: list[Binder] = []
        for binder in reversed(binders):
            names = {binder.counter, *binder.symbols}
            if visible & names or any(_mentions(inner, names) for inner in kept):
                kept.append(binder)
            else:
                amount = sum_over(amount, binder.counter, binder.trips, binder.symbols)
        yield tuple(reversed(kept)), amount


def is_taken(guard: Guard, choices: Mapping[Dim, int]) -> bool:
    """Whether the guarded branch is the chosen one; without a choice every branch counts."""
    return choices.get(guard.predicate, guard.value) == guard.value


def _mentions(binder: Binder, names: set[str]) -> bool:
    formulas = (binder.trips, *binder.symbols.values())
    return any(symbols(formula) & names for formula in formulas)
