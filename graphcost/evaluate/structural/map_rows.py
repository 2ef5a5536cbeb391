"""MapDefun: a function that runs on each row of its arguments."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from graphcost.dims import Dim, Shape
from graphcost.evaluate import Call, HandlerSteps, Outcome, Request, Site
from graphcost.evaluate.infer import Problem, guarded
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import TensorRef
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.status import Status


def map_rows(site: Site) -> HandlerSteps:
    """Evaluates the function for a row of each argument, and counts it for each row; captured inputs are the same
    for all of them."""
    function = site.function("f")
    if function is None:
        return site.unknown(Problem(Status.INVALID, "it names no function to map"))
    op = Op(site.node, site.inputs, sizes=site.sizes)
    rows = guarded(lambda: _rows(op))
    if isinstance(rows, Problem):
        return site.unknown(rows)
    arguments = _arguments(op)
    given = (*map(_row, site.inputs[:arguments]), *site.inputs[arguments:])
    evaluation = yield Request(function, given, site.inner_path, site.used)
    if isinstance(evaluation, Problem):
        return site.unknown(evaluation)
    facts = guarded(lambda: _stacked(op, rows, evaluation.outputs))
    if isinstance(facts, Problem):
        return site.unknown(facts)
    return Outcome(site.filled(facts), (Call(evaluation, rows),))


def _arguments(op: Op) -> int:
    """How many inputs are mapped; what is captured comes behind them."""
    return len(op.inputs) - len(op.list_attr("Tcaptured"))


def _rows(op: Op) -> Dim:
    """The size of axis 0 that all arguments share."""
    count = _arguments(op)
    if count < 1:
        raise op.error("it has no argument to map a function on")
    known = [op.input(i, least_rank=1)[0] for i in range(count) if op.has_shape(i)]
    return reduce(op.same, known) if known else op.unknown_size(0)


def _row(argument: Fact) -> Fact:
    return replace(
        argument, shape=None if argument.shape is None else Shape(*argument.shape[1:]), value=None, texts=None
    )


def _stacked(op: Op, rows: Dim, results: tuple[Fact, ...]) -> list[Fact]:
    """A row for each result of the function, of the shape that it has or is declared to have."""
    declared = op.list_attr("output_shapes")
    if not len(results) == len(declared) == len(op.node.dtypes):
        raise op.error(f"its function gives {len(results)} results, not {len(op.node.dtypes)}")
    return [
        replace(result, shape=_stacked_shape(op, port, rows, result.shape, shape), value=None, texts=None)
        for port, (result, shape) in enumerate(zip(results, declared, strict=True))
    ]


def _stacked_shape(op: Op, port: int, rows: Dim, row: Shape | None, declared: object) -> Shape | None:
    if not isinstance(declared, PartialShape):
        raise op.error("attribute 'output_shapes' holds something else")
    if declared.dims is None:
        return None if row is None else Shape(rows, *row)
    ref = TensorRef(op.node.name, port)
    sizes = [op.unknown_size(1 + axis, port) for axis in range(len(declared.dims))] if row is None else list(row)
    if len(sizes) != len(declared.dims) or any(_differs(*pair) for pair in zip(sizes, declared.dims, strict=True)):
        raise op.error(f"its function gives a row of shape {row} for {ref}, not the declared {list(declared.dims)}")
    return Shape(rows, *(size if dim < 0 else dim for size, dim in zip(sizes, declared.dims, strict=True)))


def _differs(size: Dim, declared: int) -> bool:
    return declared >= 0 and isinstance(size, int) and size != declared
