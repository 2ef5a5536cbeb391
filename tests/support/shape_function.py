"""TensorFlow's shape function of one operation against its rule's, for any operation that TensorFlow registers.

Nothing is run: a node is imported into a graph, so operations without a kernel or a Python wrapper can be asked too.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from hidden_operands import each_hidden
from node_defs import attr_value, op_def, told_by_inputs
from optional_tensorflow import need_tensorflow, tf

from graphcost.dims import Shape, symbol
from graphcost.errors import ShapeUnknown
from graphcost.ir.literal import Literal, PartialShape, Value
from graphcost.ir.node import Node, TensorRef
from graphcost.loaders.opdefs import tensorflow_ops
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import Sizes

Dims = tuple[int | None, ...] | None
FIRST = TensorRef("x0")
_import = inspect.unwrap(tf.import_graph_def)


@dataclass(frozen=True)
class Tensor:
    """An input: its dtype, its sizes (None where open, or for an unknown rank), its value where it is a constant.

    `held` is the dtype and the sizes of what a variable's handle holds.
    """

    dtype: str
    dims: Dims
    value: np.ndarray | None = None
    held: tuple[str, Dims] | None = None


def tensor(*dims: int | None, dtype: str = "float32") -> Tensor:
    return Tensor(dtype, dims)


def constant(value: Any, dtype: str = "int32") -> Tensor:
    array = np.array(value, dtype)
    return Tensor(dtype, array.shape, array)


def tensorflow_shapes(
    kind: str, inputs: Sequence[Tensor], lists: Mapping[str, int] | None = None, **attrs: Any
) -> list[Dims]:
    """What TensorFlow's shape function knows of each output."""
    need_tensorflow()
    definition = op_def(kind)
    graph = tf.compat.v1.GraphDef()
    graph.versions.producer = tf.version.GRAPH_DEF_VERSION
    if definition.HasField("deprecation"):
        graph.versions.producer = definition.deprecation.version - 1
    node = graph.node.add(name="node", op=kind)
    refs = [arg.is_ref for arg in definition.input_arg for _ in range((lists or {}).get(arg.name, 1))]
    for i, (given, is_ref) in enumerate(zip(inputs, refs, strict=True)):
        graph.node.extend(_sources(f"x{i}", given, is_ref))
        node.input.append(f"x{i}")
    for name, value in {**_told(kind, inputs, lists), **attrs}.items():
        node.attr[name].CopyFrom(attr_value(value))
    with tf.Graph().as_default() as whole:
        _import(graph, name="")
        shapes = [output.shape for output in whole.get_operation_by_name("node").outputs]
    return [None if shape.rank is None else tuple(shape.as_list()) for shape in shapes]


def rule_node(kind: str, inputs: Sequence[Tensor], lists: Mapping[str, int] | None = None, **attrs: Any) -> Node:
    """The node as a loader makes it, with all attributes; it reads x0, x1, ..."""
    definition = tensorflow_ops().get(kind)
    assert definition is not None
    given = {**_told(kind, inputs, lists), **attrs}
    whole = {**definition.defaults, **{name: _plain(value) for name, value in given.items()}}
    dtypes = definition.dtypes(whole)
    assert dtypes is not None, f"the attributes don't say how many outputs {kind} has"
    return Node("node", kind, tuple(TensorRef(f"x{i}") for i in range(len(inputs))), attrs=whole, dtypes=dtypes)


def rule_shapes(
    rules: RuleSet, kind: str, inputs: Sequence[Tensor], lists: Mapping[str, int] | None = None, **attrs: Any
) -> list[Shape | None]:
    """What the rule knows, given the attributes that a loader fills in."""
    rule = rules.get(kind)
    assert rule is not None, f"no rule for {kind}"
    assert rule.shape is not None, f"no shape rule for {kind}"
    node, sizes = rule_node(kind, inputs, lists, **attrs), Sizes()
    op = Op(node, [*map(tensor_fact, inputs, node.inputs)], sizes=sizes)
    try:
        return [shape and sizes.resolve_shape(shape) for shape in rule.shape(op)]
    except ShapeUnknown:
        return [None] * len(node.dtypes)


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
    yield list(inputs)
    yield from each_hidden(inputs, _without_value, _without_sizes, _without_rank)


def _without_value(given: Tensor) -> Tensor:
    return replace(given, value=None)


def _without_sizes(given: Tensor) -> Tensor:
    return Tensor(given.dtype, None if given.dims is None else (None,) * len(given.dims))


def _without_rank(given: Tensor) -> Tensor:
    return Tensor(given.dtype, None)


def _sources(name: str, given: Tensor, is_ref: bool) -> list[Any]:
    """The node that gives the input, after those that it needs itself."""
    dtype = tf.as_dtype(given.dtype)
    if is_ref:
        return [_node(name, "VariableV2", dtype=dtype, shape=tf.TensorShape(given.dims))]
    if given.held is not None and given.dtype == "variant":
        return _list_of(name, *given.held)
    if given.held is not None:
        held, dims = given.held
        return [_node(name, "VarHandleOp", dtype=tf.as_dtype(held), shape=tf.TensorShape(dims))]
    if given.value is None:
        return [_placeholder(name, given.dtype, given.dims)]
    return [_node(name, "Const", dtype=dtype, value=given.value)]


@cache
def _placeholder(name: str, dtype: str, dims: Dims) -> Any:
    return _node(name, "Placeholder", dtype=tf.as_dtype(dtype), shape=tf.TensorShape(dims))


def _list_of(name: str, dtype: str, dims: Dims) -> list[Any]:
    """A list whose handle tells what it holds."""
    sizes = -1 if dims is None else [-1 if size is None else size for size in dims]
    shape = _node(f"{name}/shape", "Const", dtype=tf.int32, value=np.array(sizes, np.int32))
    most = _node(f"{name}/most", "Const", dtype=tf.int32, value=np.array(1, np.int32))
    made = _node(name, "EmptyTensorList", element_dtype=tf.as_dtype(dtype), shape_type=tf.int32)
    made.input.extend((shape.name, most.name))
    return [shape, most, made]


def _node(name: str, op: str, **attrs: Any) -> Any:
    node = tf.compat.v1.NodeDef(name=name, op=op)
    for key, value in attrs.items():
        node.attr[key].CopyFrom(attr_value(value))
    return node


def _told(kind: str, inputs: Sequence[Tensor], lists: Mapping[str, int] | None) -> dict[str, Any]:
    return told_by_inputs(kind, [tf.as_dtype(given.dtype) for given in inputs], lists or {})


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_plain, value))
    if isinstance(value, tf.DType):
        return value.name
    if isinstance(value, tf.TensorShape):
        dims = None if value.rank is None else tuple(-1 if dim is None else dim for dim in value.as_list())
        return PartialShape(dims)
    if isinstance(value, np.ndarray):
        return Literal(value.dtype.name, value.shape, _value(value), _texts(value))
    return value.encode() if isinstance(value, str) else value


def tensor_fact(given: Tensor, ref: TensorRef = FIRST) -> Fact:
    """What graphcost knows of an input; its open sizes carry the name of `ref`."""
    if given.dims is None:
        return Fact(given.dtype)
    if given.held is not None:
        return Fact(given.dtype, Shape(), element=Fact(given.held[0], _opened(f"held {ref}", given.held[1])))
    shape = _opened(str(ref), given.dims)
    if given.value is None:
        return Fact(given.dtype, shape)
    return Fact(given.dtype, shape, _value(given.value), texts=_texts(given.value))


def _value(array: np.ndarray) -> Value | None:
    return Value(array.shape, tuple(array.ravel().tolist())) if array.dtype.kind in "biuf" else None


def _texts(array: np.ndarray) -> tuple[bytes, ...] | None:
    """The strings of an array of bytes."""
    return tuple(array.ravel().tolist()) if array.dtype.kind in "SO" else None


def _opened(name: str, dims: Dims) -> Shape | None:
    if dims is None:
        return None
    return Shape(*(symbol(f"size({name},{axis})") if size is None else size for axis, size in enumerate(dims)))
