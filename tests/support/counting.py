"""Arithmetic that counts itself: naive reference algorithms run on it, and their tallies are held against the rules."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from optional_tensorflow import Unknown
from proofs import record

from graphcost.ops.cost import Cost, Free

NOTHING = "nothing"
NOT_COMPARED = "counts are held against the rule, numbers aren't compared with TensorFlow's: it isn't installed"


class NotCompared(UserWarning):
    """The numbers of a naive algorithm weren't compared with those of TensorFlow's kernel."""


class Tally:
    """Performs scalar operations and counts them by kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.numbers = ""

    @property
    def cost(self) -> Cost:
        """What was performed so far."""
        return Cost(**self.counts)

    def gives(self, ours: Any, kernels: Any, *, tolerance: float = 1e-4) -> None:
        """Fails unless the numbers that were computed are those of TensorFlow's kernel.

        Where there is no TensorFlow it warns that they weren't compared; then proves() holds the counts alone.
        """
        self._compare(ours, kernels, tolerance, "kernel")

    def agrees(self, ours: Any, theirs: Any, *, tolerance: float = 1e-4) -> None:
        """Fails unless the numbers that were computed are those of another implementation, where no kernel runs."""
        self._compare(ours, theirs, tolerance, self.numbers or "another implementation")

    def proves(self, kind: str, cost: Cost | Free | None) -> None:
        """Fails unless the counts are the cost that the rule of `kind` gives. What was computed is checked before."""
        assert self.numbers, "the numbers that were computed are compared with nothing: see gives() and agrees()"
        assert cost == self.cost, f"{kind} costs {cost}, the algorithm counts {self.cost}"
        if self.numbers != NOTHING:
            record(kind, self.numbers)

    def _compare(self, ours: Any, theirs: Any, tolerance: float, whose: str) -> None:
        import numpy as np

        if isinstance(theirs, Unknown):
            warnings.warn(NOT_COMPARED, NotCompared, stacklevel=1)
            self.numbers = NOTHING
            return
        np.testing.assert_allclose(_plain(ours), _plain(theirs), rtol=tolerance, atol=tolerance)
        self.numbers = whose

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


def _plain(numbers: Any) -> Any:
    import numpy as np

    array = np.asarray(numbers)
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
