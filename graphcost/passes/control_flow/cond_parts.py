"""Divides one level of a graph, the nodes outside all branches and those one branch deep, into what becomes each `If`.

Nodes of one predicate's branches that touch each other, and the Merges that close them, belong together. A group
becomes one `If` unless a path leads out of it and back in (as from a branch through the loss to its own gradient):
then it becomes several, one after the other, and what a later one reads from an earlier one is an output of that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush

from graphcost.ir.node import Node, TensorRef, producers
from graphcost.ir.scopes import common, scope_of
from graphcost.ir.wiring import components
from graphcost.passes.control_flow.branches import Branches, BranchPath, Closing, Step
from graphcost.passes.control_flow.frames import SWITCHES


@dataclass(eq=False)
class Cond:
    """The nodes that become one `If`, in topological order, and the Merges that it closes.

    `scope` is the name scope of its first Merge, or the one that all its nodes share.
    """

    predicate: TensorRef
    scope: str
    members: list[Node] = field(default_factory=list)
    merges: list[Node] = field(default_factory=list)

    @property
    def nodes(self) -> list[Node]:
        """All of them."""
        return [*self.members, *self.merges]


@dataclass(frozen=True)
class Level:
    """Nodes that stand in the same branches or deeper, in topological order."""

    nodes: Sequence[Node]
    branches: Branches

    @cached_property
    def switches(self) -> Mapping[str, Node]:
        """The Switches that open a branch right at this level."""
        known = self.branches.switches
        return {n.name: n for n in self._own if n.name in known and n.op in SWITCHES and not self._inside[n.name]}

    @cached_property
    def predicates(self) -> Mapping[TensorRef, TensorRef]:
        """For each predicate of these Switches the tensor of this level that it is."""
        known = self.branches.switches
        return {known[name]: switch.inputs[1] for name, switch in reversed(list(self.switches.items()))}

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """For each node that stands one branch deeper, or more, that branch."""
        found = {
            name: next((step for step in inside if step.predicate in self.predicates), None)
            for name, inside in self._inside.items()
        }
        return {name: step for name, step in found.items() if step is not None}

    @cached_property
    def merges(self) -> dict[str, Closing]:
        """The Merges that stand at this level and close a branch."""
        closing = self.branches.merges
        found = {n.name: closing[n.name] for n in self._own if n.name in closing and n.name not in self.steps}
        return {name: each for name, each in found.items() if each.predicate in self.predicates}

    @cached_property
    def _inside(self) -> Mapping[str, BranchPath]:
        """For each node the branches around it that a Switch of this level, or of one inside it, opens.

        A branch that none opens ended elsewhere, and what it gave is read here as an output of its `If`.
        """
        places, known = self.branches.places, self.branches.switches
        opened = {known[node.name] for node in self._own if node.name in known and node.op in SWITCHES}
        paths: dict[BranchPath, BranchPath] = {}
        for node in self._own:
            path = places.get(node.name, ())
            if path not in paths:
                paths[path] = tuple(step for step in path if step.predicate in opened)
        return {node.name: paths[places.get(node.name, ())] for node in self._own}

    @cached_property
    def _own(self) -> Sequence[Node]:
        """The nodes that the branches tell of: arguments may have the names of nodes that stand elsewhere."""
        return [node for node in self.nodes if node.op != "_Arg"]


def divide(level: Level) -> Iterator[Node | Cond]:
    """The nodes that stay and what becomes an `If`, in an order in which each reads only what came before."""
    groups = _groups(level)
    queue = _Queue(level.nodes, groups, level.merges)
    while chosen := queue.next_groups():
        yield from queue.take_passed()
        cond = Cond(chosen[0].predicate, chosen[0].scope)
        for node in queue.run(chosen):
            (cond.members if node.name in level.steps else cond.merges).append(node)
        yield cond
    yield from queue.take_passed()


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Nodes that belong together."""

    number: int
    predicate: TensorRef
    scope: str

    @property
    def kind(self) -> tuple[TensorRef, str]:
        """Groups of one kind become one If where they can: they come from one cond of the model."""
        return self.predicate, self.scope


def _groups(level: Level) -> dict[str, _Group]:
    """For each node of a branch, and each Merge that closes one, its group: those that read each other."""
    predicates: dict[str, TensorRef] = {}
    edges: list[tuple[str, str]] = []
    for node in level.nodes:
        step, closing = level.steps.get(node.name), level.merges.get(node.name)
        if step is not None:
            predicate = step.predicate
            joined = [name for name in producers(node) if name in predicates and level.steps.get(name) == step]
        elif closing is not None:
            predicate = closing.predicate
            joined = [name for name in producers(node) if predicates.get(name) == predicate]
        else:
            continue
        predicates[node.name] = predicate
        edges.extend((name, node.name) for name in joined)
    numbers = components(predicates, edges)
    known = {numbers[name]: predicate for name, predicate in predicates.items()}
    groups = {number: _Group(number, known[number], scope) for number, scope in _scopes(level, numbers).items()}
    return {name: groups[numbers[name]] for name in predicates}


def _scopes(level: Level, numbers: Mapping[str, int]) -> dict[int, str]:
    """The scope of each group, by its number."""
    scopes: dict[int, str] = {}
    for node in level.nodes:
        number = numbers.get(node.name)
        if number is not None and node.name not in level.merges:
            scopes[number] = common(scopes.get(number), scope_of(node.name))
    merged = {numbers[name]: scope_of(name) for name in reversed(level.merges) if name in numbers}
    return {number: scope or "cond" for number, scope in {**scopes, **merged}.items()}


class _Queue:
    """Nodes become ready when all that they read is done. Those in no group are done as soon as they are ready.

    A group that is run is done, seen from outside and for who reads its Merges, when the run is over.
    """

    def __init__(self, nodes: Sequence[Node], groups: Mapping[str, _Group], merges: Collection[str]) -> None:
        self._nodes = nodes
        self._groups = [groups.get(node.name) for node in nodes]
        self._numbers = {node.name: number for number, node in enumerate(nodes)}
        self._merges = {self._numbers[name] for name in merges}
        self._readers: list[list[int]] = [[] for _ in nodes]
        self._waiting = [0] * len(nodes)
        self._outside: dict[_Group, int] = dict.fromkeys(groups.values(), 0)
        self._ready: dict[_Group, list[int]] = {group: [] for group in self._outside}
        self._complete: dict[tuple[TensorRef, str], list[_Group]] = {}
        self._earliest: list[int] = []
        self._done = [False] * len(nodes)
        self._passed: list[Node] = []
        for number, node in enumerate(nodes):
            self._read(number, node)
        for group, count in self._outside.items():
            if count == 0:
                self._complete.setdefault(group.kind, []).append(group)
        self._release([number for number, count in enumerate(self._waiting) if count == 0])

    def next_groups(self) -> list[_Group]:
        """Groups of one kind that wait for nothing outside, else one of which something is ready; none at the end."""
        while self._complete:
            groups = self._complete.pop(next(iter(self._complete)))
            if any(self._ready[group] for group in groups):
                return groups
        while self._earliest:
            group = self._groups[self._earliest[0]]
            if group is not None and not self._done[self._earliest[0]]:
                return [group]
            heappop(self._earliest)
        return []

    def run(self, groups: Sequence[_Group]) -> Iterator[Node]:
        """Does all of the groups that is ready or becomes so on the way."""
        merges: list[int] = []
        freed: list[int] = []
        for group in groups:
            ready = self._ready[group]
            while ready:
                number = heappop(ready)
                self._done[number] = True
                yield self._nodes[number]
                if number in self._merges:
                    merges.append(number)
                    continue
                for follower in self._finished(number):
                    if self._groups[follower] is group:
                        heappush(ready, follower)
                    else:
                        freed.append(follower)
        for number in merges:
            freed.extend(self._finished(number))
        self._release(freed)

    def take_passed(self) -> list[Node]:
        """The nodes in no group that were done since this was last asked."""
        passed, self._passed = self._passed, []
        return passed

    def _read(self, number: int, node: Node) -> None:
        for name in producers(node):
            producer = self._numbers.get(name)
            if producer is None:
                continue
            self._waiting[number] += 1
            self._readers[producer].append(number)
            group = self._waits_outside(number, producer)
            if group is not None:
                self._outside[group] += 1

    def _waits_outside(self, reader: int, producer: int) -> _Group | None:
        """The reader's group, where it is another than the producer's or must wait for the producer's to be over."""
        is_inside = self._groups[producer] is self._groups[reader] and producer not in self._merges
        return None if is_inside else self._groups[reader]

    def _release(self, numbers: list[int]) -> None:
        for number in numbers:
            group = self._groups[number]
            if group is None:
                self._done[number] = True
                self._passed.append(self._nodes[number])
                numbers.extend(self._finished(number))
            else:
                heappush(self._ready[group], number)
                heappush(self._earliest, number)

    def _finished(self, number: int) -> list[int]:
        """The nodes that become ready because this one is done."""
        ready = []
        for reader in self._readers[number]:
            self._waiting[reader] -= 1
            if self._waiting[reader] == 0:
                ready.append(reader)
            group = self._waits_outside(reader, number)
            if group is not None:
                self._outside[group] -= 1
                if self._outside[group] == 0:
                    self._complete.setdefault(group.kind, []).append(group)
        return ready
