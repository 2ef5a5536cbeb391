"""Names and places for new nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphcost.ir.node import Node, producers


class Names:
    """Names that are taken. New ones are the wanted name, or the first of `name_1`, `name_2`, ... that is free."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._last: dict[str, int] = {}

    def of_scope(self, scope: str, kind: str) -> str:
        """The name of a node that stands for a whole scope: the scope's own, or one inside it where that is taken."""
        return self.fresh(f"{scope}/{kind}" if scope in self._taken else scope)

    def fresh(self, wanted: str) -> str:
        """A name that nobody has; it is taken from now on."""
        name = wanted
        while name in self._taken:
            self._last[wanted] = self._last.get(wanted, 0) + 1
            name = f"{wanted}_{self._last[wanted]}"
        self._taken.add(name)
        return name


def in_file_order(nodes: Sequence[Node], known: Mapping[str, int]) -> list[Node]:
    """Nodes, given in topological order, in that of the graph that they come from: `known` has each name's place there.

    Arguments come first, as they were given. A node that is new stands right before the first of those that read it.
    """
    places: dict[str, int] = {}
    for node in reversed(nodes):
        place = known.get(node.name, places.get(node.name, len(known)))
        places[node.name] = place
        for name in producers(node):
            if name not in known:
                places[name] = min(place, places.get(name, place))
    return sorted(nodes, key=lambda node: (-1, 0) if node.op == "_Arg" else (places[node.name], node.name in known))
