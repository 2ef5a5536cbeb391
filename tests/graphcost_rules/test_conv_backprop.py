"""Gradients of convolutions against TensorFlow's kernels and shape functions, and against loops that count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from convolutions import (
    Convolution,
    convolutions,
    filter_gradient,
    input_gradient,
    numbers,
)
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from internal_ops import run
from kernel_oracle import Call, call, prove
from open_sizes import assert_same_when_bound
from single_op import apply, fact

from graphcost import Cost, Fact, RuleError, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.conv_backprop import RULES

ONEDNN = {"_kernel": "MklNameChangeOp"}
STRIDE_2 = {"strides": [1, 2, 2, 1], "padding": b"VALID"}

some = settings(max_examples=20, derandomize=True, deadline=None, database=None)

# What TensorFlow's kernels on the CPU can run: explicit paddings, or dilations and groups.
FLAT = st.one_of(
    convolutions(paddings=("SAME", "VALID")), convolutions(paddings=("EXPLICIT",), groups=False, dilated=False)
)
# TensorFlow's own kernels for depthwise gradients take no notice of dilations.
DEPTHWISE = convolutions(depthwise=True, equal_strides=True, dilated=False)
CUBES = convolutions(spatial=3, paddings=("SAME", "VALID"), groups=False, dilated=False)
FAMILIES = {
    "Conv2DBackprop{}": (FLAT, False),
    "DepthwiseConv2dNativeBackprop{}": (DEPTHWISE, True),
    "Conv3DBackprop{}V2": (CUBES, False),
}


def filters_of(conv: Convolution, is_depthwise: bool) -> tuple[int, ...]:
    return conv.depthwise_filters if is_depthwise else conv.filters


def by_input(kind: str, conv: Convolution, is_depthwise: bool) -> Call:
    filters = numbers(filters_of(conv, is_depthwise), 2)
    return call(kind.format("Input"), list(conv.image), filters, numbers(conv.output, 3), **conv.attrs())


def by_filter(kind: str, conv: Convolution, is_depthwise: bool) -> Call:
    sizes = list(filters_of(conv, is_depthwise))
    return call(kind.format("Filter"), numbers(conv.image, 1), sizes, numbers(conv.output, 3), **conv.attrs())


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize("gradient", [by_input, by_filter])
def test_shapes_are_tensorflows(kind: str, gradient: Any) -> None:
    convs, is_depthwise = FAMILIES[kind]
    prove(
        RULES, convs.map(lambda conv: gradient(kind, conv, is_depthwise)), has_value=False, least_named=1, examples=25
    )


@pytest.mark.tensorflow
def test_spatial_sizes_alone_are_enough() -> None:
    def asked(conv: Convolution) -> Call:
        return call(
            "Conv2DBackpropInput",
            list(conv.image[1:-1]),
            numbers(conv.filters, 2),
            numbers(conv.output, 3),
            **conv.attrs(),
        )

    calls = convolutions(groups=False, dilated=False).map(asked)
    prove(RULES, calls, has_value=False, least_named=1)


@pytest.mark.tensorflow
def test_channels_may_come_first() -> None:
    def asked(conv: Convolution) -> Call:
        def turned(shape: tuple[int, ...]) -> list[int]:
            return [shape[0], shape[-1], *shape[1:-1]]

        gradient = numbers(turned(conv.output), 3)
        attrs = conv.attrs(channels_first=True)
        return call(
            "Conv2DBackpropInput", turned(conv.image), numbers(conv.filters, 2), gradient, data_format="NCHW", **attrs
        )

    calls = convolutions(paddings=("SAME", "VALID"), groups=False, dilated=False).map(asked)
    prove(RULES, calls, has_value=False, least_named=1)


MEMBERS = {
    **FAMILIES,
    "_MklNativeConv2DBackprop{}": (convolutions(paddings=("SAME", "VALID"), groups=False), False),
    "_MklNativeConv3DBackprop{}V2": FAMILIES["Conv3DBackprop{}V2"],
    "Conv2DBackprop{}V2": FAMILIES["Conv2DBackprop{}"],
    "Conv3DBackprop{}": FAMILIES["Conv3DBackprop{}V2"],
}
TENSORS_FOR_SIZES = ("Conv2DBackprop{}V2", "Conv3DBackprop{}")
"""Those to which a tensor tells the sizes. TensorFlow has no kernel for the first: the one of sizes has to do."""


@pytest.mark.parametrize("family", MEMBERS)
@pytest.mark.parametrize("side", ["Input", "Filter"])
def test_gradients_cost_what_the_loops_count(family: str, side: str) -> None:
    convs, is_depthwise = MEMBERS[family]
    kind = family.format(side)

    @some
    @given(convs)
    def check(conv: Convolution) -> None:
        shapes = [conv.image, filters_of(conv, is_depthwise), conv.output]
        image, filters, gradient = numbers(conv.image, 1), numbers(conv.filters, 2), numbers(conv.output, 3)
        asked = 0 if side == "Input" else 1
        arrays = [image, filters.reshape(shapes[1]), gradient]
        operands: list[Any] = [Shape(*shape) for shape in shapes]
        if family not in TENSORS_FOR_SIZES:
            arrays[asked] = np.array(shapes[asked], np.int32)
            operands[asked] = list(shapes[asked])
        tally = Tally()
        if side == "Input":
            ours = input_gradient(tally, conv, gradient, filters)
        else:
            ours = filter_gradient(tally, conv, image, gradient).reshape(shapes[1])
        if kind in ("Conv2DBackpropInputV2", "Conv2DBackpropFilterV2"):
            arrays[asked] = np.array(shapes[asked], np.int32)
            tally.agrees(ours, run(kind.removesuffix("V2"), arrays, **conv.attrs()))
        else:
            tally.gives(ours, run(kind, arrays, **(ONEDNN if "Mkl" in kind else {}), **conv.attrs()))
        outcome = apply(RULES, kind, *operands, **{**conv.attrs(), "padding": conv.padding.encode()})
        assert outcome.shapes == (Shape(*shapes[asked]),)
        tally.proves(kind, outcome.cost)

    check()


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))
@some
def test_symbols_bind_to_the_same(batch: int, channels: int, size: int) -> None:
    """Where the asked sizes follow from the gradient's, every size may stay open."""
    height = symbol("h")
    gradient = Shape(symbol("n"), height, 4, symbol("c"))
    asked = Value.vector([symbol("n"), 2 * height, 8, channels])
    filters = Shape(3, 3, channels, symbol("c"))
    attrs = {"strides": [1, 2, 2, 1], "padding": b"SAME"}
    opened = apply(RULES, "Conv2DBackpropInput", asked, filters, gradient, **attrs)
    known = apply(
        RULES,
        "Conv2DBackpropInput",
        [batch, 2 * size, 8, channels],
        Shape(3, 3, channels, 5),
        Shape(batch, size, 4, 5),
        **attrs,
    )
    assert isinstance(opened.cost, Cost)
    assert opened.cost.bind({"n": batch, "h": size, "c": 5}) == known.cost
    assert opened.shapes == (Shape(symbol("n"), 2 * height, 8, channels),)


def test_open_sizes_of_the_tensors_bind_to_the_same() -> None:
    filters, gradient = Shape(3, 3, 3, 5), Shape(2, 4, 4, 5)
    attrs = {"strides": [1, 2, 2, 1], "padding": b"SAME"}
    assert_same_when_bound(RULES, "Conv2DBackpropInputV2", Shape(2, 8, 8, 3), filters, gradient, **attrs)
    assert_same_when_bound(RULES, "Conv2DBackpropFilterV2", Shape(2, 8, 8, 3), filters, gradient, **attrs)
    assert_same_when_bound(RULES, "Conv2DBackpropFilter", Shape(2, 8, 8, 3), [3, 3, 3, 5], gradient, **attrs)
    depthwise = Shape(3, 3, 3, 2), Shape(2, 4, 4, 6)
    assert_same_when_bound(RULES, "DepthwiseConv2dNativeBackpropInput", [2, 8, 8, 3], *depthwise, **attrs)


def test_the_textbook_example() -> None:
    """A transposed convolution of stride 2 from 8 x 8 to 17 x 17 costs what its forward convolution costs."""
    outcome = apply(RULES, "Conv2DBackpropInput", [1, 17, 17, 3], Shape(3, 3, 3, 4), Shape(1, 8, 8, 4), **STRIDE_2)
    assert isinstance(outcome.cost, Cost)
    assert outcome.cost.flops == 13_824


def test_the_cost_needs_no_sizes() -> None:
    unknown = Fact("int32", Shape(4))
    outcome = apply(RULES, "Conv2DBackpropInput", unknown, Shape(3, 3, 3, 4), Shape(1, 8, 8, 4), **STRIDE_2)
    assert outcome.shapes[0] is not None
    assert outcome.shapes[0].rank == 4
    assert outcome.shapes[0][0] == 1
    assert outcome.cost == Cost(mac=6_912)


@pytest.mark.parametrize(
    "sizes",
    [
        [1, 17, 17],
        [1, 17, 17, 3, 1],
        [2, 17, 17, 3],
        [1, 16, 17, 3],
        [1, 1 << 62, 17, 3],
        [1, 2, 17, 3],
        [1, 17, 17, 4],
        [1, 17, 17, 0],
        [1, -2, 17, 3],
        [17],
        17,
        Value.vector([1.0, 17.0, 17.0, 3.0]),
        Value((2, 2), (1, 17, 17, 3)),
    ],
)
def test_hostile_sizes_are_refused(sizes: Any) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "Conv2DBackpropInput", sizes, Shape(3, 3, 3, 4), Shape(1, 8, 8, 4), **STRIDE_2)


@pytest.mark.parametrize("attrs", [{"strides": [1, 0, 2, 1]}, {"padding": b"?"}, {"data_format": b"NCHW_VECT_C"}])
def test_hostile_attributes_are_refused(attrs: dict[str, Any]) -> None:
    for kind, operands in {
        "Conv2DBackpropInput": ([1, 17, 17, 3], Shape(3, 3, 3, 4), Shape(1, 8, 8, 4)),
        "Conv2DBackpropFilter": (Shape(1, 17, 17, 3), [3, 3, 3, 4], Shape(1, 8, 8, 4)),
    }.items():
        with pytest.raises(RuleError):
            apply(RULES, kind, *operands, **{**STRIDE_2, **attrs})


def test_missing_inputs_are_refused() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "Conv2DBackpropInput", fact([1, 17, 17, 3]), **STRIDE_2)
