"""Strings, element by element, joined and split."""

from __future__ import annotations

from functools import reduce

from graphcost import Free, Op, Role, Shape, ShapeUnknown
from graphcost_rules.declared_shapes import as_first_input, family, scalars, undeclared
from graphcost_rules.shape_inputs import checked_size, has_numbers, open_shape, partial_scalar

STRINGS = Free("strings")

ELEMENTWISE = """
    AsString StringToHashBucket StringToHashBucketFast StringToHashBucketStrong StringToNumber StringLower StringUpper
    StringStrip StringLength RegexReplace StaticRegexReplace RegexFullMatch StaticRegexFullMatch EncodeBase64
    DecodeBase64 UnicodeScript UnicodeTranscode DecodeCompressed DecodeJSONExample
"""


def joined_shape(op: Op) -> list[Shape]:
    """The shape of the operands that aren't scalars."""
    shapes = [op.input(i) for i in range(len(op.inputs)) if op.has_shape(i)]
    tensors = [shape for shape in shapes if shape.rank]
    if tensors:
        return [reduce(op.same_shape, tensors)]
    if len(shapes) < len(op.inputs):
        raise ShapeUnknown("an operand has no known shape")
    return [Shape()]


def substring_shape(op: Op) -> list[Shape]:
    return [op.broadcast(op.input(0), op.input(1))]


def reduce_join_shape(op: Op) -> list[Shape]:
    """Without the axes that are joined, which `keep_dims` leaves with a size of 1."""
    shape, keeps = op.input(0), op.bool_attr("keep_dims", False)
    if not has_numbers(op, 1):
        if not keeps:
            raise ShapeUnknown("which axes are joined isn't known")
        return [open_shape(op, shape.rank)]
    axes = set(op.axes(1, shape.rank))
    return [Shape(*(1 if axis in axes else size for axis, size in enumerate(shape) if keeps or axis not in axes))]


def split_shape(op: Op) -> list[Shape]:
    """A sparse matrix: the places of the pieces, the pieces, and its size."""
    pieces = op.unknown_size(0)
    return [Shape(pieces, 2), Shape(pieces), Shape(2)]


def code_points_shape(op: Op) -> list[Shape]:
    """Where each string's code points begin, and the code points; their offsets are as many."""
    splits = op.input(0).size + 1 if op.has_shape(0) else op.unknown_size(0)
    points = Shape(op.unknown_size(0, 1))
    return [Shape(splits), *[points] * (len(op.node.dtypes) - 1)]


def encoded_shape(op: Op) -> list[Shape]:
    """One string fewer than there are splits."""
    return [Shape(op.input(1, rank=1)[0] - 1)]


def ngrams_shape(op: Op) -> list[Shape]:
    return [Shape(op.unknown_size(0)), op.input(1, rank=1)]


def segment_join_shape(op: Op) -> list[Shape]:
    """One string for each segment and element of a row."""
    inputs, ids = op.input(0), op.input(1)
    if inputs.rank < ids.rank:
        raise op.error(f"segment ids of shape {ids} for a tensor of shape {inputs}")
    count = partial_scalar(op, 2)
    segments = op.unknown_size(0) if count is None else checked_size(op, count)
    return [Shape(segments, *inputs[ids.rank :])]


def fingerprint_shape(op: Op) -> list[Shape]:
    """Eight bytes for each row."""
    return [Shape(op.input(0, least_rank=1)[0] if op.has_shape(0) else op.unknown_size(0), 8)]


RULES = (
    family(STRINGS, as_first_input, *ELEMENTWISE.split())
    + family(STRINGS, joined_shape, "StringJoin")
    + family(STRINGS, substring_shape, "Substr")
    + family(STRINGS, reduce_join_shape, "ReduceJoin")
    + family(STRINGS, split_shape, "StringSplit", "StringSplitV2")
    + family(STRINGS, code_points_shape, "UnicodeDecode", "UnicodeDecodeWithOffsets")
    + family(STRINGS, encoded_shape, "UnicodeEncode")
    + family(STRINGS, ngrams_shape, "StringNGrams")
    + family(STRINGS, segment_join_shape, "UnsortedSegmentJoin")
    + family(STRINGS, fingerprint_shape, "Fingerprint")
    + family(STRINGS, scalars, "StringFormat", "SerializeTensor")
    + family(STRINGS, undeclared, "ParseTensor")
).with_roles(
    {
        Role.PIPELINE: ("DecodeCompressed",),
    }
)
