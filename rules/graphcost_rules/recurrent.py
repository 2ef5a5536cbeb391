"""Fused recurrent cells, LSTM and GRU, and LSTM layers that run a cell for every step.

Batches are rows; `w` holds the weights of [x, h], the input beside the previous output, for all gates side by side.
"""

from __future__ import annotations

from collections.abc import Callable

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, dim_max, floor_div

LSTM_GATES = 4
LSTM = Cost(add=LSTM_GATES + 1, mul=3, transcendental=5)
"""Four biases; i, f, o = sigmoid(...); g = tanh(...); c = f * c' + i * g; h = o * tanh(c)."""

LSTM_GRAD = Cost(add=6, mul=16)
"""do = o(1 - o) dh tanh(c), dc = (1 - tanh(c)^2) dh o + dc', dg = (1 - g^2) dc i, df = f(1 - f) dc c',
di = i(1 - i) dc g, and dc f, the gradient of c'; the activations are inputs."""

PEEPHOLES = Cost(add=3, mul=3)
"""Three gates also see the cell: one multiplication and one addition each."""

GRU_GATES = 3
GRU = Cost(add=GRU_GATES + 2, mul=3, transcendental=3)
"""Three biases; r, u = sigmoid(...); c = tanh(...) of the input and r * h'; h = (1 - u) * c + u * h'."""

GRU_GRAD = Cost(add=7, mul=11)
"""dc = dh (1 - u)(1 - c^2), du = dh (h' - c) u(1 - u), dr = d(r h') h' r(1 - r), dh' = dh'_1 + d(r h') r + u dh."""


def lstm_cell_shape(op: Op) -> list[Shape]:
    """i, c, f, o, g, tanh(c) and h, each [batch, cell]."""
    return [_state(op, 0, 1)] * 7


def lstm_cell_cost(op: Op) -> Cost:
    """The gates' matrix product, one multiply-add for each row and weight, then the cell's arithmetic."""
    return _lstm_step(op, op.output(rank=2), op.input(3, rank=2), has_forget_bias=True)


def lstm_cell_grad_shape(op: Op) -> list[Shape]:
    """The gradients of the previous cell, of the four gates side by side and of three peepholes."""
    state = _state(op, 0, 1)
    batch, cell = state
    return [state, Shape(batch, LSTM_GATES * cell), *[Shape(cell)] * 3]


def lstm_cell_grad_cost(op: Op) -> Cost:
    """The gradients of the gates, without any matrix product; those of the peepholes are sums over the batch."""
    state = op.output(0, rank=2)
    cost = LSTM_GRAD * state.size
    if not _has_peepholes(op):
        return cost
    return cost + (PEEPHOLES + Cost(mul=3)) * state.size + Cost(add=3 * dim_max(state[0] - 1, 0)) * state[1]


def lstm_shape(op: Op) -> list[Shape]:
    """As a cell's outputs, each [steps, batch, cell]."""
    steps, batch, _ = op.input(1, rank=3)
    biases = op.input(8, rank=1)[0]
    if isinstance(biases, int) and biases % LSTM_GATES:
        raise op.error(f"{biases} biases for {LSTM_GATES} gates")
    cell = op.same(floor_div(biases, LSTM_GATES), op.input(2, rank=2)[1])
    return [Shape(steps, batch, cell)] * 7


def lstm_cost(*, has_forget_bias: bool) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        """A cell for each step: the gates' matrix product, then the cell's arithmetic.

        Where the number of steps to run isn't known, all run.
        """
        state = Shape(*op.output(rank=3)[1:])
        return _steps(op) * _lstm_step(op, state, op.input(4, rank=2), has_forget_bias=has_forget_bias)

    return cost


def lstm_grad_shape(op: Op) -> list[Shape]:
    """The gradients of x, the first cell and output, the weights, the peepholes and the biases."""
    ranks = (3, 2, 2, 2, 1, 1, 1, 1)
    return [op.input(index, rank=rank) for index, rank in enumerate(ranks, start=1)]


def lstm_grad_cost(op: Op) -> Cost:
    """For each step a cell's gradient with two matrix products, for [x, h] and for the weights.

    What later steps hand back is added to the gradients of the cell and the output; those of the biases and the
    peepholes are accumulated over batch and steps. Where the number of steps to run isn't known, all run.
    """
    state, weights = op.output(1, rank=2), op.output(3, rank=2)
    work = LSTM_GRAD + Cost(add=2 + LSTM_GATES)
    if _has_peepholes(op):
        work += PEEPHOLES + Cost(mul=3, add=3)
    return _steps(op) * (work * state.size + Cost(mac=2 * state[0] * weights.size))


def gru_cell_shape(op: Op) -> list[Shape]:
    """r, u, c and h, each [batch, cell]."""
    return [_state(op, 0, 1)] * 4


def gru_cell_cost(op: Op) -> Cost:
    """Two matrix products, for both gates and for the candidate, then the cell's arithmetic."""
    return GRU * op.output(rank=2).size + _gru_products(op)


def gru_cell_grad_shape(op: Op) -> list[Shape]:
    """The gradients of x, the previous output, the candidate and both gates side by side."""
    x, state = op.input(0, rank=2), _state(op, 0, 1)
    return [Shape(state[0], x[1]), state, state, Shape(state[0], op.input(2, rank=2)[1])]


def gru_cell_grad_cost(op: Op) -> Cost:
    """The gates' gradients, two products with the transposed weights, and the sum of both parts of x's gradient."""
    return GRU_GRAD * op.output(1, rank=2).size + Cost(add=op.output(0, rank=2).size) + _gru_products(op)


def _state(op: Op, x: int, previous: int) -> Shape:
    """[batch, cell]."""
    before = op.input(previous, rank=2)
    return Shape(op.same(op.input(x, rank=2)[0], before[0]), before[1])


def _lstm_step(op: Op, state: Shape, weights: Shape, *, has_forget_bias: bool) -> Cost:
    work = LSTM
    if has_forget_bias:
        work += Cost(add=1)
    if op.float_attr("cell_clip", 3.0 if has_forget_bias else 0.0) > 0:
        work += Cost(compare=2)
    if _has_peepholes(op):
        work += PEEPHOLES
    return work * state.size + Cost(mac=state[0] * weights.size)


def _gru_products(op: Op) -> Cost:
    weights = op.input(2, rank=2).size + op.input(3, rank=2).size
    return Cost(mac=op.input(0, rank=2)[0] * weights)


def _steps(op: Op) -> Dim:
    steps = op.scalar(0) if op.has_value(0) else op.input(1, rank=3)[0]
    if isinstance(steps, int) and steps < 0:
        raise op.error(f"{steps} steps")
    return steps


def _has_peepholes(op: Op) -> bool:
    return op.bool_attr("use_peephole", False)


RULES = RuleSet(
    Rule("LSTMBlockCell", shape=lstm_cell_shape, cost=lstm_cell_cost, role=Role.CONTRACTION),
    Rule("LSTMBlockCellGrad", shape=lstm_cell_grad_shape, cost=lstm_cell_grad_cost, role=Role.GRADIENT),
    Rule("BlockLSTM", shape=lstm_shape, cost=lstm_cost(has_forget_bias=True), role=Role.CONTRACTION),
    Rule("BlockLSTMV2", shape=lstm_shape, cost=lstm_cost(has_forget_bias=False), role=Role.CONTRACTION),
    Rule("BlockLSTMGrad", shape=lstm_grad_shape, cost=lstm_grad_cost, role=Role.GRADIENT),
    Rule("BlockLSTMGradV2", shape=lstm_grad_shape, cost=lstm_grad_cost, role=Role.GRADIENT),
    Rule("GRUBlockCell", shape=gru_cell_shape, cost=gru_cell_cost, role=Role.CONTRACTION),
    Rule("GRUBlockCellGrad", shape=gru_cell_grad_shape, cost=gru_cell_grad_cost, role=Role.GRADIENT),
)
