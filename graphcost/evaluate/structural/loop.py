"""Loops: While, in the one form that TF2 writes and that TF1's loops are raised to.

Integer scalar loop variables enter the body as symbols. What comes out tells which of them are invariant, which
step by a constant (induction variables) and which nobody can tell. Other variables' shapes are joined until they
stay; a size that grows by a constant each trip becomes a formula of the iteration.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from graphcost.dims import Dim, Expr, Shape, bind, is_at_least, least_value, symbol, symbols
from graphcost.evaluate import Binder, Call, Evaluation, HandlerSteps, LoopTrips, Outcome, Request, Site
from graphcost.evaluate.infer import Problem
from graphcost.evaluate.structural.join import join
from graphcost.evaluate.structural.recurrences import State, solved
from graphcost.evaluate.structural.simulation import simulated_trips
from graphcost.evaluate.structural.trips import Origin, Trips, trip_count
from graphcost.ir.dtypes import dtype_named
from graphcost.ir.graph import Graph
from graphcost.ir.literal import Value
from graphcost.ir.node import TensorRef
from graphcost.ops.fact import Fact
from graphcost.ops.sizes import Sizes
from graphcost.ops.status import Status

MAX_ROUNDS = 6
"""Shapes that haven't settled after so many evaluations of the body are given up as unknown."""


SUMS = frozenset(("Add", "AddV2"))
"""What counters are made by that may have their start as a lower bound."""


def loop(site: Site) -> HandlerSteps:
    """A While: the body runs for each trip, the condition once more."""
    condition, body = (site.function(which) or "" for which in ("cond", "body"))
    graph = site.run.body(body, None)
    if graph is None or len(graph.outputs) != len(site.inputs) or len(graph.inputs) != len(site.inputs):
        return site.unknown(Problem(Status.INVALID, f"its body {body!r} isn't in the file, or doesn't fit"))
    settled = yield from _settle(site, body, _entering(site, graph))
    if isinstance(settled, Problem):
        return site.unknown(settled)
    tested = yield Request(condition, settled.variables, f"{site.inner_path}/cond")
    if isinstance(tested, Problem) or not tested.graph.outputs:
        return site.unknown(tested if isinstance(tested, Problem) else Problem(Status.INVALID, "no condition"))
    counter = f"k({site.label})"
    varying = _varying(site, settled, counter)
    derived = trip_count(tested, varying, counter, site.run.rules, _origin(site, graph))
    if derived is None or not derived.is_exact:
        counted = yield from simulated_trips(site, condition, body, settled.variables)
        derived = derived if counted is None else Trips(counted, is_exact=True)
    trips, source = _trips(site, derived)
    site.run.loops[site.inner_path] = LoopTrips(trips, source)
    calls = (
        Call(settled.evaluation, binder=Binder(counter, trips, varying)),
        Call(tested, binder=Binder(counter, trips + 1, varying)),
    )
    return Outcome(site.filled(_exits(site, settled, varying, counter, trips)), calls)


@dataclass(frozen=True, slots=True)
class Settled:
    """Facts of the loop variables that hold at the start of every iteration, and the body evaluated for them."""

    variables: tuple[Fact, ...]
    evaluation: Evaluation


def _entering(site: Site, body: Graph) -> tuple[Fact, ...]:
    """The variables as they enter the body: invariants as they are, integer scalars as symbols, no other values."""
    return tuple(
        fact if passes_through(body, position) else _open(site, position, fact, _is_added_to(body, position))
        for position, fact in enumerate(site.inputs)
    )


def _open(site: Site, position: int, fact: Fact, is_added_to: bool) -> Fact:
    # The value of a list's handle, a variant, and of a growing array's flow, a float, is a length: it steps like an
    # integer.
    has_length = fact.dtype in ("variant", "float32") and fact.number is not None
    if fact.shape == Shape() and (dtype_named(fact.dtype).is_integer or has_length):
        least = 0 if fact.dtype == "variant" else None
        if is_added_to and not has_length and fact.number is not None:
            # Most counters go up. Of one that doesn't the body tells, and it is looked at once more.
            least = least_value(fact.number)
        return replace(fact, value=Value.scalar(symbol(_name(site, position), least)))
    return replace(fact, value=None)


def _name(site: Site, position: int) -> str:
    return f"value({site.label}:{position})"


def _is_added_to(body: Graph, position: int) -> bool:
    """Whether the body hands on the sum of the variable and something."""
    node = body.nodes[_source(body, body.outputs[position]).node]
    return node.op in SUMS and body.inputs[position] in [_source(body, ref) for ref in node.inputs]


def passes_through(body: Graph, position: int) -> bool:
    """Whether the body hands the variable on as it is, through nothing but Identity."""
    return _source(body, body.outputs[position]) == body.inputs[position]


def _source(body: Graph, ref: TensorRef) -> TensorRef:
    while body.nodes[ref.node].op == "Identity":
        ref = body.nodes[ref.node].inputs[0]
    return ref


def _settle(
    site: Site, body: str, variables: tuple[Fact, ...]
) -> Generator[Request, Evaluation | Problem, Settled | Problem]:
    for _ in range(MAX_ROUNDS):
        evaluation = yield Request(body, variables, f"{site.inner_path}/body")
        if isinstance(evaluation, Problem):
            return evaluation
        joined = _joined(site, variables, site.filled(evaluation.outputs))
        if joined == variables:
            return Settled(variables, evaluation)
        variables = joined
    return Problem(Status.NO_SHAPE, "the shapes of its variables never settle")


def _joined(site: Site, before: Sequence[Fact], after: Sequence[Fact]) -> tuple[Fact, ...]:
    return tuple(_join(site, position, *pair) for position, pair in enumerate(zip(before, after, strict=True)))


def _join(site: Site, position: int, before: Fact, after: Fact) -> Fact:
    """The variable at the start of any iteration. An open size that only grows by a number is settled."""
    grown = replace(after, value=before.value, dtype=before.dtype, shape=_ungrown(site, position, before, after))
    merged = join(before, grown, TensorRef(site.node.name, position), site.sizes)
    return replace(merged, value=_still_bounded(site, position, before, after))


def _still_bounded(site: Site, position: int, before: Fact, after: Fact) -> Value | None:
    """The variable's symbol; one that never falls below its start must not be seen to."""
    inside = before.number
    least = None if inside is None or before.dtype == "variant" else least_value(inside)
    if least is None or symbols(inside or 0) != {_name(site, position)}:
        return before.value
    if after.number is not None and is_at_least(after.number, least):
        return before.value
    return Value.scalar(symbol(_name(site, position), least=None))


def _ungrown(site: Site, position: int, before: Fact, after: Fact) -> Shape | None:
    if before.shape is None or after.shape is None or before.shape.rank != after.shape.rank:
        return after.shape
    ref = TensorRef(site.node.name, position)
    pairs = enumerate(zip(before.shape, after.shape, strict=True))
    return Shape(*(b if _stays(site.sizes, ref, axis, b, a) else a for axis, (b, a) in pairs))


def _stays(sizes: Sizes, ref: TensorRef, axis: int, before: Dim, after: Dim) -> bool:
    """Whether a size is open already, as one that the body gives: one that is never 0 must remain so."""
    if before == sizes.open(ref, axis):
        return is_at_least(after, 1)
    return before == sizes.open(ref, axis, least=0)


def _varying(site: Site, settled: Settled, counter: str) -> dict[str, Dim]:
    """For each symbol that stands for a loop variable, its value as a formula of the counter."""
    states = [
        state
        for position, facts in enumerate(zip(settled.variables, site.inputs, settled.evaluation.outputs, strict=True))
        for state in _states(site, position, *facts)
    ]
    return solved(states, counter)


def _states(site: Site, position: int, before: Fact, first: Fact, after: Fact) -> Iterator[State]:
    """What varies in one variable: its value, and each size that was opened."""
    inside = before.number
    name = _name(site, position)
    if isinstance(inside, Expr) and symbols(inside) == {name}:
        yield State(name, inside, first.number, after.number)
    if before.shape is None or first.shape is None or after.shape is None:
        return
    for axis, size in enumerate(before.shape):
        ref = TensorRef(site.node.name, position)
        opened = (site.sizes.open(ref, axis), site.sizes.open(ref, axis, least=0))
        if size in opened and isinstance(size, Expr) and len(symbols(size)) == 1:
            (name,) = symbols(size)
            yield State(name, size, first.shape[axis], after.shape[axis])


def _origin(site: Site, body: Graph) -> Origin:
    outside = Evaluation(site.place.graph, site.place.path, site.place.sizes, facts=site.facts)
    return lambda position: (outside, site.node.inputs[position]) if passes_through(body, position) else None


def _trips(site: Site, derived: Trips | None) -> tuple[Dim, str]:
    if derived is None:
        return symbol(f"trips({site.inner_path})", least=0), "unknown"
    return derived.count, "derived" if derived.is_exact else "at most"


def _exits(site: Site, settled: Settled, varying: Mapping[str, Dim], counter: str, trips: Dim) -> tuple[Fact, ...]:
    """The variables after the last iteration: symbols at their final value, what the loop hides opened."""
    final = {name: bind(formula, {counter: trips}) for name, formula in varying.items()}
    hidden = frozenset(_name(site, position) for position in range(len(site.inputs))) | {counter}
    return tuple(
        _exit(fact, first, final, hidden, TensorRef(site.node.name, position), site)
        for position, (fact, first) in enumerate(zip(settled.variables, site.inputs, strict=True))
    )


def _exit(
    fact: Fact, first: Fact, final: Mapping[str, Dim], hidden: frozenset[str], ref: TensorRef, site: Site
) -> Fact:
    if fact == first:
        return fact
    value = fact.number
    value = None if value is None else bind(value, final)
    known = value is not None and not (isinstance(value, Expr) and symbols(value) & hidden)
    shape = fact.shape
    if shape is not None:
        sizes = [bind(dim, final) for dim in shape]
        shape = Shape(*(site.sizes.open(ref, a) if symbols(d) & hidden else d for a, d in enumerate(sizes)))
    return replace(fact, shape=shape, value=Value.scalar(value) if known else None)
