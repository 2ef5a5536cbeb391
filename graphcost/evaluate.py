"""Graph + rules -> Evaluations: the facts of every tensor, function bodies included, without running anything.

A body (the top level, or a function) is evaluated once for each distinct (function, input facts, outputs in use).
Bodies that call bodies are generators on an explicit stack, so that no depth of calls is a depth of recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Union

from graphcost.dims import Dim, Expr, symbols
from graphcost.fact import UNKNOWN, Fact, Item
from graphcost.graph import Graph, Node, TensorRef
from graphcost.infer import Problem, infer
from graphcost.passes.fold import fold
from graphcost.passes.prune import prune_body
from graphcost.report import Loop, Status
from graphcost.rule import RuleSet
from graphcost.scopes import joined
from graphcost.sizes import Sizes

ARGUMENT = "_Arg"
"""The op of a function body's inputs."""

MAX_EVALUATIONS = 20_000
"""So many distinct evaluations are made; calls past them are unknown. Real models need a few hundred."""


@dataclass(frozen=True, slots=True)
class Request:
    """A handler's wish: evaluate this function for these inputs. `used` are the outputs that anybody reads."""

    function: str
    inputs: tuple[Fact, ...]
    path: str
    used: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Binder:
    """The iteration of a loop: inside it, `symbols` vary with the counter `counter` = 0 .. trips - 1."""

    counter: str
    trips: Dim
    symbols: Mapping[str, Dim]


@dataclass(frozen=True, slots=True)
class Guard:
    """A body that runs only where the predicate has this value (0 and 1 for booleans, else a branch index)."""

    predicate: Dim
    value: int


@dataclass(frozen=True, slots=True)
class Call:
    """A body that a node runs, how often for one run of the node, and when."""

    callee: Evaluation
    times: Dim = 1
    binder: Binder | None = None
    guard: Guard | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What is known inside one body: facts, problems and calls by node, for the nodes that run.

    `symbols` are those of what is fed: a loop around the body shows inside by them alone. `function` is the
    function's name, empty for the top level.
    """

    graph: Graph
    path: str
    sizes: Sizes
    symbols: frozenset[str] = frozenset()
    facts: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    problems: Mapping[str, Problem] = field(default_factory=dict)
    calls: Mapping[str, tuple[Call, ...]] = field(default_factory=dict)
    function: str = ""

    def fact(self, ref: TensorRef) -> Fact:
        return self.facts[ref.node][ref.port] if ref.node in self.facts else UNKNOWN

    @property
    def outputs(self) -> tuple[Fact, ...]:
        return tuple(self.fact(ref) for ref in self.graph.outputs)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler makes of a node that runs bodies."""

    facts: tuple[Fact, ...]
    calls: tuple[Call, ...] = ()
    problem: Problem | None = None


@dataclass
class Run:
    """One propagation through a model: its rules and functions, and what was found on the way."""

    rules: RuleSet
    handlers: Mapping[str, Handler]
    functions: Mapping[str, Graph]
    sizes: Sizes
    warnings: dict[str, None] = field(default_factory=dict)
    loops: dict[str, Loop] = field(default_factory=dict)
    stacks: dict[Item, Fact] = field(default_factory=dict)
    memo: dict[tuple[str, tuple[Fact, ...], frozenset[int] | None], Evaluation] = field(default_factory=dict)
    bodies: dict[tuple[str, frozenset[int] | None], Graph] = field(default_factory=dict)

    def body(self, function: str, used: frozenset[int] | None) -> Graph | None:
        """The function's graph, pruned to the outputs in use; None where the file doesn't have it."""
        key = (function, used)
        if key not in self.bodies and function in self.functions:
            self.bodies[key] = fold(prune_body(self.functions[function], used))
        return self.bodies.get(key)


Steps = Generator[Request, Union[Evaluation, Problem], Evaluation]
HandlerSteps = Generator[Request, Union[Evaluation, Problem], Outcome]
Handler = Callable[["Site"], Union[Outcome, HandlerSteps]]

FUNCTION = "(a function's name)"
"""The key of the handler for nodes whose op is the name of a function."""


def evaluate(
    graph: Graph,
    names: Iterable[str],
    run: Run,
    feeds: Mapping[TensorRef, Fact],
    known: Evaluation | None = None,
) -> Evaluation:
    """Evaluates the named nodes of the top level; `known` has facts of others that they read."""
    facts = dict(known.facts) if known is not None else {}
    return _drive(_walk(Place(graph, "", run.sizes), frozenset(names), run, feeds, facts), run)


def _drive(root: Steps, run: Run) -> Evaluation:
    stack: list[tuple[Steps, Request | None]] = [(root, None)]
    answer: Evaluation | Problem | None = None
    while True:
        steps, request = stack[-1]
        try:
            wish = next(steps) if answer is None else steps.send(answer)
        except StopIteration as stop:
            evaluation: Evaluation = stop.value
            stack.pop()
            if request is not None:
                run.memo[request.function, request.inputs, request.used] = evaluation
            if not stack:
                return evaluation
            answer = evaluation
            continue
        answer = run.memo.get((wish.function, wish.inputs, wish.used)) or _refused(wish, run)
        if answer is None:
            body = run.body(wish.function, wish.used)
            assert body is not None
            feeds = dict(zip(body.inputs, wish.inputs, strict=True))
            names = frozenset(node.name for node in body.nodes.values() if node.dropped in (None, "constant"))
            place = Place(body, wish.path, run.sizes.within(wish.path), wish.function)
            steps = _walk(place, names, run, feeds, {})
            stack.append((steps, wish))


def _refused(wish: Request, run: Run) -> Problem | None:
    body = run.body(wish.function, wish.used)
    if body is None:
        return Problem(Status.NO_RULE, f"it calls the function {wish.function!r}, which isn't in the file")
    if len(body.inputs) != len(wish.inputs):
        wrong = f"it gives {len(wish.inputs)} inputs to {wish.function!r}, which takes {len(body.inputs)}"
        return Problem(Status.INVALID, wrong)
    if len(run.memo) >= MAX_EVALUATIONS:
        return Problem(Status.NO_SHAPE, f"the model needs more than {MAX_EVALUATIONS} distinct evaluations")
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """A body, and where it is called."""

    graph: Graph
    path: str
    sizes: Sizes
    function: str = ""


def _walk(
    place: Place,
    names: frozenset[str],
    run: Run,
    feeds: Mapping[TensorRef, Fact],
    facts: dict[str, tuple[Fact, ...]],
) -> Steps:
    problems: dict[str, Problem] = {}
    calls: dict[str, tuple[Call, ...]] = {}
    for node in place.graph.order:
        if node.name not in names:
            continue
        inputs = tuple(_input(ref, facts) for ref in node.inputs)
        handler = run.handlers.get(FUNCTION if node.op in run.functions else node.op)
        if handler is not None:
            handled = handler(Site(node, inputs, place, run))
            outcome = handled if isinstance(handled, Outcome) else (yield from handled)
        else:
            outcome = _inferred(node, inputs, place, run)
        facts[node.name] = _fed(node, outcome.facts, feeds)
        if outcome.problem is not None and node.op != ARGUMENT:
            problems[node.name] = outcome.problem
        if outcome.calls:
            calls[node.name] = outcome.calls
    seen = _symbols(feeds.values())
    return Evaluation(place.graph, place.path, place.sizes, seen, facts, problems, calls, place.function)


@dataclass(frozen=True, slots=True)
class Site:
    """A node that runs bodies, and where it stands."""

    node: Node
    inputs: tuple[Fact, ...]
    place: Place
    run: Run

    @property
    def sizes(self) -> Sizes:
        return self.place.sizes

    @property
    def inner_path(self) -> str:
        """The call path of the bodies that the node runs."""
        return joined(self.place.path, self.node.name)

    @property
    def used(self) -> frozenset[int]:
        """The output ports that a node that runs, or the caller, reads."""
        name = self.node.name
        graph = self.place.graph
        ports = {ref.port for ref in graph.outputs if ref.node == name}
        for reader in dict.fromkeys(graph.consumers[name]):
            node = graph.nodes[reader]
            if node.dropped is None or self.node.dropped is not None:
                ports.update(ref.port for ref in node.inputs if ref.node == name)
        return frozenset(ports)

    def unknown(self, problem: Problem) -> Outcome:
        """Nothing known of the outputs but what the file recorded."""
        return Outcome(self.filled(()), (), problem)

    def filled(self, facts: Sequence[Fact]) -> tuple[Fact, ...]:
        """The facts of the outputs, one for each; where a shape isn't known, what the file recorded."""
        recorded = infer(self.node, None, self.inputs, self.sizes).facts
        known = [*facts, *([UNKNOWN] * len(recorded))]
        return tuple(_overlay(below, fact) for below, fact in zip(recorded, known, strict=False))


def _inferred(node: Node, inputs: tuple[Fact, ...], place: Place, run: Run) -> Outcome:
    result = infer(node, run.rules.get(node.op), inputs, place.sizes)
    if result.warning is not None:
        run.warnings[joined(place.path, result.warning)] = None
    return Outcome(result.facts, (), result.problem)


def _input(ref: TensorRef, facts: Mapping[str, tuple[Fact, ...]]) -> Fact:
    return facts[ref.node][ref.port] if ref.node in facts else UNKNOWN


def _fed(node: Node, facts: tuple[Fact, ...], feeds: Mapping[TensorRef, Fact]) -> tuple[Fact, ...]:
    """The facts with what is fed laid over them: a fed tensor has no value but the one that is fed."""
    refs = [TensorRef(node.name, port) for port in range(len(facts))]
    if not any(ref in feeds for ref in refs):
        return facts
    return tuple(_overlay(fact, feeds[ref]) if ref in feeds else fact for ref, fact in zip(refs, facts, strict=True))


def _overlay(below: Fact, feed: Fact) -> Fact:
    return replace(
        feed,
        dtype=feed.dtype or below.dtype,
        shape=below.shape if feed.shape is None else feed.shape,
        element=below.element if feed.element is None else feed.element,
    )


def _symbols(facts: Iterable[Fact]) -> frozenset[str]:
    found: set[str] = set()
    for fact in facts:
        items = fact.value.items if fact.value is not None else ()
        for dim in (*(fact.shape or ()), *(item for item in items if isinstance(item, Expr))):
            found |= symbols(dim)
        if fact.element is not None:
            found |= _symbols([fact.element])
    return frozenset(found)
