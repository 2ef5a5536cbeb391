"""The states that nodes end in."""

from __future__ import annotations

from graphcost.ops.status import Status


def test_only_what_is_costed_or_free_is_known() -> None:
    assert {status for status in Status if status.is_known} == {Status.COSTED, Status.FREE}


def test_states_read_as_words() -> None:
    assert [str(status) for status in Status] == ["costed", "free", "no rule", "no shape", "invalid"]
