"""Model files for tests, written as protobuf text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import text_format

from graphcost.loaders.descriptors import message_class

RELU = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 } dim { size: 4 } } } } }
node { name: "y" op: "Relu" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
versions { producer: 716 }
"""


def message(name: str, text: str) -> Any:
    """A message of graphcost's own class."""
    return text_format.Parse(text, message_class(name)())


def encoded(name: str, text: str) -> bytes:
    return bytes(message(name, text).SerializeToString())


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def delimited(number: int, body: bytes) -> bytes:
    """A length-delimited field of the wire format."""
    return varint(number << 3 | 2) + varint(len(body)) + body


def varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*data, value))
