"""What a report says beside its lines."""

from __future__ import annotations

from dataclasses import dataclass

from graphcost.dims import Dim, Shape
from graphcost.report.line import Work


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of the model."""

    name: str
    dtype: str | None
    shape: Shape | None


@dataclass(frozen=True, slots=True)
class Dropped:
    """The nodes that fell away for one reason. Where some can't be costed the work is a lower bound."""

    nodes: int
    work: Work
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop and how often its body runs; `source` is "derived", "at most" or "unknown"."""

    name: str
    trips: Dim
    source: str


@dataclass(frozen=True, slots=True)
class Overridden:
    """A rule of which another owner's took the place: `aspects` are "cost", "shape", ... of the rule of `below`."""

    op: str
    owner: str
    below: str
    aspects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A rule that the user brought, for an operation that no node has."""

    op: str
    owner: str


@dataclass(frozen=True, slots=True)
class ModelInfo:
    path: str
    format: str
    nodes: int
