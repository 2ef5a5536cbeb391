"""What touches the host: files, checkpoints, records, summaries, logs and checks."""

from __future__ import annotations

from graphcost import Free, FreeKind, Op, Role, Rule, RuleSet, Shape, Value
from graphcost_rules.declared_shapes import (
    as_first_input,
    family,
    nothing,
    open_vectors,
    pairs,
    scalars,
    undeclared,
)

HOST_IO = Free("host I/O")
SUMMARIES = Free("summaries")
CHECKS = Free("checks a condition", FreeKind.COMPUTES_NOTHING)
CONTROL = Free("orders other operations", FreeKind.COMPUTES_NOTHING)

READERS_STATE = Free("host I/O", FreeKind.COMPUTES_NOTHING)
WRITERS_STATE = Free("summaries", FreeKind.COMPUTES_NOTHING)
HANDS_OVER = Free("host I/O", FreeKind.VIEW)
"""What is printed or returned goes on as it is."""


def printed_value(op: Op) -> list[Value]:
    return [op.value(0)]


def restored_shapes(op: Op) -> list[Shape | None]:
    """The shape of each slice that the last operand spells out; a tensor that is restored whole may have any."""
    specs = op.texts(2)
    if len(specs) != len(op.node.dtypes):
        raise op.error(f"{len(specs)} slices for {len(op.node.dtypes)} tensors")
    return [_slice_shape(op, spec) for spec in specs]


def _slice_shape(op: Op, spec: bytes) -> Shape | None:
    """`1010 1 0,1010:0,1`: the sizes of the whole, then for each axis `-` for all of it, or `start,length`."""
    if not spec:
        return None
    *sizes, slices = spec.split(b" ")
    axes = slices.split(b":")
    if len(axes) != len(sizes):
        raise op.error(f"{spec[:60]!r} is no slice of a tensor")
    return Shape(*(_extent(op, size, axis) for size, axis in zip(sizes, axes, strict=True)))


def _extent(op: Op, size: bytes, axis: bytes) -> int:
    number = size if axis == b"-" else axis.rpartition(b",")[2]
    if not number.isdigit() or len(number) > 18:
        raise op.error(f"{axis[:60]!r} is no slice of an axis")
    return int(number)


CHECKPOINTS = (
    family(HOST_IO, nothing, "Save", "SaveV2", "SaveSlices", "MergeV2Checkpoints")
    + family(HOST_IO, undeclared, "Restore")
    + family(HOST_IO, restored_shapes, "RestoreV2", "RestoreSlice")
    + family(HOST_IO, scalars, "ShardedFilename", "ShardedFilespec")
).with_role(Role.SAVER)

FILES = (
    family(HOST_IO, scalars, "ReadFile").with_role(Role.NOISE | Role.PIPELINE)
    + family(HOST_IO, open_vectors, "MatchingFiles").with_role(Role.PIPELINE)
    + family(HOST_IO, nothing, "WriteFile").with_role(Role.EFFECT)
    + family(READERS_STATE, scalars, "Timestamp")
    + family(READERS_STATE, nothing, "FileSystemSetConfiguration")
)

READERS = (
    family(READERS_STATE, pairs, "FixedLengthRecordReader", "IdentityReader", "LMDBReader", "TFRecordReader")
    + family(READERS_STATE, pairs, "TextLineReader", "WholeFileReader")
    + family(
        READERS_STATE, scalars, "FixedLengthRecordReaderV2", "IdentityReaderV2", "TFRecordReaderV2", "TextLineReaderV2"
    )
    + family(READERS_STATE, scalars, "WholeFileReaderV2")
    + family(HOST_IO, scalars, "ReaderRead", "ReaderReadV2").with_role(Role.DATA_SOURCE)
    + family(HOST_IO, open_vectors, "ReaderReadUpTo", "ReaderReadUpToV2").with_role(Role.DATA_SOURCE)
    + family(READERS_STATE, nothing, "ReaderReset", "ReaderResetV2", "ReaderRestoreState", "ReaderRestoreStateV2")
    + family(READERS_STATE, scalars, "ReaderNumRecordsProduced", "ReaderNumRecordsProducedV2")
    + family(READERS_STATE, scalars, "ReaderNumWorkUnitsCompleted", "ReaderNumWorkUnitsCompletedV2")
    + family(HOST_IO, scalars, "ReaderSerializeState", "ReaderSerializeStateV2")
).with_role(Role.PIPELINE)

SUMMARY_OPS = (
    family(SUMMARIES, scalars, "ScalarSummary", "HistogramSummary", "ImageSummary", "AudioSummary", "AudioSummaryV2")
    + family(SUMMARIES, scalars, "MergeSummary", "TensorSummary", "TensorSummaryV2")
    + family(WRITERS_STATE, scalars, "SummaryWriter")
    + family(SUMMARIES, nothing, "WriteSummary", "WriteScalarSummary", "WriteHistogramSummary", "WriteImageSummary")
    + family(SUMMARIES, nothing, "WriteAudioSummary", "WriteGraphSummary", "WriteRawProtoSummary")
    + family(WRITERS_STATE, nothing, "CreateSummaryDbWriter", "CreateSummaryFileWriter", "FlushSummaryWriter")
    + family(WRITERS_STATE, nothing, "CloseSummaryWriter")
).with_role(Role.SUMMARY)

EFFECTS = (
    family(CHECKS, nothing, "Assert", "Abort").with_role(Role.ASSERT)
    + family(HOST_IO, nothing, "PrintV2", "_Send", "_HostSend").with_role(Role.EFFECT)
    + family(HOST_IO, nothing, "Send")
    + family(HANDS_OVER, nothing, "_Retval", "_DeviceRetval")
    + family(SUMMARIES, nothing, "ImportEvent")
    + family(HOST_IO, undeclared, "_Recv", "_HostRecv").with_role(Role.DATA_SOURCE)
    + family(HOST_IO, undeclared, "Recv")
    + family(CONTROL, nothing, "NoOp").with_role(Role.IDENTITY)
    + family(CONTROL, nothing, "ControlTrigger")
    + RuleSet(Rule("Print", shape=as_first_input, value=printed_value, cost=HANDS_OVER))
)

RULES = CHECKPOINTS + FILES + READERS + SUMMARY_OPS + EFFECTS
