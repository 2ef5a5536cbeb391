"""Operands of a call, drawn so that they often fit those before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from random import Random

import numpy as np
from optional_tensorflow import tf
from shape_function import Dims, Tensor

MOST_RANK = 5
SIZES = (1, 2, 3, 4, 6)
UNUSUAL = 7
"""A size that is taken only where any is."""
NUMBERS = ((-1, 4), (0, 1), (0, 2), (1, 3))
"""From where to where a constant's numbers go."""

MOST_OF_A_VALUE = 16
INTEGERS = (tf.int32, tf.int64, tf.bool)
FLOATS = (tf.float32, tf.float64)
HANDLES = (tf.resource, tf.variant)

Form = tuple[Sequence[int], ...]
"""By axis the sizes that it may have; ANY where it may have each."""

ANY: Sequence[int] = ()

Operand = Dims | np.ndarray | Tensor
"""What a hint gives of an operand: its sizes, its value where it is a constant, or all of a handle."""


def some_sizes(random: Random) -> Sequence[int]:
    """The sizes of a call: one, or a few."""
    return [random.choice(SIZES)] if random.random() < 0.4 else random.sample(SIZES, random.randint(2, 3))


def learnt_forms(takes: Callable[[tuple[int | None, ...]], bool]) -> Sequence[Form]:
    """The ranks and sizes that are taken, each asked for alone; all ranks where none is found."""
    forms = [form for rank in range(MOST_RANK + 1) if (form := _learnt_form(takes, rank)) is not None]
    return forms or [(ANY,) * rank for rank in range(MOST_RANK + 1)]


def _learnt_form(takes: Callable[[tuple[int | None, ...]], bool], rank: int) -> Form | None:
    if takes((UNUSUAL,) * rank):
        return (ANY,) * rank
    if rank == 0 or not takes((None,) * rank):
        return None
    return tuple(
        [size for size in range(1, UNUSUAL) if takes((*(None,) * axis, size, *(None,) * (rank - axis - 1)))] or ANY
        for axis in range(rank)
    )


def given_tensor(dtype: tf.DType, operand: Operand) -> Tensor:
    if isinstance(operand, Tensor):
        return operand
    if isinstance(operand, np.ndarray):
        array = operand.astype(dtype.as_numpy_dtype)
        return Tensor(dtype.name, array.shape, array)
    return Tensor(dtype.name, operand)


def drawn_tensor(
    random: Random, dtype: tf.DType, forms: Sequence[Form], sizes: Sequence[int], before: Sequence[Tensor]
) -> Tensor:
    """A tensor of one of these forms."""
    dims = _drawn_dims(random, dtype, forms, sizes, before)
    value = _drawn_value(random, dtype, dims, before)
    return Tensor(dtype.name, dims if value is None else value.shape, value)


def _drawn_dims(
    random: Random, dtype: tf.DType, forms: Sequence[Form], sizes: Sequence[int], before: Sequence[Tensor]
) -> tuple[int, ...]:
    near = _near(random, dtype, before) if before and random.random() < 0.5 else None
    if near is not None and any(_fits(near, form) for form in forms):
        return near
    return tuple(random.choice(allowed or sizes) for allowed in random.choice(forms))


def _near(random: Random, dtype: tf.DType, before: Sequence[Tensor]) -> tuple[int, ...] | None:
    """The sizes of an earlier operand, mostly of one of the same dtype, or of what a handle holds; or most of them."""
    alike = [given for given in before if given.dtype == dtype.name]
    given = random.choice(alike if alike and random.random() < 0.8 else before)
    known = given.held[1] if given.held else given.dims
    if known is None:
        return None
    dims = tuple(size for size in known if size is not None)
    return random.choice((dims, dims, dims, dims[1:], dims[:1], dims[:-1]))


def _fits(dims: Sequence[int], form: Form) -> bool:
    return len(dims) == len(form) and all(
        not allowed or size in allowed for size, allowed in zip(dims, form, strict=True)
    )


def drawn_handle(random: Random, dtype: tf.DType, held: tf.DType, before: Sequence[Tensor]) -> Tensor:
    """A scalar that mostly tells the shape of what it holds, often the same as an earlier one."""
    alike = [given for given in before if given.dtype == dtype.name and given.held]
    if alike and random.random() < 0.6:
        return random.choice(alike)
    sizes = random.sample(SIZES, 2)
    inside = tuple(random.choice(sizes) for _ in range(random.choice((0, 1, 2, 2, 3, 3))))
    return Tensor(dtype.name, (), held=(held.name, inside) if random.random() < 0.9 else None)


def _drawn_value(random: Random, dtype: tf.DType, dims: tuple[int, ...], before: Sequence[Tensor]) -> np.ndarray | None:
    """A constant for most small tensors, often one that says sizes, axes or positions of what came before."""
    if dtype in FLOATS and len(dims) <= 1 and random.random() < 0.2:
        return np.full(dims, random.choice((0.0, 0.5, 1.0, 3.0)), dtype.as_numpy_dtype)
    if dtype not in INTEGERS or len(dims) > 2 or prod(dims) > MOST_OF_A_VALUE or random.random() < 0.15:
        return None
    shapes = [given.dims for given in before if given.dims and None not in given.dims]
    way = random.random() if len(dims) == 1 else 1
    if way < 0.2 and shapes:
        return np.array(random.choice(shapes), dtype.as_numpy_dtype)
    if way < 0.35:
        return np.array(random.sample(range(dims[0]), dims[0]), dtype.as_numpy_dtype)
    low, high = random.choice(NUMBERS)
    items = [random.randint(low, high) for _ in range(prod(dims))]
    return np.array(items, dtype.as_numpy_dtype).reshape(dims)


def hide(random: Random, given: Tensor) -> Tensor:
    """The operand with something of it left open, or all known."""
    way = random.choice(("known", "known", "value", "sizes", "all sizes", "rank"))
    if way == "known" or given.dims is None:
        return given
    if given.held:
        dtype, dims = given.held
        return replace(given, held=None if way == "value" else (dtype, _hide_sizes(random, way, dims)))
    if way == "value":
        return replace(given, value=None)
    dims = _hide_sizes(random, way, given.dims)
    return given if dims == given.dims else replace(given, value=None, dims=dims)


def _hide_sizes(random: Random, way: str, dims: Dims) -> Dims:
    if way == "rank" or dims is None:
        return None
    return tuple(None if way == "all sizes" or random.random() < 0.5 else size for size in dims)
