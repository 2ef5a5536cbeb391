"""One loop's parts -> a While node and its two functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from graphcost.ir.graph import Graph
from graphcost.ir.node import EMPTY, Attr, FunctionRef, Node, TensorRef, producers
from graphcost.ir.scopes import scope_of
from graphcost.ir.stand_ins import COPY, origins, standing_for
from graphcost.passes.control_flow.frames import EXITS, NEXT_ITERATIONS
from graphcost.passes.control_flow.loop_parts import Loop
from graphcost.passes.control_flow.naming import Names, in_file_order

Translate = Callable[[TensorRef], TensorRef]


@dataclass(frozen=True)
class Raised:
    """A While with its functions by name.

    `after` are the nodes that read its outputs: those that run once the loop is over, its Exits among them. `inside`
    are the names of the nodes that are no longer in the graph around the loop.
    """

    node: Node
    after: tuple[Node, ...]
    functions: Mapping[str, Graph]
    inside: frozenset[str]


@dataclass(frozen=True)
class Surroundings:
    """The graph that a loop stands in, and its nodes' places in the file.

    names, function_names: those that are taken, of nodes and of functions.
    wanted: nodes that must run even where no value of theirs is read.
    """

    graph: Graph
    places: Mapping[str, int]
    names: Names
    function_names: Names
    wanted: Collection[str]


def raise_loop(loop: Loop, around: Surroundings) -> Raised:
    """The loop as a While, named after its frame."""
    name = around.names.of_scope(_scope(loop), "While")
    return _Building(loop, around, name).raised()


def _scope(loop: Loop) -> str:
    """The frame's name less what TensorFlow hangs on to it, as in `rnn/while/while_context`."""
    given = next((enter.attrs.get("frame_name") for enter in loop.enters.values()), None)
    frame = given.decode("utf-8", "replace") if isinstance(given, bytes) else ""
    return re.sub(r"(^|/)while_context(_\d+)?$", "", frame) or scope_of(loop.condition.name) or "while"


@dataclass(frozen=True, slots=True)
class _Input:
    """An input of the While: where it comes from, and the argument that it is inside."""

    source: TensorRef
    argument: str
    dtype: str | None


class _Building:
    def __init__(self, loop: Loop, around: Surroundings, name: str) -> None:
        self._loop = loop
        self._around = around
        self._name = name
        self._merges = {variable.merge.name: port for port, variable in enumerate(loop.variables)}
        self._before = {node.name: node for node in loop.before}
        self._own = {*self._merges, *loop.enters, *(node.name for node in self._nodes())}
        self._needed = _reached_back([loop.condition.name], self._before, with_controls=True)
        self._in_condition = self._condition_names()
        self._inputs = list(self._all_inputs())
        self._captured = {each.source: each.argument for each in self._inputs if each.source.node not in self._own}
        self._outputs = {each.argument: TensorRef(name, port) for port, each in enumerate(self._inputs)}

    def raised(self) -> Raised:
        """The While, its functions, and what follows it."""
        loop = self._loop
        condition, body = self._condition(), self._body()
        references = {}
        functions = {}
        for key, graph in (("cond", condition), ("body", body)):
            function = self._around.function_names.fresh(f"{self._name}/{key}")
            references[key] = FunctionRef(function, EMPTY)
            functions[function] = graph
        dtypes = tuple(each.dtype for each in self._inputs)
        node = Node(
            name=self._name,
            op="While",
            inputs=tuple(each.source for each in self._inputs),
            controls=tuple(self._controls()),
            attrs=MappingProxyType({"T": dtypes, **references, **self._parallel_iterations()}),
            dtypes=dtypes,
            stateful=any(each.stateful for each in (*loop.before, *loop.inside)),
            origins=tuple(name for each in self._made_from() for name in origins(each)),
        )
        after = tuple(self._after())
        return Raised(node, after, functions, frozenset(self._own - {each.name for each in after}))

    def _made_from(self) -> Iterator[Node]:
        """The nodes that the While stands for."""
        yield from self._loop.before
        yield from self._loop.inside
        yield from (variable.merge for variable in self._loop.variables)
        yield from self._loop.enters.values()

    def _condition_names(self) -> frozenset[str]:
        """The nodes of the condition: what it needs, and what else runs in it for it depends on a loop variable."""
        varying: set[str] = set()
        for node in self._loop.before:
            if any(ref.node in varying or ref.node in self._merges for ref in node.inputs):
                varying.add(node.name)
        return frozenset(self._needed | _reached_back(varying, self._before, with_controls=True))

    def _all_inputs(self) -> Iterator[_Input]:
        """The loop's variables, then the invariants that come through an Enter, then those that come as they are."""
        loop = self._loop
        for variable in loop.variables:
            enter = variable.enter
            yield _Input(enter.inputs[0], variable.merge.name, enter.dtypes[0])
        read = dict.fromkeys(ref for node in (*loop.before, *loop.inside) for ref in node.inputs)
        entered = {ref.node for ref in read}
        for name, enter in loop.enters.items():
            if name in entered:
                yield _Input(enter.inputs[0], name, enter.dtypes[0])
        names = Names(self._own)
        for ref in read:
            if ref.node not in self._own:
                argument = names.fresh(ref.node if ref.port == 0 else f"{ref.node}/{ref.port}")
                yield _Input(ref, argument, self._around.graph.nodes[ref.node].dtypes[ref.port])

    def _condition(self) -> Graph:
        """Takes all inputs, returns the boolean; runs what else stands before the Switch for whoever needs it."""
        nodes = [self._converted(node, self._inner) for node in self._loop.before if node.name in self._in_condition]
        outside = [node for node in self._nodes() if node.name not in self._in_condition]
        read = {name for node in outside for name in producers(node)}
        effects = [n.name for n in nodes if n.name not in self._needed and (n.name in read or self._runs_alone(n))]
        return self._function(nodes, [TensorRef(self._loop.condition.name)], effects)

    def _body(self) -> Graph:
        """Takes all inputs, returns them all: variables after one iteration, invariants as they came."""
        loop = self._loop
        own = [node for node in loop.before if node.name not in self._in_condition]
        nodes = [self._converted(node, self._inner) for node in (*own, *loop.inside)]
        copies = [self._copy(node, self._inner) for node in self._copies((*own, *loop.inside), self._in_condition)]
        updates = [variable.update for variable in loop.variables]
        outputs = [
            TensorRef(each.argument if update is None else update.name)
            for each, update in zip(self._inputs, [*updates, *[None] * len(self._inputs)], strict=False)
        ]
        return self._function([*copies, *nodes], outputs, [node.name for node in nodes if self._runs_alone(node)])

    def _after(self) -> Iterator[Node]:
        """What follows the loop, reading its outputs in place of its Switches."""
        for node in self._copies(self._loop.after, self._before):
            yield self._copy(node, self._final)
        following = {node.name for node in self._loop.after}
        for node in self._loop.after:
            controls = [c if c in following or c not in self._own else self._name for c in node.controls]
            yield self._rewired(node, self._final, controls)

    def _function(self, nodes: Iterable[Node], outputs: Iterable[TensorRef], effects: Iterable[str]) -> Graph:
        arguments = [
            Node(each.argument, "_Arg", attrs=MappingProxyType({"T": each.dtype, "index": i}), dtypes=(each.dtype,))
            for i, each in enumerate(self._inputs)
        ]
        inputs = [TensorRef(node.name) for node in arguments]
        placed = in_file_order([*arguments, *nodes], self._around.places)
        return Graph.of(placed, inputs=inputs, outputs=outputs, controls=effects)

    def _converted(self, node: Node, translate: Translate) -> Node:
        """A node of the loop as a node of a function: there it waits only for nodes of the same function."""
        in_condition = node.name in self._in_condition
        same = [c for c in node.controls if c in self._own and self._is_in_function(c, in_condition)]
        return self._rewired(node, translate, same)

    def _is_in_function(self, name: str, in_condition: bool) -> bool:
        if name in self._merges or name in self._loop.enters:
            return False
        return (name in self._in_condition) == in_condition

    def _copy(self, node: Node, translate: Translate) -> Node:
        return standing_for(self._rewired(node, translate, ()), COPY)

    def _rewired(self, node: Node, translate: Translate, controls: Iterable[str]) -> Node:
        inputs = tuple(map(translate, node.inputs))
        if node.name in self._loop.switches or node.op in (*NEXT_ITERATIONS, *EXITS) or node is self._loop.condition:
            return self._identity(node, inputs[:1], controls)
        return replace(node, inputs=inputs, controls=tuple(dict.fromkeys(controls)))

    def _identity(self, node: Node, inputs: tuple[TensorRef, ...], controls: Iterable[str]) -> Node:
        dtype = node.dtypes[0]
        return Node(
            node.name,
            "Identity",
            inputs,
            tuple(dict.fromkeys(controls)),
            attrs=MappingProxyType({"T": dtype}),
            dtypes=(dtype,),
        )

    def _copies(self, readers: Iterable[Node], elsewhere: Collection[str]) -> list[Node]:
        """The nodes that stand elsewhere and whose values these nodes need, in topological order."""
        candidates = {name: node for name, node in self._before.items() if name in elsewhere}
        starts = {name for node in readers for name in self._read(node)}
        needed = _reached_back(starts, candidates, with_controls=False)
        return [node for node in self._loop.before if node.name in needed]

    def _read(self, node: Node) -> Iterator[str]:
        """What a node reads as data, straight or through one of the loop's Switches; a Switch reads no predicate."""
        refs = node.inputs[:1] if node.name in self._loop.switches else node.inputs
        for ref in refs:
            yield self._loop.switches[ref.node].inputs[0].node if ref.node in self._loop.switches else ref.node

    def _inner(self, ref: TensorRef) -> TensorRef:
        """A tensor as the loop's functions see it."""
        if ref.node in self._loop.switches:
            return TensorRef(ref.node)
        return ref if ref.node in self._own else TensorRef(self._captured[ref])

    def _final(self, ref: TensorRef) -> TensorRef:
        """A tensor as it is when the loop is over, seen from outside."""
        if ref.node in self._loop.switches:
            ref = self._loop.switches[ref.node].inputs[0]
        if ref.node in self._merges:
            return self._outputs[ref.node]
        return self._loop.enters[ref.node].inputs[0] if ref.node in self._loop.enters else ref

    def _controls(self) -> Iterator[str]:
        """What the loop as a whole waits for."""
        before = (*self._loop.enters.values(), *(v.merge for v in self._loop.variables))
        nodes = (*before, *self._loop.before, *self._loop.inside)
        return iter(dict.fromkeys(c for node in nodes for c in node.controls if c not in self._own))

    def _nodes(self) -> tuple[Node, ...]:
        return (*self._loop.before, *self._loop.inside, *self._loop.after)

    def _runs_alone(self, node: Node) -> bool:
        """Whether a node runs though nothing reads it."""
        return node.name in self._around.wanted

    def _parallel_iterations(self) -> dict[str, Attr]:
        given = [enter.attrs.get("parallel_iterations") for enter in self._loop.enters.values()]
        return {"parallel_iterations": given[0]} if given and isinstance(given[0], int) else {}


def _reached_back(starts: Iterable[str], nodes: Mapping[str, Node], *, with_controls: bool) -> set[str]:
    """The names among `nodes` that the starts depend on, themselves included."""
    found = {name for name in starts if name in nodes}
    pending = list(found)
    while pending:
        node = nodes[pending.pop()]
        names = producers(node) if with_controls else (ref.node for ref in node.inputs)
        for name in names:
            if name in nodes and name not in found:
                found.add(name)
                pending.append(name)
    return found
