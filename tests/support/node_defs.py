"""Nodes as messages: what TensorFlow's definitions say of operations, and attributes as files hold them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from optional_tensorflow import HAS_TENSORFLOW, Unknown, tensorflow_module, tf

from graphcost.ir.node import FunctionRef
from graphcost.loaders.descriptors import data, message_class


@cache
def op_defs() -> Mapping[str, Any]:
    """All operations of the installed TensorFlow; where there is none, of the one whose registry graphcost has."""
    if HAS_TENSORFLOW:
        session = tensorflow_module("tensorflow.python.client.pywrap_tf_session")
        messages = tensorflow_module("tensorflow.core.framework.op_def_pb2")
        listed = messages.OpList.FromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
    else:
        listed = message_class("OpList").FromString(zlib.decompress(data("op_defs.binpb.zlib")))
    return {op.name: op for op in listed.op}


def op_def(kind: str) -> Any:
    return op_defs()[kind]


def input_names(kind: str) -> list[str]:
    return [argument.name for argument in op_def(kind).input_arg]


def told_by_inputs(kind: str, dtypes: Sequence[tf.DType], lists: Mapping[str, int]) -> dict[str, Any]:
    """The attributes that the inputs tell: dtypes, and how many tensors a list argument has."""
    attrs: dict[str, Any] = {}
    position = 0
    for arg in op_def(kind).input_arg:
        is_list = bool(arg.number_attr or arg.type_list_attr)
        count = lists[arg.name] if is_list else 1
        own = list(dtypes[position : position + count])
        position += count
        if arg.number_attr:
            attrs[arg.number_attr] = count
        if arg.type_list_attr:
            attrs[arg.type_list_attr] = own
        if arg.type_attr and own:
            attrs[arg.type_attr] = own[0]
    assert position == len(dtypes), f"{kind} takes {position} inputs, not {len(dtypes)}"
    return attrs


def attr_value(value: Any) -> Any:
    """The message of an attribute: a number, a text, a dtype, a shape, a function, an array, or a list of such."""
    if not HAS_TENSORFLOW:
        return Unknown()
    message = tf.compat.v1.AttrValue()
    if isinstance(value, list):
        message.list.SetInParent()
        for item in value:
            field, plain = _encoded(item)
            items = getattr(message.list, field)
            items.append(plain) if field not in ("shape", "func") else items.add().CopyFrom(plain)
        return message
    field, plain = _encoded(value)
    if field in ("shape", "func", "tensor"):
        getattr(message, field).CopyFrom(plain)
    else:
        setattr(message, field, plain)
    return message


def _encoded(value: Any) -> tuple[str, Any]:
    if isinstance(value, tf.DType):
        return "type", value.as_datatype_enum
    if isinstance(value, tf.TensorShape):
        return "shape", value.as_proto()
    if isinstance(value, FunctionRef):
        return "func", tensorflow_module("tensorflow.core.framework.attr_value_pb2").NameAttrList(name=value.name)
    if isinstance(value, np.ndarray):
        return "tensor", tf.make_tensor_proto(value)
    if isinstance(value, str):
        return "s", value.encode()
    return {bool: "b", int: "i", float: "f", bytes: "s"}[type(value)], value
