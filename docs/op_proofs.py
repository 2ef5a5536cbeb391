"""Which costs the tests prove, and why the others aren't proven."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graphcost.ops.rule import Rule
from graphcost_rules import RULES

REASONS = Path(__file__).with_name("unproven.toml")
MOST_UNPROVEN = 0.05
KERNEL = "kernel"

Record = Mapping[str, Mapping[str, str]]
"""By operation and test file whose numbers its algorithm gave: the kernel's, or another implementation's."""


@dataclass(frozen=True)
class Proof:
    """The test that proves a cost, or the operation whose rule is the same function, or why there is no proof."""

    test: str = ""
    shares: str = ""
    lacks: str = ""
    has_kernel: bool = True


def recorded(folder: Path) -> Record:
    """What a run of the tests with GRAPHCOST_PROOFS=folder has proven."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for file in sorted(folder.glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            op, test, numbers = line.split("\t")
            if found[op].get(test) != KERNEL:
                found[op][test] = numbers
    return found


def find_proofs(record: Record) -> dict[str, Proof]:
    """The proof of every rule that tells a cost. Operations that share a function share its proof."""
    costed = {rule.op: rule for rule in RULES if callable(rule.cost)}
    by_function = {costed[op].cost: op for op in sorted(record, reverse=True) if op in costed}
    reasons = _reasons()
    return {op: _proof(rule, record, by_function, reasons) for op, rule in costed.items()}


def problems(proofs: Mapping[str, Proof]) -> list[str]:
    """Where the reasons aren't those of what is unproven, and whether that is too much."""
    missing = {op for op, proof in proofs.items() if proof.lacks}
    different = sorted(missing ^ set(_reasons()))
    found = []
    if different:
        found.append(f"docs/unproven.toml differs from what the tests leave unproven: {', '.join(different)}")
    if len(missing) >= MOST_UNPROVEN * len(proofs):
        found.append(f"{len(missing)} of {len(proofs)} costs are unproven")
    return found


def _proof(rule: Rule, record: Record, by_function: Mapping[object, str], reasons: Mapping[str, str]) -> Proof:
    if rule.op in record:
        tests = record[rule.op]
        with_kernel = sorted(test for test, numbers in tests.items() if numbers == KERNEL)
        return Proof(test=(with_kernel or sorted(tests))[0], has_kernel=bool(with_kernel))
    if rule.cost in by_function:
        return Proof(shares=by_function[rule.cost])
    return Proof(lacks=reasons.get(rule.op, "no reason is given"))


def _reasons() -> Mapping[str, str]:
    groups = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    return {op: reason for reason, ops in groups.items() for op in ops}
