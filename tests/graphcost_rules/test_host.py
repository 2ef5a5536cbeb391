"""Files, checkpoints, records, logs and checks."""

from __future__ import annotations

import pytest
from shape_function import Tensor, constant, prove_shapes, tensor
from single_op import apply, make_op

from graphcost import Fact, Free, FreeKind, Node, Op, Role, RuleError, Shape, ShapeUnknown, TensorRef, Value
from graphcost.dims import symbol
from graphcost_rules.host import RULES, restored_shapes

N = symbol("N")
TEXT, HANDLE = tensor(dtype="string"), tensor(dtype="resource")


def restored(*specs: bytes, outputs: int | None = None) -> list[Shape | None]:
    slices = Fact("string", Shape(len(specs)), texts=specs)
    dtypes = ("float32",) * (len(specs) if outputs is None else outputs)
    node = Node("node", "RestoreV2", (TensorRef("a"), TensorRef("b"), TensorRef("c")), dtypes=dtypes)
    return restored_shapes(Op(node, [Fact("string"), Fact("string"), slices]))


def test_a_slice_spells_out_its_extent() -> None:
    assert restored(b"1010 3 7,10:-") == [Shape(10, 3)]
    assert restored(b"", b"5 0,2", b"2 3 4 -:-:1,2") == [None, Shape(2), Shape(2, 3, 2)]
    assert restored(b"9 " + b"0," + b"9" * 18) == [Shape(10**18 - 1)]


@pytest.mark.parametrize(
    "spec", [b"2 3 -", b"2 -:-", b"-:-", b"2 0,x", b"2 0,", b"2 0,-1", b"x -", b"2 ", b"9 0," + b"9" * 19]
)
def test_what_is_no_slice_is_refused(spec: bytes) -> None:
    with pytest.raises(RuleError, match="no slice"):
        restored(spec)


def test_each_tensor_needs_a_slice() -> None:
    with pytest.raises(RuleError, match="1 slices for 2 tensors"):
        restored(b"", outputs=2)


def test_slices_that_are_not_known_leave_shapes_open() -> None:
    with pytest.raises(ShapeUnknown):
        apply(RULES, "RestoreV2", Fact("string"), Fact("string"), Fact("string", Shape(2)))


@pytest.mark.tensorflow
@pytest.mark.parametrize("slices", [[b""], [b"4 5 1,2:-"], [b"", b"7 -"]])
def test_restored_shapes_are_those_of_tensorflow(slices: list[bytes]) -> None:
    tf = pytest.importorskip("tensorflow")
    count = len(slices)
    given = [TEXT, tensor(count, dtype="string"), constant(slices, "object")]
    texts = [given[0], given[1], Tensor("string", (count,), given[2].value)]
    prove_shapes(RULES, "RestoreV2", texts, dtypes=[tf.float32] * count)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("ReadFile", [TEXT]),
        ("WriteFile", [TEXT, TEXT]),
        ("ShardedFilename", [TEXT, tensor(dtype="int32"), tensor(dtype="int32")]),
        ("ShardedFilespec", [TEXT, tensor(dtype="int32")]),
        ("MergeV2Checkpoints", [tensor(3, dtype="string"), TEXT]),
        ("MatchingFiles", [tensor(3, dtype="string")]),
        ("WholeFileReaderV2", []),
        ("ReaderReadV2", [HANDLE, HANDLE]),
        ("ReaderReadUpToV2", [HANDLE, HANDLE, tensor(dtype="int64")]),
        ("ReaderNumRecordsProducedV2", [HANDLE]),
        ("ReaderSerializeStateV2", [HANDLE]),
        ("ReaderResetV2", [HANDLE]),
        ("ScalarSummary", [TEXT, tensor()]),
        ("HistogramSummary", [TEXT, tensor(5)]),
        ("SummaryWriter", []),
        ("FlushSummaryWriter", [HANDLE]),
        ("PrintV2", [TEXT]),
        ("NoOp", []),
        ("ControlTrigger", []),
    ],
)
def test_shapes_are_those_of_tensorflow(kind: str, inputs: list[Tensor]) -> None:
    prove_shapes(RULES, kind, inputs)


def test_what_is_printed_goes_on_as_it_is() -> None:
    outcome = apply(RULES, "Print", [3, 4], Shape(2))
    assert (outcome.shapes, outcome.values) == ((Shape(2),), (Value.vector([3, 4]),))
    assert outcome.cost == Free("host I/O", FreeKind.VIEW)
    assert apply(RULES, "Print", Shape(N, 3)).shapes == (Shape(N, 3),)
    assert make_op("Print", Shape(N)).input(0) == Shape(N)


@pytest.mark.parametrize(
    ("kind", "cost"),
    [
        ("SaveV2", Free("host I/O")),
        ("Timestamp", Free("host I/O", FreeKind.COMPUTES_NOTHING)),
        ("WholeFileReaderV2", Free("host I/O", FreeKind.COMPUTES_NOTHING)),
        ("ReaderReadV2", Free("host I/O")),
        ("ScalarSummary", Free("summaries")),
        ("SummaryWriter", Free("summaries", FreeKind.COMPUTES_NOTHING)),
        ("Assert", Free("checks a condition", FreeKind.COMPUTES_NOTHING)),
        ("NoOp", Free("orders other operations", FreeKind.COMPUTES_NOTHING)),
        ("_Retval", Free("host I/O", FreeKind.VIEW)),
    ],
)
def test_each_is_free_for_a_reason(kind: str, cost: Free) -> None:
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.cost == cost


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (Role.SAVER, {"SaveV2", "RestoreV2", "ShardedFilename"}),
        (Role.NOISE, {"ReadFile"}),
        (Role.PIPELINE, {"ReadFile", "MatchingFiles", "WholeFileReaderV2", "ReaderReadV2"}),
        (Role.DATA_SOURCE, {"ReaderReadV2", "ReaderReadUpTo", "_Recv"}),
        (Role.EFFECT, {"WriteFile", "PrintV2", "_Send"}),
        (Role.SUMMARY, {"MergeSummary", "FlushSummaryWriter"}),
        (Role.ASSERT, {"Assert", "Abort"}),
        (Role.IDENTITY, {"NoOp"}),
    ],
    ids=lambda value: str(value) if isinstance(value, Role) else "",
)
def test_each_is_known_for_what_it_is_there_for(role: Role, kinds: set[str]) -> None:
    every = set().union(*(RULES.ops_in(each) for each in (Role.SAVER, Role.PIPELINE, Role.SUMMARY, Role.EFFECT)))
    assert kinds <= set(RULES.ops_in(role))
    assert not {"Timestamp", "Recv", "Send", "Print", "ControlTrigger"} & every
