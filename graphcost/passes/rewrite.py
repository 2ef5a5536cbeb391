"""What a rewrite is: a pattern and what takes the place of a match; and sets of rewrites that add up.

def swish(match: Match) -> Node:
    '''Mul(x, Sigmoid(x))  ->  _MklSwish(x)'''
    return match.make("_MklSwish", match.tensor("x"))

Rewrite("swish", Pattern("Mul", x, Pattern("Sigmoid", x), commutative=True), swish)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Union

from graphcost.errors import PluginError, RewriteError
from graphcost.ir.graph import Graph
from graphcost.ir.literal import Item, Literal, Value
from graphcost.ir.node import EMPTY, Attr, Node, TensorRef
from graphcost.loaders.opdefs import Arg, OpDef, tensorflow_ops

if TYPE_CHECKING:
    from graphcost.passes.pattern import Found, Operand


@dataclass(frozen=True)
class Match:
    """Where a pattern was found. `nodes` are those that it matched, the root first."""

    nodes: tuple[Node, ...]
    tensors: Mapping[str, TensorRef]
    graph: Mapping[str, Node]
    """All nodes of the graph as it is now, by name."""

    @staticmethod
    def of(found: Found, graph: Mapping[str, Node]) -> Match:
        return Match(tuple(graph[name] for name in found.nodes), found.tensors, graph)

    @property
    def root(self) -> Node:
        return self.nodes[0]

    def __contains__(self, name: object) -> bool:
        """Whether something was captured under the name; not so where an optional part is missing."""
        return name in self.tensors

    def tensor(self, name: str) -> TensorRef:
        return self.tensors[name]

    def node(self, name: str) -> Node:
        """The node that computes the captured tensor."""
        return self.graph[self.tensors[name].node]

    def producer(self, ref: TensorRef) -> Node:
        return self.graph[ref.node]

    def dtype(self, ref: TensorRef) -> str | None:
        return self.graph[ref.node].dtypes[ref.port]

    def fresh(self, suffix: str) -> str:
        """A name below the root's that no node has."""
        wanted = name = f"{self.root.name}/{suffix}"
        number = 0
        while name in self.graph:
            number += 1
            name = f"{wanted}_{number}"
        return name

    def make(
        self,
        op: str,
        *inputs: TensorRef | Node,
        name: str | None = None,
        attrs: Mapping[str, Attr] = EMPTY,
        dtypes: tuple[str | None, ...] | None = None,
    ) -> Node:
        """A new node, by default of the root's name, so that it takes the root's place.

        Inputs are tensors, or new nodes, of which the first output is read. Dtypes and attributes that aren't given
        follow from TensorFlow's definition of the operation, where it has one.
        """
        new = {node.name: node for node in inputs if isinstance(node, Node)}
        refs = tuple(TensorRef(item.name) if isinstance(item, Node) else item for item in inputs)
        definition = tensorflow_ops().get(op)
        known: dict[str, Attr] = dict(attrs)
        if definition is not None:
            read = [new[ref.node].dtypes[0] if ref.node in new else self.dtype(ref) for ref in refs]
            known = {**definition.defaults, **_types(definition, read, attrs), **attrs}
            dtypes = dtypes or definition.dtypes(known)
        is_stateful = definition is None or definition.stateful
        attributes = MappingProxyType(known)
        shown = self.root.name if name is None else name
        return Node(
            shown, op, refs, attrs=attributes, dtypes=(None,) if dtypes is None else dtypes, stateful=is_stateful
        )

    def constant(self, items: Item | Sequence[Item], dtype: str, name: str) -> Node:
        """A new Const: a scalar or a vector."""
        value = Value.vector(items) if isinstance(items, Sequence) else Value.scalar(items)
        literal = Literal(dtype, value.shape, value)
        return self.make("Const", name=name, attrs={"value": literal, "dtype": dtype}, dtypes=(dtype,))

    def error(self, reason: str) -> RewriteError:
        """To be raised by a replacement that refuses the match."""
        return RewriteError(f"{self.root.name}: {reason}")


@dataclass(frozen=True)
class Replacement:
    """What takes the place of a match.

    A new node that has the name of a matched one takes that one's place. `tensors` says which tensor is read instead of
    which of the match. What is then read by nobody goes away.
    """

    nodes: Sequence[Node] = ()
    tensors: Mapping[TensorRef, TensorRef] = field(default_factory=lambda: EMPTY)


Replaced = Union[Node, Sequence[Node], TensorRef, Replacement]
"""A node or nodes, one of the root's name; a tensor that is read instead of the root; or all that there is to say."""


@dataclass(frozen=True)
class Rewrite:
    """A pattern, and what takes the place of each match, until there is none.

    The docstring of `replacement` shows before and after. It raises `match.error(...)` to refuse a match.
    """

    name: str
    pattern: Operand
    replacement: Callable[[Match], Replaced]
    owner: str = ""

    @property
    def doc(self) -> str:
        return self.replacement.__doc__ or ""

    def replaced(self, match: Match) -> Replacement:
        result = self.replacement(match)
        if isinstance(result, Replacement):
            return result
        if isinstance(result, TensorRef):
            return Replacement(tensors={TensorRef(match.root.name): result})
        nodes = (result,) if isinstance(result, Node) else tuple(result)
        if not all(isinstance(node, Node) for node in nodes):
            raise TypeError("it gives neither nodes, a tensor nor a Replacement")
        return Replacement(nodes)


@dataclass(frozen=True)
class GraphRewrite:
    """A rewrite that no pattern can say: the whole graph at once. `apply` gives back the same object to change nothing.

    `apply` is called for the main graph and for the body of each function.
    """

    name: str
    apply: Callable[[Graph], Graph]
    owner: str = ""

    @property
    def doc(self) -> str:
        return self.apply.__doc__ or ""


AnyRewrite = Union[Rewrite, GraphRewrite]


class RewriteSet:
    """Rewrites by name, in the order in which they are applied. `a + b` refuses two of one name."""

    __slots__ = ("_rewrites",)

    def __init__(self, *rewrites: AnyRewrite) -> None:
        self._rewrites: dict[str, AnyRewrite] = {}
        for rewrite in rewrites:
            self._add(rewrite)

    def get(self, name: str) -> AnyRewrite | None:
        return self._rewrites.get(name)

    def __iter__(self) -> Iterator[AnyRewrite]:
        return iter(self._rewrites.values())

    def __len__(self) -> int:
        return len(self._rewrites)

    def __add__(self, other: RewriteSet) -> RewriteSet:
        """Both sets. Raises PluginError where both have a rewrite of one name, naming both owners."""
        both = RewriteSet(*self)
        for rewrite in other:
            both._add(rewrite)
        return both

    def owned_by(self, owner: str) -> RewriteSet:
        """The same rewrites; those without an owner get this one."""
        return RewriteSet(*(rewrite if rewrite.owner else replace(rewrite, owner=owner) for rewrite in self))

    def _add(self, rewrite: AnyRewrite) -> None:
        other = self._rewrites.get(rewrite.name)
        if other is not None:
            owners = f"{other.owner or 'an unnamed set'} and {rewrite.owner or 'an unnamed set'}"
            raise PluginError(f"two rewrites are named {rewrite.name}: from {owners}")
        self._rewrites[rewrite.name] = rewrite


def _types(definition: OpDef, read: Sequence[str | None], attrs: Mapping[str, Attr]) -> dict[str, Attr]:
    """The attributes that say the dtypes and numbers of the inputs, as far as the inputs tell."""
    types: dict[str, Attr] = {}
    start = 0
    for arg in definition.inputs:
        count = _length(arg, len(read) - start, attrs)
        dtypes = read[start : start + count]
        start += count
        if arg.type_list_attr:
            types[arg.type_list_attr] = tuple(dtypes)
        if arg.number_attr:
            types[arg.number_attr] = count
        if arg.type_attr and dtypes and dtypes[0] is not None:
            types[arg.type_attr] = dtypes[0]
    return types


def _length(arg: Arg, rest: int, attrs: Mapping[str, Attr]) -> int:
    """How many of the rest of the inputs the argument takes: what is given, else all of a list."""
    if not (arg.type_list_attr or arg.number_attr):
        return 1
    given = attrs.get(arg.type_list_attr or arg.number_attr)
    if isinstance(given, tuple):
        return len(given)
    return given if isinstance(given, int) else rest
