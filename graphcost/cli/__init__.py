"""The command line: arguments in, exit code out. One module for each command; none imports what it doesn't need yet.

Exit codes: 0 fine; 2 usage; 3 the model is missing or can't be read; 4 incomplete under --strict; 70 a bug of ours;
74 the output couldn't be written; 130 interrupted; 141 the reader of the output went away.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import graphcost.cli.dot as dot_command
import graphcost.cli.explain as explain_command
import graphcost.cli.export as export_command
import graphcost.cli.ops as ops_command
import graphcost.cli.passes as passes_command
import graphcost.cli.report as report_command
from graphcost.cli.output import complain, flush, write
from graphcost.errors import GraphcostError

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. What isn't a deliberate error escapes: it is a bug, which `guard` tells of."""
    try:
        code = _run(argv)
        flush()
    except GraphcostError as error:
        complain(error)
        return error.exit_code
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = build_parser().parse_args(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    if arguments.output is not None:
        from graphcost.cli.overwriting import refuse_inputs

        refuse_inputs(arguments.output, arguments)
    code: int = arguments.run(arguments)
    return code


def build_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="graphcost", description="What running a TensorFlow model costs, from its file alone.")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and leave")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (report_command, explain_command, dot_command, passes_command, ops_command, export_command):
        command.add_to(commands)
    return parser


class _Parser(argparse.ArgumentParser):
    """Its help is output like any other: argparse would say nothing where it can't be written."""

    def print_help(self, file: Any = None) -> None:
        if file is None:
            write(self.format_help())
        else:
            super().print_help(file)


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("graphcost")
        except PackageNotFoundError:
            number = "(not installed)"
        write(f"graphcost {number}\n")
        parser.exit()
