"""The built-in rules: a module for each family of operations, imported when one of its operations is first asked for.

`families.txt` lists each family's operations, and the role of each that has one: `Softmax:activation|probabilities`.
It is made from the modules; a test holds it against them, and renews it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from importlib import import_module
from pathlib import Path

from graphcost import Family, Role, RuleSet


def _load(family: str) -> RuleSet:
    rules = import_module(f"{__name__}.{family}").RULES
    assert isinstance(rules, RuleSet)
    return rules


def _families() -> Iterator[Family]:
    for line in Path(__file__).with_name("families.txt").read_text(encoding="ascii").splitlines():
        name, *listed = line.split()
        pairs = [each.partition(":") for each in listed]
        roles = {op: _role(words) for op, _, words in pairs if words}
        yield Family(name, tuple(op for op, _, _ in pairs), partial(_load, name), roles=roles)


@cache
def _role(words: str) -> Role:
    return Role.parse(words)


RULES = RuleSet.of_families(_families())
