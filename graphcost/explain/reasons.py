"""Why two tools count one node differently, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphcost.dims import Dim, dim_sum, format_dim, symbols
from graphcost.explain.occurrences import Occurrence
from graphcost.explain.reference import Count, together
from graphcost.ops.sizes import BATCH
from graphcost.ops.status import Status
from graphcost.report import Line

ALIKE = "counted alike"
IN_FUNCTION = "not counted, it is in a function"
OTHER_RULE = "counted by another rule"
NO_RULE = "not counted, there is no rule"
REWRITTEN = "counted as the file has it, before it was rewritten"
REWRITTEN_AWAY = "counted, though a rewrite took it away"
NO_BATCH = "not counted, the batch is unknown"

UNNEEDED = {
    "initializer": "counted, though it initializes a weight",
    "loss": "counted, though it belongs to the loss",
    "metric": "counted, though it belongs to a metric",
    "gradient": "counted, though it belongs to the gradients",
    "optimizer": "counted, though it belongs to the optimizer",
    "summary": "counted, though it belongs to a summary",
    "saver": "counted, though it belongs to the saver",
    "assert": "counted, though it belongs to an assertion",
    "input pipeline": "counted, though it belongs to the input pipeline",
    "constant": "counted, though it is computed once, from constants",
    "unused": "counted, though no output needs it",
}
"""For each reason for which a node doesn't run what counting it amounts to."""


def why(op: str, theirs: Count, lines: Sequence[Line], ours: Dim, places: Iterable[Occurrence]) -> str:
    """The reason for the difference at one node: `lines` are the report's lines of it, `ours` their FLOPs.

    Those where the two agree are "counted alike", zero included.
    """
    if not lines:
        return ALIKE if theirs.flops == 0 else _unneeded(places)
    if theirs.flops == 0:
        return ALIKE if ours == 0 else _missed(op, theirs, places)
    if any(not line.status.is_known for line in lines):
        return f"counted, though graphcost knows no cost of it: {_unsettled(lines)}"
    if ours == theirs.flops:
        return ALIKE
    count = dim_sum(line.count for line in lines)
    if count == 0:
        return "counted, though its branch isn't taken"
    if ours == 0:
        return _no_floating_arithmetic(lines)
    if count != 1:
        return f"counted once, though it runs {format_dim(count)} times"
    return f"{OTHER_RULE}: {op}"


def why_rewritten(op: str, theirs: Sequence[Count], lines: Sequence[Line], ours: Dim, place: Occurrence) -> str:
    """The reason for the difference at a node that a rewrite made: `theirs` are those of the nodes it stands for."""
    reason = why(op, together(theirs), lines, ours, [place])
    return REWRITTEN if reason.startswith(OTHER_RULE) else reason


def _unneeded(places: Iterable[Occurrence]) -> str:
    known = (UNNEEDED.get(place.label or "") for place in places)
    return next((words for words in known if words is not None), UNNEEDED["unused"])


def _missed(op: str, theirs: Count, places: Iterable[Occurrence]) -> str:
    problem = theirs.problem
    if problem is None:
        return f"{OTHER_RULE}: {op}"
    if problem.status is Status.NO_RULE:
        return NO_RULE
    if problem.status is Status.INVALID:
        return f"not counted: {problem.reason}"
    return _unknown_shape(list(places))


def _unknown_shape(places: Sequence[Occurrence]) -> str:
    """What of the node's shapes no number is known of."""
    open_sizes = frozenset().union(*(_open_sizes(place) for place in places))
    if BATCH in open_sizes:
        return NO_BATCH
    if any(place.is_raised for place in places):
        return "not counted, it is in a loop or branch of unknown shapes"
    return "not counted, a size is unknown" if open_sizes else "not counted, TensorFlow knows no shape of it"


def _open_sizes(place: Occurrence) -> frozenset[str]:
    body = place.body
    facts = (*(body.fact(ref) for ref in place.node.inputs), *body.facts.get(place.node.name, ()))
    shapes = [body.sizes.resolve_shape(fact.shape) for fact in facts if fact.shape is not None]
    return frozenset().union(*(symbols(dim) for shape in shapes for dim in shape))


def _unsettled(lines: Iterable[Line]) -> str:
    return next(str(line.status) for line in lines if not line.status.is_known)


def _no_floating_arithmetic(lines: Iterable[Line]) -> str:
    if any(line.work.int_ops != 0 for line in lines):
        return "counted, though it is integer arithmetic"
    return "counted, though it takes no arithmetic"
