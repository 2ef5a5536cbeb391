"""TensorMaps: dictionaries of tensors. What a key leads to depends on data, so that nothing is known of its shape."""

from __future__ import annotations

from graphcost import FREE
from graphcost_rules.declared_shapes import family, scalars, undeclared

RULES = (
    family(FREE, scalars, "EmptyTensorMap", "TensorMapInsert", "TensorMapErase")
    + family(FREE, scalars, "TensorMapSize", "TensorMapHasKey")
    + family(FREE, undeclared, "TensorMapLookup", "TensorMapStackKeys")
)
