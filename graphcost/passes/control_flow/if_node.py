"""One level's conds -> If nodes, and the graphs of their branches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from graphcost.ir.literal import Literal, Value
from graphcost.ir.node import EMPTY, Attr, FunctionRef, Node, TensorRef
from graphcost.ir.stand_ins import DEAD, origins
from graphcost.passes.control_flow.branches import ELSE, THEN
from graphcost.passes.control_flow.cond_parts import Level
from graphcost.passes.control_flow.cond_uses import If, Uses
from graphcost.passes.control_flow.naming import Names


@dataclass(frozen=True)
class BranchBody:
    """A graph in the making: the top level, a function, or one branch. Nodes are in topological order."""

    nodes: Sequence[Node]
    inputs: Sequence[TensorRef]
    outputs: Sequence[TensorRef]
    controls: Sequence[str]


def raise_level(
    body: BranchBody, level: Level, names: Names, function_names: Names
) -> tuple[BranchBody, dict[str, BranchBody]]:
    """The body with the branches right inside it as If nodes, and the branches by the name of their function."""
    uses = Uses(level, body.outputs, body.controls, names)
    nodes: list[Node] = []
    branches: dict[str, BranchBody] = {}
    for item in uses.plan:
        if isinstance(item, Node):
            nodes.extend(_staying(item, uses))
            continue
        inputs = _Inputs(item, uses, names)
        words = _words(item, level)
        parts = [_Branch(item, branch, uses, inputs) for branch in words]
        functions = [function_names.fresh(f"{item.name}/{word}") for word in words.values()]
        branches.update((name, part.body()) for name, part in zip(functions, parts, strict=True))
        nodes.append(_if_node(item, uses, inputs, functions))
        nodes.extend(_closed(merge, item, uses) for merge in item.cond.merges)
    outputs = tuple(map(uses.seen, body.outputs))
    controls = tuple(dict.fromkeys(map(uses.seen_control, body.controls)))
    return replace(body, nodes=nodes, outputs=outputs, controls=controls), branches


def _words(made: If, level: Level) -> Mapping[int, str]:
    """The branches of a cond, in the order of its node's functions, and what each is called."""
    count = level.branches.indices.get(made.cond.predicate)
    return {THEN: "then", ELSE: "else"} if count is None else {i: f"branch{i}" for i in range(count)}


class _Inputs:
    """What the branches of an If take from outside: the same for both, each an argument."""

    def __init__(self, made: If, uses: Uses, names: Names) -> None:
        self._made = made
        self._uses = uses
        self._members = {node.name for node in made.cond.members}
        self.names = names
        self._arguments: dict[TensorRef, str] = {}
        self._argument_names: set[str] = set()
        self.switches: list[Node] = []
        self.sources: list[TensorRef] = []
        self.dtypes: list[str | None] = []

    def argument(self, ref: TensorRef, branch: int) -> TensorRef:
        """The argument that a tensor from outside is in a branch. That of a Switch has the Switch's name."""
        if self._opens(ref, branch):
            switch = self._uses.node(ref.node)
            self.switches.append(switch)
            return self._added(TensorRef(ref.node), ref.node, switch.inputs[0])
        if ref in self._arguments:
            return TensorRef(self._arguments[ref])
        name = ref.node if ref.port == 0 else f"{ref.node}/{ref.port}"
        return self._added(ref, self.names.fresh(name) if self._is_taken(name) else name, ref)

    def nodes(self) -> Iterator[Node]:
        """The arguments as nodes, in order."""
        for index, (name, dtype) in enumerate(zip(self._arguments.values(), self.dtypes, strict=True)):
            yield Node(name, "_Arg", attrs=MappingProxyType({"T": dtype, "index": index}), dtypes=(dtype,))

    def _is_taken(self, name: str) -> bool:
        groups = (self._members, self._argument_names, self._uses.level.switches, *self._made.switches)
        return any(name in group for group in groups)

    def _opens(self, ref: TensorRef, branch: int) -> bool:
        level = self._uses.level
        if ref.node not in level.switches:
            return False
        return level.branches.switches[ref.node] == self._made.cond.predicate and ref.port == branch

    def _added(self, key: TensorRef, name: str, source: TensorRef) -> TensorRef:
        if key not in self._arguments:
            self._arguments[key] = name
            self._argument_names.add(name)
            self.sources.append(self._uses.seen(source))
            self.dtypes.append(self._uses.node(source.node).dtypes[source.port])
        return TensorRef(self._arguments[key])


class _Branch:
    """One branch of an If."""

    def __init__(self, made: If, branch: int, uses: Uses, inputs: _Inputs) -> None:
        self._made = made
        self._branch = branch
        self._uses = uses
        self._inputs = inputs
        members = [node for node in made.cond.members if uses.is_member(node.name, made, branch)]
        own = map(self._own, uses.in_order(made.switches[branch]))
        self._nodes: list[Node] = [*map(self._member, own), *map(self._member, members)]
        self._outputs = [self._output(ref) for ref in made.ports]
        self._effects = [node.name for node in members if node.name in made.effects]

    def body(self) -> BranchBody:
        """The branch with its arguments, which are all known only when both branches are made."""
        arguments = list(self._inputs.nodes())
        inputs = [TensorRef(node.name) for node in arguments]
        return BranchBody([*arguments, *self._nodes], inputs, self._outputs, self._effects)

    def _own(self, switch: Node) -> Node:
        """A Switch from elsewhere. One on the predicate of this branch skips nothing in it."""
        is_settled = self._uses.level.branches.switches[switch.name] == self._made.cond.predicate
        return _unswitched(switch) if is_settled else switch

    def _member(self, node: Node) -> Node:
        beside = (name for name in node.controls if self._is_member(name))
        return replace(node, inputs=tuple(map(self._inner, node.inputs)), controls=tuple(dict.fromkeys(beside)))

    def _inner(self, ref: TensorRef) -> TensorRef:
        is_inside = ref.node in self._made.switches[self._branch] or self._is_member(ref.node)
        return ref if is_inside else self._inputs.argument(ref, self._branch)

    def _is_member(self, name: str) -> bool:
        return self._uses.is_member(name, self._made, self._branch)

    def _output(self, ref: TensorRef) -> TensorRef:
        closing = self._uses.level.merges.get(ref.node)
        if closing is None:
            return ref if self._is_member(ref.node) else self._added(self._dead(ref))
        if ref.port == 1:
            return self._added(self._position(ref, closing.positions[self._branch]))
        result = self._uses.result(ref.node, self._branch)
        return result if self._is_member(result.node) else self._inputs.argument(result, self._branch)

    def _added(self, node: Node) -> TensorRef:
        self._nodes.append(node)
        return TensorRef(node.name)

    def _dead(self, ref: TensorRef) -> Node:
        dtype = self._uses.node(ref.node).dtypes[ref.port]
        name = self._inputs.names.fresh(f"{ref.node}/dead")
        return Node(name, DEAD, attrs=MappingProxyType({"dtype": dtype}), dtypes=(dtype,))

    def _position(self, ref: TensorRef, position: int) -> Node:
        literal = Literal("int32", (), Value.scalar(position))
        name = self._inputs.names.fresh(f"{ref.node}/value_index")
        attrs: Mapping[str, Attr] = MappingProxyType({"dtype": "int32", "value": literal})
        return Node(name, "Const", attrs=attrs, dtypes=("int32",))


def _staying(node: Node, uses: Uses) -> Iterator[Node]:
    """A node outside all branches. A Switch goes where only the branches that it opens name it."""
    seen = _seen(node, uses)
    if node.name not in uses.level.switches or node.name in uses.exposed:
        yield seen
    elif uses.is_used_outside(node.name):
        yield _unswitched(seen)


def _unswitched(switch: Node) -> Node:
    """A Switch that hands its tensor on whatever its predicate is."""
    data = switch.inputs[0]
    attrs = MappingProxyType({"T": switch.dtypes})
    return replace(switch, op="IdentityN", inputs=(data,) * len(switch.dtypes), attrs=attrs)


def _if_node(made: If, uses: Uses, inputs: _Inputs, functions: Sequence[str]) -> Node:
    cond = made.cond
    dtypes = tuple(uses.node(ref.node).dtypes[ref.port] for ref in made.ports)
    is_case = cond.predicate in uses.level.branches.indices
    refs = tuple(FunctionRef(name, EMPTY) for name in functions)
    attrs: dict[str, Attr] = {"Tin": tuple(inputs.dtypes), "Tout": dtypes}
    attrs |= {"branches": refs} if is_case else {"Tcond": "bool", "then_branch": refs[0], "else_branch": refs[1]}
    return Node(
        name=made.name,
        op="Case" if is_case else "If",
        inputs=(_predicate(cond.predicate, uses), *inputs.sources),
        controls=tuple(dict.fromkeys(_waits(made, uses, inputs))),
        attrs=MappingProxyType(attrs),
        dtypes=dtypes,
        stateful=any(node.stateful for node in cond.members),
        origins=tuple(name for node in cond.nodes for name in origins(node)),
    )


def _closed(merge: Node, made: If, uses: Uses) -> Node:
    """A Merge as an Identity of what the If gives."""
    seen = _seen(replace(merge, inputs=()), uses)
    refs = [ref for ref in (TensorRef(merge.name), TensorRef(merge.name, 1)) if ref in made.ports]
    inputs = tuple(TensorRef(made.name, made.ports[ref]) for ref in refs)
    if len(refs) == 2:
        return replace(seen, op="IdentityN", inputs=inputs, attrs=MappingProxyType({"T": merge.dtypes}))
    dtype = merge.dtypes[0]
    return replace(seen, op="Identity", inputs=inputs, attrs=MappingProxyType({"T": dtype}), dtypes=(dtype,))


def _seen(node: Node, uses: Uses) -> Node:
    controls = tuple(dict.fromkeys(map(uses.seen_control, node.controls)))
    return replace(node, inputs=tuple(map(uses.seen, node.inputs)), controls=controls)


def _predicate(predicate: TensorRef, uses: Uses) -> TensorRef:
    """The predicate as this level has it, less the Identities in front of it."""
    ref = uses.level.predicates[predicate]
    while uses.node(ref.node).op == "Identity":
        (source,) = uses.node(ref.node).inputs
        if not uses.is_seen(source):
            break
        ref = source
    return uses.seen(ref)


def _waits(made: If, uses: Uses, inputs: _Inputs) -> Iterator[str]:
    """What the If as a whole waits for: what its members, and the Switches in front of them, do."""
    for node in (*made.cond.members, *inputs.switches):
        seen = map(uses.seen_control, node.controls)
        yield from (name for name in seen if name != made.name)
