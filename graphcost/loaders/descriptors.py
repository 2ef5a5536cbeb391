"""TensorFlow's protobuf messages without TensorFlow.

The classes live in a private descriptor pool, so they don't clash with an installed TensorFlow in the same process,
whichever is imported first.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

from graphcost.ir.dtypes import DTYPES

if TYPE_CHECKING:
    from google.protobuf.descriptor_pool import DescriptorPool


@cache
def message_class(name: str) -> Any:
    """The class of TensorFlow's message `name`, such as "GraphDef"."""
    from google.protobuf import message_factory

    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"tensorflow.{name}"))


@cache
def dtype_names() -> dict[int, str]:
    """TensorFlow's short names ("float32") by number. A reference type has the name of what it refers to."""
    named = {dtype.proto: dtype.name for dtype in DTYPES.values()}
    values = _pool().FindEnumTypeByName("tensorflow.DataType").values
    return {value.number: named[value.name.removesuffix("_REF")] for value in values if value.name != "DT_INVALID"}


@cache
def dtype_numbers() -> dict[str, int]:
    """TensorFlow's number of each short name; never that of a reference type."""
    return {name: number for number, name in sorted(dtype_names().items(), reverse=True)}


@cache
def _pool() -> DescriptorPool:
    """Protobuf takes longer to import than a command takes to print its help, so it is imported on first use."""
    from google.protobuf import descriptor_pb2
    from google.protobuf.descriptor_pool import DescriptorPool

    pool = DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(data("descriptors.binpb")).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def data(name: str) -> bytes:
    """A file of the package's data, which `make_data` wrote."""
    content = pkgutil.get_data("graphcost.loaders", f"data/{name}")
    assert content is not None
    return content
