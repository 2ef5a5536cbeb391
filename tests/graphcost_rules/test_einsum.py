"""Einsum against TensorFlow's kernel and shape function, and against loops that count themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from convolutions import numbers
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from internal_ops import run
from kernel_oracle import Call, call, prove
from open_sizes import assert_same_when_bound
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.einsum import RULES

Index = Mapping[str, int]

UNLABELLED = "ZYX"
"""Labels for the axes of an ellipsis, from the last one on."""


@st.composite
def einsums(draw: st.DrawFn) -> Call:
    """One or two operands, perhaps with diagonals, ellipses that broadcast, and a result with a diagonal."""
    size_of = {label: draw(st.integers(1, 3)) for label in "abcd"}
    batch = draw(st.lists(st.integers(2, 3), max_size=2))
    has_ellipsis = draw(st.booleans())
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 2))):
        labels = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3))
        place = draw(st.integers(0, len(labels)))
        dims = [size_of[label] for label in labels]
        if has_ellipsis and draw(st.booleans()):
            ones = [draw(st.sampled_from([1, size])) for size in batch[draw(st.integers(0, len(batch))) :]]
            labels.insert(place, "...")
            dims[place:place] = ones
        terms.append("".join(labels))
        shapes.append(dims)
    used = sorted(set("".join(terms)) - {"."})
    result = draw(st.lists(st.sampled_from(used), unique=True)) if used else []
    if result and draw(st.integers(0, 4)) == 0:
        result.append(result[0])
    if has_ellipsis:
        result.insert(draw(st.integers(0, len(result))), "...")
    arrays = [numbers(shape, seed) for seed, shape in enumerate(shapes)]
    equation = f"{','.join(terms)}->{''.join(result)}"
    return call("Einsum", *arrays, lists={"inputs": len(arrays)}, equation=equation)


@pytest.mark.tensorflow
def test_shapes_are_tensorflows() -> None:
    prove(RULES, einsums(), has_value=False, examples=60)


@pytest.mark.parametrize(("kind", "examples"), [("Einsum", 60), ("_MklEinsum", 20)])
def test_einsum_costs_what_the_loops_count(kind: str, examples: int) -> None:
    @settings(max_examples=examples, derandomize=True, deadline=None, database=None)
    @given(einsums())
    def check(drawn: Call) -> None:
        arrays, equation = [given.array for given in drawn.inputs], drawn.attrs["equation"]
        tally = Tally()
        tally.gives(einsum(tally, equation, arrays), run_kernel(kind, equation, arrays))
        shapes = [Shape(*array.shape) for array in arrays]
        tally.proves(kind, apply(RULES, kind, *shapes, equation=equation.encode()).cost)

    check()


def run_kernel(kind: str, equation: str, arrays: Sequence[np.ndarray]) -> Any:
    if kind == "_MklEinsum":
        return run(kind, arrays, N=len(arrays), equation=equation, _kernel="MklNameChangeOp")
    return tf.raw_ops.Einsum(inputs=arrays, equation=equation)


def einsum(tally: Tally, equation: str, arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Takes diagonals, sums what one operand alone has, then combines what remains."""
    left, right = equation.split("->")
    dims: dict[str, int] = {}
    operands = []
    for term, array in zip(left.split(","), arrays, strict=True):
        labels = spelled_out(term, array.ndim)
        operands.append((labels, array))
        for label, size in zip(labels, array.shape, strict=True):
            dims[label] = max(size, dims.get(label, 1))
    extra = max((len(set(labels) & set(UNLABELLED)) for labels, _ in operands), default=0)
    result = right.replace("...", UNLABELLED[:extra][::-1])
    shared = set.intersection(*(set(labels) for labels, _ in operands)) if len(operands) > 1 else set()
    kept = shared | set(result) | set(UNLABELLED)
    summed = [sum_alone(tally, labels, array, kept) for labels, array in operands]
    contracted = sorted((shared - set(result)) & set(dims) - set(UNLABELLED))
    output = np.zeros([dims[label] for label in result])
    for index in indices(dims, sorted(set(result))):
        place = tuple(index[label] for label in result)
        if len(summed) == 1:
            output[place] = at(summed[0], index)
        elif not contracted:
            output[place] = tally.mul(at(summed[0], index), at(summed[1], index))
        else:
            for inner in indices(dims, contracted):
                both = {**index, **inner}
                output[place] = tally.mac(output[place], at(summed[0], both), at(summed[1], both))
    return output


def spelled_out(term: str, rank: int) -> str:
    extra = rank - len(term.replace("...", ""))
    return term.replace("...", UNLABELLED[:extra][::-1])


def sum_alone(tally: Tally, labels: str, array: np.ndarray, kept: set[str]) -> tuple[list[str], np.ndarray]:
    own = dict(zip(labels, array.shape, strict=True))
    remaining, alone = ([label for label in own if (label in kept) == way] for way in (True, False))
    result = np.zeros([own[label] for label in remaining])
    for index in indices(own, remaining):
        terms = [array[tuple({**index, **inner}[label] for label in labels)] for inner in indices(own, alone)]
        result[tuple(index.values())] = tally.sum(terms)
    return remaining, result


def indices(dims: Mapping[str, int], labels: Sequence[str]) -> list[Index]:
    return [dict(zip(labels, place, strict=True)) for place in product(*(range(dims[label]) for label in labels))]


def at(operand: tuple[list[str], np.ndarray], index: Index) -> float:
    """The element, where an axis of size 1 is the same everywhere."""
    labels, array = operand
    return float(array[tuple(index[label] % size for label, size in zip(labels, array.shape, strict=True))])


@pytest.mark.parametrize(
    ("equation", "shapes", "cost"),
    [
        ("ab,bc->ac", [(2, 3), (3, 4)], Cost(mac=24)),
        ("...ij,...jk->...ik", [(5, 1, 2, 3), (4, 3, 6)], Cost(mac=5 * 4 * 2 * 3 * 6)),
        ("ab,cd->ac", [(2, 3), (4, 5)], Cost(add=2 * 2 + 4 * 4, mul=8)),
        ("ab,ab->ab", [(2, 3), (2, 3)], Cost(mul=6)),
        ("aa->", [(3, 3)], Cost(add=2)),
        ("ab->ba", [(2, 3)], Cost()),
        ("ab->b", [(0, 3)], Cost()),
        ("abd,bcd->ac", [(2, 3, 4), (3, 5, 4)], Cost(mac=2 * 3 * 4 * 5)),
    ],
)
def test_closed_forms(equation: str, shapes: Sequence[Sequence[int]], cost: Cost) -> None:
    assert apply(RULES, "Einsum", *(Shape(*shape) for shape in shapes), equation=equation.encode()).cost == cost


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ab,bc->ac", [(2, 3), (3, 4)]),
        ("abc,cd->da", [(2, 3, 4), (4, 5)]),
        ("aab->b", [(3, 3, 4)]),
        ("abcd,cbe->aebd", [(2, 3, 4, 5), (4, 3, 6)]),
        ("...a,...a->...", [(2, 3), (2, 3)]),
    ],
)
def test_symbols_bind_to_the_same(equation: str, shapes: Sequence[Sequence[int]]) -> None:
    assert_same_when_bound(RULES, "Einsum", *(Shape(*shape) for shape in shapes), equation=equation.encode())


def test_an_open_batch_stays_a_factor() -> None:
    batch = symbol("N")
    outcome = apply(RULES, "Einsum", Shape(batch, 3, 4), Shape(4, 5), equation=b"...c,cd->...d")
    assert outcome.shapes == (Shape(batch, 3, 5),)
    assert outcome.cost == Cost(mac=60 * batch)


HOSTILE = [
    *(b"", b"ab,bc", b"ab,bc->ac->a", b"ab->a", b"ab,bc,cd->ad", b"ab,bc->ad", b"ab,cb->ac", b"abc,bc->ac"),
    *(b"a.b,bc->ac", b"ab......,bc->ac", b"ab,bc->ac,", b"...ab,bc...->ac...c...", b"\xff,\xfe->", None, 7),
]


@pytest.mark.parametrize("equation", HOSTILE)
def test_hostile_equations_are_refused(equation: Any) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "Einsum", Shape(2, 3), Shape(3, 4), equation=equation)


def test_an_ellipsis_needs_one_in_the_result() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "Einsum", Shape(5, 2, 3), Shape(3, 4), equation=b"...ab,bc->ac")
