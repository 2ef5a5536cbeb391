"""Dimension numbers as XLA writes them: each field at its number, told by a message that has another in each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from single_op import make_op

from graphcost import Op, RuleError, Shape
from graphcost_rules.xla_dimensions import ConvAxes, DotAxes, GatherAxes, conv_axes, dot_axes, gather_axes


def op(*fields: tuple[int, int | tuple[int, ...]]) -> Op:
    """An operation whose message has these fields; a tuple is a packed list. All numbers are below 128."""
    data = b""
    for number, item in fields:
        data += bytes((number << 3, item)) if isinstance(item, int) else bytes((number << 3 | 2, len(item), *item))
    return make_op("XlaDotV2", Shape(), dimension_numbers=data)


def test_a_product_contracts_axes_and_keeps_those_of_the_batch() -> None:
    found = dot_axes(op((1, (2, 3)), (2, (4,)), (3, (0, 1)), (4, (5, 6))))
    assert found == DotAxes(left_contracted=(2, 3), right_contracted=(4,), left_batch=(0, 1), right_batch=(5, 6))
    assert dot_axes(op()) == DotAxes((), (), (), ())


def test_a_convolution_has_batch_features_and_space_of_three_tensors() -> None:
    numbers = op(
        (3, 11), (4, 12), (6, (13, 14)), (7, 21), (8, 22), (11, (23, 24)), (9, 31), (10, 32), (12, (33, 34))
    )  # fmt: skip
    assert conv_axes(numbers) == ConvAxes(
        input=(21, 22, (23, 24)), kernel=(11, 12, (13, 14)), output=(31, 32, (33, 34))
    )
    assert conv_axes(op()) == ConvAxes((0, 0, ()), (0, 0, ()), (0, 0, ()))


def test_a_gather_drops_axes_of_slices_and_of_batches() -> None:
    numbers = op((1, (7, 8)), (2, (1, 2)), (3, (9,)), (4, 6), (5, (3,)))
    assert gather_axes(numbers) == GatherAxes(offset=(7, 8), collapsed=(1, 2, 3), vector=6)


@pytest.mark.parametrize("axes", [dot_axes, conv_axes, gather_axes])
def test_what_is_no_message_is_refused(axes: Callable[[Op], object]) -> None:
    with pytest.raises(RuleError, match="dimension_numbers"):
        axes(make_op("XlaDotV2", Shape(), dimension_numbers=b"\x0a\xff"))
    with pytest.raises(RuleError, match="dimension_numbers"):
        axes(make_op("XlaDotV2", Shape()))


@pytest.mark.tensorflow
def test_the_numbers_are_those_of_xla() -> None:
    pytest.importorskip("tensorflow")
    xla_data_pb2 = pytest.importorskip("tensorflow.compiler.xla.xla_data_pb2")
    dot = xla_data_pb2.DotDimensionNumbers(
        lhs_contracting_dimensions=[2],
        rhs_contracting_dimensions=[1],
        lhs_batch_dimensions=[0],
        rhs_batch_dimensions=[3],
    )
    message = make_op("XlaDotV2", Shape(), dimension_numbers=dot.SerializeToString())
    assert dot_axes(message) == DotAxes((2,), (1,), (0,), (3,))
    conv = xla_data_pb2.ConvolutionDimensionNumbers(
        input_batch_dimension=1, input_feature_dimension=2, input_spatial_dimensions=[3, 4],
        kernel_input_feature_dimension=5, kernel_output_feature_dimension=6, kernel_spatial_dimensions=[7, 8],
        output_batch_dimension=9, output_feature_dimension=10, output_spatial_dimensions=[11, 12],
    )  # fmt: skip
    message = make_op("XlaConvV2", Shape(), dimension_numbers=conv.SerializeToString())
    assert conv_axes(message) == ConvAxes((1, 2, (3, 4)), (5, 6, (7, 8)), (9, 10, (11, 12)))
