"""Inputs that are components of sparse and ragged tensors: values, indices and splits, of which none is a batch.

A sparse tensor comes as indices [entries, rank], values [entries] and its shape [rank]; a ragged one as values and the
splits of its rows, one integer more than there are rows. TensorFlow names them after what they are components of: `x`,
`x_1`, `x_2`, or `x/indices`, `x/values`, `x/shape`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from graphcost.ir.dtypes import dtype_named
from graphcost.ir.graph import Graph
from graphcost.ir.literal import Literal, PartialShape
from graphcost.ir.node import FunctionRef, Node, TensorRef
from graphcost.ir.structural import CALLS
from graphcost.loaders.opdefs import tensorflow_ops
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet

NUMBERED = re.compile(r"(.*?)(?:_(\d{1,9}))?")
SPARSE = ("indices", "values", "shape")
"""The components of a sparse tensor, in order, as a placeholder for one names them and as arguments' names end."""

SPLITS = ("splits", "row_partition_tensors")
"""How the arguments that take splits are called at their ends."""


class _Place(NamedTuple):
    """A tensor in a function's body; the top level is ""."""

    function: str
    ref: TensorRef


def component_inputs(graph: Graph, inputs: Collection[TensorRef], rules: RuleSet) -> frozenset[TensorRef]:
    """Those of the inputs whose leading axis is that of a sparse or ragged tensor's values, indices or splits."""
    open_ones = [ref for ref in inputs if _is_open(graph.nodes[ref.node])]
    if len(open_ones) < 2:
        return frozenset()
    found, splits = _read_as(graph, open_ones, rules)
    for family in _families(graph, inputs):
        found |= {ref for place in range(len(family)) for ref in _sparse(graph, family[place : place + 3])}
        before: TensorRef | None = None
        for ref in family:
            if ref not in splits:
                before = ref
            elif before is not None:
                found.add(before)
    return frozenset(found & set(open_ones))


def _is_open(node: Node) -> bool:
    dims = _dims(node)
    return dims is None or (bool(dims) and dims[0] < 0)


def _dims(node: Node) -> tuple[int, ...] | None:
    shape = node.attrs.get("shape")
    return shape.dims if isinstance(shape, PartialShape) else None


def _families(graph: Graph, inputs: Iterable[TensorRef]) -> Iterator[Sequence[TensorRef]]:
    """Inputs that are named after one thing, in the order of their numbers."""
    families: dict[str, list[tuple[int, TensorRef]]] = {}
    for ref in inputs:
        scope, _, last = ref.node.rpartition("/")
        if last in SPARSE:
            families.setdefault(f"{scope}/", []).append((SPARSE.index(last), ref))
            continue
        match = NUMBERED.fullmatch(ref.node)
        if match is not None and ref.port == 0:
            families.setdefault(match[1], []).append((int(match[2] or 0), ref))
    for family in families.values():
        if len(family) > 1:
            yield [ref for _, ref in sorted(family)]


def _sparse(graph: Graph, family: Sequence[TensorRef]) -> Sequence[TensorRef]:
    """The inputs, if they are the indices, values and shape of a sparse tensor."""
    if len(family) < 3:
        return ()
    indices, values, shape = (_dims(graph.nodes[ref.node]) for ref in family)
    if not indices or not values or not shape or [len(indices), len(values), len(shape)] != [2, 1, 1]:
        return ()
    is_one = indices[1] == shape[0] > 0 and all(graph.nodes[family[i].node].dtypes == ("int64",) for i in (0, 2))
    return family if is_one else ()


def _read_as(graph: Graph, inputs: Iterable[TensorRef], rules: RuleSet) -> tuple[set[TensorRef], set[TensorRef]]:
    """The inputs that are read as components, and which of them as splits, wherever they are handed on to."""
    components: set[TensorRef] = set()
    splits: set[TensorRef] = set()
    readers: dict[str, Mapping[TensorRef, list[Node]]] = {}
    hands_on = rules.ops_in(Role.IDENTITY)
    for source in inputs:
        is_vector = _is_vector_of_integers(graph.nodes[source.node])
        pending = [_Place("", source)]
        seen = set(pending)
        while pending:
            place = pending.pop()
            body = graph.functions[place.function] if place.function else graph
            if place.function not in readers:
                readers[place.function] = _readers(body)
            for node in readers[place.function].get(place.ref, ()):
                if node.op in hands_on:
                    following = [_Place(place.function, TensorRef(node.name))]
                else:
                    following = list(_arguments(node, place.ref, graph))
                pending.extend(each for each in following if each not in seen)
                seen.update(following)
                called = {_argument(node, index) for index, ref in enumerate(node.inputs) if ref == place.ref}
                if is_vector and (any(name.endswith(SPLITS) for name in called) or _cuts_an_end(node, body, rules)):
                    splits.add(source)
                    components.add(source)
                elif any(name.endswith(_taken_components(node.op)) for name in called):
                    components.add(source)
    return components, splits


def _is_vector_of_integers(node: Node) -> bool:
    dims = _dims(node)
    return dims is not None and len(dims) == 1 and dtype_named(node.dtypes[0]).is_integer


def _readers(body: Graph) -> Mapping[TensorRef, list[Node]]:
    found: dict[TensorRef, list[Node]] = {}
    for node in body.nodes.values():
        for ref in dict.fromkeys(node.inputs):
            found.setdefault(ref, []).append(node)
    return found


def _arguments(node: Node, ref: TensorRef, graph: Graph) -> Iterator[_Place]:
    """Where a tensor arrives in the body of a function that a node calls."""
    function = node.attrs.get("f") if node.op in CALLS else None
    name = function.name if isinstance(function, FunctionRef) else node.op
    body = graph.functions.get(name)
    if body is not None and len(body.inputs) == len(node.inputs):
        yield from (_Place(name, given) for given, read in zip(body.inputs, node.inputs, strict=True) if read == ref)


def _argument(node: Node, index: int) -> str:
    """What TensorFlow calls an operand; empty where it doesn't know the operation."""
    definition = tensorflow_ops().get(node.op)
    for argument in () if definition is None else definition.inputs:
        index -= len(argument.dtypes(node.attrs) or (None,))
        if index < 0:
            return argument.name
    return ""


def _taken_components(op: str) -> tuple[str, ...]:
    """How the arguments end that take components of sparse or ragged tensors; none where the operation takes none."""
    definition = tensorflow_ops().get(op)
    names = [] if definition is None else [argument.name for argument in definition.inputs]
    if all(any(name.endswith(end) for name in names) for end in SPARSE):
        return SPARSE[:2]
    return SPARSE[1:2] if any(name.endswith(SPLITS) for name in names) else ()


def _cuts_an_end(node: Node, body: Graph, rules: RuleSet) -> bool:
    """Whether a vector is read less its first or last element, as the lengths of rows are the steps between splits."""
    if node.op not in rules.ops_in(Role.SLICE) or len(node.inputs) < 3 or node.attrs.get("shrink_axis_mask"):
        return False
    begin, end = (_items(body.nodes[ref.node]) for ref in node.inputs[1:3])
    return begin == (1,) or (len(node.inputs) == 4 and end == (-1,))


def _items(node: Node) -> tuple[object, ...]:
    literal = node.attrs.get("value")
    return literal.value.items if isinstance(literal, Literal) and literal.value is not None else ()
