"""What is neither arithmetic nor movement: tables, queues, datasets, files, summaries, sources."""

from __future__ import annotations

import pytest
from single_op import apply, make_op

from graphcost import Fact, Free, PartialShape, RuleError, Shape, ShapeUnknown, Value
from graphcost.ir.literal import Literal
from graphcost.ir.node import Node
from graphcost.ops.op import Op
from graphcost_rules import containers, datasets, decoding, host, source, strings

REASONS = {
    "state": containers,
    "input pipeline": datasets,
    "host I/O": host,
    "strings": strings,
}


@pytest.mark.parametrize("reason", REASONS)
def test_what_is_free_says_why(reason: str) -> None:
    costs = {rule.cost for rule in REASONS[reason].RULES}
    assert all(isinstance(cost, Free) for cost in costs)
    assert Free(reason) in costs


def test_an_iterator_yields_its_declared_shapes() -> None:
    shapes = (PartialShape((-1, 28, 28)), PartialShape(None))
    images, labels = apply(datasets.RULES, "IteratorGetNext", Shape(), output_shapes=shapes).shapes
    assert images is not None
    assert str(images) == "[size(node:0,0), 28, 28]"
    assert labels is None


def test_a_table_is_found_in_by_the_shape_of_the_keys() -> None:
    rule = containers.RULES.get("HashTableV2")
    assert rule is not None
    assert rule.element is not None
    (held,) = rule.element(make_op("HashTableV2", value_dtype="int64"))
    outcome = apply(
        containers.RULES, "LookupTableFindV2", Fact("resource", Shape(), element=held), Shape(4, 2), Shape()
    )
    assert outcome.shapes == (Shape(4, 2),)
    with pytest.raises(ShapeUnknown):
        apply(containers.RULES, "LookupTableFindV2", Fact("resource", Shape()), Shape(4, 2), Shape())


def test_operations_with_effects_have_no_outputs() -> None:
    for kind in ("NoOp", "Assert", "SaveV2", "PrintV2"):
        assert apply(host.RULES, kind, Shape()).shapes == ()


def restored(*specs: bytes) -> list[Shape | None]:
    rule = host.RULES.get("RestoreV2")
    assert rule is not None
    assert rule.shape is not None
    names = Fact("string", Shape(len(specs)))
    inputs = [Fact("string", Shape()), names, Fact("string", names.shape, texts=specs)]
    return list(rule.shape(Op(Node("restore", "RestoreV2", dtypes=("float32",) * len(specs)), inputs)))


def test_restored_tensors_are_known_where_a_slice_spells_them_out() -> None:
    assert restored(b"", b"1010 1 0,505:0,1", b"3 4 -:2,2", b"7 -") == [None, Shape(505, 1), Shape(3, 2), Shape(7)]


@pytest.mark.parametrize("spec", [b"3 4 -", b"x -", b"3 0,", b"3 0,-1", b" ", b"9" * 40 + b" -"])
def test_what_is_no_slice_is_refused(spec: bytes) -> None:
    with pytest.raises(RuleError):
        restored(spec)


def test_constants_have_their_literal() -> None:
    literal = Literal("int32", (2,), Value.vector([3, 4]))
    outcome = apply(source.RULES, "Const", value=literal)
    assert outcome.shapes == (Shape(2),)
    assert outcome.values == (literal.value,)
    assert apply(source.RULES, "Const", value=Literal("float32", (9, 9), None)).values == (None,)


def test_a_default_is_the_value_where_its_shape_is_settled() -> None:
    default = Value.scalar(1)
    assert apply(source.RULES, "PlaceholderWithDefault", default, shape=PartialShape(())).values == (default,)
    assert apply(source.RULES, "PlaceholderWithDefault", [1, 2], shape=PartialShape((-1,))).values == ()


def test_decoding_is_free() -> None:
    assert all(isinstance(rule.cost, Free) for rule in decoding.RULES)
