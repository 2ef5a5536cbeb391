"""Attributes as they stand in an AttrValue, field by field, and as the loader reads them back."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from graphcost import Literal, PartialShape, Value
from graphcost.export.attrs import dtype_number, encode_attr, encode_shape, encode_tensor
from graphcost.ir.literal import VALUE_LIMIT
from graphcost.ir.node import EMPTY, Attr, FunctionRef
from graphcost.loaders.attrs import decode_attr
from graphcost.loaders.descriptors import message_class


def written(attr: Attr) -> Any:
    message = message_class("AttrValue")()
    encode_attr(message, attr)
    return message_class("AttrValue").FromString(message.SerializeToString())


def field(attr: Attr) -> str:
    return str(written(attr).WhichOneof("value"))


def tensor(literal: Literal) -> Any:
    message = message_class("TensorProto")()
    encode_tensor(message, literal)
    return message


@pytest.mark.parametrize(
    ("attr", "name"),
    [
        (True, "b"), (0, "i"), (7, "i"), (0.5, "f"), (b"NHWC", "s"), ("float32", "type"), ((), "list"), ((1,), "list"),
        (PartialShape((2,)), "shape"), (Literal("int32", (), None), "tensor"), (FunctionRef("F", EMPTY), "func"),
        (None, "None"),
    ],
    ids=str,
)  # fmt: skip
def test_each_kind_has_its_field(attr: Attr, name: str) -> None:
    assert field(attr) == name


@pytest.mark.parametrize(
    ("attr", "name", "count"),
    [
        ((True, False), "b", 2),
        ((1, 2, 3), "i", 3),
        ((0.5,), "f", 1),
        ((b"a", b""), "s", 2),
        (("int32", "float32"), "type", 2),
        ((None, "float32"), "type", 2),
        ((None,), "type", 1),
        ((PartialShape((2,)), PartialShape(None)), "shape", 2),
        ((None, PartialShape((2,))), "shape", 2),
        ((FunctionRef("F", EMPTY),), "func", 1),
        ((Literal("int32", (), None),), "tensor", 1),
    ],
    ids=str,
)
def test_each_kind_of_list_has_its_field(attr: Attr, name: str, count: int) -> None:
    fields = {each.name: len(items) for each, items in written(attr).list.ListFields()}
    assert fields == {name: count}


def test_a_dtype_that_is_not_known_is_invalid() -> None:
    assert dtype_number(None) == 0
    assert dtype_number("float32") == 1
    assert list(written(("int32", None)).list.type) == [dtype_number("int32"), 0]


def test_an_item_of_no_value_is_an_empty_message() -> None:
    empty, shape = written((None, PartialShape((2,)))).list.shape
    assert (list(empty.dim), empty.unknown_rank) == ([], False)
    assert [dim.size for dim in shape.dim] == [2]


def test_a_shape_says_whether_its_rank_is_known() -> None:
    for dims in (None, (), (2,), (-1, 3)):
        message = message_class("TensorShapeProto")()
        encode_shape(message, PartialShape(dims))
        assert message.unknown_rank is (dims is None)
        assert tuple(dim.size for dim in message.dim) == (dims or ())


def test_a_function_has_its_attributes() -> None:
    func = written(FunctionRef("F", {"T": "float32", "n": 3})).func
    assert func.name == "F"
    assert {name: attr.WhichOneof("value") for name, attr in func.attr.items()} == {"T": "type", "n": "i"}


def test_elements_are_written_in_little_endian_order() -> None:
    message = tensor(Literal("int32", (3,), Value((3,), (1, -2, 3))))
    assert message.tensor_content == struct.pack("<3i", 1, -2, 3)
    assert message.dtype == dtype_number("int32")
    assert [dim.size for dim in message.tensor_shape.dim] == [3]


@pytest.mark.parametrize("number", [1.0, -2.5, 0.0, 2.0**100])
def test_bfloat16_is_the_upper_half_of_float32(number: float) -> None:
    message = tensor(Literal("bfloat16", (), Value.scalar(number)))
    (bits,) = message.half_val
    assert struct.unpack("<f", struct.pack("<I", bits << 16)) == (number,)
    assert message.tensor_content == b""


def test_strings_are_listed() -> None:
    message = tensor(Literal("string", (2,), None, (b"a", b"b")))
    assert list(message.string_val) == [b"a", b"b"]
    empty = tensor(Literal("string", (2,), None))
    assert [each.name for each, _ in empty.ListFields()] == ["dtype", "tensor_shape"]


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        ("float32", "float_val"), ("float64", "double_val"), ("float16", "half_val"), ("bfloat16", "half_val"),
        ("int32", "int_val"), ("int8", "int_val"), ("int64", "int64_val"), ("bool", "bool_val"),
    ],
)  # fmt: skip
def test_weights_are_a_splat_of_one_zero_and_small_constants_have_one_zero_too_many(dtype: str, name: str) -> None:
    large = Literal(dtype, (VALUE_LIMIT + 1,), None)
    assert list(getattr(tensor(large), name)) == [0]
    for shape, zeros in (((), 2), ((2,), 3), ((0,), 1), ((VALUE_LIMIT,), VALUE_LIMIT + 1)):
        small = Literal(dtype, shape, None)
        assert list(getattr(tensor(small), name)) == [0] * zeros
        assert decode_attr(written(small)) == small
    assert decode_attr(written(large)) == large


def test_dtypes_without_numbers_have_a_shape_alone() -> None:
    for literal in (Literal("complex64", (2,), None), Literal("resource", (), None)):
        assert {each.name for each, _ in tensor(literal).ListFields()} <= {"dtype", "tensor_shape"}
