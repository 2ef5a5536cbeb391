"""Convolutions against TensorFlow's kernels and shape functions, and against loops that count themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from convolutions import Convolution, convolutions, convolve, numbers
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
from graphcost_rules.conv import RULES

SAME_3X3 = {"strides": [1, 1, 1, 1], "padding": b"SAME"}

some = settings(max_examples=25, derandomize=True, deadline=None, database=None)


def dense(kind: str, conv: Convolution, **attrs: Any) -> Call:
    return call(kind, numbers(conv.image, 1), numbers(conv.filters, 2), **conv.attrs(), **attrs)


def channels_first(kind: str, conv: Convolution, filters: tuple[int, ...], data_format: str) -> Call:
    image = numbers((conv.image[0], conv.image[-1], *conv.image[1:-1]), 1)
    return call(kind, image, numbers(filters, 2), data_format=data_format, **conv.attrs(channels_first=True))


def depthwise(conv: Convolution) -> Call:
    images, filters = numbers(conv.image, 1), numbers(conv.depthwise_filters, 2)
    return call("DepthwiseConv2dNative", images, filters, **conv.attrs())


DEPTHWISE = convolutions(depthwise=True)
CUBES = convolutions(spatial=3, paddings=("SAME", "VALID"), groups=False)
# TensorFlow's shape function of Conv3D takes the dilation of the rows for the columns' and the reverse; its kernel,
# against which the loops run, doesn't. Its kernel of Conv can't dilate cubes.
UNDILATED_CUBES = convolutions(spatial=3, paddings=("SAME", "VALID"), groups=False, dilated=False)


def is_computed_right(conv: Convolution) -> bool:
    """TensorFlow's kernels read the wrong columns where there is one channel and a stride over columns."""
    return conv.image[-1] > 1 or conv.strides[-1] == 1


def is_without_gaps(conv: Convolution) -> bool:
    """The kernel of Conv shifts windows that have gaps between them."""
    return all(stride <= extent for stride, extent in zip(conv.strides, conv.extents, strict=True))


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "calls",
    [
        convolutions().map(lambda conv: dense("Conv2D", conv)),
        convolutions(groups=False).map(lambda conv: channels_first("Conv2D", conv, conv.filters, "NCHW")),
        UNDILATED_CUBES.map(lambda conv: dense("Conv3D", conv)),
        DEPTHWISE.map(depthwise),
        DEPTHWISE.map(lambda conv: channels_first("DepthwiseConv2dNative", conv, conv.depthwise_filters, "NCHW")),
        convolutions(groups=False, dilated=False).map(lambda conv: dense("Conv", conv)),
        UNDILATED_CUBES.map(lambda conv: dense("Conv", conv)),
    ],
    ids=["Conv2D", "Conv2D NCHW", "Conv3D", "depthwise", "depthwise NCHW", "Conv of rank 4", "Conv of rank 5"],
)
def test_shapes_are_tensorflows(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, has_value=False, examples=20)


@pytest.mark.parametrize(
    ("kind", "convs", "is_depthwise"),
    [
        ("Conv2D", convolutions().filter(is_computed_right), False),
        ("_MklNativeConv2D", convolutions(), False),
        ("DepthwiseConv2dNative", DEPTHWISE, True),
        ("_MklNativeDepthwiseConv2dNative", DEPTHWISE, True),
        ("Conv3D", CUBES.filter(is_computed_right), False),
        ("_MklNativeConv3D", UNDILATED_CUBES.filter(is_computed_right), False),
        ("Conv", UNDILATED_CUBES.filter(is_computed_right).filter(is_without_gaps), False),
    ],
)
def test_convolutions_cost_what_the_loops_count(
    kind: str, convs: st.SearchStrategy[Convolution], is_depthwise: bool
) -> None:
    @some
    @given(convs)
    def check(conv: Convolution) -> None:
        tally, image, filters = Tally(), numbers(conv.image, 1), numbers(conv.filters, 2)
        filter_shape = conv.depthwise_filters if is_depthwise else conv.filters
        ours = convolve(tally, conv, image, filters)
        tally.gives(ours, run_kernel(kind, conv, image, filters.reshape(filter_shape)))
        attrs = {**conv.attrs(), "padding": conv.padding.encode()}
        outcome = apply(RULES, kind, Shape(*conv.image), Shape(*filter_shape), **attrs)
        assert outcome.shapes == (Shape(*ours.shape),)
        tally.proves(kind, outcome.cost)
        assert_same_when_bound(RULES, kind, Shape(*conv.image), Shape(*filter_shape), **attrs)

    check()


def run_kernel(kind: str, conv: Convolution, image: np.ndarray, filters: np.ndarray) -> Any:
    if kind.startswith("_Mkl"):
        return run(kind, [image, filters], _kernel="MklNameChangeOp", **conv.attrs())
    return getattr(tf.raw_ops, kind)(input=image, filter=filters, **conv.attrs())


@pytest.mark.parametrize("lead", [[], [2], [2, 3]])
def test_conv_has_as_many_batch_axes_as_it_says(lead: list[int]) -> None:
    outcome = apply(
        RULES,
        "Conv",
        Shape(*lead, 8, 8, 3),
        Shape(3, 3, 3, 4),
        batch_dims=len(lead),
        strides=[1, 2, 2, 1],
        padding=b"SAME",
    )
    assert outcome.shapes == (Shape(*lead, 4, 4, 4),)
    assert outcome.cost == Cost(mac=math.prod(lead) * 4 * 4 * 4 * 27)


def test_channels_first_conv_of_any_rank() -> None:
    outcome = apply(
        RULES,
        "Conv",
        Shape(2, 3, 8, 9),
        Shape(3, 3, 3, 4),
        strides=[1, 1, 2, 2],
        padding=b"VALID",
        data_format=b"CHANNELS_FIRST",
    )
    assert outcome.shapes == (Shape(2, 4, 3, 4),)


def test_the_textbook_example() -> None:
    """An 8 x 8 image of 3 channels under 4 filters of 3 x 3."""
    same = apply(RULES, "Conv2D", Shape(1, 8, 8, 3), Shape(3, 3, 3, 4), **SAME_3X3)
    dilated = apply(
        RULES,
        "Conv2D",
        Shape(1, 8, 8, 3),
        Shape(3, 3, 3, 4),
        strides=[1, 1, 1, 1],
        dilations=[1, 2, 2, 1],
        padding=b"VALID",
    )
    assert isinstance(same.cost, Cost)
    assert isinstance(dilated.cost, Cost)
    assert same.cost.flops == 13_824
    assert dilated.cost.flops == 3_456


def test_an_open_batch_stays_a_factor() -> None:
    batch = symbol("N")
    outcome = apply(RULES, "Conv2D", Shape(batch, 8, 8, 3), Shape(3, 3, 3, 4), **SAME_3X3)
    assert outcome.cost == Cost(mac=6_912 * batch)


def test_an_empty_batch_costs_nothing() -> None:
    assert apply(RULES, "Conv2D", Shape(0, 8, 8, 3), Shape(3, 3, 3, 4), **SAME_3X3).cost == Cost()


@pytest.mark.parametrize(
    "attrs",
    [
        {"strides": [1, 0, 1, 1]},
        {"strides": [1, -2, 2, 1]},
        {"strides": [2, 1, 1, 1]},
        {"strides": [1, 1, 1, 2]},
        {"strides": [1, 1, 1]},
        {"strides": []},
        {"strides": [1.0, 1.0, 1.0, 1.0]},
        {"strides": None},
        {"dilations": [1, 0, 1, 1]},
        {"dilations": [1, 1, 1, 1, 1]},
        {"padding": b"FULL"},
        {"padding": b"\xff\xfe"},
        {"padding": 3},
        {"padding": b"EXPLICIT"},
        {"padding": b"EXPLICIT", "explicit_paddings": [0, 0, 1, 1, 1, 1, 0]},
        {"padding": b"EXPLICIT", "explicit_paddings": [0, 0, -1, 1, 1, 1, 0, 0]},
        {"padding": b"EXPLICIT", "explicit_paddings": [1, 1, 1, 1, 1, 1, 0, 0]},
        {"padding": b"EXPLICIT", "explicit_paddings": [0, 0, 1, 1, 1, 1, 0, 1]},
        {"data_format": b"NCHW_VECT_C"},
        {"data_format": b"NDHWC"},
        {"padding": b"VALID", "dilations": [1, 1 << 62, 1, 1]},
    ],
)
@pytest.mark.parametrize("kind", ["Conv2D", "DepthwiseConv2dNative"])
def test_hostile_attributes_are_refused(kind: str, attrs: dict[str, Any]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, kind, Shape(1, 8, 8, 3), Shape(3, 3, 3, 4), **{**SAME_3X3, **attrs})


@pytest.mark.parametrize(
    ("image", "filters"),
    [
        ((1, 8, 8), (3, 3, 3, 4)),
        ((1, 8, 8, 3), (3, 3, 3)),
        ((1, 8, 8, 3), (3, 3, 2, 4)),
        ((1, 8, 8, 3), (3, 3, 0, 4)),
        ((1, 8, 8, 0), (3, 3, 3, 4)),
        ((1, 8, 8, 6), (3, 3, 2, 4)),
        ((1, 8, 8, 3), (0, 3, 3, 4)),
        ((1, 2, 8, 3), (3, 3, 3, 4)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(image: tuple[int, ...], filters: tuple[int, ...]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "Conv2D", Shape(*image), Shape(*filters), strides=[1, 1, 1, 1], padding=b"VALID")


@pytest.mark.parametrize("batch_dims", [-1, 3, 1 << 62])
def test_hostile_batch_dims_are_refused(batch_dims: int) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "Conv", Shape(1, 8, 8, 3), Shape(3, 3, 3, 4), batch_dims=batch_dims, **SAME_3X3)
