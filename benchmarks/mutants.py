"""How many small faults, planted one at a time, do the tests tell? Needs the `dev` and `tensorflow` extras.

    python benchmarks/mutants.py --engine 300 --rules 300 --seed 1 [--jobs 2] [--without graphcost/cli ...]

A sample of the faults that `mutations.py` knows is drawn with the seed. Each is planted into a copy of the tree, and
tests run until one fails: first those of the file that mirrors the module, then others that call the function, the
quickest first, in so many seconds as `--budget` gives. A fault that makes them hang is told too. A test tells a fault
if it fails twice with it, and passes without it.

Which tests call which functions is measured on the first run, which takes as long as all tests do, and kept in the file
`--reach`. Survivors that no test can tell stand in survivors.md, each with its reason, and are counted apart.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from forked_tests import import_slow, run_tests
from mutations import Mutant, sampled
from reach import Reach, measured

ROOT = Path(__file__).resolve().parents[1]
AREAS = {"engine": "graphcost", "rules": "rules/graphcost_rules"}
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "build", "dist", "__pycache__", ".*_cache", ".hypothesis")
ABOUT_ALL_RULES = ("tests/graphcost_rules/test_registry.py", "tests/graphcost_rules/test_families.py")
"""What holds for every rule: these tell faults of tables, which no test calls."""
NOTHING_RUN = 5
"""The exit code of pytest where no test was left to run."""
MOST_FILES = 20
"""From how many files of tests those beside the mirroring one are taken: each costs its import."""
PATIENCE = (20.0, 5.0)
"""A run is taken to hang after so many seconds, and so many times what its tests take without a fault."""

Key = tuple[str, str, str]
"""What a survivor is told by: its module, the line of code, and the fault."""


@dataclass(frozen=True)
class Verdict:
    """A fault, and the test that told it; None where none did."""

    mutant: Mutant
    area: str
    code: str
    killer: str | None
    is_listed: bool

    @property
    def row(self) -> str:
        killer = self.killer or ("LISTED" if self.is_listed else "SURVIVED")
        return f"{self.mutant.module}:{self.mutant.line} | {self.mutant.what} | {killer}"


def main() -> None:
    parser = argparse.ArgumentParser(description="plants faults, and sees whether the tests tell them")
    parser.add_argument("--engine", type=int, default=60, help="how many faults of graphcost/ (default 60)")
    parser.add_argument("--rules", type=int, default=60, help="how many faults of rules/ (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (default 1)")
    parser.add_argument("--jobs", type=int, default=1, choices=(1, 2), help="processes (default 1)")
    parser.add_argument("--budget", type=float, default=40, help="seconds of tests for each fault (default 40)")
    parser.add_argument("--without", action="append", default=[], metavar="FOLDER", help="modules to leave out")
    parser.add_argument("--reach", type=Path, default=ROOT / "build/reach.json", help="where the measure is kept")
    arguments = parser.parse_args()
    import_slow()
    sizes = {"engine": arguments.engine, "rules": arguments.rules}
    with tempfile.TemporaryDirectory(prefix="graphcost-mutants-") as folder:
        whole, *trees = [_copied(Path(folder) / str(job)) for job in range(1 + arguments.jobs)]
        reach = measured(whole, arguments.reach.resolve())
        drawn = {
            area: sampled(ROOT, _modules(root, arguments.without), sizes[area], arguments.seed)
            for area, root in AREAS.items()
        }
        verdicts = list(_judged(drawn, whole, trees, reach, arguments.budget))
    print(f"\nseed {arguments.seed}", *(f"without {each}" for each in arguments.without), sep=", ")
    for area in AREAS:
        print(_rate(area, [each for each in verdicts if each.area == area]))


def _copied(tree: Path) -> Path:
    shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
    return tree


def _modules(root: str, without: Sequence[str]) -> list[str]:
    paths = [path.relative_to(ROOT).as_posix() for path in (ROOT / root).rglob("*.py")]
    return [path for path in paths if not path.startswith(tuple(f"{each.rstrip('/')}/" for each in without))]


def _judged(
    drawn: Mapping[str, Sequence[Mutant]], whole: Path, trees: Sequence[Path], reach: Reach, budget: float
) -> Iterator[Verdict]:
    """Prints a row for each fault as it is known, in the order of the tree. Faults are planted into `trees`."""
    free: SimpleQueue[tuple[Path, Iterator[int]]] = SimpleQueue()
    for tree in trees:
        free.put((tree, iter(range(1, 1_000_000))))
    listed = _listed()

    def judge(item: tuple[str, Mutant]) -> Verdict:
        area, mutant = item
        code = _code(mutant)
        tree, times = free.get()
        try:
            killer = _killer(mutant, whole, tree, next(times), _stages(mutant, reach, budget), reach)
        finally:
            free.put((tree, times))
        return Verdict(mutant, area, code, killer, (mutant.module, code, mutant.what) in listed)

    with ThreadPoolExecutor(len(trees)) as threads:
        for verdict in threads.map(judge, [(area, mutant) for area, mutants in drawn.items() for mutant in mutants]):
            print(verdict.row, flush=True)
            yield verdict


def _killer(
    mutant: Mutant, whole: Path, tree: Path, time: int, stages: Sequence[Sequence[str]], reach: Reach
) -> str | None:
    """The test that fails where the fault is planted into the tree, which is as it was afterwards.

    time: of the module with the fault, in seconds; each has another, so that no bytecode passes for its.
    """
    path = tree / mutant.module
    source, status = path.read_bytes(), path.stat()
    path.write_bytes(mutant.applied(source))
    os.utime(path, (time, time))
    try:
        for tests in stages:
            if (killer := _first_failure(whole, tree, tests, reach)) is not None:
                return killer
        return None
    finally:
        path.write_bytes(source)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _first_failure(whole: Path, tree: Path, tests: Sequence[str], reach: Reach) -> str | None:
    """The first of these tests that fails in the tree with the fault, twice, and passes in the whole one."""
    constant, factor = PATIENCE
    limit = constant + factor * sum(reach.seconds[test] for test in tests)
    left = list(tests)
    while left:
        files = _files(left)
        result = run_tests(tree, files, only=left, to_first_failure=True, limit=limit)
        if result.is_late:
            return f"hangs: {files[0]}"
        if not result.failed:
            return None if result.exit_code in (0, NOTHING_RUN) else f"crashes: {files[0]}"
        failed = result.failed[0]
        again, without = (run_tests(each, _files([failed]), only=[failed], limit=limit) for each in (tree, whole))
        if again.failed and not without.failed:
            return failed
        left = [test for test in left if test != failed and not test.startswith(f"{failed}::")]
    return None


def _files(tests: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(test.partition("::")[0] for test in tests))


def _stages(mutant: Mutant, reach: Reach, budget: float) -> list[list[str]]:
    """The tests of the mirroring file, those that call the function first; then others that call it."""
    callers = reach.tests(mutant.module, mutant.function)
    mirror = _mirror(mutant.module)
    folder = mirror.rpartition("/")[0] + "/"

    def seconds(test: str) -> float:
        return reach.seconds[test]

    near = sorted((test for test in reach.seconds if test.startswith(f"{mirror}::")), key=seconds)
    near.sort(key=lambda test: test not in callers)
    if mutant.function is None and mutant.module.startswith("rules/"):
        near += [test for test in reach.seconds if test.startswith(ABOUT_ALL_RULES)]
    if mutant.function is None:  # Tests' files import constants and dataclasses before any test calls a thing.
        callers |= {test for test in reach.seconds if test.startswith(folder)}
    others = _by_turns(sorted(callers.difference(near), key=seconds))
    others.sort(key=lambda test: not test.startswith(folder))
    stages = (_affordable(near, reach, budget), _affordable(others, reach, budget))
    return [stage for stage in stages if stage]


def _by_turns(tests: Sequence[str]) -> list[str]:
    """The first test of each file, then the second ones, and so on."""
    turns: Counter[str] = Counter()
    turn: dict[str, int] = {}
    for test in tests:
        file = test.partition("::")[0]
        turn[test] = turns[file]
        turns[file] += 1
    return sorted(tests, key=lambda test: turn[test])


def _affordable(tests: Sequence[str], reach: Reach, budget: float) -> list[str]:
    """The first of these tests that take so many seconds together, from not too many files."""
    files: set[str] = set()
    kept: list[str] = []
    for test in tests:
        file = test.partition("::")[0]
        if len(files) < MOST_FILES or file in files:
            files.add(file)
            budget -= reach.seconds[test]
            if budget < 0:
                break
            kept.append(test)
    return kept


def _mirror(module: str) -> str:
    """The file of tests that mirrors a module."""
    folder, _, name = module.removeprefix("rules/").rpartition("/")
    return f"tests/{folder}/test_{name}"


def _code(mutant: Mutant) -> str:
    """The line of code that holds the fault."""
    return (ROOT / mutant.module).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()


def _listed() -> frozenset[Key]:
    """The survivors of survivors.md: `| module | ``code`` | fault | reason |`."""
    path = Path(__file__).with_name("survivors.md")
    rows = re.findall(r"^\| `(\S+)` \| `` (.*?) `` \| (.*?) \|", path.read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset((module, code.replace("\\|", "|"), fault) for module, code, fault in rows)


def _rate(area: str, verdicts: Sequence[Verdict]) -> str:
    """How many faults die, and what became of the others."""
    if not verdicts:
        return f"{area}: none drawn"
    kinds = Counter("dies" if each.killer else "is listed" if each.is_listed else "survives" for each in verdicts)
    share = kinds["dies"] / len(verdicts)
    lines = [f"{area}: {kinds['dies']} of {len(verdicts)} die ({share:.1%}), {kinds['is listed']} more are listed"]
    lines += [f"  {each.row} | {each.code}" for each in verdicts if each.killer is None and not each.is_listed]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
