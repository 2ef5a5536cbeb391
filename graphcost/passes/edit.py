"""A graph under rewriting: replaces matches one by one, and refuses what would break the graph.

Each node has a level above those of all that it reads or waits for. A replacement can only make a cycle through nodes
whose levels are at most those of what it reads, so nothing else is looked at; levels leave room between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from graphcost.errors import RewriteError
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef, producers
from graphcost.passes.control_flow.naming import in_file_order
from graphcost.passes.pattern import View, asked_for
from graphcost.passes.rewrite import Match, Replacement

_ROOM = 1 << 20
_LOOPS_BACK = frozenset({"NextIteration", "RefNextIteration"})


class Edit:
    """The nodes of a graph, their readers and levels, while they change."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._asked = asked_for(graph)
        self._asked_refs: dict[str, dict[TensorRef, None]] = {}
        for ref in (*graph.inputs, *graph.outputs):
            self._asked_refs.setdefault(ref.node, {})[ref] = None
        self.nodes: dict[str, Node] = dict(graph.nodes)
        self.readers: dict[str, dict[str, None]] = {name: dict.fromkeys(graph.readers(name)) for name in graph.nodes}
        self.levels = {node.name: index * _ROOM for index, node in enumerate(graph.order)}
        self.view = View(self.nodes, self.readers, self._asked)

    def graph(self) -> Graph:
        """The graph as it is now: nodes in the order of the file, a new one before the first that reads it."""
        known = {name: index for index, name in enumerate(self._graph.nodes)}
        ordered = sorted(self.nodes.values(), key=lambda node: self.levels[node.name])
        return Graph.of(
            in_file_order(ordered, known),
            inputs=self._graph.inputs,
            outputs=self._graph.outputs,
            functions=self._graph.functions,
            controls=self._graph.controls,
        )

    def replace(self, match: Match, replacement: Replacement) -> set[str]:
        """Puts the replacement in the place of the match; gives the names around which other matches may now appear.

        Raises RewriteError, and changes nothing, where that would leave a broken graph or change what others read.
        """
        return self._commit(_Change(self, match, replacement).checked())

    def asked_refs(self, name: str) -> Iterable[TensorRef]:
        """The tensors of the node that the graph names as its inputs and outputs."""
        return self._asked_refs.get(name, ())

    def is_fixed(self, name: str) -> bool:
        """Whether the graph itself names the node, so that it stays whoever reads it."""
        return name in self._asked

    def _commit(self, change: _Change) -> set[str]:
        touched: set[str] = set()
        changed = {**change.moved, **change.new}
        for name in change.gone:
            self._forget(name, touched)
            del self.nodes[name], self.readers[name], self.levels[name]
        for name, node in changed.items():
            if name in self.nodes:
                self._forget(name, touched)
            self.nodes[name] = node
            self.readers.setdefault(name, {})
        for name, node in changed.items():
            for producer in producers(node):
                self.readers[producer][name] = None
        self._raise_levels(change)
        return {name for name in touched if name in self.nodes} | set(changed)

    def _forget(self, name: str, touched: set[str]) -> None:
        """Takes the node from the readers of what it reads; what is left with one reader may match now."""
        for producer in producers(self.nodes[name]):
            readers = self.readers.get(producer)
            if readers is not None:
                readers.pop(name, None)
                if len(readers) <= 1:
                    touched.add(producer)

    def _raise_levels(self, change: _Change) -> None:
        for name in change.new:
            self.levels[name] = -1
        pending = [*change.new, *change.moved]
        while pending:
            name = pending.pop()
            least = max((self.levels[above] + 1 for above in self._before(name)), default=0)
            if self.levels[name] < least:
                self.levels[name] = least
                if self.nodes[name].op not in _LOOPS_BACK:
                    pending.extend(self.readers[name])

    def _before(self, name: str) -> Iterator[str]:
        return (above for above in producers(self.nodes[name]) if self.nodes[above].op not in _LOOPS_BACK)


class _Change:
    """One replacement, thought through before anything is changed.

    `new` are the nodes that come, `moved` the readers that read another tensor from now on, `gone` the names that go.
    """

    def __init__(self, edit: Edit, match: Match, replacement: Replacement) -> None:
        self._edit = edit
        self._match = match
        self._tensors = replacement.tensors
        self._matched = {node.name for node in match.nodes}
        self.new = self._named(replacement.nodes)
        self.moved: dict[str, Node] = {}
        self.gone: set[str] = set()

    def checked(self) -> _Change:
        """The change, complete. Raises RewriteError where it can't be made."""
        self._check_refs()
        self._move_readers()
        self.gone = self._unread()
        if self._keep_controls():
            self.gone = self._unread()
        self.moved = {name: node for name, node in self.moved.items() if name not in self.gone}
        self._check_matched()
        self._check_readers()
        self._check_cycles()
        self._trace_origins()
        return self

    def _named(self, nodes: Iterable[Node]) -> dict[str, Node]:
        table: dict[str, Node] = {}
        for node in nodes:
            if node.name in table:
                raise self._error(f"two new nodes are named {node.name!r}")
            if node.name in self._edit.nodes and node.name not in self._matched:
                raise self._error(f"there is a node {node.name!r} already, outside of the match")
            table[node.name] = node
        return table

    def _check_refs(self) -> None:
        for node in self.new.values():
            for ref in node.inputs:
                self._check_ref(ref, f"the new node {node.name!r} reads")
            for name in node.controls:
                if self._later(name) is None:
                    raise self._error(f"the new node {node.name!r} waits for {name!r}, which isn't in the graph")
        for old, ref in self._tensors.items():
            self._check_ref(ref, "it is to be replaced by")
            if old.node not in self._matched:
                raise self._error(f"{str(old)!r}, which is to be replaced, isn't part of the match")
            if old in self._edit.asked_refs(old.node):
                raise self._error(f"{str(old)!r} is an input or output of the graph and keeps its name")
            self._check_dtype(old, ref)

    def _check_ref(self, ref: TensorRef, reader: str) -> None:
        node = self._later(ref.node)
        if node is None:
            raise self._error(f"{reader} {str(ref)!r}, which isn't in the graph")
        if not 0 <= ref.port < len(node.dtypes):
            raise self._error(f"{reader} output {ref.port} of {ref.node!r} ({node.op}), which has {len(node.dtypes)}")

    def _check_dtype(self, old: TensorRef, new: TensorRef) -> None:
        before = self._edit.nodes[old.node].dtypes
        node = self._later(new.node)
        after = None if node is None else node.dtypes[new.port]
        if old.port < len(before) and None not in (before[old.port], after) and before[old.port] != after:
            raise self._error(f"{str(old)!r} is {before[old.port]}, and what replaces it is {after}")

    def _later(self, name: str) -> Node | None:
        """The node of that name once the change is made."""
        return self.new.get(name) or self.moved.get(name) or self._edit.nodes.get(name)

    def _move_readers(self) -> None:
        read = {name for node in self.new.values() for name in producers(node)}
        for old in dict.fromkeys(ref.node for ref in self._tensors):
            readers = [name for name in self._edit.readers[old] if name not in self.new]
            for name in readers:
                node = self.moved.get(name) or self._edit.nodes[name]
                self.moved[name] = replace(node, inputs=tuple(self._tensors.get(ref, ref) for ref in node.inputs))
            read.update(ref.node for name in readers for ref in self.moved[name].inputs)
            if old not in self.new and old not in read:
                heir = min((ref, new) for ref, new in self._tensors.items() if ref.node == old)[1].node
                for name in readers:
                    node = self.moved[name]
                    waits = dict.fromkeys(heir if control == old else control for control in node.controls)
                    self.moved[name] = replace(node, controls=tuple(waits))
        self.moved = {name: node for name, node in self.moved.items() if node != self._edit.nodes[name]}

    def _unread(self) -> set[str]:
        """What nobody reads any more: the match, and what only it needed."""
        gone: set[str] = set()
        read = {name for node in self.new.values() for name in producers(node)}
        read.update(ref.node for ref in self._tensors.values())
        pending = [*self._matched, *(name for node in self._match.nodes for name in producers(node))]
        while pending:
            name = pending.pop()
            if name in gone or name in read or name in self.new or self._edit.is_fixed(name):
                continue
            if not any(reader not in gone and self._reads(reader, name) for reader in self._edit.readers[name]):
                gone.add(name)
                pending.extend(producers(self._edit.nodes[name]))
        return gone

    def _reads(self, reader: str, name: str) -> bool:
        node = self._later(reader)
        return node is not None and name in producers(node)

    def _keep_controls(self) -> bool:
        """Lets new nodes wait for what the nodes that go waited for. Whether any had to."""
        kept = False
        for node in self._match.nodes:
            if node.name not in self.gone and node.name not in self.new:
                continue
            waits = [name for name in node.controls if name not in self._matched]
            if waits:
                heir = self._heir(node)
                missing = [name for name in waits if name not in heir.controls]
                self.new[heir.name] = replace(heir, controls=(*heir.controls, *missing))
                kept = kept or bool(missing)
        return kept

    def _heir(self, node: Node) -> Node:
        """The new node that stands where the node stood, or where the root did."""
        root = self._match.root.name
        instead = self._tensors.get(TensorRef(root))
        for name in (node.name, root, "" if instead is None else instead.node):
            if name in self.new:
                return self.new[name]
        raise self._error(f"{node.name!r} waits for {node.controls[0]!r}, and no new node in its place would")

    def _check_matched(self) -> None:
        root = self._match.root.name
        if root not in self.new and root not in self.gone:
            raise self._error("nothing takes its place: it is still read, or asked for by the graph")
        for name in self._matched & self.new.keys() - {root}:
            other = next((reader for reader in self._edit.readers[name] if self._survives(reader)), None)
            if other is not None or self._edit.is_fixed(name):
                raise self._error(f"{name!r} can't be replaced: {other or 'the graph itself'} reads it too")

    def _survives(self, name: str) -> bool:
        return name not in self.gone and name not in self.new

    def _check_readers(self) -> None:
        """Who reads a node that another one takes the place of finds the same ports, of the same dtypes."""
        for name in self.new.keys() & self._edit.nodes.keys():
            for reader in filter(self._survives, self._edit.readers[name]):
                for ref in self._edit.nodes[reader].inputs:
                    if ref.node == name and ref not in self._tensors:
                        self._check_ref(ref, f"{reader!r} reads")
                        self._check_dtype(ref, ref)
            for ref in self._edit.asked_refs(name):
                self._check_ref(ref, "the graph asks for")
                self._check_dtype(ref, ref)

    def _check_cycles(self) -> None:
        """Goes from what changed to what reads it, as far as that can lead back to what the change reads."""
        read = {name for node in self.new.values() for name in producers(node)}
        read.update(ref.node for ref in self._tensors.values())
        limit = max((self._edit.levels[name] for name in read if name not in self.new), default=-1)
        readers = self._new_readers()
        finished: set[str] = set()
        for start in (*self.new, *self.moved):
            if start not in finished:
                self._walk(start, limit, readers, finished)

    def _walk(self, start: str, limit: int, new: Mapping[str, list[str]], finished: set[str]) -> None:
        path = {start: None}
        pending = [self._next(start, limit, new)]
        while pending:
            name = next(pending[-1], None)
            if name is None:
                pending.pop()
                finished.add(path.popitem()[0])
            elif name in path:
                raise self._error(f"the replacement would make a cycle through {name!r}")
            elif name not in finished:
                path[name] = None
                pending.append(self._next(name, limit, new))

    def _next(self, name: str, limit: int, new: Mapping[str, list[str]]) -> Iterator[str]:
        node = self._later(name)
        if node is None or node.op in _LOOPS_BACK:
            return
        yield from new.get(name, ())
        for reader in self._edit.readers.get(name, ()):
            if self._survives(reader) and reader not in self.moved and self._edit.levels[reader] <= limit:
                yield reader

    def _new_readers(self) -> dict[str, list[str]]:
        readers: dict[str, list[str]] = {}
        for node in (*self.new.values(), *self.moved.values()):
            for name in producers(node):
                readers.setdefault(name, []).append(node.name)
        return readers

    def _trace_origins(self) -> None:
        """A new node stands for all that it replaces, in the names of the file."""
        replaced = [node for node in self._match.nodes if node.name in self.gone or node.name in self.new]
        origins = tuple(dict.fromkeys(name for node in replaced for name in node.origins or (node.name,)))
        self.new = {name: replace(node, origins=origins) for name, node in self.new.items()}

    def _error(self, reason: str) -> RewriteError:
        return self._match.error(reason)
