"""Which branches each node runs in: sets of (predicate, branch), from Switch to Merge.

Of a _SwitchN output i is there only if its index is i.
A node runs where all that it reads, or waits for, does; a Merge goes by what it reads alone. Output 1 of a Switch is
there only if its predicate holds, output 0 only if it doesn't; a Merge whose inputs differ in one predicate is there
either way, and so closes that branch. A ControlTrigger runs whether what it waits for does or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from graphcost.budget import MAX_VISITS
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.passes.control_flow.frames import MERGES, SWITCH_N, SWITCHES

THEN, ELSE = 1, 0
"""The output of a Switch that each branch reads."""

MAX_NESTING = 64
LEAST_NESTING = 2
"""So many branches may nest, but for LEAST_NESTING fewer where many nodes stand deeper: each costs a visit there.

The Switches of deeper ones stay as they are.
"""


class Step(NamedTuple):
    """One branch of one predicate, given as the tensor that it is."""

    predicate: TensorRef
    branch: int


BranchPath = tuple[Step, ...]
"""The branches around a node, outermost first; each predicate appears once."""


@dataclass(frozen=True)
class Closing:
    """A Merge that closes a predicate, and the position of the input that it takes from each branch."""

    predicate: TensorRef
    positions: Mapping[int, int]


@dataclass(frozen=True)
class Branches:
    """For each node its place, for each Switch that opens branches its predicate, for each Merge what it closes.

    `indices` are the predicates that are the index of a branch, each with the number of branches.
    """

    places: Mapping[str, BranchPath]
    switches: Mapping[str, TensorRef]
    merges: Mapping[str, Closing]
    indices: Mapping[TensorRef, int]

    def count(self, predicate: TensorRef) -> int:
        """How many branches a predicate chooses from."""
        return self.indices.get(predicate, 2)


def find_branches(graph: Graph) -> Branches:
    """The branches of a graph without loops."""
    finding = _found(graph, MAX_NESTING)
    depths = Counter(len(finding.numbered[number]) for number in finding.places.values())
    affordable = _affordable_nesting(depths)
    if affordable < max(depths, default=0):
        finding = _found(graph, affordable)
    every = finding.numbered
    places = {name: every[number] for name, number in finding.places.items()}
    return Branches(places, finding.switches, finding.merges, finding.indices)


def _found(graph: Graph, max_nesting: int) -> _Finding:
    finding = _Finding(graph, max_nesting)
    for node in graph.order:
        finding.visit(node)
    return finding


def _affordable_nesting(depths: Mapping[int, int]) -> int:
    """How deep branches may nest for all visits to be afforded; `depths` has how many nodes stand how deep."""
    nesting, visits, deeper = 0, 0, sum(depths.values())
    while nesting < MAX_NESTING:
        deeper -= depths.get(nesting, 0)
        visits += deeper if nesting >= LEAST_NESTING else 0
        if visits > MAX_VISITS:
            break
        nesting += 1
    return nesting


class _Finding:
    """Places are numbered, so that the memo of unions never looks at a place twice."""

    def __init__(self, graph: Graph, max_nesting: int) -> None:
        self._nodes = graph.nodes
        self._max_nesting = max_nesting
        self.numbered: list[BranchPath] = [()]
        self._numbers: dict[BranchPath, int] = {(): 0}
        self._unions: dict[tuple[int, int], int | None] = {}
        self._sources: dict[TensorRef, TensorRef] = {}
        self.places: dict[str, int] = {}
        self.switches: dict[str, TensorRef] = {}
        self.merges: dict[str, Closing] = {}
        self.indices: dict[TensorRef, int] = {}

    def visit(self, node: Node) -> None:
        """Settles the place of a node, once those of what it reads are."""
        if node.op == "ControlTrigger":
            self.places[node.name] = 0
            return
        inputs = [self._place_of(ref) for ref in node.inputs]
        if node.op in MERGES:
            closed = self._closed(node, inputs)
            self.places[node.name] = self._all_of(inputs) if closed is None else closed
            return
        place = self._all_of([*inputs, *(self.places[control] for control in node.controls)])
        self.places[node.name] = place
        if node.op in SWITCHES and len(node.inputs) == 2 and len(self.numbered[place]) < self._max_nesting:
            predicate = self._source(node.inputs[1])
            if all(step.predicate != predicate for step in self.numbered[place]) and self._fits(node, predicate):
                self.switches[node.name] = predicate

    def _fits(self, switch: Node, predicate: TensorRef) -> bool:
        """Whether a Switch has the branches that others on its predicate have."""
        if switch.op != SWITCH_N:
            return predicate not in self.indices
        return self.indices.setdefault(predicate, len(switch.dtypes)) == len(switch.dtypes)

    def _place_of(self, ref: TensorRef) -> int:
        place = self.places[ref.node]
        if ref.node not in self.switches:
            return place
        return self._number((*self.numbered[place], Step(self.switches[ref.node], ref.port)))

    def _closed(self, merge: Node, inputs: list[int]) -> int | None:
        """The place of a Merge that closes a branch, None where it closes none."""
        if len(inputs) != 2:
            return self._closed_case(merge, [self.numbered[number] for number in inputs])
        places = [self.numbered[number] for number in inputs]
        steps = set(places[0]) ^ set(places[1])
        predicates = {step.predicate for step in steps}
        inner = next((place for place in places if place and place[-1] in steps), None)
        if len(predicates) != 1 or inner is None:
            return None
        (predicate,) = predicates
        branch = next((step.branch for step in places[0] if step.predicate == predicate), None)
        if branch is None:
            branch = 1 - next(step.branch for step in places[1] if step.predicate == predicate)
        self.merges[merge.name] = Closing(predicate, {branch: 0, 1 - branch: 1})
        return self._number(inner[:-1])

    def _closed_case(self, merge: Node, places: Sequence[BranchPath]) -> int | None:
        """As _closed, for a Merge that takes one input from each of more than two branches."""
        if not places or not all(places):
            return None
        around = places[0][:-1]
        positions = {place[-1].branch: position for position, place in enumerate(places)}
        predicate = places[0][-1].predicate
        is_one = all(place[:-1] == around and place[-1].predicate == predicate for place in places)
        if not is_one or len(positions) != len(places) or self.indices.get(predicate) != len(places):
            return None
        self.merges[merge.name] = Closing(predicate, positions)
        return self._number(around)

    def _all_of(self, places: Sequence[int]) -> int:
        """The branches of all places; where they contradict each other, those before they part."""
        union = 0
        for place in dict.fromkeys(places):
            both = self._union(union, place)
            if both is None:
                return self._number(_common([self.numbered[each] for each in places]))
            union = both
        return union

    def _union(self, a: int, b: int) -> int | None:
        """The branches of both places; None where they contradict each other."""
        if a == 0 or a == b:
            return b
        if (a, b) not in self._unions:
            union = _union(self.numbered[a], self.numbered[b], self._max_nesting)
            self._unions[a, b] = None if union is None else self._number(union)
        return self._unions[a, b]

    def _number(self, place: BranchPath) -> int:
        if place not in self._numbers:
            self._numbers[place] = len(self.numbered)
            self.numbered.append(place)
        return self._numbers[place]

    def _source(self, ref: TensorRef) -> TensorRef:
        """The tensor that a predicate is, behind Identities."""
        passed: list[TensorRef] = []
        while ref not in self._sources and self._nodes[ref.node].op == "Identity" and self._nodes[ref.node].inputs:
            passed.append(ref)
            ref = self._nodes[ref.node].inputs[0]
        source = self._sources.get(ref, ref)
        self._sources.update((each, source) for each in passed)
        return source


def _union(a: BranchPath, b: BranchPath, longest: int) -> BranchPath | None:
    branches = {step.predicate: step.branch for step in b}
    if any(branches.get(step.predicate, step.branch) != step.branch for step in a):
        return None
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    known = set(longer)
    return (*longer, *(step for step in shorter if step not in known))[:longest]


def _common(places: Sequence[BranchPath]) -> BranchPath:
    """The branches that all places begin with."""
    shortest = min(places, key=len)
    for position, step in enumerate(shortest):
        if any(place[position] != step for place in places):
            return shortest[:position]
    return shortest
