"""`graphcost ops`: which operations have rules, and which of a model's have none."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from graphcost.cli.options import add_limit_option, add_rules_option, user_rules
from graphcost.cli.output import write
from graphcost.render.sanitize import sanitize

if TYPE_CHECKING:
    from graphcost.rule import Rule, RuleSet

FORMATS = ("table", "json", "markdown")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "ops",
        help="which operations have rules",
        description="The operations that have rules: costed, free, or opaque (the work depends on data).",
    )
    parser.add_argument(
        "--missing", metavar="MODEL", help="the operations of MODEL that have no rule, with their number"
    )
    parser.add_argument("--format", choices=FORMATS, default="table", help="default table")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE")
    add_limit_option(parser)
    add_rules_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    rules = user_rules(arguments.rules)
    records = _known(rules) if arguments.missing is None else _missing(arguments.missing, rules, arguments.max_nodes)
    write(_render(records, arguments.format), arguments.output)
    return 0


Record = dict[str, str | int]


def _known(user_rules: RuleSet) -> list[Record]:
    from graphcost.plugins import installed_rules

    ordered = sorted(installed_rules() | user_rules, key=lambda rule: rule.op)
    return [
        {
            "op": rule.op,
            "state": state(rule),
            "shape": "rule" if rule.shape else "",
            "value": "rule" if rule.value else "",
            "owner": rule.owner,
            "reason": _reason(rule),
        }
        for rule in ordered
    ]


def state(rule: Rule) -> str:
    """What is known of the operation's cost: costed, free, opaque, or no cost."""
    from graphcost.rule import Free

    if rule.cost is None:
        return "no cost"
    if isinstance(rule.cost, Free):
        return "free"
    return "opaque" if rule.opaque else "costed"


def _reason(rule: Rule) -> str:
    from graphcost.rule import Free

    return rule.cost.reason if isinstance(rule.cost, Free) else rule.opaque or ""


def _missing(model: str, rules: RuleSet, max_nodes: int | None) -> list[Record]:
    """The operations without a rule among the nodes that run, most frequent first."""
    from graphcost.analyze import analyze
    from graphcost.load import MAX_NODES
    from graphcost.report import Status

    report = analyze(model, rules=rules, max_nodes=max_nodes or MAX_NODES)
    found: dict[str, Record] = {}
    for line in report.lines:
        if line.status is Status.NO_RULE:
            record = found.setdefault(line.op, {"op": line.op, "nodes": 0, "first": line.node})
            record["nodes"] = int(record["nodes"]) + 1
    return sorted(found.values(), key=lambda record: (-int(record["nodes"]), str(record["op"])))


def _render(records: Sequence[Record], form: str) -> str:
    if form == "json":
        import json

        return json.dumps(list(records), indent=1) + "\n"
    if not records:
        return "none: every operation has a rule\n"
    headings = list(records[0])
    rows = [[sanitize(str(record[heading])) for heading in headings] for record in records]
    if form == "markdown":
        return _markdown(headings, rows)
    return _aligned(headings, rows)


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    from graphcost.render.markdown import escape

    lines = [headings, [":--"] * len(headings), *([escape(text) for text in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _aligned(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    return "".join("  ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines)
