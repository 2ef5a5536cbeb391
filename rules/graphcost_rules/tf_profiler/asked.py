"""How tf.profiler asks for shapes: wholly known, or the node doesn't count."""

from __future__ import annotations

from math import prod

from graphcost import Cost, Op, Shape, ShapeUnknown

Sizes = tuple[int, ...]


def input_sizes(op: Op, index: int) -> Sizes:
    """The sizes of an input. ShapeUnknown where one is open."""
    return _numbers(op.input(index), f"input {index}")


def output_sizes(op: Op) -> Sizes:
    """The sizes of the first output. ShapeUnknown where one is open."""
    return _numbers(op.output(0), "the output")


def operations(count: int) -> Cost:
    """So many operations: tf.profiler doesn't tell kinds apart, so all are filed as additions."""
    return Cost(add=count)


def require_channels_last(op: Op) -> None:
    """Windows in any other layout don't count."""
    if op.text_attr("data_format", default="NHWC") != "NHWC":
        raise op.error("tf.profiler counts windows in NHWC only")


def taps(op: Op) -> int:
    """How many elements a pooling window has."""
    return prod(op.ints_attr("ksize"))


def _numbers(shape: Shape, what: str) -> Sizes:
    sizes = tuple(dim for dim in shape if isinstance(dim, int))
    if len(sizes) < len(shape):
        raise ShapeUnknown(f"a size of {what} is open")
    return sizes
