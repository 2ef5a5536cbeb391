"""Applies rewrites to a graph and its functions until nothing matches any more.

before                                   after drop_identities
    x -> Identity -> Identity -> Relu        x -> Relu
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from graphcost.errors import GraphcostError, GraphError, PluginError, RewriteError
from graphcost.faults import described, place_of
from graphcost.ir.graph import Graph
from graphcost.ir.node import EMPTY, Node
from graphcost.passes.edit import Edit
from graphcost.passes.pattern import Found, Search, depth, root_ops
from graphcost.passes.rewrite import GraphRewrite, Match, Replacement, Rewrite, RewriteSet

MOST_ROUNDS = 100
"""How often the set is applied again, since what one rewrite does may be a match for another."""

MATCHES_FOR_EACH_NODE = 10
MATCHES_AT_LEAST = 1000
"""How often one rewrite is applied to one graph, before it is taken for one that never ends."""

_REFUSED = (sys.maxsize, True)

MOST_FAILURES = 100
"""For each rewrite; the first are kept."""


class Failure(NamedTuple):
    """A node of the right operation that a rewrite left alone, and why.

    `progress` is larger the nearer it came: nodes of the pattern that were found, and whether the next had the right
    operation; above all a match that was refused.
    """

    rewrite: str
    node: str
    reason: str
    progress: tuple[int, bool]


@dataclass(frozen=True)
class Rewritten:
    """A graph after rewriting: how often each rewrite was applied, functions included, and where it wasn't.

    `unused` are the rewrites that were applied nowhere, `unfinished` those that were stopped at the bound, though
    something still matched.
    """

    graph: Graph
    counts: Mapping[str, int] = field(default_factory=lambda: EMPTY)
    failures: tuple[Failure, ...] = ()
    unused: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a report has to say: its total isn't the one of the file any more."""
        changes = [f"{name} {count} time{'s' if count > 1 else ''}" for name, count in self.counts.items()]
        stopped = [
            f"{name} was stopped: it goes on and on (more than {MOST_ROUNDS} rounds)" for name in self.unfinished
        ]
        idle = [f"{name} changed nothing{self._for_instance(name)}" for name in self.unused]
        return (*([f"rewritten: {', '.join(changes)}"] if changes else []), *idle, *stopped)

    def _for_instance(self, name: str) -> str:
        """The reason of the node where the rewrite came nearest to a match."""
        failures = [failure for failure in self.failures if failure.rewrite == name]
        return f", for instance: {max(failures, key=lambda failure: failure.progress).reason}" if failures else ""


def rewriting(graph: Graph, rewrites: RewriteSet) -> Rewritten:
    """The graph and its functions, rewritten. Each rewrite is applied to its fixpoint, in the order of the set, and the
    whole set again as long as anything changes.

    Raises GraphError, naming the rewrite, where one that takes whole graphs gives back a broken one.
    """
    if not len(rewrites):
        return Rewritten(graph)
    main = _rewritten(graph, rewrites)
    bodies = {name: _rewritten(body, rewrites) for name, body in graph.functions.items()}
    parts = [main, *bodies.values()]
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.counts)
    functions = MappingProxyType({name: body.graph for name, body in bodies.items()})
    return Rewritten(
        replace(main.graph, functions=functions) if counts else graph,
        {rewrite.name: counts[rewrite.name] for rewrite in rewrites if counts[rewrite.name]},
        _first_failures(parts),
        tuple(rewrite.name for rewrite in rewrites if not counts[rewrite.name]),
        tuple(dict.fromkeys(name for part in parts for name in part.unfinished)),
    )


def _first_failures(parts: Iterable[Rewritten]) -> tuple[Failure, ...]:
    kept: list[Failure] = []
    seen: Counter[str] = Counter()
    for failure in (failure for part in parts for failure in part.failures):
        seen[failure.rewrite] += 1
        if seen[failure.rewrite] <= MOST_FAILURES:
            kept.append(failure)
    return tuple(kept)


def _rewritten(graph: Graph, rewrites: RewriteSet) -> Rewritten:
    """One graph, without its functions."""
    counts: Counter[str] = Counter()
    unfinished: dict[str, None] = {}
    failures: dict[str, tuple[Failure, ...]] = {}
    budget = MATCHES_FOR_EACH_NODE * len(graph.nodes) + MATCHES_AT_LEAST
    for _ in range(MOST_ROUNDS):
        changed: list[str] = []
        for rewrite in rewrites:
            if rewrite.name in unfinished:
                continue
            left = budget - counts[rewrite.name]
            once = _whole(graph, rewrite) if isinstance(rewrite, GraphRewrite) else _Fixpoint(graph, rewrite).run(left)
            failures[rewrite.name] = once.failures
            unfinished.update(dict.fromkeys(once.unfinished))
            if once.counts:
                changed.append(rewrite.name)
                counts.update(once.counts)
                graph = once.graph
        if not changed:
            break
    else:
        unfinished.update(dict.fromkeys(changed))
    listed = tuple(failure for each in failures.values() for failure in each)
    return Rewritten(graph, counts, listed, unfinished=tuple(unfinished))


def _whole(graph: Graph, rewrite: GraphRewrite) -> Rewritten:
    """One run of a rewrite that takes the whole graph; it counts as many times as nodes went, and once at least."""
    try:
        result = rewrite.apply(graph)
        if not isinstance(result, Graph):
            raise TypeError("it gives no Graph")
    except (GraphcostError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise _fault(rewrite, "", rewrite.apply, error) from error
    if result is graph:
        return Rewritten(graph)
    _check_interface(graph, result, rewrite)
    return Rewritten(result, {rewrite.name: max(1, len(graph.nodes) - len(result.nodes))})


def replacement_of(rewrite: Rewrite, match: Match) -> Replacement:
    """What the rewrite puts in the place of the match. Raises PluginError where its code breaks."""
    try:
        return rewrite.replaced(match)
    except (GraphcostError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise _fault(rewrite, f" at {match.root.name!r}", rewrite.replacement, error) from error


def _fault(rewrite: Rewrite | GraphRewrite, where: str, function: object, error: BaseException) -> PluginError:
    owner = f" of {rewrite.owner}" if rewrite.owner else ""
    what = f"{place_of(error, function)}: {described(error)}"
    return PluginError(f"the rewrite {rewrite.name}{owner} fails{where}: {what}")


def _check_interface(before: Graph, after: Graph, rewrite: GraphRewrite) -> None:
    for what in ("inputs", "outputs", "controls"):
        if getattr(before, what) != getattr(after, what):
            raise GraphError(f"the rewrite {rewrite.name} changes the {what} of the graph, which keep their names")


class _Fixpoint:
    """One rewrite on one graph: all nodes of its operations first, then only those near which something changed."""

    def __init__(self, graph: Graph, rewrite: Rewrite) -> None:
        self._graph = graph
        self._rewrite = rewrite
        self._ops = root_ops(rewrite.pattern)
        self._reach = max(1, depth(rewrite.pattern)) - 1
        self._failures: dict[str, Failure] = {}
        self._count = 0

    def run(self, budget: int) -> Rewritten:
        """At most so many matches. Readers come before what they read, so that the largest match is the one that
        counts: an activation with its bias, not the bias alone."""
        candidates = [name for name in reversed(self._graph.names_in_order) if self._is_root(self._graph.nodes[name])]
        if not candidates:
            return Rewritten(self._graph)
        edit = Edit(self._graph)
        while candidates:
            touched: set[str] = set()
            for name in candidates:
                node = edit.nodes.get(name)
                if node is not None and self._is_root(node):
                    if self._count == budget:
                        return self._result(edit, is_finished=False)
                    touched |= self._applied(edit, name)
            candidates = self._near(edit, touched)
        return self._result(edit, is_finished=True)

    def _is_root(self, node: Node) -> bool:
        return self._ops is None or node.op in self._ops

    def _applied(self, edit: Edit, name: str) -> set[str]:
        """Replaces the first match at the node that isn't refused. The names around which something changed."""
        search = Search(edit.view)
        refusal: Failure | None = None
        for found in search.matches(self._rewrite.pattern, name):
            try:
                touched = self._replaced(edit, found)
            except RewriteError as error:
                refusal = refusal or Failure(self._rewrite.name, name, str(error), _REFUSED)
            else:
                self._failures.pop(name, None)
                return touched
        if name in self._failures or len(self._failures) < MOST_FAILURES:
            self._failures[name] = refusal or Failure(self._rewrite.name, name, search.reason, search.progress)
        return set()

    def _replaced(self, edit: Edit, found: Found) -> set[str]:
        match = Match.of(found, edit.nodes)
        touched = edit.replace(match, replacement_of(self._rewrite, match))
        self._count += 1
        return touched

    def _near(self, edit: Edit, touched: set[str]) -> list[str]:
        """The nodes of whose match something that was touched could be a part, readers first."""
        near = {name for name in touched if name in edit.nodes}
        edge = near
        for _ in range(self._reach):
            edge = {reader for name in edge for reader in edit.readers[name]} - near
            near = near | edge
        roots = (name for name in near if self._is_root(edit.nodes[name]))
        return sorted(roots, key=edit.levels.__getitem__, reverse=True)

    def _result(self, edit: Edit, *, is_finished: bool) -> Rewritten:
        name = self._rewrite.name
        failures = tuple(failure for failure in self._failures.values() if failure.node in edit.nodes)
        if not self._count:
            return Rewritten(self._graph, failures=failures)
        return Rewritten(edit.graph(), {name: self._count}, failures, unfinished=() if is_finished else (name,))
