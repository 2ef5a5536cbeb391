"""What the nodes of a TF1 loop are for: its variables, and which nodes run before, inside and after the iteration.

Merge --> (before) --> LoopCond
  |                       |
  +-----------------> Switch --true--> (inside) --> NextIteration --> Merge
                          |
                          +---false--> (after) ---> Exit
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag

from graphcost.ir.node import Node, TensorRef, producers
from graphcost.ir.wiring import components
from graphcost.passes.control_flow.frames import ENTERS, EXITS, MERGES, NEXT_ITERATIONS, SWITCHES


class When(IntFlag):
    """When a node of a loop runs."""

    BEFORE = 0
    """Before it is known whether there is another iteration: trips + 1 times."""
    INSIDE = 1
    """In each iteration: trips times."""
    AFTER = 2
    """When there is no further iteration: once."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A loop variable; `update` is its NextIteration, None where it keeps its first value."""

    merge: Node
    enter: Node
    update: Node | None


@dataclass(frozen=True)
class Loop:
    """The nodes of one loop by their part in it; `before`, `inside` and `after` are in topological order.

    `inside` has the loop's Switches and NextIterations, `before` its LoopCond, `after` its Exits.
    """

    variables: tuple[Variable, ...]
    enters: Mapping[str, Node]
    switches: Mapping[str, Node]
    condition: Node
    before: tuple[Node, ...]
    inside: tuple[Node, ...]
    after: tuple[Node, ...]


def find_loop(nodes: Sequence[Node], own: frozenset[str]) -> Loop | None:
    """The loop that a frame's nodes, in topological order, make; None where they make none.

    `own` are the control-flow nodes of this frame, as opposed to those of an inner frame that couldn't be raised.
    """
    table = {node.name: node for node in nodes}
    conditions = [node for node in nodes if node.op == "LoopCond" and node.name in own]
    enters = {node.name: node for node in nodes if node.op in ENTERS and node.name in own}
    variables = _variables(nodes, table, own)
    if len(conditions) != 1 or variables is None or not _is_well_formed(nodes, own):
        return None
    switches = {
        node.name: node for node in nodes if node.op in SWITCHES and _is_decided_by(node, conditions[0].name, table)
    }
    merges = {variable.merge.name for variable in variables}
    when = _schedule([node for node in nodes if node.name not in enters and node.name not in merges], switches, own)
    if when is None or when[conditions[0].name] is not When.BEFORE or _reads_second_output(nodes, merges):
        return None
    parts: dict[When, list[Node]] = {each: [] for each in (When.BEFORE, When.INSIDE, When.AFTER)}
    for node in nodes:
        if node.name in when:
            parts[when[node.name]].append(node)
    return Loop(variables, enters, switches, conditions[0], *(tuple(part) for part in parts.values()))


def loops_apart(nodes: Sequence[Node], own: frozenset[str]) -> list[list[Node]]:
    """The nodes of each loop of a frame: two loops whose frames have one name share the frame, but no node."""
    if sum(node.op == "LoopCond" and node.name in own for node in nodes) < 2:
        return [list(nodes)]
    names = {node.name for node in nodes}
    edges = ((name, node.name) for node in nodes for name in producers(node) if name in names)
    part_of = components((node.name for node in nodes), edges)
    parts: dict[int, list[Node]] = {}
    for node in nodes:
        parts.setdefault(part_of[node.name], []).append(node)
    return list(parts.values())


def _variables(nodes: Sequence[Node], table: Mapping[str, Node], own: frozenset[str]) -> tuple[Variable, ...] | None:
    variables: list[Variable] = []
    for merge in nodes:
        if merge.op not in MERGES or merge.name not in own:
            continue
        sources = {ref.node: table[ref.node] for ref in merge.inputs if ref.node in table and ref.node in own}
        enters = [node for node in sources.values() if node.op in ENTERS]
        updates = [node for node in sources.values() if node.op in NEXT_ITERATIONS]
        if not enters and not updates:
            continue
        if len(enters) != 1 or len(updates) > 1 or len({ref.node for ref in merge.inputs}) > len(enters + updates):
            return None
        variables.append(Variable(merge, enters[0], updates[0] if updates else None))
    return tuple(variables)


def _schedule(nodes: Sequence[Node], switches: Mapping[str, Node], own: frozenset[str]) -> dict[str, When] | None:
    """When each node runs; None where one never could, or where a value leaves or stays against its nature."""
    when: dict[str, When] = {}
    for node in nodes:
        found = When.BEFORE
        for ref in node.inputs:
            found |= _side(ref) if ref.node in switches else when.get(ref.node, When.BEFORE)
        for control in node.controls:
            found |= When.BEFORE if control in switches else when.get(control, When.BEFORE)
        if node.name in switches:
            if found is not When.BEFORE:
                return None
            found = When.INSIDE
        elif node.op in NEXT_ITERATIONS and node.name in own:
            found |= When.INSIDE
        elif node.op in EXITS and node.name in own and found is not When.AFTER:
            return None
        if found == When.INSIDE | When.AFTER:
            return None
        when[node.name] = found
    return when


def _side(switched: TensorRef) -> When:
    return When.INSIDE if switched.port == 1 else When.AFTER


def _is_well_formed(nodes: Sequence[Node], own: frozenset[str]) -> bool:
    """Whether the frame's control-flow nodes, Merges aside, have the one input that they pass on."""
    return all(node.op in MERGES | SWITCHES or len(node.inputs) == 1 for node in nodes if node.name in own)


def _is_decided_by(switch: Node, condition: str, table: Mapping[str, Node]) -> bool:
    """Whether a Switch's predicate is the loop's condition, perhaps behind Identities."""
    if len(switch.inputs) != 2:
        return False
    name = switch.inputs[1].node
    while name in table and table[name].op == "Identity" and table[name].inputs:
        name = table[name].inputs[0].node
    return name == condition


def _reads_second_output(nodes: Sequence[Node], merges: set[str]) -> bool:
    return any(ref.port == 1 and ref.node in merges for node in nodes for ref in node.inputs)
