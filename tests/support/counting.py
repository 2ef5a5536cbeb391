"""Arithmetic that counts itself: naive reference algorithms run on it, and their tallies are held against the rules."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from graphcost.rule import Cost


class Tally:
    """Performs scalar operations and counts them by kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    @property
    def cost(self) -> Cost:
        """What was performed so far."""
        return Cost(**self.counts)

    def mac(self, total: float, a: float, b: float) -> float:
        self.counts["mac"] += 1
        return total + a * b

    def add(self, a: float, b: float) -> float:
        self.counts["add"] += 1
        return a + b

    def sub(self, a: float, b: float) -> float:
        self.counts["add"] += 1
        return a - b

    def mul(self, a: float, b: float) -> float:
        self.counts["mul"] += 1
        return a * b

    def div(self, a: float, b: float) -> float:
        self.counts["div"] += 1
        return a / b

    def max(self, a: float, b: float) -> float:
        self.counts["compare"] += 1
        return max(a, b)

    def min(self, a: float, b: float) -> float:
        self.counts["compare"] += 1
        return min(a, b)

    def less(self, a: float, b: float) -> bool:
        self.counts["compare"] += 1
        return a < b

    def call(self, function: Callable[..., float], *operands: float) -> float:
        """One call of a library function such as math.exp."""
        self.counts["transcendental"] += 1
        return function(*operands)

    def sqrt(self, a: float) -> float:
        self.counts["sqrt"] += 1
        return math.sqrt(a)

    def rsqrt(self, a: float) -> float:
        self.counts["sqrt"] += 1
        return 1 / math.sqrt(a)

    def sum(self, items: Sequence[float]) -> float:
        """The sum of n items by n - 1 additions."""
        total = items[0]
        for item in items[1:]:
            total = self.add(total, item)
        return total
