"""Runs selected tests on a copy of the tree, each time in a fork of one process that has imported what is slow.

The parent imports pytest, TensorFlow and the like once, and nothing of graphcost, so that a fork imports graphcost as
its copy of the tree has it. TensorFlow starts no thread before its first op, hence may be forked.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import TextIO

import pytest

SOURCES = ("graphcost", "rules/graphcost_rules")
SLOW_IMPORTS = ("networkx", "google.protobuf", "hypothesis", "jsonschema", "numpy", "rich.console", "tensorflow")
UNMEASURED = "shared"
"""Tests with this marker need what a clone doesn't have."""

MOST_MEMORY = 6 * 2**30
"""How many bytes a run may take, so that a fault that makes lists without end is stopped before the machine is."""

Reached = dict[str, tuple[float, list[str]]]
"""By test the seconds that it takes, and the functions that it calls: `graphcost/dims/text.py:format_dim`."""


@dataclass(frozen=True)
class Result:
    """What became of a run: tests that passed with what they reached, those that failed, and whether it had to be
    stopped.
    """

    passed: Reached
    failed: list[str]
    is_late: bool
    exit_code: int


def import_slow() -> None:
    """Imports once, in the parent, what no mutant changes; what isn't installed is left."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", NO_COLOR="1")
    for name in SLOW_IMPORTS:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if any(name.partition(".")[0] in ("graphcost", "graphcost_rules") for name in sys.modules):
        raise SystemExit("graphcost must not be imported before the tests are")


def run_tests(
    tree: Path,
    files: Sequence[str],
    *,
    only: Sequence[str] | None = None,
    to_first_failure: bool = False,
    traced: bool = False,
    limit: float = 3600,
) -> Result:
    """Runs the tests of some files of a tree: all, or `only` these, in this order.

    limit: seconds after which the run is stopped. traced: whether the functions that tests call are recorded.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        child = os.fork()
        if child == 0:
            _be_child(tree, files, only, to_first_failure, traced, said)
        status = _waited_for(child, limit)
        said.seek(0)
        lines = [json.loads(line) for line in said if line.endswith("\n")]
    return Result(
        passed={test: (seconds, functions) for test, outcome, seconds, functions in lines if outcome == "passed"},
        failed=[test for test, outcome, _, _ in lines if outcome == "failed"],
        is_late=status is None,
        exit_code=0 if status is None else os.waitstatus_to_exitcode(status),
    )


def _waited_for(child: int, limit: float) -> int | None:
    """The status that a child leaves with; None where it had to be stopped, with all that it had started."""
    ends = time.monotonic() + limit
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _be_child(
    tree: Path, files: Sequence[str], only: Sequence[str] | None, to_first_failure: bool, traced: bool, said: TextIO
) -> None:
    """Everything that the fork does; it never returns."""
    code = 70
    try:
        os.setsid()
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        os.chdir(tree)
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
        sys.path[:0] = [str(tree), str(tree / "rules")]
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])
        _plain_hypothesis()
        arguments = [*files, "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(tree)]
        arguments += ["-c", str(tree / "pyproject.toml"), "-m", f"not {UNMEASURED}", "--tb", "no"]
        arguments.append("--continue-on-collection-errors")
        arguments += ["-x"] if to_first_failure else []
        code = int(pytest.main(arguments, plugins=[_Reporter(tree, only, traced, said)]))
    finally:
        os._exit(code)


def _plain_hypothesis() -> None:
    """The same examples each time, and none made smaller: that a test fails is enough."""
    with contextlib.suppress(ImportError):
        from hypothesis import HealthCheck, Phase, settings

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile(
            "mutants", phases=phases, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        settings.load_profile("mutants")


class _Reporter:
    """A plugin that picks and orders the tests, and writes a line of JSON for each that has run."""

    def __init__(self, tree: Path, only: Sequence[str] | None, traced: bool, said: TextIO) -> None:
        self._roots = {str(tree / source) + os.sep: source for source in SOURCES}
        self._tree = tree
        self._rank = None if only is None else {test: rank for rank, test in enumerate(only)}
        self._traced = traced
        self._said = said
        self._codes: dict[int, CodeType] = {}
        self._outcome: dict[str, str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._rank is not None:
            rank = self._rank
            items[:] = sorted((item for item in items if item.nodeid in rank), key=lambda item: rank[item.nodeid])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._say(report.nodeid, "failed", 0, [])

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._codes.clear()
        begin = time.monotonic()
        if self._traced:
            sys.settrace(self._trace)
        yield
        sys.settrace(None)
        functions = sorted(set(self._functions(self._codes.values())))
        self._say(item.nodeid, self._outcome.get(item.nodeid, "failed"), time.monotonic() - begin, functions)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        before = self._outcome.get(report.nodeid, "passed")
        self._outcome[report.nodeid] = before if before != "passed" else report.outcome

    def _trace(self, frame: FrameType, event: str, argument: object) -> None:
        """Sees each call, and no line of it."""
        self._codes[id(frame.f_code)] = frame.f_code

    def _functions(self, codes: Collection[CodeType]) -> Iterator[str]:
        for code in codes:
            if any(code.co_filename.startswith(root) for root in self._roots):
                yield f"{os.path.relpath(code.co_filename, self._tree)}:{code.co_qualname}"

    def _say(self, test: str, outcome: str, seconds: float, functions: Sequence[str]) -> None:
        self._said.write(json.dumps([test, outcome, round(seconds, 4), functions]) + "\n")
        self._said.flush()
