"""Name scopes that read as the model's layers: without the wrappers that calls and loops put around them."""

from __future__ import annotations

import re

WRAPPER = re.compile(r"((Stateful|Stateless)?PartitionedCall|__(inference|forward|backward)_.*)(_\d+)?")
BODY = re.compile(r"body|cond|then|else|branch_\d+")
INLINED = re.compile(r"(?:body|cond|then|else)/_\d+(?:/|$)")
MOST_REPEATED = 32
MOST_INLINED = 24
"""So many parts, and bodies inside each other, are looked at in one name; hostile names have thousands."""


def scope_of(name: str) -> str:
    """The name scope that a node stands in: `a/b` of `a/b/MatMul`."""
    return name.rpartition("/")[0]


def joined(outer: str, name: str) -> str:
    """The name as seen from outside; what it repeats of the path to a loop or branch is said once.

    Bodies often name their nodes as the model does, so `a/rnn/while/body` and `rnn/while/MatMul` are
    `a/rnn/while/MatMul`.
    """
    if not outer or name == outer or name.startswith(f"{outer}/"):
        return name
    base, _, word = outer.rpartition("/")
    repeated = _overlap(base, name) if BODY.fullmatch(word) else ""
    if repeated:
        return f"{base}{name[len(repeated) :]}"
    return f"{outer}/{name}" if name else outer


def _overlap(base: str, name: str) -> str:
    """The longest scope, of not too many parts, that ends the one path and begins the other."""
    parts = base.rsplit("/", MOST_REPEATED)[-MOST_REPEATED:]
    scopes = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((scope for scope in scopes if scope and name.startswith(f"{scope}/")), "")


def readable(scope: str) -> str:
    """The scope without the parts that only say how TensorFlow wrapped a call or inlined a body.

    An inlined body repeats where it stands, as in `a/while/body/_1/a/while/cell`; that is said once.
    """
    outer, *bodies = INLINED.split(f"{scope}/", MOST_INLINED)
    for body in bodies:
        outer = outer.rstrip("/")
        outer = f"{outer}/{body[len(_overlap(outer, body)) :].lstrip('/')}"
    return "/".join(part for part in outer.split("/") if part and not WRAPPER.fullmatch(part))


def common(first: str | None, second: str) -> str:
    """The scope that both scopes lie in; `first` is None before there is any."""
    if first is None or first == second:
        return second
    shared: list[str] = []
    for a, b in zip(first.split("/"), second.split("/"), strict=False):
        if a != b:
            break
        shared.append(a)
    return "/".join(shared)
