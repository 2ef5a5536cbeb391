"""What TensorFlow knows of a graph as it imports it: its shape functions know no more, and no less."""

from __future__ import annotations

import pytest
from shape_function import Tensor, rule_node, tensor, tensor_fact, tensorflow_shapes
from single_op import apply, make_op

from graphcost import Fact, Op, PartialShape, Role, Shape, ShapeUnknown, Value
from graphcost.dims import symbol
from graphcost.ir.node import Node, TensorRef
from graphcost_rules.tf_profiler.import_shapes import RULES

N = symbol("N")


def ours(kind: str, inputs: list[Tensor], lists: dict[str, int] | None = None, **attrs: object) -> list[object]:
    """The shapes as TensorFlow writes them, None for what is open."""
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.shape is not None
    node = rule_node(kind, inputs, lists, **attrs)
    try:
        shapes = rule.shape(Op(node, [*map(tensor_fact, inputs, node.inputs)]))
    except ShapeUnknown:
        return [None] * len(node.dtypes)
    return [shape and tuple(dim if isinstance(dim, int) else None for dim in shape) for shape in shapes]


def prove(kind: str, inputs: list[Tensor], lists: dict[str, int] | None = None, **attrs: object) -> None:
    theirs = tensorflow_shapes(kind, inputs, lists, **attrs)
    assert [None if each is None else tuple(each) for each in ours(kind, inputs, lists, **attrs)] == theirs  # type: ignore[arg-type]


KNOWN, OPEN, UNKNOWN = tensor(2, 3), tensor(2, None), Tensor("float32", None)
PREDICATE = tensor(dtype="bool")


@pytest.mark.tensorflow
@pytest.mark.parametrize("given", [KNOWN, OPEN, UNKNOWN, tensor()], ids=["known", "open", "unknown", "scalar"])
def test_one_tensor_through_the_control_flow_of_tf1(given: Tensor) -> None:
    for kind in ("Exit", "NextIteration"):
        prove(kind, [given])
    prove("Switch", [given, PREDICATE])
    for is_constant in (False, True):
        prove("Enter", [given], frame_name=b"while", is_constant=is_constant)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "inputs",
    [
        [KNOWN, KNOWN],
        [KNOWN, tensor(2, 4)],
        [KNOWN, tensor(4, 3), KNOWN],
        [KNOWN, tensor(2, 3, 1)],
        [KNOWN, OPEN],
        [OPEN, OPEN],
        [KNOWN, UNKNOWN],
        [UNKNOWN, UNKNOWN],
        [tensor(), tensor()],
        [KNOWN],
    ],
    ids=str,
)
def test_what_meets_has_what_all_agree_on(inputs: list[Tensor]) -> None:
    prove("Merge", inputs, {"inputs": len(inputs)})


@pytest.mark.tensorflow
def test_a_predicate_is_a_scalar_and_a_stack_hands_on() -> None:
    prove("LoopCond", [PREDICATE])
    for given in (KNOWN, OPEN, UNKNOWN):
        prove("StackPushV2", [tensor(dtype="resource"), given])


def test_an_open_size_that_all_inputs_share_is_not_agreed_on() -> None:
    (shape, _) = apply(RULES, "Merge", Shape(2, N), Shape(2, N)).shapes
    assert shape is not None
    assert (shape[0], str(shape[1])) == (2, "size(node:0,1)")


def outputs(kind: str, *inputs: Fact, dtypes: int = 2, **attrs: object) -> list[Shape | None]:
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.shape is not None
    refs = tuple(TensorRef(f"x{i}") for i in range(len(inputs)))
    node = Node("node", kind, refs, attrs=attrs, dtypes=("float32",) * dtypes)  # type: ignore[arg-type]
    return list(rule.shape(Op(node, list(inputs))))


RECORDED = (PartialShape((2, 3)), PartialShape(None))
TENSOR = Fact("float32", Shape(4))


@pytest.mark.parametrize("kind", ["If", "StatelessIf", "Case", "StatelessCase"])
def test_branches_have_the_shapes_that_are_recorded(kind: str) -> None:
    assert outputs(kind, TENSOR, output_shapes=RECORDED) == [Shape(2, 3), None]
    assert outputs(kind, TENSOR, output_shapes=()) == [None, None]
    assert outputs(kind, TENSOR) == [None, None]
    (opened,) = outputs(kind, TENSOR, dtypes=1, output_shapes=(PartialShape((-1,)),))
    assert [str(dim) for dim in opened or ()] == ["size(node:0,0)"]


@pytest.mark.parametrize("kind", ["While", "StatelessWhile"])
def test_loops_have_the_shapes_that_are_recorded_or_come_in(kind: str) -> None:
    assert outputs(kind, TENSOR, Fact("float32"), output_shapes=RECORDED) == [Shape(2, 3), None]
    assert outputs(kind, TENSOR, Fact("float32"), output_shapes=()) == [Shape(4), None]
    assert outputs(kind, TENSOR, Fact("float32")) == [Shape(4), None]


def test_what_enters_a_loop_may_change_unless_it_is_said_not_to() -> None:
    assert outputs("Enter", TENSOR, dtypes=1, is_constant=True) == [Shape(4)]
    for attrs in ({}, {"is_constant": False}):
        with pytest.raises(ShapeUnknown):
            outputs("Enter", TENSOR, dtypes=1, **attrs)


def elements(kind: str, *inputs: Fact, dtypes: int = 2, **attrs: object) -> list[Fact | None]:
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.element is not None
    refs = tuple(TensorRef(f"x{i}") for i in range(len(inputs)))
    node = Node("node", kind, refs, attrs=attrs, dtypes=("float32",) * dtypes)  # type: ignore[arg-type]
    return list(rule.element(Op(node, list(inputs))))


@pytest.mark.parametrize("kind", ["Switch", "RefSwitch", "_SwitchN", "Exit", "NextIteration", "Enter", "RefEnter"])
def test_what_a_handle_holds_goes_with_it(kind: str) -> None:
    handle = Fact("resource", Shape(), element=TENSOR)
    assert elements(kind, handle) == [TENSOR, TENSOR]
    assert elements(kind, Fact("resource", Shape())) == [None, None]


@pytest.mark.parametrize("verb", ["Write", "Scatter", "Split"])
def test_no_write_teaches_what_an_array_holds(verb: str) -> None:
    assert elements(f"TensorArray{verb}V3", Fact("resource", Shape(), element=TENSOR), dtypes=1) == [None]


def test_an_array_holds_what_is_settled_of_it() -> None:
    def held(dims: tuple[int, ...] | None, **attrs: object) -> Fact | None:
        first, flow = elements("TensorArrayV3", dtype="int32", element_shape=PartialShape(dims), **attrs)
        assert flow is None
        return first

    assert held((2, 3)) == Fact("int32", Shape(2, 3))
    assert held(()) == Fact("int32", Shape())
    assert held(None) is None
    assert held((-1, 3)) is None
    assert held((-1, 3), identical_element_shapes=False) is None
    opened = held((-1, 3), identical_element_shapes=True)
    assert opened is not None
    assert opened.shape is not None
    assert opened.shape[1] == 3
    assert elements("TensorArrayV3", dtype="int32") == [None, None]


def test_elements_are_counted_where_all_sizes_are_numbers() -> None:
    rule = RULES.get("Size")
    assert rule is not None
    assert rule.value is not None
    assert rule.value(make_op("Size", Shape(2, 3))) == [Value.scalar(6)]
    assert rule.value(make_op("Size", Shape())) == [Value.scalar(1)]
    for shape in (Shape(2, N), Shape(0, N)):
        with pytest.raises(ShapeUnknown):
            rule.value(make_op("Size", shape))


@pytest.mark.parametrize("kind", ["NearestNeighbors", "KmeansPlusPlusInitialization"])
def test_some_operations_have_no_shape_function(kind: str) -> None:
    assert outputs(kind, TENSOR) == [None, None]


def test_values_are_followed_or_measured() -> None:
    assert set(RULES.ops_in(Role.MEASURED)) == {"Size", "Rank"}
    followed = {"Shape", "ShapeN", "Pack", "Concat", "ConcatV2", "StridedSlice", "Cast"}
    assert set(RULES.ops_in(Role.FOLLOWED)) == followed
