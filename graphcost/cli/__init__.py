"""The command line: arguments in, exit code out. One module for each command; none imports what it doesn't need yet.

Exit codes: 0 fine; 2 usage; 3 the model is missing or can't be read; 4 incomplete under --strict; 70 a bug of ours;
130 interrupted; 141 the reader of the output went away.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import graphcost.cli.dot as dot_command
import graphcost.cli.explain as explain_command
import graphcost.cli.export as export_command
import graphcost.cli.ops as ops_command
import graphcost.cli.passes as passes_command
import graphcost.cli.report as report_command
from graphcost.cli.output import warn
from graphcost.errors import GraphcostError

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. What isn't a deliberate error escapes: it is a bug, which `guard` tells of."""
    try:
        arguments = build_parser().parse_args(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except GraphcostError as error:
        warn(f"error: {error}")
        return error.exit_code
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="graphcost", description="What running a TensorFlow model costs, from its file alone."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and leave")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (report_command, explain_command, dot_command, passes_command, ops_command, export_command):
        command.add_to(commands)
    return parser


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("graphcost")
        except PackageNotFoundError:
            number = "(not installed)"
        print(f"graphcost {number}")
        parser.exit()


def _discard_output() -> None:
    """Lets the interpreter flush its buffer into nothing when it ends."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
