"""What an operation costs: how many scalar operations of each kind, or that it does none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from math import isfinite
from operator import index

from graphcost.dims import Dim, Expr, bind
from graphcost.dims.ratio import Amount, as_quotient, quotient, round_up
from graphcost.errors import AnswerError
from graphcost.faults import shown

WHOLE = frozenset({int, bool, Expr})


@dataclass(frozen=True, slots=True, init=False)
class Cost:
    """How many scalar operations of each kind.

    `mac` is the multiply-add of a contraction; one call of exp, log, tanh, erf, pow, sin... is one
    `transcendental`; sqrt and rsqrt are one `sqrt`.

    A count is a size, or a Fraction of one, as sparsity is written. It stays one until all runs of a line are added
    up, and is rounded up then, once. Raises AnswerError for what is neither, such as a float.
    """

    mac: Dim = 0
    add: Dim = 0
    mul: Dim = 0
    div: Dim = 0
    compare: Dim = 0
    transcendental: Dim = 0
    sqrt: Dim = 0

    def __init__(
        self,
        mac: Amount = 0,
        add: Amount = 0,
        mul: Amount = 0,
        div: Amount = 0,
        compare: Amount = 0,
        transcendental: Amount = 0,
        sqrt: Amount = 0,
    ) -> None:
        for kind, count in zip(KINDS, (mac, add, mul, div, compare, transcendental, sqrt), strict=True):
            exact = count if type(count) is int or type(count) is Expr else _exact(count)
            object.__setattr__(self, kind, exact)

    @property
    def flops(self) -> Dim:
        """A multiply-add counts as two, every other operation as one."""
        total = 2 * self.mac
        for amount in (self.add, self.mul, self.div, self.compare, self.transcendental, self.sqrt):
            if amount:
                total = total + amount
        return total

    @property
    def counts(self) -> tuple[Dim, ...]:
        """How many of each kind, in the order of KINDS."""
        return self.mac, self.add, self.mul, self.div, self.compare, self.transcendental, self.sqrt

    @property
    def by_kind(self) -> dict[str, Dim]:
        return dict(zip(KINDS, self.counts, strict=True))

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(a + b for a, b in zip(self.counts, other.counts, strict=True)))

    def __mul__(self, times: Dim) -> Cost:
        # Most kinds are absent: nothing is multiplied for those.
        return Cost(*[count * times if count else 0 for count in self.counts])

    __rmul__ = __mul__

    @property
    def is_whole(self) -> bool:
        """Whether no count is a share of something."""
        return WHOLE.issuperset(map(type, self.counts))

    def whole(self) -> Cost:
        """The cost with each share rounded up."""
        return self if self.is_whole else Cost(*map(up, self.counts))

    def bind(self, bindings: Mapping[str, Dim]) -> Cost:
        if all(isinstance(count, int) for count in self.counts):
            return self
        return Cost(*(bind(count, bindings) for count in self.counts))


def up(count: Amount) -> Dim:
    """The least whole count that isn't smaller."""
    over = as_quotient(count)
    if over is None:
        raise TypeError(f"{count!r} is no count")
    return round_up(*over)


def _exact(count: object) -> Amount:
    """The count as what can be reckoned with: an int of somebody's own class as an int, for instance."""
    if isinstance(count, int):
        return int.__index__(count)
    over = as_quotient(count)
    if over is not None:
        return quotient(*over)
    try:
        return index(count)  # type: ignore[arg-type]
    except Exception:
        hint = "; use // or Fraction" if isinstance(count, float) and isfinite(count) else ""
        raise AnswerError(f"a Cost takes whole numbers or sizes, not {shown(count)}{hint}") from None


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
