from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats, prove_count
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_oracle import call, prove
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.local_response import RULES

BIAS, ALPHA, BETA = 1.5, 0.5, 0.75
few = settings(max_examples=20, derandomize=True, deadline=None, database=None)
SHAPES = st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), st.integers(1, 9))


def near(channel, radius, count):
    return range(max(channel - radius, 0), min(channel + radius + 1, count))


def norms(t, pixel, radius):
    squares = [t.mul(v, v) for v in pixel]
    sums = [t.sum([squares[i] for i in near(c, radius, len(pixel))]) for c in range(len(pixel))]
    return [t.add(BIAS, t.mul(ALPHA, total)) for total in sums]


def normalized(t, pixel, radius):
    return [t.div(v, t.call(math.pow, norm, BETA)) for v, norm in zip(pixel, norms(t, pixel, radius), strict=True)]


def gradient(t, dy, pixel, y, radius):
    norm = norms(t, pixel, radius)
    ratios = [t.div(t.mul(d, v), n) for d, v, n in zip(dy, y, norm, strict=True)]
    sums = [t.sum([ratios[i] for i in near(c, radius, len(pixel))]) for c in range(len(pixel))]
    return [
        t.sub(t.mul(d, t.call(math.pow, n, -BETA)), t.mul(2 * ALPHA * BETA, t.mul(v, total)))
        for d, n, v, total in zip(dy, norm, pixel, sums, strict=True)
    ]


def by_pixel(function):
    def naive(t, *images):
        pixels = (image.reshape(-1, image.shape[-1]).tolist() for image in images)
        return [np.reshape([function(t, *row) for row in zip(*pixels, strict=True)], images[0].shape)]

    return naive


@few
@given(SHAPES, st.integers(0, 4))
def test_each_pixel_divides_by_its_neighbouring_channels(shape, radius):
    attrs = {"depth_radius": radius, "bias": BIAS, "alpha": ALPHA, "beta": BETA}
    naive = by_pixel(lambda t, pixel: normalized(t, pixel, radius))
    prove_count(RULES, "LRN", {"input": floats(1, *shape)}, naive, **attrs)


@few
@given(SHAPES, st.integers(0, 4))
def test_the_gradient_sums_over_neighbours_twice(shape, radius):
    attrs = {"depth_radius": radius, "bias": BIAS, "alpha": ALPHA, "beta": BETA}
    tensors = {"input_grads": floats(1, *shape), "input_image": floats(2, *shape), "output_image": floats(3, *shape)}
    naive = by_pixel(lambda t, dy, pixel, y: gradient(t, dy, pixel, y, radius))
    prove_count(RULES, "LRNGrad", tensors, naive, tolerance=1e-3, **attrs)


@few
@given(st.lists(st.integers(1, 4), max_size=3))
def test_the_l2_loss_is_half_the_sum_of_squares(shape):
    def naive(t, x):
        return [t.div(t.sum([t.mul(v, v) for v in x.ravel().tolist()]), 2)]

    prove_count(RULES, "L2Loss", {"t": floats(1, *shape)}, naive)


@pytest.mark.tensorflow
def test_partly_known_shapes_know_what_tensorflow_knows():
    image = floats(1, 2, 3, 2, 4)
    prove(RULES, st.just(call("LRN", image)), has_value=False)
    prove(RULES, st.just(call("LRNGrad", image, image, image)), has_value=False)
    prove(RULES, st.just(call("L2Loss", image)), has_value=False)


@pytest.mark.parametrize("attrs", [{"depth_radius": -1}, {"depth_radius": 1.5}])
def test_hostile_attributes_are_refused(attrs):
    with pytest.raises(RuleError):
        apply(RULES, "LRN", Shape(1, 2, 2, 3), **attrs)


def test_a_vast_radius_is_no_more_than_all_channels():
    assert apply(RULES, "LRN", Shape(1, 1, 1, 3), depth_radius=10**15).cost.add == 3 + 6
    assert apply(RULES, "LRN", Shape(1, 1, 1, 0), depth_radius=5).cost.flops == 0
    assert apply(RULES, "L2Loss", Shape(0)).cost.add == 0
