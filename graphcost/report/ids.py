"""Names that no two lines share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def unique_ids(names: Iterable[str]) -> tuple[str, ...]:
    """An id for each name: the name itself where it comes first, then with " #2", " #3", ... where that is taken.

    A name is never taken by an id that was made of another one.
    """
    names = tuple(names)
    taken = set(names)
    times: Counter[str] = Counter()
    ids: list[str] = []
    for name in names:
        times[name] += 1
        unique = name
        while times[name] > 1 and (unique := f"{name} #{times[name]}") in taken:
            times[name] += 1
        taken.add(unique)
        ids.append(unique)
    return tuple(ids)
