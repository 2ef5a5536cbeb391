from __future__ import annotations

from graphcost.explain.docs import algorithm, first_paragraph
from graphcost.ops.cost import FREE, Cost
from graphcost.ops.op import Op
from graphcost.ops.rule import Rule


def cost(op: Op) -> Cost:
    """One addition
    for each element.

    Then nothing.
    """
    return Cost(add=op.output_size())


def test_the_first_paragraph_is_one_line() -> None:
    assert first_paragraph(cost) == "One addition for each element."


def test_a_rule_without_words() -> None:
    assert first_paragraph(None) == ""
    assert first_paragraph(lambda op: op) == ""
    assert algorithm(None) == ""
    assert algorithm(Rule("Foo")) == ""


def test_what_is_free_says_why() -> None:
    assert algorithm(Rule("Foo", cost=FREE)) == "free: moves data (copies)"
    assert algorithm(Rule("Foo", cost=cost)) == "One addition for each element."
