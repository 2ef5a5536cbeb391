"""Costs add up; sets of rules add up, overlay each other, and load families when they are needed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graphcost import FREE, Cost, Family, Role, Rule, RuleSet, Shape
from graphcost.errors import PluginError
from graphcost.ops.cost import Free
from graphcost.ops.rule import Override


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


def saving(*, loaded: list[str]) -> Family:
    def load() -> RuleSet:
        loaded.append("saving")
        return RuleSet(Rule("Save", cost=FREE, role=Role.SAVER), Rule("Name", cost=FREE))

    return Family("saving", ("Save", "Name"), load, roles={"Save": Role.SAVER})


def test_a_role_is_told_without_loading_its_rule() -> None:
    loaded: list[str] = []
    rules = RuleSet.of_families([saving(loaded=loaded), family("y", "C", loaded=loaded)])
    rules = (rules | RuleSet(Rule("Mine", role=Role.VARIABLE | Role.INPUT))).owned_by("pack")
    assert rules.role("Save") == Role.SAVER
    assert rules.role("Name") == rules.role("Absent") == Role.NONE
    assert rules.ops_in(Role.SAVER) == {"Save"}
    assert rules.ops_in(Role.SAVER | Role.INPUT | Role.GRADIENT) == {"Save", "Mine"}
    assert loaded == []
    assert rules.get("Save") == Rule("Save", cost=FREE, role=Role.SAVER, family="saving", owner="pack")
    assert rules.ops_in(Role.SAVER) == {"Save"}


def test_an_overlay_keeps_the_role_unless_it_gives_one() -> None:
    rules = RuleSet(Rule("A", cost=FREE, role=Role.SAVER))
    assert (rules | RuleSet(Rule("A", cost=lambda op: Cost(add=1)))).role("A") == Role.SAVER
    assert (rules | RuleSet(Rule("A", role=Role.SUMMARY))).get("A") == Rule("A", cost=FREE, role=Role.SUMMARY)
    assert (rules | RuleSet(Rule("A", role=Role.NONE))).ops_in(Role.SAVER) == frozenset()


def test_roles_are_added_to_those_that_rules_have() -> None:
    rules = RuleSet(Rule("A", role=Role.MOVE), Rule("B"), Rule("C"))
    named = rules.with_roles({Role.CAST: ("A", "B"), Role.SLICE: ("B",)})
    assert [named.role(op) for op in "ABC"] == [Role.MOVE | Role.CAST, Role.CAST | Role.SLICE, Role.NONE]
    assert [rules.with_role(Role.CAST).role(op) for op in "AB"] == [Role.MOVE | Role.CAST, Role.CAST]
    with pytest.raises(PluginError, match="no rule: Typo"):
        rules.with_roles({Role.CAST: ("Typo",)})


def test_a_role_s_words_are_read_back() -> None:
    assert (Role.ACTIVATION | Role.PROBABILITIES).words == "activation|probabilities"
    assert Role.parse("activation|probabilities") == Role.ACTIVATION | Role.PROBABILITIES


def test_an_overlay_says_what_it_overrides() -> None:
    below = RuleSet(Rule("A", shape=lambda op: [], cost=FREE)).owned_by("below")
    above = RuleSet(Rule("A", cost=lambda op: Cost(add=1), value=lambda op: [])).owned_by("above")
    rule = (below | above).get("A")
    assert rule is not None
    assert rule.overrides == (Override("below", ("cost",)),)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"op": 5}, "a Rule is for an operation's name, not 5"),
        ({"op": "A", "shape": Shape(2)}, r"the shape of A is a function of an Op, not \[2\]"),
        ({"op": "A", "value": 7}, "the value of A is a function"),
        ({"op": "A", "cost": Cost(add=1)}, r"the cost of A is a function of an Op, or FREE, not Cost\("),
        ({"op": "A", "opaque": 7}, "A is opaque for a reason in words, not 7"),
        ({"op": "A", "role": "loss"}, "the role of A is a Role, not 'loss'"),
    ],
)
def test_a_rule_is_what_it_has_to_be(fields: dict[str, object], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        Rule(**fields)  # type: ignore[arg-type]


def test_a_set_is_of_rules() -> None:
    with pytest.raises(PluginError, match="a RuleSet takes Rules, not 'A'"):
        RuleSet("A")  # type: ignore[arg-type]
