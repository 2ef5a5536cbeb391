"""TensorMaps: dictionaries of tensors. What a key leads to depends on data, so that nothing is known of its shape."""

from __future__ import annotations

from graphcost import COMPUTES_NOTHING, COPIES, VIEW
from graphcost_rules.declared_shapes import family, scalars, undeclared

RULES = (
    family(VIEW, scalars, "TensorMapInsert", "TensorMapErase")
    + family(COMPUTES_NOTHING, scalars, "EmptyTensorMap", "TensorMapSize", "TensorMapHasKey")
    + family(VIEW, undeclared, "TensorMapLookup")
    + family(COPIES, undeclared, "TensorMapStackKeys")
)
