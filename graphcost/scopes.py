"""Name scopes that read as the model's layers: without the wrappers that calls and loops put around them."""

from __future__ import annotations

import re

WRAPPER = re.compile(r"((Stateful|Stateless)?PartitionedCall|__(inference|forward|backward)_.*)(_\d+)?")
INLINED = re.compile(r"(body|cond|then|else)/_\d+(/|$)")


def scope_of(name: str) -> str:
    """The name scope that a node stands in: `a/b` of `a/b/MatMul`."""
    return name.rpartition("/")[0]


def joined(outer: str, name: str) -> str:
    """The name as seen from outside; names that carry their whole path already stay."""
    if not outer or name == outer or name.startswith(f"{outer}/"):
        return name
    return f"{outer}/{name}" if name else outer


def readable(scope: str) -> str:
    """The scope without the parts that only say how TensorFlow wrapped a call or inlined a body."""
    scope = INLINED.sub("", f"{scope}/").strip("/")
    return "/".join(part for part in scope.split("/") if not WRAPPER.fullmatch(part))


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
