"""What a rule set that reproduces another tool counts for one node."""

from __future__ import annotations

from graphcost import Cost, Fact, Node, Op, RuleSet, Shape, TensorRef


def reference_count(
    rules: RuleSet, kind: str, *inputs: Shape | None, output: Shape | None = None, **attrs: object
) -> int:
    """The count for an operation on floats of these shapes. Raises what the rule raises."""
    rule = rules.get(kind)
    assert rule is not None
    assert callable(rule.cost)
    refs = tuple(TensorRef(f"x{i}") for i in range(len(inputs)))
    node = Node("node", kind, refs, attrs=attrs)  # type: ignore[arg-type]
    facts = [Fact("float32", each) for each in inputs]
    cost = rule.cost(Op(node, facts, [Fact("float32", output)]))
    assert isinstance(cost, Cost)
    assert isinstance(cost.flops, int)
    return cost.flops
