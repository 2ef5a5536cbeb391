"""What the runtime itself puts into a graph, and other operations that hand tensors on or write into them."""

from __future__ import annotations

from graphcost import COMPUTES_NOTHING, COPIES, VIEW, Cost, Fact, Op, PartialShape, Role, Rule, RuleSet, Shape
from graphcost_rules.datasets import PIPELINE
from graphcost_rules.declared_shapes import declared_by, family, nothing, opened_or_unknown, scalars, undeclared
from graphcost_rules.distribution import DISTRIBUTION, shared_shape
from graphcost_rules.elementwise import merged
from graphcost_rules.host import CONTROL
from graphcost_rules.identity import first_shape
from graphcost_rules.source import FED
from graphcost_rules.state import HELD, STATE, declared_shape, variable_element


def rows_cost(op: Op) -> Cost:
    """Each element of the rows that are given is added or subtracted."""
    return Cost(add=op.input_size(2))


def selected_shape(op: Op) -> list[Shape]:
    """The one shape that all choices have."""
    return [merged(op, range(1, len(op.inputs)))]


def variables_shape(op: Op) -> list[Shape | None]:
    """What each variable holds."""
    return [op.element(i).shape for i in range(len(op.inputs))]


def variables_element(op: Op) -> list[Fact | None]:
    """Handles of as many variables as there are dtypes."""
    dtypes, shapes = op.list_attr("dtypes"), op.list_attr("shapes")
    if len(dtypes) != len(shapes):
        raise op.error(f"{len(dtypes)} dtypes and {len(shapes)} shapes")
    pairs = zip(dtypes, shapes, strict=True)
    return [
        Fact(dtype if isinstance(dtype, str) else None, opened_or_unknown(op, shape, port))
        for port, (dtype, shape) in enumerate(pairs)
    ]


def program_key_shape(op: Op) -> list[Shape]:
    """A program's key: three strings."""
    return [Shape(3)]


def batched_shape(op: Op) -> list[Shape | None]:
    """Each tensor with the rows of other calls; which rows are whose; the batch's number."""
    count = len(op.inputs)
    tensors = [
        Shape(op.unknown_size(0, i), *op.input(i, least_rank=1)[1:]) if op.has_shape(i) else None for i in range(count)
    ]
    return [*tensors, Shape(op.unknown_size(0, count), 3), Shape()]


def unbatched_shape(op: Op) -> list[Shape]:
    """The rows of one call."""
    return [Shape(op.unknown_size(0), *op.input(0, least_rank=1)[1:])]


def batched_grad_shape(op: Op) -> list[Shape]:
    """The gradients of all calls' rows, which have the rank of one's."""
    return [Shape(*(op.unknown_size(axis) for axis in range(op.input(2).rank)))]


def placed_shape(op: Op) -> list[Shape | None]:
    """The shape that an attribute declares, which may be unknown."""
    shape = op.shape_attr("shape") if op.has_attr("shape") else PartialShape(None)
    return [opened_or_unknown(op, shape, 0)]


RULES = (
    RuleSet(
        Rule("InplaceAdd", shape=first_shape, cost=rows_cost),
        Rule("InplaceSub", shape=first_shape, cost=rows_cost),
        Rule("InplaceUpdate", shape=first_shape, cost=COPIES),
        Rule("RefSelect", shape=selected_shape, cost=VIEW),
        Rule("_VarHandlesOp", shape=scalars, element=variables_element, cost=STATE),
        Rule("_XlaAotOnlyVarHandleOp", shape=scalars, element=variable_element, cost=STATE),
        Rule("_ReadVariablesOp", shape=variables_shape, cost=HELD),
        Rule("Batch", shape=batched_shape, cost=COPIES),
        Rule("Unbatch", shape=unbatched_shape, cost=COPIES),
        Rule("UnbatchGrad", shape=batched_grad_shape, cost=COPIES, role=Role.GRADIENT),
    )
    + family(COPIES, first_shape, "_ParallelConcatUpdate")
    + family(VIEW, first_shape, "CheckPinned", "_XlaMerge")
    + family(COMPUTES_NOTHING, placed_shape, "_ParallelConcatStart", "ImmutableConst", "FakeParam", "_ScopedAllocator")
    + family(VIEW, declared_shape, "_ScopedAllocatorConcat")
    + family(VIEW, declared_by("shapes"), "_ScopedAllocatorSplit")
    + family(VIEW, undeclared, "_ArrayToList", "_ListToArray", "CompositeTensorVariantToComponents")
    + family(VIEW, scalars, "CompositeTensorVariantFromComponents")
    + family(FED, undeclared, "_Arg", "_DeviceArg")
    + family(CONTROL, nothing, "SyncDevice")
    + family(VIEW, shared_shape, "_SwitchN")
    + family(PIPELINE, scalars, "GetOptions")
    + family(DISTRIBUTION, program_key_shape, "_XlaCompileMlirPlaceholderProgramKey")
)
