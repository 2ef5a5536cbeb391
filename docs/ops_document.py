"""The text of docs/ops.md: a section for each family, a row for each operation."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module

from node_defs import op_defs
from op_examples import Example, example
from op_proofs import Proof
from shape_deviations import DEVIATIONS
from shape_hints import EXEMPT, hint_of

from graphcost.catalog import ENGINE, OpEntry, catalog, summarize, summarize_free
from graphcost.ops.cost import Free, FreeKind
from graphcost.render.markdown import escape
from graphcost_rules import RULES

INTRODUCTION = """# Operations

Made by `python docs/make_ops.py` from the rules and from what their tests prove; don't edit it.

An example has a letter for each size, and those attributes that aren't defaults; it is drawn from the operation's
definition. `operations` are those of one run, a multiply-add being two; a symbol of data stands as in a report, without
the node's name. The proof of a cost is a test in which a naive algorithm counts itself: its numbers are those of
TensorFlow's kernel, its counts are the rule's. Shapes are held against TensorFlow's shape function by
[test_drawn_shapes.py](../tests/graphcost_rules/test_drawn_shapes.py).
"""
WORDS = {
    FreeKind.COMPUTES_NOTHING: "compute nothing",
    FreeKind.COPIES: "write new memory (copies)",
    FreeKind.VIEW: "give a view of what is there",
}
HEADINGS = ("op", "state", "example", "outputs", "operations", "algorithm", "proof")


def text(proofs: Mapping[str, Proof]) -> str:
    return "".join(f"{line}\n" for line in _lines(catalog(RULES), proofs))


def compare(old: str, new: str) -> tuple[str, list[str]]:
    """The first line of an old page that a new one doesn't have, and the operations that the old one lacks.

    Counts at the top are those of the operations that a page has, so they aren't compared.
    """
    lines, known = frozenset(new.splitlines()), _operations(old)
    sections = "".join(old.partition("\n## ")[1:]).splitlines()
    different = (line for line in sections if line not in lines)
    return next(different, ""), [op for op in _operations(new) if op not in known]


def _operations(page: str) -> dict[str, None]:
    """The operations that have a row, in order."""
    return dict.fromkeys(re.findall(r"^\| `(\w+)`", page, flags=re.MULTILINE))


def _lines(entries: Sequence[OpEntry], proofs: Mapping[str, Proof]) -> Iterator[str]:
    yield INTRODUCTION
    missing = sum(bool(proof.lacks) for proof in proofs.values())
    without = sum(not proof.has_kernel for proof in proofs.values())
    yield f"Of {len(proofs)} costs {missing} are unproven and say why; {without} are proven without a kernel's numbers."
    yield ""
    yield from _table(["state", "operations"], ([state.value, str(n)] for state, n in summarize(entries).items()))
    kinds = ", ".join(f"{n} {WORDS[kind]}" for kind, n in summarize_free(entries).items())
    yield ""
    yield f"Of the free ones {kinds}."
    families: defaultdict[str, list[OpEntry]] = defaultdict(list)
    for entry in entries:
        families[entry.family].append(entry)
    for family in sorted(families, key=lambda name: (name == ENGINE, name)):
        yield from ("", f"## {family}", "", _about(family), "")
        yield from _table(HEADINGS, (_row(entry, proofs.get(entry.op)) for entry in families[family]))


def _about(family: str) -> str:
    module = "graphcost.evaluate.structural" if family == ENGINE else f"graphcost_rules.{family}"
    return " ".join((import_module(module).__doc__ or "").partition("\n\n")[0].split())


def _row(entry: OpEntry, proof: Proof | None) -> list[str]:
    shown = _example(entry.op)
    why = str(Free(entry.reason, FreeKind(entry.kind))) if entry.kind else entry.reason
    state = f"{entry.state.value}: {why}" if why else entry.state.value
    proven = [] if proof is None else [_proven(proof)]
    if entry.op in DEVIATIONS:
        proven.append(f"shape: {escape(DEVIATIONS[entry.op].why)}")
    codes = [_code(part) for part in (shown.call, shown.outputs, shown.operations)]
    return [_code(entry.op), escape(state), *codes, escape(entry.algorithm), "; ".join(proven)]


def _proven(proof: Proof) -> str:
    if proof.lacks:
        return f"**unproven**: {escape(proof.lacks)}"
    if proof.shares:
        return f"as {_code(proof.shares)}"
    link = f"[{escape(proof.test)}](../tests/graphcost_rules/{proof.test})"
    return link if proof.has_kernel else f"{link}, no kernel"


def _example(op: str) -> Example:
    rule = RULES.get(op)
    if rule is None or op not in op_defs() or op in EXEMPT:
        return Example("", "")
    return example(rule, hint_of(op)) or Example("", "")


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (headings, [":--"] * len(headings), *rows):
        yield f"| {' | '.join(row)} |"


def _code(part: str) -> str:
    return f"`{part.replace('|', '/')}`" if part else ""
