"""A call of an operation with a letter for every size, and what the rule says of it: the formula in docs/ops.md.

Calls are drawn from the operation's definition, so that no example is written by hand, and none is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from drawn_calls import Drawer, DrawnCall, DrawnHint
from node_defs import op_def
from shape_function import Tensor, rule_node, tensor_fact

from graphcost.dims import Shape, format_dim, symbol
from graphcost.errors import GraphcostError, ShapeUnknown
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.rule import Rule
from graphcost.ops.sizes import Sizes

CANDIDATES = 24
USUAL_LETTERS = 4
MOST_ITEMS = 8
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Example:
    """The arguments with their shapes and values, the attributes that aren't defaults, the outputs, the operations."""

    call: str
    outputs: str
    operations: str = ""


def example(rule: Rule, hint: DrawnHint) -> Example | None:
    """Of some calls that are drawn the one that tells most; None where none is legal with open sizes."""
    drawer = Drawer(rule.op, hint)
    drawn = (drawer.draw(Random(f"{rule.op}{seed}")) for seed in range(CANDIDATES))
    found = (_evaluated(rule, call) for call in drawn if call is not None)
    return min((each for each in found if each is not None), key=_dullness, default=None)


def _dullness(each: Example) -> tuple[bool, int, str]:
    """Zeros, sizes of one and unknown shapes tell little, and so does a long text."""
    told = f"{each.call} {each.outputs}"
    unknown = 30 * each.outputs.count("?") + 15 * each.outputs.count("size(")
    ones = 8 * len(re.findall(r"[\[ ]1[,\]]", told))
    letters = 10 * abs(len(set(told) & set(LETTERS)) - USUAL_LETTERS)
    return (each.operations == "0", unknown + ones + letters + len(told) + len(each.operations) // 4, each.call)


def _evaluated(rule: Rule, call: DrawnCall) -> Example | None:
    letters = _letters()
    node, sizes = rule_node(call.kind, call.inputs, call.lists, **call.attrs), Sizes()
    facts = [_opened(given, letters) for given in call.inputs]
    try:
        shapes = _shapes(rule, Op(node, facts, sizes=sizes), len(node.dtypes))
        outputs = [Fact(dtype, shape) for dtype, shape in zip(node.dtypes, shapes, strict=True)]
        cost = rule.cost(Op(node, facts, outputs, sizes)) if callable(rule.cost) else None
    except GraphcostError:
        return None
    texts = [_text(fact, sizes) for fact in facts]
    operations = "" if cost is None else _local(format_dim(sizes.resolve(cost.flops)))
    return Example(
        "; ".join([", ".join(_arguments(call, texts)), *_attrs(call)]),
        ", ".join("?" if shape is None else _local(str(sizes.resolve_shape(shape))) for shape in shapes),
        operations,
    )


def _shapes(rule: Rule, op: Op, count: int) -> Sequence[Shape | None]:
    try:
        return list(rule.shape(op)) if rule.shape else [None] * count
    except ShapeUnknown:
        return [None] * count


def _opened(given: Tensor, letters: Iterator[str]) -> Fact:
    """The fact of an input with a letter for each size; a 1 stays, since it may be broadcast, and so do constants."""
    if given.held is not None and given.held[1] is not None:
        return Fact(given.dtype, Shape(), element=Fact(given.held[0], _lettered(given.held[1], letters)))
    if given.value is not None or given.dims is None:
        return tensor_fact(given)
    return Fact(given.dtype, _lettered(given.dims, letters))


def _lettered(dims: Sequence[int | None], letters: Iterator[str]) -> Shape:
    return Shape(*(1 if size == 1 else symbol(next(letters)) for size in dims))


def _letters() -> Iterator[str]:
    yield from LETTERS
    for number in range(1, 100):
        yield from (f"{letter}{number}" for letter in LETTERS)


def _text(fact: Fact, sizes: Sizes) -> str:
    """A value as its items, a handle as what it holds, anything else as its shape."""
    if fact.value is not None and len(fact.value.items) <= MOST_ITEMS:
        items = ", ".join(map(str, fact.value.items))
        return f"={items}" if fact.shape == Shape() else f"={{{items}}}"
    shape = fact.element.shape if fact.element is not None else fact.shape
    return "[?]" if shape is None else str(sizes.resolve_shape(shape))


def _arguments(call: DrawnCall, texts: Sequence[str]) -> Iterator[str]:
    """Each argument by its name; a list once where all of its tensors are alike."""
    remaining = iter(texts)
    for argument in op_def(call.kind).input_arg:
        own = [next(remaining) for _ in range(call.lists.get(argument.name, 1))]
        is_list = bool(argument.number_attr or argument.type_list_attr)
        if not is_list:
            yield argument.name + own[0]
        elif len(own) > 1 and len(set(own)) == 1:
            yield f"{len(own)} x {argument.name}{own[0]}"
        else:
            yield from (argument.name + text for text in own)


def _attrs(call: DrawnCall) -> Iterator[str]:
    """The attributes that the inputs don't tell, less the defaults and those that say only what type something has."""
    kinds = {attr.name: attr for attr in op_def(call.kind).attr}
    for name, value in call.attrs.items():
        if _is_told(kinds[name], value):
            yield f"{name}={_plain(value)}"


def _is_told(attr: Any, value: Any) -> bool:
    if "type" in attr.type or "func" in attr.type or attr.type == "tensor":
        return False
    default = attr.default_value
    if not attr.HasField("default_value"):
        return attr.type != "string" or attr.HasField("allowed_values")
    which = default.WhichOneof("value")
    known = list(default.list.i or default.list.f or default.list.s) if which == "list" else getattr(default, which)
    return bool((value.encode() if isinstance(value, str) else value) != known)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_plain, value))}]"
    return str(value).replace("None", "?").removeprefix("TensorShape")


def _local(text: str) -> str:
    """A symbol of the node, without the node."""
    return text.replace("(node:", "(").replace("(node)", "")
