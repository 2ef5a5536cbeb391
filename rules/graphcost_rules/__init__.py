"""The built-in rules: a module for each family of operations, imported when one of its operations is first asked for.

`families.txt` lists each family's operations, so that only those are imported that are needed, and the role of each
that has one: `Softmax:activation|probabilities`. A test makes it from the modules, and renews it:
`RENEW_GOLDEN=1 pytest tests/graphcost_rules/test_families.py`. What it doesn't list yet is found all the same, after
every family is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from graphcost import Family, Role, RuleSet


def _load(family: str) -> RuleSet:
    """The table of a module, which is empty for one that other families share."""
    rules = getattr(import_module(f"{__name__}.{family}"), "RULES", RuleSet())
    assert isinstance(rules, RuleSet)
    return rules


def _families() -> Iterator[Family]:
    text = Path(__file__).with_name("families.txt").read_text(encoding="ascii")
    listed = {name: words for name, *words in map(str.split, text.splitlines())}
    modules = (module.name for module in iter_modules(__path__) if not module.ispkg)
    for name in dict.fromkeys((*listed, *modules)):
        pairs = [each.partition(":") for each in listed.get(name, ())]
        roles = {op: _role(words) for op, _, words in pairs if words}
        yield Family(name, tuple(op for op, _, _ in pairs), partial(_load, name), roles=roles)


@cache
def _role(words: str) -> Role:
    return Role.parse(words)


RULES = RuleSet.of_families(_families())
