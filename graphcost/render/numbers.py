"""Numbers and formulas as people read them. Nothing here raises, however large the number."""

from __future__ import annotations

import re

from graphcost.dims import Dim, Expr, floor_div, format_dim
from graphcost.dims.polynomial import MAX_PRINTED_BITS
from graphcost.render.sanitize import ELLIPSIS, TEXT_LIMIT, head, sanitize
from graphcost.report import Unit

UNITS = ("", " k", " M", " G", " T", " P", " E")
MAX_BITS = MAX_PRINTED_BITS
"""Integers of more bits are given as a power of two: their digits help nobody, and Python may refuse to print them."""

MAX_EXACT_DIGITS = 60

MORE_TERMS = f" + {ELLIPSIS}"
MOST_SCANNED = 10_000
"""So many characters of a formula are looked at to show the first few."""

FORMULA_LIMIT = 240
"""The most characters of a formula that people are shown; JSON has all of them."""

SCOPED_SYMBOL = re.compile(r"(?<!\w)(?!(?:ceil|floor|max|min|log2)\()(\w+)\((?:[^()\s,*+]+/)+")
"""The scopes in a symbol such as `size(a/b/Tile:0,1)`, which people do without: `size(…/Tile:0,1)`."""

LEAST_ABBREVIATED = 100_000
"""Coefficients of formulas have all their digits below."""


def human(value: Dim, limit: int = 24) -> str:
    """Three significant digits and a unit: 7.72 G. A formula stays one, its first terms if it is over `limit` long."""
    if isinstance(value, int):
        return _human_number(value)
    if len(value.terms) == 1:
        (coefficient,) = value.terms.values()
        if coefficient >= LEAST_ABBREVIATED:
            return _cut(f"{_human_number(coefficient)}*{format_dim(floor_div(value, coefficient))}", limit)
    return _cut(format_dim(value), limit)


def human_in(value: Dim, unit: Unit, limit: int = 24) -> str:
    """As human(); bytes in binary units."""
    return human_bytes(value) if unit is Unit.BYTES and isinstance(value, int) else human(value, limit)


def exact(value: Dim) -> str:
    """All digits, grouped by thousands; a formula as it is, as far as it can be read."""
    if not isinstance(value, int):
        return _cut(format_dim(value), FORMULA_LIMIT)
    if value.bit_length() > MAX_BITS or value >= 10**MAX_EXACT_DIGITS:
        return _human_number(value)
    return f"{value:,}"


def human_bytes(count: int) -> str:
    """Bytes in binary units: 97.8 MiB."""
    size, unit = count, 0
    names = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
    while size >= 1024 * 1024 and unit < len(names) - 2:
        size //= 1024
        unit += 1
    if size < 1024:
        return f"{size} {names[unit]}"
    if size.bit_length() > MAX_BITS:
        return f"{_human_number(count)} B"
    return f"{size / 1024:.3g} {names[unit + 1]}" if size < 1000 * 1024 else f"{size / 1024:.0f} {names[unit + 1]}"


def share(part: Dim, whole: Dim) -> float | None:
    """part / whole, from 0 to 1; None where open symbols leave it open, or where the whole is 0.

    Formulas that are multiples of each other have a share too: 3*N is half of 6*N.
    """
    if whole == 0:
        return None
    if isinstance(part, int) and isinstance(whole, int):
        return _ratio(part, whole)
    if part == 0:
        return 0.0
    if not isinstance(part, Expr) or not isinstance(whole, Expr) or part.terms.keys() != whole.terms.keys():
        return None
    pairs = [(coefficient, whole.terms[monomial]) for monomial, coefficient in part.terms.items()]
    first, other = pairs[0]
    if any(a * other != b * first for a, b in pairs):
        return None
    return _ratio(first, other)


def percent(part: Dim, whole: Dim) -> str:
    """The share with one decimal, or nothing where it isn't known."""
    fraction = share(part, whole)
    if fraction is None:
        return ""
    if 0 < fraction < 0.0005:
        return "<0.1"
    return f"{100 * fraction:.1f}"


def _cut(formula: str, limit: int) -> str:
    """The formula where it fits; else without the scopes of its symbols, and as many whole terms as fit."""
    if len(formula) <= limit:
        return head(sanitize(formula), limit)
    text = sanitize(SCOPED_SYMBOL.sub(rf"\1({ELLIPSIS}/", formula[:MOST_SCANNED]), TEXT_LIMIT)
    if len(text) <= limit:
        return text
    end = max(text.rfind(sign, 0, limit - len(MORE_TERMS) + 1) for sign in (" + ", " - "))
    whole = text[:end]
    is_whole = end > 0 and whole.count("(") == whole.count(")")
    return f"{whole}{MORE_TERMS}" if is_whole else head(text, limit)


def _ratio(part: int, whole: int) -> float:
    """Without overflow: floats end at 2^1024."""
    shift = max(whole.bit_length(), part.bit_length()) - 1000
    if shift <= 0:
        return part / whole
    return (part >> shift) / (whole >> shift) if whole >> shift else 1.0


def _human_number(value: int) -> str:
    if value < 0:
        return f"-{_human_number(-value)}"
    if value < 1000:
        return str(value)
    if value.bit_length() > MAX_BITS:
        return format_dim(value)
    length = len(str(value))
    scale = 10 ** (length - 3)
    digits = (value + scale // 2) // scale
    if digits == 1000:
        digits, length = 100, length + 1
    group, before_point = divmod(length - 1, 3)
    text = str(digits)
    if group >= len(UNITS):
        return f"{text[0]}.{text[1:]}e{length - 1}"
    whole, fraction = text[: before_point + 1], text[before_point + 1 :]
    return f"{whole}.{fraction}{UNITS[group]}" if fraction else f"{whole}{UNITS[group]}"
