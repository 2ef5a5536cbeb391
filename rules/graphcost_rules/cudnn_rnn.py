"""Whole stacks of recurrent layers in one operation, which TensorFlow has kernels of on GPUs only.

`input` is [steps, batch, features], the states are [layers x directions, batch, units]; with `time_major` off the
first two axes of each change places. A layer's input is the sequence for the first layer, both directions of the
layer below for the others. The formulas are cuDNN's own, each gate with one bias for the input and one for the
state; they are held against Keras' layers, since no kernel can be run on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from graphcost import COMPUTES_NOTHING, COPIES, Cost, Dim, Op, Role, Rule, RuleSet, Shape, floor_div


@dataclass(frozen=True, slots=True)
class Cell:
    """A kind of cell: its gates, and the arithmetic of one unit, forward and backward, besides matrix products."""

    gates: int
    forward: Cost
    backward: Cost


CELLS = {
    # h = relu(a); da = dh where h > 0.
    "rnn_relu": Cell(1, Cost(compare=1), Cost(compare=1)),
    # h = tanh(a); da = dh (1 - h^2).
    "rnn_tanh": Cell(1, Cost(transcendental=1), Cost(add=1, mul=2)),
    # c = f c' + i g, h = o tanh(c); backward as in BlockLSTM, and what the next step hands back to the cell.
    "lstm": Cell(4, Cost(add=1, mul=3, transcendental=5), Cost(add=6, mul=16)),
    # g = tanh(a + r b) for a = W x and b = R h', h = (1 - u) g + u h';
    # dg = dh (1 - u)(1 - g^2), du = dh (h' - g) u (1 - u), db = dg r, dr = dg b r (1 - r), and dh u besides products.
    "gru": Cell(3, Cost(add=3, mul=3, transcendental=3), Cost(add=6, mul=11)),
}
"""Biases are counted apart. A GRU resets the state's part of its candidate, then adds that to the input's."""

BIASES = 2
"""Of each gate: one for the input, one for the state."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What the attributes and shapes say of the layers."""

    cell: Cell
    directions: int
    layers: Dim
    units: Dim
    width: Dim
    is_projected: bool
    features: Dim
    skips_input: bool
    rows: Dim

    @property
    def products(self) -> Dim:
        """The multiply-adds of one row, a step of a sequence, in all layers and directions."""
        first = 0 if self.skips_input else self.features
        inputs = first + (self.layers - 1) * self.directions * self.width
        gates = self.cell.gates * self.units * (inputs + self.layers * self.width)
        projections = self.layers * self.units * self.width if self.is_projected else 0
        return self.directions * (gates + projections)

    @property
    def skipped(self) -> Dim:
        """The additions of one row where the first layer's gates take the input as it is."""
        return self.directions * self.cell.gates * self.units if self.skips_input else 0

    @property
    def cells(self) -> Dim:
        """The units of one row in all layers and directions."""
        return self.directions * self.layers * self.units

    @property
    def outputs(self) -> Dim:
        """What all layers and directions hand on of one row; a projected LSTM's output is narrower than its cell."""
        return self.directions * self.layers * self.width

    @property
    def dropped(self) -> Dim:
        """The elements of one row that dropout scales: what goes from one layer to the next."""
        return self.directions * (self.layers - 1) * self.width


def forward_shape(outputs: int) -> Callable[[Op], list[Shape | None]]:
    """The sequence of outputs, the last output and cell state, and reserved space, which isn't specified."""

    def shape(op: Op) -> list[Shape | None]:
        first, second, _ = op.input(0, rank=3)
        h = op.input(1, rank=3)
        is_lstm = _mode(op) == "lstm"
        cell = op.input(2, rank=3) if is_lstm else Shape()
        if is_lstm and not _has_projection(op):
            h = cell = op.same_shape(h, cell)
        return [Shape(first, second, _directions(op) * h[2]), h, cell, *[None] * (outputs - 3)]

    return shape


def forward_cost(op: Op) -> Cost:
    """For each step, sequence, layer and direction the products of the gates with the input and the previous output,
    the biases and the cell's arithmetic, all steps of all sequences; in training, dropout between the layers.

    Unproven by a kernel. A projected LSTM multiplies its output by another matrix. With the input skipped, the first
    layer adds it to each gate.
    """
    stack = _stack(op)
    drops = op.bool_attr("is_training", True) and op.float_attr("dropout", 0.0) > 0
    work = (stack.cell.forward + Cost(add=BIASES * stack.cell.gates)) * stack.cells
    work += Cost(mac=stack.products, add=stack.skipped, mul=stack.dropped if drops else 0)
    return work * stack.rows


def backward_shape(op: Op) -> list[Shape | None]:
    """The gradients of the input, both states and the parameters; only an LSTM's cell state has a set rank."""
    cell = op.input(2) if op.has_shape(2) else None
    return [op.input(0, rank=3), op.input(1, rank=3), cell, op.input(3, rank=1)]


def backward_cost(op: Op) -> Cost:
    """Each product of the forward pass twice, for what was multiplied and for the weights, and the gates' gradients.

    Unproven by a kernel. The activations are read from the reserved space. What the next step hands back is added to
    the output's gradient, and the gates' gradients are summed over all rows for each bias.
    """
    stack = _stack(op)
    drops = op.float_attr("dropout", 0.0) > 0
    work = (stack.cell.backward + Cost(add=BIASES * stack.cell.gates)) * stack.cells
    work += Cost(mac=2 * stack.products, add=stack.outputs + stack.skipped, mul=stack.dropped if drops else 0)
    return work * stack.rows


def size_shape(op: Op) -> list[Shape]:
    return [Shape(1)]


def to_params_shape(op: Op) -> list[Shape]:
    """One vector that holds all of the weights and biases."""
    return [Shape(op.unknown_size(0))]


def to_canonical_shape(weights: str, biases: str) -> Callable[[Op], list[Shape]]:
    """A matrix for each of the weights, then a vector for each of the biases."""

    def shape(op: Op) -> list[Shape]:
        matrices, vectors = _count(op, weights), _count(op, biases)
        op.input(3, rank=1)
        return [
            *(Shape(op.unknown_size(0, port), op.unknown_size(1, port)) for port in range(matrices)),
            *(Shape(op.unknown_size(0, matrices + port)) for port in range(vectors)),
        ]

    return shape


MOST_PARAMS = 2**16


def _count(op: Op, name: str) -> int:
    count = op.int_attr(name)
    if not 0 <= count <= MOST_PARAMS:
        raise op.error(f"attribute {name!r} is {count}")
    return count


def _mode(op: Op) -> str:
    return op.text_attr("rnn_mode", "lstm", choices=tuple(CELLS))


def _directions(op: Op) -> int:
    direction = op.text_attr("direction", "unidirectional", choices=("unidirectional", "bidirectional"))
    return 2 if direction == "bidirectional" else 1


def _has_projection(op: Op) -> bool:
    return op.int_attr("num_proj", 0) > 0


def _stack(op: Op) -> Stack:
    sequence, h = op.input(0, rank=3), op.input(1, rank=3)
    directions = _directions(op)
    is_projected = _mode(op) == "lstm" and _has_projection(op)
    layers = floor_div(h[0 if op.bool_attr("time_major", True) else 1], directions)
    return Stack(
        cell=CELLS[_mode(op)],
        directions=directions,
        layers=op.at_least(layers, 1, "a stack without layers"),
        units=op.input(2, rank=3)[2] if is_projected else h[2],
        width=h[2],
        is_projected=is_projected,
        features=sequence[2],
        skips_input=_skips_input(op, sequence[2], h[2]),
        rows=sequence[0] * sequence[1],
    )


def _skips_input(op: Op, features: Dim, units: Dim) -> bool:
    """`auto_select` skips the input's products where it is as wide as the output."""
    mode = op.text_attr("input_mode", "linear_input", choices=("linear_input", "skip_input", "auto_select"))
    return mode == "skip_input" or (mode == "auto_select" and features == units)


RULES = RuleSet(
    Rule("CudnnRNN", shape=forward_shape(4), cost=forward_cost, role=Role.CONTRACTION),
    Rule("CudnnRNNV2", shape=forward_shape(5), cost=forward_cost, role=Role.CONTRACTION),
    Rule("CudnnRNNV3", shape=forward_shape(5), cost=forward_cost, role=Role.CONTRACTION),
    Rule("CudnnRNNBackprop", shape=backward_shape, cost=backward_cost, role=Role.GRADIENT),
    Rule("CudnnRNNBackpropV2", shape=backward_shape, cost=backward_cost, role=Role.GRADIENT),
    Rule("CudnnRNNBackpropV3", shape=backward_shape, cost=backward_cost, role=Role.GRADIENT),
    Rule("CudnnRNNParamsSize", shape=size_shape, cost=COMPUTES_NOTHING),
    Rule("CudnnRNNCanonicalToParams", shape=to_params_shape, cost=COPIES),
    Rule("CudnnRNNCanonicalToParamsV2", shape=to_params_shape, cost=COPIES),
    Rule("CudnnRNNParamsToCanonical", shape=to_canonical_shape("num_params", "num_params"), cost=COPIES),
    Rule(
        "CudnnRNNParamsToCanonicalV2",
        shape=to_canonical_shape("num_params_weights", "num_params_biases"),
        cost=COPIES,
    ),
)
