"""Tables, queues, stages and sessions."""

from __future__ import annotations

import pytest
from evaluation import evaluated
from shape_function import Tensor, prove_shapes, tensor
from single_op import apply, make_op
from tiny_graph import tiny_graph

from graphcost import Fact, Free, FreeKind, PartialShape, Role, RuleError, Shape, ShapeUnknown
from graphcost.dims import symbol
from graphcost_rules.containers import RULES

N = symbol("N")
HANDLE = tensor(dtype="resource")
SCALAR_TABLES = ("HashTableV2", "AnonymousHashTable", "MutableHashTableV2", "AnonymousMutableHashTable")
TENSOR_TABLES = ("MutableHashTableOfTensorsV2", "AnonymousMutableHashTableOfTensors")


def held(kind: str, **attrs: object) -> Fact | None:
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.element is not None
    (element,) = rule.element(make_op(kind, value_dtype="float32", **attrs))
    return element


@pytest.mark.parametrize("kind", SCALAR_TABLES)
def test_a_table_of_scalars_holds_scalars(kind: str) -> None:
    assert held(kind) == Fact("float32", Shape())


@pytest.mark.parametrize("kind", TENSOR_TABLES)
def test_a_table_of_tensors_holds_what_is_declared(kind: str) -> None:
    assert held(kind, value_shape=PartialShape((2, 3))) == Fact("float32", Shape(2, 3))
    assert held(kind, value_shape=PartialShape(None)) == Fact("float32", None)
    opened = held(kind, value_shape=PartialShape((-1,)))
    assert opened is not None
    assert opened.shape is not None
    assert str(opened.shape[0]) == "size(node:0,0)"
    with pytest.raises(RuleError):
        held(kind, value_shape=3)


def table(shape: Shape | None) -> Fact:
    return Fact("resource", Shape(), element=Fact("float32", shape))


def test_a_look_up_gives_a_value_for_each_key() -> None:
    assert apply(RULES, "LookupTableFindV2", table(Shape()), Shape(N, 2), Shape()).shapes == (Shape(N, 2),)
    assert apply(RULES, "LookupTableFindV2", table(Shape(4)), Shape(N, 2), Shape(4)).shapes == (Shape(N, 2, 4),)
    for unknown in (table(None), Fact("resource", Shape())):
        with pytest.raises(ShapeUnknown):
            apply(RULES, "LookupTableFindV2", unknown, Shape(N), Shape())


def test_a_look_up_in_a_graph_has_the_shape_of_its_keys() -> None:
    graph = tiny_graph(
        """
        keys = Placeholder(dtype=string, shape=<3,?>)
        default = Const(value=1)
        table = HashTableV2(key_dtype=string, value_dtype=int32)
        ids = LookupTableFindV2(table, keys, default, Tin=string, Tout=int32)
        """,
        "ids",
    )
    found = evaluated(graph).facts
    assert found["ids"][0].shape == found["keys"][0].shape
    assert found["ids"][0].dtype == "int32"


@pytest.mark.parametrize("kind", ["LookupTableExport", "LookupTableExportV2"])
def test_an_export_has_as_many_keys_as_values(kind: str) -> None:
    keys, values = apply(RULES, kind, table(Shape(4))).shapes
    assert keys is not None
    assert str(keys[0]) == "size(node:0,0)"
    assert (keys.rank, values) == (1, Shape(keys[0], 4))
    assert apply(RULES, kind, table(None)).shapes == (keys, None)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs", "attrs"),
    [
        *((kind, [], {"key_dtype": "string", "value_dtype": "float32"}) for kind in SCALAR_TABLES),
        *((kind, [], {"key_dtype": "string", "value_dtype": "float32"}) for kind in ("HashTable", *TENSOR_TABLES)),
        ("LookupTableSizeV2", [HANDLE], {}),
        ("LookupTableRemoveV2", [HANDLE, tensor(3, dtype="string")], {}),
        ("LookupTableInsertV2", [HANDLE, tensor(3, dtype="string"), tensor(3)], {}),
        ("FIFOQueueV2", [], {"component_types": ["float32"]}),
        ("FIFOQueue", [], {"component_types": ["float32"]}),
        ("QueueEnqueueV2", [HANDLE, tensor(2)], {}),
        ("QueueCloseV2", [HANDLE], {}),
        ("QueueSizeV2", [HANDLE], {}),
        ("QueueIsClosedV2", [HANDLE], {}),
        ("StageSize", [], {"dtypes": ["float32"]}),
        ("StageClear", [], {"dtypes": ["float32"]}),
        ("Stage", [tensor(2)], {}),
        ("Unstage", [], {"dtypes": ["float32", "float32"]}),
        ("GetSessionHandleV2", [tensor(2)], {}),
        ("DeleteSessionTensor", [tensor(dtype="string")], {}),
    ],
)
def test_shapes_are_those_of_tensorflow(kind: str, inputs: list[Tensor], attrs: dict[str, object]) -> None:
    tf = pytest.importorskip("tensorflow")
    dtypes = {
        name: [tf.as_dtype(each) for each in given] if isinstance(given, list) else tf.as_dtype(given)
        for name, given in attrs.items()
    }
    lists = {"components": 1, "values": 1} if kind in ("QueueEnqueueV2", "Stage") else None
    prove_shapes(RULES, kind, inputs, lists, **dtypes)


@pytest.mark.parametrize(
    ("kind", "reason", "what"),
    [
        ("HashTableV2", "state", FreeKind.COMPUTES_NOTHING),
        ("MutableHashTableOfTensorsV2", "state", FreeKind.COMPUTES_NOTHING),
        ("LookupTableFindV2", "looks up in a table", FreeKind.COPIES),
        ("LookupTableFind", "looks up in a table", FreeKind.COPIES),
        ("LookupTableExport", "state", FreeKind.COPIES),
        ("LookupTableExportV2", "state", FreeKind.COPIES),
        ("LookupTableRemoveV2", "state", FreeKind.COPIES),
    ],
)
def test_each_is_free_for_a_reason(kind: str, reason: str, what: FreeKind) -> None:
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.cost == Free(reason, what)


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (Role.ASSIGNMENT, {"InitializeTableV2", "LookupTableImportV2", "LookupTableInsertV2"}),
        (Role.EFFECT, {"QueueEnqueueV2", "QueueCloseV2", "Stage", "DeleteSessionTensor"}),
        (Role.DATA_SOURCE, {"QueueDequeueV2", "QueueDequeueUpToV2", "BarrierTakeMany", "Unstage"}),
        (Role.SHAPE_ONLY, {"QueueSize", "QueueSizeV2"}),
        (Role.PIPELINE, {"QueueDequeueV2", "QueueSizeV2", "StageClear", "InitializeTableFromDataset", "FIFOQueueV2"}),
    ],
    ids=lambda value: str(value) if isinstance(value, Role) else "",
)
def test_each_is_known_for_what_it_is_there_for(role: Role, kinds: set[str]) -> None:
    assert kinds <= set(RULES.ops_in(role))
    assert not {"HashTableV2", "LookupTableFindV2", "LookupTableSizeV2"} & set(RULES.ops_in(role))
