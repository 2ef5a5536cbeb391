"""Graph + rules -> Evaluations: the facts of every tensor, function bodies included, without running anything.

A body (the top level, or a function) is evaluated once for each distinct (function, input facts, outputs in use).
Bodies that call bodies are generators on an explicit stack, so that no depth of calls is a depth of recursion."""

from __future__ import annotations

from collections.abc import Mapping

from graphcost.budget import affords_nodes
from graphcost.evaluate.evaluation import Call, Evaluation, fact_in, symbols_of
from graphcost.evaluate.infer import Problem
from graphcost.evaluate.run import FUNCTION, Outcome, Place, Request, Run, Site, Steps, laid_over
from graphcost.ir.graph import Graph
from graphcost.ir.node import EMPTY, Node, TensorRef
from graphcost.ir.stand_ins import STAND_INS, restored
from graphcost.ops.fact import Fact
from graphcost.ops.sizes import Need
from graphcost.ops.status import Status


def evaluate(
    graph: Graph, run: Run, feeds: Mapping[TensorRef, Fact], known: Mapping[str, tuple[Fact, ...]] = EMPTY
) -> Evaluation:
    """Evaluates the top level. `known` has the facts of nodes of the graph that need not be evaluated again."""
    return _drive(_walk(Place(graph, "", run.sizes), run, feeds, dict(known)), run)


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
            place = Place(body, wish.path, run.sizes.within(wish.path), wish.function)
            steps = _walk(place, run, feeds, {})
            stack.append((steps, wish))


def _refused(wish: Request, run: Run) -> Problem | None:
    body = run.body(wish.function, wish.used)
    if body is None:
        return Problem(Status.INVALID, f"it calls the function {wish.function!r}, which isn't in the file")
    if len(body.inputs) != len(wish.inputs):
        wrong = f"it gives {len(wish.inputs)} inputs to {wish.function!r}, which takes {len(body.inputs)}"
        return Problem(Status.INVALID, wrong)
    if not affords_nodes(len(body.nodes)):
        return Problem(Status.NO_SHAPE, "the model's functions would be evaluated for too many distinct inputs")
    return None


def _walk(place: Place, run: Run, feeds: Mapping[TensorRef, Fact], facts: dict[str, tuple[Fact, ...]]) -> Steps:
    problems: dict[str, Problem] = {}
    calls: dict[str, tuple[Call, ...]] = {}
    needs: dict[str, tuple[Need, ...]] = {}
    for standing in place.graph.order:
        if standing.name in facts:
            continue
        node = restored(standing)
        inputs = tuple(fact_in(facts, ref) for ref in node.inputs)
        handler = run.handlers.get(FUNCTION if node.op in run.functions else node.op)
        if handler is not None:
            handled = handler(Site(node, inputs, place, run, facts))
            outcome = handled if isinstance(handled, Outcome) else (yield from handled)
        else:
            outcome = _inferred(node, inputs, place, run)
        facts[node.name] = _fed(node, outcome.facts, feeds)
        if standing.op in STAND_INS:
            continue
        if outcome.problem is not None:
            problems[node.name] = outcome.problem
        if outcome.calls:
            calls[node.name] = outcome.calls
        if outcome.needs:
            needs[node.name] = outcome.needs
    seen = symbols_of(feeds.values())
    return Evaluation(place.graph, place.path, place.sizes, seen, facts, problems, calls, place.function, needs)


def _inferred(node: Node, inputs: tuple[Fact, ...], place: Place, run: Run) -> Outcome:
    result = run.infer(node, run.rules.get(node.op), inputs, place)
    return Outcome(result.facts, (), result.problem, result.needs)


def _fed(node: Node, facts: tuple[Fact, ...], feeds: Mapping[TensorRef, Fact]) -> tuple[Fact, ...]:
    """The facts with what is fed laid over them: a fed tensor has no value but the one that is fed."""
    if not feeds:
        return facts
    refs = [TensorRef(node.name, port) for port in range(len(facts))]
    if not any(ref in feeds for ref in refs):
        return facts
    return tuple(laid_over(fact, feeds[ref]) if ref in feeds else fact for ref, fact in zip(refs, facts, strict=True))
