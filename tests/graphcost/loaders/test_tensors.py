import struct

import pytest
from model_files import message

from graphcost.ir.literal import VALUE_LIMIT, Literal, PartialShape, Value
from graphcost.loaders.tensors import decode_content, decode_shape, decode_tensor


def tensor(text):
    return decode_tensor(message("TensorProto", text))


def dims(*sizes):
    return "tensor_shape {" + "".join(f"dim {{ size: {size} }}" for size in sizes) + "}"


@pytest.mark.parametrize(
    ("dtype", "name", "field", "written", "items"),
    [
        ("DT_INT32", "int32", "int_val", (-7, 8), (-7, 8)),
        ("DT_INT64", "int64", "int64_val", (1 << 40, -1), (1 << 40, -1)),
        ("DT_UINT8", "uint8", "int_val", (255, 0), (255, 0)),
        ("DT_UINT64", "uint64", "uint64_val", (1 << 63, 1), (1 << 63, 1)),
        ("DT_BOOL", "bool", "bool_val", ("true", "false"), (True, False)),
        ("DT_FLOAT", "float32", "float_val", (0.5, -2), (0.5, -2.0)),
        ("DT_DOUBLE", "float64", "double_val", (0.1, 3), (0.1, 3.0)),
        ("DT_HALF", "float16", "half_val", (0x3C00, 0xC000), (1.0, -2.0)),
        ("DT_BFLOAT16", "bfloat16", "half_val", (0x3F80, 0xC000), (1.0, -2.0)),
        ("DT_QINT8", "qint8", "int_val", (-3, 4), (-3, 4)),
    ],
)
def test_listed_elements(dtype, name, field, written, items):
    listed = " ".join(f"{field}: {item}" for item in written)
    assert tensor(f"dtype: {dtype} {dims(2)} {listed}") == Literal(name, (2,), Value((2,), items))


@pytest.mark.parametrize(
    ("dtype", "code", "items"),
    [("int32", "i", (1, -2)), ("int64", "q", (1 << 40, 3)), ("bool", "?", (True, False)), ("float32", "f", (0.5, 2.0)),
     ("float64", "d", (0.1, 2.0)), ("float16", "e", (1.0, -2.0)), ("int16", "h", (-5, 6)), ("quint8", "B", (5, 255))],
)  # fmt: skip
def test_packed_elements(dtype, code, items):
    assert decode_content(struct.pack(f"<2{code}", *items), dtype, (2,)) == Value((2,), items)


def test_packed_bfloat16():
    assert decode_content(b"\x80\x3f\x00\xc0", "bfloat16", (2,)) == Value((2,), (1.0, -2.0))


def test_the_last_element_repeats():
    assert tensor(f"dtype: DT_INT32 {dims(2, 2)} int_val: 1 int_val: 5").value == Value((2, 2), (1, 5, 5, 5))


@pytest.mark.parametrize(("dtype", "zero"), [("DT_INT32", 0), ("DT_BOOL", False), ("DT_FLOAT", 0.0), ("DT_HALF", 0.0)])
def test_no_elements_are_zeros(dtype, zero):
    value = tensor(f"dtype: {dtype} {dims(3)}").value
    assert value == Value((3,), (zero,) * 3)
    assert type(value.items[0]) is type(zero)


def test_a_scalar_and_an_empty_tensor():
    assert tensor("dtype: DT_INT32 tensor_shape {} int_val: 3") == Literal("int32", (), Value((), (3,)))
    assert tensor(f"dtype: DT_INT32 {dims(2, 0)}") == Literal("int32", (2, 0), Value((2, 0), ()))


def test_the_limit_of_values():
    assert tensor(f"dtype: DT_INT32 {dims(VALUE_LIMIT)} int_val: 1").value is not None
    assert tensor(f"dtype: DT_INT32 {dims(VALUE_LIMIT + 1)} int_val: 1").value is None


def test_a_splat_of_a_trillion_elements_is_not_materialised():
    assert tensor(f"dtype: DT_FLOAT {dims(1 << 20, 1 << 20)} float_val: 0") == Literal(
        "float32", (1 << 20, 1 << 20), None
    )


@pytest.mark.parametrize(
    "text",
    [
        f"dtype: DT_INT32 {dims(1)} int_val: 1 int_val: 2",
        f'dtype: DT_INT32 {dims(2)} tensor_content: "abc"',
        f'dtype: DT_STRING {dims(1)} string_val: "abc"',
        f"dtype: DT_COMPLEX64 {dims(1)} scomplex_val: 1 scomplex_val: 2",
        f"dtype: DT_FLOAT8_E5M2 {dims(1)}",
    ],
    ids=["too many", "wrong length", "string", "complex", "float8"],
)
def test_what_has_no_value(text):
    literal = tensor(text)
    assert literal is not None
    assert literal.value is None


@pytest.mark.parametrize(
    "text",
    [f"dtype: DT_FLOAT {dims(-1)}", "dtype: DT_FLOAT tensor_shape { unknown_rank: true }", dims(1),
     f"dtype: 77 {dims(1)}", f"dtype: DT_FLOAT {dims(*[1] * 255)}"],
    ids=["open size", "unknown rank", "no dtype", "bad dtype", "rank 255"],
)  # fmt: skip
def test_what_is_no_tensor(text):
    assert tensor(text) is None


def test_shapes():
    assert decode_shape(message("TensorShapeProto", "dim { size: -1 } dim { size: 3 }")) == PartialShape((-1, 3))
    assert decode_shape(message("TensorShapeProto", "")) == PartialShape(())
    assert decode_shape(message("TensorShapeProto", "unknown_rank: true")) == PartialShape(None)
    assert decode_shape(message("TensorShapeProto", "dim { size: -2 }")) == PartialShape(None)


def test_strings_of_a_small_constant_are_kept() -> None:
    assert tensor(f'dtype: DT_STRING {dims(2)} string_val: "a" string_val: "b"') == Literal(
        "string", (2,), None, (b"a", b"b")
    )
    assert tensor(f'dtype: DT_STRING {dims(2)} string_val: "a"') == Literal("string", (2,), None)
    assert tensor(f'dtype: DT_STRING {dims(1)} string_val: "{"x" * 5000}"') == Literal("string", (1,), None)
