"""What of the inside of a level's conds is used outside, and so becomes an output of an `If`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from graphcost.ir.node import Node, TensorRef
from graphcost.passes.control_flow.cond_parts import Cond, Level, divide
from graphcost.passes.control_flow.frames import SWITCHES
from graphcost.passes.control_flow.naming import Names


@dataclass(eq=False)
class If:
    """A cond, the name of its node, and what of its inside is used outside.

    ports: the outputs of the node, by the tensor of the cond that each one is.
    effects: members that others wait for, or that run for themselves.
    switches: for each branch the Switches outside of it that open a branch inside of it: it has its own of them.
    """

    cond: Cond
    name: str
    ports: dict[TensorRef, int] = field(default_factory=dict)
    effects: set[str] = field(default_factory=set)
    switches: tuple[dict[str, Node], ...] = field(default_factory=lambda: ({}, {}))


class Uses:
    """The plan of a level: its nodes and Ifs in order, and who reads what across the border of a branch."""

    def __init__(self, level: Level, outputs: Collection[TensorRef], controls: Collection[str], names: Names) -> None:
        self.level = level
        self.plan = [item if isinstance(item, Node) else self._planned(item, level, names) for item in divide(level)]
        ifs = [item for item in self.plan if isinstance(item, If)]
        self._owners = {node.name: made for made in ifs for node in made.cond.members}
        self._closers = {node.name: made for made in ifs for node in made.cond.merges}
        self._nodes = {node.name: node for node in level.nodes}
        self._places = {name: place for place, name in enumerate(self._nodes)}
        self._read = {ref for node in level.nodes for ref in node.inputs} | set(outputs)
        self._awaited = {name for node in level.nodes for name in node.controls} | set(controls)
        self._find_results()
        self._find_switches()
        self._find_crossings()
        self._find_wanted(outputs, controls)
        self.exposed = {
            ref.node
            for node in level.nodes
            for ref in node.inputs
            if ref.node in level.switches and not self._is_in_branch_of(node.name, ref)
        }

    @staticmethod
    def _planned(cond: Cond, level: Level, names: Names) -> If:
        word = "Case" if cond.predicate in level.branches.indices else "If"
        switches: list[dict[str, Node]] = [{} for _ in range(level.branches.count(cond.predicate))]
        return If(cond, names.of_scope(cond.scope, word), switches=tuple(switches))

    def node(self, name: str) -> Node:
        """A node of the level."""
        return self._nodes[name]

    def in_order(self, names: Collection[str]) -> list[Node]:
        """Nodes of the level, in its order."""
        return [self._nodes[name] for name in sorted(names, key=self._places.__getitem__)]

    def seen(self, ref: TensorRef) -> TensorRef:
        """A tensor of the level as it is outside all branches."""
        owner = self._owners.get(ref.node)
        return ref if owner is None else TensorRef(owner.name, owner.ports[ref])

    def is_seen(self, ref: TensorRef) -> bool:
        """Whether a tensor of the level is there outside all branches."""
        owner = self._owners.get(ref.node)
        return owner is None or ref in owner.ports

    def seen_control(self, name: str) -> str:
        """A node of the level as others wait for it outside all branches."""
        owner = self._owners.get(name)
        return name if owner is None else owner.name

    def is_member(self, name: str, made: If, branch: int) -> bool:
        """Whether a node runs in this branch of this If."""
        return self._owners.get(name) is made and self.level.steps[name].branch == branch

    def result(self, merge: str, branch: int) -> TensorRef:
        """What a Merge of this level takes from a branch."""
        return self._nodes[merge].inputs[self.level.merges[merge].positions[branch]]

    def is_used_outside(self, switch: str) -> bool:
        """Whether a Switch is named by anything but the branches that it opens, or by nothing."""
        read = any(TensorRef(switch, port) in self._read for port in range(len(self._nodes[switch].dtypes)))
        return not read or switch in self._awaited or switch in self._wanted

    def has_index(self, merge: str) -> bool:
        """Whether anybody reads a Merge's second output, the position of the input that it took."""
        return TensorRef(merge, 1) in self._read

    def _find_results(self) -> None:
        for merge, made in self._closers.items():
            _use(made, TensorRef(merge))
            if self.has_index(merge):
                _use(made, TensorRef(merge, 1))

    def _find_switches(self) -> None:
        for name, made in self._owners.items():
            branch = self.level.steps[name].branch
            pending = [*self._nodes[name].inputs]
            while pending:
                ref = pending.pop()
                if ref.node not in made.switches[branch] and self._opens_inside(ref.node, made, branch):
                    made.switches[branch][ref.node] = self._nodes[ref.node]
                    pending.extend(self._nodes[ref.node].inputs)

    def _opens_inside(self, name: str, made: If, branch: int) -> bool:
        """Whether a node is a Switch outside a branch that opens one inside of it."""
        predicate = self.level.branches.switches.get(name)
        if predicate is None or self._nodes[name].op not in SWITCHES or self.is_member(name, made, branch):
            return False
        return name not in self.level.switches or predicate != made.cond.predicate

    def _find_crossings(self) -> None:
        for made in dict.fromkeys(self._owners.values()):
            for branch, switches in enumerate(made.switches):
                for ref in (ref for switch in switches.values() for ref in switch.inputs):
                    if (
                        ref.node in self._owners
                        and ref.node not in switches
                        and not self.is_member(ref.node, made, branch)
                    ):
                        _use(self._owners[ref.node], ref)
        for node in self.level.nodes:
            for ref in node.inputs:
                if ref.node in self._owners and not self._is_inside(node.name, ref):
                    _use(self._owners[ref.node], ref)
            for control in node.controls:
                if control in self._owners and not self._runs_beside(node.name, control):
                    self._owners[control].effects.add(control)

    def _find_wanted(self, outputs: Collection[TensorRef], controls: Collection[str]) -> None:
        self._wanted = {ref.node for ref in outputs}
        for ref in outputs:
            if ref.node in self._owners:
                _use(self._owners[ref.node], ref)
        for name, made in self._owners.items():
            if name in controls:
                made.effects.add(name)

    def _is_inside(self, reader: str, ref: TensorRef) -> bool:
        """Whether a node reads a branch's tensor in the same branch, or as the branch's result."""
        if self._closers.get(reader) is self._owners[ref.node]:
            return self.result(reader, self.level.steps[ref.node].branch) == ref
        owner = self._owners.get(reader)
        has_own = owner is not None and ref.node in owner.switches[self.level.steps[reader].branch]
        return has_own or self._runs_beside(reader, ref.node)

    def _runs_beside(self, reader: str, name: str) -> bool:
        return self.is_member(reader, self._owners[name], self.level.steps[name].branch)

    def _is_in_branch_of(self, reader: str, switched: TensorRef) -> bool:
        """Whether a reader of a Switch runs in the branch that it opens there, or closes it."""
        predicate = self.level.branches.switches[switched.node]
        closing = self.level.merges.get(reader)
        if closing is not None:
            return closing.predicate == predicate and self.result(reader, switched.port) == switched
        return reader in self.level.steps and (predicate, switched.port) in self.level.branches.places[reader]


def _use(made: If, ref: TensorRef) -> None:
    made.ports.setdefault(ref, len(made.ports))
