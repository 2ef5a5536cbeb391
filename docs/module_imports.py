"""Which module imports which, read off the code: circles among them, and imports against the order of the layers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import networkx


class When(Enum):
    """When an import happens: as its module is imported, in a function that is called, or for type checkers alone."""

    START = "start"
    LATE = "late"
    TYPES = "types"


@dataclass(frozen=True)
class Import:
    """One module imports another; both are named with dots."""

    source: str
    target: str
    when: When = When.START


def modules(package: Path) -> Mapping[str, Path]:
    """Each module of a package by its dotted name, the package itself included."""
    found: dict[str, Path] = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(found: Mapping[str, Path]) -> set[Import]:
    """What the modules import of one another."""
    return {
        Import(name, target, when)
        for name, path in found.items()
        for target, when in _targets(ast.parse(path.read_text(encoding="utf-8")), found)
    }


def circles(each: Iterable[Import]) -> list[list[str]]:
    """The modules that can't be imported one after the other, since each needs the next; type checkers don't mind.

    To import a module runs the packages around it, those excepted that are being imported already.
    """
    graph = networkx.DiGraph()
    for one in each:
        if one.when is When.START:
            around = (target for target in _upwards(one.target) if not f"{one.source}.".startswith(f"{target}."))
            graph.add_edges_from((one.source, target) for target in (one.target, *around))
    found = networkx.strongly_connected_components(graph)
    return sorted(sorted(names) for names in found if len(names) > 1 or graph.has_edge(*[next(iter(names))] * 2))


def against(each: Iterable[Import], level: Callable[[str], tuple[int, str]]) -> list[Import]:
    """The imports that don't lead to a lower layer, at whatever time they happen; inside a box any may be.

    level: of a module, the number of its layer, 0 being the lowest, and its box.
    """
    upward: list[Import] = []
    for one in each:
        (number, box), (other, target) = level(one.source), level(one.target)
        if box != target and number <= other:
            upward.append(one)
    return sorted(upward, key=lambda one: (one.source, one.target, one.when.value))


def _targets(tree: ast.AST, found: Mapping[str, Path]) -> Iterator[tuple[str, When]]:
    work = [(tree, When.START)]
    while work:
        node, when = work.pop()
        for name in _named(node, found):
            yield name, when
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            work += [(child, When.TYPES) for child in node.body]
            work += [(child, when) for child in node.orelse]
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and when is When.START:
            when = When.LATE
        work += [(child, when) for child in ast.iter_child_nodes(node)]


def _named(node: ast.AST, found: Mapping[str, Path]) -> Iterator[str]:
    """The modules that an import statement names: `from a import b` names a.b where that is one, else a."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in found)
    elif isinstance(node, ast.ImportFrom) and node.module is not None:
        names = (f"{node.module}.{alias.name}" for alias in node.names)
        yield from {name if name in found else node.module for name in names} & found.keys()


def _upwards(module: str) -> Iterator[str]:
    """The packages around a module, the outermost excepted: whoever imports anything is in it already."""
    parts = module.split(".")
    for end in range(len(parts) - 1, 1, -1):
        yield ".".join(parts[:end])
