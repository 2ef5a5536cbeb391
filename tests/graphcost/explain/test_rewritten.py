"""Nodes that rewrites made, against what tf.profiler counts of those that they stand for."""

from __future__ import annotations

from pathlib import Path

import pytest
from explaining import analysed, reconciled

from graphcost.explain.node import explain_node
from graphcost.explain.reasons import ALIKE, REWRITTEN, REWRITTEN_AWAY
from graphcost.explain.reconcile import their_counts
from graphcost.explain.rewritten import what_was_rewritten
from graphcost.passes.pattern import Pattern, const, tensor
from graphcost.passes.rewrite import Match, Rewrite, RewriteSet
from graphcost.pipeline import Analysis, run_pipeline
from graphcost.plugins import installed_rules, reference_rules

TRAIN = str(Path(__file__).resolve().parents[3] / "fixtures" / "train.pb")
LAYER = """
x = Placeholder(dtype=float32, shape=<2,4>)
b = Const(value=[1.0, 2.0, 3.0, 4.0])
biased = BiasAdd(x, b, T=float32)
y = Mul(biased, biased, T=float32)
"""


def rewritten(replacement) -> Analysis:  # type: ignore[no-untyped-def]
    pattern = Pattern("BiasAdd", tensor("x"), const)
    return analysed(LAYER, "y", rewrites=RewriteSet(Rewrite("mine", pattern, replacement)))


def entries(analysis: Analysis) -> dict[str, tuple[str, int, object]]:
    found = reconciled(analysis)
    assert sum(group.theirs for group in found.groups) == sum(
        count.flops for count in their_counts(analysis, installed_rules(), reference_rules()).values()
    )
    assert sum(group.ours for group in found.groups) == found.ours  # type: ignore[misc]
    return {entry.node: (group.reason, entry.theirs, entry.ours) for group in found.groups for entry in group.entries}


def test_a_fused_node_stands_for_several() -> None:
    analysis = run_pipeline(TRAIN, rewrites=["fuse_conv_bias_activation"], shapes={"image": (1, 32, 32, 1)})
    found = entries(analysis)
    assert found["conv/Relu"] == (REWRITTEN, 51_200 + 1_024, 51_200 + 2 * 1_024)
    assert not {"conv/Conv2D", "conv/BiasAdd"} & found.keys()
    theirs = their_counts(analysis, installed_rules(), reference_rules())
    explained = explain_node(analysis, "conv/BiasAdd", theirs).theirs
    assert explained is not None
    assert (explained.flops, explained.problem) == (52_224, None)


def test_where_they_count_nothing_the_open_size_is_the_reason_and_not_the_missing_rule() -> None:
    found = entries(run_pipeline(TRAIN, rewrites=["fuse_conv_bias_activation"], batch=1))
    assert found["conv/Relu"][:2] == ("not counted, the batch is unknown", 0)


def test_what_a_rewrite_takes_away_is_not_unused() -> None:
    found = entries(rewritten(lambda match: match.tensor("x")))
    assert found == {"biased": (REWRITTEN_AWAY, 8, 0), "y": (ALIKE, 8, 8)}


def test_a_new_name_is_no_function_s() -> None:
    def renamed(match: Match):  # type: ignore[no-untyped-def]
        half = match.make("BiasAdd", match.tensor("x"), match.root.inputs[1], name=match.fresh("half"))
        return [half, match.make("Neg", half)]

    found = entries(rewritten(renamed))
    assert sum(theirs for _, theirs, _ in found.values()) == 16
    assert {reason for reason, _, _ in found.values()} <= {ALIKE, REWRITTEN, "not counted, there is no rule"}


@pytest.mark.parametrize("rewrites", [[], ["fuse_conv_bias_activation"]])
def test_without_a_match_nothing_was_made(rewrites: list[str]) -> None:
    analysis = analysed(LAYER, "y", rewrites=rewrites)
    assert what_was_rewritten(analysis, ()) == ([], frozenset())
