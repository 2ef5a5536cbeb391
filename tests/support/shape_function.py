"""TensorFlow's shape function of one operation against its rule's, for any operation that TensorFlow registers.

Nothing is run: a node is imported into a graph, so operations without a kernel or a Python wrapper can be asked too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from graphcost.dims import Shape, symbol
from graphcost.errors import ShapeUnknown
from graphcost.fact import Fact, Value
from graphcost.graph import Node, PartialShape, TensorRef
from graphcost.load.opdefs import tensorflow_ops
from graphcost.op import Op
from graphcost.rule import RuleSet
from graphcost.sizes import Sizes

Dims = tuple[int | None, ...] | None


@dataclass(frozen=True)
class Tensor:
    """An input: its dtype, its sizes (None where open, or for an unknown rank), its value where it is a constant."""

    dtype: str
    dims: Dims
    value: np.ndarray | None = None


def tensor(*dims: int | None, dtype: str = "float32") -> Tensor:
    return Tensor(dtype, dims)


def constant(value: Any, dtype: str = "int32") -> Tensor:
    array = np.array(value, dtype)
    return Tensor(dtype, array.shape, array)


def tensorflow_shapes(
    kind: str, inputs: Sequence[Tensor], lists: Mapping[str, int] | None = None, **attrs: Any
) -> list[Dims]:
    """What TensorFlow's shape function knows of each output."""
    graph = tf.compat.v1.GraphDef()
    node = graph.node.add(name="node", op=kind)
    for i, given in enumerate(inputs):
        graph.node.append(_source(f"x{i}", given))
        node.input.append(f"x{i}")
    for name, value in {**_inferred(kind, inputs, lists or {}), **attrs}.items():
        node.attr[name].CopyFrom(_attr(value))
    with tf.Graph().as_default() as whole:
        tf.import_graph_def(graph, name="")
        shapes = [output.shape for output in whole.get_operation_by_name("node").outputs]
    return [None if shape.rank is None else tuple(shape.as_list()) for shape in shapes]


def rule_shapes(
    rules: RuleSet, kind: str, inputs: Sequence[Tensor], lists: Mapping[str, int] | None = None, **attrs: Any
) -> list[Shape | None]:
    """What the rule knows, given the attributes that a loader fills in."""
    rule = rules.get(kind)
    assert rule is not None, f"no rule for {kind}"
    assert rule.shape is not None, f"no shape rule for {kind}"
    definition = tensorflow_ops().get(kind)
    assert definition is not None
    given = {**_inferred(kind, inputs, lists or {}), **attrs}
    whole = {**definition.defaults, **{name: _plain(value) for name, value in given.items()}}
    dtypes = definition.dtypes(whole)
    assert dtypes is not None, f"the attributes don't say how many outputs {kind} has"
    refs = tuple(TensorRef(f"x{i}") for i in range(len(inputs)))
    sizes = Sizes()
    op = Op(Node("node", kind, refs, attrs=whole, dtypes=dtypes), [*map(_fact, inputs, refs)], sizes=sizes)
    try:
        return [shape and sizes.resolve_shape(shape) for shape in rule.shape(op)]
    except ShapeUnknown:
        return [None] * len(dtypes)


def prove_shapes(
    rules: RuleSet, kind: str, inputs: Sequence[Tensor], lists: Mapping[str, int] | None = None, **attrs: Any
) -> None:
    """Fails where the rule contradicts TensorFlow's shape function or knows less, whatever is hidden of the inputs."""
    whole = tensorflow_shapes(kind, inputs, lists, **attrs)
    for partial in _hidden(inputs):
        try:
            theirs = tensorflow_shapes(kind, partial, lists, **attrs)
        except ValueError:  # a few shape functions refuse what they can't see
            theirs = [None] * len(whole)
        ours = rule_shapes(rules, kind, partial, lists, **attrs)
        assert len(ours) == len(theirs), f"{len(theirs)} outputs"
        for port, (mine, known) in enumerate(zip(ours, theirs, strict=True)):
            if known is None:
                continue
            message = f"output {port} is {known}, not {mine}, for {[(t.dims, t.value) for t in partial]}"
            assert mine is not None, message
            assert mine.rank == len(known), message
            assert all(size is None or size == dim for size, dim in zip(known, mine, strict=True)), message


def _hidden(inputs: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Everything known; then each input, and all of them, with open values, open sizes, an open rank."""
    whole = list(inputs)
    yield whole
    for hide in (_without_value, _without_sizes, _without_rank):
        for i in range(len(whole)):
            yield [*whole[:i], hide(whole[i]), *whole[i + 1 :]]
        yield [hide(given) for given in whole]


def _without_value(given: Tensor) -> Tensor:
    return replace(given, value=None)


def _without_sizes(given: Tensor) -> Tensor:
    return Tensor(given.dtype, None if given.dims is None else (None,) * len(given.dims))


def _without_rank(given: Tensor) -> Tensor:
    return Tensor(given.dtype, None)


def _source(name: str, given: Tensor) -> Any:
    dtype = tf.as_dtype(given.dtype).as_datatype_enum
    if given.value is None:
        node = tf.compat.v1.NodeDef(name=name, op="Placeholder")
        node.attr["shape"].shape.CopyFrom(tf.TensorShape(given.dims).as_proto())
    else:
        node = tf.compat.v1.NodeDef(name=name, op="Const")
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(given.value, dtype=given.dtype))
    node.attr["dtype"].type = dtype
    return node


def _inferred(kind: str, inputs: Sequence[Tensor], lists: Mapping[str, int]) -> dict[str, Any]:
    """The attributes that the inputs tell: dtypes, and how many tensors a list argument has."""
    from tensorflow.python.framework import op_def_registry

    attrs: dict[str, Any] = {}
    position = 0
    for arg in op_def_registry.get(kind).input_arg:
        is_list = bool(arg.number_attr or arg.type_list_attr)
        count = lists[arg.name] if is_list else 1
        dtypes = [tf.as_dtype(given.dtype) for given in inputs[position : position + count]]
        position += count
        if arg.number_attr:
            attrs[arg.number_attr] = count
        if arg.type_list_attr:
            attrs[arg.type_list_attr] = dtypes
        if arg.type_attr and dtypes:
            attrs[arg.type_attr] = dtypes[0]
    assert position == len(inputs), f"{kind} takes {position} inputs, not {len(inputs)}"
    return attrs


def _attr(value: Any) -> Any:
    message = tf.compat.v1.AttrValue()
    if isinstance(value, list):
        message.list.SetInParent()
        for item in value:
            field, plain = _encoded(item)
            items = getattr(message.list, field)
            items.append(plain) if field not in ("shape", "func") else items.add().CopyFrom(plain)
        return message
    field, plain = _encoded(value)
    if field in ("shape", "func"):
        getattr(message, field).CopyFrom(plain)
    else:
        setattr(message, field, plain)
    return message


def _encoded(value: Any) -> tuple[str, Any]:
    if isinstance(value, tf.DType):
        return "type", value.as_datatype_enum
    if isinstance(value, tf.TensorShape):
        return "shape", value.as_proto()
    if isinstance(value, str):
        return "s", value.encode()
    return {bool: "b", int: "i", float: "f", bytes: "s"}[type(value)], value


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_plain, value))
    if isinstance(value, tf.DType):
        return value.name
    if isinstance(value, tf.TensorShape):
        dims = None if value.rank is None else tuple(-1 if dim is None else dim for dim in value.as_list())
        return PartialShape(dims)
    return value.encode() if isinstance(value, str) else value


def _fact(given: Tensor, ref: TensorRef) -> Fact:
    if given.dims is None:
        return Fact(given.dtype)
    sizes = [symbol(f"size({ref},{axis})") if size is None else size for axis, size in enumerate(given.dims)]
    is_small = given.value is not None and given.value.dtype.kind in "iuf"
    value = (
        Value(given.value.shape, tuple(given.value.ravel().tolist())) if is_small and given.value is not None else None
    )
    return Fact(given.dtype, Shape(*sizes), value)
