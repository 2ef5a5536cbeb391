"""Costs add up; sets of rules add up, overlay each other, and load families when they are needed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graphcost import FREE, Cost, Family, Rule, RuleSet
from graphcost.errors import PluginError
from graphcost.ops.rule import Free


def family(name: str, *ops: str, lists: tuple[str, ...] | None = None, loaded: list[str] | None = None) -> Family:
    """A family that notes in `loaded` when it is loaded, and may list other operations than it has."""

    def load() -> RuleSet:
        if loaded is not None:
            loaded.append(name)
        return RuleSet(*(Rule(op, cost=FREE) for op in ops))

    return Family(name, ops if lists is None else lists, load)


def test_costs_add_up_by_kind() -> None:
    cost = Cost(mac=3, add=1) + 2 * Cost(mac=1, sqrt=4)
    assert cost == Cost(mac=5, add=1, sqrt=8)
    assert cost.flops == 10 + 1 + 8


def test_a_family_is_loaded_when_one_of_its_operations_is_asked_for() -> None:
    loaded: list[str] = []
    rules = RuleSet.of_families([family("x", "A", "B", loaded=loaded), family("y", "C", loaded=loaded)])
    assert loaded == []
    assert rules.get("A") == Rule("A", cost=FREE, family="x")
    assert "B" in rules
    assert loaded == ["x"]
    assert [rule.op for rule in rules] == ["A", "B", "C"]
    assert loaded == ["x", "y"]


def test_an_operation_that_no_family_lists_is_looked_for_in_all() -> None:
    rules = RuleSet.of_families([family("x", "A", "New", lists=("A",)), family("y", "C")])
    assert "New" in rules
    assert rules.get("Absent") is None


def test_a_family_that_lists_nothing_is_looked_at_last() -> None:
    loaded: list[str] = []
    rules = RuleSet.of_families([family("x", "New", lists=(), loaded=loaded), family("y", "C", loaded=loaded)])
    assert "C" in rules
    assert loaded == ["y"]
    assert rules.get("New") == Rule("New", cost=FREE, family="x")
    assert rules.owned_by("me").get("New") is not None
    assert loaded == ["y", "x"]


def test_a_listed_operation_may_be_absent() -> None:
    assert RuleSet.of_families([family("x", "A", lists=("A", "Gone"))]).get("Gone") is None


@pytest.mark.parametrize(
    "overlaid",
    [
        lambda rules: rules | RuleSet(Rule("A", opaque="mine"), Rule("Z", cost=FREE)),
        lambda rules: (rules | RuleSet(Rule("A", opaque="mine"), Rule("Z", cost=FREE))).owned_by("pack"),
    ],
)
def test_an_overlay_loads_only_what_it_lies_on(overlaid: Callable[[RuleSet], RuleSet]) -> None:
    loaded: list[str] = []
    rules = overlaid(RuleSet.of_families([family("x", "A", "B", loaded=loaded), family("y", "C", loaded=loaded)]))
    assert loaded == ["x"]
    rule = rules.get("A")
    assert rule is not None
    assert isinstance(rule.cost, Free)
    assert sorted(rule.op for rule in rules) == ["A", "B", "C", "Z"]
    assert loaded == ["x", "y"]


def test_an_owner_is_given_to_what_is_loaded_later() -> None:
    rules = RuleSet.of_families([family("x", "A")]).owned_by("pack")
    assert [rule.owner for rule in rules] == ["pack"]
    with pytest.raises(PluginError, match="from pack and other"):
        rules + RuleSet(Rule("A", owner="other"))
