"""The shapes of random numbers against TensorFlow; drawing them is free."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from kernel_oracle import Call, call, prove, tensors
from optional_tensorflow import tf
from single_op import apply

from graphcost import Free, RuleError, Shape
from graphcost_rules.random_numbers import RULES

SHAPES = st.lists(st.integers(1, 3), max_size=3)
SEED = np.asarray([1, 2], dtype=np.int64)
FLOAT = {"dtype": tf.float32}


def parametric(kind: str) -> st.SearchStrategy[Call]:
    parameters = tensors(least=1, most_rank=2).map(lambda tensor: tensor.astype(np.float32) + 1)
    return st.tuples(SHAPES, parameters).map(lambda pair: call(kind, *pair))


CALLS = {
    "RandomUniform": SHAPES.map(lambda shape: call("RandomUniform", shape, **FLOAT)),
    "RandomStandardNormal": SHAPES.map(lambda shape: call("RandomStandardNormal", shape, **FLOAT)),
    "TruncatedNormal": SHAPES.map(lambda shape: call("TruncatedNormal", shape, **FLOAT)),
    "RandomUniformInt": SHAPES.map(lambda shape: call("RandomUniformInt", shape, 0, 9)),
    "StatelessRandomUniform": SHAPES.map(lambda shape: call("StatelessRandomUniform", shape, SEED)),
    "RandomShuffle": tensors(least_rank=1).map(lambda tensor: call("RandomShuffle", tensor)),
    "RandomGamma": parametric("RandomGamma"),
    "RandomPoissonV2": parametric("RandomPoissonV2"),
    "Multinomial": st.integers(1, 4).map(lambda n: call("Multinomial", np.ones([3, 2], dtype=np.float32), n)),
    "LogUniformCandidateSampler": st.just(
        call(
            "LogUniformCandidateSampler",
            np.asarray([[1], [2]], dtype=np.int64),
            num_true=1,
            num_sampled=3,
            unique=True,
            range_max=9,
        )
    ),
    "StatelessRandomGetKeyCounter": st.just(call("StatelessRandomGetKeyCounter", SEED)),
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_shapes_agree_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, has_value=False, examples=15)


def test_every_rule_says_that_random_numbers_are_free() -> None:
    assert {rule.cost for rule in RULES} == {Free("random numbers")}


@pytest.mark.parametrize("shape", [[-2], [3, -7]])
def test_negative_sizes_are_refused(shape: list[int]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "RandomUniform", shape)


def test_a_crop_keeps_the_channels() -> None:
    assert apply(RULES, "RandomCrop", Shape(9, 9, 3), [4, 5]).shapes == (Shape(4, 5, 3),)


def test_samplers_need_something_to_sample() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "UniformCandidateSampler", Shape(4, 1), num_true=1, num_sampled=0)
