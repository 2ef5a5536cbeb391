"""Sequence examples from strings: features of the whole sequence, its context, and lists with one for each step."""

from __future__ import annotations

from graphcost import Op, PartialShape, Role, Shape
from graphcost_rules.declared_shapes import family
from graphcost_rules.decoding import PARSES
from graphcost_rules.slicing import MOST_PARTS


class _Outputs:
    """The shapes of the outputs so far; each open size is named after the port that it is of."""

    def __init__(self, op: Op) -> None:
        self.op = op
        self.shapes: list[Shape | None] = []

    def sparse(self, count: int, rank: int | None) -> None:
        """Places, values and shapes of `count` sparse tensors."""
        first = len(self.shapes)
        axes = [self.op.unknown_size(1, first + i) if rank is None else rank for i in range(count)]
        found = [self.op.unknown_size(0, first + i) for i in range(count)]
        self.shapes += [Shape(size, axis) for size, axis in zip(found, axes, strict=True)]
        self.shapes += [Shape(size) for size in found]
        self.shapes += [Shape(axis) for axis in axes]

    def dense(self, attribute: str, leading: Shape | None, steps: bool) -> None:
        """One row for each example, or one for each step of it, of the shapes that an attribute declares."""
        for item in self.op.list_attr(attribute):
            self.shapes.append(None if leading is None else self._row(item, leading, steps))

    def _row(self, item: object, leading: Shape, steps: bool) -> Shape:
        if not isinstance(item, PartialShape) or item.dims is None:
            raise self.op.error("dense features must have shapes of known rank")
        port, axis = len(self.shapes), leading.rank + steps
        sizes = [self.op.unknown_size(axis + i, port) if size < 0 else size for i, size in enumerate(item.dims)]
        length = [self.op.unknown_size(leading.rank, port)] if steps else []
        return Shape(*leading, *length, *sizes)

    def each(self, count: int, shape: Shape | None) -> None:
        self.shapes += [shape] * count

    def vectors(self, count: int) -> None:
        """Vectors whose lengths depend on data."""
        self.shapes += [Shape(self.op.unknown_size(0, len(self.shapes) + i)) for i in range(count)]


def sequences_shape(op: Op) -> list[Shape | None]:
    """For a vector of strings: sparse and dense features of the context, then of the steps, with the number of steps of
    each dense one."""
    return _sequences(op, op.input(0, rank=1), ragged=False)


def ragged_sequences_shape(op: Op) -> list[Shape | None]:
    """As ParseSequenceExample, of one string too; after each kind's dense features its ragged ones, as values and
    splits, whose number is open for one string."""
    examples = op.input(0) if op.has_shape(0) else None
    if examples is not None and examples.rank > 1:
        raise op.error(f"sequence examples of shape {examples}")
    return _sequences(op, examples, ragged=True)


def _sequences(op: Op, examples: Shape | None, *, ragged: bool) -> list[Shape | None]:
    outputs = _Outputs(op)
    outputs.sparse(_count(op, "Ncontext_sparse"), None if examples is None else examples.rank + 1)
    outputs.dense("context_dense_shapes", examples, steps=False)
    if ragged:
        _ragged(op, outputs, examples, "context_ragged_value_types")
    outputs.sparse(_count(op, "Nfeature_list_sparse"), None if examples is None else examples.rank + 2)
    outputs.dense("feature_list_dense_shapes", examples, steps=True)
    outputs.each(_count(op, "Nfeature_list_dense"), examples)
    if ragged:
        outputs.vectors(_ragged(op, outputs, examples, "feature_list_ragged_value_types"))
    return outputs.shapes


def _ragged(op: Op, outputs: _Outputs, examples: Shape | None, attribute: str) -> int:
    """Values and outer splits of each ragged feature. Returns how many there are."""
    count = len(op.list_attr(attribute))
    outputs.vectors(count)
    if examples is None or not examples.rank:
        outputs.vectors(count)
    else:
        outputs.each(count, Shape(examples[0] + 1))
    return count


def single_sequence_shape(op: Op) -> list[Shape | None]:
    """The same for one string, without the numbers of steps."""
    outputs = _Outputs(op)
    outputs.sparse(_count(op, "Ncontext_sparse"), 1)
    outputs.dense("context_dense_shapes", Shape(), steps=False)
    outputs.sparse(_count(op, "Nfeature_list_sparse"), 2)
    outputs.dense("feature_list_dense_shapes", Shape(), steps=True)
    return outputs.shapes


def _count(op: Op, attribute: str) -> int:
    count = op.int_attr(attribute, 0)
    if not 0 <= count <= MOST_PARTS:
        raise op.error(f"attribute {attribute!r} is {count}")
    return count


RULES = (
    family(PARSES, sequences_shape, "ParseSequenceExample")
    + family(PARSES, ragged_sequences_shape, "ParseSequenceExampleV2")
    + family(PARSES, single_sequence_shape, "ParseSingleSequenceExample")
).with_role(Role.PARSER | Role.PIPELINE)
