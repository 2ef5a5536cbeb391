"""Tensors that devices combine or exchange. Combining them is arithmetic, moving them is communication."""

from __future__ import annotations

from collections.abc import Callable

from graphcost import Cost, Dim, Free, FreeKind, Op, Rule, RuleSet, Shape, ceil_div, floor_div
from graphcost_rules.declared_shapes import family, nothing, scalars
from graphcost_rules.identity import first_shape
from graphcost_rules.shape_inputs import shape_held_by

COMMUNICATION = Free("communication", FreeKind.COPIES)
CONNECTIONS = Free("communication", FreeKind.COMPUTES_NOTHING)
GROUP = "how many devices take part isn't in the graph"

COMBINE = {
    **dict.fromkeys(("add", "sum", "mean"), Cost(add=1)),
    **dict.fromkeys(("mul", "prod"), Cost(mul=1)),
    **dict.fromkeys(("max", "min", "any", "all"), Cost(compare=1)),
}
"""What combining two elements costs, by the name of the reduction."""

Group = Callable[[Op], Dim]


def ring_cost(group: Group, reduction: str | None = None, final: str | None = None) -> Callable[[Op], Cost]:
    """The cost rule of a reduction over `group` devices by the operation that an attribute names, else by addition."""

    def cost(op: Op) -> Cost:
        """In a ring, each of g devices combines g - 1 parts of ceil(n / g) elements with its own; for a mean it divides
        the part that it completes."""
        name = op.text_attr(reduction, "Add").lower() if reduction else "add"
        if name not in COMBINE:
            raise op.error(f"{name[:40]} is no reduction")
        devices = group(op)
        part = ceil_div(op.input_size(0), devices)
        divides = name == "mean" or (final is not None and op.text_attr(final, "Id") == "Div")
        return COMBINE[name] * ((devices - 1) * part) + Cost(div=part if divides else 0)

    return cost


def gathered_cost(op: Op) -> Cost:
    """The tensors of all devices are combined one after the other: n - 1 steps for each element."""
    return _combined(op, len(op.inputs))


def received_cost(op: Op) -> Cost:
    """One device combines its own tensor with those that the others send: n - 1 steps for each element."""
    return _combined(op, op.int_attr("num_devices"))


def _combined(op: Op, tensors: int) -> Cost:
    step = COMBINE.get(op.text_attr("reduction"))
    if step is None or tensors < 1:
        raise op.error(f"no reduction of {tensors} tensors")
    return step * (op.input_size(0) * (tensors - 1))


def declared_group(op: Op) -> Dim:
    """An attribute says how many devices take part."""
    return _checked(op, op.int_attr("group_size" if op.has_attr("group_size") else "num_devices"))


def fed_group(op: Op) -> Dim:
    """A scalar input says how many devices take part."""
    return _checked(op, op.scalar(1)) if op.has_value(1) else op.unknown_count("devices")


def assigned_group(index: int) -> Group:
    """The columns of an input are as many as a group has devices."""

    def group(op: Op) -> Dim:
        return _checked(op, op.input(index, rank=2)[1])

    return group


def _checked(op: Op, size: Dim) -> Dim:
    if isinstance(size, int) and size < 1:
        raise op.error(f"a group of {size} devices")
    return size


def declared_shape(op: Op) -> list[Shape]:
    return [op.opened(op.shape_attr("shape"))]


def held_shape(op: Op) -> list[Shape]:
    """The shape that the last input holds."""
    return [shape_held_by(op, len(op.inputs) - 1)]


def equally_gathered_shape(op: Op) -> list[Shape]:
    """The rows of all devices, each of which brings as many. What `shape` declares isn't looked at."""
    shape = op.input(0, least_rank=1)
    return [Shape(shape[0] * declared_group(op), *shape[1:])]


def gathered_shape(op: Op) -> list[Shape]:
    """The rows of all devices; each may bring as many as it likes."""
    return [Shape(op.unknown_size(0), *op.input(0, least_rank=1)[1:])]


def scattered_shape(op: Op) -> list[Shape]:
    """A part of the rows, as many as there are devices to share them."""
    shape = op.input(0, least_rank=1)
    rows = floor_div(shape[0], _checked(op, op.scalar(1))) if op.has_value(1) else op.unknown_size(0)
    return [Shape(rows, *shape[1:])]


def scattered_axis_shape(op: Op) -> list[Shape]:
    """A part along the axis that the third input names, for each device of a group that the second lists."""
    shape, axis = op.input(0), op.axis(2, op.input(0).rank)
    if op.scalar(2) != axis:
        raise op.error(f"axis {op.scalar(2)}, which must be counted from the front")
    part = floor_div(shape[axis], _checked(op, op.input(1, rank=2)[1]))
    return [Shape(*shape[:axis], part, *shape[axis + 1 :])]


def exchanged_shape(op: Op) -> list[Shape]:
    """The devices split one axis among them and concatenate what they get along another."""
    shape = op.input(0)
    count = _checked(op, op.int_attr("split_count"))
    concatenated, split = (op.normal_axis(op.int_attr(f"{name}_dimension"), shape.rank) for name in ("concat", "split"))
    sizes = list(shape)
    sizes[concatenated] = sizes[concatenated] * count
    sizes[split] = floor_div(sizes[split], count)
    return [Shape(*sizes)]


RULES = (
    RuleSet(
        Rule("CollectiveReduce", shape=first_shape, cost=ring_cost(declared_group, "merge_op", "final_op")),
        Rule("CollectiveReduceV2", first_shape, ring_cost(fed_group, "merge_op", "final_op"), opaque=GROUP),
        Rule("CollectiveReduceV3", shape=first_shape, cost=ring_cost(assigned_group(2), "reduction")),
        Rule("CollectiveReduceScatterV2", scattered_shape, ring_cost(fed_group, "merge_op", "final_op"), opaque=GROUP),
        Rule("NcclAllReduce", shape=first_shape, cost=ring_cost(declared_group, "reduction")),
        Rule("NcclReduce", shape=first_shape, cost=gathered_cost),
        Rule("_NcclReduceRecv", shape=first_shape, cost=received_cost),
        Rule("CrossReplicaSum", shape=first_shape, cost=ring_cost(assigned_group(1))),
        Rule("XlaAllReduce", shape=first_shape, cost=ring_cost(assigned_group(1), "reduce_op")),
        Rule("XlaReduceScatter", shape=scattered_axis_shape, cost=ring_cost(assigned_group(1), "reduce_op")),
        Rule("DTensorAllReduce", shape=first_shape, cost=ring_cost(assigned_group(1), "reduce_op")),
        Rule("DTensorReduceScatter", shape=scattered_axis_shape, cost=ring_cost(assigned_group(1), "reduce_op")),
    )
    + family(COMMUNICATION, first_shape, "CollectiveAllToAllV2", "CollectiveAllToAllV3", "CollectivePermute")
    + family(COMMUNICATION, first_shape, "CollectiveBcastSendV2", "NcclBroadcast")
    + family(COMMUNICATION, declared_shape, "CollectiveBcastSend", "CollectiveBcastRecv")
    + family(COMMUNICATION, equally_gathered_shape, "CollectiveGather")
    + family(COMMUNICATION, held_shape, "CollectiveBcastRecvV2", "_NcclBroadcastRecv")
    + family(COMMUNICATION, gathered_shape, "CollectiveGatherV2")
    + family(COMMUNICATION, exchanged_shape, "AllToAll")
    + family(CONNECTIONS, scalars, "CollectiveAssignGroupV2", "CollectiveInitializeCommunicator")
    + family(COMMUNICATION, nothing, "_NcclBroadcastSend", "_NcclReduceSend")
)
