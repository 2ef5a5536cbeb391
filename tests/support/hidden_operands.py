"""What is hidden of a node's inputs becomes symbols, and with the true sizes these give the cost of the open node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from single_op import Operand, apply, fact

from graphcost.dims import Dim, Shape, bind, symbols
from graphcost.errors import ShapeUnknown
from graphcost.ops.cost import Cost
from graphcost.ops.fact import Fact
from graphcost.ops.rule import Rule, RuleSet

T = TypeVar("T")


def assert_same_when_told(
    rules: RuleSet,
    kind: str,
    *operands: Operand,
    counts: Mapping[str, int] | None = None,
    outputs: Sequence[Shape] | None = None,
    **attrs: Any,
) -> None:
    """Hides the value, then the rank, of each operand and of all; every kind of cost must agree once bound.

    counts: what symbols such as lines(node) stand for, by what is counted. outputs: shapes that the rule can't tell.
    """
    facts = [fact(operand) for operand in operands]
    known = apply(rules, kind, *facts, **attrs)
    assert isinstance(known.cost, Cost)
    shapes = known.shapes if outputs is None else outputs
    true = {**_sizes("input{}:0", [each.shape for each in facts]), **_sizes("node:{}", shapes)}
    true |= {f"{what}(node)": count for what, count in (counts or {}).items()}
    for hidden in each_hidden(facts, _without_value, _without_rank):
        cost = _cost(rules, kind, hidden, attrs)
        bound = Cost(**{name: _bound(count, true) for name, count in cost.by_kind.items()})
        assert bound == known.cost.bind(true), f"with {[_seen(each) for each in hidden]}: {cost}"


def _cost(rules: RuleSet, kind: str, operands: Sequence[Fact], attrs: Mapping[str, Any]) -> Cost:
    """The cost as the engine asks for it: outputs whose shape the rule can't tell have none."""
    rule = rules.get(kind)
    assert rule is not None
    forgiving = RuleSet(replace(rule, shape=_forgiving(rule), value=None))
    cost = apply(forgiving, kind, *operands, **attrs).cost
    assert isinstance(cost, Cost)
    return cost


def _forgiving(rule: Rule) -> Any:
    def shape(op: Any) -> Sequence[Shape | None]:
        assert rule.shape is not None
        try:
            return rule.shape(op)
        except ShapeUnknown:
            return [None]

    return shape


def each_hidden(operands: Sequence[T], *ways: Callable[[T], T]) -> Iterator[list[T]]:
    """In each way, what is known of one operand after the other is hidden, then of all."""
    for hide in ways:
        for i, each in enumerate(operands):
            yield [*operands[:i], hide(each), *operands[i + 1 :]]
        yield [hide(each) for each in operands]


def _without_value(given: Fact) -> Fact:
    return replace(given, value=None)


def _without_rank(given: Fact) -> Fact:
    """A handle stays a scalar, and goes on holding what it holds."""
    return given if given.dtype == "resource" else replace(given, value=None, shape=None)


def _sizes(name: str, shapes: Sequence[Shape | None]) -> dict[str, Dim]:
    """The number of elements, and the size of each axis, counted from both ends."""
    sizes: dict[str, Dim] = {}
    for i, shape in enumerate(shapes):
        if shape is None:
            continue
        ref = name.format(i)
        sizes[f"elements({ref})"] = shape.size
        for axis, size in enumerate(shape):
            sizes[f"size({ref},{axis})"] = sizes[f"size({ref},{axis - shape.rank})"] = size
    return sizes


def _bound(count: Dim, true: Mapping[str, Dim]) -> Dim:
    names = {str(name) for name in symbols(count)}
    assert names <= true.keys(), f"{names - true.keys()} in {count}"
    return bind(count, true)


def _seen(given: Fact) -> str:
    return "?" if given.shape is None else f"{given.shape}{' known' if given.value else ''}"
