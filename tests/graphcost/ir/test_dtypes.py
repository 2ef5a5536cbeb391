"""The table of dtypes has every one of TensorFlow's, and says of each what TensorFlow says."""

from __future__ import annotations

import pytest

from graphcost.ir.dtypes import DTYPES, UNKNOWN, DType, Kind, dtype_named
from graphcost.loaders.descriptors import dtype_names, message_class

PACKED = {"int2": 2, "uint2": 2, "int4": 4, "uint4": 4, "float4_e2m1fn": 4}
"""The dtypes of less than a byte, of which TensorFlow's `size` says 1: alone, an element takes a byte."""


def descriptor_names() -> set[str]:
    enum = message_class("TensorProto").DESCRIPTOR.fields_by_name["dtype"].enum_type
    return {value.name for value in enum.values}


def test_every_dtype_of_the_descriptor_has_an_entry_and_no_other() -> None:
    bases = {name.removesuffix("_REF") for name in descriptor_names()} - {"DT_INVALID"}
    assert {dtype.proto for dtype in DTYPES.values()} == bases
    assert set(dtype_names().values()) == set(DTYPES)


def test_names_are_their_own_keys_and_no_two_share_a_number() -> None:
    assert all(dtype.name == name for name, dtype in DTYPES.items())
    assert len({dtype.proto for dtype in DTYPES.values()}) == len(DTYPES)


@pytest.mark.tensorflow
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_the_table_is_tensorflows(dtype: DType) -> None:
    tf = pytest.importorskip("tensorflow")
    theirs = tf.dtypes.as_dtype(dtype.name)
    assert theirs.name == dtype.name
    assert theirs.size == dtype.bytes_of(1)
    assert theirs.is_floating == dtype.is_floating
    assert theirs.is_integer == dtype.is_integer
    assert theirs.is_complex == dtype.is_complex
    assert theirs.is_quantized == dtype.is_quantized
    assert theirs.is_bool == (dtype.kind is Kind.BOOL)
    assert dtype.is_inexact == (theirs.is_floating or theirs.is_complex)


@pytest.mark.tensorflow
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_bits_are_those_of_the_numbers_range(dtype: DType) -> None:
    """What `size` can't tell: how many values an element has, by TensorFlow's limits and by ml_dtypes."""
    tf = pytest.importorskip("tensorflow")
    ml_dtypes = pytest.importorskip("ml_dtypes")
    if dtype.is_integer:
        theirs = tf.dtypes.as_dtype(dtype.name)
        assert int(theirs.max) - int(theirs.min) + 1 == 1 << dtype.bits
    elif dtype.is_floating:
        assert ml_dtypes.finfo(tf.dtypes.as_dtype(dtype.name).as_numpy_dtype).bits == dtype.bits


def test_packed_dtypes_round_up_once_for_all_their_elements() -> None:
    assert {name: dtype.bits for name, dtype in DTYPES.items() if 0 < dtype.bits < 8} == PACKED
    assert [DTYPES["int4"].bytes_of(n) for n in (0, 1, 2, 3, 1001)] == [0, 1, 1, 2, 501]
    assert [DTYPES["uint2"].bytes_of(n) for n in (4, 5)] == [1, 2]
    assert DTYPES["complex128"].bytes_of(3) == 48
    assert DTYPES["string"].bytes_of(7) == 0


@pytest.mark.parametrize("name", [None, "", "float33", "FLOAT32", b"float32", 1])
def test_what_is_no_dtype_is_unknown(name: object) -> None:
    assert dtype_named(name) is UNKNOWN
    assert not UNKNOWN.is_inexact
