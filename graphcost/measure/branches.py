"""Which way open branches go: all branches on one predicate the same way, to the most expensive whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from graphcost.dims import Dim, bind, symbols
from graphcost.evaluate import Call, CallGraph, Evaluation, calls_of

Choices = Mapping[Dim, int]
"""For each predicate that isn't known the value that is counted."""

LARGE = 1_000_000
"""What open symbols are taken as, to see whether another way is the most expensive then."""


def size_dependent(
    choices: Choices, calls: CallGraph, own: Mapping[int, Dim], bindings: Mapping[str, int]
) -> frozenset[Dim]:
    """The predicates of which another value is the most expensive where the symbols without a binding are large."""
    if not choices:
        return frozenset()
    made = (call for each in calls.order for _, call in calls_of(each))
    counters = {call.binder.counter: 1 for call in made if call.binder is not None}
    large = most_expensive(calls, own, {**counters, **bindings}, LARGE)
    return frozenset(predicate for predicate, value in choices.items() if large[predicate] != value)


def most_expensive(
    calls: CallGraph, own: Mapping[int, Dim], bindings: Mapping[str, int], otherwise: int = 1
) -> Choices:
    """For each open predicate the value whose branches, over the whole model, cost the most.

    own: by id() of an evaluation, the work of one run of its own
    nodes. otherwise: what symbols without a binding are taken as. Of branches that cost the same the lowest value is
    taken.
    """
    if not any(call.guard for each in calls.order for _, call in calls_of(each)):
        return {}
    sizes = defaultdict(lambda: otherwise, bindings)
    costs = _costs(calls.order, own, sizes)
    runs = {id(calls.root): 1}
    scores: dict[Dim, dict[int, int]] = {}
    for evaluation in calls.order:
        for _, call in calls_of(evaluation):
            times = runs[id(evaluation)] * _times(call, sizes)
            callee = id(call.callee)
            runs[callee] = runs.get(callee, 0) + times
            if call.guard is not None:
                scored = scores.setdefault(call.guard.predicate, {})
                scored[call.guard.value] = scored.get(call.guard.value, 0) + times * costs[callee]
    return {predicate: min(scored, key=lambda value: (-scored[value], value)) for predicate, scored in scores.items()}


def _costs(order: Sequence[Evaluation], own: Mapping[int, Dim], sizes: Mapping[str, int]) -> dict[int, int]:
    """The work of one run of each evaluation, calls included, every open branch inside it being the most expensive."""
    costs: dict[int, int] = {}
    for evaluation in reversed(order):
        total = _number(own[id(evaluation)], sizes)
        for calls in evaluation.calls.values():
            alternatives: dict[int, int] = {}
            for call in calls:
                cost = _times(call, sizes) * costs[id(call.callee)]
                if call.guard is None:
                    total += cost
                else:
                    alternatives[call.guard.value] = alternatives.get(call.guard.value, 0) + cost
            total += max(alternatives.values(), default=0)
        costs[id(evaluation)] = total
    return costs


def _times(call: Call, sizes: Mapping[str, int]) -> int:
    trips = 1 if call.binder is None else call.binder.trips
    return _number(call.times, sizes) * _number(trips, sizes)


def _number(dim: Dim, sizes: Mapping[str, int]) -> int:
    if isinstance(dim, int):
        return dim
    number = bind(dim, {name: sizes[name] for name in symbols(dim)})
    return number if isinstance(number, int) else 0
