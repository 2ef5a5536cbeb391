from __future__ import annotations

import pytest

pytest.importorskip("tensorflow")

import numpy as np
import tensorflow as tf
from counted import floats
from counting import Tally
from data_dependent import merge_sorted
from shape_function import prove_shapes, rule_shapes, tensor, tensorflow_shapes
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost_rules.sparse_core import RULES, TABLES, WORK

pytestmark = pytest.mark.tensorflow

# These run on TPUs alone: the numbers are those of the textbook formulas.

INTS, FLOATS, TABLE = tensor(8, dtype="int32"), tensor(8), tensor(9, 4)
SCALAR, ORDINAL = tensor(), tensor(dtype="int32")
QUANTIZATION = {
    "quantization_config_low": 0.0,
    "quantization_config_high": 1.0,
    "quantization_config_num_buckets": 3,
    "table_name": "a",
}


def test_a_lookup_is_a_weighted_sum_of_rows():
    table, gains, ids, samples = (
        floats(1, 9, 4),
        floats(2, 8).tolist(),
        [0, 3, 3, 8, 1, 2, 5, 0],
        [0, 0, 1, 1, 2, 2, 3, 3],
    )
    tally, out = Tally(), np.zeros((4, 4))
    for row, sample, gain in zip(ids, samples, gains, strict=True):
        for column in range(4):
            out[sample, column] = tally.mac(out[sample, column], gain, float(table[row, column]))
    expected = tf.math.segment_sum(table[ids] * np.array(gains, np.float32)[:, None], samples)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-6)
    operands = [Shape(16), Shape(8), Shape(8), Shape(8), Shape(9, 4), Shape()]
    outcome = apply(RULES, "XlaSparseDenseMatmulWithCsrInput", *operands, input_size=4)
    assert outcome.shapes == (Shape(4, 4),)
    assert outcome.cost == tally.cost
    merge_sorted(tally, ids)
    operands = [Shape(8), Shape(8), Shape(8), Shape(), Shape(9, 4)]
    assert apply(RULES, "XlaSparseDenseMatmul", *operands, input_size=4).cost == tally.cost


def sgd(t, w, g, _):
    return t.sub(w, t.mul(0.1, g))


def adagrad(t, w, g, slots):
    total = t.add(slots[0], t.mul(g, g))
    return t.sub(w, t.mul(0.1, t.mul(g, t.rsqrt(total))))


def adam(t, w, g, slots):
    mean = t.add(t.mul(0.9, slots[0]), t.mul(0.1, g))
    square = t.add(t.mul(0.99, slots[1]), t.mul(0.01, t.mul(g, g)))
    return t.sub(w, t.mul(0.1, t.div(mean, t.add(t.sqrt(square), 1e-8))))


def adagrad_momentum(t, w, g, slots):
    total = t.add(t.mul(0.9, slots[0]), t.mul(0.1, t.mul(g, g)))
    scaled = t.mul(g, t.call(pow, t.add(total, 1e-8), -0.5))
    momentum = t.add(t.mul(0.9, slots[1]), t.mul(0.1, scaled))
    return t.sub(w, t.mul(0.1, momentum))


FORMULAS = {
    "Sgd": (sgd, lambda w, g, a, b: w - 0.1 * g),
    "Adagrad": (adagrad, lambda w, g, a, b: w - 0.1 * g / np.sqrt(a + g * g)),
    "Adam": (
        adam,
        lambda w, g, a, b: w - 0.1 * (0.9 * a + 0.1 * g) / (np.sqrt(0.99 * b + 0.01 * g * g) + 1e-8),
    ),
    "AdagradMomentum": (
        adagrad_momentum,
        lambda w, g, a, b: w - 0.1 * (0.9 * b + 0.1 * g * (0.9 * a + 0.1 * g * g + 1e-8) ** -0.5),
    ),
}
INDICES = {"Sgd": 0, "Adagrad": 0, "AdagradMomentum": 0, "Adam": 1, "Ftrl": 4}


@pytest.mark.parametrize("name", FORMULAS)
def test_an_optimizer_updates_each_element_of_the_rows(name):
    step, formula = FORMULAS[name]
    w, g, a, b = (floats(seed, 6, least=0.1) for seed in range(4))
    tally = Tally()
    rows = zip(*(x.tolist() for x in (w, g, a, b)), strict=True)
    ours = [step(tally, weight, gradient, slots) for weight, gradient, *slots in rows]
    np.testing.assert_allclose(ours, formula(*(x.astype(np.float64) for x in (w, g, a, b))), rtol=1e-6)
    operands = [Shape(2)] * 10
    assert apply(RULES, f"XlaSparseCore{name}", *operands, feature_width=3).cost == tally.cost


@pytest.mark.parametrize("name", WORK)
def test_a_gradient_adds_to_rows_and_updates_them(name):
    tables = [Shape(9, 4)] * TABLES[name]
    operands = [Shape(16), Shape(8), Shape(8), Shape(8), Shape(4, 4), Shape(), *tables, Shape()]
    outcome = apply(RULES, f"XlaSparseDenseMatmulGradWith{name}AndCsrInput", *operands)
    assert outcome.shapes == (Shape(9, 4),) * TABLES[name]
    assert outcome.cost.bind({"rows(node)": 5}) == Cost(mac=32) + 20 * (WORK[name] + Cost(compare=2))


def test_gains_are_normalized():
    weights, samples = floats(1, 8, least=0.1).tolist(), [0, 0, 1, 1, 2, 2, 3, 3]
    for combiner in ("mean", "sqrtn"):
        tally, sums = Tally(), [0.0] * 4
        for sample, weight in zip(samples, weights, strict=True):
            sums[sample] = tally.add(sums[sample], weight if combiner == "mean" else tally.mul(weight, weight))
        totals = sums if combiner == "mean" else [tally.sqrt(total) for total in sums]
        gains = [tally.div(weight, totals[sample]) for sample, weight in zip(samples, weights, strict=True)]
        per_sample = np.reshape(gains, (4, 2))
        norms = per_sample.sum(1) if combiner == "mean" else (per_sample**2).sum(1)
        np.testing.assert_allclose(norms, 1, rtol=1e-6)
        attrs = {"sample_count": 4, "combiner": combiner.encode()}
        assert apply(RULES, "ConvertToCooTensor", Shape(8), Shape(8), Shape(8), **attrs).cost == tally.cost


LISTS = {"row_ids_list": 2, "col_ids_list": 2, "gains_list": 2}
SORTED = {f"sorted_{what}_list": 3 for what in ("row_ids", "col_ids", "gains")} | {"id_counts_list": 3}
CORES = {
    "num_replica": 20,
    "table_vocab_size": 8,
    "feature_width": 4,
    "table_name": "a",
}
BUFFERS = {"max_minibatches_per_sc": 7, "max_ids_per_chip_per_sample": 11}


@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        (
            "XlaSparseDenseMatmulWithCsrInput",
            [INTS, INTS, INTS, FLOATS, TABLE, ORDINAL],
            {},
            {"input_size": 6, **QUANTIZATION},
        ),
        (
            "XlaSparseDenseMatmul",
            [INTS, tensor(8, dtype="uint32"), FLOATS, tensor(dtype="uint32"), TABLE],
            {},
            {"input_size": 6, "max_ids_per_partition": 2, "max_unique_ids_per_partition": 2},
        ),
        (
            "XlaSparseDenseMatmulGradWithAdagradAndCsrInput",
            [INTS, INTS, INTS, FLOATS, tensor(6, 4), SCALAR, TABLE, TABLE, ORDINAL],
            {},
            {"table_name": "a"},
        ),
        ("XlaSparseCoreAdagrad", [INTS, tensor(8, 4), SCALAR, TABLE, TABLE], {}, {"feature_width": 4}),
        (
            "XlaSparseActivationsUnstack",
            [tensor(10, 6)],
            {},
            {
                "interleaved": True,
                "dtype": tf.float32,
                "num_tables": 2,
                "sample_counts": [4, 6],
                "features": [5, 6],
            },
        ),
        ("ConvertToCooTensor", [INTS, INTS, FLOATS], {}, {"sample_count": 4, "combiner": "sum"}),
        (
            "SortListOfSparseCoreCooTensors",
            [INTS, INTS, INTS, INTS, FLOATS, FLOATS],
            LISTS,
            {
                **CORES,
                "num_sc_per_chip": 3,
                "sample_count_list": [3, 4],
                "col_offset_list": [0, 0],
                "max_ids_per_sparse_core": 3,
                "max_unique_ids_per_sparse_core": 3,
            },
        ),
        (
            "ConvertToSparseCoreCsrWrappedCooTensor",
            [*[INTS] * 6, *[FLOATS] * 3, *[INTS] * 3, tensor(dtype="int64")],
            SORTED,
            {**CORES, **BUFFERS, "sample_count_per_sc": 5, "allow_id_dropping": True},
        ),
        (
            "GetMinibatchesInCsrWithPhysicalReplica",
            [tensor(dtype="string"), INTS, INTS, FLOATS, tensor(dtype="int64"), INTS],
            {},
            {**CORES, **BUFFERS, "sample_count": 5, "num_sc_per_chip": 3, "mini_batch_in_csr": ""},
        ),
        (
            "GetMinibatchSplitsWithPhysicalReplica",
            [tensor(dtype="string"), INTS, INTS, FLOATS],
            {},
            {**CORES, "sample_count": 5, "num_sc_per_chip": 3, "mini_batch_splits": ""},
        ),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(kind, inputs, lists, attrs):
    prove_shapes(RULES, kind, inputs, lists, **attrs)


def test_gradients_are_stacked_as_wide_as_the_widest():
    """TensorFlow's shape function takes an open size for -1; it is asked with all of them known."""
    inputs, lists = [tensor(4, 6), tensor(6, 9)], {"unstacked_gradients": 2}
    attrs = {"interleaved": True, "dtype": tf.float32}
    assert tensorflow_shapes("XlaSparseGradientsStack", inputs, lists, **attrs) == [(10, 16)]
    assert rule_shapes(RULES, "XlaSparseGradientsStack", inputs, lists, **attrs) == [Shape(10, 16)]


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("XlaSparseDenseMatmulWithCsrInput", [Shape(8)] * 5, {"input_size": 4}),
        ("XlaSparseDenseMatmulWithCsrInput", [*[Shape(8)] * 4, Shape(9, 4)], {"input_size": -4}),
        ("XlaSparseGradientsStack", [], {}),
        ("XlaSparseActivationsUnstack", [Shape(4, 4)], {"sample_counts": [4], "features": [4, 4]}),
        ("ConvertToCooTensor", [Shape(8)] * 3, {"sample_count": 4, "combiner": b"max"}),
        ("SortListOfSparseCoreCooTensors", [Shape(8)] * 3, {"N": 10**12}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs)
