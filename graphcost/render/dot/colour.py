"""Colours by share of the cost: one hue, from white to dark, with text that stays legible on it."""

from __future__ import annotations

from math import sqrt

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
