"""The options that commands share, and the analysis that they ask for."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphcost.ir.graph import Graph
    from graphcost.ops.rule import RuleSet
    from graphcost.pipeline import Analysis
    from graphcost.preparation import Options
    from graphcost.report import Line

DEFAULT_BATCH = 1
MOST_BROKEN = 10
"""So many faults of rules are told."""
ONE_SIZE = re.compile(r"\[[0-9]+\]$")
INTEGER = re.compile(r"-?[0-9]{1,18}")


def add_model_options(parser: argparse.ArgumentParser, bare_outputs: Sequence[str] | None = None) -> None:
    """The model, and which of its questions is asked. `bare_outputs` is what `--outputs` without a name stands for."""
    parser.add_argument("model", metavar="MODEL", help="a .pb, .pbtxt, .meta, model.json or SavedModel folder")
    group = parser.add_argument_group("the model")
    group.add_argument(
        "--outputs",
        type=_names,
        nargs=None if bare_outputs is None else "?",
        const=bare_outputs,
        metavar="NAME,...",
        help="what to compute (default: found in the model)",
    )
    group.add_argument("--inputs", type=_names, default=(), metavar="NAME,...", help="tensors to take as the inputs")
    group.add_argument("--signature", metavar="NAME", help="which signature of a SavedModel")
    group.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="a tag of the SavedModel's graph; repeatable"
    )
    group.add_argument(
        "--batch",
        type=_size,
        metavar="N",
        help=f"the batch size, where the model leaves it open (default {DEFAULT_BATCH})",
    )
    group.add_argument(
        "--shape",
        action="append",
        type=_shape,
        default=[],
        metavar="NAME=1,?,3",
        help="the shape of an input; repeatable",
    )
    group.add_argument(
        "--bind",
        action="append",
        type=_binding,
        default=[],
        metavar="SYMBOL=INT",
        help="a number for a symbol; repeatable",
    )
    add_limit_option(group)
    add_rules_option(group)
    group.add_argument(
        "--rewrite",
        action="append",
        default=[],
        metavar="NAME|FILE",
        help="rewrite the graph first: by an installed rewrite, or a Python file with REWRITES (it is run); repeatable",
    )


def add_limit_option(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--max-nodes", type=_size, metavar="N", help="refuse a file with more nodes (default 5 million)"
    )


def add_rules_option(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--rules", action="append", default=[], metavar="FILE", help="a Python file with RULES (it is run); repeatable"
    )


def add_stop_option(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--stop-after", metavar="PASS", help="the graph as it is after a pass that `graphcost passes` lists, uncosted"
    )


def examine_model(arguments: argparse.Namespace) -> Analysis:
    """The analysis of the model that the arguments name. N stays open where the model can't have the default batch."""
    from graphcost.errors import ContradictionError
    from graphcost.pipeline import run_pipeline

    model, options = model_options(arguments)
    is_asked = arguments.batch is not None or options["batch"] is None
    open_batch: Options = {**options, "batch": None}
    try:
        analysis = run_pipeline(model, **options)
    except ContradictionError:
        if is_asked:
            raise
        return run_pipeline(model, **open_batch)
    return analysis if is_asked or not analysis.report.refused else run_pipeline(model, **open_batch)


def graph_after(arguments: argparse.Namespace) -> Graph:
    """The graph of the model that the arguments name, after the pass that they name."""
    from graphcost.errors import UsageError
    from graphcost.pipeline import graphs_by_step

    model, options = model_options(arguments)
    steps = {step.name: step.graph for step in graphs_by_step(model, **options)}
    if arguments.stop_after not in steps:
        raise UsageError(f"there is no pass {arguments.stop_after!r}; the passes are {', '.join(steps)}")
    return steps[arguments.stop_after]


def model_options(arguments: argparse.Namespace) -> tuple[str, Options]:
    """The model that the arguments name, and what is asked of it."""
    from graphcost.loaders import MAX_NODES

    bindings = dict(arguments.bind)
    batch = arguments.batch
    if batch is None and "N" not in bindings:
        batch = DEFAULT_BATCH
    return arguments.model, {
        "outputs": arguments.outputs or (),
        "inputs": arguments.inputs,
        "signature": arguments.signature,
        "tags": arguments.tag,
        "shapes": dict(arguments.shape),
        "bind": bindings,
        "batch": batch,
        "rules": user_rules(arguments.rules),
        "rewrites": arguments.rewrite,
        "max_nodes": arguments.max_nodes or MAX_NODES,
    }


def user_rules(paths: Sequence[str]) -> RuleSet:
    """The rules of the files, the last one on top."""
    from graphcost.ops.rule import RuleSet
    from graphcost.plugins import rules_from_file

    rules = RuleSet()
    for path in paths:
        rules = rules | rules_from_file(path)
    return rules


def told_broken(lines: Iterable[Line], arguments: argparse.Namespace) -> int:
    """Says which of the user's rules are at fault, each once, and gives the exit code for that; 0 where none is."""
    from graphcost.cli.output import warn
    from graphcost.errors import PluginError

    files = {str(Path(path)) for path in arguments.rules}
    reasons = dict.fromkeys(line.reason for line in lines if line.broken in files) if files else {}
    for reason in list(reasons)[:MOST_BROKEN]:
        warn(f"error: {reason}")
    if len(reasons) > MOST_BROKEN:
        warn(f"error: {len(reasons) - MOST_BROKEN} more like these")
    return PluginError.exit_code if reasons else 0


def count(text: str) -> int:
    """A number of rows or levels, from 0."""
    number = _integer(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is negative")
    return number


def depth(text: str) -> int:
    """A number of levels, from 1."""
    return _size(text)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} isn't a list of names such as a,b:1")
    return names


def _size(text: str) -> int:
    number = _integer(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} isn't a size: the least is 1")
    return number


def _shape(text: str) -> tuple[str, tuple[int | None, ...]]:
    """NAME=1,?,3; NAME= is the shape of a scalar."""
    name, sizes = _pair(text, "NAME=1,?,3")
    if ONE_SIZE.search(name):
        raise argparse.ArgumentTypeError(f"{text!r} names one size, which --bind takes; --shape takes NAME=1,?,3")
    parts = [part.strip() for part in sizes.strip("[]() ").split(",")] if sizes.strip("[]() ") else []
    return name, tuple(None if part in ("?", "-1", "None") else _dimension(part, text) for part in parts)


def _dimension(part: str, text: str) -> int:
    if not INTEGER.fullmatch(part) or int(part) < 0:
        raise argparse.ArgumentTypeError(f"{text!r}: {part!r} isn't a size; write a number, or ? for an open one")
    return int(part)


def _binding(text: str) -> tuple[str, int]:
    name, number = _pair(text, "SYMBOL=INT")
    return name, _integer(number)


def _pair(text: str, form: str) -> tuple[str, str]:
    """Split at the last "=": names may have one, values don't."""
    name, sign, value = text.rpartition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"{text!r} isn't of the form {form}")
    return name.strip(), value


def _integer(text: str) -> int:
    if not INTEGER.fullmatch(text.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} isn't an integer of at most 18 digits")
    return int(text)
