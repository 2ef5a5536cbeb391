from __future__ import annotations

import pytest

from graphcost.render.dot.style import NEUTRAL, fill, ink


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("share", [None, *(i / 50 for i in range(51))])
def test_text_is_legible(share: float | None) -> None:
    light, dark = sorted((luminance(fill(share)), luminance(ink(share))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_dearer_is_darker() -> None:
    shades = [luminance(fill(i / 100)) for i in range(1, 101)]
    assert shades == sorted(shades, reverse=True)


def test_nothing_is_neutral() -> None:
    assert fill(None) == fill(0.0) == NEUTRAL
