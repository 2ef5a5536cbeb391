"""Scopes as a tree of rows: grown from the sums of each scope, cut where a person would stop reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from graphcost.render.numbers import share
from graphcost.render.table_row import TableRow
from graphcost.report import Row, add_up_rows

MAX_PARTS = 24
"""Scopes of more parts are cut there: the tree of a hostile name must stay small."""

IDLE_SCOPES = "(without work)"

FEW_ROWS = 5
DOMINANT = 0.5
"""A row with so much of the work is worth its parts, however deep the others are cut."""


@dataclass(slots=True)
class Branch:
    """A scope; `own` are the lines directly in it, `total` those and all below."""

    part: str
    own: Row | None = None
    children: dict[str, Branch] = field(default_factory=dict)
    total: Row | None = None

    @property
    def height(self) -> int:
        """How many levels are below."""
        height, level = 0, list(self.children.values())
        while level:
            height += 1
            level = [child for branch in level for child in branch.children.values()]
        return height


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the tree ends: after `depth` parts, but for the branches that are `opened` (by identity)."""

    depth: int
    opened: frozenset[int] = frozenset()

    def shows_below(self, branch: Branch, level: int) -> bool:
        return level < self.depth or id(branch) in self.opened


def grow(rows: Iterable[Row]) -> Branch:
    """The tree of the scopes, in the order of the rows."""
    root = Branch("")
    for row in rows:
        branch = root
        for part in row.name.split("/", MAX_PARTS - 1):
            branch = branch.children.setdefault(part, Branch(part))
        branch.own = row if branch.own is None else add_up_rows(row.name, (branch.own, row))
    for branch in reversed(list(_walk(root))):
        own = [] if branch.own is None else [branch.own]
        parts = (*own, *(child.total for child in branch.children.values() if child.total is not None))
        branch.total = parts[0] if len(parts) == 1 else add_up_rows(branch.part, parts)
    if root.total is not None and not _is_idle(root.total):
        _fold_idle(root)
    return root


def _fold_idle(root: Branch) -> None:
    """Takes scopes without work and weights from the tree; their nodes stay in the total of the scope around them.

    The outermost have none around them: they share one branch.
    """
    for branch in _walk(root):
        idle = {part: child for part, child in branch.children.items() if child.total and _is_idle(child.total)}
        rows = [child.total for child in idle.values() if child.total is not None]
        if not rows or (branch is root and len(rows) == 1):
            continue
        for part in idle:
            del branch.children[part]
        row = add_up_rows(branch.part, rows)
        if branch is root:
            branch.children[IDLE_SCOPES] = Branch(IDLE_SCOPES, own=row, total=row)
        else:
            branch.own = row if branch.own is None else add_up_rows(branch.part, (branch.own, row))


def _is_idle(row: Row) -> bool:
    work = row.work
    return work.flops == 0 and work.int_ops == 0 and row.params == 0 and row.uncosted == 0


def flatten(root: Branch, cut: Cut) -> Iterator[TableRow]:
    """The tree as indented rows; a scope that holds but one scope shares its row."""
    return (entry for entry, _ in _flattened(root, cut))


def readable(root: Branch, most: int) -> Cut:
    """The deepest cut of at most `most` rows; one deeper where that says next to nothing.

    Room that is left goes to the parts of scopes with most of the work.
    """
    for depth in range(root.height, 0, -1):
        cut = Cut(depth)
        count = sum(1 for _ in flatten(root, cut))
        if count <= most:
            opened = _with_dominant(root, cut, most)
            return opened if count >= FEW_ROWS or opened != cut else Cut(min(depth + 1, root.height))
    return Cut(1)


def _with_dominant(root: Branch, cut: Cut, most: int) -> Cut:
    while True:
        rows = list(_flattened(root, cut))
        candidates = (branch for _, branch in rows if branch is not None and _is_dominant(branch, root))
        wider = next((replace(cut, opened=cut.opened | {id(branch)}) for branch in candidates), None)
        if wider is None or sum(1 for _ in flatten(root, wider)) > most:
            return cut
        cut = wider


def _is_dominant(branch: Branch, root: Branch) -> bool:
    assert branch.total is not None
    assert root.total is not None
    part = share(branch.total.work.flops, root.total.work.flops)
    return part is not None and part >= DOMINANT


def _flattened(root: Branch, cut: Cut) -> Iterator[tuple[TableRow, Branch | None]]:
    """The rows, each with the branch where the cut hides what is below it."""
    pending = [(child, 1, 0) for child in reversed(root.children.values())]
    while pending:
        branch, level, indent = pending.pop()
        label = branch.part or "(no scope)"
        while branch.own is None and len(branch.children) == 1 and cut.shows_below(branch, level):
            (branch,) = branch.children.values()
            label, level = f"{label}/{branch.part}", level + 1
        assert branch.total is not None
        is_open = cut.shows_below(branch, level)
        yield TableRow(label, branch.total, indent), None if is_open or not branch.children else branch
        if is_open:
            pending.extend((child, level + 1, indent + 1) for child in reversed(branch.children.values()))


def _walk(root: Branch) -> Iterator[Branch]:
    """Parents before their children."""
    pending = [root]
    while pending:
        branch = pending.pop()
        yield branch
        pending.extend(reversed(branch.children.values()))
