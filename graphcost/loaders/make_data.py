"""Makes the committed data of the loader from an installed TensorFlow: `python -m graphcost.loaders.make_data`.

It needs the `tensorflow` extra, in the version that `TENSORFLOW` names; nothing else in graphcost does.
"""

from __future__ import annotations

import zlib
from importlib import import_module
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2

from graphcost.loaders.descriptors import message_class

TENSORFLOW = "2.21"
"""The release whose messages and ops the committed data describes."""

DATA = Path(__file__).with_name("data")


def main() -> None:
    DATA.mkdir(exist_ok=True)
    (DATA / "descriptors.binpb").write_bytes(descriptor_set())
    (DATA / "op_defs.binpb.zlib").write_bytes(zlib.compress(op_definitions(), 9))


def descriptor_set() -> bytes:
    """A FileDescriptorSet of SavedModel's file and all that it imports, imports first."""
    saved_model = import_module("tensorflow.core.protobuf.saved_model_pb2")
    descriptors = descriptor_pb2.FileDescriptorSet()
    for file in _with_imports(saved_model.DESCRIPTOR):
        file.CopyToProto(descriptors.file.add())
    return descriptors.SerializeToString(deterministic=True)


def op_definitions() -> bytes:
    """An OpList of every op that TensorFlow registers, sorted by name, without its documentation."""
    session = import_module("tensorflow.python.client.pywrap_tf_session")
    op_list = message_class("OpList")
    registered = op_list.FromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
    bare = op_list(op=map(_without_documentation, sorted(registered.op, key=lambda op: str(op.name))))
    return bytes(bare.SerializeToString(deterministic=True))


def _with_imports(file: Any) -> list[Any]:
    ordered: dict[str, Any] = {}

    def add(descriptor: Any) -> None:
        for dependency in descriptor.dependencies:
            add(dependency)
        ordered.setdefault(descriptor.name, descriptor)

    add(file)
    return list(ordered.values())


def _without_documentation(op: Any) -> Any:
    for field in ("summary", "description"):
        op.ClearField(field)
    for arg in (*op.input_arg, *op.output_arg):
        arg.ClearField("description")
        arg.ClearField("experimental_full_type")
    for attr in op.attr:
        attr.ClearField("description")
    return op


if __name__ == "__main__":
    main()
