"""Gradients of pooling: shapes against TensorFlow's, costs against windows that are gone over tap by tap."""

from __future__ import annotations

from itertools import product

import pytest
from counting import Tally
from shape_function import Tensor, constant, prove_shapes, tensor
from single_op import Operand, apply

from graphcost import COPIES, Cost, Fact, Role, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.pooling_grad import RULES

N = symbol("N")
FLAT = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 2, 1], "padding": b"VALID"}
DEEP = {"ksize": [1, 2, 3, 2, 1], "strides": [1, 1, 2, 2, 1], "padding": b"VALID"}
IMAGE, POOLED = Shape(2, 7, 6, 3), Shape(2, 3, 3, 3)
VOLUME, POOLED_VOLUME = Shape(2, 4, 7, 6, 3), Shape(2, 3, 3, 3, 3)
SIZES: list[Operand] = [[1, 3, 2, 1], [1, 2, 2, 1]]
FED = {"padding": b"VALID"}


def greatest(shape: Shape, taps: int, *, is_added: bool) -> Cost:
    """In each window the greatest of its taps is looked for; a gradient is added there, or read."""
    tally = Tally()
    for _ in product(*(range(size) for size in shape if isinstance(size, int))):
        best = 0
        for tap in range(1, taps):
            best = tally.max(best, tap)
        if is_added:
            tally.add(best, 1)
    return tally.cost


@pytest.mark.parametrize(
    ("kind", "operands", "attrs", "pooled", "taps"),
    [
        ("MaxPoolGrad", [IMAGE, POOLED, POOLED], FLAT, POOLED, 6),
        ("MaxPoolGradV2", [IMAGE, POOLED, POOLED, *SIZES], FED, POOLED, 6),
        ("MaxPool3DGrad", [VOLUME, POOLED_VOLUME, POOLED_VOLUME], DEEP, POOLED_VOLUME, 12),
    ],
)
def test_a_gradient_is_added_at_the_greatest_tap(
    kind: str, operands: list[Operand], attrs: dict[str, object], pooled: Shape, taps: int
) -> None:
    outcome = apply(RULES, kind, *operands, **attrs)
    assert outcome.shapes == (operands[0],)
    assert outcome.cost == greatest(pooled, taps, is_added=True)


@pytest.mark.parametrize(
    ("kind", "operands", "attrs", "pooled", "taps"),
    [
        ("MaxPoolGradGrad", [IMAGE, POOLED, IMAGE], FLAT, POOLED, 6),
        ("MaxPoolGradGradV2", [IMAGE, POOLED, IMAGE, *SIZES], FED, POOLED, 6),
        ("MaxPool3DGradGrad", [VOLUME, POOLED_VOLUME, VOLUME], DEEP, POOLED_VOLUME, 12),
    ],
)
def test_a_second_gradient_is_read_at_the_greatest_tap(
    kind: str, operands: list[Operand], attrs: dict[str, object], pooled: Shape, taps: int
) -> None:
    outcome = apply(RULES, kind, *operands, **attrs)
    assert outcome.shapes == (pooled,)
    assert outcome.cost == greatest(pooled, taps, is_added=False)
    unseen = apply(RULES, kind, operands[0], Fact("float32"), *operands[2:], **attrs)
    assert unseen.shapes == (pooled,)
    with pytest.raises(RuleError):
        apply(RULES, kind, operands[0], Shape(*pooled[:-1], 9), *operands[2:], **attrs)


@pytest.mark.parametrize(
    ("kind", "sizes", "pooled", "attrs", "taps"),
    [("AvgPoolGrad", [2, 7, 6, 3], POOLED, FLAT, 6), ("AvgPool3DGrad", [2, 4, 7, 6, 3], POOLED_VOLUME, DEEP, 12)],
)
def test_a_gradient_is_divided_among_all_taps(
    kind: str, sizes: list[int], pooled: Shape, attrs: dict[str, object], taps: int
) -> None:
    tally = Tally()
    for _ in product(*(range(size) for size in pooled if isinstance(size, int))):
        part = tally.div(1.0, taps)
        for _ in range(taps):
            tally.add(0.0, part)
    outcome = apply(RULES, kind, sizes, pooled, **attrs)
    assert outcome.shapes == (Shape(*sizes),)
    assert outcome.cost == tally.cost
    for wrong in (sizes[1:], [*sizes, 1]):
        with pytest.raises(RuleError, match=f"has {len(wrong)} elements, but must have {len(sizes)}"):
            apply(RULES, kind, wrong, pooled, **attrs)


def test_the_shape_that_is_fed_may_be_open() -> None:
    for unseen in (Fact("int32", Shape(N)), Fact("int32", Shape(4))):
        (shape,) = apply(RULES, "AvgPoolGrad", unseen, POOLED, **FLAT).shapes
        assert shape is not None
        assert shape.rank == 4
        assert not shape.is_static


def test_windows_that_are_fed_and_not_known_leave_the_count_open() -> None:
    open_sizes = [Fact("int32", Shape(4))] * 2
    outcome = apply(RULES, "MaxPoolGradV2", IMAGE, POOLED, POOLED, *open_sizes, **FED)
    assert isinstance(outcome.cost, Cost)
    assert outcome.cost.add == 54
    assert not isinstance(outcome.cost.compare, int)
    assert apply(RULES, "MaxPoolGradGradV2", IMAGE, POOLED, IMAGE, *open_sizes, **FED).shapes == (POOLED,)
    with pytest.raises(RuleError):
        apply(RULES, "MaxPoolGradGradV2", IMAGE, Shape(2, 3, 3), IMAGE, *open_sizes, **FED)


def test_the_place_of_the_greatest_says_where() -> None:
    """The gradient is the second input, the places are the third."""
    outcome = apply(RULES, "MaxPoolGradWithArgmax", IMAGE, POOLED, POOLED, **FLAT)
    assert outcome.shapes == (IMAGE,)
    assert outcome.cost == Cost(add=2 * 3 * 3 * 3)
    with pytest.raises(RuleError):
        apply(RULES, "MaxPoolGradWithArgmax", IMAGE, Shape(2, 3, 3), POOLED, **FLAT)


def test_one_gradient_is_picked_for_each_place() -> None:
    kind, unknown = "MaxPoolGradGradWithArgmax", Fact("float32")
    outcome = apply(RULES, kind, IMAGE, IMAGE, POOLED, **FLAT)
    assert (outcome.shapes, outcome.cost) == ((POOLED,), COPIES)
    assert apply(RULES, kind, IMAGE, IMAGE, unknown, **FLAT).shapes == (POOLED,)
    assert apply(RULES, kind, unknown, IMAGE, POOLED, **FLAT).shapes == (POOLED,)
    (opened,) = apply(RULES, kind, unknown, IMAGE, unknown, **FLAT).shapes
    assert opened is not None
    assert [isinstance(dim, int) for dim in opened] == [False] * 4
    for wrong in (Shape(2, 3, 4, 3), Shape(2, 3, 3)):
        with pytest.raises(RuleError):
            apply(RULES, kind, IMAGE, IMAGE, wrong, **FLAT)


@pytest.mark.parametrize("kind", ["MaxPoolGrad", "MaxPoolGradWithArgmax"])
def test_an_image_has_four_axes(kind: str) -> None:
    with pytest.raises(RuleError):
        apply(RULES, kind, Shape(2, 7, 6), POOLED, POOLED, **FLAT)
    with pytest.raises(RuleError):
        apply(RULES, "MaxPool3DGrad", IMAGE, POOLED_VOLUME, POOLED_VOLUME, **DEEP)
    with pytest.raises(RuleError):
        apply(RULES, "AvgPoolGrad", [2, 7, 6, 3], Shape(2, 3, 3), **FLAT)
    with pytest.raises(RuleError):
        apply(RULES, "MaxPoolGradGrad", Shape(2, 7, 6), POOLED, IMAGE, **FLAT)


x, y = tensor(2, 7, 6, 3), tensor(2, 3, 3, 3)
v, w = tensor(2, 4, 7, 6, 3), tensor(2, 3, 3, 3, 3)
ksize, strides = constant([1, 3, 2, 1]), constant([1, 2, 2, 1])


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs", "attrs"),
    [
        ("MaxPoolGrad", [x, y, y], FLAT),
        ("MaxPoolGradV2", [x, y, y, ksize, strides], FED),
        ("MaxPool3DGrad", [v, w, w], DEEP),
        ("MaxPoolGradGrad", [x, y, x], FLAT),
        ("MaxPoolGradGradV2", [x, y, x, ksize, strides], FED),
        ("MaxPool3DGradGrad", [v, w, v], DEEP),
        ("MaxPoolGradWithArgmax", [x, y, tensor(2, 3, 3, 3, dtype="int64")], FLAT),
        ("MaxPoolGradGradWithArgmax", [x, x, tensor(2, 3, 3, 3, dtype="int64")], FLAT),
        ("AvgPoolGrad", [constant([2, 7, 6, 3]), y], FLAT),
        ("AvgPool3DGrad", [constant([2, 4, 7, 6, 3]), w], DEEP),
    ],
)
def test_shapes_are_those_of_tensorflow(kind: str, inputs: list[Tensor], attrs: dict[str, object]) -> None:
    prove_shapes(RULES, kind, inputs, **attrs)


def test_all_are_of_backward_passes() -> None:
    assert set(RULES.ops_in(Role.GRADIENT)) == {rule.op for rule in RULES}
