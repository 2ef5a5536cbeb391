"""`graphcost ops`: what is known of each operation's cost, and which of a model's have no rule."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from graphcost.cli.options import add_limit_option, add_rules_option, told_broken, user_rules
from graphcost.cli.output import write
from graphcost.errors import UsageError
from graphcost.render.sanitize import TEXT_LIMIT, sanitize

if TYPE_CHECKING:
    from graphcost.catalog import OpEntry
    from graphcost.ops.rule import RuleSet
    from graphcost.report import Line

FORMATS = ("table", "json", "markdown")

Record = dict[str, str | int | bool]


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "ops",
        help="what is known of each operation",
        description="What is known of each operation: costed, free (it computes nothing, copies, or gives a view), "
        "opaque (the work depends on data, and has a symbol), or structural (the engine enters what it runs).",
    )
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument(
        "--missing", metavar="MODEL", help="the operations of MODEL that have no rule, with their number"
    )
    asked.add_argument("--summary", action="store_true", help="how many operations are in each state")
    parser.add_argument("--state", metavar="STATE,...", help="only those in these states, such as costed,opaque")
    parser.add_argument("--family", metavar="NAME,...", help="only those of these families, such as conv")
    parser.add_argument("--format", choices=FORMATS, default="table", help="default table")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE")
    add_limit_option(parser)
    add_rules_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    rules = user_rules(arguments.rules)
    lines: Sequence[Line] = ()
    if arguments.missing is not None:
        if arguments.state or arguments.family:
            raise UsageError(
                "--missing lists what has no rule, so no state and no family: leave --state and --family out"
            )
        lines = _lines(arguments.missing, rules, arguments.max_nodes)
        records = _missing(lines)
        none = "none: every operation has a rule\n"
    else:
        entries = _selected(rules, arguments.state, arguments.family)
        record = _record if arguments.format == "json" else _row
        records = _summary(entries) if arguments.summary else [record(entry) for entry in entries]
        none = "none: no operation of these families is in these states\n"
    write(_render(records, arguments.format, none), arguments.output)
    return told_broken(lines, arguments)


def _selected(user_rules: RuleSet, states: str | None, families: str | None) -> list[OpEntry]:
    """The operations with a rule that the filters let pass, by name."""
    from graphcost.catalog import State, catalog
    from graphcost.plugins import installed_rules

    entries = catalog(installed_rules() | user_rules)
    wanted_states = _among("state", states, (state.value for state in State))
    wanted_families = _among("family", families, (entry.family for entry in entries))
    return [entry for entry in entries if entry.state.value in wanted_states and entry.family in wanted_families]


def _among(what: str, asked: str | None, known: Iterable[str]) -> set[str]:
    """The names that are asked for, all of them without any. Raises UsageError where one isn't known."""
    names = set(known)
    if asked is None:
        return names
    wanted = {name.strip() for name in asked.split(",")}
    unknown = sorted(wanted - names)
    if unknown:
        raise UsageError(
            f"no {what} is named {', '.join(map(repr, unknown))}: it is one of {', '.join(sorted(names - {''}))}"
        )
    return wanted


def _record(entry: OpEntry) -> Record:
    """All that is known, for programs."""
    from dataclasses import asdict

    return {**asdict(entry), "state": entry.state.value}


def _row(entry: OpEntry) -> Record:
    """What people read."""
    about = "" if entry.reason == entry.kind else entry.reason
    kind = f": {entry.kind}" if entry.kind else ""
    return {
        "op": entry.op,
        "state": f"{entry.state.value}{kind}",
        "family": entry.family,
        "about": about or entry.algorithm,
    }


def _summary(entries: Sequence[OpEntry]) -> list[Record]:
    """The states, and after the free ones the three kinds of them."""
    from graphcost.catalog import State, summarize, summarize_free

    counts: list[Record] = []
    for state, number in summarize(entries).items():
        counts.append({"state": state.value, "ops": number})
        if state is State.FREE:
            counts += [
                {"state": f"{state.value}: {kind.value}", "ops": n} for kind, n in summarize_free(entries).items()
            ]
    return [*counts, {"state": "all", "ops": len(entries)}]


def _lines(model: str, rules: RuleSet, max_nodes: int | None) -> Sequence[Line]:
    from graphcost.loaders import MAX_NODES
    from graphcost.pipeline import analyze

    return analyze(model, rules=rules, max_nodes=max_nodes or MAX_NODES).lines


def _missing(lines: Iterable[Line]) -> list[Record]:
    """The operations without a rule among the nodes that run, most frequent first."""
    from graphcost.ops.status import Status

    found: dict[str, Record] = {}
    for line in lines:
        if line.status is Status.NO_RULE:
            record = found.setdefault(line.op, {"op": line.op, "nodes": 0, "first": line.node})
            record["nodes"] = int(record["nodes"]) + 1
    return sorted(found.values(), key=lambda record: (-int(record["nodes"]), str(record["op"])))


def _render(records: Sequence[Record], form: str, none: str) -> str:
    if form == "json":
        import json

        return json.dumps(list(records), indent=1) + "\n"
    if not records:
        return none
    headings = list(records[0])
    rows = [[sanitize(str(record[heading]), TEXT_LIMIT) for heading in headings] for record in records]
    return _markdown(headings, rows) if form == "markdown" else _aligned(headings, rows)


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    from graphcost.render.markdown import escape

    lines = [headings, [":--"] * len(headings), *([escape(text) for text in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _aligned(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    return "".join("  ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines)
