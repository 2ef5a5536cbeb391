"""Numbers for symbols: what one binding says of other symbols, and bindings that contradict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphcost.dims import Dim, bind, format_dim, symbols
from graphcost.errors import ContradictionError
from graphcost.ops.sizes import Equality


def implied(replaced: Mapping[str, Dim], bindings: Mapping[str, int]) -> dict[str, Dim]:
    """The bindings, and what a binding of a replaced symbol says of the one that stands for it."""
    effective: dict[str, Dim] = dict(bindings)
    for name, standing in replaced.items():
        lone = format_dim(standing)
        if name in bindings and symbols(standing) == {lone}:
            effective.setdefault(lone, bindings[name])
    return effective


def check_equalities(replaced: Mapping[str, Dim], equalities: Iterable[Equality], bindings: Mapping[str, int]) -> None:
    """Raises ContradictionError where the bindings break what had to be equal."""
    known = implied(replaced, bindings)
    for name, standing in replaced.items():
        number = bind(standing, known)
        if name in bindings and isinstance(number, int) and number != bindings[name]:
            raise ContradictionError(f"{name}={bindings[name]} contradicts {name} = {format_dim(standing)} = {number}")
    for equality in equalities:
        left, right = bind(equality.left, known), bind(equality.right, known)
        if not isinstance(left, int) or not isinstance(right, int) or left == right:
            continue
        if equality.or_one and left == 1:
            continue
        wanted = f"{format_dim(equality.left)} = {format_dim(equality.right)}"
        raise ContradictionError(f"the bindings contradict {wanted} at {equality.node}: {left} against {right}")
