"""Telling formats apart by content: magic numbers, the names of a text's first fields, the wire types of a binary's."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from graphcost.errors import LoadError
from graphcost.loaders.descriptors import message_class
from graphcost.loaders.wire import DELIMITED, FIXED32, FIXED64, VARINT, Buffer, Field, content, fields

FORMATS: Mapping[str, str] = {"SavedModel": "savedmodel", "MetaGraphDef": "metagraph", "GraphDef": "graphdef"}
"""The format of a file that holds a message of this class; "-text" is appended for text."""

_HEAD = 4096
_MARKED = 128
_LONGEST_BLANK = 1 << 20
_FIELDS = 8
_DEPTH = 3

_MODEL = "give a GraphDef, MetaGraphDef or SavedModel"
_KERAS = "a Keras archive holds no graph; save the model with model.export(folder) and give that folder"
_UNPACK = "unpack it and give the model in it"
_ORIGINAL = "give the TensorFlow model that it was made from"
_RECORDS = f"records hold no graph; {_MODEL}"
_CHECKPOINT = "a checkpoint holds weights, no graph; give the .meta file beside it or the SavedModel's folder"

_MAGIC: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"version https://git-lfs", "a Git LFS pointer", "run git lfs pull"),
    (0, b"PK\x03\x04", "a zip archive (.keras, .npz, .pt or the like)", f"unpack it, or, if it is .keras: {_KERAS}"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file (.h5)", _KERAS),
    (4, b"TFL3", "a TFLite model", _ORIGINAL),
    (0, b"\x1f\x8b", "a gzip archive", _UNPACK),
    (0, b"BZh", "a bzip2 archive", _UNPACK),
    (0, b"\xfd7zXZ", "an xz archive", _UNPACK),
    (0, b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"\x93NUMPY", "a NumPy array", "give a TensorFlow model"),
    (5, b'\0\0\0{"', "a safetensors file", "it holds weights, no graph; give a TensorFlow model"),
    (0, b"GGUF", "a GGUF file", "it holds weights, no TensorFlow graph; give a TensorFlow model"),
    (0, b"%PDF", "a PDF document", "give a TensorFlow model"),
    (0, b"\x89PNG", "a PNG image", "give a TensorFlow model"),
    (0, b"\xff\xd8\xff", "a JPEG image", "give a TensorFlow model"),
    (0, b"\x7fELF", "a program", "give a TensorFlow model"),
    (0, b"\xff\xfe", "text in UTF-16", "save it as UTF-8"),
    (0, b"\xfe\xff", "text in UTF-16", "save it as UTF-8"),
    *((0, bytes((0x80, protocol)), "a Python pickle", "give a TensorFlow model") for protocol in range(2, 6)),
)

_MARKS: tuple[tuple[bytes, str, str], ...] = (
    (b"brain.Event:", "a TensorBoard event file", _RECORDS),
    (b"_tf_keras_", "Keras metadata (keras_metadata.pb)", "give the folder that it lies in"),
    (b"/host:", "a profiler's trace", "give the model that was profiled"),
)
"""What stands near the start of files without a magic number of their own."""

_TABLE_END = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"

_TEXTS: Mapping[str, tuple[str, str]] = {
    "op": ("a list of op definitions", "give a model"),
    "step_stats": ("run metadata", "give the model that was run"),
    "feature": ("a data schema", "give a model"),
    "item": ("a label map", "give the model beside it"),
    "calculator": ("a MediaPipe graph", "give the TensorFlow model that it runs"),
    "input_stream": ("a MediaPipe graph", "give the TensorFlow model that it runs"),
    "backend": ("a Triton configuration", "give the model beside it"),
    "platform": ("a Triton configuration", "give the model beside it"),
    "model_checkpoint_path": ("a list of checkpoints", _CHECKPOINT),
    "layer": ("a Caffe network", "give a TensorFlow model"),
}
"""Texts of other kinds by the name of their first field."""

_BLANK = re.compile(rb"(?:\s|#[^\n]*)*+")
_FIELD = re.compile(rb"([A-Za-z_]\w*)(?:\s|#[^\n]*)*+([:{<])(?:\s|#[^\n]*)*+([A-Za-z_]\w*)?")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")

_VARINTS = (3, 4, 5, 8, 13, 14, 17, 18)
_FIXED64S = (1, 6, 16)
_FIXED32S = (2, 7, 15)
_STRING, _MESSAGE = 9, 11


def sniff(buffer: Buffer) -> str:
    """The format of a file's content, one of Model.format. Raises LoadError saying what it is instead."""
    head = buffer[:_HEAD]
    for offset, magic, what, advice in _MAGIC:
        if head.startswith(magic, offset):
            raise LoadError(f"{what}; {advice}")
    start = _blank_end(buffer)
    first = buffer[start : start + 1]
    is_text = _is_utf8(head) or first in (b"{", b"[", b"<") or _first_field(buffer, start)
    if _CONTROL.search(head) or not is_text:
        return FORMATS[_binary_message(buffer)]
    if first in (b"{", b"["):
        return "tfjs"
    if first == b"<":
        raise LoadError("an HTML or XML page, perhaps of a failed download; download the model itself")
    return f"{FORMATS[_text_message(buffer, start)]}-text"


def _blank_end(buffer: Buffer) -> int:
    start = 3 if buffer[:3] == b"\xef\xbb\xbf" else 0
    blank = _BLANK.match(buffer, start, _LONGEST_BLANK)
    return blank.end() if blank else start


def _first_field(buffer: Buffer, start: int) -> re.Match[bytes] | None:
    return _FIELD.match(buffer, start, start + _LONGEST_BLANK)


def _text_message(buffer: Buffer, start: int) -> str:
    """The class of the message that a text holds, by the names of its first field and of the first one within it."""
    field = _first_field(buffer, start)
    if field is None:
        raise LoadError("text, but no protobuf text or JSON; give a model's file or a SavedModel's folder")
    name, opening, inner = field[1].decode(), field[2], (field[3] or b"").decode()
    for message in FORMATS:
        known = _descriptor(message).fields_by_name.get(name)
        if known and (opening == b":" or not inner or _has_field(known.message_type, inner)):
            return message
    what, advice = _TEXTS.get(name) or _TEXTS.get(inner) or (f"a protobuf text about {name!r}", "give a model")
    raise LoadError(f"{what}, no TensorFlow graph; {advice}")


def _has_field(descriptor: Any, name: str) -> bool:
    return descriptor is not None and name in descriptor.fields_by_name


def _binary_message(buffer: Buffer) -> str:
    """The class of the message that a file holds.

    The wire types of the first fields decide, three levels deep. Where they leave a choice, so does whether the bytes
    of strings are text.
    """
    fitting = [name for name in FORMATS if _fits(buffer, 0, len(buffer), _descriptor(name), _DEPTH, is_strict=False)]
    if len(fitting) > 1:
        strict = [name for name in fitting if _fits(buffer, 0, len(buffer), _descriptor(name), _DEPTH, is_strict=True)]
        fitting = strict or fitting
    if not fitting:
        raise LoadError(_other_kind(buffer))
    return fitting[-1]


def _other_kind(buffer: Buffer) -> str:
    """What a binary file is that holds no graph, and what to do."""
    for mark, what, advice in _MARKS:
        if mark in buffer[:_MARKED]:
            return f"{what}; {advice}"
    if buffer[-len(_TABLE_END) :] == _TABLE_END:
        return f"a checkpoint's index; {_CHECKPOINT}"
    first = _first_fields(buffer)
    if not first:
        return f"no protobuf message, perhaps weights or a damaged file; {_MODEL}"
    if first[0][:2] == (1, VARINT) and all(_is_onnx_field(field) for field in first[1:]):
        return f"an ONNX model; {_ORIGINAL}"
    return f"a protobuf message of another kind, no graph; {_MODEL}"


def _descriptor(name: str) -> Any:
    return message_class(name).DESCRIPTOR


def _fits(buffer: Buffer, start: int, end: int, descriptor: Any, depth: int, *, is_strict: bool) -> bool:
    """Whether the first fields in `buffer[start:end]` can be those of a message; a file may end within the last."""
    try:
        first = list(islice(fields(buffer, start, end, clamp=end == len(buffer)), _FIELDS))
    except LoadError:
        return False
    for field in first:
        known = descriptor.fields_by_number.get(field.number)
        if known is None or field.wire_type != _wire_type(known.type):
            return False
        if is_strict and known.type == _STRING and not _is_text(content(buffer, field)):
            return False
        is_message = known.type == _MESSAGE and depth > 0
        if is_message and not _fits(buffer, field.body, field.end, known.message_type, depth - 1, is_strict=is_strict):
            return False
    return True


def _wire_type(field_type: int) -> int:
    if field_type in _VARINTS:
        return VARINT
    if field_type in _FIXED64S:
        return FIXED64
    return FIXED32 if field_type in _FIXED32S else DELIMITED


def _is_text(data: bytes) -> bool:
    return _is_utf8(data) and _CONTROL.search(data) is None and b"\n" not in data


def _is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8, but for a character that their end may cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _first_fields(buffer: Buffer) -> list[Field]:
    """None where the file doesn't start with protobuf fields."""
    try:
        return list(islice(fields(buffer, 0, len(buffer), clamp=True), _FIELDS))
    except LoadError:
        return []


def _is_onnx_field(field: Field) -> bool:
    """Behind its ir_version an ONNX model has strings, a version and a graph."""
    return field.wire_type == (VARINT if field.number == 5 else DELIMITED) and field.number in (2, 3, 4, 5, 6, 7, 8, 14)
