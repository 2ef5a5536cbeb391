"""How a drawing looks: which nodes it shows, colours by share of the cost, and what stands on boxes."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from graphcost.dims import Dim
from graphcost.evaluate import Binder, Guard
from graphcost.ir.node import Node
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.passes.fold import CONSTANT
from graphcost.render.dot.dot_graph import Drawing
from graphcost.render.numbers import human
from graphcost.report import Loop, Report


@dataclass(frozen=True, slots=True)
class Shown:
    """What a drawing leaves out. Where identities aren't drawn, edges pass through them."""

    drawing: Drawing
    rules: RuleSet

    def has(self, node: Node, dropped: str | None = None) -> bool:
        """Whether a node is drawn; `dropped` is why it doesn't run. What is computed once goes with the constants."""
        if node.op in self.rules.ops_in(Role.CONSTANT | Role.VARIABLE) or dropped == CONSTANT:
            return self.drawing.constants
        return self.drawing.identities or not self.hands_on(node)

    def hands_on(self, node: Node) -> bool:
        """Whether a node is an identity: it hands on what it reads."""
        return node.op in self.rules.ops_in(Role.IDENTITY | Role.READ)


LIGHT = (255, 247, 236)
MIDDLE = (253, 141, 60)
DARK = (153, 27, 6)
NEUTRAL = "#f7f7f7"
DROPPED = "#e4e4e4"

EQUAL_CONTRAST = 0.179
"""The luminance L that black and white text contrast with alike: (L + 0.05)^2 = 1.05 * 0.05."""


def fill(share: float | None) -> str:
    """The background for a share of the highest cost; by its square root, so that small ones differ too."""
    if not share:
        return NEUTRAL
    return _hex(_colour(share))


def ink(share: float | None) -> str:
    """The colour of text on `fill(share)`: the one of black and white that contrasts more."""
    if not share:
        return "#333333"
    return "#000000" if _luminance(_colour(share)) > EQUAL_CONTRAST else "#ffffff"


def _colour(share: float) -> tuple[int, int, int]:
    position = 2 * sqrt(min(max(share, 0.0), 1.0))
    below, above = (LIGHT, MIDDLE) if position <= 1 else (MIDDLE, DARK)
    part = position if position <= 1 else position - 1
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(below, above, strict=True))
    return red, green, blue


def _luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [c / 255 for c in colour]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


FORMULA_LIMIT = 40


def loop_title(name: str, binder: Binder, loop: Loop | None, report: Report) -> str:
    """`while, 50 times`; `loop` is what the report says of it."""
    bound = "at most " if loop is not None and loop.source == "at most" else ""
    return f"{name}, {bound}{times_text(binder.trips, report)}"


def times_text(times: Dim, report: Report) -> str:
    """`50 times`."""
    return f"{human(report.value(times), FORMULA_LIMIT)} times"


def branch_title(name: str, node: Node, guard: Guard) -> str:
    """`cond, if is_training`, or `switch, by index` where the predicate is an index."""
    return f"{name}, {'by' if _is_case(node) else 'if'} {human(guard.predicate, FORMULA_LIMIT)}"


def alternative_title(node: Node, guard: Guard, is_counted: bool) -> str:
    """Which of the branches; a report counts the most expensive way alone."""
    word = f"branch {guard.value}" if _is_case(node) else ("else", "then")[guard.value]
    return word if is_counted else f"{word}, not counted"


def _is_case(node: Node) -> bool:
    return "branches" in node.attrs
