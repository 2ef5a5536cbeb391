"""What TensorFlow computes when it runs a graph: some operations are watched, wherever they stand, whenever they run.

Before each such node of the graph and of its functions another is put that looks at the same inputs and tells their
shapes. It is a control input of the node, so it runs in the same branch and the same iteration, as often as the node
does, in graphs of either kind of control flow. Nothing is optimized, and nothing of graphcost is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from threading import Lock
from typing import Any

import numpy as np
from node_defs import op_defs
from optional_tensorflow import tensorflow_module, tf

Met = Callable[[Any, Sequence[Any]], int]
"""How much a node does with its inputs, which are arrays."""

STATELESS = {"StatelessWhile": "While", "StatelessIf": "If", "StatelessCase": "Case"}
"""What runs a body that tells something isn't stateless."""


COMPILED = "_XlaMustCompile"
"""What is compiled can't tell anything."""


@dataclass
class Watch:
    """What was met in a run, by operation: how often it ran, its multiply-adds, or the elements of its input."""

    runs: Counter[str] = field(default_factory=Counter)
    macs: Counter[str] = field(default_factory=Counter)
    elements: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock, repr=False)

    def meet(self, node: Any, inputs: Sequence[Any]) -> None:
        arrays = [np.asarray(each) for each in inputs]
        counts, count = self.elements, arrays[0].size
        if node.op in CONTRACTIONS:
            counts, count = self.macs, CONTRACTIONS[node.op](node, arrays)
        with self.lock:  # several nodes may run at once
            self.runs[node.op] += 1
            counts[node.op] += count


class CannotRun(Exception):
    """The graph needs what no session here has: values of a table, a variable without a shape, a kernel."""


def run(graph: Any, feeds: Mapping[str, Any], outputs: Sequence[str]) -> Watch:
    """Runs the outputs of a GraphDef, tensors as `node:port` or nodes, and tells what was met.

    Variables get numbers between 0 and 0.1 in the shapes of their handles. Raises CannotRun.
    """
    watch = Watch()
    watched, callbacks = _watched(graph, watch)
    starts = [name for node in graph.node for name in _assigned(watched, node)]
    whole = tf.Graph()
    try:
        with whole.as_default():
            tf.import_graph_def(watched, name="")
        with tf.compat.v1.Session(graph=whole, config=_unoptimized()) as session:
            session.run([whole.get_operation_by_name(name) for name in starts])
            fetched = [name if ":" in name else whole.get_operation_by_name(name) for name in outputs]
            session.run(fetched, feed_dict=dict(feeds))
    except (tf.errors.OpError, ValueError) as error:
        raise CannotRun(str(error)) from error
    finally:
        del callbacks  # TensorFlow holds them weakly
    return watch


def run_contractions(graph: Any, feeds: Mapping[str, Any]) -> Watch:
    """Runs each contraction of a graph, whoever reads it; `feeds` are by the names of placeholders."""
    watched = [node.name for node in graph.node if node.op in CONTRACTIONS]
    return run(graph, {f"{name}:0": array for name, array in feeds.items()}, watched)


def numbers(dtype: str, shape: Sequence[int], seed: int = 0) -> Any:
    """Data for an input: small numbers, positions 0 and 1, False, empty strings."""
    random = np.random.default_rng(seed)
    if dtype == "string":
        return np.full(shape, b"", object)
    if dtype == "bool":
        return np.zeros(shape, bool)
    as_numpy = tf.as_dtype(dtype).as_numpy_dtype
    if tf.as_dtype(dtype).is_integer:
        return random.integers(0, 2, shape).astype(as_numpy)
    return random.uniform(0, 0.1, shape).astype(as_numpy)


def _unoptimized() -> Any:
    config = tf.compat.v1.ConfigProto(inter_op_parallelism_threads=1, intra_op_parallelism_threads=1)
    config.graph_options.optimizer_options.opt_level = -1
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config


def _watched(graph: Any, watch: Watch) -> tuple[Any, Sequence[Callable[..., Any]]]:
    """A copy with what watches it, and what must live as long as it runs."""
    functions = tensorflow_module("tensorflow.python.ops.script_ops")._py_funcs
    copy = tf.compat.v1.GraphDef()
    copy.CopyFrom(graph)
    callbacks: list[Callable[..., Any]] = []
    for function in copy.library.function:
        function.attr.pop(COMPILED, None)
    bodies = [(function.node_def, _running(function)) for function in copy.library.function]
    for nodes, running in ((copy.node, {node.name for node in copy.node}), *bodies):
        for node in list(nodes):
            node.op = STATELESS.get(node.op, node.op)
            node.attr.pop(COMPILED, None)
            if node.op in WATCHED and node.name in running:
                callback = _callback(watch, node)
                callbacks.append(callback)
                watcher = nodes.add(name=f"{node.name}/watch", op="PyFunc")
                watcher.input.extend(each for each in node.input if not each.startswith("^"))
                watcher.attr["token"].s = str(functions.insert(callback)).encode()
                watcher.attr["Tin"].list.type.extend(_input_types(node))
                watcher.attr["Tout"].list.SetInParent()
                node.input.append(f"^{watcher.name}")
    return copy, callbacks


def _running(function: Any) -> set[str]:
    """The nodes that run when a function does: those that it gives or that have effects, and what they need."""
    nodes = {node.name: node for node in function.node_def}
    effects = [node.name for node in function.node_def if node.op in op_defs() and op_defs()[node.op].is_stateful]
    pending = [*(ref.partition(":")[0] for ref in function.ret.values()), *function.control_ret.values(), *effects]
    running: set[str] = set()
    while pending:
        name = pending.pop()
        if name in nodes and name not in running:
            running.add(name)
            pending.extend(each.removeprefix("^").partition(":")[0] for each in nodes[name].input)
    return running


def _callback(watch: Watch, node: Any) -> Callable[..., Any]:
    def meet(*inputs: Any) -> list[Any]:
        watch.meet(node, inputs)
        return []

    return meet


def _input_types(node: Any) -> Iterator[int]:
    for argument in op_defs()[node.op].input_arg:
        dtype = node.attr[argument.type_attr].type if argument.type_attr else argument.type
        yield from (dtype,) * (node.attr[argument.number_attr].i if argument.number_attr else 1)


def _assigned(graph: Any, node: Any) -> Iterator[str]:
    """Adds a node that gives a variable a value, and tells its name."""
    if node.op not in ("VarHandleOp", "VariableV2"):
        return
    dims = node.attr["shape"].shape
    if dims.unknown_rank or any(dim.size < 0 for dim in dims.dim):
        raise CannotRun(f"the variable {node.name} has no shape")
    dtype = node.attr["dtype"].type
    value = graph.node.add(name=f"{node.name}/start", op="Const")
    value.attr["dtype"].type = dtype
    array = numbers(tf.as_dtype(dtype).name, [dim.size for dim in dims.dim])
    value.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(array, tf.as_dtype(dtype)))
    handle = node.op == "VarHandleOp"
    assign = graph.node.add(name=f"{node.name}/starts", op="AssignVariableOp" if handle else "Assign")
    assign.input.extend((node.name, value.name))
    assign.attr["dtype" if handle else "T"].type = dtype
    yield assign.name


def _matmul(node: Any, inputs: Sequence[Any]) -> int:
    a, b = (each.shape for each in inputs[:2])
    rows, inner = (a[1], a[0]) if node.attr["transpose_a"].b else a
    return rows * inner * (b[0] if node.attr["transpose_b"].b else b[1])


def _batch_matmul(node: Any, inputs: Sequence[Any]) -> int:
    a, b = (each.shape for each in inputs[:2])
    rows, inner = (a[-1], a[-2]) if node.attr["adj_x"].b else a[-2:]
    columns = b[-2] if node.attr["adj_y"].b else b[-1]
    return prod(np.broadcast_shapes(a[:-2], b[:-2])) * rows * inner * columns


def _convolution(node: Any, inputs: Sequence[Any]) -> int:
    """Each output element takes one multiply-add for each tap of the filter and each of its input channels."""
    return prod(_output(node, inputs)) * prod(inputs[1].shape[:-1])


def _depthwise(node: Any, inputs: Sequence[Any]) -> int:
    return prod(_output(node, inputs)) * prod(inputs[1].shape[:2])


def _input_gradient(node: Any, inputs: Sequence[Any]) -> int:
    return prod(inputs[2].shape) * prod(inputs[1].shape[:-1])


def _filter_gradient(node: Any, inputs: Sequence[Any]) -> int:
    return prod(inputs[2].shape) * prod(int(size) for size in inputs[1][:-1])


def _depthwise_input_gradient(node: Any, inputs: Sequence[Any]) -> int:
    return prod(inputs[2].shape) * prod(inputs[1].shape[:2])


def _depthwise_filter_gradient(node: Any, inputs: Sequence[Any]) -> int:
    return prod(inputs[2].shape) * prod(int(size) for size in inputs[1][:2])


def _einsum(node: Any, inputs: Sequence[Any]) -> int:
    """Of two operands each pair of elements that meet; of one, nothing is multiplied.

    What only one operand names, and the output doesn't, is summed before.
    """
    if len(inputs) != 2:
        return 0
    given, _, output = node.attr["equation"].s.decode().replace(" ", "").partition("->")
    operands = given.split(",")
    sizes: dict[Any, int] = {}
    for labels, array in zip(operands, inputs, strict=True):
        named = len(labels.replace("...", ""))
        before, dots, after = labels.partition("...")
        spread = [("...", i) for i in range(array.ndim - named, 0, -1)] if dots else []
        for label, size in zip([*before, *spread, *after], array.shape, strict=True):
            if isinstance(label, tuple) or all(label in each for each in operands) or label in output:
                sizes[label] = max(size, sizes.get(label, 1)) if size else 0
    return prod(sizes.values())


def _output(node: Any, inputs: Sequence[Any]) -> tuple[int, ...]:
    """The shape of the output, by TensorFlow's shape function."""
    graph = tf.compat.v1.GraphDef()
    for i, (array, dtype) in enumerate(zip(inputs, _input_types(node), strict=True)):
        given = graph.node.add(name=f"x{i}", op="Placeholder")
        given.attr["dtype"].type = dtype
        given.attr["shape"].shape.CopyFrom(tf.TensorShape(array.shape).as_proto())
    asked = graph.node.add(name="node", op=node.op, input=[f"x{i}" for i in range(len(inputs))])
    for name, value in node.attr.items():
        asked.attr[name].CopyFrom(value)
    with tf.Graph().as_default() as whole:
        tf.import_graph_def(graph, name="")
        return tuple(whole.get_operation_by_name("node").outputs[0].shape.as_list())


CONTRACTIONS: Mapping[str, Met] = {
    "MatMul": _matmul,
    "_FusedMatMul": _matmul,
    "SparseMatMul": _matmul,
    "BatchMatMul": _batch_matmul,
    "BatchMatMulV2": _batch_matmul,
    "BatchMatMulV3": _batch_matmul,
    "Conv2D": _convolution,
    "Conv3D": _convolution,
    "_FusedConv2D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "Conv2DBackpropInput": _input_gradient,
    "Conv3DBackpropInputV2": _input_gradient,
    "DepthwiseConv2dNativeBackpropInput": _depthwise_input_gradient,
    "Conv2DBackpropFilter": _filter_gradient,
    "Conv3DBackpropFilterV2": _filter_gradient,
    "DepthwiseConv2dNativeBackpropFilter": _depthwise_filter_gradient,
    "Einsum": _einsum,
}
"""How many multiply-adds a contraction takes, from its node and its inputs, by definition."""

ELEMENTWISE: Mapping[str, str] = {
    "BiasAdd": "add",
    "Erf": "transcendental",
    "Exp": "transcendental",
    "Relu": "compare",
    "Sigmoid": "transcendental",
    "Tanh": "transcendental",
}
"""What is done once for each element of the first input. Constants alone rarely meet one of these."""

WATCHED = CONTRACTIONS.keys() | ELEMENTWISE.keys()
