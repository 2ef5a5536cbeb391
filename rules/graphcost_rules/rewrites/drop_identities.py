"""Drops nodes that hand a tensor on as it is."""

from __future__ import annotations

from graphcost import Match, Pattern, Rewrite, TensorRef, tensor

IDENTITIES = ("Identity", "Snapshot", "StopGradient", "PreventGradient")
BRANCHING = frozenset({"Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit"})
"""What waits for an identity behind one of these runs on one path, or in one iteration, only."""
REFERENCES = frozenset({"Variable", "VariableV2", "TemporaryVariable"})


def drop(match: Match) -> TensorRef:
    """Readers read what the identity did. Outputs of the graph stay, for their names, and reads of variables, for their
    time; so do those that wait for something, which would be lost.

    before: Relu(Identity(x))
    after:  Relu(x)
    """
    source = match.producer(match.tensor("x"))
    if source.op in BRANCHING:
        raise match.error(f"it says on which path of {source.name!r} something runs")
    if source.op in REFERENCES:
        raise match.error(f"it says when the variable {source.name!r} is read")
    return match.tensor("x")


REWRITE = Rewrite("drop_identities", Pattern(IDENTITIES, tensor("x")), drop)
