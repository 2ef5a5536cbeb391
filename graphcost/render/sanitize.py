"""Text of a model made fit to show: its names come from a file that anybody may have written."""

from __future__ import annotations

NAME_LIMIT = 200
"""The most characters of a name that any sink shows."""

TEXT_LIMIT = 2000
"""The most characters of a message or a formula that any sink shows."""

ELLIPSIS = "…"


def sanitize(text: str, limit: int = NAME_LIMIT) -> str:
    """The text on one line, with every character that isn't printable spelled out, as in `\\x1b` or `\\u202e`.

    That covers control characters, escape sequences, bidirectional overrides, invisible characters and lone
    surrogates. They are spelled out, not dropped, so that two names that differ still differ. What is longer than
    `limit` loses its middle. Each format escapes its own syntax on top of this.
    """
    shown = middle(text, limit)
    if shown.isprintable():
        return shown
    return middle("".join(c if c.isprintable() else _spelled_out(c) for c in shown), limit)


def middle(text: str, limit: int) -> str:
    """The text, or its two ends where it has more than `limit` characters."""
    if len(text) <= limit:
        return text
    if limit <= 1:
        return ELLIPSIS[:limit]
    tail = (limit - 1) // 2
    return text[: limit - 1 - tail] + ELLIPSIS + text[len(text) - tail :]


def head(text: str, limit: int) -> str:
    """The text, or its beginning where it has more than `limit` characters."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + ELLIPSIS[:limit]


def _spelled_out(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
