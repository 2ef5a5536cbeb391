from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from counted import floats, ints, kernel, prove_count
from counting import Tally
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from kernel_oracle import call, prove
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.pooling import RULES
from graphcost_rules.pooling_grad import RULES as GRADIENTS

few = settings(max_examples=20, derandomize=True, deadline=None, database=None)


def placements(size, k, stride, padding, before=None, after=None):
    """Where windows start along an axis, and how long the axis is."""
    if padding == "SAME":
        count = -(-size // stride)
        before = max((count - 1) * stride + k - size, 0) // 2
    elif padding == "VALID":
        before, count = 0, (size - k) // stride + 1
    else:
        count = (size + before + after - k) // stride + 1
    return [i * stride - before for i in range(count)]


def windows(x, ksize, strides, padding, explicit=None):
    """For each output, channels last: its index and the indices of its taps; None for a tap on padding."""
    spatial = x.shape[1:-1]
    explicit = explicit or [(0, 0)] * len(spatial)
    starts = [placements(*a, padding, *e) for *a, e in zip(spatial, ksize, strides, explicit, strict=True)]
    for batch, channel in product(range(x.shape[0]), range(x.shape[-1])):
        for position in product(*(range(len(s)) for s in starts)):
            taps = []
            for offset in product(*map(range, ksize)):
                at = [s[p] + o for s, p, o in zip(starts, position, offset, strict=True)]
                inside = all(0 <= i < size for i, size in zip(at, spatial, strict=True))
                taps.append((batch, *at, channel) if inside else None)
            yield (batch, *position, channel), taps


def max_pool(t, x, *args):
    results = {}
    for index, taps in windows(x, *args):
        best = -np.inf if taps[0] is None else x[taps[0]]
        for tap in taps[1:]:
            best = t.max(best, -np.inf if tap is None else x[tap])
        results[index] = best
    return assembled(results)


def average_pool(t, x, *args):
    """Padding is added as zeros; the divisor is the number of taps inside."""
    results = {}
    for index, taps in windows(x, *args):
        total = t.sum([0 if tap is None else x[tap] for tap in taps])
        results[index] = t.div(total, sum(tap is not None for tap in taps))
    return assembled(results)


def assembled(results):
    """The outputs as a tensor, which ends at the last index."""
    out = np.zeros([size + 1 for size in max(results)])
    for index, item in results.items():
        out[index] = item
    return out


@st.composite
def geometries(draw, spatial=2):
    """Shape, ksize, strides and padding, all legal."""
    ksize = [draw(st.integers(1, 3)) for _ in range(spatial)]
    strides = [draw(st.integers(1, 3)) for _ in range(spatial)]
    padding = draw(st.sampled_from(["SAME", "VALID"]))
    sizes = [draw(st.integers(k, 5)) for k in ksize]
    return [draw(st.integers(1, 2)), *sizes, draw(st.integers(1, 2))], ksize, strides, padding


def padded(entries):
    return [1, *entries, 1]


@pytest.mark.parametrize(("kind", "name", "pool"), [("MaxPool", "input", max_pool), ("AvgPool", "value", average_pool)])
def test_two_axes(kind, name, pool):
    @few
    @given(geometries())
    def run(geometry):
        shape, ksize, strides, padding = geometry
        attrs = {"ksize": padded(ksize), "strides": padded(strides), "padding": padding}
        prove_count(RULES, kind, {name: floats(1, *shape)}, lambda t, x: [pool(t, x, ksize, strides, padding)], **attrs)

    run()


@pytest.mark.parametrize(("kind", "pool"), [("MaxPool3D", max_pool), ("AvgPool3D", average_pool)])
def test_three_axes(kind, pool):
    @few
    @given(geometries(3))
    def run(geometry):
        shape, ksize, strides, padding = geometry
        attrs = {"ksize": padded(ksize), "strides": padded(strides), "padding": padding}
        prove_count(
            RULES, kind, {"input": floats(1, *shape)}, lambda t, x: [pool(t, x, ksize, strides, padding)], **attrs
        )

    run()


@few
@given(geometries(), st.lists(st.integers(0, 1), min_size=4, max_size=4))
def test_explicit_padding(geometry, pads):
    shape, ksize, strides, _ = geometry
    assume(min(ksize) > 1)
    explicit = [tuple(pads[:2]), tuple(pads[2:])]
    attrs = {
        "ksize": padded(ksize),
        "strides": padded(strides),
        "padding": "EXPLICIT",
        "explicit_paddings": [0, 0, *pads, 0, 0],
    }

    def naive(t, x):
        return [max_pool(t, x, ksize, strides, "EXPLICIT", explicit)]

    prove_count(RULES, "MaxPool", {"input": floats(1, *shape)}, naive, **attrs)


@few
@given(geometries())
def test_sizes_that_are_inputs_and_positions(geometry):
    shape, ksize, strides, padding = geometry
    tensors = {"input": floats(1, *shape), "ksize": ints(*padded(ksize)), "strides": ints(*padded(strides))}
    prove_count(
        RULES, "MaxPoolV2", tensors, lambda t, x, *_: [max_pool(t, x, ksize, strides, padding)], padding=padding
    )
    attrs = {"ksize": padded(ksize), "strides": padded(strides), "padding": padding}
    naive = lambda t, x: [max_pool(t, x, ksize, strides, padding)]  # noqa: E731
    prove_count(RULES, "MaxPoolWithArgmax", {"input": floats(1, *shape)}, naive, **attrs)


def test_channels_are_pooled_side_by_side():
    def naive(t, x):
        groups = x.reshape(-1, 3).tolist()
        return [np.reshape([t.max(t.max(*g[:2]), g[2]) for g in groups], (*x.shape[:3], 2))]

    attrs = {"ksize": [1, 1, 1, 3], "strides": [1, 1, 1, 3], "padding": "VALID"}
    prove_count(RULES, "MaxPool", {"input": floats(1, 2, 2, 2, 6)}, naive, **attrs)
    with pytest.raises(RuleError):
        apply(RULES, "MaxPool", Shape(1, 4, 4, 6), ksize=[1, 2, 1, 3], strides=[1, 1, 1, 3], padding=b"VALID")


def test_channels_first_cost_the_same():
    attrs = {"padding": b"SAME", "data_format": b"NCHW", "ksize": [1, 1, 3, 2], "strides": [1, 1, 2, 1]}
    outcome = apply(RULES, "AvgPool", Shape(2, 3, 8, 9), **attrs)
    assert outcome.shapes == (Shape(2, 3, 4, 9),)
    assert outcome.cost == Cost(add=5, div=1) * (2 * 3 * 4 * 9)
    n = symbol("N")
    volume = {"padding": b"VALID", "data_format": b"NCDHW", "ksize": [1, 1, 2, 2, 2], "strides": [1, 1, 2, 2, 2]}
    assert apply(RULES, "MaxPool3D", Shape(n, 3, 4, 5, 6), **volume).shapes == (Shape(n, 3, 2, 2, 3),)


def max_pool_grad(t, x, dy, *args):
    dx = np.zeros(x.shape)
    for index, taps in windows(x, *args):
        best, where = -np.inf if taps[0] is None else x[taps[0]], taps[0]
        for tap in taps[1:]:
            item = -np.inf if tap is None else x[tap]
            if t.less(best, item):
                best, where = item, tap
        dx[where] = t.add(dx[where], dy[index])
    return dx


def average_pool_grad(t, x, dy, *args):
    dx = np.zeros(x.shape)
    for index, taps in windows(x, *args):
        share = t.div(dy[index], sum(tap is not None for tap in taps))
        for tap in taps:
            total = t.add(0 if tap is None else dx[tap], share)
            if tap is not None:
                dx[tap] = total
    return dx


def gradient_attrs(geometry):
    _, ksize, strides, padding = geometry
    return {"ksize": padded(ksize), "strides": padded(strides), "padding": padding}


@pytest.mark.parametrize(("kind", "spatial"), [("MaxPoolGrad", 2), ("MaxPool3DGrad", 3)])
def test_the_gradient_goes_to_the_greatest(kind, spatial):
    @few
    @given(geometries(spatial))
    def run(geometry):
        attrs, x = gradient_attrs(geometry), floats(1, *geometry[0])
        y = max_pool(Tally(), x, *geometry[1:]).astype(np.float32)
        tensors = {"orig_input": x, "orig_output": y, "grad": floats(2, *y.shape)}
        prove_count(GRADIENTS, kind, tensors, lambda t, x, _, dy: [max_pool_grad(t, x, dy, *geometry[1:])], **attrs)

    run()


@pytest.mark.parametrize(("kind", "spatial"), [("AvgPoolGrad", 2), ("AvgPool3DGrad", 3)])
def test_the_gradient_of_an_average_goes_to_all(kind, spatial):
    @few
    @given(geometries(spatial))
    def run(geometry):
        attrs, x = gradient_attrs(geometry), floats(1, *geometry[0])
        outputs = average_pool(Tally(), x, *geometry[1:]).shape
        tensors = {"orig_input_shape": ints(*x.shape), "grad": floats(2, *outputs)}
        prove_count(GRADIENTS, kind, tensors, lambda t, _, dy: [average_pool_grad(t, x, dy, *geometry[1:])], **attrs)

    run()


@pytest.mark.tensorflow
def test_other_gradients_of_max_pooling():
    attrs = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
    x = floats(1, 1, 4, 4, 2)
    y, argmax = kernel("MaxPoolWithArgmax", {"input": x}, **attrs)
    dy = floats(2, *y.shape)

    def by_position(t, x, dy, argmax):
        dx = np.zeros(x.size)
        for at, item in zip(argmax.ravel().tolist(), dy.ravel().tolist(), strict=True):
            dx[at] = t.add(dx[at], item)
        return [dx.reshape(x.shape)]

    prove_count(GRADIENTS, "MaxPoolGradWithArgmax", {"input": x, "grad": dy, "argmax": argmax}, by_position, **attrs)
    fed = {"orig_input": x, "orig_output": y, "grad": dy, "ksize": ints(1, 2, 2, 1), "strides": ints(1, 2, 2, 1)}

    def naive(t, x, y, dy, *_):
        return [max_pool_grad(t, x, dy, [2, 2], [2, 2], "VALID")]

    prove_count(GRADIENTS, "MaxPoolGradV2", fed, naive, padding="VALID")


@pytest.mark.parametrize("kind", ["MaxPoolGradGrad", "MaxPoolGradGradV2", "MaxPool3DGradGrad"])
def test_the_second_gradient_is_read_where_the_greatest_is(kind):
    axes = 3 if "3D" in kind else 2
    window, attrs = [2] * axes, {"padding": "VALID"}

    def reread(t, x, y, ddx, *_):
        results = {}
        for index, taps in windows(x, window, window, "VALID"):
            where = taps[0]
            for tap in taps[1:]:
                where = tap if t.less(x[where], x[tap]) else where
            results[index] = ddx[where]
        return [assembled(results)]

    sizes = {"ksize": padded(window), "strides": padded(window)}
    x = floats(1, 1, *[4] * axes, 2)
    y = max_pool(Tally(), x, window, window, "VALID").astype(np.float32)
    tensors = {"orig_input": x, "orig_output": y, "grad": floats(3, *x.shape)}
    if kind.endswith("V2"):
        tensors |= {name: ints(*size) for name, size in sizes.items()}
    else:
        attrs |= sizes
    prove_count(GRADIENTS, kind, tensors, reread, **attrs)


GEOMETRY = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}
VOLUME = {"ksize": [1, 2, 2, 2, 1], "strides": [1, 2, 2, 2, 1], "padding": "VALID"}


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["MaxPool", "AvgPool", "MaxPoolWithArgmax"])
def test_partly_known_shapes_know_what_tensorflow_knows(kind):
    prove(RULES, st.just(call(kind, floats(1, 2, 5, 4, 3), **GEOMETRY)), has_value=False)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["MaxPool3D", "AvgPool3D"])
def test_partly_known_volumes_know_what_tensorflow_knows(kind):
    prove(RULES, st.just(call(kind, floats(1, 2, 5, 4, 4, 3), **VOLUME)), has_value=False)


@pytest.mark.tensorflow
def test_partly_known_gradients_know_what_tensorflow_knows():
    x = floats(1, 2, 4, 4, 3)
    y = floats(2, 2, 2, 2, 3)
    prove(GRADIENTS, st.just(call("MaxPoolGrad", x, y, y, **GEOMETRY)), has_value=False)
    prove(GRADIENTS, st.just(call("MaxPoolGradGrad", x, y, x, **GEOMETRY)), has_value=False)
    prove(GRADIENTS, st.just(call("AvgPoolGrad", [2, 4, 4, 3], y, **GEOMETRY)), has_value=False)
    sizes = ints(1, 2, 2, 1)
    prove(GRADIENTS, st.just(call("MaxPoolGradV2", x, y, y, sizes, sizes, padding="SAME")), has_value=False)
    prove(RULES, st.just(call("MaxPoolV2", x, sizes, sizes, padding="SAME")), has_value=False)


@pytest.mark.parametrize(
    "attrs",
    [
        {"ksize": [1, 0, 2, 1]},
        {"ksize": [1, -2, 2, 1]},
        {"ksize": [2, 2, 2, 1]},
        {"ksize": [2, 2]},
        {"ksize": b"no"},
        {"ksize": [1, 2.5, 2, 1]},
        {"strides": [1, 0, 1, 1]},
        {"strides": [1, 1, 1]},
        {"padding": b"same"},
        {"padding": b"\xff"},
        {"padding": b"EXPLICIT", "explicit_paddings": [1, 2]},
        {"padding": b"EXPLICIT", "explicit_paddings": [0, 0, -1, 0, 0, 0, 0, 0]},
        {"data_format": b"NCHW_VECT_C"},
    ],
    ids=str,
)
def test_hostile_attributes_are_refused(attrs):
    legal = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": b"VALID"}
    for kind in ("MaxPool", "AvgPool"):
        with pytest.raises(RuleError):
            apply(RULES, kind, Shape(1, 4, 4, 3), **{**legal, **attrs})


def test_hostile_inputs_are_refused():
    with pytest.raises(RuleError):
        apply(RULES, "MaxPoolV2", Shape(1, 4, 4, 3), [1, 0, 2, 1], [1, 1, 1, 1], padding=b"SAME")
    with pytest.raises(RuleError):
        apply(GRADIENTS, "AvgPoolGrad", [1, 2], Shape(1, 2, 2, 3), **{**GEOMETRY, "padding": b"SAME"})
    with pytest.raises(RuleError):
        apply(GRADIENTS, "AvgPoolGrad", [1, -2, 2, 3], Shape(1, 2, 2, 3), **{**GEOMETRY, "padding": b"SAME"})
    vast = {"ksize": [1, 2**62, 2**62, 1], "strides": [1, 1, 1, 1], "padding": b"SAME"}
    assert apply(RULES, "MaxPool", Shape(1, 1, 1, 1), **vast).cost.compare == 2**124 - 1
