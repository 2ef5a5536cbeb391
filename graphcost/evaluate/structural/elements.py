"""Functions on elements: operations that run a function of the graph on scalars, as often as their operands say."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import reduce

from graphcost.dims import Dim, Shape, log2_ceil
from graphcost.evaluate import Call, Evaluation, Handler, HandlerSteps, Outcome, Request, Site
from graphcost.evaluate.infer import Problem, guarded
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.rule import Rule, ShapeRule
from graphcost.ops.status import Status


@dataclass(frozen=True, slots=True)
class Application:
    """A function that a node runs on scalars.

    attribute: what names the function. operands: the positions of the inputs that its arguments are elements of.
    times: how often it runs. results: how many it gives.
    """

    attribute: str
    operands: tuple[int, ...]
    times: Dim
    results: int = 1


def on_elements(shape: ShapeRule, applications: Callable[[Op], Sequence[Application]]) -> Handler:
    """The handler of an operation whose outputs have these shapes and which runs these functions."""

    def handler(site: Site) -> HandlerSteps:
        inferred = site.run.infer(site.node, Rule(site.node.op, shape=shape), site.inputs, site.place)
        op = Op(site.node, site.inputs, inferred.facts, site.sizes)
        found = guarded(lambda: tuple(applications(op)))
        if inferred.problem is not None and inferred.problem.status is Status.INVALID:
            found = inferred.problem
        if isinstance(found, Problem):
            return Outcome(inferred.facts, (), found)
        calls: list[Call] = []
        for application in found:
            applied = yield from _applied(site, application)
            if isinstance(applied, Problem):
                return Outcome(inferred.facts, (), applied)
            calls.append(applied)
        return Outcome(inferred.facts, tuple(calls))

    handler.__doc__ = applications.__doc__
    return handler


def _applied(site: Site, application: Application) -> Generator[Request, Evaluation | Problem, Call | Problem]:
    attribute = application.attribute
    function = site.function(attribute)
    if function is None:
        return Problem(Status.INVALID, f"it names no function as its {attribute}")
    arguments = tuple(Fact(site.inputs[position].dtype, Shape()) for position in application.operands)
    evaluation = yield Request(function, arguments, f"{site.inner_path}/{attribute}")
    if isinstance(evaluation, Problem):
        return evaluation
    if len(evaluation.outputs) != application.results:
        wrong = f"its {attribute} {function!r} gives {len(evaluation.outputs)} results, not {application.results}"
        return Problem(Status.INVALID, wrong)
    return Call(evaluation, application.times, operands=application.operands)


def reduced_shape(op: Op) -> list[Shape]:
    """Each operand without the axes that are reduced."""
    count = _operands(op)
    shape = _common_shape(op, count)
    axes = op.ints_attr("dimensions_to_reduce")
    if len(set(axes)) < len(axes) or any(not 0 <= axis < shape.rank for axis in axes):
        raise op.error(f"axes {list(axes[:8])} of a tensor of shape {shape}")
    return [Shape(*(size for axis, size in enumerate(shape) if axis not in axes))] * count


def reductions(op: Op) -> list[Application]:
    """The reducer runs once for each element, the first time on an initial value."""
    count = _operands(op)
    operands = (*range(count, 2 * count), *range(count))
    return [Application("reducer", operands, _elements(op, count), results=count)]


def _operands(op: Op) -> int:
    """How many tensors are reduced together; as many initial values follow them."""
    count, odd = divmod(len(op.inputs), 2)
    if odd or not count:
        raise op.error(f"{len(op.inputs)} inputs aren't operands and an initial value for each")
    return count


def scattered_shape(op: Op) -> list[Shape]:
    """The tensor that the updates go into."""
    return [op.input(0)]


def scatters(op: Op) -> list[Application]:
    """The computation runs once for each element of the updates."""
    return [Application("update_computation", (0, 2), op.input_size(2))]


def sorted_shape(op: Op) -> list[Shape]:
    """The operands, which are permuted alike; the last input only names the axis."""
    count = len(op.inputs) - 1
    if count < 1:
        raise op.error("it has nothing to sort")
    return [_common_shape(op, count)] * count


def comparisons(op: Op) -> list[Application]:
    """Lines of n elements are merged by halves: on each of the ceil(log2(n)) levels the comparator runs n times."""
    count = len(op.inputs) - 1
    operands = tuple(position for position in range(count) for _ in range(2))
    return [Application("comparator", operands, _elements(op, count) * log2_ceil(_length(op, count)))]


def _length(op: Op, count: int) -> Dim:
    """The size of the axis that is sorted, a symbol where that isn't known."""
    if not any(op.has_shape(i) for i in range(count)):
        return op.unknown_count("length")
    shape = _common_shape(op, count)
    if not shape:
        return 1
    if op.has_value(count):
        return shape[op.axis(count, shape.rank)]
    return shape[0] if shape.rank == 1 else op.unknown_count("length")


def _common_shape(op: Op, count: int) -> Shape:
    """The one shape of the first `count` inputs. ShapeUnknown where none of them is known."""
    known = [op.input(i) for i in range(count) if op.has_shape(i)]
    return reduce(op.same_shape, known) if known else op.input(0)


def _elements(op: Op, count: int) -> Dim:
    return _common_shape(op, count).size if any(op.has_shape(i) for i in range(count)) else op.input_size(0)


reduce_elements = on_elements(reduced_shape, reductions)
scatter_elements = on_elements(scattered_shape, scatters)
sort_elements = on_elements(sorted_shape, comparisons)
