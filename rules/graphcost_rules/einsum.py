"""Einsum of one or two operands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, floor_div, product

ELLIPSIS = "..."


@dataclass(frozen=True, slots=True)
class Subscripts:
    """The labels of a tensor's axes; an ellipsis stands for any number of axes between `before` and `after`."""

    before: str
    after: str
    has_ellipsis: bool

    @property
    def labels(self) -> str:
        return self.before + self.after


@dataclass(frozen=True, slots=True)
class Operand:
    """The size of each label, repeated ones once (a diagonal is taken first), and of the ellipsis' axes."""

    sizes: dict[str, Dim]
    unlabelled: Shape


def einsum_shape(op: Op) -> list[Shape]:
    terms, result = _equation(op)
    operands = _operands(op, terms, result)
    sizes = _merged(op, operands)
    unlabelled = op.broadcast(*(operand.unlabelled for operand in operands))
    if unlabelled.rank and not result.has_ellipsis:
        raise op.error("the result has no ellipsis for the operands' ellipses")
    before, after = ([sizes[label] for label in part] for part in (result.before, result.after))
    return [Shape(*before, *unlabelled, *after)]


def einsum_cost(op: Op) -> Cost:
    """Labels of one operand that the result lacks are summed first, by additions.

    Then, of two operands, every combination of the labels that remain is one multiply-add where one of them is
    contracted, else one multiplication.
    """
    terms, result = _equation(op)
    folded = [index for index, term in enumerate(terms) if not _tells_rank(op, index, term, result)]
    operands = [
        _folded_operand(op, index, term) if index in folded else _operand(op, index, term, result)
        for index, term in enumerate(terms)
    ]
    sizes = _merged(op, [operand for index, operand in enumerate(operands) if index not in folded])
    for index in folded:
        sizes = {**operands[index].sizes, **sizes}
    shared = set.intersection(*(set(operand.sizes) for operand in operands)) if len(operands) > 1 else set()
    kept = shared.union(result.labels)
    sums = Cost(add=sum((_additions(operand, kept) for operand in operands), start=0))
    if len(operands) == 1:
        return sums
    if folded:
        unlabelled = floor_div(op.output_size(), product(sizes[label] for label in result.labels))
    else:
        unlabelled = op.broadcast(*(operand.unlabelled for operand in operands)).size
    combinations = product(size for label, size in sizes.items() if label in kept) * unlabelled
    is_contraction = not shared.issubset(result.labels)
    return sums + (Cost(mac=combinations) if is_contraction else Cost(mul=combinations))


def _equation(op: Op) -> tuple[tuple[Subscripts, ...], Subscripts]:
    """The subscripts of the operands and of the result. Any character is a label, as in TensorFlow's op."""
    equation = op.text_attr("equation")
    left, arrow, right = equation.partition("->")
    if not arrow or "->" in right:
        raise op.error(f"equation {equation[:60]!r} must have one '->'")
    terms = tuple(_subscripts(op, text) for text in left.split(","))
    result = _subscripts(op, right)
    if len(terms) > 2 or len(terms) != len(op.inputs):
        raise op.error(f"equation {equation[:60]!r} of {len(op.inputs)} operands")
    if not set(result.labels) <= {label for term in terms for label in term.labels}:
        raise op.error(f"equation {equation[:60]!r} has a label in the result alone")
    return terms, result


def _subscripts(op: Op, text: str) -> Subscripts:
    before, dots, after = text.partition(ELLIPSIS)
    if "." in before + after or "," in text:
        raise op.error(f"subscripts {text[:60]!r}")
    return Subscripts(before, after, bool(dots))


def _operands(op: Op, terms: Sequence[Subscripts], result: Subscripts) -> list[Operand]:
    return [_operand(op, index, term, result) for index, term in enumerate(terms)]


def _operand(op: Op, index: int, term: Subscripts, result: Subscripts) -> Operand:
    labelled = len(term.labels)
    # An ellipsis that the result lacks stands for no axes, so that the labels alone tell the rank.
    if term.has_ellipsis and result.has_ellipsis:
        shape = op.input(index, least_rank=labelled)
    else:
        shape = op.input(index, rank=labelled)
    end = shape.rank - len(term.after)
    dims = (*shape[: len(term.before)], *shape[end:])
    sizes: dict[str, Dim] = {}
    for label, dim in zip(term.labels, dims, strict=True):
        sizes[label] = op.same(sizes[label], dim) if label in sizes else dim
    return Operand(sizes, Shape(*shape[len(term.before) : end]))


def _tells_rank(op: Op, index: int, term: Subscripts, result: Subscripts) -> bool:
    return op.has_shape(index) or not (term.has_ellipsis and result.has_ellipsis)


def _folded_operand(op: Op, index: int, term: Subscripts) -> Operand:
    """An operand of unknown rank, for costs: the axes of its ellipsis are one."""
    first = len(term.before)
    dims = op.folded_input(index, first=first, last=len(term.after))
    sizes = dict(zip(term.labels, (*dims[:first], *dims[first + 1 :]), strict=True))
    return Operand(sizes, Shape(dims[first]))


def _merged(op: Op, operands: Sequence[Operand]) -> dict[str, Dim]:
    """The size of each label of any operand."""
    sizes: dict[str, Dim] = {}
    for operand in operands:
        for label, dim in operand.sizes.items():
            sizes[label] = op.same(sizes[label], dim) if label in sizes else dim
    return sizes


def _additions(operand: Operand, kept: set[str]) -> Dim:
    """How many additions it takes to sum over the labels that aren't kept."""
    summed = product(size for label, size in operand.sizes.items() if label not in kept)
    results = product(size for label, size in operand.sizes.items() if label in kept) * operand.unlabelled.size
    return 0 if summed == 0 else results * (summed - 1)


RULES = RuleSet(
    Rule("Einsum", shape=einsum_shape, cost=einsum_cost, role=Role.CONTRACTION),
    Rule("XlaEinsum", shape=einsum_shape, cost=einsum_cost),
    Rule("_MklEinsum", shape=einsum_shape, cost=einsum_cost),
)
