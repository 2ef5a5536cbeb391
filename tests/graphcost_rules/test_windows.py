"""The window arithmetic, against counting where windows can start."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from single_op import make_op

from graphcost import Dim, RuleError, Shape
from graphcost.dims import bind, symbol
from graphcost_rules.windows import Layout, channels_first, channels_last, layout, output_size, spatial_attr, windows

OP = make_op("Window")

positive = st.integers(1, 4)


def starts(size: int, extent: int, stride: int) -> list[int]:
    """The places where a window of that extent lies inside."""
    return [start for start in range(0, size, stride) if start + extent <= size]


@given(st.integers(0, 12), positive, positive, positive)
def test_same_padding_has_a_window_every_stride(size: int, window: int, stride: int, dilation: int) -> None:
    assert output_size(OP, size, window, stride, dilation, "SAME") == len(range(0, size, stride))


@given(st.integers(0, 12), positive, positive, positive, st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_other_windows_lie_inside(
    size: int, window: int, stride: int, dilation: int, explicit: tuple[int, int]
) -> None:
    extent = (window - 1) * dilation + 1
    for padding, padded in (("VALID", size), ("EXPLICIT", size + sum(explicit))):
        expected = starts(padded, extent, stride)
        if expected:
            assert output_size(OP, size, window, stride, dilation, padding, explicit) == len(expected)
        else:
            with pytest.raises(RuleError):
                output_size(OP, size, window, stride, dilation, padding, explicit)


@given(st.integers(8, 20), positive, positive, st.integers(1, 2), st.sampled_from(["SAME", "VALID", "EXPLICIT"]))
def test_symbols_bind_to_the_same(size: int, window: int, stride: int, dilation: int, padding: str) -> None:
    def asked(size: Dim, window: Dim) -> Dim:
        return output_size(OP, size, window, stride, dilation, padding, (1, 2))

    bindings = {"h": size, "w": window}
    assert bind(asked(symbol("h"), symbol("w")), bindings) == asked(size, window)


def test_halving_twice_is_a_quarter() -> None:
    half = output_size(OP, symbol("H"), 3, 2, 1, "SAME")
    assert str(output_size(OP, half, 3, 2, 1, "SAME")) == "ceil(H/4)"


@pytest.mark.parametrize(
    ("window", "stride", "dilation"), [(0, 1, 1), (-1, 1, 1), (3, 0, 1), (3, -1, 1), (3, 1, 0), (3, 1, -1)]
)
@pytest.mark.parametrize("padding", ["SAME", "VALID", "EXPLICIT"])
def test_what_is_not_positive_is_refused(window: int, stride: int, dilation: int, padding: str) -> None:
    with pytest.raises(RuleError):
        output_size(OP, 8, window, stride, dilation, padding)


@pytest.mark.parametrize(
    ("data_format", "expected"),
    [(b"NHWC", channels_last(2)), (b"NCHW", channels_first(2)), (None, channels_last(2))],
)
def test_layouts(data_format: bytes | None, expected: Layout) -> None:
    place = layout(make_op("Window", data_format=data_format), 2)
    assert place == expected
    shape = place.shape("n", ("h", "w"), "c")  # type: ignore[arg-type]
    assert place.sizes(shape) == ("h", "w")
    assert shape[place.channel] == "c"


def test_layouts_by_number_of_spatial_axes() -> None:
    assert layout(make_op("Window", data_format=b"NCDHW"), 3) == Layout(channel=1, spatial=(2, 3, 4))
    assert layout(make_op("Window", data_format=b"NWC"), 1).shape(1, (2,), 3) == Shape(1, 2, 3)


def test_attributes_follow_the_layout() -> None:
    assert spatial_attr(make_op("Window", strides=[1, 2, 3, 1]), "strides", channels_last(2)) == (2, 3)
    assert spatial_attr(make_op("Window", strides=[1, 1, 2, 3]), "strides", channels_first(2)) == (2, 3)
    assert spatial_attr(make_op("Window", rates=[]), "rates", channels_last(2), default=[1, 1, 1, 1]) == (1, 1)


@pytest.mark.parametrize("strides", [[2, 1, 1, 1], [1, 1, 1, 2], [1, 0, 1, 1], [1, 1, 1], [], None, [True, 1, 1, 1]])
def test_illegal_attributes_are_refused(strides: list[int] | None) -> None:
    with pytest.raises(RuleError):
        spatial_attr(make_op("Window", strides=strides), "strides", channels_last(2))


def test_a_list_of_paddings_overrules_the_padding() -> None:
    attrs: dict[str, Any] = {"strides": [1, 2, 2, 1], "padding": b"SAME", "padding_list": [0, 0, 1, 2, 3, 4, 0, 0]}
    moves = windows(make_op("Window", **attrs), channels_last(2))
    assert moves.output_sizes(OP, (9, 9), (3, 3)) == (5, 7)


def test_an_open_axis_must_hold_a_window() -> None:
    op = make_op("Conv2D")
    assert output_size(op, symbol("h"), 3, 2, 2, "VALID") == (symbol("h") - 3) // 2
    (need,) = op.needs
    assert (need.size, need.least) == (symbol("h") - 4, 1)
    output_size(op, symbol("h"), 3, 2, 2, "SAME")
    output_size(op, symbol("h"), 3, 2, 1, "EXPLICIT", (1, 1))
    assert op.needs == [need]
