"""Patterns over the graph: what a rewrite looks for, how it is found at a node, and why it isn't.

    x = tensor("x")
    swish = Pattern("Mul", x, Pattern("Sigmoid", x, only_reader=True), commutative=True)

A pattern is matched from its root upwards: a node's operands are tensors that other nodes computed before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple, Union

from graphcost.errors import PluginError
from graphcost.faults import described, place_of
from graphcost.ir.graph import Graph
from graphcost.ir.node import EMPTY, Attr, Node, TensorRef

Wanted = Union[Attr, Callable[[Attr], bool]]
"""What an attribute must be: equal to this (a str also stands for the bytes of a file), or accepted by this."""


@dataclass(frozen=True, slots=True)
class AnyTensor:
    """Any tensor. One that is named is captured; the same name a second time is the same tensor."""

    name: str | None = None


@dataclass(frozen=True, slots=True, init=False)
class Pattern:
    """A node, and what its operands are.

    ops: the operation, several of which one must be, or None for any.
    operands: a pattern for each operand. Without any, the operands are free, in kind and number.
    name: captures the node, and the tensor through which it was found.
    attrs: what attributes must be, each a value or a predicate.
    commutative: the first two operands may be in either order.
    more: there may be more operands than patterns.
    only_reader: nobody else reads or waits for the node, and it is no output of the graph.
    port: which output of the node is read.
    """

    ops: tuple[str, ...] | None
    operands: tuple[Operand, ...]
    name: str | None
    attrs: Mapping[str, Wanted]
    commutative: bool
    more: bool
    only_reader: bool
    port: int

    def __init__(
        self,
        op: str | Sequence[str] | None,
        *operands: Operand,
        name: str | None = None,
        attrs: Mapping[str, Wanted] = EMPTY,
        commutative: bool = False,
        more: bool = False,
        only_reader: bool = False,
        port: int = 0,
    ) -> None:
        if commutative and len(operands) < 2:
            raise ValueError("a commutative pattern has two operands")
        fields = {
            "ops": (op,) if isinstance(op, str) else None if op is None else tuple(op),
            "operands": operands,
            "name": name,
            "attrs": attrs,
            "commutative": commutative,
            "more": more or not operands,
            "only_reader": only_reader,
            "port": port,
        }
        for key, value in fields.items():
            object.__setattr__(self, key, value)


@dataclass(frozen=True, slots=True)
class Maybe:
    """A node that may be missing: then its operand `at` stands in its place, a BiasAdd's first one for instance."""

    pattern: Pattern
    at: int = 0


@dataclass(frozen=True, slots=True, init=False)
class OneOf:
    """The first of several patterns that matches."""

    patterns: tuple[Operand, ...]

    def __init__(self, *patterns: Operand) -> None:
        object.__setattr__(self, "patterns", patterns)


Operand = Union[Pattern, AnyTensor, Maybe, OneOf]

any_ = AnyTensor()
const = Pattern("Const")


def tensor(name: str) -> AnyTensor:
    """Any tensor, captured under the name."""
    return AnyTensor(name)


@dataclass(frozen=True, slots=True)
class View:
    """What a search sees: the nodes, who reads or waits for each, and which ones are asked for from outside."""

    nodes: Mapping[str, Node]
    readers: Mapping[str, Iterable[str]]
    asked: frozenset[str]

    @staticmethod
    def of(graph: Graph) -> View:
        return View(graph.nodes, graph.nx.succ, asked_for(graph))


class Found(NamedTuple):
    """A way in which a pattern matches: the tensors by capture, and the names of the nodes, the root first."""

    tensors: Mapping[str, TensorRef]
    nodes: tuple[str, ...]


def asked_for(graph: Graph) -> frozenset[str]:
    """The nodes that the graph's inputs, outputs and controls name: whatever becomes of it, they stay."""
    return frozenset((*(ref.node for ref in (*graph.inputs, *graph.outputs)), *graph.controls))


def explain_match(pattern: Operand, graph: Graph, node: str) -> str | None:
    """Why the pattern doesn't match at the node, such as "conv: operand 1 is Placeholder, not Const"; None if it does.

    Of several reasons it is the one that was met last, with most of the pattern found.
    """
    search = Search(View.of(graph))
    return None if next(search.matches(pattern, node), None) is not None else search.reason


def root_ops(pattern: Operand) -> frozenset[str] | None:
    """The operations that the pattern's root can have; None where it can have any."""
    if isinstance(pattern, AnyTensor):
        return None
    if isinstance(pattern, Pattern):
        return None if pattern.ops is None else frozenset(pattern.ops)
    parts = [root_ops(part) for part in _alternatives(pattern)]
    known = [part for part in parts if part is not None]
    return frozenset().union(*known) if len(known) == len(parts) else None


def depth(pattern: Operand) -> int:
    """The most nodes from the root to a leaf."""
    if isinstance(pattern, AnyTensor):
        return 0
    if isinstance(pattern, Pattern):
        return 1 + max(map(depth, pattern.operands), default=0)
    return max(map(depth, _alternatives(pattern)))


def _alternatives(pattern: Maybe | OneOf) -> tuple[Operand, ...]:
    if isinstance(pattern, OneOf):
        return pattern.patterns
    return (pattern.pattern, pattern.pattern.operands[pattern.at])


_NOTHING = (-1, False)


class Search:
    """Looks for patterns; `reason` says why the last search that found nothing did, `progress` how far it came."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.progress = _NOTHING
        self.reason = ""

    def matches(self, pattern: Operand, root: str) -> Iterator[Found]:
        """Every way in which the pattern matches with the node at its root; commutative operands give several."""
        self.progress, self.reason = _NOTHING, ""
        return self._tensor(pattern, TensorRef(root), _Place(None, 0), Found(EMPTY, ()))

    def _tensor(self, wanted: Operand, ref: TensorRef, place: _Place, found: Found) -> Iterator[Found]:
        if isinstance(wanted, AnyTensor):
            yield from self._captured(wanted.name, ref, place, found)
        elif isinstance(wanted, Pattern):
            yield from self._node(wanted, ref, place, found)
        else:
            for alternative in _alternatives(wanted):
                yield from self._tensor(alternative, ref, place, found)

    def _node(self, wanted: Pattern, ref: TensorRef, place: _Place, found: Found) -> Iterator[Found]:
        node = self._view.nodes[ref.node]
        why = self._mismatch(wanted, node, ref, place)
        if why is not None:
            self._fail(found, why, is_op=wanted.ops is None or node.op in wanted.ops)
            return
        for known in self._captured(wanted.name, ref, place, found):
            below = Found(known.tensors, (*known.nodes, node.name))
            for operands in _orders(wanted, node):
                yield from self._operands(wanted.operands, operands, node.name, below)

    def _operands(
        self, wanted: Sequence[Operand], operands: Sequence[tuple[int, TensorRef]], node: str, found: Found
    ) -> Iterator[Found]:
        if not wanted:
            yield found
            return
        index, ref = operands[0]
        for known in self._tensor(wanted[0], ref, _Place(node, index), found):
            yield from self._operands(wanted[1:], operands[1:], node, known)

    def _captured(self, name: str | None, ref: TensorRef, place: _Place, found: Found) -> Iterator[Found]:
        if name is None or found.tensors.get(name) == ref:
            yield found
        elif name in found.tensors:
            self._fail(found, f"{place} is {ref}, but {name} is {found.tensors[name]}", is_op=True)
        else:
            yield Found({**found.tensors, name: ref}, found.nodes)

    def _mismatch(self, wanted: Pattern, node: Node, ref: TensorRef, place: _Place) -> str | None:
        if wanted.ops is not None and node.op not in wanted.ops:
            return f"{place.of(node)} is {node.op}, not {' or '.join(wanted.ops)}"
        if place.reader is not None and ref.port != wanted.port:
            return f"{place} is output {ref.port} of {ref.node}, not {wanted.port}"
        for name, value in wanted.attrs.items():
            if not _accepts(value, node.attrs.get(name)):
                asked = "" if callable(value) else f", not {_shown(value)}"
                return f"{node.name}: attribute {name} is {_shown(node.attrs.get(name))}{asked}"
        if len(node.inputs) < len(wanted.operands) or (len(node.inputs) > len(wanted.operands) and not wanted.more):
            least = "at least " if wanted.more else ""
            return f"{node.name} has {len(node.inputs)} operands, not {least}{len(wanted.operands)}"
        return self._shared(node, place) if wanted.only_reader else None

    def _shared(self, node: Node, place: _Place) -> str | None:
        if place.reader is None:
            return None
        if node.name in self._view.asked:
            return f"{node.name} is asked for by the graph itself"
        other = next((name for name in self._view.readers[node.name] if name != place.reader), None)
        return None if other is None else f"{node.name} is read by {other} too"

    def _fail(self, found: Found, reason: str, *, is_op: bool) -> None:
        """Keeps the reason that came furthest: by nodes that were found, then by whether the operation was right."""
        progress = (len(found.nodes), is_op)
        if progress > self.progress:
            self.progress, self.reason = progress, reason


class _Place(NamedTuple):
    """Where a tensor was met: the operand of a node, or the root, which nobody reads."""

    reader: str | None
    operand: int

    def of(self, node: Node) -> str:
        return node.name if self.reader is None else str(self)

    def __str__(self) -> str:
        return "the root" if self.reader is None else f"{self.reader}: operand {self.operand}"


def _orders(wanted: Pattern, node: Node) -> Iterator[tuple[tuple[int, TensorRef], ...]]:
    operands = tuple(enumerate(node.inputs))
    yield operands
    if wanted.commutative and node.inputs[0] != node.inputs[1]:
        (_, swapped) = permutations(operands[:2])
        yield (*swapped, *operands[2:])


def _accepts(wanted: Wanted, attr: Attr) -> bool:
    if callable(wanted):
        try:
            return bool(wanted(attr))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PluginError(f"what a pattern asks of attributes fails: {_fault(error, wanted)}") from error
    return attr == wanted or (isinstance(wanted, str) and attr == wanted.encode())


def _fault(error: BaseException, function: object) -> str:
    return f"{place_of(error, function)}: {described(error)}"


def _shown(attr: Attr) -> str:
    text = attr.decode(errors="replace") if isinstance(attr, bytes) else str(attr)
    return text if len(text) <= 60 else f"{text[:60]}..."
