from __future__ import annotations

import numpy as np
import pytest
from counted import floats, prove_count, prove_partial
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from internal_ops import run
from kernel_oracle import call
from optional_tensorflow import tf
from single_op import apply, make_op

from graphcost import Cost, Fact, RuleError, Shape
from graphcost.dims import symbol
from graphcost.ops.sizes import Sizes
from graphcost_rules.normalization import RULES

EPSILON = 0.001
SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(2, 4))
LAYOUTS = st.sampled_from(["NHWC", "NCHW"])
few = settings(max_examples=15, derandomize=True, deadline=None, database=None)


def folded(t, scale, offset, mean, variance):
    """The factor and the summand of a channel."""
    factor = t.mul(scale, t.rsqrt(t.add(variance, EPSILON)))
    return factor, t.sub(offset, t.mul(mean, factor))


def statistics(t, column):
    mean = t.div(t.sum(column), len(column))
    squares = [t.mul(d, d) for d in [t.sub(v, mean) for v in column]]
    return mean, t.div(t.sum(squares), len(column))


def running(t, old, new, factor):
    return new if factor == 1 else t.add(t.mul(1 - factor, old), t.mul(factor, new))


def columns(x, layout):
    """The elements of each channel."""
    return np.moveaxis(x, layout.index("C"), 0).reshape(x.shape[layout.index("C")], -1).tolist()


def restored(table, shape, layout):
    axis = layout.index("C")
    rest = [size for i, size in enumerate(shape) if i != axis]
    return np.moveaxis(np.reshape(table, [shape[axis], *rest]), 0, axis)


def batch_norm(layout, is_training, factor=1.0):
    def naive(t, x, *vectors):
        y, means, variances = [], [], []
        for column, scale, offset, mean, variance in zip(
            columns(x, layout), *(v.tolist() for v in vectors), strict=True
        ):
            if is_training:
                old = mean, variance
                mean, variance = statistics(t, column)
                unbiased = t.mul(variance, len(column) / max(len(column) - 1, 1))
                means.append(running(t, old[0], mean, factor))
                variances.append(running(t, old[1], unbiased, factor))
            k, b = folded(t, scale, offset, mean, variance)
            y.append([t.add(t.mul(v, k), b) for v in column])
        return [restored(y, x.shape, layout), means, variances] if is_training else [restored(y, x.shape, layout)]

    return naive


def inputs(shape, layout):
    channels = shape[layout.index("C")]
    vectors = [floats(seed, channels, least=0.5, most=2) for seed in (2, 3, 4, 5)]
    return dict(zip(("x", "scale", "offset", "mean", "variance"), (floats(1, *shape), *vectors), strict=True))


@few
@given(SHAPES, st.booleans(), st.sampled_from(["FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"]))
def test_channels_last_in_inference_and_training(shape, is_training, kind):
    naive = batch_norm("NHWC", is_training)
    prove_count(RULES, kind, inputs(shape, "NHWC"), naive, epsilon=EPSILON, is_training=is_training, data_format="NHWC")


@few
@given(SHAPES, st.sampled_from(["FusedBatchNormV3", "FusedBatchNormV2"]))
def test_channels_first(shape, kind):
    naive = batch_norm("NCHW", False)
    prove_count(RULES, kind, inputs(shape, "NCHW"), naive, epsilon=EPSILON, is_training=False, data_format="NCHW")


@few
@given(st.sampled_from([1.0, 0.5, 0.1]), SHAPES)
def test_running_averages_cost_extra(factor, shape):
    naive = batch_norm("NHWC", True, factor)
    attrs = {"epsilon": EPSILON, "is_training": True, "exponential_avg_factor": factor}
    prove_count(RULES, "FusedBatchNormV3", inputs(shape, "NHWC"), naive, **attrs)


@pytest.mark.parametrize("layout", ["NDHWC", "NCDHW"])
def test_three_spatial_axes(layout):
    tensors = inputs((2, 3, 2, 2, 3), layout)
    naive = batch_norm(layout, False)
    attrs = {"epsilon": EPSILON, "is_training": False, "data_format": layout}
    prove_count(RULES, "FusedBatchNormV3", tensors, naive, **attrs)


def test_inference_is_a_multiplication_and_an_addition_for_each_element():
    n = symbol("N")
    outcome = apply(RULES, "FusedBatchNormV3", Shape(n, 8, 8, 16), *[Shape(16)] * 4, is_training=False)
    assert outcome.cost == Cost(mul=n * 1024 + 32, add=n * 1024 + 32, sqrt=16)
    assert outcome.shapes == (Shape(n, 8, 8, 16), *[Shape(16)] * 4, None)


def test_training_is_the_default():
    known = [Shape(2, 3, 3, 4), Shape(4), Shape(4), Shape(0), Shape(0)]
    assert apply(RULES, "FusedBatchNorm", *known).cost.div == 8


def test_no_side_input_is_the_default():
    known = [Shape(2, 3, 3, 4), *[Shape(4)] * 4]
    plain = apply(RULES, "FusedBatchNormV3", *known, is_training=False).cost
    costs = [
        apply(RULES, "_FusedBatchNormEx", *known, is_training=False, activation_mode=b"Identity", **attrs).cost
        for attrs in ({}, {"num_side_inputs": 0}, {"num_side_inputs": 1})
    ]
    assert costs == [plain, plain, plain + Cost(add=72)]


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("is_added", [True, False])
def test_side_input_and_activation_cost_one_operation_each(is_added, fused):
    shape, tally = (2, 3, 3, 4), Tally()
    tensors, side = inputs(shape, "NHWC"), floats(6, *shape)
    (ours,) = batch_norm("NHWC", False)(tally, *tensors.values())
    if is_added:
        ours = np.reshape([tally.add(a, b) for a, b in zip(ours.ravel(), side.ravel(), strict=True)], shape)
    if fused:
        ours = np.reshape([tally.max(y, 0.0) for y in ours.ravel()], shape)
    attrs = {"epsilon": EPSILON, "is_training": False, "activation_mode": "Relu" if fused else "Identity"}
    attrs["num_side_inputs"] = int(is_added)
    given = [*tensors.values(), *[side] * is_added]
    if fused and not is_added:
        tally.gives(ours, run("_FusedBatchNormEx", given, U=tf.float32, **attrs))
    else:  # Other forms have kernels for graphics processors alone.
        x, scale, offset, mean, variance = tensors.values()
        theirs = tf.nn.batch_normalization(x, mean, variance, offset, scale, EPSILON) + side * is_added
        tally.agrees(ours, tf.nn.relu(theirs) if fused else theirs)
    shapes = [Shape(*array.shape) for array in given]
    attrs["activation_mode"] = attrs["activation_mode"].encode()
    tally.proves("_FusedBatchNormEx", apply(RULES, "_FusedBatchNormEx", *shapes, **attrs).cost)


def test_other_activations_are_refused():
    plain = [Shape(2, 3, 3, 4), *[Shape(4)] * 4]
    with pytest.raises(RuleError):
        apply(RULES, "_FusedBatchNormEx", *plain, is_training=False, activation_mode=b"Tanh")


def gradient(is_training):
    def naive(t, dy, x, scale, mean, variance, *_):
        dx, scales, offsets = [], [], []
        per_channel = zip(
            columns(dy, "NHWC"), columns(x, "NHWC"), scale.tolist(), mean.tolist(), variance.tolist(), strict=True
        )
        for dys, xs, s, m, v in per_channel:
            r = t.rsqrt(t.add(v, EPSILON))
            k = t.mul(s, r)
            d_offset = t.sum(dys)
            if is_training:
                normal = [t.mul(t.sub(x_, m), r) for x_ in xs]
                d_scale = t.sum([t.mul(d, n) for d, n in zip(dys, normal, strict=True)])
                a, b = t.div(d_offset, len(xs)), t.div(d_scale, len(xs))
                dx.append([t.mul(k, t.sub(t.sub(d, a), t.mul(n, b))) for d, n in zip(dys, normal, strict=True)])
            else:
                d_scale = t.mul(r, t.sum([t.mul(d, t.sub(x_, m)) for d, x_ in zip(dys, xs, strict=True)]))
                dx.append([t.mul(k, d) for d in dys])
            scales.append(d_scale)
            offsets.append(d_offset)
        return [restored(dx, x.shape, "NHWC"), scales, offsets]

    return naive


@few
@given(SHAPES, st.booleans(), st.sampled_from(["FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"]))
def test_gradients(shape, is_training, kind):
    x = floats(1, *shape)
    flat = x.reshape(-1, shape[-1]).astype(np.float64)
    mean, variance = flat.mean(0).astype(np.float32), flat.var(0).astype(np.float32)
    tensors = {
        "y_backprop": floats(2, *shape),
        "x": x,
        "scale": floats(3, shape[-1]),
        "reserve_space_1": mean,
        "reserve_space_2": variance,
    }
    if kind.endswith("V3"):
        tensors["reserve_space_3"] = np.zeros(1, np.float32)
    prove_count(
        RULES,
        kind,
        tensors,
        gradient(is_training),
        tolerance=2e-3,
        specified=3,
        epsilon=EPSILON,
        is_training=is_training,
    )


@pytest.mark.parametrize("is_training", [True, False])
def test_the_gradient_of_the_fused_form(is_training):
    """Its kernel is for graphics processors alone: the numbers are those of the two gradients that it fuses."""
    shape, tally = (2, 3, 3, 4), Tally()
    x, dy, y = floats(1, *shape), floats(2, *shape), floats(3, *shape)
    flat = x.reshape(-1, 4).astype(np.float64)
    vectors = [floats(4, 4), flat.mean(0).astype(np.float32), flat.var(0).astype(np.float32), np.zeros(1, np.float32)]
    pairs = zip(dy.ravel().tolist(), y.ravel().tolist(), strict=True)
    passed = np.reshape([d if tally.less(0, value) else 0.0 for d, value in pairs], shape)
    of_relu = tf.raw_ops.ReluGrad(gradients=dy, features=y)
    names = ("scale", "reserve_space_1", "reserve_space_2", "reserve_space_3")
    given = {"y_backprop": of_relu, "x": x, **dict(zip(names, vectors, strict=True))}
    theirs = tf.raw_ops.FusedBatchNormGradV3(**given, epsilon=EPSILON, is_training=is_training)
    for i, mine in enumerate(gradient(is_training)(tally, passed, x, *vectors)):
        tally.agrees(mine, theirs[i], tolerance=2e-3)
    operands = [Shape(*shape), Shape(*shape), *[Shape(4)] * 4, Shape(4), Shape(*shape)]
    attrs = {"activation_mode": b"Relu", "num_side_inputs": 1, "is_training": is_training}
    fused = apply(RULES, "_FusedBatchNormGradEx", *operands, **attrs)
    plain = apply(RULES, "FusedBatchNormGradV3", *operands[:6])
    assert fused.shapes == (*plain.shapes, Shape(*shape))
    tally.proves("_FusedBatchNormGradEx", fused.cost)
    with pytest.raises(RuleError):
        apply(RULES, "_FusedBatchNormGradEx", *operands, num_side_inputs=10**12)


def old_kernel(kind, tensors, scaled):
    """What a kernel computes that newer graphs may not name."""
    graph_def = tf.compat.v1.GraphDef()
    graph_def.versions.producer = 8
    for name in tensors:
        node = graph_def.node.add(name=name, op="Placeholder")
        node.attr["dtype"].type = tf.float32.as_datatype_enum
    node = graph_def.node.add(name="y", op=kind, input=list(tensors))
    node.attr["T"].type = tf.float32.as_datatype_enum
    node.attr["variance_epsilon"].f = EPSILON
    node.attr["scale_after_normalization"].b = scaled
    with tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
        tf.import_graph_def(graph_def, name="")
        fed = {f"{name}:0": array for name, array in tensors.items()}
        return session.run(graph.get_operation_by_name("y").outputs, fed)


def old_inputs():
    vectors = {name: floats(seed, 3, least=0.5, most=2) for seed, name in enumerate(("m", "v", "beta", "gamma"))}
    return {"t": floats(7, 2, 2, 1, 3), **vectors}


def prove_old(kind, tensors, scaled, naive):
    t = Tally()
    for ours, theirs in zip(naive(t), old_kernel(kind, tensors, scaled), strict=True):
        t.gives(ours, theirs)
    shapes = [Shape(*array.shape) for array in tensors.values()]
    t.proves(kind, apply(RULES, kind, *shapes, scale_after_normalization=scaled).cost)


@pytest.mark.tensorflow
@pytest.mark.parametrize("scaled", [True, False])
def test_the_oldest_form_counts_as_inference(scaled):
    tensors = old_inputs()

    def naive(t):
        y = []
        vectors = (tensors[name].tolist() for name in ("m", "v", "beta", "gamma"))
        for column, mean, variance, beta, gamma in zip(columns(tensors["t"], "NHWC"), *vectors, strict=True):
            k = t.rsqrt(t.add(variance, EPSILON))
            k = t.mul(gamma, k) if scaled else k
            b = t.sub(beta, t.mul(mean, k))
            y.append([t.add(t.mul(v, k), b) for v in column])
        return [restored(y, tensors["t"].shape, "NHWC")]

    prove_old("BatchNormWithGlobalNormalization", tensors, scaled, naive)


@pytest.mark.tensorflow
@pytest.mark.parametrize("scaled", [True, False])
def test_the_gradient_of_the_oldest_form(scaled):
    x = old_inputs()
    tensors = {"t": x["t"], "m": x["m"], "v": x["v"], "gamma": x["gamma"], "dy": floats(9, 2, 2, 1, 3)}

    def channel(t, xs, dys, mean, variance, gamma):
        r = t.rsqrt(t.add(variance, EPSILON))
        k = t.mul(gamma, r) if scaled else r
        b = t.sum(dys)
        s = t.sum([t.mul(d, t.sub(v, mean)) for d, v in zip(dys, xs, strict=True)])
        of_mean = t.sub(0, t.mul(b, k))
        of_variance = t.mul(t.mul(-0.5, s), t.mul(k, t.mul(r, r)))
        return [t.mul(d, k) for d in dys], of_mean, of_variance, b, t.mul(s, r) if scaled else 0

    def naive(t):
        vectors = (tensors[name].tolist() for name in ("m", "v", "gamma"))
        per_channel = zip(columns(tensors["t"], "NHWC"), columns(tensors["dy"], "NHWC"), *vectors, strict=True)
        dx, *others = zip(*(channel(t, *row) for row in per_channel), strict=True)
        return [restored(dx, x["t"].shape, "NHWC"), *others]

    prove_old("BatchNormWithGlobalNormalizationGrad", tensors, scaled, naive)


@pytest.mark.tensorflow
@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("kind", ["FusedBatchNorm", "FusedBatchNormV3"])
def test_partly_known_shapes_know_what_tensorflow_knows(kind, is_training):
    prove_partial(RULES, call(kind, floats(1, 2, 3, 2, 4), *[floats(2, 4, least=0.1)] * 4, is_training=is_training))


@pytest.mark.tensorflow
@pytest.mark.parametrize("dy", [None, (2, None, 3, None)])
@pytest.mark.parametrize("x", [None, (None, 3, None, 4), (None, None, None, None)])
@pytest.mark.parametrize("channels", [4, None])
def test_a_gradient_knows_the_shapes_that_tensorflow_knows(dy, x, channels):
    sizes = Sizes()
    shapes = [dy, x, (channels,), (None,), (None,), (None,)]
    facts = [Fact("float32", shape and open_shape(i, shape)) for i, shape in enumerate(shapes)]
    ours = RULES.get("FusedBatchNormGradV3").shape(make_op("FusedBatchNormGradV3", *facts, sizes=sizes))
    with tf.Graph().as_default():
        names = ("y_backprop", "x", "scale", "reserve_space_1", "reserve_space_2", "reserve_space_3")
        placeholders = [tf.compat.v1.placeholder(tf.float32, shape) for shape in shapes]
        theirs = tf.raw_ops.FusedBatchNormGradV3(**dict(zip(names, placeholders, strict=True)))
    for shape, output in zip(ours, theirs, strict=True):
        known = zip(sizes.resolve_shape(shape), output.shape.as_list(), strict=True)
        assert all(expected in (None, size) for size, expected in known)


def open_shape(index, shape):
    return Shape(*(symbol(f"x{index}[{axis}]") if d is None else d for axis, d in enumerate(shape)))


@pytest.mark.parametrize(
    "attrs",
    [
        {"data_format": b"NCHW_VECT_C"},
        {"data_format": 3},
        {"is_training": 1},
        {"data_format": b"NDHWC"},
        {"data_format": b"\xff"},
    ],
)
def test_hostile_attributes_are_refused(attrs):
    with pytest.raises(RuleError):
        apply(RULES, "FusedBatchNormV3", Shape(2, 3, 3, 4), *[Shape(4)] * 4, **attrs)


def test_channels_that_disagree_are_refused():
    with pytest.raises(RuleError):
        apply(RULES, "FusedBatchNormV3", Shape(2, 3, 3, 4), Shape(5), *[Shape(4)] * 3)


def test_an_empty_batch_costs_its_channels_only():
    cost = apply(RULES, "FusedBatchNormV3", Shape(0, 3, 3, 4), *[Shape(4)] * 4, is_training=True).cost
    assert min(cost.by_kind.values()) == 0
