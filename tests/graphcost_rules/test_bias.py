from __future__ import annotations

import numpy as np
import pytest
from counted import floats, prove_count
from hypothesis import strategies as st
from kernel_oracle import call, prove
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.bias import RULES


def biased(t, x, bias):
    """The channels are the last axis."""
    rows = x.reshape(-1, len(bias)).tolist()
    return np.reshape([[t.add(v, b) for v, b in zip(row, bias.tolist(), strict=True)] for row in rows], x.shape)


@pytest.mark.parametrize("shape", [(2, 3), (2, 4, 3), (2, 1, 5, 3), (0, 3)])
def test_one_addition_for_each_element(shape):
    tensors = {"value": floats(1, *shape), "bias": floats(2, 3)}
    prove_count(RULES, "BiasAddV1", tensors, lambda t, x, b: [biased(t, x, b)])
    prove_count(RULES, "BiasAdd", tensors, lambda t, x, b: [biased(t, x, b)], data_format="NHWC")


def test_channels_first():
    def naive(t, x, bias):
        return [np.moveaxis(biased(t, np.moveaxis(x, 1, -1), bias), -1, 1)]

    tensors = {"value": floats(1, 2, 3, 4, 5), "bias": floats(2, 3)}
    prove_count(RULES, "BiasAdd", tensors, naive, data_format="NCHW")


@pytest.mark.parametrize(
    ("shape", "layout", "channel"),
    [((4, 3), "NHWC", 1), ((2, 5, 3), "NHWC", 2), ((2, 3, 4, 5), "NCHW", 1), ((1, 3), "NHWC", 1)],
)
def test_the_gradient_sums_what_is_not_a_channel(shape, layout, channel):
    def naive(t, gradient):
        columns = np.moveaxis(gradient, channel, 0).reshape(gradient.shape[channel], -1)
        return [[t.sum(column) for column in columns.tolist()]]

    prove_count(RULES, "BiasAddGrad", {"out_backprop": floats(1, *shape)}, naive, data_format=layout)


@pytest.mark.tensorflow
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_partly_known_shapes_know_what_tensorflow_knows(layout):
    x = floats(1, 2, 3, 4, 3)
    prove(RULES, st.just(call("BiasAdd", x, floats(2, 3), data_format=layout)), has_value=False)
    prove(RULES, st.just(call("BiasAddGrad", x, data_format=layout)), has_value=False)


def test_hostile_nodes_are_refused():
    for arguments, attrs in (
        ((Shape(3), Shape(3)), {}),
        ((Shape(2, 3), Shape(3)), {"data_format": b"NCHW"}),
        ((Shape(2, 3), Shape(4)), {}),
        ((Shape(2, 3), Shape(3, 1)), {}),
        ((Shape(2, 3), Shape(3)), {"data_format": b"NCHW_VECT_C"}),
        ((Shape(2, 3), Shape(3)), {"data_format": 7}),
    ):
        with pytest.raises(RuleError):
            apply(RULES, "BiasAdd", *arguments, **attrs)


def test_empty_gradients_cost_nothing():
    assert apply(RULES, "BiasAddGrad", Shape(0, 3)).cost.flops == 0
