"""Another tool's count: what TensorFlow knows of a graph as it imports it, and what a rule set makes of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from graphcost.dims import Dim, Expr, Shape
from graphcost.evaluate import FUNCTION, Run, evaluate, fact_in
from graphcost.evaluate.infer import Problem, guarded, infer
from graphcost.evaluate.structural.call import call
from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape, Value
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.cost import Free
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import Sizes
from graphcost.ops.status import Status

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


Facts = Mapping[str, tuple[Fact, ...]]


def facts_on_import(graph: Graph, rules: RuleSet, feeds: Mapping[TensorRef, Fact]) -> Facts:
    """The facts of every node of the top level, dropped or not. `feeds` are shapes laid over the placeholders'.

    Each node is looked at once, in order: what comes round a loop is unknown. An open size isn't told from another,
    so that what a later node says of one teaches nothing of others.
    """
    facts: dict[str, tuple[Fact, ...]] = {}
    calls = Calls(graph.functions, rules)
    for node in graph.order:
        inputs = [fact_in(facts, ref) for ref in node.inputs]
        if calls.has(node):
            inferred = calls.outputs(node, inputs)
        else:
            inferred = infer(node, rules.get(node.op), inputs, Sizes()).facts
        facts[node.name] = tuple(
            _told(node, port, _fed(fact, feeds.get(TensorRef(node.name, port))), inputs, rules.role(node.op))
            for port, fact in enumerate(inferred)
        )
    return facts


def _fed(fact: Fact, feed: Fact | None) -> Fact:
    return fact if feed is None or feed.shape is None else replace(fact, shape=feed.shape, value=None)


def _told(node: Node, port: int, fact: Fact, inputs: Sequence[Fact], role: Role) -> Fact:
    """The fact without what only graphcost knows."""
    ref = TensorRef(node.name, port)
    return Fact(
        dtype=fact.dtype,
        shape=_without_symbols(fact.shape, _recorded(node, port), ref),
        value=_followed(fact.value, inputs, role),
        element=None if fact.element is None else _element(fact.element, ref),
    )


def _without_symbols(shape: Shape | None, recorded: tuple[int, ...] | None, ref: TensorRef) -> Shape | None:
    """Each symbol is the tensor's own, unless the file recorded a number for it."""
    if shape is None or shape.is_static:
        return shape
    sizes = Sizes()
    known = recorded if recorded is not None and len(recorded) == len(shape) else (-1,) * len(shape)
    pairs = enumerate(zip(shape, known, strict=True))
    return Shape(*(_number(dim, number, sizes.open(ref, axis)) for axis, (dim, number) in pairs))


def _number(dim: Dim, recorded: int, otherwise: Dim) -> Dim:
    if isinstance(dim, int):
        return dim
    return recorded if recorded >= 0 else otherwise


def _recorded(node: Node, port: int) -> tuple[int, ...] | None:
    shapes = node.attrs.get("_output_shapes")
    if not isinstance(shapes, tuple) or port >= len(shapes):
        return None
    shape = shapes[port]
    return shape.dims if isinstance(shape, PartialShape) else None


def _followed(value: Value | None, inputs: Sequence[Fact], role: Role) -> Value | None:
    """What TensorFlow has of a value: it follows that of some ops in part, and runs others on what it wholly knows."""
    if value is None:
        return None
    told = Value(value.shape, tuple(None if isinstance(item, Expr) else item for item in value.items))
    can_run = Role.MEASURED in role or all(fact.value is not None and fact.value.is_known for fact in inputs)
    return told if Role.FOLLOWED in role or (told.is_known and can_run) else None


def _element(element: Fact, ref: TensorRef) -> Fact:
    return Fact(element.dtype, _without_symbols(element.shape, None, ref))


@dataclass(frozen=True, slots=True)
class Count:
    """What the tool counts for one node, or why it counts nothing."""

    flops: int
    problem: Problem | None = None


def together(counts: Iterable[Count]) -> Count:
    """The count of several nodes, and where it is nothing, why: a missing rule says the least."""
    counts = tuple(counts)
    flops = sum(count.flops for count in counts)
    problems = sorted(
        (count.problem for count in counts if count.problem is not None),
        key=lambda problem: problem.status is Status.NO_RULE,
    )
    return Count(flops, problems[0] if problems and flops == 0 else None)


def counts(graph: Graph, facts: Facts, reference: RuleSet) -> Mapping[str, Count]:
    """The count of every node of the top level. A node counts where all that its rule asks for is a number."""
    return {node.name: _count(node, facts, reference) for node in graph.nodes.values()}


def _count(node: Node, facts: Facts, reference: RuleSet) -> Count:
    rule = reference.get(node.op)
    if rule is None or rule.cost is None or isinstance(rule.cost, Free):
        return Count(0, Problem(Status.NO_RULE, "it has no rule"))
    cost_rule = rule.cost
    inputs = [fact_in(facts, ref) for ref in node.inputs]
    flops = guarded(lambda: cost_rule(Op(node, inputs, facts[node.name], Sizes())).flops)
    if isinstance(flops, Problem):
        return Count(0, flops)
    if not isinstance(flops, int):
        return Count(0, Problem(Status.NO_SHAPE, "a size is open"))
    return Count(flops)
