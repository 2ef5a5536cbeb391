from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats, prove_count
from counting import Tally
from hypothesis import strategies as st
from kernel_oracle import call, prove
from optional_tensorflow import tf
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.activation import ACTIVATIONS, GRADIENTS, RULES

SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772


def where_positive(t: Tally, x, yes, no):
    """Both sides of the condition are computed."""
    return yes if t.less(0, x) else no


def exp_less_one(t, x):
    return t.sub(t.call(math.exp, x), 1)


def selu(t, x):
    return t.mul(SCALE, where_positive(t, x, x, t.mul(ALPHA, exp_less_one(t, x))))


def size(t, x):
    """The absolute value, one addition."""
    return abs(t.add(x, 0))


def softsign_grad(t, dy, x):
    root = t.add(1, size(t, x))
    return t.div(dy, t.mul(root, root))


def relu6_grad(t, dy, x):
    above, below = t.less(0, x), t.less(x, 6)
    return dy if above and below else 0


FORWARD = {
    "Relu": lambda t, x: t.max(x, 0),
    "Relu6": lambda t, x: t.min(t.max(x, 0), 6),
    "LeakyRelu": lambda t, x: where_positive(t, x, x, t.mul(0.2, x)),
    "Elu": lambda t, x: where_positive(t, x, x, exp_less_one(t, x)),
    "Selu": selu,
    "Softplus": lambda t, x: t.call(lambda v: math.log1p(math.exp(v)), x),
    "Softsign": lambda t, x: t.div(x, t.add(1, size(t, x))),
}
BACKWARD = {
    "ReluGrad": lambda t, dy, x: where_positive(t, x, dy, 0),
    "Relu6Grad": relu6_grad,
    "LeakyReluGrad": lambda t, dy, x: where_positive(t, x, dy, t.mul(0.2, dy)),
    "EluGrad": lambda t, dy, y: t.mul(dy, where_positive(t, y, 1, t.add(y, 1))),
    "SeluGrad": lambda t, dy, y: t.mul(dy, where_positive(t, y, SCALE, t.add(y, SCALE * ALPHA))),
    "SoftplusGrad": lambda t, dy, x: t.div(dy, t.add(t.call(math.exp, t.sub(0, x)), 1)),
    "SoftsignGrad": softsign_grad,
    "SigmoidGrad": lambda t, y, dy: t.mul(t.mul(dy, y), t.sub(1, y)),
    "TanhGrad": lambda t, y, dy: t.mul(dy, t.sub(1, t.mul(y, y))),
    "SqrtGrad": lambda t, y, dy: t.div(t.mul(dy, 0.5), y),
    "RsqrtGrad": lambda t, y, dy: t.mul(t.mul(t.mul(dy, -0.5), t.mul(y, y)), y),
    "InvGrad": lambda t, y, dy: t.sub(0, t.mul(t.mul(dy, y), y)),
    "ReciprocalGrad": lambda t, y, dy: t.sub(0, t.mul(t.mul(dy, y), y)),
}


def arguments(kind):
    if kind in ("EluGrad", "SeluGrad"):
        return "gradients", "outputs"
    return (
        ("y", "dy")
        if kind in ("SigmoidGrad", "TanhGrad", "SqrtGrad", "RsqrtGrad", "InvGrad", "ReciprocalGrad")
        else ("gradients", "features")
    )


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_an_activation_takes_its_formula_for_each_element(kind):
    def naive(t, x):
        return [[[FORWARD[kind](t, v) for v in row] for row in x.tolist()]]

    prove_count(RULES, kind, {"features": floats(1, 5, 4, least=-3, most=9)}, naive)


@pytest.mark.parametrize("kind", GRADIENTS)
def test_a_gradient_takes_its_formula_for_each_element(kind):
    def naive(t, a, b):
        return [[BACKWARD[kind](t, p, q) for p, q in zip(a.tolist(), b.tolist(), strict=True)]]

    tensors = [floats(seed, 12, least=-1.5, most=7) for seed in (1, 2)]
    prove_count(RULES, kind, dict(zip(arguments(kind), tensors, strict=True)), naive)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", [*ACTIVATIONS, *GRADIENTS])
def test_partly_known_shapes_know_what_tensorflow_knows(kind):
    count = 1 if kind in ACTIVATIONS else 2
    prove(RULES, st.just(call(kind, *(floats(i, 2, 3) for i in range(count)))), has_value=False, examples=15)


def test_slopes_are_broadcast():
    assert apply(RULES, "Prelu", Shape(2, 4, 4, 3), Shape(1, 1, 3)).shapes == (Shape(2, 4, 4, 3),)
    with pytest.raises(RuleError):
        apply(RULES, "Prelu", Shape(2, 3), Shape(4))
    x, slopes, tally = floats(1, 2, 4, 3), floats(2, 1, 3), Tally()
    pairs = zip(x.ravel().tolist(), np.broadcast_to(slopes, x.shape).ravel().tolist(), strict=True)
    ours = np.reshape([where_positive(tally, v, v, tally.mul(v, slope)) for v, slope in pairs], x.shape)
    layer = tf.keras.layers.PReLU(shared_axes=[1])
    layer.build(x.shape)
    layer.set_weights([slopes])
    tally.agrees(ours, layer(x))
    tally.proves("Prelu", apply(RULES, "Prelu", Shape(2, 4, 3), Shape(1, 3)).cost)
