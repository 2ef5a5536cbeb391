"""What a file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import EMPTY, TensorRef


@dataclass(frozen=True)
class Signature:
    """What a model takes and gives, by the names that its author chose."""

    inputs: Mapping[str, TensorRef]
    outputs: Mapping[str, TensorRef]


@dataclass(frozen=True)
class Model:
    """A loaded file.

    `format` is one of "graphdef", "graphdef-text", "tfjs", "metagraph", "metagraph-text", "savedmodel",
    "savedmodel-text" and "message". `producer` is the version of GraphDef that the writer knew, 0 where the file
    doesn't say. `variable_shapes` gives dtype and shape by a variable's name, which is its node's `shared_name`.
    """

    path: str | None
    format: str
    graph: Graph
    signatures: Mapping[str, Signature] = field(default_factory=lambda: EMPTY)
    producer: int = 0
    variable_shapes: Mapping[str, tuple[str, PartialShape]] = field(default_factory=lambda: EMPTY)
    warnings: tuple[str, ...] = ()
