"""What an operation costs: how many scalar operations of each kind, or that it does none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum

from graphcost.dims import Dim, bind


@dataclass(frozen=True, slots=True)
class Cost:
    """How many scalar operations of each kind.

    `mac` is the multiply-add of a contraction; one call of exp, log, tanh, erf, pow, sin... is one
    `transcendental`; sqrt and rsqrt are one `sqrt`.
    """

    mac: Dim = 0
    add: Dim = 0
    mul: Dim = 0
    div: Dim = 0
    compare: Dim = 0
    transcendental: Dim = 0
    sqrt: Dim = 0

    @property
    def flops(self) -> Dim:
        """A multiply-add counts as two, every other operation as one."""
        total = 2 * self.mac
        for amount in (self.add, self.mul, self.div, self.compare, self.transcendental, self.sqrt):
            if amount:
                total = total + amount
        return total

    @property
    def by_kind(self) -> dict[str, Dim]:
        return {kind: getattr(self, kind) for kind in KINDS}

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(a + b for a, b in zip(self.by_kind.values(), other.by_kind.values(), strict=True)))

    def __mul__(self, times: Dim) -> Cost:
        # Most kinds are absent: nothing is multiplied for those.
        return Cost(*[count * times if (count := getattr(self, kind)) else 0 for kind in KINDS])

    __rmul__ = __mul__

    def bind(self, bindings: Mapping[str, Dim]) -> Cost:
        counts = [getattr(self, kind) for kind in KINDS]
        if all(isinstance(count, int) for count in counts):
            return self
        return Cost(*(bind(count, bindings) for count in counts))


KINDS = tuple(field.name for field in fields(Cost))

NOTHING = Cost()


class FreeKind(Enum):
    """What an operation without arithmetic does to memory, in general: a kernel may do with less in lucky cases.

    COMPUTES_NOTHING: no tensor's elements are read or written, as for a handle, a check, or a shape, which is known
    without its tensor. COPIES: the outputs are new memory, which is written, from inputs or afresh. VIEW: the outputs
    are the memory of inputs or of what is held, under another shape or name.
    """

    COMPUTES_NOTHING = "computes nothing"
    COPIES = "copies"
    VIEW = "view"


@dataclass(frozen=True, slots=True)
class Free:
    """The state of an operation that does no arithmetic, with the reason, and what it does to memory.

    Where a rule doesn't say, its outputs are taken to be written.
    """

    reason: str
    kind: FreeKind = FreeKind.COPIES

    def __str__(self) -> str:
        return self.reason if self.reason == self.kind.value else f"{self.reason} ({self.kind.value})"


COMPUTES_NOTHING = Free("computes nothing", FreeKind.COMPUTES_NOTHING)

COPIES = Free("copies", FreeKind.COPIES)

VIEW = Free("view", FreeKind.VIEW)

FREE = Free("moves data")
"""For rules that don't tell which of the three it is."""
