"""The state that a node ends in."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The one state that every node ends in."""

    COSTED = "costed"
    FREE = "free"
    NO_RULE = "no rule"
    NO_SHAPE = "no shape"
    INVALID = "invalid"

    @property
    def is_known(self) -> bool:
        """Whether the cost is known, so that the node counts as covered."""
        return self in (Status.COSTED, Status.FREE)
