"""Embedding tables on a TPU: their sizes are in the configuration that each node carries as a message."""

from __future__ import annotations

from graphcost import Op, Role, Shape
from graphcost_rules.collectives import COMMUNICATION
from graphcost_rules.declared_shapes import family, nothing, open_matrices, scalars
from graphcost_rules.distribution import DISTRIBUTION, REDISTRIBUTION, SHARDS
from graphcost_rules.messages import Message, message_attr

OPTIMIZERS = """
    ADAM Adadelta AdagradMomentum Adagrad CenteredRMSProp FTRL FrequencyEstimator MDLAdagradLight Momentum
    ProximalAdagrad ProximalYogi RMSProp StochasticGradientDescent
"""

ENQUEUED = """
    ArbitraryTensorBatch Batch IntegerBatch RaggedTensorBatch SparseBatch SparseTensorBatch
"""

AUXILIARY = {
    "adagrad": (3, 1),
    "stochastic_gradient_descent": (4, 0),
    "ftrl": (5, 2),
    "adam": (6, 2),
    "momentum": (8, 1),
    "rms_prop": (9, 2),
    "centered_rms_prop": (10, 3),
    "mdl_adagrad_light": (11, 3),
    "adadelta": (12, 2),
    "proximal_adagrad": (14, 1),
    "bounded_adagrad": (19, 1),
    "online_yogi": (20, 2),
    "proximal_yogi": (21, 2),
    "frequency_estimator": (23, 1),
    "assign": (25, 0),
    "adagrad_momentum": (26, 2),
    "lion": (29, 1),
    "frequency_aware_adagrad": (30, 2),
}
"""Of each optimizer: the number of its field, and how many tensors it keeps for a table beside the parameters."""

# Numbers of fields: of a configuration, of the way it is spread over cores, of a table, a feature, an optimizer.
TABLES, EXAMPLES, FEATURES, SPREAD = 1, 3, 10, 11
IS_SPREAD, CORES, BY_HAND = 1, 2, 3
VOCABULARY, WIDTH, LOOKUPS, OPTIMIZER = 2, 3, 4, 5
TABLE, ELEMENTS = 2, 3
ACCUMULATION, USER_DEFINED = 17, 24
PROGRAM, PROGRAM_SHAPE, RESULT, PARTS = 1, 4, 2, 4

NOT_ACCUMULATED = 2
MOST_AUXILIARY = 7

# Of a tensor: its sizes, and its elements where they are 32-bit integers.
TENSOR_SHAPE, AXES, SIZE, INTEGERS = 2, 2, 1, 7
INTEGER, FLOAT = 0, 1


def activations_shape(op: Op) -> list[Shape]:
    """What was looked up on a core: for each feature a row for each of its elements; without features, for each table
    one for each example of each feature that looks into it."""
    config = message_attr(op, "config")
    tables, examples = config.messages(TABLES), config.integer(EXAMPLES)
    sizes = [_feature(op, feature, tables) for feature in config.messages(FEATURES)]
    sizes = sizes or [(examples * table.integer(LOOKUPS), table.integer(WIDTH)) for table in tables]
    cores = _cores(config.message(SPREAD))
    return _as_many(op, [_shape(op, cores * rows, *others) for rows, *others in sizes])


def tables_shape(op: Op) -> list[Shape]:
    """A shard's part of each table, then of each tensor that its optimizer keeps; those that it has no use for are
    empty."""
    shards, shard = op.int_attr("num_shards"), op.int_attr("shard_id")
    if not 0 <= shard < shards:
        raise op.error(f"shard {shard} of {shards}")
    parts = []
    for table in message_attr(op, "config").messages(TABLES):
        rows, more = divmod(table.integer(VOCABULARY), shards)
        part = _shape(op, rows + (shard < more), table.integer(WIDTH))
        parts.append((part, _auxiliary(table.message(OPTIMIZER))))
    tensors = range(MOST_AUXILIARY + 1)
    return _as_many(op, [part if index <= kept else Shape(0, 0) for index in tensors for part, kept in parts])


def spans_shape(op: Op) -> list[Shape]:
    """The integers and the floats of a tuple, told by a matrix with a row for each span: its kind and its length."""
    mask = message_attr(op, "tuple_mask")
    sizes = [axis.integer(SIZE) for axis in mask.message(TENSOR_SHAPE).messages(AXES)]
    spans = mask.integers(INTEGERS)
    if sizes[:1] == [0]:
        return [Shape(0), Shape(0)]
    if len(sizes) != 2 or len(spans) != 2 * sizes[0]:
        raise op.error("attribute 'tuple_mask' isn't a matrix of spans")
    kinds, lengths = spans[::2], spans[1::2]
    if not set(kinds) <= {INTEGER, FLOAT} or min(lengths) < 0:
        raise op.error("attribute 'tuple_mask' holds no spans")
    return [
        Shape(sum(length for kind, length in zip(kinds, lengths, strict=True) if kind == wanted))
        for wanted in (INTEGER, FLOAT)
    ]


def looked_up_shape(op: Op) -> list[Shape]:
    return [op.input(1)]


def _feature(op: Op, feature: Message, tables: list[Message]) -> tuple[int, ...]:
    index = feature.integer(TABLE)
    if not 0 <= index < len(tables):
        raise op.error(f"attribute 'config' has no table {index}")
    return (*feature.integers(ELEMENTS), tables[index].integer(WIDTH))


def _cores(spread: Message) -> int:
    """How many cores share what a replica looks up, unless the graph itself tells each its part."""
    if spread.integer(IS_SPREAD) and not spread.integer(BY_HAND):
        return spread.integer(CORES)
    return 1


def _auxiliary(optimizer: Message) -> int:
    """How many tensors beside the parameters are kept; accumulated gradients are one more."""
    accumulators = optimizer.integer(ACCUMULATION) != NOT_ACCUMULATED
    if USER_DEFINED in optimizer:
        program = optimizer.message(USER_DEFINED).message(PROGRAM)
        return len(program.message(PROGRAM_SHAPE).message(RESULT).messages(PARTS)) - 1 + accumulators
    for number, count in AUXILIARY.values():
        if number in optimizer:
            return count + accumulators
    raise optimizer.op.error("attribute 'config' has an optimizer that isn't known")


def _shape(op: Op, *sizes: int) -> Shape:
    if min(sizes) < 0:
        raise op.error(f"attribute 'config' has sizes {sizes}")
    return Shape(*sizes)


def _as_many(op: Op, shapes: list[Shape]) -> list[Shape]:
    """The shapes, if there is one for each output."""
    if len(shapes) != len(op.node.dtypes):
        raise op.error(f"attribute 'config' tells {len(shapes)} outputs of {len(op.node.dtypes)}")
    return shapes


ENQUEUES = (
    family(COMMUNICATION, nothing, *(f"EnqueueTPUEmbedding{name}" for name in ENQUEUED.split()))
    + family(COMMUNICATION, nothing, "DynamicEnqueueTPUEmbeddingArbitraryTensorBatch")
    + family(COMMUNICATION, nothing, "DynamicEnqueueTPUEmbeddingRaggedTensorBatch")
).with_role(Role.PIPELINE)

RULES = (
    family(DISTRIBUTION, scalars, "ConfigureTPUEmbeddingHost", "ConfigureTPUEmbeddingMemory")
    + family(DISTRIBUTION, scalars, "CollateTPUEmbeddingMemory", "ExecuteTPUEmbeddingPartitioner")
    + family(DISTRIBUTION, scalars, "FinalizeTPUEmbeddingV2", "IsTPUEmbeddingInitialized")
    + family(DISTRIBUTION, nothing, "ConfigureTPUEmbedding", "ConnectTPUEmbeddingHosts", "FinalizeTPUEmbedding")
    + family(REDISTRIBUTION, nothing, "LoadAllTPUEmbeddingParameters")
    + family(REDISTRIBUTION, tables_shape, "RetrieveAllTPUEmbeddingParameters")
    + family(REDISTRIBUTION, nothing, *(f"LoadTPUEmbedding{name}Parameters" for name in OPTIMIZERS.split()))
    + family(REDISTRIBUTION, open_matrices, *(f"RetrieveTPUEmbedding{name}Parameters" for name in OPTIMIZERS.split()))
    + ENQUEUES
    + family(COMMUNICATION, nothing, "SendTPUEmbeddingGradients")
    + family(COMMUNICATION, nothing, "XlaSendTPUEmbeddingGradients", "XlaSendTPUEmbeddingGradientsV2")
    + family(COMMUNICATION, activations_shape, "RecvTPUEmbeddingActivations")
    + family(COMMUNICATION, activations_shape, "XlaRecvTPUEmbeddingActivations", "XlaRecvTPUEmbeddingActivationsV2")
    + family(COMMUNICATION, scalars, "XlaRecvTPUEmbeddingDeduplicationData", "XlaRecvTPUEmbeddingDeduplicationDataV2")
    + family(SHARDS, looked_up_shape, "TPUEmbeddingActivations")
    + family(REDISTRIBUTION, scalars, "MergeDedupData")
    + family(DISTRIBUTION, scalars, "ComputeDedupDataSize", "ComputeDedupDataSizeV2")
    + family(REDISTRIBUTION, open_matrices, "ComputeDedupDataTupleMask", "ComputeDedupDataTupleMaskV2")
    + family(REDISTRIBUTION, spans_shape, "SplitDedupData")
)
