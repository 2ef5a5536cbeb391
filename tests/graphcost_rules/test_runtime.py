from __future__ import annotations

import pytest
from counted import floats, ints
from counting import Tally
from optional_tensorflow import tf
from shape_function import prove_shapes, tensor
from single_op import apply, make_op

from graphcost import Fact, PartialShape, RuleError, Shape
from graphcost_rules.runtime import RULES

MATRIX, INDEX = tensor(4, 6), tensor(2, dtype="int32")
DECLARED = {"shape": tf.TensorShape([2, 3])}


@pytest.mark.parametrize(("kind", "step"), [("InplaceAdd", "add"), ("InplaceSub", "sub")])
def test_each_element_of_the_rows_is_changed(kind, step):
    """The kernel writes into its input, so that it gets a copy."""
    x, rows, values = floats(1, 4, 3), ints(0, 2), floats(2, 2, 3)
    tally, out = Tally(), x.tolist()
    for row, value in zip(rows.tolist(), values.tolist(), strict=True):
        out[row] = [getattr(tally, step)(a, b) for a, b in zip(out[row], value, strict=True)]
    theirs = getattr(tf.raw_ops, kind)(x=tf.constant(x.copy()), i=rows, v=values)
    tally.gives(out, theirs, tolerance=1e-5)
    outcome = apply(RULES, kind, Shape(4, 3), Shape(2), Shape(2, 3))
    assert outcome.shapes == (Shape(4, 3),)
    tally.proves(kind, outcome.cost)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        ("InplaceUpdate", [MATRIX, INDEX, tensor(2, 6)], {}, {}),
        ("CheckPinned", [MATRIX], {}, {}),
        ("_ParallelConcatUpdate", [MATRIX, MATRIX], {}, {"loc": 0}),
        ("_ParallelConcatStart", [], {}, {**DECLARED, "dtype": tf.float32}),
        ("FakeParam", [], {}, {**DECLARED, "dtype": tf.float32}),
        ("ImmutableConst", [], {}, {**DECLARED, "dtype": tf.float32, "memory_region_name": ""}),
        ("_XlaMerge", [MATRIX, MATRIX], {}, {}),
        ("_ArrayToList", [MATRIX, MATRIX], {"input": 2}, {"out_types": [tf.float32, tf.float32]}),
        ("_ListToArray", [MATRIX, MATRIX], {"input": 2}, {"T": tf.float32, "N": 2}),
        ("CompositeTensorVariantFromComponents", [MATRIX], {"components": 1}, {"metadata": ""}),
        (
            "CompositeTensorVariantToComponents",
            [tensor(dtype="variant")],
            {},
            {"metadata": "", "Tcomponents": [tf.float32]},
        ),
        ("SyncDevice", [], {}, {}),
        ("_SwitchN", [MATRIX, tensor(dtype="int32")], {}, {"num_outs": 3}),
        ("GetOptions", [tensor(dtype="variant")], {}, {}),
        ("_XlaCompileMlirPlaceholderProgramKey", [], {}, {}),
        ("_Arg", [], {}, {"T": tf.float32, "index": 0}),
        ("Unbatch", [MATRIX, tensor(3, dtype="int64"), tensor(dtype="int64")], {}, {"timeout_micros": 1}),
        ("UnbatchGrad", [MATRIX, tensor(3, dtype="int64"), MATRIX, tensor(dtype="int64")], {}, {}),
        (
            "Batch",
            [MATRIX, tensor(4)],
            {"in_tensors": 2},
            {"num_batch_threads": 1, "max_batch_size": 8, "batch_timeout_micros": 1, "grad_timeout_micros": 1},
        ),
    ],
)
def test_shapes_are_tensorflow_s(kind, inputs, lists, attrs):
    prove_shapes(RULES, kind, inputs, lists, **attrs)


def test_choices_share_a_shape():
    assert apply(RULES, "RefSelect", 0, Fact("float32"), Shape(3, 4)).shapes == (Shape(3, 4),)
    with pytest.raises(RuleError):
        apply(RULES, "RefSelect", 0, Shape(3, 4), Shape(3))


def test_several_variables_are_made_and_read_at_once():
    rule = RULES.get("_VarHandlesOp")
    assert rule is not None
    assert rule.element is not None
    attrs = {"dtypes": ["float32", "int32"], "shapes": [PartialShape((3, 5)), PartialShape(None)]}
    first, second = rule.element(make_op("_VarHandlesOp", **attrs))
    assert first == Fact("float32", Shape(3, 5))
    assert second == Fact("int32", None)
    handles = [Fact("resource", Shape(), element=held) for held in (first, second)]
    assert apply(RULES, "_ReadVariablesOp", *handles).shapes == (Shape(3, 5), None)
    with pytest.raises(RuleError):
        rule.element(make_op("_VarHandlesOp", **{**attrs, "shapes": []}))
