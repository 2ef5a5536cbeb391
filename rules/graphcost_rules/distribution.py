"""What ties machines together: sending and receiving, accelerators and their queues, remote calls, layouts."""

from __future__ import annotations

from graphcost import Free, FreeKind, Op, Role, Shape, floor_div
from graphcost_rules.collectives import COMMUNICATION, CONNECTIONS, declared_shape
from graphcost_rules.declared_shapes import declared_by, family, nothing, open_vectors, scalars, undeclared
from graphcost_rules.elementwise import merged_shape
from graphcost_rules.identity import same_shapes
from graphcost_rules.sparse_tensors import parts

DISTRIBUTION = Free("distribution", FreeKind.COMPUTES_NOTHING)
SHARDS = Free("distribution", FreeKind.VIEW)
"""The parts stay where they are, and go by another name."""

REDISTRIBUTION = Free("distribution", FreeKind.COPIES)


def shared_shape(op: Op) -> list[Shape | None]:
    """The same tensor on every replica."""
    return [op.input(0) if op.has_shape(0) else None] * len(op.node.dtypes)


def copied_shapes(op: Op) -> list[Shape | None]:
    """The tensors' own shapes; the inputs after them hold sizes without padding."""
    return same_shapes(op)[: len(op.node.dtypes)]


def joined_shape(op: Op) -> list[Shape]:
    """Parts that lie along one axis; -1 says that each is the whole."""
    (shape,) = merged_shape(op)
    axis = op.int_attr("partition_dim", 0)
    return [_scaled(op, shape, {axis: len(op.inputs)} if axis >= 0 else {})]


def joined_grid_shape(op: Op) -> list[Shape]:
    """Parts that lie in a grid, with so many along each axis; where they are packed, one input stands for all."""
    (shape,) = merged_shape(op)
    return [_scaled(op, shape, dict(enumerate(op.ints_attr("partition_dims"))))]


def parted_shape(op: Op) -> list[Shape]:
    """As many parts along one axis."""
    count = parts(op, "num_splits")
    return [_divided(op, {op.int_attr("partition_dim", 0): count})] * count


def parted_grid_shape(op: Op) -> list[Shape]:
    """The parts of a grid, with so many along each axis."""
    return [_divided(op, dict(enumerate(op.ints_attr("partition_dims"))))] * parts(op, "num_splits")


def _scaled(op: Op, shape: Shape, counts: dict[int, int]) -> Shape:
    _check(op, shape, counts)
    return Shape(*(size * counts.get(axis, 1) for axis, size in enumerate(shape)))


def _divided(op: Op, counts: dict[int, int]) -> Shape:
    shape = op.input(0)
    _check(op, shape, counts)
    return Shape(*(floor_div(size, counts.get(axis, 1)) for axis, size in enumerate(shape)))


def _check(op: Op, shape: Shape, counts: dict[int, int]) -> None:
    if any(count < 1 for count in counts.values()) or any(not 0 <= axis < shape.rank for axis in counts):
        raise op.error(f"parts {counts} of a tensor of shape {shape}")


def program_shape(op: Op) -> list[Shape]:
    """Whether it compiled, and the keys of the programs, three strings each."""
    return [Shape(), *[Shape(3)] * parts(op, "num_computations")]


QUEUES = (
    family(COMMUNICATION, declared_shape, "InfeedDequeue", "OutfeedDequeue", "OutfeedDequeueV2")
    + family(COMMUNICATION, declared_by("shapes"), "InfeedDequeueTuple", "OutfeedDequeueTuple", "OutfeedDequeueTupleV2")
    + family(COMMUNICATION, nothing, "InfeedEnqueue", "InfeedEnqueuePrelinearizedBuffer", "InfeedEnqueueTuple")
    + family(COMMUNICATION, nothing, "OutfeedEnqueue", "OutfeedEnqueueTuple").with_role(Role.EFFECT)
    + family(COMMUNICATION, scalars, "Prelinearize", "PrelinearizeTuple")
).with_role(Role.PIPELINE)

CHANNELS = (
    family(COMMUNICATION, declared_shape, "XlaRecv", "XlaRecvFromHost")
    + family(COMMUNICATION, nothing, "XlaSend", "XlaSendToHost", "_XlaSendFromHost", "_XlaSendFromHostV2")
    + family(COMMUNICATION, undeclared, "_XlaRecvAtHost", "_XlaRecvAtHostV2")
    + family(COMMUNICATION, undeclared, "RpcCall", "RpcGetValue")
    + family(CONNECTIONS, undeclared, "RpcCheckStatus", "RpcClient", "RpcServer")
    + family(CONNECTIONS, nothing, "RpcServerStart", "RpcServerRegister", "DeleteRpcFutureResource")
    + family(CONNECTIONS, scalars, "WorkerHeartbeat")
)

REPLICAS = (
    family(SHARDS, merged_shape, "TPUReplicatedInput")
    + family(SHARDS, shared_shape, "TPUReplicatedOutput")
    + family(SHARDS, joined_shape, "TPUPartitionedInput")
    + family(SHARDS, joined_grid_shape, "TPUPartitionedInputV2")
    + family(SHARDS, parted_shape, "TPUPartitionedOutput")
    + family(SHARDS, parted_grid_shape, "TPUPartitionedOutputV2")
    + family(SHARDS, same_shapes, "TPUAnnotateTensorsWithDynamicShape")
    + family(REDISTRIBUTION, copied_shapes, "TPUCopyWithDynamicShape")
    + family(DISTRIBUTION, declared_shape, "TPUDummyInput")
    + family(DISTRIBUTION, nothing, "TPUReplicateMetadata", "TPUReshardVariables", "TPUCompileSucceededAssert")
    + family(DISTRIBUTION, scalars, "TPUCompilationResult", "TPURoundRobin")
    + family(DISTRIBUTION, open_vectors, "TPUOrdinalSelector", "TpuHandleToProtoKey")
    + family(DISTRIBUTION, program_shape, "_TPUCompileMlir")
)

SYSTEMS = (
    family(DISTRIBUTION, open_vectors, "ConfigureAndInitializeGlobalTPU", "_InitializeHostForDistributedTPU")
    + family(DISTRIBUTION, scalars, "ConfigureDistributedTPU", "_ConfigureDistributedTPU", "_WaitForDistributedTPU")
    + family(DISTRIBUTION, scalars, "_DisconnectHostFromDistributedTPUSystem", "GetTpuTaskId", "GlobalIterId")
    + family(DISTRIBUTION, scalars, "ShutdownTPUSystem", "DeviceIndex")
    + family(DISTRIBUTION, nothing, "ShutdownDistributedTPU", "_ShutdownDistributedTPU", "_SetGlobalTPUArray")
    + family(DISTRIBUTION, nothing, "DTensorSetGlobalTPUArray", "UpdateTaskIdAndGlobalCoreArray")
)

RULES = QUEUES + CHANNELS + REPLICAS + SYSTEMS
