"""Where the tree of scopes is cut."""

from __future__ import annotations

import pytest
from sample_reports import line, make_report

from graphcost.ops.cost import Cost
from graphcost.render.scope_tree import flatten, grow, readable
from graphcost.report import Row


def rows(*, scopes: int, parts: int, dear: int = 0) -> list[Row]:
    """So many scopes of so many parts each, of equal work but for the first scope, which has `dear` more."""
    lines = [
        line(f"s{scope}/p{part}/x", cost=Cost(add=10 + (dear if scope == 0 else 0)))
        for scope in range(scopes)
        for part in range(parts)
    ]
    return list(make_report(*lines).by_scope(None))


@pytest.mark.parametrize(
    ("scopes", "parts", "most", "shown"),
    [
        (5, 4, 20, 5),
        (4, 4, 20, 4 + 16),
        (4, 5, 20, 4 + 20),
        (6, 9, 20, 6),
    ],
)
def test_the_deepest_cut_that_can_be_read_or_one_deeper_where_that_says_next_to_nothing(
    scopes: int, parts: int, most: int, shown: int
) -> None:
    tree = grow(rows(scopes=scopes, parts=parts))
    assert len(list(flatten(tree, readable(tree, most)))) == shown


@pytest.mark.parametrize(("dear", "is_opened"), [(0, False), (29, False), (30, True), (90, True)])
def test_room_goes_to_a_scope_with_half_of_the_work(dear: int, is_opened: bool) -> None:
    """The other four scopes have 120 together, the first one 30, and `dear` more for each of its three parts."""
    tree = grow(rows(scopes=5, parts=3, dear=dear))
    labels = [entry.label for entry in flatten(tree, readable(tree, 10))]
    assert ("p0" in labels) == is_opened
