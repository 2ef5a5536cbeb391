"""The list of the families' operations says nothing wrong. RENEW_GOLDEN=1 in pytest's environment makes it anew."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import golden

import graphcost_rules
from graphcost import Rule, RuleSet
from graphcost_rules import RULES

FOLDER = Path(str(graphcost_rules.__file__)).parent


def families() -> Iterator[tuple[str, list[Rule]]]:
    """Each module that has a table of rules, and its rules."""
    for module in pkgutil.iter_modules(graphcost_rules.__path__):
        if not module.ispkg:
            rules = getattr(import_module(f"graphcost_rules.{module.name}"), "RULES", None)
            if isinstance(rules, RuleSet):
                yield module.name, list(rules)


def listed(rule: Rule) -> str:
    return f"{rule.op}:{rule.role.words}" if rule.role else rule.op


def lines(text: str) -> dict[str, list[str]]:
    """The operations by family, each with its role, as the list has them."""
    return {name: ops for name, *ops in map(str.split, text.splitlines())}


def test_every_operation_is_listed_where_it_is() -> None:
    """What isn't listed is found all the same, so that alone is no error: it costs the import of every family."""
    text = "".join(
        f"{name} {' '.join(map(listed, sorted(rules, key=lambda rule: rule.op)))}\n" for name, rules in families()
    )
    if os.environ.get("RENEW_GOLDEN"):
        golden.check("families.txt", text, FOLDER)
    old, known = lines((FOLDER / "families.txt").read_text(encoding="ascii")), lines(text)
    wrong = {op: name for name, ops in old.items() for op in ops if op not in known.get(name, ())}
    assert not wrong
    missing = sorted({op for ops in known.values() for op in ops} - {op for ops in old.values() for op in ops})
    if missing:
        warnings.warn(f"families.txt doesn't list {', '.join(missing)} yet: run this with RENEW_GOLDEN=1", stacklevel=1)


def test_no_operation_has_two_rules() -> None:
    times = Counter(rule.op for _, rules in families() for rule in rules)
    assert {op: n for op, n in times.items() if n > 1} == {}


def test_every_rule_knows_its_family() -> None:
    expected = {rule.op: name for name, rules in families() for rule in rules}
    assert {rule.op: rule.family for rule in RULES} == expected


def test_the_roles_that_are_listed_are_those_of_the_rules() -> None:
    script = """if True:
        from graphcost import Role
        from graphcost_rules import RULES
        listed = {role: RULES.ops_in(role) for role in Role}
        rules = list(RULES)
        assert all(listed[role] == {rule.op for rule in rules if role in (rule.role or Role.NONE)} for role in Role)
    """
    subprocess.run([sys.executable, "-c", script], check=True)


def test_only_the_families_that_are_asked_for_are_imported() -> None:
    script = """if True:
        import sys
        from graphcost import Role
        from graphcost_rules import RULES
        assert RULES.role("SaveV2") == Role.SAVER
        assert "ApplyAdam" in RULES.ops_in(Role.OPTIMIZER)
        assert not [name for name in sys.modules if name.startswith("graphcost_rules.")]
        assert RULES.get("Softmax")
        print(*sorted(name for name in sys.modules if name.startswith("graphcost_rules.")))
    """
    imported = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert "graphcost_rules.softmax" in imported
    assert len(imported) < 10
