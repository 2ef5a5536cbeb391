"""Which costs are formulas though nothing is known of the operands but their dtypes.

What a rule can say of operands of unknown rank today it shall say tomorrow: blind_costs.txt lists the operations. To
make the list anew takes a minute:

    python tests/support/blind_costs.py
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from drawn_calls import Drawer
from drawn_sketches import DrawnCall
from node_defs import op_defs
from rank_checks import DRAWS, is_taken
from shape_function import Tensor, rule_node, tensor_fact
from shape_hints import EXEMPT, hint_of

from graphcost import Cost, Fact, Op, RuleError, ShapeUnknown
from graphcost.ops.sizes import Sizes
from graphcost_rules import RULES

FILE = Path(__file__).with_suffix(".txt")


def read_blind_costs() -> frozenset[str]:
    """The operations that the file lists."""
    return frozenset(FILE.read_text(encoding="ascii").split())


def blind_cost(call: DrawnCall) -> Cost | None:
    """The cost of a call of whose operands the dtypes alone are known; None where the rule can't tell it."""
    rule = RULES.get(call.kind)
    assert rule is not None
    assert callable(rule.cost)
    hidden = [Tensor(given.dtype, None) for given in call.inputs]
    node, sizes = rule_node(call.kind, hidden, call.lists, **call.attrs), Sizes()
    inputs = [*map(tensor_fact, hidden, node.inputs)]
    try:
        shapes = rule.shape(Op(node, inputs, sizes=sizes)) if rule.shape is not None else [None] * len(node.dtypes)
    except ShapeUnknown:
        shapes = [None] * len(node.dtypes)
    outputs = [Fact(dtype, shape) for dtype, shape in zip(node.dtypes, shapes, strict=True)]
    try:
        return rule.cost(Op(node, inputs, outputs, sizes))
    except (ShapeUnknown, RuleError):
        return None


def costed_ops() -> Sequence[str]:
    """The operations whose cost is a function of their operands, and of which calls can be drawn."""
    drawn = [rule.op for rule in RULES if rule.shape and callable(rule.cost)]
    return sorted(op for op in drawn if op in op_defs() and op not in EXEMPT)


def is_told(kind: str) -> bool:
    """Whether the cost is told for each of a few calls."""
    drawer, random = Drawer(kind, hint_of(kind), is_taken), Random(kind)
    calls = [call for call in (drawer.draw(random) for _ in range(DRAWS)) if call is not None]
    return bool(calls) and all(blind_cost(call) is not None for call in calls)


if __name__ == "__main__":
    FILE.write_text("".join(f"{kind}\n" for kind in costed_ops() if is_told(kind)), encoding="ascii")
