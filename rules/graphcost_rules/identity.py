"""Operations that hand a tensor on, as it is or in another dtype."""

from __future__ import annotations

import math
import struct

from graphcost import COPIES, VIEW, Cost, Fact, Free, Item, Op, Role, Rule, RuleSet, Shape, Value, dtype_named
from graphcost_rules.shape_inputs import checked_size


def same_shapes(op: Op) -> list[Shape | None]:
    return [op.input(i) if op.has_shape(i) else None for i in range(len(op.inputs))]


def same_values(op: Op) -> list[Value | None]:
    return [op.value(i) if op.inputs[i].value is not None else None for i in range(len(op.inputs))]


def same_elements(op: Op) -> list[Fact | None]:
    return [fact.element for fact in op.inputs]


def first_shape(op: Op) -> list[Shape]:
    return [op.input(0)]


def first_value(op: Op) -> list[Value]:
    return [op.value(0)]


def first_element(op: Op) -> list[Fact | None]:
    return [op.inputs[0].element]


def cast_value(op: Op) -> list[Value]:
    """The same numbers; a symbolic integer stays itself as a float, and comes back from one unchanged."""
    value, target = op.value(0), op.dtype_attr("DstT")
    return [Value(value.shape, tuple(_cast(item, target) for item in value.items))]


def _cast(item: Item, target: str) -> Item:
    if item is None:
        return None
    if target == "bool":
        return bool(item) if isinstance(item, (bool, int, float)) else None
    if dtype_named(target).is_integer:
        return _to_integer(item, target)
    if target in ("float32", "float64"):
        return _to_float(item, target) if isinstance(item, (bool, int, float)) else item
    return None


def _to_float(item: float, target: str) -> float | None:
    """The nearest number of that precision; None where there is none."""
    code = "f" if target == "float32" else "d"
    try:
        (nearest,) = struct.unpack(code, struct.pack(code, item))
    except (OverflowError, struct.error):
        return None
    return float(nearest)


def _to_integer(item: Item, target: str) -> Item:
    """Floats are truncated; numbers that the target can't hold are unknown, since kernels differ on them."""
    if isinstance(item, float):
        if not math.isfinite(item):
            return None
        item = math.trunc(item)
    if not isinstance(item, int):
        return item
    bits, is_signed = dtype_named(target).bits, target.startswith("int")
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if is_signed else (0, 2**bits - 1)
    return int(item) if least <= item <= most else None


def bitcast_shape(op: Op) -> list[Shape]:
    """Elements that are cut up get a new last axis; elements that are joined take up the last axis."""
    shape = op.input()
    source, target = (_bits(op, dtype) for dtype in (op.dtype_attr("T"), op.dtype_attr("type")))
    if source == target:
        return [shape]
    if source > target:
        return [Shape(*shape, source // target)]
    if not shape:
        raise op.error("a scalar can't be cast to a larger dtype")
    op.same(shape[-1], target // source)
    return [Shape(*shape[:-1])]


def _bits(op: Op, dtype: str) -> int:
    bits = dtype_named(dtype).bits
    if not bits:
        raise op.error(f"elements of dtype {dtype[:40]} have no size")
    return bits


def parallel_concat_shape(op: Op) -> list[Shape]:
    dims = op.shape_attr("shape").dims
    if dims is None or not dims:
        raise op.error("attribute 'shape' must have at least one axis")
    return [Shape(*(checked_size(op, dim) for dim in dims))]


def merge_shape(op: Op) -> list[Shape | None]:
    """The sizes that all inputs share, and a scalar that tells which input it was."""
    if not op.inputs or not all(map(op.has_shape, range(len(op.inputs)))):
        return [None, Shape()]
    first, *others = (op.input(i) for i in range(len(op.inputs)))
    if any(other.rank != first.rank for other in others):
        return [None, Shape()]
    sizes = enumerate(zip(first, *others, strict=True))
    return [Shape(*(size if set(rest) <= {size} else op.unknown_size(axis) for axis, (size, *rest) in sizes)), Shape()]


def check_numerics_cost(op: Op) -> Cost:
    """Every element is compared once, its magnitude against the largest finite number (NaN fails that too)."""
    return Cost(compare=op.input_size(0))


def _hands_on(free: Free, *kinds: str) -> RuleSet:
    return RuleSet(
        *(Rule(kind, shape=same_shapes, value=same_values, element=same_elements, cost=free) for kind in kinds)
    )


def _hands_first_on(*kinds: str) -> RuleSet:
    return RuleSet(
        *(Rule(kind, shape=first_shape, value=first_value, element=first_element, cost=COPIES) for kind in kinds)
    )


RULES = (
    _hands_on(VIEW, "Identity").with_role(Role.IDENTITY | Role.NAME | Role.MOVE)
    + _hands_on(VIEW, "IdentityN").with_role(Role.NAME | Role.MOVE | Role.LIST)
    + _hands_on(VIEW, "StopGradient").with_role(Role.IDENTITY | Role.MOVE)
    + _hands_on(COPIES, "Snapshot").with_role(Role.IDENTITY | Role.MOVE)
    + _hands_on(VIEW, "PreventGradient").with_role(Role.IDENTITY)
    + _hands_on(VIEW, "RefIdentity", "GuaranteeConst", "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3")
    + _hands_on(VIEW, "DebugGradientIdentity", "DebugGradientRefIdentity", "_EagerConst", "XlaOptimizationBarrier")
    + _hands_on(COPIES, "DeepCopy", "CopyOp", "Copy", "CopyHost", "_CopyFromGpuToHost", "_CopyFromHostToGpu")
    + _hands_first_on("CopyToMesh")
    + _hands_first_on("CopyToMeshGrad").with_role(Role.GRADIENT)
    + RuleSet(
        # A Cast to the dtype that its input has hands it on; in general every element is written.
        Rule("Cast", shape=first_shape, value=cast_value, cost=COPIES, role=Role.MOVE | Role.CAST),
        Rule("_HostCast", shape=first_shape, value=cast_value, cost=COPIES),
        Rule("Bitcast", shape=bitcast_shape, cost=VIEW),
        Rule("CheckNumerics", shape=first_shape, value=first_value, cost=check_numerics_cost, role=Role.ASSERT),
        Rule("CheckNumericsV2", shape=first_shape, value=first_value, cost=check_numerics_cost, role=Role.ASSERT),
        Rule("Merge", shape=merge_shape, cost=VIEW),
        Rule("RefMerge", shape=merge_shape, cost=VIEW),
        Rule("ParallelConcat", shape=parallel_concat_shape, cost=COPIES, role=Role.SHAPE_ONLY),
    )
)
