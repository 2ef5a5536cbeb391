"""The shapes of a call's outputs, as TensorFlow infers them on import: it looks into functions for shapes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from graphcost.dims import Dim, Shape
from graphcost.evaluate import FUNCTION, Run, evaluate
from graphcost.evaluate.structural.call import call
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.fact import Fact
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import Sizes

CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})


class Calls:
    """The calls of one graph. What was found of a function for equal inputs serves again."""

    def __init__(self, functions: Mapping[str, Graph], rules: RuleSet) -> None:
        self._run = Run(rules, {FUNCTION: call, **dict.fromkeys(CALLS, call)}, functions, Sizes())

    def has(self, node: Node) -> bool:
        """Whether the node calls a function whose outputs TensorFlow infers."""
        return node.op in CALLS or node.op in self._run.functions

    def outputs(self, node: Node, inputs: Sequence[Fact]) -> tuple[Fact, ...]:
        """The facts of the call's outputs."""
        arguments = [Node(f"argument {index}", "_Arg", dtypes=(fact.dtype,)) for index, fact in enumerate(inputs)]
        refs = [TensorRef(argument.name) for argument in arguments]
        alone = replace(node, inputs=tuple(refs), controls=())
        outputs = [TensorRef(node.name, port) for port in range(len(node.dtypes))]
        graph = Graph.of([*arguments, alone], inputs=refs, outputs=outputs, functions=self._run.functions)
        feeds = {ref: _named_by(ref, fact) for ref, fact in zip(refs, inputs, strict=True)}
        # The symbols of one call's arguments aren't those of another's, so no equality may outlive the call.
        apart = replace(self._run, sizes=Sizes())
        return evaluate(graph, apart, feeds).facts[node.name]


def _named_by(ref: TensorRef, fact: Fact) -> Fact:
    """The fact with its open sizes named after the argument, so that equal knowledge makes equal facts."""
    element = None if fact.element is None else _named_by(TensorRef(f"{ref.node} element"), fact.element)
    return replace(fact, shape=None if fact.shape is None else _renamed(fact.shape, ref), element=element)


def _renamed(shape: Shape, ref: TensorRef) -> Shape:
    sizes = Sizes()
    dims: list[Dim] = [dim if isinstance(dim, int) else sizes.open(ref, axis) for axis, dim in enumerate(shape)]
    return Shape(*dims)
