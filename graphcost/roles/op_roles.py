"""What operations are for whose purpose isn't to compute: savers, updates, summaries, asserts, pipelines, gradients."""

from __future__ import annotations

import re
from functools import lru_cache

from graphcost.ir.graph import Node

SAVERS = frozenset({
    "Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename",
    "ShardedFilespec",
})  # fmt: skip
ASSIGNMENTS = frozenset({
    "Assign", "AssignVariableOp", "InitializeTable", "InitializeTableV2", "InitializeTableFromTextFile",
    "InitializeTableFromTextFileV2", "LookupTableImport", "LookupTableImportV2", "LookupTableInsert",
    "LookupTableInsertV2",
})  # fmt: skip
UPDATES = frozenset({
    "AssignAdd", "AssignSub", "AssignAddVariableOp", "AssignSubVariableOp", "StridedSliceAssign",
    "ResourceStridedSliceAssign", "CountUpTo", "ResourceCountUpTo",
})  # fmt: skip
ASSERTS = frozenset({"Assert", "CheckNumerics", "CheckNumericsV2", "Abort"})
INITIALIZED = frozenset({"IsVariableInitialized", "VarIsInitializedOp"})
VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"})
STACKS = frozenset({"Stack", "StackV2", "StackPush", "StackPushV2", "StackPop", "StackPopV2"})
SHAPE_ONLY = frozenset({
    "Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike", "BroadcastGradientArgs", "VariableShape",
    "TensorArraySizeV3", "TensorListElementShape", "TensorListLength", "RandomUniform", "RandomStandardNormal",
    "TruncatedNormal", "QueueSizeV2", "ParallelConcat",
}) | INITIALIZED  # fmt: skip
"""Ops through which no value flows: their results follow from shapes, or from state."""

_OPTIMIZER = re.compile(r"(Resource)?(Sparse)?(Accumulator)?Apply[A-Z].*")
_SCATTER = re.compile(r"(Resource)?Scatter(Nd)?(Add|Sub|Mul|Div|Min|Max|Update)")
_GRADIENT = re.compile(r".*(Grad|GradV\d|GradGrad|Backprop(Filter|Input)?(V\d)?|GradEx)")
_PIPELINE = re.compile(
    r".*(Queue|Reader|Dataset|Iterator|Barrier|Enqueue|Dequeue).*|(Un|Map|OrderedMap|MapUn)?[Ss]tage(Peek|Size|Clear)?"
    r"|Decode(Jpeg|Png|Bmp|Gif|Image|AndCropJpeg|Raw|PaddedRaw|CSV|Wav|Compressed)|Parse\w*Example\w*"
    r"|(Identity|WholeFile|TextLine|FixedLengthRecord|TFRecord|LMDB)Reader\w*|MatchingFiles|ReadFile"
)


@lru_cache(maxsize=4096)
def is_optimizer(op: str) -> bool:
    """Whether an op applies a gradient to a variable, or to what collects gradients for one."""
    return _OPTIMIZER.fullmatch(op) is not None


@lru_cache(maxsize=4096)
def is_update(op: str) -> bool:
    """Whether an op changes a variable in other ways than by an optimizer's rule: counters, moving averages."""
    return op in UPDATES or _SCATTER.fullmatch(op) is not None


def is_summary(op: str) -> bool:
    return op.endswith(("Summary", "SummaryV2", "SummaryWriter", "SummaryFileWriter", "SummaryDbWriter"))


@lru_cache(maxsize=4096)
def is_gradient(op: str) -> bool:
    """Whether an op has no other use than in a backward pass; transposed convolutions have."""
    return _GRADIENT.fullmatch(op) is not None and "BackpropInput" not in op


@lru_cache(maxsize=4096)
def is_pipeline(op: str) -> bool:
    """Whether an op brings in data: queues, readers, datasets, decoders."""
    return _PIPELINE.fullmatch(op) is not None


def is_effect(node: Node) -> bool:
    """Whether a node is there for what it does, not for what it gives."""
    return _is_effect(node.op)


@lru_cache(maxsize=4096)
def _is_effect(op: str) -> bool:
    if op in SAVERS or op in ASSIGNMENTS or op in ASSERTS or is_update(op) or is_optimizer(op) or is_summary(op):
        return True
    return op in _EFFECTS or (op.startswith(("QueueEnqueue", "Barrier", "Write")) and op != "BarrierTakeMany")


_EFFECTS = frozenset({
    "Stage", "MapStage", "OrderedMapStage", "OutfeedEnqueue", "OutfeedEnqueueTuple", "WriteFile", "SaveDataset",
    "DeleteSessionTensor", "TensorArrayClose", "TensorArrayCloseV3", "QueueCloseV2", "PrintV2", "_Send", "_HostSend",
})  # fmt: skip
