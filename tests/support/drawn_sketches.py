"""Calls whose attributes are drawn and whose inputs aren't: what an operation's definition and a hint tell of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from drawn_operands import HANDLES, Operand, given_tensor
from node_defs import op_def
from optional_tensorflow import tf
from shape_function import Dims, Tensor, tensorflow_shapes

from graphcost.ir.node import FunctionRef

LIST_LENGTHS = (4, 5, 1, 2, 3, 0)
PREFERRED = ("float32", "int32", "int64", "bool", "string")

Attrs = dict[str, Any]


@dataclass(frozen=True)
class DrawnCall:
    """A call, with the number of tensors of each list argument; attributes that the inputs tell aren't given."""

    kind: str
    inputs: tuple[Tensor, ...]
    lists: Mapping[str, int] = field(default_factory=dict)
    attrs: Mapping[str, Any] = field(default_factory=dict)

    def shapes(self) -> list[Dims] | None:
        """What TensorFlow's shape function knows of the outputs; None where it refuses the call."""
        try:
            return tensorflow_shapes(self.kind, self.inputs, self.lists, **self.attrs)
        except (ValueError, tf.errors.OpError):
            return None


@dataclass(frozen=True)
class Hint:
    """What a legal call needs beyond the definition. What the operation doesn't have of it is left aside.

    attrs: attributes by name. inputs: by argument an operand, or a list of them for a list argument.
    """

    attrs: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Operand | list[Operand]] = field(default_factory=dict)


DrawnHint = Callable[[Random, str], Hint]
"""Draws what a call of an operation needs."""


def no_hint(random: Random, kind: str) -> Hint:
    return Hint()


@dataclass(frozen=True)
class Slot:
    """One input of a call: its argument, its dtype, and what a hint gives."""

    name: str
    dtype: tf.DType
    given: Tensor | None


@dataclass(frozen=True)
class Sketch:
    """A call without its inputs."""

    kind: str
    attrs: Attrs
    slots: Sequence[Slot]

    def call(self, inputs: Sequence[Tensor]) -> DrawnCall:
        lists = {arg.name: sum(slot.name == arg.name for slot in self.slots) for arg in op_def(self.kind).input_arg}
        told = _told_by_inputs(self.kind)
        own = {name: value for name, value in self.attrs.items() if name not in told}
        return DrawnCall(self.kind, tuple(inputs), lists, own)

    @property
    def held_dtype(self) -> tf.DType:
        """The dtype of what a handle holds, as far as an attribute tells."""
        told = (self.attrs.get(name) for name in ("dtype", "T", "element_dtype", "type"))
        return next((dtype for dtype in told if isinstance(dtype, tf.DType) and dtype not in HANDLES), tf.float32)


def sketched(random: Random, kind: str, hint: Hint) -> Sketch:
    attrs = _attrs(random, kind, hint)
    return Sketch(kind, attrs, [*_slots(random, kind, hint, attrs)])


def _told_by_inputs(kind: str) -> frozenset[str]:
    """The attributes for which the inputs stand: their dtypes, and how many there are of a list."""
    args = op_def(kind).input_arg
    return frozenset(name for arg in args for name in (arg.number_attr, arg.type_attr, arg.type_list_attr))


def _attrs(random: Random, kind: str, hint: Hint) -> Attrs:
    """All attributes; those that are left out have their defaults. Lists mostly have one length."""
    attrs: Attrs = {}
    defined, told = op_def(kind).attr, _told_by_inputs(kind)
    least = max((attr.minimum for attr in defined if attr.type == "list(type)"), default=0)
    length = max(least, random.choice(LIST_LENGTHS))
    for attr in defined:
        is_told = attr.name in told
        if attr.name in hint.attrs:
            attrs[attr.name] = hint.attrs[attr.name]
        elif is_told and "type" not in attr.type:
            continue
        elif is_told or not _may_be_left_out(attr) or ("func" not in attr.type and random.random() < 0.5):
            attrs[attr.name] = _drawn_attr(random, attr, length)
    return attrs


def _may_be_left_out(attr: Any) -> bool:
    """Whether there is a default; that of shapes, none at all, is less than there are outputs."""
    return attr.HasField("default_value") and attr.type != "list(shape)"


def _slots(random: Random, kind: str, hint: Hint, attrs: Attrs) -> Iterator[Slot]:
    args = op_def(kind).input_arg
    numbers = {
        attr.name: random.randint(attr.minimum, attr.minimum + 2) for attr in op_def(kind).attr if attr.type == "int"
    }
    listed = {arg.name: given for arg in args if isinstance(given := hint.inputs.get(arg.name), list)}
    numbers |= {arg.number_attr: len(listed[arg.name]) for arg in args if arg.number_attr and arg.name in listed}
    for arg in args:
        if arg.type_list_attr:
            dtypes = attrs[arg.type_list_attr]
        else:
            dtype = tf.as_dtype(arg.type) if arg.type else attrs[arg.type_attr]
            dtypes = [dtype] * (numbers[arg.number_attr] if arg.number_attr else 1)
        for i, dtype in enumerate(dtypes):
            operand = listed[arg.name][i] if arg.name in listed else hint.inputs.get(arg.name)
            yield Slot(arg.name, dtype, given_tensor(dtype, operand) if arg.name in hint.inputs else None)


def _drawn_attr(random: Random, attr: Any, length: int) -> Any:
    if not attr.type.startswith("list("):
        return _drawn_item(random, attr, attr.type, attr.minimum if attr.has_minimum else 0)
    return [_drawn_item(random, attr, attr.type[5:-1], 0) for _ in range(max(length, attr.minimum))]


def _drawn_item(random: Random, attr: Any, kind: str, least: int) -> Any:
    allowed = attr.allowed_values.list
    if kind == "type":
        dtypes = [tf.as_dtype(item) for item in allowed.type] or [tf.as_dtype(name) for name in PREFERRED]
        return random.choice([dtype for dtype in dtypes if dtype.name in PREFERRED] or dtypes)
    if kind == "string":
        return random.choice([item.decode() for item in allowed.s] or ["", "a"])
    if kind == "int":
        return random.randint(least, least + 3)
    if kind == "func":
        return FunctionRef("function", {})
    if kind == "shape":
        sizes = random.choice(((1, 2, 3), (1, 2, 3, None)))
        return tf.TensorShape([random.choice(sizes) for _ in range(random.randint(0, 3))])
    return random.choice((True, False)) if kind == "bool" else random.choice((0.0, 0.5, 1.0))
