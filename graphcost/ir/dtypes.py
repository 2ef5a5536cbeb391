"""The dtypes of TensorFlow: the name of each, the bits of an element, and what kind of number it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Kind(Enum):
    """What an element is. Quantized elements are integers that stand for reals; TensorFlow keeps them apart."""

    FLOATING = "floating"
    COMPLEX = "complex"
    INTEGER = "integer"
    QUANTIZED = "quantized"
    BOOL = "bool"
    STRING = "string"
    HANDLE = "handle"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DType:
    """`name` is TensorFlow's short name, `proto` the one in types.proto.

    `bits` are those of the number that an element is: 4 of an int4. An element without a size of its own, such as a
    string, has 0.
    """

    name: str
    proto: str
    bits: int
    kind: Kind

    @property
    def is_floating(self) -> bool:
        """Whether an element is a real floating-point number."""
        return self.kind is Kind.FLOATING

    @property
    def is_complex(self) -> bool:
        return self.kind is Kind.COMPLEX

    @property
    def is_inexact(self) -> bool:
        """Whether an element is floating or complex."""
        return self.kind in (Kind.FLOATING, Kind.COMPLEX)

    @property
    def is_integer(self) -> bool:
        """Whether an element is an integer, bools and quantized ones apart."""
        return self.kind is Kind.INTEGER

    @property
    def is_quantized(self) -> bool:
        return self.kind is Kind.QUANTIZED

    def bytes_of(self, elements: int) -> int:
        """The bytes that so many elements take side by side: int4s go two to a byte, the last byte may be half full."""
        return -(-self.bits * elements // 8)


_TABLE = (
    DType("float16", "DT_HALF", 16, Kind.FLOATING),
    DType("bfloat16", "DT_BFLOAT16", 16, Kind.FLOATING),
    DType("float32", "DT_FLOAT", 32, Kind.FLOATING),
    DType("float64", "DT_DOUBLE", 64, Kind.FLOATING),
    DType("float8_e5m2", "DT_FLOAT8_E5M2", 8, Kind.FLOATING),
    DType("float8_e5m2fnuz", "DT_FLOAT8_E5M2FNUZ", 8, Kind.FLOATING),
    DType("float8_e4m3fn", "DT_FLOAT8_E4M3FN", 8, Kind.FLOATING),
    DType("float8_e4m3fnuz", "DT_FLOAT8_E4M3FNUZ", 8, Kind.FLOATING),
    DType("float8_e4m3b11fnuz", "DT_FLOAT8_E4M3B11FNUZ", 8, Kind.FLOATING),
    DType("float4_e2m1fn", "DT_FLOAT4_E2M1FN", 4, Kind.FLOATING),
    DType("complex64", "DT_COMPLEX64", 64, Kind.COMPLEX),
    DType("complex128", "DT_COMPLEX128", 128, Kind.COMPLEX),
    DType("int2", "DT_INT2", 2, Kind.INTEGER),
    DType("int4", "DT_INT4", 4, Kind.INTEGER),
    DType("int8", "DT_INT8", 8, Kind.INTEGER),
    DType("int16", "DT_INT16", 16, Kind.INTEGER),
    DType("int32", "DT_INT32", 32, Kind.INTEGER),
    DType("int64", "DT_INT64", 64, Kind.INTEGER),
    DType("uint2", "DT_UINT2", 2, Kind.INTEGER),
    DType("uint4", "DT_UINT4", 4, Kind.INTEGER),
    DType("uint8", "DT_UINT8", 8, Kind.INTEGER),
    DType("uint16", "DT_UINT16", 16, Kind.INTEGER),
    DType("uint32", "DT_UINT32", 32, Kind.INTEGER),
    DType("uint64", "DT_UINT64", 64, Kind.INTEGER),
    DType("qint8", "DT_QINT8", 8, Kind.QUANTIZED),
    DType("qint16", "DT_QINT16", 16, Kind.QUANTIZED),
    DType("qint32", "DT_QINT32", 32, Kind.QUANTIZED),
    DType("quint8", "DT_QUINT8", 8, Kind.QUANTIZED),
    DType("quint16", "DT_QUINT16", 16, Kind.QUANTIZED),
    DType("bool", "DT_BOOL", 8, Kind.BOOL),
    DType("string", "DT_STRING", 0, Kind.STRING),
    DType("resource", "DT_RESOURCE", 0, Kind.HANDLE),
    DType("variant", "DT_VARIANT", 0, Kind.HANDLE),
)

DTYPES: Mapping[str, DType] = MappingProxyType({dtype.name: dtype for dtype in _TABLE})
"""Every dtype by its short name. References (DT_FLOAT_REF, ...) have the name of what they refer to."""

UNKNOWN = DType("", "", 0, Kind.UNKNOWN)


def dtype_named(name: object) -> DType:
    """The dtype of that short name; UNKNOWN where there is none."""
    return DTYPES.get(name, UNKNOWN) if isinstance(name, str) else UNKNOWN
