"""What TensorFlow knows of a graph as it imports it, where graphcost knows more: no trip of a loop has run.

These replace graphcost's own shapes of the operations that run other graphs, and add TF1's control flow.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphcost import Dim, Fact, Op, PartialShape, Role, Rule, RuleSet, Shape, ShapeUnknown, Value


def same_on_every_output(op: Op) -> list[Shape]:
    return [op.input(0)] * len(op.node.dtypes)


def element_on_every_output(op: Op) -> list[Fact | None]:
    return [op.inputs[0].element] * len(op.node.dtypes)


def scalar(op: Op) -> list[Shape]:
    return [Shape()]


def enter_shape(op: Op) -> list[Shape]:
    """The shape that comes in, where the loop doesn't change it; else a trip may change it."""
    if not op.bool_attr("is_constant", False):
        raise ShapeUnknown("a loop may change it")
    return [op.input(0)]


def merge_shape(op: Op) -> list[Shape | None]:
    """What all inputs agree on, and the index of the one that arrived."""
    shapes = [op.input(index) for index in range(len(op.inputs)) if op.has_shape(index)]
    if not shapes or len(shapes) < len(op.inputs) or any(shape.rank != shapes[0].rank for shape in shapes):
        return [None, Shape()]
    return [Shape(*(_agreed(op, axis, dims) for axis, dims in enumerate(zip(*shapes, strict=True)))), Shape()]


def recorded_shape(op: Op) -> list[Shape | None]:
    """What the attribute `output_shapes` says."""
    return _recorded(op, [None] * len(op.node.dtypes))


def while_shape(op: Op) -> list[Shape | None]:
    """What the attribute `output_shapes` says; without it, the shapes that come in."""
    return _recorded(op, [op.input(index) if op.has_shape(index) else None for index in range(len(op.inputs))])


def pushed_shape(op: Op) -> list[Shape]:
    return [op.input(1)]


def declared_element(op: Op) -> list[Fact | None]:
    """What the array is declared to hold, where that is settled; no write teaches it more."""
    declared = op.shape_attr("element_shape").dims if op.has_attr("element_shape") else None
    if declared is None or (-1 in declared and not op.bool_attr("identical_element_shapes", False)):
        return [None, None]
    return [Fact(op.dtype_attr("dtype"), op.opened(PartialShape(declared))), None]


def no_element(op: Op) -> list[Fact | None]:
    return [None] * len(op.node.dtypes)


def _agreed(op: Op, axis: int, dims: Sequence[Dim]) -> Dim:
    return dims[0] if all(isinstance(dim, int) and dim == dims[0] for dim in dims) else op.unknown_size(axis)


def _recorded(op: Op, otherwise: list[Shape | None]) -> list[Shape | None]:
    recorded = op.list_attr("output_shapes") if op.has_attr("output_shapes") else ()
    if not recorded:
        return otherwise
    return [_opened(op, shape, port) for port, shape in enumerate(recorded)]


def _opened(op: Op, shape: object, port: int) -> Shape | None:
    return op.opened(shape, port) if isinstance(shape, PartialShape) and shape.dims is not None else None


def unknown_shape(op: Op) -> list[Shape | None]:
    """TensorFlow has no shape function for the operation."""
    return [None] * len(op.node.dtypes)


def counted_value(op: Op) -> list[Value]:
    """The number of elements, all sizes being numbers: TensorFlow doesn't see that a size of 0 is enough."""
    if not op.input().is_static:
        raise ShapeUnknown("a size is open")
    return [Value.scalar(op.input().size)]


RULES = RuleSet(
    *(
        Rule(op, shape=same_on_every_output, element=element_on_every_output)
        for op in ("Switch", "RefSwitch", "_SwitchN", "Exit", "RefExit", "NextIteration", "RefNextIteration")
    ),
    *(Rule(op, shape=enter_shape, element=element_on_every_output) for op in ("Enter", "RefEnter")),
    *(Rule(op, shape=merge_shape) for op in ("Merge", "RefMerge")),
    *(Rule(op, shape=recorded_shape) for op in ("If", "StatelessIf", "Case", "StatelessCase")),
    *(Rule(op, shape=while_shape) for op in ("While", "StatelessWhile")),
    *(Rule(op, shape=pushed_shape) for op in ("StackPush", "StackPushV2")),
    *(Rule(f"TensorArray{verb}V3", element=no_element) for verb in ("Write", "Scatter", "Split")),
    Rule("TensorArrayV3", element=declared_element),
    Rule("LoopCond", shape=scalar),
    *(Rule(op, role=Role.FOLLOWED) for op in ("Shape", "ShapeN", "Pack", "Concat", "ConcatV2", "StridedSlice", "Cast")),
    Rule("Size", value=counted_value, role=Role.MEASURED),
    Rule("Rank", role=Role.MEASURED),
    *(Rule(op, shape=unknown_shape) for op in ("NearestNeighbors", "KmeansPlusPlusInitialization")),
)
