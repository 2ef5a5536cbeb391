"""Rules that the user brought: which found nothing, and which took the place of others."""

from __future__ import annotations

from pathlib import Path

from graphcost.ops.cost import Cost
from graphcost.ops.rule import Rule, RuleSet
from graphcost.pipeline import analyze
from graphcost.report import Overridden, Unmatched

TRAIN = str(Path(__file__).resolve().parents[3] / "fixtures" / "train.pb")


def mine(*ops: str) -> RuleSet:
    return RuleSet(*(Rule(op, cost=lambda op: Cost(add=1)) for op in ops)).owned_by("mine")


def test_what_no_node_has_is_named() -> None:
    report = analyze(TRAIN, rules=mine("Relu", "Rotary"))
    assert report.unmatched == (Unmatched("Rotary", "mine"),)
    assert report.to_dict()["rules"]["unmatched"] == [{"op": "Rotary", "owner": "mine"}]


def test_what_was_overridden_is_named() -> None:
    report = analyze(TRAIN, rules=mine("Relu", "Rotary"))
    assert report.overridden == (Overridden("Relu", "mine", "graphcost", ("cost",)),)
    assert report.to_dict()["rules"]["overridden"] == [
        {"op": "Relu", "owner": "mine", "overrides": "graphcost", "aspects": ["cost"]}
    ]


def test_a_rule_for_what_does_not_run_matches_but_changes_nothing() -> None:
    report = analyze(TRAIN, rules=mine("ResourceApplyAdam"))
    assert (report.unmatched, report.overridden) == ((), ())


def test_two_files_are_both_named() -> None:
    both = mine("Relu") | RuleSet(Rule("Relu", cost=lambda op: Cost(add=2), shape=lambda op: [op.input()])).owned_by(
        "b"
    )
    report = analyze(TRAIN, rules=both)
    assert report.overridden == (
        Overridden("Relu", "b", "mine", ("cost",)),
        Overridden("Relu", "b", "graphcost", ("shape", "cost")),
    )


def test_without_rules_of_the_user_nothing_is_said() -> None:
    report = analyze(TRAIN)
    assert (report.unmatched, report.overridden) == ((), ())
    assert "rules" not in report.to_dict()
