"""The facts of one node's outputs, from its rule, its inputs' facts and, last, what the file recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from graphcost.budget import (
    MAX_RANK,
    SMALL_FORMULA,
    SYMBOLIC,
    affords_elements,
    affords_terms,
    elements_left,
    has_elements,
)
from graphcost.dims import Dim, Expr, Shape
from graphcost.errors import AnswerError, DimError, RuleError, ShapeUnknown
from graphcost.evaluate.answers import checked_element, checked_shape, checked_value, for_each_output
from graphcost.faults import described, place_of
from graphcost.ir.literal import FLOAT_LIMIT, VALUE_LIMIT, Literal, PartialShape, Value
from graphcost.ir.node import Node, TensorRef
from graphcost.ir.sound import is_malformed, written_op
from graphcost.ir.structural import BRANCHES, LOOPS
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.rule import Rule
from graphcost.ops.sizes import Need, Sizes
from graphcost.ops.status import Status

MAX_ELEMENTS = 2**63 - 1
"""TensorFlow refuses tensors with more elements than this."""

DECLARING = BRANCHES | LOOPS
"""What carries the shapes of its outputs among its own attributes, as the writer knew them."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a node has no cost: a status other than costed and free, and the reason in words.

    `is_broken` where its rule doesn't refuse it, but is at fault itself.
    """

    status: Status
    reason: str
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class Inference:
    """What is known of a node's outputs; what stood in the way; a contradiction between rule and file; what sizes that
    are still open must be.
    """

    facts: tuple[Fact, ...]
    problem: Problem | None = None
    warning: str | None = None
    needs: tuple[Need, ...] = ()


def infer(node: Node, rule: Rule | None, inputs: Sequence[Fact], sizes: Sizes) -> Inference:
    """Runs the shape, value and element rules of a node. Never raises for what a file contains."""
    count = len(node.dtypes)
    if rule is None:
        problem: Problem | None = _without_rule(node)
        op = Op(node, inputs, sizes=sizes)
        shapes: Sequence[Shape | None] = (None,) * count
        values: Sequence[Value | None] = (None,) * count
        elements: Sequence[Fact | None] = (None,) * count
    else:
        op = Op(node, inputs, sizes=sizes)
        shapes, problem = _ask(rule.shape, op, count, checked_shape)
        value_rule = rule.value if rule.value and _may_have_values(shapes) else None
        values, value_problem = _ask(value_rule, op, count, checked_value)
        elements, element_problem = _ask(rule.element, op, count, checked_element)
        if problem is None:
            problem = next((p for p in (value_problem, element_problem) if p and p.status is Status.INVALID), None)
    recorded = _recorded_shapes(node, count)
    facts = []
    warning = None
    for port in range(count):
        value = _legal_value(values[port], shapes[port])
        shape = shapes[port]
        if shape is None and value is not None:
            shape = Shape(*value.shape)
        ref = TensorRef(node.name, port)
        if shape is not None and recorded[port] is not None and not _agree(shape, recorded[port]):
            warning = f"{ref}: the file recorded shape {_words(recorded[port])}, the rule for {node.op} says {shape}"
        shape = _filled_in(shape, recorded[port], ref, sizes)
        excess = None if shape is None else _excess(shape)
        if excess is not None:
            problem = problem or Problem(Status.INVALID, f"output {port} has more than {excess}")
            shape = None
        elif shape is not None and any(size.__class__ is Expr and size.weight > SMALL_FORMULA for size in shape):
            shape = Shape(*(sizes.simple(size, ref, axis) for axis, size in enumerate(shape)))
        dtype = node.dtypes[port] or _declared_dtype(node)
        facts.append(Fact(dtype, shape, value, elements[port], _texts(node)))
    if problem is not None and problem.status is Status.NO_SHAPE and all(fact.shape is not None for fact in facts):
        problem = None
    return Inference(tuple(facts), problem, warning, tuple(op.needs))


def _without_rule(node: Node) -> Problem:
    if is_malformed(node):
        return Problem(Status.INVALID, f"its inputs, outputs or attributes aren't those of {written_op(node)}")
    return Problem(Status.NO_RULE, f"graphcost has no rule for {node.op}")


def guarded(call: Callable[[], T], rule: object = None) -> T | Problem:
    """The result of a rule, or the problem that it raised. Rules come from anybody: any exception is its line's.

    `rule` is the function that is called, to tell where in its file that was.
    """
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except ShapeUnknown as error:
        return Problem(Status.NO_SHAPE, str(error))
    except (RuleError, DimError) as error:
        return Problem(Status.INVALID, str(error))
    except AnswerError as error:
        return Problem(Status.INVALID, f"{place_of(error, rule)}: {error}", is_broken=True)
    except BaseException as error:
        # SystemExit too: a rule doesn't end the program.
        return Problem(Status.INVALID, f"{place_of(error, rule)}: {described(error)}", is_broken=True)


def _ask(
    rule: Callable[[Op], Sequence[T | None]] | None, op: Op, count: int, check: Callable[[object, int], T]
) -> tuple[Sequence[T | None], Problem | None]:
    if rule is None or count == 0:
        return (None,) * count, None
    answer = guarded(lambda: for_each_output(rule(op), count, check), rule)
    return ((None,) * count, answer) if isinstance(answer, Problem) else (answer, None)


def _legal_value(value: Value | None, shape: Shape | None) -> Value | None:
    """The value, unless it is too large to track or at odds with the shape."""
    if value is None or len(value.items) > VALUE_LIMIT:
        return None
    if len(value.items) > FLOAT_LIMIT and any(isinstance(item, float) for item in value.items):
        return None
    if shape is not None and (len(shape) != len(value.shape) or not _compatible(shape, value.shape)):
        return None
    is_symbolic = Expr in set(map(type, value.items))
    if not affords_elements(len(value.items) * (SYMBOLIC if is_symbolic else 1)):
        return None
    return _without_long_formulas(value) if is_symbolic else value


def _without_long_formulas(value: Value) -> Value:
    kept = (not isinstance(item, Expr) or affords_terms(item.weight) for item in value.items)
    return Value(value.shape, tuple(item if is_kept else None for item, is_kept in zip(value.items, kept, strict=True)))


def _may_have_values(shapes: Sequence[Shape | None]) -> bool:
    """Whether values of outputs of these shapes, as far as they are known, would be kept."""
    if elements_left() >= VALUE_LIMIT:
        return True
    for shape in shapes:
        if shape and shape.is_static:
            size = shape.size
            if isinstance(size, int) and size <= VALUE_LIMIT and not has_elements(size):
                return False
    return True


def _recorded_shapes(node: Node, count: int) -> tuple[PartialShape | None, ...]:
    recorded = node.attrs.get("_output_shapes")
    if recorded is None and node.op in DECLARING:
        recorded = node.attrs.get("output_shapes")
    if not isinstance(recorded, tuple) or len(recorded) != count:
        return (None,) * count
    return tuple(shape if isinstance(shape, PartialShape) and shape.dims is not None else None for shape in recorded)


def _agree(shape: Shape, recorded: PartialShape | None) -> bool:
    if recorded is None or recorded.dims is None:
        return True
    return len(shape) == len(recorded.dims) and _compatible(shape, recorded.dims)


def _compatible(shape: Shape, dims: Sequence[int]) -> bool:
    return all(d < 0 or not isinstance(size, int) or size == d for size, d in zip(shape, dims, strict=True))


def _filled_in(shape: Shape | None, recorded: PartialShape | None, ref: TensorRef, sizes: Sizes) -> Shape | None:
    """The rule's shape; where only this tensor's own open symbols stand, the number that the file recorded."""
    if recorded is None or recorded.dims is None:
        return shape
    if shape is None:
        return Shape(*(sizes.open(ref, axis) if d < 0 else d for axis, d in enumerate(recorded.dims)))
    if shape.is_static or len(shape) != len(recorded.dims):
        return shape
    pairs = enumerate(zip(shape, recorded.dims, strict=True))
    return Shape(*(_recorded_size(size, dim, ref, axis, sizes) for axis, (size, dim) in pairs))


def _recorded_size(size: Dim, recorded: int, ref: TensorRef, axis: int, sizes: Sizes) -> Dim:
    if recorded < 0 or isinstance(size, int) or size != sizes.open(ref, axis):
        return size
    return recorded


def _excess(shape: Shape) -> str | None:
    """What a tensor of the shape would have too many of."""
    if len(shape) > MAX_RANK:
        return f"{MAX_RANK} axes"
    known = 1
    for dim in shape:
        if isinstance(dim, int):
            known *= dim
            if known == 0:
                return None
    return "2^63 - 1 elements" if known > MAX_ELEMENTS else None


def _texts(node: Node) -> tuple[bytes, ...] | None:
    literal = node.attrs.get("value") if node.op == "Const" else None
    return literal.texts if isinstance(literal, Literal) else None


def _declared_dtype(node: Node) -> str | None:
    """The dtype of an op that no definition describes: by convention its attribute T or dtype."""
    for name in ("T", "dtype"):
        value = node.attrs.get(name)
        if isinstance(value, str):
            return value
    return None


def _words(recorded: PartialShape | None) -> str:
    dims = recorded.dims if recorded is not None and recorded.dims is not None else ()
    return f"[{', '.join('?' if d < 0 else str(d) for d in dims)}]"
