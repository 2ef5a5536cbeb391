"""Faults that are planted: which there are, and what stays as it is."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
from mutations import Mutant, is_python, mutants_of, sampled


def planted(tmp_path: Path, code: str) -> list[Mutant]:
    (tmp_path / "m.py").write_text(code, encoding="utf-8")
    return mutants_of(tmp_path, "m.py")


@pytest.mark.parametrize(
    ("code", "faults"),
    [
        ("y = a < b", ["y = (a <= b)", "y = (a >= b)"]),
        ("y = a is b", ["y = (a is not b)"]),
        ("y = a in b", ["y = (a not in b)"]),
        ("y = 'ä' , 7", ["y = 'ä' , 8"]),
        ("y = True", ["y = False"]),
        ("y = a and b", ["y = (a or b)"]),
        ("y = a // b", ["y = (a * b)"]),
        ("y = not a", ["y = a"]),
        ("y += a", ["y -= a"]),
        ("y = min(a, b)", ["y = max(a, b)"]),
        ("y = f(a, b=c)", ["y = f(a)"]),
        ("y = zip(a, b, strict=c)", []),
        ("y = frozenset({'a'})", ["y = frozenset()"]),
        ("y = {'a': b, 'c': d}", ["y = {'c': d}", "y = {'a': b}"]),
        ("y = b if a else c", ["y = b if (not a) else c"]),
        ("def f(): return a", ["def f(): return None"]),
        ("def f(): return None", []),
        ("def f(): return False", ["def f(): return True"]),
        ("def f(a: x[1] = b) -> x[2]: a", []),
        ("__all__ = [1]", []),
        ("assert a == 1", []),
        ("y = f'{a + 1}' + b", []),
        ("y: tuple[int, ...] = a", []),
        ("@d(1)\ndef f(): pass", []),
    ],
)
def test_each_fault_changes_one_place(tmp_path: Path, code: str, faults: list[str]) -> None:
    found = [mutant.applied(code.encode()).decode() for mutant in planted(tmp_path, code)]
    assert sorted(found) == sorted(faults)


def test_a_fault_knows_the_function_that_runs_it(tmp_path: Path) -> None:
    code = "a = 1\nclass C:\n    b = 2\n    def f(self, c=3):\n        return [lambda: 4]\n"
    places = {mutant.what: (mutant.line, mutant.function) for mutant in planted(tmp_path, code)}
    assert places["1 is 2"] == (1, None)
    assert places["2 is 3"] == (3, None)
    assert places["3 is 4"] == (4, "C.f")
    assert places["4 is 5"] == (5, "C.f.<locals>.<lambda>")


def test_a_sample_is_drawn_with_its_seed_from_what_is_python(tmp_path: Path) -> None:
    code = "\n".join(f"y{i} = a{i} < {i}" for i in range(100))
    assert len(planted(tmp_path, code)) == 300
    one, again, other = (sampled(tmp_path, ["m.py"], 40, seed) for seed in (1, 1, 2))
    assert one == again != other
    assert len({(mutant.line, mutant.what) for mutant in one}) == 40
    assert all(ast.parse(mutant.applied(code.encode())) for mutant in one)
    assert not is_python(b"y = (")
