"""Handing on and casting against TensorFlow, and on symbols."""

from __future__ import annotations

import math

import numpy as np
import pytest
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_oracle import Call, call, check_kernel, prove, tensors
from optional_tensorflow import tf
from shape_function import prove_shapes, rule_shapes, tensor, tensorflow_shapes
from single_op import apply, make_op

from graphcost import COPIES, Fact, RuleError, Shape, Value
from graphcost.dims import symbol
from graphcost.ir.literal import PartialShape
from graphcost_rules.identity import RULES

N = symbol("N")


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["Identity", "StopGradient", "PreventGradient", "Snapshot", "DeepCopy"])
def test_handing_on_agrees_with_tensorflow(kind: str) -> None:
    prove(RULES, tensors().map(lambda tensor: call(kind, tensor)), examples=10)


@pytest.mark.tensorflow
def test_several_tensors_are_handed_on() -> None:
    calls = st.lists(tensors(), min_size=1, max_size=3).map(lambda t: call("IdentityN", *t, lists={"input": len(t)}))
    prove(RULES, calls)


def test_what_a_handle_holds_is_handed_on() -> None:
    held = Fact("float32", Shape(3))
    rule = RULES.get("Identity")
    assert rule is not None
    assert rule.element is not None
    assert rule.element(make_op("Identity", Fact("resource", Shape(), element=held))) == [held]


NUMBERS = st.one_of(st.integers(-300, 300), st.floats(-300, 300, width=32))


@pytest.mark.tensorflow
@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(
    items=st.lists(NUMBERS, max_size=4), target=st.sampled_from(["int8", "uint8", "int32", "int64", "float32", "bool"])
)
def test_casts_give_the_kernels_numbers_or_none(items: list[float], target: str) -> None:
    """Numbers that the target can't hold are unknown."""
    source = np.asarray(items, dtype=np.float32)
    kernel = tf.cast(source, target).numpy().tolist()
    (value,) = apply(RULES, "Cast", Value.vector(source.tolist()), DstT=target).values
    assert value is not None
    limits = np.iinfo(target) if target.startswith(("int", "uint")) else None
    for ours, theirs, item in zip(value.items, kernel, source.tolist(), strict=True):
        fits = limits is None or limits.min <= math.trunc(item) <= limits.max
        assert ours == theirs if fits else ours is None


@pytest.mark.parametrize("item", [math.nan, math.inf])
def test_what_is_no_number_has_no_integer(item: float) -> None:
    assert apply(RULES, "Cast", Value.scalar(item), DstT="int32").values == (Value.scalar(None),)


def test_symbolic_integers_survive_a_float() -> None:
    (as_float,) = apply(RULES, "Cast", Value.vector([N, 3]), DstT="float32").values
    assert as_float == Value.vector([N, 3.0])
    assert apply(RULES, "Cast", as_float, DstT="int32").values == (Value.vector([N, 3]),)


@st.composite
def bitcasts(draw: st.DrawFn) -> Call:
    target = draw(st.sampled_from([tf.int64, tf.float32, tf.uint8, tf.int16]))
    tensor = draw(tensors(least=1, least_rank=1))
    if target.size == 8:
        tensor = np.stack([tensor, tensor], axis=-1)
    return call("Bitcast", tensor, type=target)


@pytest.mark.tensorflow
def test_bitcasts_agree_with_tensorflow() -> None:
    prove(RULES, bitcasts(), has_value=False)


@pytest.mark.parametrize("dtypes", [("string", "int32"), ("int32", "nonsense")])
def test_dtypes_without_a_size_are_refused(dtypes: tuple[str, str]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "Bitcast", Shape(4), T=dtypes[0], type=dtypes[1])


@pytest.mark.parametrize("kind", ["CheckNumerics", "CheckNumericsV2"])
@pytest.mark.parametrize("items", [[1.5, -3.0, 0.0], [1.5, math.inf, 0.0]])
def test_checking_numbers_compares_every_element(kind: str, items: list[float]) -> None:
    """A tensor that isn't finite is refused."""
    tally = Tally()
    verdicts = [tally.less(abs(item), math.inf) for item in items]
    try:
        theirs = getattr(tf.raw_ops, kind)(tensor=items, message="").numpy()
    except tf.errors.InvalidArgumentError:
        theirs = None
    tally.gives(items if all(verdicts) else math.nan, math.nan if theirs is None else theirs)
    tally.proves(kind, apply(RULES, kind, Shape(3)).cost)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["Merge", "RefMerge"])
@pytest.mark.parametrize("dims", [[(2, 3), (2, 3)], [(2, 3), (2, 4), (2, 3)], [(2, 3), (2,)], [(), ()], [(5,)]])
def test_a_merge_has_what_its_inputs_share(kind: str, dims: list[tuple[int, ...]]) -> None:
    inputs = [tensor(*sizes) for sizes in dims]
    prove_shapes(RULES, kind, inputs, {"inputs": len(inputs)})
    mine = rule_shapes(RULES, kind, inputs, {"inputs": len(inputs)})
    for shape, theirs in zip(mine, tensorflow_shapes(kind, inputs, {"inputs": len(inputs)}), strict=True):
        open_sizes = None if shape is None else tuple(size if isinstance(size, int) else None for size in shape)
        assert open_sizes == theirs


def test_sizes_that_are_the_same_symbol_stay_it() -> None:
    assert apply(RULES, "Merge", Shape(N, 3), Shape(N, 3)).shapes == (Shape(N, 3), Shape())


@pytest.mark.tensorflow
def test_parallel_concat_has_its_declared_shape() -> None:
    outcome = apply(RULES, "ParallelConcat", Shape(1, 3), Shape(1, 3), shape=PartialShape((2, 3)))
    assert outcome.shapes == (Shape(2, 3),)
    assert outcome.cost == COPIES
    check_kernel(RULES, call("Identity", [1, 2]))
