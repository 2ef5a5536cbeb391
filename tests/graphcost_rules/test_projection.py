"""Projective transforms, areas and proposals of images."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from counted import floats, ints, prove_count
from counting import Tally
from data_dependent import merge_sorted
from shape_function import constant, prove_shapes, tensor
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.image import RULES as IMAGES
from graphcost_rules.resizing import RULES as RESIZING
from graphcost_rules.suppression import RULES as SUPPRESSION

TRANSFORM = [1.1, 0.2, 0.4, -0.1, 0.9, 0.3, 0.01, 0.02]
OTHER = [0.9, -0.1, 0.3, 0.2, 1.2, -0.4, 0.02, 0.01]


def source(t, x, y, transform):
    """The point of the input that an output pixel comes from."""
    a, b, c, d, e, f, g, h = transform
    divisor = t.add(t.add(t.mul(g, x), t.mul(h, y)), 1)
    assert not t.less(abs(divisor), 0)
    left = t.div(t.add(t.add(t.mul(a, x), t.mul(b, y)), c), divisor)
    return left, t.div(t.add(t.add(t.mul(d, x), t.mul(e, y)), f), divisor)


def rounded(t, value):
    t.counts["compare"] += 1
    return round(value)


def floored(t, value):
    t.counts["compare"] += 1
    return math.floor(value)


def pixel(image, y, x):
    inside = 0 <= y < image.shape[0] and 0 <= x < image.shape[1]
    return image[y, x].tolist() if inside else [0.0] * image.shape[2]


def nearest(t, image, x, y):
    return pixel(image, rounded(t, y), rounded(t, x))


def weighted(t, first, second, share_of_first, share_of_second):
    return t.add(t.mul(share_of_first, first), t.mul(share_of_second, second))


def bilinear(t, image, x, y):
    top, left = floored(t, y), floored(t, x)
    bottom, right = t.add(top, 1), t.add(left, 1)
    to_left, to_right, to_top, to_bottom = t.sub(x, left), t.sub(right, x), t.sub(y, top), t.sub(bottom, y)
    corners = [pixel(image, i, j) for i in (top, bottom) for j in (left, right)]
    out = []
    for a, b, c, d in zip(*corners, strict=True):
        above, below = weighted(t, a, b, to_right, to_left), weighted(t, c, d, to_right, to_left)
        out.append(weighted(t, above, below, to_bottom, to_top))
    return out


@pytest.mark.parametrize(("interpolation", "read"), [("NEAREST", nearest), ("BILINEAR", bilinear)])
def test_every_output_pixel_is_taken_back(interpolation, read):
    def naive(t, images, transforms, size, fill):
        out = np.zeros((len(images), *size.tolist(), images.shape[-1]))
        for b, y, x in np.ndindex(*out.shape[:3]):
            out[b, y, x] = read(t, images[b], *source(t, x, y, transforms[b].tolist()))
        return [out]

    tensors = {
        "images": floats(1, 2, 5, 4, 3),
        "transforms": np.array([TRANSFORM, OTHER], np.float32),
        "output_shape": ints(3, 4),
        "fill_value": np.array(0, np.float32),
    }
    prove_count(IMAGES, "ImageProjectiveTransformV3", tensors, naive, interpolation=interpolation, tolerance=1e-3)


def test_old_contrast_is_clamped():
    x = floats(1, 2, 3, 4, 3, least=0)
    clamped = apply(IMAGES, "AdjustContrast", Shape(*x.shape), Shape(), Shape(), Shape()).cost
    assert clamped == apply(IMAGES, "AdjustContrastv2", Shape(*x.shape), Shape()).cost + Cost(compare=2 * x.size)


def shares(inputs, outputs):
    """For each output the inputs that it covers a part of, and how much of each."""
    scale = Fraction(inputs, outputs)
    for i in range(outputs):
        low, high = i * scale, (i + 1) * scale
        yield [(k, float(min(high, k + 1) - max(low, k))) for k in range(math.floor(low), math.ceil(high))]


@pytest.mark.parametrize(("inputs", "outputs"), [((4, 6), (2, 3)), ((5, 4), (3, 4)), ((4, 3), (6, 2))])
def test_an_area_is_a_weighted_sum(inputs, outputs):
    def naive(t, images, size):
        out = np.zeros((1, *outputs, 2))
        area = inputs[0] * inputs[1] / (outputs[0] * outputs[1])
        for y, rows in enumerate(shares(inputs[0], outputs[0])):
            for x, columns in enumerate(shares(inputs[1], outputs[1])):
                weights = [(i, j, a * b / area) for i, a in rows for j, b in columns]
                for c in range(2):
                    out[0, y, x, c] = t.sum([t.mul(float(images[0, i, j, c]), weight) for i, j, weight in weights])
        return [out]

    tensors = {"images": floats(1, 1, *inputs, 2), "size": ints(*outputs)}
    prove_count(RESIZING, "ResizeArea", tensors, naive, is_open=False)


def test_open_sizes_leave_the_pairs_open():
    n = symbol("N")
    cost = apply(RESIZING, "ResizeArea", Shape(2, n, 4, 3), [2, 2]).cost
    assert cost.bind({"N": 4, "row_pairs(node)": 4}) == apply(RESIZING, "ResizeArea", Shape(2, 4, 4, 3), [2, 2]).cost


def test_proposals_are_sorted_decoded_and_suppressed():
    tally = Tally()
    for scores in floats(1, 2, 12).tolist():
        merge_sorted(tally, scores)
    operands = [Shape(2, 2, 2, 3), Shape(2, 2, 2, 12), Shape(2, 5), Shape(2, 2, 12), Shape(), Shape(), Shape()]
    outcome = apply(SUPPRESSION, "GenerateBoundingBoxProposals", *operands, post_nms_topn=7)
    assert outcome.shapes == (Shape(2, 7, 4), Shape(2, 7))
    assert outcome.cost.bind({"boxes(node)": 0, "pairs(node)": 0, "comparisons(node)": 0}) == tally.cost
    one = outcome.cost.bind({"boxes(node)": 1, "pairs(node)": 0, "comparisons(node)": 0})
    assert one == tally.cost + Cost(add=12, mul=8, transcendental=2, compare=10)


SCALAR = tensor()


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("rules", "kind", "inputs", "attrs"),
    [
        (IMAGES, "AdjustContrast", [tensor(2, 4, 5, 3), SCALAR, SCALAR, SCALAR], {}),
        (IMAGES, "ExtractGlimpseV2", [tensor(2, 9, 9, 3), constant([4, 5]), tensor(2, 2)], {}),
        (
            SUPPRESSION,
            "GenerateBoundingBoxProposals",
            [
                tensor(2, 4, 5, 3),
                tensor(2, 4, 5, 12),
                tensor(2, 5),
                tensor(4, 5, 12),
                SCALAR,
                tensor(dtype="int32"),
                SCALAR,
            ],
            {},
        ),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(rules, kind, inputs, attrs):
    prove_shapes(rules, kind, inputs, **attrs)


def test_hostile_nodes_are_refused():
    operands = (Shape(2, 5, 4, 3), Shape(2, 8), [3, 4], Shape())
    with pytest.raises(RuleError):
        apply(IMAGES, "ImageProjectiveTransformV3", *operands, interpolation=b"CUBIC")
    with pytest.raises(RuleError):
        apply(SUPPRESSION, "GenerateBoundingBoxProposals", Shape(2, 2, 2, 3), post_nms_topn=-1)
