"""tf.profiler wants sizes wholly known, and windows with the channels last."""

from __future__ import annotations

import pytest

from graphcost import Cost, Fact, Node, Op, RuleError, Shape, ShapeUnknown, TensorRef
from graphcost.dims import symbol
from graphcost_rules.tf_profiler.asked import input_sizes, operations, output_sizes, require_channels_last, taps

N = symbol("N")


def asked(*inputs: Shape | None, outputs: tuple[Shape | None, ...] = (), **attrs: object) -> Op:
    refs = tuple(TensorRef(f"x{i}") for i in range(len(inputs)))
    node = Node("node", "MaxPool", refs, attrs=attrs)  # type: ignore[arg-type]
    return Op(node, [Fact("float32", each) for each in inputs], [Fact("float32", each) for each in outputs])


def test_sizes_are_those_of_the_input_that_is_asked_for_and_of_the_first_output() -> None:
    op = asked(Shape(2, 3), Shape(), outputs=(Shape(5, 7), Shape(9)))
    assert (input_sizes(op, 0), input_sizes(op, 1), output_sizes(op)) == ((2, 3), (), (5, 7))


def test_an_open_size_is_not_counted() -> None:
    op = asked(Shape(2, N), None, outputs=(Shape(N),))
    with pytest.raises(ShapeUnknown, match="a size of input 0 is open"):
        input_sizes(op, 0)
    with pytest.raises(ShapeUnknown, match="a size of the output is open"):
        output_sizes(op)
    with pytest.raises(ShapeUnknown):
        input_sizes(op, 1)


def test_windows_lie_on_images_with_the_channels_last() -> None:
    require_channels_last(asked(data_format=b"NHWC"))
    require_channels_last(asked())
    for layout in (b"NCHW", b"NDHWC"):
        with pytest.raises(RuleError, match="NHWC"):
            require_channels_last(asked(data_format=layout))


def test_a_window_has_the_taps_of_all_its_axes() -> None:
    assert taps(asked(ksize=(1, 3, 2, 5))) == 30


def test_operations_of_any_kind_are_so_many() -> None:
    assert operations(7) == Cost(add=7)
    assert operations(7).flops == 7
