"""Runs a small graph on numbers, functions included, and counts how often each node runs."""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphcost.ir.graph import Graph
from graphcost.ir.literal import Literal
from graphcost.ir.node import FunctionRef, Node, TensorRef
from graphcost.ir.stand_ins import COPY, DEAD, restored

NOTHING = object()
"""What a branch that isn't taken gives: whoever reads it doesn't run."""

Fallback = Callable[[Node, Sequence[Any]], Sequence[Any]]

SCALARS: Mapping[str, Callable[..., Any]] = {
    "Add": operator.add,
    "AddV2": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Neg": operator.neg,
    "Square": lambda x: x * x,
    "Less": operator.lt,
    "Greater": operator.gt,
    "Equal": operator.eq,
    "FloorMod": operator.mod,
    "LogicalAnd": lambda a, b: a and b,
    "LogicalNot": operator.not_,
    "Identity": lambda x: x,
    "LoopCond": lambda x: x,
}


@dataclass
class Interpreter:
    """Runs graphs; `runs` counts the runs of each node by name, copies left out. `fallback` runs other ops."""

    functions: Mapping[str, Graph]
    fallback: Fallback | None = None
    runs: Counter[str] = field(default_factory=Counter)
    stacks: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    arrays: dict[str, list[Any]] = field(default_factory=dict)

    def run(self, graph: Graph, feeds: Mapping[TensorRef, Any]) -> list[Any]:
        """The outputs of the graph; what they and its controls don't need doesn't run."""
        needed = graph.ancestors([*(ref.node for ref in graph.outputs), *graph.controls])
        values: dict[TensorRef, Any] = dict(feeds)
        gone: set[str] = set()
        for node in graph.order:
            if node.name not in needed or TensorRef(node.name) in feeds:
                continue
            inputs = [values[ref] for ref in node.inputs]
            absent = node.op == DEAD or (node.op != "ControlTrigger" and any(name in gone for name in node.controls))
            if node.op not in ("If", "While"):
                absent = absent or any(value is NOTHING for value in inputs)
            if absent:
                gone.add(node.name)
                results: Sequence[Any] = [NOTHING] * len(node.dtypes)
            else:
                self.runs[node.name] += node.op != COPY
                results = self._results(restored(node), inputs)
            values.update((TensorRef(node.name, port), value) for port, value in enumerate(results))
        return [values[ref] for ref in graph.outputs]

    def _results(self, node: Node, inputs: Sequence[Any]) -> Sequence[Any]:
        if node.op == "Const":
            return [_constant(node)]
        if node.op in SCALARS and not (self.fallback and node.op not in ("Identity", "LoopCond")):
            return [SCALARS[node.op](*inputs)]
        if node.op in ("NoOp", "ControlTrigger"):
            return []
        if node.op == "IdentityN":
            return inputs
        if node.op == "If":
            branch = "then_branch" if inputs[0] else "else_branch"
            return self._call(node, branch, inputs[1:])
        if node.op == "While":
            while self._call(node, "cond", inputs)[0]:
                inputs = self._call(node, "body", inputs)
            return inputs
        if node.op in ("StackV2", "StackPushV2", "StackPopV2"):
            return self._stack(node, inputs)
        if node.op.startswith("TensorArray"):
            return self._array(node, inputs)
        assert self.fallback is not None, node
        return self.fallback(node, inputs)

    def _call(self, node: Node, attr: str, inputs: Sequence[Any]) -> list[Any]:
        ref = node.attrs[attr]
        assert isinstance(ref, FunctionRef)
        body = self.functions[ref.name]
        return self.run(body, dict(zip(body.inputs, inputs, strict=True)))

    def _stack(self, node: Node, inputs: Sequence[Any]) -> Sequence[Any]:
        if node.op == "StackV2":
            return [self._handle(node)]
        stack = self.stacks[inputs[0]]
        if node.op == "StackPushV2":
            stack.append(inputs[1])
            return [inputs[1]]
        return [stack.pop()]

    def _handle(self, node: Node) -> str:
        """Each run of a node makes a new stack or array."""
        return f"{node.name} {self.runs[node.name]}"

    def _array(self, node: Node, inputs: Sequence[Any]) -> Sequence[Any]:
        """TensorArrays as lists under their handle; a flow is 0."""
        if node.op == "TensorArrayV3":
            handle = self._handle(node)
            self.arrays[handle] = [0] * int(inputs[0])
            return [handle, 0.0]
        array = self.arrays[inputs[0]]
        match node.op:
            case "TensorArrayWriteV3":
                array[int(inputs[1])] = inputs[2]
            case "TensorArrayScatterV3":
                for index, value in zip(inputs[1], inputs[2], strict=True):
                    array[int(index)] = value
            case "TensorArrayReadV3":
                return [array[int(inputs[1])]]
            case "TensorArrayGatherV3":
                return [[array[int(index)] for index in inputs[1]]]
            case "TensorArraySizeV3":
                return [len(array)]
        return [0.0]


def interpret(
    graph: Graph, feeds: Mapping[str, Any] | None = None, fallback: Fallback | None = None
) -> tuple[list[Any], Counter[str]]:
    """The values of the outputs, and how often each node ran."""
    interpreter = Interpreter(graph.functions, fallback)
    given = {TensorRef(name): value for name, value in (feeds or {}).items()}
    outputs = interpreter.run(graph, given)
    return outputs, interpreter.runs


def _constant(node: Node) -> Any:
    literal = node.attrs["value"]
    assert isinstance(literal, Literal), node
    assert literal.value is not None, node
    return literal.value.items[0] if literal.shape == () else list(literal.value.items)
