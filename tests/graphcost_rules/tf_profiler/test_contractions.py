"""tf.profiler's counts of convolutions and products, held against multiplications that are counted one by one."""

from __future__ import annotations

from functools import partial
from itertools import product

import pytest
from reference_counts import reference_count

from graphcost import RuleError, Shape, ShapeUnknown
from graphcost.dims import symbol
from graphcost_rules.tf_profiler.contractions import RULES

N = symbol("N")

count = partial(reference_count, RULES)


def loops(*sizes: int) -> int:
    """2 operations for each step of nested loops."""
    return sum(2 for _ in product(*map(range, sizes)))


@pytest.mark.parametrize(
    ("kind", "image", "filters", "output", "inner"),
    [
        ("Conv2D", (2, 7, 6, 3), (3, 2, 3, 5), (2, 5, 4, 5), (3, 2, 3)),
        ("Conv3D", (1, 4, 5, 6, 2), (2, 3, 2, 2, 3), (1, 2, 3, 4, 3), (2, 3, 2, 2)),
        ("DepthwiseConv2dNative", (2, 7, 6, 3), (3, 2, 3, 2), (2, 5, 4, 6), (3, 2)),
        ("Dilation2D", (2, 7, 6, 3), (3, 2, 3), (2, 5, 4, 3), (3, 2)),
    ],
)
def test_a_window_multiplies_for_each_output(
    kind: str, image: tuple[int, ...], filters: tuple[int, ...], output: tuple[int, ...], inner: tuple[int, ...]
) -> None:
    assert count(kind, Shape(*image), Shape(*filters), output=Shape(*output)) == loops(*output, *inner)
    with pytest.raises(ShapeUnknown):
        count(kind, Shape(N, *image[1:]), Shape(*filters), output=Shape(*output))
    with pytest.raises(ShapeUnknown):
        count(kind, Shape(*image), Shape(*filters), output=Shape(N, *output[1:]))
    assert count(kind, Shape(*image), Shape(*filters[: len(inner)]), output=Shape(*output)) == loops(*output, *inner)
    with pytest.raises(RuleError, match=f"expects {len(inner)} sizes"):
        count(kind, Shape(*image), Shape(*filters[: len(inner) - 1]), output=Shape(*output))


IMAGE, FILTERS, GRADIENT = Shape(2, 6, 9, 5), Shape(3, 2, 5, 7), Shape(2, 3, 3, 7)
STRIDED = {"strides": (1, 2, 3, 1)}


def test_gradients_of_a_convolution_multiply_as_often_as_the_convolution() -> None:
    """The strides divide the image's sizes: its outputs, taps, and both kinds of channels."""
    expected = loops(2, 3, 3, 3, 2, 5, 7)
    assert count("Conv2DBackpropInput", Shape(4), FILTERS, GRADIENT, output=IMAGE, **STRIDED) == expected
    assert count("Conv2DBackpropFilter", IMAGE, Shape(4), GRADIENT, output=FILTERS, **STRIDED) == expected


def test_where_strides_do_not_divide_the_quotient_is_cut() -> None:
    image, filters = Shape(1, 5, 5, 3), Shape(3, 3, 3, 1)
    strided = {"strides": (1, 2, 2, 1)}
    expected = 2 * 75 * 27 // (3 * 2 * 2)
    assert expected * 12 != 2 * 75 * 27
    assert count("Conv2DBackpropInput", Shape(4), filters, GRADIENT, output=image, **strided) == expected
    assert count("Conv2DBackpropFilter", image, Shape(4), GRADIENT, output=filters, **strided) == expected


@pytest.mark.parametrize("kind", ["Conv2DBackpropInput", "Conv2DBackpropFilter"])
def test_a_gradient_that_tf_profiler_does_not_count_is_refused(kind: str) -> None:
    def counted(image: Shape, filters: Shape, **attrs: object) -> int:
        given = (Shape(4), filters, GRADIENT) if kind.endswith("Input") else (image, Shape(4), GRADIENT)
        return count(kind, *given, output=image if kind.endswith("Input") else filters, **attrs)

    assert counted(IMAGE, FILTERS, **STRIDED, data_format=b"NHWC") > 0
    assert counted(Shape(5), FILTERS, strides=(1, 1, 1)) == loops(3, 2, 5, 7)
    for image, attrs in (
        (IMAGE, {"strides": (1, 2)}),
        (IMAGE, STRIDED | {"data_format": b"NCHW"}),
        (Shape(), STRIDED),
        (Shape(2, 3, 4, 0), STRIDED),
        (IMAGE, {"strides": (1, 0, 2, 1)}),
    ):
        with pytest.raises(RuleError):
            counted(image, FILTERS, **attrs)


def test_a_product_multiplies_along_the_inner_axis() -> None:
    assert count("MatMul", Shape(3, 5), Shape(5, 7), output=Shape(3, 7)) == loops(3, 5, 7)
    assert count("MatMul", Shape(5, 3), Shape(5, 7), output=Shape(3, 7), transpose_a=True) == loops(3, 5, 7)
    assert count("MatMul", Shape(3, 5), Shape(5, 7), output=Shape(3, 7), transpose_a=False) == loops(3, 5, 7)
    with pytest.raises(RuleError, match=r"expects 2 sizes, not \[3\]"):
        count("MatMul", Shape(3), Shape(5, 7), output=Shape(3, 7))


@pytest.mark.parametrize("kind", ["BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"])
def test_a_batched_product_takes_the_last_axis_for_the_inner_one(kind: str) -> None:
    assert count(kind, Shape(2, 3, 5), Shape(2, 5, 7), output=Shape(2, 3, 7)) == loops(2, 3, 5, 7)
    swapped = count(kind, Shape(2, 5, 3), Shape(2, 5, 7), output=Shape(2, 3, 7), adj_x=True)
    assert swapped == loops(2, 3, 3, 7)
    assert count(kind, Shape(3, 5), Shape(5, 7), output=Shape(3, 7)) == loops(3, 5, 7)
    with pytest.raises(RuleError):
        count(kind, Shape(3), Shape(5, 7), output=Shape(3, 7))
