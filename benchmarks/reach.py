"""Which tests call which functions: measured once, kept in a file, and renewed for test files that have changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from forked_tests import Reached, run_tests

SLOWEST = ("tests/test_packaging.py",)
"""Files of tests that build the project, rather than run it."""


@dataclass(frozen=True)
class Reach:
    """By test the seconds that it takes, and by function the tests that call it."""

    seconds: Mapping[str, float]
    callers: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, reached: Reached) -> Reach:
        callers: dict[str, set[str]] = {}
        for test, (_, functions) in reached.items():
            for function in functions:
                callers.setdefault(function, set()).add(test)
        return cls(
            {test: seconds for test, (seconds, _) in reached.items()},
            {function: frozenset(tests) for function, tests in callers.items()},
        )

    def tests(self, module: str, function: str | None) -> frozenset[str]:
        """The tests that call a function.

        Without one, or if none is known to, those that call any of the module, and all beside one that imports it:
        only the first that needs a module imports it.
        """
        if function is not None and (found := self.callers.get(f"{module}:{function}")):
            return found
        prefix = f"{module}:"
        called = frozenset().union(*(tests for name, tests in self.callers.items() if name.startswith(prefix)))
        importing = {_file(test) for test in self.callers.get(f"{module}:<module>", ())}
        return called.union(test for test in self.seconds if _file(test) in importing)


def measured(tree: Path, kept: Path) -> Reach:
    """What the tests of a tree call, as far as possible from the file `kept`, which is brought up to date."""
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    current: dict[str, dict[str, object]] = {}
    for path in _test_files(tree):
        name = path.relative_to(tree).as_posix()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if known.get(name, {}).get("digest") == digest:
            current[name] = known[name]
            continue
        result = run_tests(tree, [name], traced=True)
        current[name] = {"digest": digest, "tests": result.passed}
        print(f"  {name}: {len(result.passed)} pass, {len(result.failed)} fail without any mutant", flush=True)
        _keep(kept, {**known, **current})
    _keep(kept, current)
    files = json.loads(kept.read_text(encoding="utf-8")).values()
    return Reach.of({test: reached for each in files for test, reached in each["tests"].items()})


def _file(test: str) -> str:
    return test.partition("::")[0]


def _test_files(tree: Path) -> Iterator[Path]:
    for path in sorted((tree / "tests").rglob("test_*.py")):
        if path.relative_to(tree).as_posix() not in SLOWEST and "sample_pack" not in path.parts:
            yield path


def _keep(path: Path, files: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(files), encoding="utf-8")
