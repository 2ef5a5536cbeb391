"""Fused recurrent cells and layers against TensorFlow's kernels and naive cells that count themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from counted import flat, floats, kernel, prove_count, prove_partial
from counting import Tally
from kernel_oracle import call
from single_op import apply

from graphcost import Cost, Fact, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.recurrent import RULES

BATCH, INPUTS, CELL, STEPS = 3, 4, 2, 5
GATES = {"BlockLSTM": "igfo", "BlockLSTMV2": "ifgo", "LSTMBlockCell": "igfo"}


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def each(function: Any, *arrays: np.ndarray) -> np.ndarray:
    """The function of every element."""
    items = [function(*values) for values in zip(*(a.ravel().tolist() for a in arrays), strict=True)]
    return np.reshape(items, arrays[0].shape)


def product(tally: Tally, a: np.ndarray, b: np.ndarray, onto: np.ndarray | None = None) -> np.ndarray:
    """The product a b, added onto what is there."""
    result = np.zeros((a.shape[0], b.shape[1])) if onto is None else onto.copy()
    for i, j in np.ndindex(result.shape):
        for k in range(a.shape[1]):
            result[i, j] = tally.mac(result[i, j], a[i, k], b[k, j])
    return result


def rows(vector: np.ndarray) -> np.ndarray:
    return np.broadcast_to(vector, (BATCH, len(vector)))


class Counted:
    """Elementwise arithmetic on arrays."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally

    def add(self, *terms: np.ndarray) -> np.ndarray:
        total = terms[0]
        for term in terms[1:]:
            total = each(self.tally.add, total, term)
        return total

    def sub(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return each(self.tally.sub, a, b)

    def mul(self, *factors: np.ndarray) -> np.ndarray:
        total = factors[0]
        for factor in factors[1:]:
            total = each(self.tally.mul, total, factor)
        return total

    def call(self, function: Any, x: np.ndarray) -> np.ndarray:
        return each(lambda item: self.tally.call(function, item), x)

    def rest(self, x: np.ndarray) -> np.ndarray:
        """1 - x."""
        return each(lambda item: self.tally.sub(1.0, item), x)

    def clip(self, x: np.ndarray, limit: float) -> np.ndarray:
        return each(lambda item: self.tally.min(self.tally.max(item, -limit), limit), x)


def lstm_step(
    tally: Tally,
    x: np.ndarray,
    cell: np.ndarray,
    h: np.ndarray,
    w: np.ndarray,
    peepholes: Sequence[np.ndarray],
    b: np.ndarray,
    order: str,
    forget_bias: float | None,
    clip: float,
) -> list[np.ndarray]:
    """i, c, f, o, g, tanh(c), h."""
    ops = Counted(tally)
    gates = ops.add(product(tally, np.concatenate([x, h], 1), w), rows(b))
    gate = dict(zip(order, np.split(gates, 4, 1), strict=True))
    if forget_bias is not None:
        gate["f"] = ops.add(gate["f"], np.full_like(gate["f"], forget_bias))
    if peepholes:
        gate["i"] = ops.add(gate["i"], ops.mul(cell, rows(peepholes[0])))
        gate["f"] = ops.add(gate["f"], ops.mul(cell, rows(peepholes[1])))
    i, f, g = ops.call(sigmoid, gate["i"]), ops.call(sigmoid, gate["f"]), ops.call(math.tanh, gate["g"])
    new = ops.add(ops.mul(g, i), ops.mul(f, cell))
    if clip > 0:
        new = ops.clip(new, clip)
    if peepholes:
        gate["o"] = ops.add(gate["o"], ops.mul(new, rows(peepholes[2])))
    o, squashed = ops.call(sigmoid, gate["o"]), ops.call(math.tanh, new)
    return [i, new, f, o, g, squashed, ops.mul(o, squashed)]


def weights(seed: int = 5) -> dict[str, np.ndarray]:
    names = ("wci", "wcf", "wco")
    peepholes = {name: floats(seed + 1 + i, CELL) for i, name in enumerate(names)}
    return {"w": floats(seed, INPUTS + CELL, 4 * CELL), **peepholes, "b": floats(seed + 9, 4 * CELL)}


def cell_inputs() -> dict[str, np.ndarray]:
    state = {"cs_prev": floats(2, BATCH, CELL), "h_prev": floats(3, BATCH, CELL)}
    return {"x": floats(1, BATCH, INPUTS), **state, **weights()}


def layer_inputs(steps: int = STEPS) -> dict[str, np.ndarray]:
    return {
        "seq_len_max": np.array(steps, np.int64),
        **cell_inputs(),
        "x": floats(1, STEPS, BATCH, INPUTS),
    }


@pytest.mark.parametrize("peephole", [False, True])
@pytest.mark.parametrize("clip", [0.0, 0.3, -1.0])
def test_an_lstm_cell_costs_what_the_naive_cell_counts(peephole: bool, clip: float) -> None:
    def naive(tally: Tally, x: Any, cell: Any, h: Any, w: Any, *rest: Any) -> list[np.ndarray]:
        peepholes = rest[:3] if peephole else ()
        return lstm_step(tally, x, cell, h, w, peepholes, rest[3], GATES["LSTMBlockCell"], 1.5, clip)

    attrs = {"forget_bias": 1.5, "cell_clip": clip, "use_peephole": peephole}
    prove_count(RULES, "LSTMBlockCell", cell_inputs(), naive, **attrs)


def lstm_layer(tally: Tally, kind: str, steps: int, peephole: bool, clip: float, arrays: Any) -> list[np.ndarray]:
    _, x, cell, h, w, *rest = arrays
    peepholes, forget_bias = rest[:3] if peephole else (), 1.0 if kind == "BlockLSTM" else None
    states = []
    for t in range(steps):
        states.append(lstm_step(tally, x[t], cell, h, w, peepholes, rest[3], GATES[kind], forget_bias, clip))
        cell, h = states[-1][1], states[-1][6]
    return [np.stack(values) for values in zip(*states, strict=True)]


@pytest.mark.parametrize("kind", ["BlockLSTM", "BlockLSTMV2"])
@pytest.mark.parametrize("peephole", [False, True])
@pytest.mark.parametrize("clip", [0.0, 0.3])
def test_an_lstm_layer_costs_what_the_naive_loop_counts(kind: str, peephole: bool, clip: float) -> None:
    def naive(tally: Tally, *arrays: np.ndarray) -> list[np.ndarray]:
        return lstm_layer(tally, kind, STEPS, peephole, clip, arrays)

    prove_count(RULES, kind, layer_inputs(), naive, cell_clip=clip, use_peephole=peephole)


def test_an_lstm_layer_runs_no_more_steps_than_the_longest_sequence_has() -> None:
    inputs, steps, tally = layer_inputs(STEPS - 2), STEPS - 2, Tally()
    ours = lstm_layer(tally, "BlockLSTMV2", steps, False, 0.0, flat(inputs))
    h = kernel("BlockLSTMV2", inputs, cell_clip=0.0)[-1]
    tally.gives(ours[-1], h[:steps], tolerance=1e-5)
    tally.gives(np.zeros((STEPS - steps, BATCH, CELL)), h[steps:], tolerance=0)
    shapes = [Shape(*array.shape) for array in flat(inputs)[1:]]
    tally.proves("BlockLSTMV2", apply(RULES, "BlockLSTMV2", steps, *shapes, cell_clip=0.0).cost)


def lstm_step_grad(
    ops: Counted, step: Sequence[np.ndarray], before: np.ndarray, dc: np.ndarray, dh: np.ndarray, peepholes: Any
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The gradient of the previous cell and those of the four gates."""
    i, _, f, o, g, squashed, _ = step
    do = ops.mul(o, ops.rest(o), dh, squashed)
    dc = ops.add(ops.mul(ops.rest(ops.mul(squashed, squashed)), dh, o), dc)
    if peepholes:
        dc = ops.add(dc, ops.mul(do, rows(peepholes[2])))
    dg = ops.mul(ops.rest(ops.mul(g, g)), dc, i)
    df = ops.mul(f, ops.rest(f), dc, before)
    di = ops.mul(i, ops.rest(i), dc, g)
    back = ops.mul(dc, f)
    if peepholes:
        back = ops.add(back, ops.mul(di, rows(peepholes[0])), ops.mul(df, rows(peepholes[1])))
    return back, {"i": di, "g": dg, "f": df, "o": do}


@pytest.mark.tensorflow
@pytest.mark.parametrize("peephole", [False, True])
def test_an_lstm_cells_gradient_costs_what_the_naive_one_counts(peephole: bool) -> None:
    inputs = cell_inputs()
    step = kernel("LSTMBlockCell", inputs, cell_clip=0.0, use_peephole=peephole)
    saved = dict(zip(("i", "cs", "f", "o", "ci", "co"), step[:6], strict=True))
    gradients = {"cs_grad": floats(20, BATCH, CELL), "h_grad": floats(21, BATCH, CELL)}

    def naive(tally: Tally, *arrays: Any) -> list[np.ndarray]:
        ops, before, peepholes = Counted(tally), arrays[1], arrays[4:7] if peephole else ()
        back, gates = lstm_step_grad(ops, step, before, arrays[-2], arrays[-1], peepholes)
        stacked = np.concatenate([gates[name] for name in GATES["LSTMBlockCell"]], 1)
        if not peephole:
            return [back, stacked]
        products = (ops.mul(gates["i"], before), ops.mul(gates["f"], before), ops.mul(gates["o"], step[1]))
        return [back, stacked, *(np.array([tally.sum(column) for column in p.T.tolist()]) for p in products)]

    prove_count(RULES, "LSTMBlockCellGrad", {**inputs, **saved, **gradients}, naive, use_peephole=peephole)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["BlockLSTM", "BlockLSTMV2"])
@pytest.mark.parametrize("peephole", [False, True])
def test_an_lstm_layers_gradient_costs_what_the_naive_loop_counts(kind: str, peephole: bool) -> None:
    inputs = layer_inputs()
    outputs = kernel(kind, inputs, cell_clip=0.0, use_peephole=peephole)
    saved = dict(zip(("i", "cs", "f", "o", "ci", "co", "h"), outputs, strict=True))
    given = {"cs_grad": floats(20, STEPS, BATCH, CELL), "h_grad": floats(21, STEPS, BATCH, CELL)}

    def naive(tally: Tally, *arrays: Any) -> list[np.ndarray]:
        ops, x, w, peepholes = Counted(tally), arrays[1], arrays[4], arrays[5:8] if peephole else ()
        dc, dh = np.zeros((BATCH, CELL)), np.zeros((BATCH, CELL))
        dx, dw, db, seen = np.zeros_like(x), np.zeros_like(w), np.zeros((1, 4 * CELL)), np.zeros((3, CELL))
        for t in reversed(range(STEPS)):
            before, last = (saved["cs"][t - 1], saved["h"][t - 1]) if t else (arrays[2], arrays[3])
            dc, dh = ops.add(dc, arrays[-2][t]), ops.add(dh, arrays[-1][t])
            dc, gates = lstm_step_grad(ops, [output[t] for output in outputs], before, dc, dh, peepholes)
            stacked = np.concatenate([gates[name] for name in GATES[kind]], 1)
            back = product(tally, stacked, w.T)
            dx[t], dh = back[:, :INPUTS], back[:, INPUTS:]
            dw = product(tally, np.concatenate([x[t], last], 1).T, stacked, onto=dw)
            for row in stacked:
                db = ops.add(db, row[None])
            if peephole:
                looks = (("i", before), ("f", before), ("o", saved["cs"][t]))
                for k, (name, cell) in enumerate(looks):
                    for row in ops.mul(gates[name], cell):
                        seen[k] = ops.add(seen[k], row)
        return [dx, dc, dh, dw, *seen, db[0]]

    prove_count(RULES, kind.replace("LSTM", "LSTMGrad"), {**inputs, **saved, **given}, naive, use_peephole=peephole)


def gru_inputs() -> dict[str, np.ndarray]:
    products = {"w_ru": floats(3, INPUTS + CELL, 2 * CELL), "w_c": floats(4, INPUTS + CELL, CELL)}
    biases = {"b_ru": floats(5, 2 * CELL), "b_c": floats(6, CELL)}
    return {"x": floats(1, BATCH, INPUTS), "h_prev": floats(2, BATCH, CELL), **products, **biases}


def test_a_gru_cell_costs_what_the_naive_cell_counts() -> None:
    def naive(tally: Tally, x: Any, h: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any) -> list[np.ndarray]:
        ops = Counted(tally)
        gates = ops.add(product(tally, np.concatenate([x, h], 1), w_ru), rows(b_ru))
        r, u = np.split(ops.call(sigmoid, gates), 2, 1)
        seen = np.concatenate([x, ops.mul(h, r)], 1)
        c = ops.call(math.tanh, ops.add(product(tally, seen, w_c), rows(b_c)))
        return [r, u, c, ops.add(ops.mul(ops.rest(u), c), ops.mul(u, h))]

    prove_count(RULES, "GRUBlockCell", gru_inputs(), naive)


@pytest.mark.tensorflow
def test_a_gru_cells_gradient_costs_what_the_naive_one_counts() -> None:
    inputs = gru_inputs()
    r, u, c, _ = kernel("GRUBlockCell", inputs)

    def naive(tally: Tally, x: Any, h: Any, w_ru: Any, w_c: Any, *rest: Any) -> list[np.ndarray]:
        ops, dh = Counted(tally), rest[-1]
        dc = ops.mul(dh, ops.rest(u), ops.rest(ops.mul(c, c)))
        du = ops.mul(dh, ops.sub(h, c), u, ops.rest(u))
        through = product(tally, dc, w_c.T)
        dx, dhr = through[:, :INPUTS], through[:, INPUTS:]
        dr = ops.mul(dhr, h, r, ops.rest(r))
        gates = np.concatenate([dr, du], 1)
        back = product(tally, gates, w_ru.T)
        previous = ops.add(back[:, INPUTS:], ops.mul(dhr, r), ops.mul(dh, u))
        return [ops.add(back[:, :INPUTS], dx), previous, dc, gates]

    saved = {"r": r, "u": u, "c": c, "d_h": floats(9, BATCH, CELL)}
    prove_count(RULES, "GRUBlockCellGrad", {**inputs, **saved}, naive)


@pytest.mark.tensorflow
def test_shapes_agree_with_tensorflow_when_less_is_known() -> None:
    prove_partial(RULES, call("LSTMBlockCell", *flat(cell_inputs())))
    prove_partial(RULES, call("BlockLSTM", *flat(layer_inputs())))
    prove_partial(RULES, call("BlockLSTMV2", *flat(layer_inputs())))
    prove_partial(RULES, call("GRUBlockCell", *flat(gru_inputs())))


def test_open_steps_and_batch_stay_symbols() -> None:
    sizes = (Shape(symbol("T"), symbol("N"), 4), Shape(symbol("N"), 2), Shape(symbol("N"), 2), Shape(6, 8))
    operands = (Fact("int64", Shape()), *sizes, Shape(2), Shape(2), Shape(2), Shape(8))
    outcome = apply(RULES, "BlockLSTMV2", *operands)
    assert outcome.shapes == (Shape(symbol("T"), symbol("N"), 2),) * 7
    assert isinstance(outcome.cost, Cost)
    assert outcome.cost.mac == symbol("T") * symbol("N") * 6 * 8


@pytest.mark.parametrize("hostile", [{"use_peephole": 1}, {"cell_clip": b"high"}])
def test_hostile_attributes_are_refused(hostile: dict[str, Any]) -> None:
    shapes = [Shape(*array.shape) for array in flat(cell_inputs())]
    with pytest.raises(RuleError):
        apply(RULES, "LSTMBlockCell", *shapes, **hostile)


def test_sizes_that_do_not_fit_are_refused() -> None:
    layer = [Shape(*array.shape) for array in flat(layer_inputs())]
    with pytest.raises(RuleError, match="gates"):
        apply(RULES, "BlockLSTM", *layer[:-1], Shape(7))
    with pytest.raises(RuleError, match="steps"):
        apply(RULES, "BlockLSTM", -3, *layer[1:])
