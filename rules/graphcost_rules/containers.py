"""What outlives a run besides variables: lookup tables, queues, stages, barriers."""

from __future__ import annotations

from graphcost import Fact, Free, Op, Role, Rule, RuleSet, Shape, ShapeUnknown
from graphcost_rules.declared_shapes import (
    family,
    nothing,
    opened_or_unknown,
    pairs,
    scalars,
    undeclared,
)
from graphcost_rules.state import HELD, STATE, STORED

LOOKS_UP = Free("looks up in a table")


def scalar_table_element(op: Op) -> list[Fact | None]:
    """A table whose keys and values are scalars."""
    return [Fact(op.dtype_attr("value_dtype"), Shape())]


def tensor_table_element(op: Op) -> list[Fact | None]:
    """A table whose keys are scalars and whose values have a declared shape."""
    return [Fact(op.dtype_attr("value_dtype"), opened_or_unknown(op, op.shape_attr("value_shape"), 0))]


def find_shape(op: Op) -> list[Shape]:
    """A value for each key. What a table holds is known of those whose keys are scalars."""
    value = op.element(0).shape
    if value is None:
        raise ShapeUnknown("what the table holds isn't known")
    return [Shape(*op.input(1), *value)]


def export_shape(op: Op) -> list[Shape | None]:
    """All keys and all values of a table; how many there are is known when it runs."""
    value = op.element(0).shape
    count = op.unknown_size(0)
    return [Shape(count), None] if value is None else [Shape(count), Shape(count, *value)]


def _tables(*kinds: str) -> RuleSet:
    return RuleSet(*(Rule(kind, shape=scalars, element=scalar_table_element, cost=STATE) for kind in kinds))


def _tensor_tables(*kinds: str) -> RuleSet:
    return RuleSet(*(Rule(kind, shape=scalars, element=tensor_table_element, cost=STATE) for kind in kinds))


FILLED = (
    family(STORED, nothing, "InitializeTable", "InitializeTableV2")
    + family(STORED, nothing, "InitializeTableFromTextFile", "InitializeTableFromTextFileV2")
    + family(STORED, nothing, "LookupTableImport", "LookupTableImportV2", "LookupTableInsert", "LookupTableInsertV2")
).with_role(Role.ASSIGNMENT)

TABLES = (
    family(STATE, pairs, "HashTable", "MutableHashTable", "MutableHashTableOfTensors", "MutableDenseHashTable")
    + _tables("HashTableV2", "AnonymousHashTable", "MutableHashTableV2", "AnonymousMutableHashTable")
    + _tensor_tables("MutableHashTableOfTensorsV2", "AnonymousMutableHashTableOfTensors")
    + family(STATE, scalars, "MutableDenseHashTableV2", "AnonymousMutableDenseHashTable")
    + family(STATE, scalars, "LookupTableSize", "LookupTableSizeV2")
    + family(STORED, nothing, "InitializeTableFromDataset").with_role(Role.PIPELINE)
    + family(STORED, nothing, "LookupTableRemoveV2")
    + FILLED
    + family(LOOKS_UP, undeclared, "LookupTableFind")
    + RuleSet(
        Rule("LookupTableFindV2", shape=find_shape, cost=LOOKS_UP),
        Rule("LookupTableExport", shape=export_shape, cost=STORED),
        Rule("LookupTableExportV2", shape=export_shape, cost=STORED),
    )
)

ENQUEUES = (
    family(HELD, nothing, "QueueEnqueue", "QueueEnqueueV2")
    + family(STORED, nothing, "QueueEnqueueMany", "QueueEnqueueManyV2", "BarrierInsertMany")
    + family(STATE, nothing, "QueueClose", "QueueCloseV2", "BarrierClose")
).with_role(Role.EFFECT)

DEQUEUES = (
    family(HELD, undeclared, "QueueDequeue", "QueueDequeueV2")
    + family(STORED, undeclared, "QueueDequeueMany", "QueueDequeueManyV2")
    + family(STORED, undeclared, "QueueDequeueUpTo", "QueueDequeueUpToV2", "BarrierTakeMany")
).with_role(Role.DATA_SOURCE)

QUEUES = (
    family(STATE, pairs, "FIFOQueue", "PaddingFIFOQueue", "PriorityQueue", "RandomShuffleQueue", "Barrier", "FakeQueue")
    + family(STATE, scalars, "FIFOQueueV2", "PaddingFIFOQueueV2", "PriorityQueueV2", "RandomShuffleQueueV2")
    + family(STATE, scalars, "QueueSize", "QueueSizeV2").with_role(Role.SHAPE_ONLY)
    + family(STATE, scalars, "QueueIsClosed", "QueueIsClosedV2", "BarrierReadySize", "BarrierIncompleteSize")
    + ENQUEUES
    + DEQUEUES
).with_role(Role.PIPELINE)

STAGES = (
    family(HELD, nothing, "Stage", "MapStage", "OrderedMapStage").with_role(Role.EFFECT)
    + family(STATE, nothing, "StageClear", "MapClear", "OrderedMapClear")
    + family(STATE, scalars, "StageSize", "MapSize", "MapIncompleteSize", "OrderedMapSize", "OrderedMapIncompleteSize")
    + family(HELD, undeclared, "Unstage").with_role(Role.DATA_SOURCE)
    + family(HELD, undeclared, "StagePeek", "MapUnstage", "MapUnstageNoKey", "MapPeek")
    + family(HELD, undeclared, "OrderedMapUnstage", "OrderedMapUnstageNoKey", "OrderedMapPeek")
).with_role(Role.PIPELINE)

SESSIONS = (
    family(HELD, scalars, "GetSessionHandle", "GetSessionHandleV2")
    + family(HELD, undeclared, "GetSessionTensor")
    + family(STATE, nothing, "DeleteSessionTensor").with_role(Role.EFFECT)
)

RULES = TABLES + QUEUES + STAGES + SESSIONS
