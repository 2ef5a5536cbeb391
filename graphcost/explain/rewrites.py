"""Why the rewrites that were asked for left a node as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphcost.errors import RewriteError
from graphcost.evaluate import Evaluation
from graphcost.explain.rewritten import graphs_around
from graphcost.ir.graph import Graph
from graphcost.passes.edit import Edit
from graphcost.passes.pattern import Search, View, depth, explain_match, root_ops
from graphcost.passes.rewrite import GraphRewrite, Match, Rewrite
from graphcost.passes.rewriting import replacement_of
from graphcost.pipeline import Analysis

MOST_ROOTS = 3
"""So many nodes are tried at which a match that has the node inside could end."""


@dataclass(frozen=True, slots=True)
class RewriteReason:
    """Why a rewrite didn't match, or was refused, where the node is the root of the match, or a part of one."""

    rewrite: str
    reason: str


def rewrite_reasons(analysis: Analysis, name: str, body: Evaluation) -> tuple[RewriteReason, ...]:
    """A reason, or a few, for each rewrite that was asked for; `name` is the node's in its body."""
    around = graphs_around(analysis)
    if not analysis.rewrites or around is None:
        return ()
    before, graph = (each.functions.get(body.function) if body.function else each for each in around)
    if graph is None or name not in graph.nodes:
        idle = "it doesn't run, and what doesn't is not rewritten"
        return tuple(RewriteReason(rewrite.name, idle) for rewrite in analysis.rewrites)
    return tuple(
        RewriteReason(rewrite.name, reason)
        for rewrite in analysis.rewrites
        for reason in _reasons(rewrite, graph, name, is_new=_is_new(name, before, graph))
    )


def _is_new(name: str, before: Graph | None, after: Graph) -> bool:
    """Whether a rewrite made the node: then it did match, and what it was isn't there any more."""
    node = before.nodes.get(name) if before is not None else None
    return node is None or node.op != after.nodes[name].op


def _reasons(rewrite: Rewrite | GraphRewrite, graph: Graph, name: str, *, is_new: bool) -> Iterator[str]:
    if isinstance(rewrite, GraphRewrite):
        yield "it takes the graph as a whole, and says of no node why it stayed"
        return
    ops = root_ops(rewrite.pattern)
    if ops is None or graph.nodes[name].op in ops:
        yield why_not(rewrite, graph, name)
        return
    if is_new:
        return
    roots = [root for root in _readers(graph, name, depth(rewrite.pattern) - 1) if graph.nodes[root].op in ops]
    if not roots:
        yield why_not(rewrite, graph, name)
    for root in roots[:MOST_ROOTS]:
        yield f"where it is a part, at {root}: {why_not(rewrite, graph, root)}"


def why_not(rewrite: Rewrite, graph: Graph, root: str) -> str:
    """Why the rewrite changes nothing with this node at the root of its match."""
    reason = explain_match(rewrite.pattern, graph, root)
    if reason is not None:
        return reason
    edit = Edit(graph)
    refusal = ""
    for found in Search(View.of(graph)).matches(rewrite.pattern, root):
        match = Match.of(found, edit.nodes)
        try:
            edit.replace(match, replacement_of(rewrite, match))
        except RewriteError as error:
            refusal = refusal or str(error)
        else:
            return "it matches, but the rewrite was stopped before"
    return refusal


def _readers(graph: Graph, name: str, levels: int) -> list[str]:
    """What reads the node, directly or through so many others, the nearest first."""
    seen = {name: None}
    edge = [name]
    for _ in range(levels):
        edge = [reader for each in edge for reader in graph.readers(each) if reader not in seen]
        seen.update(dict.fromkeys(edge))
    return list(seen)[1:]
