"""What operations are there for, as far as the engine asks: the words in which a rule says so."""

from __future__ import annotations

from enum import Flag, auto
from functools import reduce
from operator import or_


class Role(Flag):
    """What an operation is in a graph; `|` joins several. A rule that gives no role says that nothing of this holds.

    What is fed and held:
    INPUT: a tensor that the caller feeds, or a handle of a variable that lies elsewhere.
    DATA_SOURCE: brings in the next data of a dataset, queue or other process, each output a tensor of its own.
    PARSER: splits records into tensors that have nothing to do with one another.
    NOISE: random numbers, or what code outside the graph gives: it may feed a network that has no input.
    CONSTANT: holds a tensor in its attribute `value`.
    VARIABLE: a variable, or a handle of one; its attributes `dtype` and `shape` are the variable's.
    READ: reads the variable behind a handle.

    What runs for another purpose than an answer:
    PIPELINE: brings in or decodes data. INITIALIZER: asks whether a variable has its first value.
    ASSIGNMENT: gives a variable or a table, its first operand, a value of its own.
    UPDATE: changes its first operand, a variable, in another way than by a gradient: counters, moving averages.
    OPTIMIZER: applies a gradient to a variable, its first operand, or to what collects gradients for one. The gradient
    is the operand that TensorFlow calls `grad`, `gradient` or `delta`; of an op that TensorFlow doesn't know, the last.
    GRADIENT: has no use but in a backward pass. COLLECTED: gives gradients that were collected.
    SAVER: writes or reads a checkpoint. SUMMARY: writes a log. ASSERT: stops the run where something doesn't hold.
    EFFECT: anything else that is there for what it does and not for what it gives.

    What happens to a tensor:
    IDENTITY: hands its operand on as it is, or, like NoOp, nothing at all. NAME: does, under a name that may be meant.
    MOVE: moves or converts data. CAST: converts its dtype. RESHAPE: keeps its elements, in order.
    SLICE: takes a part of it. RANGED: converts its first operand; the others are ranges of values.
    LIST: all outputs are of one kind: where one is an answer, all are.
    SHAPE_ONLY: no value flows through it: its results follow from shapes, or from state.
    FILL: fills the value of its second operand into the shape that the first holds. ONES: fills in ones.
    RANGE: numbers from one to another; as the axes of a reduction, all of them.

    What shows where a network begins and ends:
    CONTRACTION: multiplies data with weights, or, being a call of compiled code, may. LOOKUP: picks rows of weights.
    REDUCTION: sums up or the like, over the axes that its second operand has, without one over all.
    LOSS: compares its first operand with labels, the operands that TensorFlow calls so or `targets`; of an op that
    TensorFlow doesn't know, with all others.
    LOSS_START: begins a loss where it follows the last weights. CLIP: keeps the argument of a logarithm from zero.
    ACTIVATION: may be a model's last layer. PROBABILITIES: gives some. CHOICE: picks the likeliest class.

    What TensorFlow does when it imports a graph, in the rules of a reference such as tf.profiler:
    FOLLOWED: its value is followed where only some elements are known. MEASURED: it follows from a shape.
    """

    NONE = 0
    INPUT = auto()
    DATA_SOURCE = auto()
    PARSER = auto()
    NOISE = auto()
    CONSTANT = auto()
    VARIABLE = auto()
    READ = auto()
    PIPELINE = auto()
    INITIALIZER = auto()
    ASSIGNMENT = auto()
    UPDATE = auto()
    OPTIMIZER = auto()
    GRADIENT = auto()
    COLLECTED = auto()
    SAVER = auto()
    SUMMARY = auto()
    ASSERT = auto()
    EFFECT = auto()
    IDENTITY = auto()
    NAME = auto()
    MOVE = auto()
    CAST = auto()
    RESHAPE = auto()
    SLICE = auto()
    RANGED = auto()
    LIST = auto()
    SHAPE_ONLY = auto()
    FILL = auto()
    ONES = auto()
    RANGE = auto()
    CONTRACTION = auto()
    LOOKUP = auto()
    REDUCTION = auto()
    LOSS = auto()
    LOSS_START = auto()
    CLIP = auto()
    ACTIVATION = auto()
    PROBABILITIES = auto()
    CHOICE = auto()
    FOLLOWED = auto()
    MEASURED = auto()

    @classmethod
    def parse(cls, text: str) -> Role:
        """The role that `words` gave as text. Raises KeyError for a word that is none."""
        return reduce(or_, (cls[word.upper()] for word in text.split("|")))

    @property
    def words(self) -> str:
        """The role as text, such as "activation|probabilities"."""
        return "|".join(str(each.name).lower() for each in self)


SOURCES = Role.INPUT | Role.DATA_SOURCE
"""Through what a model is fed."""

SEPARATE = Role.DATA_SOURCE | Role.PARSER
"""What brings in several tensors which have nothing to do with one another."""

CHANGES = Role.ASSIGNMENT | Role.UPDATE | Role.OPTIMIZER
"""What changes variables."""

EFFECTS = CHANGES | Role.SAVER | Role.SUMMARY | Role.ASSERT | Role.EFFECT
"""What is there for what it does, not for what it gives."""

PHASES = ("forward", "backward", "optimizer", "other")
"""The parts of a training step: up to the loss, its gradients, what changes variables, and the rest."""
