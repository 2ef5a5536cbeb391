"""TensorFlow's own shape inference, held against graphcost's, tensor by tensor, function bodies included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphcost.dims import Shape, format_dim
from graphcost.evaluate import CallGraph, Evaluation, Run, evaluate
from graphcost.evaluate.feeds import symbol_names
from graphcost.evaluate.structural import HANDLERS
from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.ir.stand_ins import restored
from graphcost.loaders import load
from graphcost.ops.fact import Fact
from graphcost.ops.sizes import Sizes
from graphcost.passes.control_flow.raise_control_flow import raise_control_flow
from graphcost.passes.fold import Fold
from graphcost.plugins import installed_rules

Known = tuple[int | None, ...]
RECORDED = "_output_shapes"


@dataclass(frozen=True)
class Gap:
    """A tensor of which graphcost knows less than TensorFlow, or otherwise."""

    tensor: str
    op: str
    ours: str
    theirs: Known

    def __str__(self) -> str:
        return f"{self.tensor} ({self.op}): {self.ours}, TensorFlow says {self.theirs}"


@dataclass
class Comparison:
    """How many tensors TensorFlow knows a shape of, and where graphcost knows less or otherwise."""

    tensors: int = 0
    missing: list[Gap] = field(default_factory=list)
    unequal: list[Gap] = field(default_factory=list)


def without_recorded_shapes(graph_def: Any) -> Any:
    """The same GraphDef message, stripped of the shapes that the writer recorded."""
    bodies = [graph_def.node, *(function.node_def for function in graph_def.library.function)]
    for node in (node for nodes in bodies for node in nodes):
        if RECORDED in node.attr:
            del node.attr[RECORDED]
    for function in graph_def.library.function:
        for arg in function.arg_attr.values():
            if RECORDED in arg.attr:
                del arg.attr[RECORDED]
    return graph_def


def compare(graph_def: Any) -> Comparison:
    """Imports a stripped GraphDef into TensorFlow and compares every tensor of the top level."""
    known = _known_shapes(_imported(graph_def))
    graph = _every_output_used(raise_control_flow(load(graph_def).graph))
    result = Comparison()
    _compare_bodies(known, _evaluations(graph, {}), result)
    return result


def compare_functions(graph_def: Any) -> Comparison:
    """Compares every tensor inside the functions of a GraphDef, each function on its own.

    Its arguments have the shapes that the writer recorded for them, where it did; else they are unknown to both.
    """
    arguments = {function.signature.name: _arguments(function) for function in graph_def.library.function}
    outer = _imported(without_recorded_shapes(graph_def))
    graph = raise_control_flow(load(graph_def).graph)
    result = Comparison()
    for function in graph_def.library.function:
        given = arguments[function.signature.name]
        known = _known_shapes(_function_graph(function, [argument.shape for argument in given], outer))
        body = _every_output_used(replace(graph.functions[function.signature.name], functions=graph.functions))
        feeds = {ref: argument.fact(ref) for ref, argument in zip(body.inputs, given, strict=True)}
        _compare_bodies(known, _evaluations(body, feeds), result)
    return result


def _imported(graph_def: Any) -> Any:
    import tensorflow as tf

    graph = tf.Graph()
    with graph.as_default():
        tf.graph_util.import_graph_def(graph_def, name="")
    return graph


def _function_graph(function: Any, shapes: Sequence[Known | None], outer: Any) -> Any:
    import tensorflow as tf
    from tensorflow.python.framework.function_def_to_graph import function_def_to_graph

    with outer.as_default():
        protos = [None if shape is None else tf.TensorShape(shape).as_proto() for shape in shapes]
        return function_def_to_graph(function, input_shapes=protos)


@dataclass(frozen=True)
class Argument:
    """What the writer recorded of a function's argument; `held` is what a variable or TensorList holds."""

    shape: Known | None
    held: tuple[str, Known | None] | None

    def fact(self, ref: TensorRef) -> Fact:
        element = None if self.held is None else Fact(self.held[0], _open_shape(ref, self.held[1]))
        return Fact(shape=_open_shape(ref, self.shape), element=element)


def _arguments(function: Any) -> list[Argument]:
    import tensorflow as tf

    arguments = []
    for index, arg in enumerate(function.signature.input_arg):
        attrs = function.arg_attr[index].attr if index in function.arg_attr else {}
        shapes = attrs[RECORDED].list.shape if RECORDED in attrs else []
        held = [(tf.dtypes.as_dtype(data.dtype).name, _dims(data.shape)) for data in arg.handle_data]
        shape = () if held else _dims(shapes[0]) if len(shapes) == 1 else None
        arguments.append(Argument(shape, held[0] if len(held) == 1 else None))
    return arguments


def _dims(shape: Any) -> Known | None:
    return None if shape.unknown_rank else tuple(dim.size if dim.size >= 0 else None for dim in shape.dim)


def _open_shape(ref: TensorRef, dims: Known | None) -> Shape | None:
    if dims is None:
        return None
    sizes = Sizes(path="argument ")
    return Shape(*(sizes.open(ref, axis) if dim is None else dim for axis, dim in enumerate(dims)))


def _every_output_used(graph: Graph) -> Graph:
    """The graph with every tensor as an output, so that every call computes all of its results."""
    refs = [TensorRef(name, port) for name, node in graph.nodes.items() for port in range(len(node.dtypes))]
    return replace(graph, outputs=tuple(refs))


def _evaluations(graph: Graph, feeds: Mapping[TensorRef, Fact]) -> list[Evaluation]:
    """Every node of the graph, whether an output needs it or not; what is raised from its loops and branches too."""
    graph = Fold()(graph)
    rules = installed_rules()
    run = Run(rules, HANDLERS, graph.functions, Sizes(symbol_names(graph, rules)))
    return list(CallGraph.of(evaluate(graph, run, feeds)).order)[::-1]


def _known_shapes(graph: Any) -> Iterator[tuple[TensorRef, Known]]:
    """Every shape that TensorFlow infers, of whatever is not of unknown rank."""
    for operation in graph.get_operations():
        for port, tensor in enumerate(operation.outputs):
            if tensor.shape.rank is not None:
                yield TensorRef(operation.name, port), tuple(tensor.shape.as_list())


def _compare_bodies(
    known: Iterable[tuple[TensorRef, Known]], evaluations: Sequence[Evaluation], result: Comparison
) -> None:
    places = {name: body for body in evaluations for name in body.facts}
    for ref, dims in known:
        body = places.get(ref.node)
        if body is not None and ref.port < len(body.facts[ref.node]):
            _compare_one(ref, dims, body, result)


def _compare_one(ref: TensorRef, dims: Known, evaluation: Evaluation, result: Comparison) -> None:
    result.tensors += 1
    op = restored(evaluation.graph.nodes[ref.node]).op
    shape = evaluation.fact(ref).shape
    if shape is None:
        result.missing.append(Gap(str(ref), op, "unknown", dims))
        return
    shape = evaluation.sizes.resolve_shape(shape)
    gap = Gap(str(ref), op, f"[{', '.join(format_dim(dim) for dim in shape)}]", dims)
    if shape.rank != len(dims) or any(_differs(ours, theirs) for ours, theirs in zip(shape, dims, strict=True)):
        result.unequal.append(gap)
    elif any(theirs is not None and not isinstance(ours, int) for ours, theirs in zip(shape, dims, strict=True)):
        result.missing.append(gap)


def _differs(ours: object, theirs: int | None) -> bool:
    return theirs is not None and isinstance(ours, int) and ours != theirs
