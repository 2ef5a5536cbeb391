"""Draws the modules of graphcost into docs/architecture.md, as Mermaid text, from what they import.

python docs/make_architecture.py            writes the drawing
python docs/make_architecture.py --check    writes nothing; fails where the drawing isn't current, where modules
                                            import each other in a circle, or where one imports a higher layer
"""

from __future__ import annotations

import argparse
import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import networkx
from module_imports import Import, When, against, circles, imports, modules

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- made by make_architecture.py -->\n", "<!-- end of the drawing -->\n"
PACKAGE, RULES = "graphcost", "graphcost_rules"

LAYERS = (
    ("errors", "budget", "faults"),
    ("dims",),
    ("ir",),
    ("ops", "loaders"),
    ("passes",),
    ("roles", "plugins"),
    ("evaluate",),
    ("report", "catalog"),
    ("measure", "preparation", "schema"),
    ("pipeline",),
    ("explain", "export", PACKAGE),
    ("render", RULES),
    ("cli",),
)
"""From the bottom to the top. A box imports those of lower layers, which know nothing of it.

A box is a folder, or a module beside the folders. That of the package's name has its public names, which are imported
when they are first used; the rules are one box.
"""

UPWARD = {
    Import("graphcost.report.report", "graphcost.render.html", When.LATE): "a notebook asks a report to show itself",
}
"""Imports against the order, each with its reason."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Draws the modules of graphcost into docs/architecture.md.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail where something is wrong")
    arguments = parser.parse_args()
    found = {**modules(ROOT / PACKAGE), **modules(ROOT / "rules" / RULES)}
    each = imports(found)
    wrong = list(problems(each)) or update(each, found, check=arguments.check)
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    return 1 if wrong else 0


def update(each: set[Import], found: dict[str, Path], *, check: bool) -> list[str]:
    """Draws modules that are in layers. With `check` it writes nothing, and says where the page has another drawing."""
    page = PAGE.read_text(encoding="utf-8")
    drawn = redrawn(page, drawing(each, {name: sentence(found, name) for layer in LAYERS for name in layer}))
    if not check:
        PAGE.write_text(drawn, encoding="utf-8")
    elif drawn != page:
        return ["the drawing isn't current: run python docs/make_architecture.py"]
    return []


def problems(each: set[Import]) -> Iterator[str]:
    """A sentence for each circle, for each import of a higher layer, and for each excuse that nothing needs."""
    for names in circles(each):
        yield f"these import each other in a circle: {', '.join(names)}"
    levels = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    upward = against(each, lambda module: (levels[box(module)], box(module)))
    for one in upward:
        if one not in UPWARD:
            yield f"{one.source} imports {one.target} ({one.when.value}), which is in no lower layer"
    for one in UPWARD.keys() - set(upward):
        yield f"{one.source} doesn't import {one.target} ({one.when.value}) any more: take it from UPWARD"


def box(module: str) -> str:
    """The box that a module is in, `a.b.c` being in b."""
    package, *inner = module.split(".")
    if package == RULES or not inner:
        return package
    return "cli" if inner[0] == "__main__" else inner[0]


def redrawn(page: str, text: str) -> str:
    """The page with the text between the markers. Raises ValueError where it doesn't have them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no markers for the drawing")
    return before + begin + text + end + after


def drawing(each: set[Import], sentences: dict[str, str]) -> str:
    """The boxes from the top layer to the lowest. An arrow that follows from others isn't drawn."""
    downward = {one for one in each if one.when is not When.TYPES or one.source == PACKAGE} - UPWARD.keys()
    arrows = {(box(one.source), box(one.target)) for one in downward if box(one.source) != box(one.target)}
    reduced = networkx.transitive_reduction(networkx.DiGraph(sorted(arrows)))
    boxes = [name for layer in reversed(LAYERS) for name in layer]
    order = boxes.index
    lines = ["```mermaid", "flowchart TD"]
    lines += [f'    {name}["{shown(name)}<br/>{sentences[name]}"]' for name in boxes]
    lines += [f"    {a} --> {b}" for a, b in sorted(reduced.edges, key=lambda edge: tuple(map(order, edge)))]
    lines += [f"    {box(one.source)} -.-> {box(one.target)}" for one in sorted(UPWARD, key=lambda one: one.source)]
    lines += [f'    plugins -. "entry points<br/>{"<br/>".join(entry_points())}" .-> {RULES}']
    return "\n".join([*lines, "```"]) + "\n"


def shown(name: str) -> str:
    """A box as the drawing names it: a folder with a stroke, a module with its ending."""
    if name == PACKAGE:
        return "public names"
    return f"{name}/" if name == RULES or (ROOT / PACKAGE / name).is_dir() else f"{name}.py"


def sentence(found: dict[str, Path], name: str) -> str:
    """What a box says of itself: its docstring as far as the first colon, semicolon or full stop."""
    if name == PACKAGE:
        return "imported when they are first used"
    path = found.get(name) or found[f"{PACKAGE}.{name}"]
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = min((doc.partition(mark)[0] for mark in (":", ";", ".", "\n")), key=len)
    return first.replace('"', "'").replace("`", "")


def entry_points() -> list[str]:
    """The groups through which graphcost's own rules and rewrites come in, as the package declares them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return sorted(
        group
        for group, points in project["entry-points"].items()
        if any(value.startswith(RULES) for value in points.values())
    )


if __name__ == "__main__":
    sys.exit(main())
