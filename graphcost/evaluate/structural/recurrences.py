"""Numbers that each iteration of a loop makes of those before, as formulas of the iteration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphcost.dims import Dim, bind, dim_max, dim_min, is_at_least, symbol, symbols
from graphcost.dims.atoms import alternatives_of
from graphcost.dims.series import powers_of, sum_of_powers


@dataclass(frozen=True, slots=True)
class State:
    """A number that an iteration may change: the symbol that it is inside, its first value, and the one after."""

    name: str
    inside: Dim
    start: Dim | None
    end: Dim | None


def solved(states: Sequence[State], counter: str) -> dict[str, Dim]:
    """For each symbol whose values have a closed form, its value in iteration `counter`, which counts from 0.

    A state that depends on others is solved after them.
    """
    formulas: dict[str, Dim] = {}
    pending = [state for state in states if state.start is not None and state.end is not None]
    names = {state.name for state in states}
    while pending:
        found = dict(_solvable(pending, formulas, names, counter))
        if not found:
            break
        formulas.update(found)
        pending = [state for state in pending if state.name not in found]
    return formulas


def _solvable(
    pending: Sequence[State], known: Mapping[str, Dim], names: set[str], counter: str
) -> Iterator[tuple[str, Dim]]:
    for state in pending:
        start, end = state.start, state.end
        if start is None or end is None:
            continue
        end = bind(end, known)
        if not (symbols(end) & names) - {state.name}:
            formula = _formula(state, start, end, counter)
            if formula is not None:
                yield state.name, formula


def _formula(state: State, start: Dim, end: Dim, counter: str) -> Dim | None:
    if state.name not in symbols(end):
        # What the iteration before gave; the first one has the start.
        if powers_of(end, counter) is None:
            return None
        k = symbol(counter, least=0)
        return start + dim_min(k, 1) * (bind(end, {counter: k - 1}) - start)
    step = end - state.inside
    if state.name not in symbols(step):
        powers = powers_of(step, counter)
        return None if powers is None else start + sum_of_powers(powers, symbol(counter, least=0))
    for kind, extreme, sign in (("max", dim_max, 1), ("min", dim_min, -1)):
        operands = alternatives_of(kind, end)
        others = [operand for operand in operands if state.name not in symbols(operand)]
        own = [operand - state.inside for operand in operands if state.name in symbols(operand)]
        if len(own) == 1 and others and state.name not in symbols(own[0]):
            return _saturated(start, own[0], others, counter, extreme, sign)
    return None


def _saturated(
    start: Dim, step: Dim, others: Sequence[Dim], counter: str, extreme: Callable[..., Dim], sign: int
) -> Dim | None:
    """v' = max(v + step, g(k), ...)  ->  max(v0 + step*k, the greatest g of all iterations so far), and so for min.

    A step that leads away from the extremum is none that a single g outlives.
    """
    k = symbol(counter, least=0)
    if step != 0 and (counter in symbols(step) or not is_at_least(-sign * step, 0)):
        return None
    reached: list[Dim] = []
    for other in others:
        powers = powers_of(other, counter)
        if powers is None or powers.keys() - {0, 1} or (step != 0 and powers.get(1, 0) != 0):
            return None
        first, slope = powers.get(0, 0), powers.get(1, 0)
        last = first + slope * (k - 1)
        is_growing, is_falling = is_at_least(sign * slope, 0), is_at_least(-sign * slope, 0)
        reached += [last] if is_growing else [first] if is_falling else [first, last]
    moved = start + step * k
    if all(is_at_least(sign * (start - bind(each, {counter: 0})), 0) for each in reached):
        return extreme(moved, *reached)
    # Before the first iteration nothing of this has happened.
    return start + dim_min(k, 1) * (extreme(moved, *reached) - start)
