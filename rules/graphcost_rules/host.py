"""What touches the host: files, checkpoints, records, summaries, logs and checks."""

from __future__ import annotations

from graphcost import Free, Op, Rule, RuleSet, Value
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
CHECKS = Free("checks a condition")
CONTROL = Free("orders other operations")


def printed_value(op: Op) -> list[Value]:
    return [op.value(0)]


CHECKPOINTS = (
    family(HOST_IO, nothing, "Save", "SaveV2", "SaveSlices", "MergeV2Checkpoints")
    + family(HOST_IO, undeclared, "Restore", "RestoreV2", "RestoreSlice")
    + family(HOST_IO, scalars, "ShardedFilename", "ShardedFilespec")
)

FILES = (
    family(HOST_IO, scalars, "ReadFile", "Timestamp")
    + family(HOST_IO, nothing, "WriteFile", "FileSystemSetConfiguration")
    + family(HOST_IO, open_vectors, "MatchingFiles")
)

READERS = (
    family(HOST_IO, pairs, "FixedLengthRecordReader", "IdentityReader", "LMDBReader", "TFRecordReader")
    + family(HOST_IO, pairs, "TextLineReader", "WholeFileReader")
    + family(HOST_IO, scalars, "FixedLengthRecordReaderV2", "IdentityReaderV2", "TFRecordReaderV2", "TextLineReaderV2")
    + family(HOST_IO, scalars, "WholeFileReaderV2", "ReaderRead", "ReaderReadV2")
    + family(HOST_IO, open_vectors, "ReaderReadUpTo", "ReaderReadUpToV2")
    + family(HOST_IO, nothing, "ReaderReset", "ReaderResetV2", "ReaderRestoreState", "ReaderRestoreStateV2")
    + family(HOST_IO, scalars, "ReaderNumRecordsProduced", "ReaderNumRecordsProducedV2", "ReaderSerializeState")
    + family(HOST_IO, scalars, "ReaderNumWorkUnitsCompleted", "ReaderNumWorkUnitsCompletedV2")
    + family(HOST_IO, scalars, "ReaderSerializeStateV2")
)

SUMMARY_OPS = (
    family(SUMMARIES, scalars, "ScalarSummary", "HistogramSummary", "ImageSummary", "AudioSummary", "AudioSummaryV2")
    + family(SUMMARIES, scalars, "MergeSummary", "TensorSummary", "TensorSummaryV2", "SummaryWriter")
    + family(SUMMARIES, nothing, "WriteSummary", "WriteScalarSummary", "WriteHistogramSummary", "WriteImageSummary")
    + family(SUMMARIES, nothing, "WriteAudioSummary", "WriteGraphSummary", "WriteRawProtoSummary", "ImportEvent")
    + family(SUMMARIES, nothing, "CreateSummaryDbWriter", "CreateSummaryFileWriter", "FlushSummaryWriter")
    + family(SUMMARIES, nothing, "CloseSummaryWriter")
)

EFFECTS = (
    family(CHECKS, nothing, "Assert", "Abort")
    + family(HOST_IO, nothing, "PrintV2", "_Send", "_HostSend", "Send", "_Retval", "_DeviceRetval")
    + family(HOST_IO, undeclared, "_Recv", "_HostRecv", "Recv")
    + family(CONTROL, nothing, "NoOp", "ControlTrigger")
    + RuleSet(Rule("Print", shape=as_first_input, value=printed_value, cost=HOST_IO))
)

RULES = CHECKPOINTS + FILES + READERS + SUMMARY_OPS + EFFECTS
