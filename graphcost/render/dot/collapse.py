"""A drawing made small enough to look at: the nodes of a scope become one vertex."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from graphcost.dims import Shape
from graphcost.render.dot.dot_graph import DotGraph, Drawing, Edge, Scope, Vertex
from graphcost.render.sanitize import ELLIPSIS
from graphcost.report import add_up_rows

MOST_VERTICES = 300
LEAST_VERTICES = 30


class CollapsedScope(NamedTuple):
    """What stands for several vertices: its name, the scope that it lies in, and what of the name that doesn't say."""

    name: str
    scope: Scope
    label: str


def _alone(vertex: Vertex) -> CollapsedScope:
    return CollapsedScope(vertex.name, vertex.scope, vertex.label)


Grouping = Callable[[Vertex], CollapsedScope]


def collapse(dot_graph: DotGraph, drawing: Drawing) -> DotGraph:
    """The drawing cut at `drawing.depth`, or, unless `drawing.full`, at the deepest scopes that keep it readable.

    Where those say next to nothing, the scopes one deeper, straight chains of them as one vertex. Where even the
    outermost scopes are too many, runs of neighbours in topological order.
    """
    if drawing.depth is not None:
        dot_graph = _grouped(dot_graph, _at_depth(drawing.depth))
    if drawing.full or len(dot_graph.vertices) <= MOST_VERTICES:
        return dot_graph
    depth = _readable_depth(dot_graph)
    cut = _grouped(dot_graph, _at_depth(max(depth, 1)))
    if len(cut.vertices) < LEAST_VERTICES or depth == 0:
        deeper = _grouped(dot_graph, _at_depth(depth + 1))
        chained = _grouped(deeper, _in_chains(deeper, depth))
        if len(chained.vertices) <= MOST_VERTICES:
            return chained
    return cut if depth else _grouped(cut, _in_runs(cut))


def _readable_depth(dot_graph: DotGraph) -> int:
    """The deepest cut that leaves few enough vertices; 0 where none does."""
    deepest = max(len(vertex.scope) for vertex in dot_graph.vertices.values())
    for depth in range(deepest, 0, -1):
        grouping = _at_depth(depth)
        if len({grouping(vertex) for vertex in dot_graph.vertices.values()}) <= MOST_VERTICES:
            return depth
    return 0


def _at_depth(depth: int) -> Grouping:
    def group(vertex: Vertex) -> CollapsedScope:
        if len(vertex.scope) < depth or vertex.is_input:
            return _alone(vertex)
        why = "" if vertex.dropped is None else f" ({vertex.dropped})"
        outer, label = vertex.scope[: depth - 1], vertex.scope[depth - 1]
        return CollapsedScope(f"{'/'.join(vertex.scope[:depth])}{why}", outer, f"{label}{why}")

    return group


def _in_chains(dot_graph: DotGraph, depth: int) -> Grouping:
    """Vertices of one scope that follow each other and nothing else, in chains so short that half the room is used."""
    longest = -(-2 * len(dot_graph.vertices) // MOST_VERTICES)
    follower, is_led = _lone_followers(dot_graph, depth)
    chain: dict[str, CollapsedScope] = {}
    for first in dot_graph.vertices:
        if first in is_led:
            continue
        members, name = [first], first
        while name in follower:
            name = follower[name]
            members.append(name)
        for start in range(0, len(members), longest):
            part = members[start : start + longest]
            scope = dot_graph.vertices[first].scope[:depth]
            label = _chain_label([dot_graph.vertices[part[0]], dot_graph.vertices[part[-1]]], depth)
            chain |= dict.fromkeys(part, CollapsedScope(part[0], scope, label))
    return lambda vertex: chain.get(vertex.name) or _alone(vertex)


def _lone_followers(dot_graph: DotGraph, depth: int) -> tuple[dict[str, str], set[str]]:
    """For each vertex its only reader, where it is that one's only source and in the same scope; and those readers."""
    readers: dict[str, set[str]] = {}
    sources: dict[str, set[str]] = {}
    for edge in dot_graph.edges:
        readers.setdefault(edge.source, set()).add(edge.target)
        sources.setdefault(edge.target, set()).add(edge.source)
    follower = {}
    for source, targets in readers.items():
        target = next(iter(targets))
        above, below = dot_graph.vertices[source], dot_graph.vertices[target]
        is_alone = len(targets) == 1 and len(sources[target]) == 1
        is_alike = above.scope[:depth] == below.scope[:depth] and above.dropped == below.dropped
        if is_alone and is_alike and not above.is_input:
            follower[source] = target
    return follower, set(follower.values())


def _chain_label(ends: Sequence[Vertex], depth: int) -> str:
    """Both ends of a chain, less the scope that they share."""
    labels = dict.fromkeys("/".join((*vertex.scope[depth:], vertex.label)) for vertex in ends)
    return f" {ELLIPSIS} ".join(labels)


def _in_runs(dot_graph: DotGraph) -> Grouping:
    length = -(-len(dot_graph.vertices) // MOST_VERTICES)
    names = list(dot_graph.vertices)
    leader = {name: CollapsedScope(names[i - i % length], (), names[i - i % length]) for i, name in enumerate(names)}
    return lambda vertex: leader[vertex.name]


def _grouped(dot_graph: DotGraph, grouping: Grouping) -> DotGraph:
    groups: dict[CollapsedScope, list[Vertex]] = {}
    for vertex in dot_graph.vertices.values():
        groups.setdefault(grouping(vertex), []).append(vertex)
    merged = {group: _merged(group, members) for group, members in groups.items()}
    place = {vertex.name: merged[group].name for group, members in groups.items() for vertex in members}
    return DotGraph(
        {vertex.name: vertex for vertex in merged.values()}, _merged_edges(dot_graph, place), dot_graph.bodies
    )


def _merged(group: CollapsedScope, members: list[Vertex]) -> Vertex:
    if len(members) == 1:
        return members[0]
    reasons = {vertex.dropped for vertex in members}
    outputs = [vertex for vertex in members if vertex.is_output]
    return Vertex(
        name=group.name,
        label=group.label,
        op="",
        scope=group.scope,
        row=add_up_rows(group.name, (vertex.row for vertex in members)),
        shape=outputs[0].shape if len(outputs) == 1 else None,
        dropped=reasons.pop() if len(reasons) == 1 else None,
        status=next((vertex.status for vertex in members if vertex.status), ""),
        is_input=any(vertex.is_input for vertex in members),
        is_output=bool(outputs),
    )


def _merged_edges(dot_graph: DotGraph, place: Mapping[str, str]) -> tuple[Edge, ...]:
    """One edge for each pair of vertices and kind; its shape where all that it stands for have the same."""
    shapes: dict[tuple[str, str, bool, bool], set[Shape | None]] = {}
    for edge in dot_graph.edges:
        source, target = place[edge.source], place[edge.target]
        if source != target:
            shapes.setdefault((source, target, edge.is_control, edge.is_back), set()).add(edge.shape)
    return tuple(
        Edge(source, target, next(iter(found)) if len(found) == 1 else None, is_control, is_back)
        for (source, target, is_control, is_back), found in shapes.items()
    )
