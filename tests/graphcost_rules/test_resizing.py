"""Resizing against TensorFlow's kernels and counted naive algorithms."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_oracle import Call, call, numbered, prove
from optional_tensorflow import tf
from single_op import apply

from graphcost import COPIES, Cost, RuleError, Shape, Value, bind
from graphcost.dims import symbol
from graphcost_rules.resizing import RULES

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5))
FEW = settings(max_examples=15, derandomize=True, deadline=None, database=None)


def image(height: int, width: int) -> np.ndarray:
    return np.sin(numbered([2, height, width, 2]) * 1.3).astype(np.float32)


def places(size: int, target: int) -> list[float]:
    """Where each output of an axis lies in the input; half-pixel centres."""
    return [(i + 0.5) * size / target - 0.5 for i in range(target)]


def channels(batch: np.ndarray) -> Iterator[tuple[int, int]]:
    return itertools.product(range(batch.shape[0]), range(batch.shape[3]))


def lerp(tally: Tally, a: float, b: float, t: float) -> float:
    return tally.add(a, tally.mul(tally.sub(b, a), t))


def corners(place: float, size: int) -> tuple[int, int, float]:
    """The neighbours of a place, inside of the axis, and how far it is from the first to the second."""
    low = int(np.floor(place))
    return max(low, 0), min(low + 1, size - 1), place - low


def bilinear(tally: Tally, batch: np.ndarray, sizes: tuple[int, int]) -> np.ndarray:
    height, width = batch.shape[1:3]
    result = np.zeros((batch.shape[0], *sizes, batch.shape[3]))
    for (n, c), (i, y), (j, x) in itertools.product(
        channels(batch), enumerate(places(height, sizes[0])), enumerate(places(width, sizes[1]))
    ):
        top, bottom, down = corners(y, height)
        left, right, across = corners(x, width)
        above = lerp(tally, batch[n, top, left, c], batch[n, top, right, c], across)
        below = lerp(tally, batch[n, bottom, left, c], batch[n, bottom, right, c], across)
        result[n, i, j, c] = lerp(tally, above, below, down)
    return result


def split(tally: Tally, gradient: float, t: float) -> tuple[float, float]:
    second = tally.mul(gradient, t)
    return tally.sub(gradient, second), second


def bilinear_gradient(tally: Tally, gradients: np.ndarray, sizes: tuple[int, int]) -> np.ndarray:
    height, width = sizes
    result = np.zeros((gradients.shape[0], *sizes, gradients.shape[3]))
    for (n, c), (i, y), (j, x) in itertools.product(
        channels(gradients), enumerate(places(height, gradients.shape[1])), enumerate(places(width, gradients.shape[2]))
    ):
        top, bottom, down = corners(y, height)
        left, right, across = corners(x, width)
        for row, part in zip((top, bottom), split(tally, gradients[n, i, j, c], down), strict=True):
            for column, quarter in zip((left, right), split(tally, part, across), strict=True):
                result[n, row, column, c] = tally.add(result[n, row, column, c], quarter)
    return result


def cubic_weights(place: float, size: int) -> list[tuple[int, float]]:
    """Four neighbours with Keys' weights, a = -0.5; those outside fall away and the rest is normalized, as the kernel
    has it for half-pixel centres."""
    low = int(np.floor(place))
    t = round((place - low) * 1024) / 1024
    weights = []
    for k in range(-1, 3):
        d = abs(t - k)
        w = (1.5 * d - 2.5) * d * d + 1 if d <= 1 else ((-0.5 * d + 2.5) * d - 4) * d + 2
        weights.append((low + k, w))
    inside = [(min(max(k, 0), size - 1), w if 0 <= k < size else 0.0) for k, w in weights]
    total = sum(w for _, w in inside)
    return [(k, w / total) for k, w in inside]


def weighted(tally: Tally, terms: list[tuple[float, float]]) -> float:
    return tally.sum([tally.mul(value, weight) for value, weight in terms])


def bicubic(tally: Tally, batch: np.ndarray, sizes: tuple[int, int]) -> np.ndarray:
    height, width = batch.shape[1:3]
    result = np.zeros((batch.shape[0], *sizes, batch.shape[3]))
    for (n, c), (i, y), (j, x) in itertools.product(
        channels(batch), enumerate(places(height, sizes[0])), enumerate(places(width, sizes[1]))
    ):
        rows = cubic_weights(y, height)
        columns = cubic_weights(x, width)
        sums = [(weighted(tally, [(batch[n, r, k, c], w) for k, w in columns]), weight) for r, weight in rows]
        result[n, i, j, c] = weighted(tally, sums)
    return result


def bicubic_gradient(tally: Tally, gradients: np.ndarray, sizes: tuple[int, int]) -> np.ndarray:
    height, width = sizes
    result = np.zeros((gradients.shape[0], *sizes, gradients.shape[3]))
    for (n, c), (i, y), (j, x) in itertools.product(
        channels(gradients), enumerate(places(height, gradients.shape[1])), enumerate(places(width, gradients.shape[2]))
    ):
        for row, weight in cubic_weights(y, height):
            part = tally.mul(gradients[n, i, j, c], weight)
            for column, w in cubic_weights(x, width):
                result[n, row, column, c] = tally.add(result[n, row, column, c], tally.mul(part, w))
    return result


@pytest.mark.parametrize(("kind", "naive"), [("ResizeBilinear", bilinear), ("ResizeBicubic", bicubic)])
@FEW
@given(source=SIZES, target=SIZES)
def test_resizing_costs_what_the_naive_algorithm_counts(
    kind: str, naive: Callable[..., np.ndarray], source: tuple[int, int], target: tuple[int, int]
) -> None:
    batch, tally = image(*source), Tally()
    result = naive(tally, batch, target)
    tally.gives(result, getattr(tf.raw_ops, kind)(images=batch, size=target, half_pixel_centers=True))
    outcome = apply(RULES, kind, Shape(*batch.shape), list(target))
    assert outcome.shapes == (Shape(*result.shape),)
    tally.proves(kind, outcome.cost)


@pytest.mark.parametrize(
    ("kind", "naive"), [("ResizeBilinearGrad", bilinear_gradient), ("ResizeBicubicGrad", bicubic_gradient)]
)
@FEW
@given(source=SIZES, target=SIZES)
def test_gradients_cost_what_the_naive_algorithm_counts(
    kind: str, naive: Callable[..., np.ndarray], source: tuple[int, int], target: tuple[int, int]
) -> None:
    original, gradients, tally = image(*source), image(*target), Tally()
    result = naive(tally, gradients, source)
    kernel = getattr(tf.raw_ops, kind)(grads=gradients, original_image=original, half_pixel_centers=True)
    tally.gives(result, kernel)
    outcome = apply(RULES, kind, Shape(*gradients.shape), Shape(*original.shape))
    assert outcome.shapes == (Shape(*result.shape),)
    tally.proves(kind, outcome.cost)


@FEW
@given(source=SIZES, target=SIZES)
def test_the_gradient_of_the_nearest_neighbour_is_one_addition_each(
    source: tuple[int, int], target: tuple[int, int]
) -> None:
    gradients, tally = image(*target), Tally()
    result = np.zeros((2, *source, 2))
    for (n, c), i, j in itertools.product(channels(gradients), range(target[0]), range(target[1])):
        place = (n, i * source[0] // target[0], j * source[1] // target[1], c)
        result[place] = tally.add(result[place], gradients[n, i, j, c])
    tally.gives(result, tf.raw_ops.ResizeNearestNeighborGrad(grads=gradients, size=source), tolerance=1e-5)
    outcome = apply(RULES, "ResizeNearestNeighborGrad", Shape(*gradients.shape), list(source))
    assert outcome.shapes == (Shape(*result.shape),)
    tally.proves("ResizeNearestNeighborGrad", outcome.cost)


def test_a_crop_of_the_whole_image_is_a_resized_image() -> None:
    batch, tally = image(5, 4), Tally()
    result = np.zeros((2, 3, 3, 2))
    for (n, c), i, j in itertools.product(channels(batch), range(3), range(3)):
        top, bottom, down = corners(i * 4 / 2, 5)
        left, right, across = corners(j * 3 / 2, 4)
        above = lerp(tally, batch[n, top, left, c], batch[n, top, right, c], across)
        below = lerp(tally, batch[n, bottom, left, c], batch[n, bottom, right, c], across)
        result[n, i, j, c] = lerp(tally, above, below, down)
    tally.gives(result, tf.image.crop_and_resize(batch, [[0, 0, 1, 1]] * 2, [0, 1], [3, 3]), tolerance=1e-5)
    facts = Shape(*batch.shape), Shape(2, 4), Shape(2), [3, 3]
    outcome = apply(RULES, "CropAndResize", *facts)
    assert outcome.shapes == (Shape(2, 3, 3, 2),)
    tally.proves("CropAndResize", outcome.cost)
    assert apply(RULES, "CropAndResize", *facts, method=b"nearest").cost == Cost()


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
def test_the_gradient_of_a_crop_adds_to_the_pixels_under_it(method: str) -> None:
    grads, tally, result = image(3, 3), Tally(), np.zeros((2, 5, 4, 2))
    for (n, c), i, j in itertools.product(channels(grads), range(3), range(3)):
        y, x, gradient = i * 4 / 2, j * 3 / 2, float(grads[n, i, j, c])
        if method == "nearest":
            place = (n, int(np.floor(y + 0.5)), int(np.floor(x + 0.5)), c)
            result[place] = tally.add(result[place], gradient)
            continue
        top, bottom, down = corners(y, 5)
        left, right, across = corners(x, 4)
        for row, part in zip((top, bottom), split(tally, gradient, down), strict=True):
            for column, quarter in zip((left, right), split(tally, part, across), strict=True):
                result[n, row, column, c] = tally.add(result[n, row, column, c], quarter)
    boxes, owners, size = [[0.0, 0.0, 1.0, 1.0]] * 2, [0, 1], [2, 5, 4, 2]
    kernel = tf.raw_ops.CropAndResizeGradImage(
        grads=grads, boxes=boxes, box_ind=owners, image_size=size, T=tf.float32, method=method
    )
    tally.gives(result, kernel)
    facts = Shape(2, 3, 3, 2), Shape(2, 4), Shape(2), size
    outcome = apply(RULES, "CropAndResizeGradImage", *facts, T="float32", method=method.encode())
    assert outcome.shapes == (Shape(2, 5, 4, 2),)
    tally.proves("CropAndResizeGradImage", outcome.cost)


@pytest.mark.parametrize(("source", "target"), [((6, 4), (4, 3)), ((5, 6), (2, 4)), ((2, 3), (5, 3))])
def test_an_area_is_the_sum_of_the_inputs_that_it_covers_a_part_of(
    source: tuple[int, int], target: tuple[int, int]
) -> None:
    batch, tally = image(*source), Tally()
    result = np.zeros((2, *target, 2))
    for (n, c), i, j in itertools.product(channels(batch), *map(range, target)):
        rows, columns = shares(i, source[0], target[0]), shares(j, source[1], target[1])
        parts = [(float(batch[n, r, k, c]), down * across) for r, down in rows for k, across in columns]
        result[n, i, j, c] = weighted(tally, parts)
    tally.gives(result, tf.raw_ops.ResizeArea(images=batch, size=target))
    outcome = apply(RULES, "ResizeArea", Shape(*batch.shape), list(target))
    assert outcome.shapes == (Shape(*result.shape),)
    tally.proves("ResizeArea", outcome.cost)


def shares(index: int, inputs: int, outputs: int) -> list[tuple[int, float]]:
    """The inputs of an axis that lie under an output, each with the share of the output that it covers."""
    edges = [(max(k * outputs, index * inputs), min((k + 1) * outputs, (index + 1) * inputs)) for k in range(inputs)]
    return [(k, (end - start) / inputs) for k, (start, end) in enumerate(edges) if end > start]


def crops() -> Call:
    boxes = np.asarray([[0, 0, 1, 1], [0.2, 0.1, 0.7, 0.9]], dtype=np.float32)
    return call("CropAndResize", image(5, 4), boxes, [0, 1], [3, 2])


CALLS = {
    "CropAndResize": st.just(crops()),
    **{
        kind: st.tuples(SIZES, SIZES).map(lambda pair, kind=kind: call(kind, image(*pair[0]), list(pair[1])))
        for kind in ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea")
    },
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_shapes_agree_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, has_value=False)


def test_a_symbolic_image_bound_later_costs_the_same() -> None:
    n, h = symbol("N"), symbol("H")
    cost = apply(RULES, "ResizeBilinear", Shape(n, h, h, 3), Value.vector([2 * h, 2 * h])).cost
    assert isinstance(cost, Cost)
    assert cost.bind({"N": 2, "H": 5}) == apply(RULES, "ResizeBilinear", Shape(2, 5, 5, 3), [10, 10]).cost
    assert bind(cost.flops, {"N": 1, "H": 1}) == 9 * 2 * 2 * 3


def test_the_nearest_neighbour_only_moves_data() -> None:
    assert apply(RULES, "ResizeNearestNeighbor", Shape(1, 2, 2, 3), [4, 4]).cost == COPIES


@pytest.mark.parametrize("size", [[-1, 4], [-3, 4], [4], [1, 2, 3]])
def test_sizes_that_are_none_are_refused_or_open(size: list[int]) -> None:
    try:
        (shape,) = apply(RULES, "ResizeBilinear", Shape(1, 2, 2, 3), size).shapes
    except RuleError:
        return
    assert shape is not None
    assert not shape.is_static


def slope(t: Tally, ends: tuple[float, float, float, float], lerp: float) -> float:
    """The difference of two pairs of pixels, weighed by how near each pair is."""
    a, b, c, d = ends
    return t.add(t.mul(1 - lerp, t.sub(b, a)), t.mul(lerp, t.sub(d, c)))


def test_the_gradient_of_boxes_follows_the_slopes_of_the_image() -> None:
    generator = np.random.default_rng(8)
    image = generator.normal(size=(1, 9, 8, 2)).astype(np.float32)
    grads = generator.normal(size=(2, 3, 4, 2)).astype(np.float32)
    boxes = np.asarray([[0.11, 0.13, 0.71, 0.83], [0.23, 0.07, 0.91, 0.77]], np.float32)
    tally, result = Tally(), np.zeros((2, 4))
    height, width = image.shape[1] - 1, image.shape[2] - 1
    for b, (y1, x1, y2, x2) in enumerate(boxes.tolist()):
        for i in range(3):
            for j in range(4):
                along_y, along_x = i / 2, j / 3
                y = (y1 + along_y * (y2 - y1)) * height
                x = (x1 + along_x * (x2 - x1)) * width
                top, left = int(y), int(x)
                for c in range(2):
                    tl, tr, bl, br = (float(image[0, top + v, left + h, c]) for v in (0, 1) for h in (0, 1))
                    upward = tally.mul(slope(tally, (tl, bl, tr, br), x - left), float(grads[b, i, j, c]))
                    sideways = tally.mul(slope(tally, (tl, tr, bl, br), y - top), float(grads[b, i, j, c]))
                    moves = (
                        (0, upward, height * (1 - along_y)),
                        (1, sideways, width * (1 - along_x)),
                        (2, upward, height * along_y),
                        (3, sideways, width * along_x),
                    )
                    for end, by, distance in moves:
                        result[b, end] = tally.add(result[b, end], tally.mul(by, distance))
    owners = np.zeros(2, np.int32)
    theirs = tf.raw_ops.CropAndResizeGradBoxes(grads=grads, image=image, boxes=boxes, box_ind=owners)
    tally.gives(result, theirs, tolerance=1e-3)
    operands = [Shape(*grads.shape), Shape(*image.shape), Shape(2, 4), Shape(2)]
    outcome = apply(RULES, "CropAndResizeGradBoxes", *operands)
    assert outcome.shapes == (Shape(2, 4),)
    tally.proves("CropAndResizeGradBoxes", outcome.cost)
