"""Optimizer steps: naive updates that count themselves against TensorFlow's kernels on variables."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from counted import floats
from counting import Tally
from node_defs import input_names
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, Fact, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.optimizers import OPTIMIZERS, RULES, SPARSE, Optimizer

SIZE = 5
SCALARS = {
    "lr": 0.3, "alpha": 0.3, "l1": 0.1, "l2": 0.2, "l2_shrinkage": 0.15, "lr_power": -0.7, "rho": 0.8,
    "epsilon": 0.02, "momentum": 0.6, "beta1": 0.7, "beta2": 0.9, "beta1_power": 0.5, "beta2_power": 0.8,
    "beta": 0.7, "logbase": 0.9, "sign_decay": 0.4, "global_step": 3,
}  # fmt: skip
State = list[list[float]]
Naive = Callable[[Tally, State, list[float], dict[str, Any]], None]
"""Updates the variable and its slots, given as lists of elements, in place."""


def each(step: Callable[..., tuple[float, ...]], state: State, grad: list[float], *once: float) -> None:
    """step(*variables, gradient, *once) for every element gives its new variables."""
    for k, g in enumerate(grad):
        for variable, new in zip(state, step(*(variable[k] for variable in state), g, *once), strict=True):
            variable[k] = new


def sign(t: Tally, x: float) -> float:
    t.counts["compare"] += 1
    return (x > 0) - (x < 0)


def shrunk(t: Tally, p: float, limit: float, by: float) -> float:
    return t.div(t.mul(sign(t, p), t.max(t.sub(magnitude(t, p), limit), 0.0)), by)


def magnitude(t: Tally, x: float) -> float:
    t.counts["add"] += 1
    return abs(x)


def square(t: Tally, x: float) -> float:
    return t.mul(x, x)


def average(t: Tally, beta: float, rest: float, m: float, g: float) -> float:
    return t.add(t.mul(beta, m), t.mul(rest, g))


def gradient_descent(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    each(lambda v, g: (t.sub(v, t.mul(s["alpha"], g)),), state, grad)


def proximal(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    limit, by = t.mul(s["alpha"], s["l1"]), t.add(1.0, t.mul(s["alpha"], s["l2"]))
    each(lambda v, g: (shrunk(t, t.sub(v, t.mul(s["alpha"], g)), limit, by),), state, grad)


def adagrad(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    def step(v: float, a: float, g: float) -> tuple[float, ...]:
        if s["update_slots"]:
            a = t.add(a, square(t, g))
        return t.sub(v, t.mul(t.mul(s["lr"], g), t.rsqrt(a))), a

    each(step, state, grad)


def adagrad_v2(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    def step(v: float, a: float, g: float) -> tuple[float, ...]:
        if s["update_slots"]:
            a = t.add(a, square(t, g))
        return t.sub(v, t.div(t.mul(s["lr"], g), t.add(t.sqrt(a), s["epsilon"]))), a

    each(step, state, grad)


def proximal_adagrad(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    def step(v: float, a: float, g: float) -> tuple[float, ...]:
        a = t.add(a, square(t, g))
        rate = t.mul(s["lr"], t.rsqrt(a))
        p = t.sub(v, t.mul(rate, g))
        return shrunk(t, p, t.mul(rate, s["l1"]), t.add(1.0, t.mul(rate, s["l2"]))), a

    each(step, state, grad)


def adagrad_da(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    limit, minus = t.mul(s["global_step"], s["l1"]), t.sub(0.0, s["lr"])
    offset = t.mul(t.mul(s["global_step"], s["l2"]), s["lr"])

    def step(v: float, total: float, a: float, g: float) -> tuple[float, ...]:
        total, a = t.add(total, g), t.add(a, square(t, g))
        return t.mul(minus, shrunk(t, total, limit, t.add(offset, t.sqrt(a)))), total, a

    each(step, state, grad)


def adadelta(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    rest = t.sub(1.0, s["rho"])

    def step(v: float, a: float, d: float, g: float) -> tuple[float, ...]:
        a = average(t, s["rho"], rest, a, square(t, g))
        ratio = t.div(t.sqrt(t.add(d, s["epsilon"])), t.sqrt(t.add(a, s["epsilon"])))
        update = t.mul(ratio, g)
        d = average(t, s["rho"], rest, d, square(t, update))
        return t.sub(v, t.mul(s["lr"], update)), a, d

    each(step, state, grad)


def adam_rate(t: Tally, s: dict[str, Any]) -> tuple[float, float, float]:
    rate = t.div(t.mul(s["lr"], t.sqrt(t.sub(1.0, s["beta2_power"]))), t.sub(1.0, s["beta1_power"]))
    return rate, t.sub(1.0, s["beta1"]), t.sub(1.0, s["beta2"])


def adam(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    rate, rest1, rest2 = adam_rate(t, s)

    def step(v: float, m: float, w: float, g: float) -> tuple[float, ...]:
        part = t.mul(rest1, g)
        m = t.add(t.mul(s["beta1"], m), part)
        w = average(t, s["beta2"], rest2, w, square(t, g))
        ahead = t.add(t.mul(s["beta1"], m), part) if s["use_nesterov"] else m
        return t.sub(v, t.mul(rate, t.div(ahead, t.add(t.sqrt(w), s["epsilon"])))), m, w

    each(step, state, grad)


def amsgrad(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    rate, rest1, rest2 = adam_rate(t, s)

    def step(v: float, m: float, w: float, most: float, g: float) -> tuple[float, ...]:
        m = average(t, s["beta1"], rest1, m, g)
        w = average(t, s["beta2"], rest2, w, square(t, g))
        most = t.max(most, w)
        return t.sub(v, t.mul(rate, t.div(m, t.add(t.sqrt(most), s["epsilon"])))), m, w, most

    each(step, state, grad)


def adamax(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    rest, rate = t.sub(1.0, s["beta1"]), t.div(s["lr"], t.sub(1.0, s["beta1_power"]))

    def step(v: float, m: float, w: float, g: float) -> tuple[float, ...]:
        m, w = average(t, s["beta1"], rest, m, g), t.max(t.mul(s["beta2"], w), magnitude(t, g))
        return t.sub(v, t.mul(rate, t.div(m, t.add(w, s["epsilon"])))), m, w

    each(step, state, grad)


def momentum(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    def step(v: float, a: float, g: float) -> tuple[float, ...]:
        a = t.add(t.mul(a, s["momentum"]), g)
        ahead = t.add(g, t.mul(s["momentum"], a)) if s["use_nesterov"] else a
        return t.sub(v, t.mul(s["lr"], ahead)), a

    each(step, state, grad)


def keras_momentum(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    def step(v: float, a: float, g: float) -> tuple[float, ...]:
        part = t.mul(s["lr"], g)
        a = t.sub(t.mul(a, s["momentum"]), part)
        return t.add(v, t.sub(t.mul(a, s["momentum"]), part) if s["use_nesterov"] else a), a

    each(step, state, grad)


def rmsprop(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    rest = t.sub(1.0, s["rho"])

    def step(v: float, ms: float, m: float, g: float) -> tuple[float, ...]:
        ms = average(t, s["rho"], rest, ms, square(t, g))
        update = t.div(t.mul(s["lr"], g), t.sqrt(t.add(ms, s["epsilon"])))
        m = t.add(t.mul(s["momentum"], m), update)
        return t.sub(v, m), ms, m

    each(step, state, grad)


def centered_rmsprop(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    rest = t.sub(1.0, s["rho"])

    def step(v: float, mg: float, ms: float, m: float, g: float) -> tuple[float, ...]:
        ms = average(t, s["rho"], rest, ms, square(t, g))
        mg = average(t, s["rho"], rest, mg, g)
        spread = t.add(t.sub(ms, square(t, mg)), s["epsilon"])
        m = t.add(t.mul(s["momentum"], m), t.div(t.mul(s["lr"], g), t.sqrt(spread)))
        return t.sub(v, m), mg, ms, m

    each(step, state, grad)


def ftrl(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    lr, has_roots = s["lr"], s["lr_power"] == -0.5
    power = s["lr_power"] if has_roots else t.sub(0.0, s["lr_power"])
    by_rate = s["multiply_linear_by_lr"]
    ridge = t.mul(2.0, s["l2"])
    ridge, limit = (t.mul(ridge, lr), t.mul(s["l1"], lr)) if by_rate else (ridge, s["l1"])
    shrinkage = t.mul(2.0, s["l2_shrinkage"]) if "l2_shrinkage" in s else None

    def raised(a: float) -> float:
        return t.sqrt(a) if has_roots else t.call(math.pow, a, power)

    def step(v: float, a: float, linear: float, g: float) -> tuple[float, ...]:
        seen = g if shrinkage is None else t.add(g, t.mul(shrinkage, v))
        new = t.add(a, square(t, g))
        high, low = raised(new), raised(a)
        if by_rate:
            linear = t.add(linear, t.sub(t.mul(seen, lr), t.mul(t.sub(high, low), v)))
            curvature = t.add(high, ridge)
        else:
            linear = t.add(linear, t.sub(seen, t.mul(t.div(t.sub(high, low), lr), v)))
            curvature = t.add(t.div(high, lr), ridge)
        pulled = t.div(t.sub(t.mul(sign(t, linear), limit), linear), curvature)
        return pulled if t.less(limit, magnitude(t, linear)) else 0.0, new, linear

    each(step, state, grad)


def add_sign(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    rest = t.sub(1.0, s["beta"])

    def step(v: float, m: float, g: float) -> tuple[float, ...]:
        m = average(t, s["beta"], rest, m, g)
        scale = t.add(s["alpha"], t.mul(t.mul(s["sign_decay"], sign(t, g)), sign(t, m)))
        return t.sub(v, t.mul(s["lr"], t.mul(scale, g))), m

    each(step, state, grad)


def power_sign(t: Tally, state: State, grad: list[float], s: dict[str, Any]) -> None:
    rest, decay = t.sub(1.0, s["beta"]), t.mul(s["logbase"], s["sign_decay"])

    def step(v: float, m: float, g: float) -> tuple[float, ...]:
        m = average(t, s["beta"], rest, m, g)
        scale = t.call(math.exp, t.mul(t.mul(decay, sign(t, g)), sign(t, m)))
        return t.sub(v, t.mul(s["lr"], t.mul(scale, g))), m

    each(step, state, grad)


NAIVE: dict[str, Naive] = {
    "GradientDescent": gradient_descent,
    "ProximalGradientDescent": proximal,
    "Adagrad": adagrad,
    "AdagradV2": adagrad_v2,
    "ProximalAdagrad": proximal_adagrad,
    "AdagradDA": adagrad_da,
    "Adadelta": adadelta,
    "Adam": adam,
    "AdamWithAmsgrad": amsgrad,
    "AdaMax": adamax,
    "Momentum": momentum,
    "KerasMomentum": keras_momentum,
    "RMSProp": rmsprop,
    "CenteredRMSProp": centered_rmsprop,
    "Ftrl": ftrl,
    "FtrlV2": ftrl,
    "AddSign": add_sign,
    "PowerSign": power_sign,
}

FLAGS: dict[str, list[dict[str, Any]]] = {
    "Adagrad": [{"update_slots": True}, {"update_slots": False}],
    "AdagradV2": [{"update_slots": True}, {"update_slots": False}],
    "Adam": [{"use_nesterov": False}, {"use_nesterov": True}],
    "Momentum": [{"use_nesterov": False}, {"use_nesterov": True}],
    "KerasMomentum": [{"use_nesterov": False}, {"use_nesterov": True}],
    "Ftrl": [{"multiply_linear_by_lr": False}, {"multiply_linear_by_lr": True}],
    "FtrlV2": [{"multiply_linear_by_lr": False}, {"multiply_linear_by_lr": True}],
}
CASES = [(optimizer, flags) for optimizer in OPTIMIZERS for flags in FLAGS.get(optimizer.name, [{}])]


def start(optimizer: Optimizer) -> list[np.ndarray]:
    """The variable, then slots that may stand under a root."""
    slots = [floats(10 + k, SIZE, 2, least=1.0, most=2.0) for k in range(optimizer.slots)]
    if optimizer.name == "CenteredRMSProp":
        slots[0] = slots[0] / 4
    return [floats(1, SIZE, 2), *slots]


def scalar(name: str, kind: str, **changed: float) -> Any:
    value = {**SCALARS, **changed}[name]
    return np.int64(value) if name == "global_step" else np.float32(value)


def run(
    optimizer: Optimizer, prefix: str, grad: np.ndarray, indices: np.ndarray | None, flags: Any, **changed: float
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """What the kernel makes of the variables, and the scalars that it was given."""
    kind = f"{prefix}{optimizer.name}"
    variables = [tf.Variable(array) for array in start(optimizer)]
    handles = iter(variables)
    given: dict[str, Any] = {}
    for position, name in enumerate(input_names(kind)):
        if position <= optimizer.slots:
            given[name] = next(handles).handle
        elif name in ("grad", "delta"):
            given[name] = grad
        else:
            given[name] = indices if name == "indices" else scalar(name, kind, **changed)
    getattr(tf.raw_ops, kind)(**given, **flags)
    scalars = {name: float(value) for name, value in given.items() if name in SCALARS}
    return [variable.numpy() for variable in variables], scalars


def operands(optimizer: Optimizer, prefix: str, grad: Shape, count: int = 0, **changed: float) -> list[Any]:
    facts: list[Any] = []
    for position, name in enumerate(input_names(f"{prefix}{optimizer.name}")):
        if position <= optimizer.slots:
            facts.append(Fact("resource", Shape(), element=Fact("float32", Shape(SIZE, 2))))
        elif name in ("grad", "delta"):
            facts.append(grad)
        elif name == "indices":
            facts.append(Fact("int64", Shape(count)))
        else:
            value = {**SCALARS, **changed}[name]
            facts.append(Fact("float32", Shape(), Value.scalar(value)))
    return facts


def _words(parameter: object) -> str:
    """A test's name must not hold the address of a function."""
    return getattr(parameter, "name", str(parameter))


@pytest.mark.parametrize(("optimizer", "flags"), CASES, ids=_words)
def test_a_step_costs_what_the_naive_update_counts(optimizer: Optimizer, flags: dict[str, Any]) -> None:
    powers = (-0.7, -0.5) if "Ftrl" in optimizer.name else (-0.7,)
    for power in powers:
        grad, tally = floats(3, SIZE, 2), Tally()
        state = [array.ravel().tolist() for array in start(optimizer)]
        kernels, scalars = run(optimizer, "ResourceApply", grad, None, flags, lr_power=power)
        NAIVE[optimizer.name](tally, state, grad.ravel().tolist(), {**scalars, **flags, "lr_power": power})
        for ours, theirs in zip(state, kernels, strict=True):
            tally.gives(np.reshape(ours, (SIZE, 2)), theirs, tolerance=1e-5)
        facts = operands(optimizer, "ResourceApply", Shape(SIZE, 2), lr_power=power)
        outcome = apply(RULES, f"ResourceApply{optimizer.name}", *facts, **flags)
        tally.proves(f"ResourceApply{optimizer.name}", outcome.cost)
        assert outcome.shapes == ()


SPARSE_CASES = [(optimizer, flags) for optimizer, flags in CASES if optimizer.name in SPARSE]


@pytest.mark.parametrize(("optimizer", "flags"), SPARSE_CASES, ids=_words)
def test_a_sparse_step_updates_the_rows_that_were_looked_up(optimizer: Optimizer, flags: dict[str, Any]) -> None:
    rows, tally = np.array([3, 0, 4]), Tally()
    grad = floats(3, len(rows), 2)
    state = [array[rows].ravel().tolist() for array in start(optimizer)]
    kernels, scalars = run(optimizer, "ResourceSparseApply", grad, rows, flags)
    NAIVE[optimizer.name](tally, state, grad.ravel().tolist(), {**scalars, **flags})
    for ours, theirs, before in zip(state, kernels, start(optimizer), strict=True):
        tally.gives(np.reshape(ours, (len(rows), 2)), theirs[rows], tolerance=1e-5)
        tally.gives(before[[1, 2]], theirs[[1, 2]], tolerance=0)
    kind = f"ResourceSparseApply{optimizer.name}"
    for known in (Shape(len(rows), 2), Fact("float32")):
        outcome = apply(RULES, kind, *operands(optimizer, "ResourceSparseApply", known, len(rows)), **flags)
        tally.proves(kind, outcome.cost)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer.name)
def test_the_variable_tells_the_elements_where_the_gradient_does_not(optimizer: Optimizer) -> None:
    kind = f"ResourceApply{optimizer.name}"
    known, unknown = (
        apply(RULES, kind, *operands(optimizer, "ResourceApply", grad)).cost
        for grad in (Shape(SIZE, 2), Fact("float32"))
    )
    assert known == unknown


def test_open_sizes_stay_symbols() -> None:
    facts = [Fact("resource", Shape()), Fact("float32", Shape()), Shape(symbol("V"), 8)]
    assert apply(RULES, "ResourceApplyGradientDescent", *facts).cost == Cost(mul=8 * symbol("V"), add=8 * symbol("V"))
