"""Why nodes don't run: derived from the operations that they serve, not from names."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from graphcost.graph import Graph, Node, producers

UNUSED = "unused"

SAVERS = frozenset({
    "Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename",
    "ShardedFilespec",
})  # fmt: skip
ASSIGNMENTS = frozenset({
    "Assign", "AssignVariableOp", "InitializeTable", "InitializeTableV2", "InitializeTableFromTextFile",
    "InitializeTableFromTextFileV2", "LookupTableImport", "LookupTableImportV2",
})  # fmt: skip
UPDATES = frozenset({"AssignAdd", "AssignSub", "AssignAddVariableOp", "AssignSubVariableOp"})
ASSERTS = frozenset({"Assert", "CheckNumerics", "CheckNumericsV2", "Abort"})
VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"})
PIPELINE = ("Queue", "Reader", "Dataset", "Iterator", "Barrier", "Stage", "DecodeJpeg", "DecodePng", "ParseExample")


def reasons(graph: Graph, kept: Collection[str]) -> Mapping[str, str]:
    """For each node that isn't kept the reason: one of DROP_REASONS.

    A node that serves one kind of sink only (savers, summaries, asserts, the input pipeline, variable updates)
    goes for that reason; where it serves several, the first of DROP_REASONS that it serves. What hangs off the
    kept part and serves none of these is the loss; what is left is unused.
    """
    serves: dict[str, set[str]] = {}
    for node in reversed(graph.order):
        if node.name in kept:
            continue
        own = _kind(node)
        found = {own} if own else set()
        for reader in graph.consumers[node.name]:
            found |= serves.get(reader, set())
        serves[node.name] = found
    follows = _downstream(graph, kept)
    return {name: _reason(found, name in follows) for name, found in serves.items()}


DROP_REASONS = ("loss", "optimizer", "initializer", "saver", "summary", "assert", "input pipeline", UNUSED)


def _reason(serves: set[str], follows_model: bool) -> str:
    if "optimizer" in serves:
        return "optimizer"
    if not serves:
        return "loss" if follows_model else UNUSED
    return min(serves, key=DROP_REASONS.index)


def _kind(node: Node) -> str | None:
    """The kind of sink that an operation is, by itself."""
    op = node.op
    if op in SAVERS:
        return "saver"
    if op in ASSIGNMENTS:
        return "initializer"
    if op in UPDATES or _is_optimizer(op):
        return "optimizer"
    if op in ASSERTS:
        return "assert"
    if "Summary" in op:
        return "summary"
    if op.startswith(PIPELINE) or op.endswith(PIPELINE):
        return "input pipeline"
    return None


def _is_optimizer(op: str) -> bool:
    return op.startswith(("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply", "Scatter", "ResourceScatter"))


def _downstream(graph: Graph, kept: Collection[str]) -> set[str]:
    """The nodes that read, however far, a kept node that computes: not a constant, variable or its read."""
    found: set[str] = set()
    for node in graph.order:
        if any(name in found or (name in kept and _computes(graph.nodes[name])) for name in producers(node)):
            found.add(node.name)
    return found


def _computes(node: Node) -> bool:
    return bool(node.inputs) and node.op not in ("ReadVariableOp", "Identity")
