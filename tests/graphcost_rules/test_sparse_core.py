from __future__ import annotations

import numpy as np
import pytest
from counted import floats
from counting import Tally
from data_dependent import merge_sorted
from optional_tensorflow import tf
from shape_function import prove_shapes, rule_shapes, tensor, tensorflow_shapes
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.sparse_core import RULES, TABLES, WORK

# These run on TPUs alone: the numbers are those of the textbook formulas.

INTS, FLOATS, TABLE = tensor(8, dtype="int32"), tensor(8), tensor(9, 4)
SCALAR, ORDINAL = tensor(), tensor(dtype="int32")
QUANTIZATION = {
    "quantization_config_low": 0.0,
    "quantization_config_high": 1.0,
    "quantization_config_num_buckets": 3,
    "table_name": "a",
}


GAINS, IDS = floats(2, 8).tolist(), [0, 3, 3, 8, 1, 2, 5, 0]
SAMPLES = [0, 0, 1, 1, 2, 2, 3, 3]


def looked_up(t, table):
    out = np.zeros((4, 4))
    for row, sample, gain in zip(IDS, SAMPLES, GAINS, strict=True):
        for column in range(4):
            out[sample, column] = t.mac(out[sample, column], gain, float(table[row, column]))
    return out


@pytest.mark.parametrize("buffers", ["CsrInput", "StaticBufferSize"])
def test_a_lookup_is_a_weighted_sum_of_rows(buffers):
    table, tally = floats(1, 9, 4), Tally()
    expected = tf.math.segment_sum(table[IDS] * np.array(GAINS, np.float32)[:, None], SAMPLES)
    tally.agrees(looked_up(tally, table), expected)
    operands = [Shape(16), Shape(8), Shape(8), Shape(8), Shape(9, 4), Shape()]
    outcome = apply(RULES, f"XlaSparseDenseMatmulWith{buffers}", *operands, input_size=4)
    assert outcome.shapes == (Shape(4, 4),)
    tally.proves(f"XlaSparseDenseMatmulWith{buffers}", outcome.cost)


def test_ids_that_are_not_sorted_yet_are():
    table, tally = floats(1, 9, 4), Tally()
    tally.agrees(merge_sorted(tally, IDS), np.sort(IDS))
    expected = tf.math.segment_sum(table[IDS] * np.array(GAINS, np.float32)[:, None], SAMPLES)
    tally.agrees(looked_up(tally, table), expected)
    operands = [Shape(8), Shape(8), Shape(8), Shape(), Shape(9, 4)]
    tally.proves("XlaSparseDenseMatmul", apply(RULES, "XlaSparseDenseMatmul", *operands, input_size=4).cost)


def sgd(t, w, g, *_):
    return t.sub(w, t.mul(0.1, g))


def adagrad(t, w, g, total, _):
    total = t.add(total, t.mul(g, g))
    return t.sub(w, t.mul(0.1, t.mul(g, t.rsqrt(total))))


def adam(t, w, g, mean, square):
    mean = t.add(t.mul(0.9, mean), t.mul(0.1, g))
    square = t.add(t.mul(0.99, square), t.mul(0.01, t.mul(g, g)))
    return t.sub(w, t.mul(0.1, t.div(mean, t.add(t.sqrt(square), 1e-8))))


def adagrad_momentum(t, w, g, total, momentum):
    total = t.add(t.mul(0.9, total), t.mul(0.1, t.mul(g, g)))
    scaled = t.mul(g, t.call(pow, t.add(total, 1e-8), -0.5))
    momentum = t.add(t.mul(0.9, momentum), t.mul(0.1, scaled))
    return t.sub(w, t.mul(0.1, momentum))


def ftrl(t, w, g, total, linear, *, is_multiplied=False):
    new = t.add(total, t.mul(g, g))
    high, low = t.call(pow, new, 0.7), t.call(pow, total, 0.7)
    if is_multiplied:
        linear = t.add(linear, t.sub(t.mul(0.1, g), t.mul(t.sub(high, low), w)))
        curvature, limit = t.add(high, 0.04), 0.005
    else:
        linear = t.add(linear, t.sub(g, t.mul(t.div(t.sub(high, low), 0.1), w)))
        curvature, limit = t.add(t.div(high, 0.1), 0.4), 0.05
    t.counts.update(compare=1, add=1)
    sign, magnitude = (linear > 0) - (linear < 0), abs(linear)
    pulled = t.div(t.sub(t.mul(sign, limit), linear), curvature)
    return pulled if t.less(limit, magnitude) else 0.0


def whole_ftrl(w, g, n, z, is_multiplied=False):
    """By what minimizes g * w + (n^p - m^p) / lr * w^2 / 2 + ... : soft thresholding, with l1 = 0.05 and l2 = 0.2."""
    rate, m = 0.1, n + g * g
    z = z * (1 / rate if is_multiplied else 1) + g - (m**0.7 - n**0.7) / rate * w
    return -np.sign(z) * np.maximum(np.abs(z) - 0.05, 0) / (m**0.7 / rate + 0.4)


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
    "Ftrl": (ftrl, whole_ftrl),
}


def test_every_optimizer_has_its_formula():
    assert set(FORMULAS) == set(WORK)


@pytest.mark.parametrize("name", FORMULAS)
def test_an_optimizer_updates_each_element_of_the_rows(name):
    step, formula = FORMULAS[name]
    w, g, a, b = (floats(seed, 6, least=0.1).astype(np.float64) for seed in range(4))
    tally = Tally()
    ours = [step(tally, *items) for items in zip(*(x.tolist() for x in (w, g, a, b)), strict=True)]
    tally.agrees(ours, formula(w, g, a, b), tolerance=1e-6)
    cost = apply(RULES, f"XlaSparseCore{name}", *[Shape(2)] * 10, feature_width=3).cost
    tally.proves(f"XlaSparseCore{name}", cost)


def test_the_learning_rate_of_ftrl_may_multiply_the_gradient():
    w, g, a, b = (floats(seed, 6, least=0.1).astype(np.float64) for seed in range(4))
    tally = Tally()
    rows = zip(*(x.tolist() for x in (w, g, a, b)), strict=True)
    ours = [ftrl(tally, *items, is_multiplied=True) for items in rows]
    tally.agrees(ours, whole_ftrl(w, g, a, b, is_multiplied=True), tolerance=1e-6)
    attrs = {"feature_width": 3, "multiply_linear_by_learning_rate": True}
    tally.proves("XlaSparseCoreFtrl", apply(RULES, "XlaSparseCoreFtrl", *[Shape(2)] * 10, **attrs).cost)


@pytest.mark.parametrize("name", WORK)
@pytest.mark.parametrize("buffers", ["CsrInput", "StaticBufferSize"])
def test_a_gradient_adds_to_rows_and_updates_them(name, buffers):
    step, formula = FORMULAS[name]
    w, a, b = (floats(seed, 9, 4, least=0.1).astype(np.float64) for seed in range(3))
    activations, tally = floats(4, 4, 4), Tally()
    gradient, table = np.zeros((9, 4)), w.copy()
    for row, sample, gain in zip(IDS, SAMPLES, GAINS, strict=True):
        for column in range(4):
            gradient[row, column] = tally.mac(gradient[row, column], gain, float(activations[sample, column]))
    for row in sorted(set(IDS)):
        for column in range(4):
            place = row, column
            new = step(tally, *(float(x[place]) for x in (w, gradient, a, b)))
            table[place] = tally.min(tally.max(new, 0.2), 0.8)
    sums = np.zeros((9, 4))
    np.add.at(sums, IDS, np.array(GAINS)[:, None] * activations[SAMPLES])
    is_named = np.isin(np.arange(9), IDS)[:, None]
    tally.agrees(table, np.where(is_named, np.clip(formula(w, sums, a, b), 0.2, 0.8), w), tolerance=1e-6)
    tables = [Shape(9, 4)] * TABLES[name]
    operands = [Shape(16), Shape(8), Shape(8), Shape(8), Shape(4, 4), Shape(), *tables, Shape()]
    outcome = apply(RULES, f"XlaSparseDenseMatmulGradWith{name}And{buffers}", *operands)
    assert outcome.shapes == (Shape(9, 4),) * TABLES[name]
    cost = outcome.cost.bind({"rows(node)": len(set(IDS))})
    tally.proves(f"XlaSparseDenseMatmulGradWith{name}And{buffers}", cost)


WEIGHTS = floats(1, 8, least=0.1).astype(np.float64)
NORMS = {
    "sum": lambda pairs: np.ones((4, 1)),
    "mean": lambda pairs: pairs.sum(1, keepdims=True),
    "sqrtn": lambda pairs: np.sqrt((pairs**2).sum(1, keepdims=True)),
}


@pytest.mark.parametrize("kind", ["ConvertToCooTensor", "ConvertToListOfSparseCoreCooTensors"])
@pytest.mark.parametrize("combiner", NORMS)
def test_gains_are_normalized(kind, combiner):
    tally, sums, weights = Tally(), [0.0] * 4, WEIGHTS.tolist()
    if combiner != "sum":
        for sample, weight in zip(SAMPLES, weights, strict=True):
            sums[sample] = tally.add(sums[sample], weight if combiner == "mean" else tally.mul(weight, weight))
        totals = sums if combiner == "mean" else [tally.sqrt(total) for total in sums]
        weights = [tally.div(weight, totals[sample]) for sample, weight in zip(SAMPLES, weights, strict=True)]
    pairs = WEIGHTS.reshape(4, 2)
    tally.agrees(np.reshape(weights, (4, 2)), pairs / NORMS[combiner](pairs), tolerance=1e-6)
    attrs = {"sample_count": 4, "combiner": combiner.encode()}
    tally.proves(kind, apply(RULES, kind, Shape(8), Shape(8), Shape(8), **attrs).cost)


def test_ids_are_sorted_and_those_that_differ_are_counted():
    for kind, operands in (
        ("SortListOfSparseCoreCooTensors", [Shape(5), Shape(3)] * 3),
        ("GetMinibatchSplitsWithPhysicalReplica", [Shape(), Shape(8), Shape(8), Shape(8)]),
    ):
        tally = Tally()
        tally.agrees(merge_sorted(tally, IDS), np.sort(IDS))
        tally.proves(kind, apply(RULES, kind, *operands, N=2).cost)
    tally, different, last = Tally(), 0.0, -1
    for row in sorted(IDS):
        tally.counts["compare"] += 1
        different, last = tally.add(different, float(row != last)), row
    tally.agrees(different, len(np.unique(IDS)))
    kind = "GetStatsFromListOfSparseCoreCooTensors"
    tally.proves(kind, apply(RULES, kind, *[Shape(5), Shape(3)] * 3, N=2).cost)


LISTS = {"row_ids_list": 2, "col_ids_list": 2, "gains_list": 2}
SORTED = {f"sorted_{what}_list": 3 for what in ("row_ids", "col_ids", "gains")} | {"id_counts_list": 3}
CORES = {
    "num_replica": 20,
    "table_vocab_size": 8,
    "feature_width": 4,
    "table_name": "a",
}
BUFFERS = {"max_minibatches_per_sc": 7, "max_ids_per_chip_per_sample": 11}


@pytest.mark.tensorflow
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
            [tensor(1, dtype="string"), INTS, INTS, FLOATS, tensor(1, dtype="int64"), INTS],
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


@pytest.mark.tensorflow
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
