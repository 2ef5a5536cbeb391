"""Where the time of `graphcost report MODEL` goes: python benchmarks/startup.py MODEL [--runs 9] [--format json]

Three processes take turns, after one turn that isn't counted: an interpreter that does nothing, the plain command, and
the command under a clock that stops the outer stage while an inner one runs, imports included: so the stages add up.
Times are of the processor, in milliseconds, which other programs disturb less than the wall's; medians of all turns.
The clock itself makes imports dearer by some percent: the last column has each stage's share of the run that it timed.
"""

from __future__ import annotations

import argparse
import builtins
import dataclasses
import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
PACKAGES = ("graphcost", "graphcost_rules", "networkx", "google", "rich")
"""Whose imports are told apart; `google` is protobuf. What else isn't the standard library is `others`."""

STAGES: Mapping[tuple[str, str], str] = {
    ("graphcost.preparation", "installed_rules"): "rules",
    ("graphcost.preparation", "load"): "load",
    ("graphcost.preparation", "infer_outputs"): "roles",
    ("graphcost.preparation", "find_network"): "roles",
    ("graphcost.pipeline", "prepare"): "prepare",
    ("graphcost.pipeline", "_passed"): "passes",
    ("graphcost.pipeline", "evaluate"): "evaluate",
    ("graphcost.pipeline", "find_dropped"): "measure",
    ("graphcost.pipeline", "dropped_work"): "measure",
    ("graphcost.pipeline", "count"): "measure",
    ("graphcost.cli.report", "_render"): "render",
}
"""The function that does the work of a stage, by where it is called from."""

ORDER = (*(f"import {each}" for each in (*PACKAGES, "stdlib", "others")), *dict.fromkeys(STAGES.values()), "rest")


class Clock:
    """Processor time by stage. While an inner stage runs the outer one stands still."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._stack = ["rest"]
        self._since = time.process_time()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._switch()
        self._stack.append(name)
        try:
            yield
        finally:
            self._switch()
            self._stack.pop()

    def _switch(self) -> None:
        now = time.process_time()
        self.seconds[self._stack[-1]] += now - self._since
        self._since = now


def main() -> None:
    parser = argparse.ArgumentParser(description="where the time of graphcost report goes")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--runs", type=int, default=9, help="runs of each program (default 9)")
    parser.add_argument("--format", default="json", help="of the report (default json)")
    parser.add_argument("--clock", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    command = ["report", arguments.model, "--format", arguments.format]
    if arguments.clock is not None:
        arguments.clock.write_text(json.dumps(timed(command)), encoding="utf-8")
        return
    with tempfile.TemporaryDirectory(prefix="graphcost-") as folder:
        found = Path(folder) / "clock.json"
        own = [sys.executable, __file__, arguments.model, "--format", arguments.format, "--clock", str(found)]
        programs = {"nothing": ["-c", "pass"], "plain": ["-m", "graphcost", *command], "clocked": own[1:]}
        seconds: dict[str, list[float]] = {name: [] for name in programs}
        clocks: list[dict[str, dict[str, float]]] = []
        for turn in range(1 + arguments.runs):
            for name, words in programs.items():
                used = processor_seconds([sys.executable, *words])
                if turn > 0:
                    seconds[name].append(used)
            if turn > 0:
                clocks.append(json.loads(found.read_text(encoding="utf-8")))
    print("\n".join(rows({name: median(each) for name, each in seconds.items()}, clocks)))


def timed(command: Sequence[str]) -> dict[str, dict[str, float]]:
    """Runs the command in this process, under a clock; its output is thrown away."""
    clock = Clock()
    made: dict[str, float] = defaultdict(float)
    watch_imports(clock)
    watch_dataclasses(made)
    watch_cycles(made)
    from graphcost import __main__
    from graphcost.cli import options, report

    for module, name in STAGES:
        if module.startswith("graphcost.cli"):
            watch_function(clock, module, name)
    examine = options.examine_model

    def watched(arguments: argparse.Namespace) -> Any:
        importlib.import_module("graphcost.pipeline")
        for module, name in STAGES:
            if not module.startswith("graphcost.cli"):
                watch_function(clock, module, name)
        return examine(arguments)

    setattr(report, "examine_model", watched)  # noqa: B010
    sys.argv = ["graphcost", *command, "-o", os.devnull]
    try:
        __main__.run()
    except SystemExit as stop:
        if stop.code:
            raise
    with clock.stage("rest"):
        pass
    modules = Counter(package_of(name) for name in sys.modules)
    return {"seconds": dict(clock.seconds), "made": dict(made), "modules": dict(modules)}


def watch_imports(clock: Clock) -> None:
    plain, by_name = builtins.__import__, importlib.import_module

    def statement(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        package = (globals or {}).get("__package__") or "" if level else name
        with clock.stage(f"import {package_of(package)}"):
            return plain(name, globals, locals, fromlist, level)

    def function(name: str, package: str | None = None) -> Any:
        with clock.stage(f"import {package_of(name)}"):
            return by_name(name, package)

    setattr(builtins, "__import__", statement)  # noqa: B010
    setattr(importlib, "import_module", function)  # noqa: B010


def watch_dataclasses(made: dict[str, float]) -> None:
    """Counts the dataclasses of graphcost and of its rules, and how long they take to make."""
    plain = dataclasses.dataclass

    def watched(cls: Any = None, /, **options: Any) -> Any:
        if cls is None:
            return lambda inner: watched(inner, **options)
        since = time.process_time()
        result = plain(cls, **options)
        if package_of(cls.__module__) in ("graphcost", "graphcost_rules"):
            made["dataclasses"] += 1
            made["dataclasses seconds"] += time.process_time() - since
        return result

    setattr(dataclasses, "dataclass", watched)  # noqa: B010


def watch_cycles(made: dict[str, float]) -> None:
    """Counts how often the interpreter looks for cycles, and how long it takes."""
    since = 0.0

    def watched(phase: str, _: Mapping[str, int]) -> None:
        nonlocal since
        if phase == "start":
            since = time.process_time()
            return
        made["collections"] += 1
        made["collections seconds"] += time.process_time() - since

    gc.callbacks.append(watched)


def watch_function(clock: Clock, module: str, name: str) -> None:
    home = sys.modules[module]
    plain: Callable[..., Any] = getattr(home, name)
    stage = STAGES[module, name]

    def watched(*arguments: Any, **options: Any) -> Any:
        with clock.stage(stage):
            return plain(*arguments, **options)

    setattr(home, name, watched)


def package_of(module: str) -> str:
    top = module.partition(".")[0]
    if top in PACKAGES:
        return top
    return "stdlib" if top in sys.stdlib_module_names or top == "__main__" else "others"


def processor_seconds(command: Sequence[str]) -> float:
    """Runs a process to its end. Raises CalledProcessError where it fails."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return usage.ru_utime + usage.ru_stime


def rows(seconds: Mapping[str, float], clocks: Sequence[Mapping[str, Mapping[str, float]]]) -> Iterator[str]:
    def of(group: str, key: str) -> float:
        return median(clock[group].get(key, 0) for clock in clocks)

    total = median(sum(clock["seconds"].values()) for clock in clocks)
    yield f"{'an interpreter':24}{1000 * seconds['nothing']:8.0f} ms"
    yield f"{'the command':24}{1000 * seconds['plain']:8.0f} ms"
    yield f"{'the command, clocked':24}{1000 * seconds['clocked']:8.0f} ms, of which under the clock:"
    for stage in ORDER:
        package = stage.removeprefix("import ")
        modules = f"{of('modules', package):6.0f} modules" if package != stage else ""
        used = of("seconds", stage)
        yield f"  {stage:22}{1000 * used:8.1f} ms{100 * used / total:7.1f} %{modules}"
    for thing in ("dataclasses", "collections"):
        used = of("made", f"{thing} seconds")
        yield f"  {thing}: {of('made', thing):.0f} in {1000 * used:.1f} ms, {100 * used / total:.1f} % of all"


if __name__ == "__main__":
    main()
