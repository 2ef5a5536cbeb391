"""One propagation through a model, and what a node that runs bodies sees of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Union

from graphcost.budget import shortened
from graphcost.dims import Dim
from graphcost.evaluate.evaluation import Call, Evaluation
from graphcost.evaluate.infer import Inference, Problem, infer
from graphcost.ir.graph import Graph
from graphcost.ir.literal import Item
from graphcost.ir.node import FunctionRef, Node
from graphcost.ir.scopes import joined
from graphcost.ops.fact import UNKNOWN, Fact
from graphcost.ops.rule import Rule, RuleSet
from graphcost.ops.sizes import Need, Sizes
from graphcost.passes.pipeline import BODY_PASSES, Pass, run_passes
from graphcost.passes.prune import Prune

FUNCTION = "(a function's name)"
"""The key of the handler for nodes whose op is the name of a function."""


@dataclass(frozen=True, slots=True)
class Request:
    """A handler's wish: evaluate this function for these inputs. `used` are the outputs that anybody reads."""

    function: str
    inputs: tuple[Fact, ...]
    path: str
    used: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler makes of a node that runs bodies."""

    facts: tuple[Fact, ...]
    calls: tuple[Call, ...] = ()
    problem: Problem | None = None
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class LoopTrips:
    """How often a loop's body runs; `source` is "derived", "at most" or "unknown"."""

    trips: Dim
    source: str


Steps = Generator[Request, Union[Evaluation, Problem], Evaluation]


HandlerSteps = Generator[Request, Union[Evaluation, Problem], Outcome]


Handler = Callable[["Site"], Union[Outcome, HandlerSteps]]


@dataclass
class Run:
    """One propagation through a model: its rules and functions, and what was found on the way."""

    rules: RuleSet
    handlers: Mapping[str, Handler]
    functions: Mapping[str, Graph]
    sizes: Sizes
    warnings: dict[str, None] = field(default_factory=dict)
    loops: dict[str, LoopTrips] = field(default_factory=dict)
    stacks: dict[Item, Fact] = field(default_factory=dict)
    memo: dict[tuple[str, tuple[Fact, ...], frozenset[int] | None], Evaluation] = field(default_factory=dict)
    bodies: dict[tuple[str, frozenset[int] | None], Graph] = field(default_factory=dict)
    passes: tuple[Pass, ...] = BODY_PASSES
    labels: dict[str, str] = field(default_factory=dict)
    named: Counter[str] = field(default_factory=Counter)

    def label(self, path: str, name: str) -> str:
        """A short name for the node at a call path: its own, numbered where other paths lead to one of that name."""
        if path not in self.labels:
            self.named[name] += 1
            self.labels[path] = shortened(name) + (f"#{self.named[name]}" if self.named[name] > 1 else "")
        return self.labels[path]

    def body(self, function: str, used: frozenset[int] | None) -> Graph | None:
        """The function's graph, pruned to the outputs in use; None where the file doesn't have it."""
        key = (function, used)
        if key not in self.bodies and function in self.functions:
            self.bodies[key] = run_passes(self.functions[function], (Prune(used), *self.passes))
        return self.bodies.get(key)

    def infer(self, node: Node, rule: Rule | None, inputs: Sequence[Fact], place: Place) -> Inference:
        """What the rule knows of a node's outputs; what it warns of is kept."""
        found = infer(node, rule, inputs, place.sizes)
        if found.warning is not None:
            self.warnings[joined(place.path, found.warning)] = None
        return found


@dataclass(frozen=True, slots=True)
class Place:
    """A body, and where it is called."""

    graph: Graph
    path: str
    sizes: Sizes
    function: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A node that runs bodies, and where it stands. `facts` are those of the nodes before it."""

    node: Node
    inputs: tuple[Fact, ...]
    place: Place
    run: Run
    facts: Mapping[str, tuple[Fact, ...]]

    @property
    def sizes(self) -> Sizes:
        return self.place.sizes

    @property
    def inner_path(self) -> str:
        """The call path of the bodies that the node runs."""
        return self.path_of(self.node)

    def path_of(self, node: Node) -> str:
        """The call path of the bodies that a node beside this one runs."""
        return shortened(joined(self.place.path, node.name))

    @property
    def label(self) -> str:
        """What symbols of the node are called."""
        return self.run.label(self.inner_path, self.node.name)

    @property
    def used(self) -> frozenset[int]:
        """The output ports that a node that runs, or the caller, reads."""
        name = self.node.name
        graph = self.place.graph
        ports = set(graph.output_ports.get(name, ()))
        for reader in graph.readers(name):
            ports.update(ref.port for ref in graph.nodes[reader].inputs if ref.node == name)
        return frozenset(ports)

    def function(self, attribute: str) -> str | None:
        """The function that an attribute names; None where it names none."""
        function = self.node.attrs.get(attribute)
        return function.name if isinstance(function, FunctionRef) else None

    def unknown(self, problem: Problem) -> Outcome:
        """Nothing known of the outputs but what the file recorded."""
        return Outcome(self.filled(()), (), problem)

    def filled(self, facts: Sequence[Fact]) -> tuple[Fact, ...]:
        """The facts of the outputs, one for each; where a shape isn't known, what the file recorded."""
        recorded = infer(self.node, None, self.inputs, self.sizes).facts
        known = [*facts, *([UNKNOWN] * len(recorded))]
        return tuple(laid_over(below, fact) for below, fact in zip(recorded, known, strict=False))


def laid_over(below: Fact, feed: Fact) -> Fact:
    return replace(
        feed,
        dtype=feed.dtype or below.dtype,
        shape=below.shape if feed.shape is None else feed.shape,
        element=below.element if feed.element is None else feed.element,
    )
