from __future__ import annotations

import pytest

pytest.importorskip("tensorflow")

from shape_function import prove_shapes, tensor
from tensorflow.core.protobuf.tpu import optimization_parameters_pb2, tpu_embedding_configuration_pb2

from graphcost import Free, Op, RuleError, Shape
from graphcost.ir.node import Node
from graphcost_rules.tpu_embeddings import AUXILIARY, RULES

pytestmark = pytest.mark.tensorflow

STRING, VARIANT = tensor(dtype="string"), tensor(dtype="variant")
OPTIMIZERS = sorted(
    field.name
    for field in optimization_parameters_pb2.OptimizationParameters.DESCRIPTOR.oneofs_by_name["parameters"].fields
)
ACCUMULATED, NOT_ACCUMULATED = 1, 2


def configuration(*optimizers, accumulation=ACCUMULATED):
    """Tables of 10, 11, ... rows, each with its optimizer."""
    config = tpu_embedding_configuration_pb2.TPUEmbeddingConfiguration(
        mode=tpu_embedding_configuration_pb2.TPUEmbeddingConfiguration.TRAINING,
        batch_size_per_tensor_core=5,
        num_hosts=1,
        num_tensor_cores=2,
    )
    for index, optimizer in enumerate(optimizers):
        table = config.table_descriptor.add(
            name=f"table{index}", vocabulary_size=10 + index, dimension=4 + index, num_features=1 + index
        )
        table.optimization_parameters.learning_rate.constant = 0.1
        table.optimization_parameters.gradient_accumulation_status = accumulation
        getattr(table.optimization_parameters, optimizer).SetInParent()
    return config


def retrieved(config, **attrs):
    tables = len(config.table_descriptor)
    return {"config": config.SerializeToString(), "NumTables": tables, "num_shards": 3, "shard_id": 1, **attrs}


def test_the_table_has_every_optimizer():
    fields = optimization_parameters_pb2.OptimizationParameters.DESCRIPTOR.fields_by_name
    assert {*AUXILIARY, "user_defined_program"} == set(OPTIMIZERS)
    assert {name: number for name, (number, _) in AUXILIARY.items()} == {
        name: fields[name].number for name in AUXILIARY
    }


@pytest.mark.parametrize("accumulation", [0, ACCUMULATED, NOT_ACCUMULATED])
@pytest.mark.parametrize("optimizer", sorted(AUXILIARY))
def test_what_an_optimizer_keeps(optimizer, accumulation):
    config = configuration("adam", optimizer, accumulation=accumulation)
    prove_shapes(RULES, "RetrieveAllTPUEmbeddingParameters", [], **retrieved(config))


@pytest.mark.parametrize("hyperparameters", [0, 1])
@pytest.mark.parametrize("kept", [0, 1, 3])
@pytest.mark.parametrize("accumulation", [ACCUMULATED, NOT_ACCUMULATED])
def test_what_a_user_s_program_keeps(kept, hyperparameters, accumulation):
    config = configuration("user_defined_program", accumulation=accumulation)
    optimizer = config.table_descriptor[0].optimization_parameters
    program = optimizer.user_defined_program.program.host_program_shape
    for _ in range(2 + kept + hyperparameters):
        program.parameters.add()
    for _ in range(1 + kept):
        program.result.tuple_shapes.add()
    prove_shapes(RULES, "RetrieveAllTPUEmbeddingParameters", [], **retrieved(config))


@pytest.mark.parametrize("shard", range(4))
def test_every_shard(shard):
    config = configuration("adam", "lion", "assign")
    prove_shapes(RULES, "RetrieveAllTPUEmbeddingParameters", [], **retrieved(config, num_shards=4, shard_id=shard))


@pytest.mark.parametrize(
    "spread", [{}, {"enabled": True}, {"enabled": True, "use_manual_partitioning": True}, {"enabled": False}]
)
@pytest.mark.parametrize("features", [[], [(0, []), (1, [3, 2]), (0, [7])]])
def test_activations(features, spread):
    config = configuration("adam", "adagrad")
    if spread:
        config.spmd_sharding.CopyFrom(type(config.spmd_sharding)(num_cores_per_replica=2, **spread))
    for table, sizes in features:
        config.feature_descriptor.add(table_id=table, input_shape=sizes)
    count = len(features) or 2
    attrs = {"config": config.SerializeToString()}
    prove_shapes(RULES, "RecvTPUEmbeddingActivations", [], **attrs, num_outputs=count)
    prove_shapes(RULES, "XlaRecvTPUEmbeddingActivations", [VARIANT], **attrs, num_tables=count)


@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        ("IsTPUEmbeddingInitialized", [], {}, {}),
        ("ConfigureTPUEmbeddingMemory", [STRING], {}, {}),
        ("CollateTPUEmbeddingMemory", [STRING, STRING], {"memory_configs": 2}, {}),
        ("XlaRecvTPUEmbeddingDeduplicationData", [], {}, {"config": ""}),
        ("EnqueueTPUEmbeddingBatch", [STRING, STRING, STRING], {"batch": 2}, {}),
        ("TPUEmbeddingActivations", [tensor(), tensor(4, 6)], {}, {"table_id": 0, "lookup_id": 0}),
        ("ComputeDedupDataSize", [], {}, {"config": ""}),
        ("ComputeDedupDataTupleMask", [], {}, {"config": ""}),
    ],
)
def test_shapes_that_need_no_configuration(kind, inputs, lists, attrs):
    prove_shapes(RULES, kind, inputs, lists, **attrs)


def test_nothing_of_it_is_arithmetic():
    assert {rule.cost.reason for rule in RULES if isinstance(rule.cost, Free)} == {"communication", "distribution"}
    assert all(isinstance(rule.cost, Free) for rule in RULES)


SOUND = configuration("adam").SerializeToString()


def shapes(kind, outputs, **attrs):
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.shape is not None
    return rule.shape(Op(Node("node", kind, (), dtypes=("float32",) * outputs, attrs=attrs), []))


def test_a_sound_configuration_is_read():
    assert shapes("RecvTPUEmbeddingActivations", 1, config=SOUND) == [Shape(5, 4)]
    (parameters, *kept) = shapes("RetrieveAllTPUEmbeddingParameters", 8, config=SOUND, num_shards=4, shard_id=3)
    assert [parameters, *kept] == [Shape(2, 4)] * 4 + [Shape(0, 0)] * 4


@pytest.mark.parametrize(
    "attrs",
    [
        {},
        {"config": 3},
        {"config": b"\xff"},
        {"config": SOUND[:-1]},
        {"config": bytes(2_000_000)},
        {"config": b"\x08\x01"},
        {"config": configuration("adam", "adam").SerializeToString()},
        {"config": SOUND + b"\x52\x02\x10\x05"},
        {"config": SOUND + b"\x18" + b"\xff" * 9 + b"\x01"},
    ],
    ids=["none", "number", "broken", "cut", "long", "no-tables", "more-tables", "no-such-table", "negative"],
)
def test_hostile_configurations_are_refused(attrs):
    with pytest.raises(RuleError):
        shapes("RecvTPUEmbeddingActivations", 1, **attrs)


@pytest.mark.parametrize(
    ("config", "shards", "shard"),
    [(SOUND, 0, 0), (SOUND, -1, 0), (SOUND, 2, 2), (configuration().SerializeToString() + b"\x0a\x00", 1, 0)],
    ids=["no-shards", "negative", "no-such-shard", "no-optimizer"],
)
def test_hostile_shards_are_refused(config, shards, shard):
    with pytest.raises(RuleError):
        shapes("RetrieveAllTPUEmbeddingParameters", 8, config=config, num_shards=shards, shard_id=shard)


@pytest.mark.parametrize(
    "mask",
    [
        b"",
        b"\x12\x08\x12\x02\x08\x01\x12\x02\x08\x02\x38\x01",
        b"\x12\x08\x12\x02\x08\x01\x12\x02\x08\x02\x3a\x02\x05\x01",
        b"\x12\x08\x12\x02\x08\x01\x12\x02\x08\x02\x3a\x0b\x00" + b"\xff" * 9 + b"\x01",
    ],
    ids=["none", "too-few", "no-such-kind", "negative"],
)
def test_hostile_masks_are_refused(mask):
    with pytest.raises(RuleError):
        shapes("SplitDedupData", 2, tuple_mask=mask)
