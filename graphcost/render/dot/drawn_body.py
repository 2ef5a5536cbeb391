"""A body that is drawn: where it stands, and what its inputs are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from graphcost.evaluate import Evaluation
from graphcost.ir.node import Node, TensorRef
from graphcost.ir.scopes import joined, readable
from graphcost.render.dot.dot_graph import Scope


class Endpoint(NamedTuple):
    """A vertex that gives a tensor, and the tensor where its facts are."""

    vertex: str
    evaluation: Evaluation
    ref: TensorRef

    def port(self, port: int) -> Endpoint:
        """Another output of the vertex."""
        return self._replace(ref=self.ref._replace(port=port))


@dataclass(frozen=True, slots=True)
class DrawnBody:
    """A body to be drawn. `scope` leads to it in the report's terms, `boxes` are what stands around it."""

    evaluation: Evaluation
    scope: str
    boxes: Scope
    arguments: Mapping[TensorRef, Endpoint]

    def inner(self, name: str) -> tuple[str, Scope]:
        """A scope of the body as it reads from outside, and the boxes that it stands for."""
        scope = readable(joined(self.scope, name))
        inside = scope[len(self.scope) :] if scope.startswith(self.scope) else scope
        return scope, (*self.boxes, *(part for part in inside.split("/") if part))

    def line(self, node: Node) -> str:
        """What the report's lines call the node."""
        return joined(self.evaluation.path, node.name)
