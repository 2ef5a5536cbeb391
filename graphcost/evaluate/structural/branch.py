"""Branches: If, Case and their like. A known predicate selects its branch; else every branch is evaluated, guarded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from graphcost.dims import Dim, Expr, dim_max, dim_min, symbol
from graphcost.evaluate import Call, Evaluation, Guard, HandlerSteps, Outcome, Request, Site
from graphcost.evaluate.infer import Problem
from graphcost.evaluate.structural.join import join
from graphcost.evaluate.structural.trips import COMPARISONS
from graphcost.ir.dtypes import dtype_named
from graphcost.ir.literal import Value
from graphcost.ir.node import FunctionRef, TensorRef
from graphcost.ir.scopes import joined
from graphcost.ir.stand_ins import DEAD
from graphcost.ops.fact import UNKNOWN, Fact
from graphcost.ops.status import Status


def branch(site: Site) -> HandlerSteps:
    """The outputs are what all branches that may run agree on."""
    functions = _branches(site)
    if not functions or not site.inputs:
        return site.unknown(Problem(Status.INVALID, "it names no branches"))
    if _is_split(site) and len(site.inputs) != 1 + len(functions):
        return site.unknown(
            Problem(Status.INVALID, f"it has {len(site.inputs)} inputs, not a predicate and one for each branch")
        )
    predicate = _predicate(site)
    chosen = range(len(functions)) if isinstance(predicate, Expr) else [_index(site, predicate, len(functions))]
    calls: list[Call] = []
    for index in chosen:
        path = f"{site.inner_path}/{_word(site, index)}"
        operands = _operands(site, index)
        arguments = tuple(site.inputs[position] for position in operands)
        evaluation = yield Request(functions[index], arguments, path, site.used)
        if isinstance(evaluation, Problem):
            return site.unknown(evaluation)
        guard = Guard(predicate, _value(site, index)) if len(chosen) > 1 else None
        calls.append(Call(evaluation, guard=guard, operands=operands))
    agreed = _agreed(site, [call.callee for call in calls])
    if len(calls) == 2 and not _is_case(site):
        agreed = _with_extrema(site, agreed, *(call.callee.outputs for call in calls))
    return Outcome(site.filled(agreed), tuple(calls))


def _branches(site: Site) -> list[str]:
    """The functions by branch index: for an If the then branch first."""
    attrs = site.node.attrs
    first, second = ("func_true", "func_false") if _is_split(site) else ("then_branch", "else_branch")
    given = attrs.get("branches") if _is_case(site) else (attrs.get(first), attrs.get(second))
    if not isinstance(given, tuple):
        return []
    names = [ref.name for ref in given if isinstance(ref, FunctionRef)]
    return names if len(names) == len(given) else []


def _operands(site: Site, index: int) -> tuple[int, ...]:
    """The positions of the inputs that a branch reads, behind the predicate."""
    return (1 + index,) if _is_split(site) else tuple(range(1, len(site.inputs)))


def _predicate(site: Site) -> Dim:
    """The predicate's value: a number where it is known, else the symbol that tells it from other predicates."""
    item = site.inputs[0].item
    if isinstance(item, float):
        return int(item != 0)
    if item is None:
        return symbol(f"pred({joined(site.place.path, str(_origin(site)))})", least=0)
    return int(item) if isinstance(item, (bool, int)) else site.sizes.resolve(item)


def _origin(site: Site) -> TensorRef:
    """The tensor that the predicate is, seen through Identity, so that branches on one predicate agree."""
    ref = site.node.inputs[0]
    nodes = site.place.graph.nodes
    while nodes[ref.node].op == "Identity" and nodes[ref.node].inputs:
        ref = nodes[ref.node].inputs[0]
    return ref


def _is_split(site: Site) -> bool:
    """Whether each branch has an input of its own."""
    return site.node.op == "RiscCondition"


def _is_case(site: Site) -> bool:
    return "branches" in site.node.attrs


def _index(site: Site, predicate: Dim, count: int) -> int:
    """The branch that a known predicate selects; a Case runs its last branch for an index out of range."""
    assert isinstance(predicate, int)
    if not _is_case(site):
        return 0 if predicate else 1
    return predicate if 0 <= predicate < count else count - 1


def _value(site: Site, index: int) -> int:
    """The value of the predicate for which the branch runs."""
    return index if _is_case(site) else 1 - index


def _word(site: Site, index: int) -> str:
    return f"branch_{index}" if _is_case(site) else ("then", "else")[index]


def _agreed(site: Site, evaluations: Sequence[Evaluation]) -> tuple[Fact, ...]:
    """What the branches that compute an output agree on."""
    outputs = [_computed(evaluation) for evaluation in evaluations]
    facts = []
    for port, alternatives in enumerate(zip(*outputs, strict=False)):
        alive = [fact for fact in alternatives if fact is not None]
        fact = alive[0] if alive else UNKNOWN
        for other in alive[1:]:
            fact = join(fact, other, TensorRef(site.node.name, port), site.sizes)
        facts.append(fact)
    return tuple(facts)


def _with_extrema(
    site: Site, agreed: Sequence[Fact], then: Sequence[Fact], otherwise: Sequence[Fact]
) -> tuple[Fact, ...]:
    """The outputs; a number on which the branches differ is their maximum or minimum where the predicate compares both.

    So older versions of TensorFlow make a list longer: if index >= length, to index + 1.
    """
    above = _distance(site)
    if above is None:
        return tuple(agreed)
    triples = zip(agreed, then, otherwise, strict=True)
    return tuple(fact if fact.value == a.value else _extremum(fact, a, b, above) for fact, a, b in triples)


def _extremum(fact: Fact, then: Fact, otherwise: Fact, above: Dim) -> Fact:
    """`above` is an integer that isn't negative where the first branch runs.

    Where that is the difference of both numbers, or one less, the greater one is taken; of its negative the less.
    """
    a, b = then.number, otherwise.number
    if a is None or b is None:
        return fact
    if a - b - above in (0, 1):
        return replace(fact, value=Value.scalar(dim_max(a, b)))
    return replace(fact, value=Value.scalar(dim_min(a, b))) if b - a - above in (0, 1) else fact


def _distance(site: Site) -> Dim | None:
    """What isn't negative where the predicate, a comparison of integers, holds; None where it is something else."""
    node = site.place.graph.nodes[_origin(site).node]
    if node.op not in COMPARISONS or len(node.inputs) != 2:
        return None
    facts = [site.facts[ref.node][ref.port] for ref in node.inputs if ref.node in site.facts]
    numbers = [fact.number for fact in facts if dtype_named(fact.dtype).is_integer]
    if len(numbers) != 2 or None in numbers:
        return None
    smaller, larger, may_equal = COMPARISONS[node.op]
    return (numbers[larger] or 0) - (numbers[smaller] or 0) - 1 + may_equal


def _computed(evaluation: Evaluation) -> tuple[Fact | None, ...]:
    """The outputs of a branch; None for those that only another branch computes."""
    nodes = evaluation.graph.nodes
    return tuple(None if nodes[ref.node].op == DEAD else evaluation.fact(ref) for ref in evaluation.graph.outputs)
