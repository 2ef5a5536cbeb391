"""Reductions along axes that a value names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from graphcost import Cost, Dim, Item, Op, Role, Rule, RuleSet, Shape, ShapeUnknown, Value, dim_max, product
from graphcost_rules.elementwise import ValueRule, output_dtype
from graphcost_rules.scalars import (
    as_whole,
    both,
    either,
    exact_quotient,
    greater,
    lesser,
    plus_whole,
    stored,
    times_whole,
)
from graphcost_rules.shape_inputs import open_shape
from graphcost_rules.small_values import Index, indices, small

Fold = Callable[[Sequence[Item]], Item]


def reduction_shape(op: Op) -> list[Shape]:
    """The kept sizes; with `keep_dims` a 1 for each axis that was reduced.

    Where the axes aren't known, `keep_dims` still tells the rank, or else how many axes there are.
    """
    keep_dims = op.bool_attr("keep_dims", False)
    shape = op.input(0)
    if op.has_value(1):
        return [_reduced_shape(shape, _axes(op, shape.rank), keep_dims)]
    return [open_shape(op, shape.rank if keep_dims else shape.rank - _axis_count(op, shape.rank))]


def _axis_count(op: Op, rank: int) -> int:
    """How many axes are reduced, where only the shape of the input that names them is known."""
    axes = op.input(1)
    if axes.rank > 1:
        raise op.error(f"axes of shape {axes} must be a scalar or a vector")
    if not isinstance(axes.size, int):
        raise ShapeUnknown("how many axes input 1 names isn't known")
    if axes.size > rank:
        raise op.error(f"{axes.size} axes of a tensor of rank {rank}")
    return axes.size


def _reduced_shape(shape: Sequence[Dim], axes: frozenset[int], keep_dims: bool) -> Shape:
    kept: list[Dim] = []
    for axis, size in enumerate(shape):
        if axis not in axes:
            kept.append(size)
        elif keep_dims:
            kept.append(1)
    return Shape(*kept)


def _axes(op: Op, rank: int) -> frozenset[int]:
    """The axes that are reduced. RuleError for one that is named twice, or doesn't exist."""
    if len(op.value(1).shape) > 1:
        raise op.error(f"axes of shape {list(op.value(1).shape)} must be a scalar or a vector")
    axes = op.axes(1, rank)
    if len(set(axes)) != len(axes):
        raise op.error(f"axes {list(axes)} name one axis twice")
    return frozenset(axes)


def _outputs_and_steps(op: Op) -> tuple[Dim, Dim]:
    """The number of outputs, and of the steps that combine all inputs to them."""
    if not op.has_shape(0) or not op.has_value(1):
        outputs = op.output_size()
        return outputs, steps_to(op, outputs)
    shape = op.input(0)
    axes = _axes(op, shape.rank)
    outputs = product(size for axis, size in enumerate(shape) if axis not in axes)
    reduced = product(shape[axis] for axis in axes)
    return outputs, outputs * dim_max(reduced - 1, 0)


def steps_to(op: Op, outputs: Dim) -> Dim:
    """The steps that combine the first input's elements to so many outputs, each to one, where axes aren't known."""
    inputs = op.input_size(0)
    return 0 if isinstance(inputs, int) and inputs == 0 else inputs - outputs


def steps_cost(step: Cost, name: str) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        _, steps = _outputs_and_steps(op)
        return step * steps

    cost.__doc__ = f"One {name} less than there are inputs to each output."
    return cost


def mean_cost(op: Op) -> Cost:
    """One addition less than there are inputs to each output, and one division for each output."""
    outputs, steps = _outputs_and_steps(op)
    return Cost(add=steps, div=outputs)


def euclidean_norm_cost(op: Op) -> Cost:
    """The square root of the sum of squares: one multiplication for each input, one addition less than there are
    inputs to each output, and one square root for each output."""
    outputs, steps = _outputs_and_steps(op)
    return Cost(mul=op.input_size(0), add=steps, sqrt=outputs)


def reduction_value(fold: Fold) -> ValueRule:
    """The value rule that folds the elements of each output."""

    def value(op: Op) -> list[Value]:
        source = op.value(0)
        axes = _axes(op, len(source.shape))
        shape = small(_reduced_shape(source.shape, axes, op.bool_attr("keep_dims", False)))
        dtype = output_dtype(op)
        groups = _groups(source, axes)
        return [Value(shape, tuple(stored(fold(group), dtype) for group in groups))]

    return value


def _groups(source: Value, axes: frozenset[int]) -> list[list[Item]]:
    """The elements that are reduced to each output, outputs in row-major order."""
    groups: dict[Index, list[Item]] = {index: [] for index in indices(_reduced_sizes(source.shape, axes))}
    for index, item in zip(indices(source.shape), source.items, strict=True):
        groups[tuple(0 if axis in axes else at for axis, at in enumerate(index))].append(item)
    return list(groups.values())


def _reduced_sizes(shape: Sequence[int], axes: frozenset[int]) -> tuple[int, ...]:
    return tuple(1 if axis in axes else size for axis, size in enumerate(shape))


def _mean(items: Sequence[Item]) -> Item:
    """Only where it is a whole number."""
    total = as_whole(add_up(items))
    return None if total is None else exact_quotient(total, len(items))


def _fold(step: Callable[[Item, Item], Item], *identity: Item) -> Fold:
    return lambda items: reduce(step, [*identity, *items]) if identity or items else None


add_up = _fold(plus_whole, 0)

RULES = RuleSet(
    *(
        Rule(name, shape=reduction_shape, cost=steps_cost(step, step_name), value=reduction_value(fold))
        for name, step, step_name, fold in (
            ("Sum", Cost(add=1), "addition", add_up),
            ("Prod", Cost(mul=1), "multiplication", _fold(times_whole, 1)),
            ("Max", Cost(compare=1), "comparison", _fold(greater)),
            ("Min", Cost(compare=1), "comparison", _fold(lesser)),
            ("All", Cost(compare=1), "comparison", _fold(both, True)),
            ("Any", Cost(compare=1), "comparison", _fold(either, False)),
        )
    ),
    Rule("Mean", shape=reduction_shape, cost=mean_cost, value=reduction_value(_mean)),
    Rule("EuclideanNorm", shape=reduction_shape, cost=euclidean_norm_cost),
).with_role(Role.REDUCTION)
