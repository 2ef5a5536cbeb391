"""TensorFlow as the oracle of one operation's shapes and values: its kernel, and its shape function on partial facts.

A call is run with everything known, then with sizes, ranks and values hidden. What a rule says must not contradict
the kernel once its symbols are bound, and must cover all that TensorFlow's shape function knows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from node_defs import op_def
from optional_tensorflow import need_tensorflow, tf

from graphcost.dims import Dim, Shape, bind, symbol, symbols
from graphcost.errors import ShapeUnknown
from graphcost.ir.literal import Item, PartialShape, Value
from graphcost.ir.node import Attr, Node, TensorRef
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import Sizes

MOST_VALUE_ELEMENTS = 64
REDUCTIONS = ("Sum", "Prod", "Max", "Min", "All", "Any", "Mean", "EuclideanNorm")
RENAMED = {
    **{(kind, "reduction_indices"): "axis" for kind in REDUCTIONS},
    ("Select", "t"): "x",
    ("Select", "e"): "y",
    ("ExpandDims", "dim"): "axis",
    ("Split", "split_dim"): "axis",
    ("SplitV", "split_dim"): "axis",
    ("Where", "input"): "condition",
}
"""Arguments to which raw_ops gives another name than the operation's definition."""


@dataclass(frozen=True)
class Given:
    """An input, and what of it is hidden.

    `open_axes` are the sizes that aren't known, None an unknown rank. `hidden` are the flat positions of unknown
    elements, None for a value that is unknown as a whole; `named` are positions known by a symbol only.
    """

    array: np.ndarray
    open_axes: frozenset[int] | None = frozenset()
    hidden: frozenset[int] | None = frozenset()
    named: frozenset[int] = frozenset()

    @property
    def is_constant(self) -> bool:
        return self.open_axes == frozenset() and self.hidden == frozenset() and not self.named


@dataclass(frozen=True)
class Call:
    """An operation on arrays, with attributes as raw_ops takes them; `lists` has the length of each list argument."""

    kind: str
    inputs: Sequence[Given]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, int] = field(default_factory=dict)


def call(kind: str, *arrays: Any, lists: Mapping[str, int] | None = None, **attrs: Any) -> Call:
    """A call with every input known; anything that isn't an array is one of int32 or float32."""
    return Call(kind, [Given(_array(array)) for array in arrays], attrs, lists or {})


def check_kernel(rules: RuleSet, known: Call, *, has_value: bool = True) -> None:
    """With everything known, the rule's shapes and values are the kernel's."""
    outputs = _run(known)
    shapes, values, _ = _ask(rules, known, len(outputs))
    assert [tuple(shape or ()) for shape in shapes] == [output.shape for output in outputs]
    if not has_value:
        return
    for value, output in zip(values, outputs, strict=True):
        assert value is not None
        assert value.shape == output.shape
        assert list(value.items) == output.ravel().tolist()


def check_partial(rules: RuleSet, partial: Call) -> None:
    """The rule doesn't contradict the kernel, and knows every size that TensorFlow's shape function knows.

    A few shape functions contradict their own kernels; then the kernel is right.
    """
    outputs = _run(partial)
    shapes, values, bindings = _ask(rules, partial, len(outputs))
    for shape, inferred, output in zip(shapes, _infer(partial), outputs, strict=True):
        if inferred.rank is not None and inferred.is_compatible_with(output.shape):
            assert shape is not None, f"TensorFlow knows {inferred}"
            assert shape.rank == inferred.rank
            assert all(known is None or known == dim for known, dim in zip(inferred, shape, strict=True)), shape
        if shape is not None:
            assert all(map(_agrees, (_bound(dim, bindings) for dim in shape), output.shape)), (shape, output.shape)
            assert shape.rank == output.ndim
    for value, output in zip(values, outputs, strict=True):
        if value is not None:
            assert value.shape == output.shape
            assert all(map(_agrees, (_bound(item, bindings) for item in value.items), output.ravel().tolist())), value


def tensors(most_rank: int = 3, least: int = 0, most: int = 4, least_rank: int = 0) -> st.SearchStrategy[np.ndarray]:
    """Small integer tensors whose elements are all different."""
    shapes = st.lists(st.integers(least, most), min_size=least_rank, max_size=most_rank)
    return shapes.map(numbered)


def numbered(shape: Sequence[int]) -> np.ndarray:
    return np.arange(prod(shape), dtype=np.int32).reshape(shape)


def prove(
    rules: RuleSet,
    calls: st.SearchStrategy[Call],
    *,
    has_shape: bool = True,
    has_value: bool = True,
    least_named: int = 0,
    examples: int = 30,
) -> None:
    """Holds a rule against TensorFlow on calls that are drawn, each with all and then with a part of it known.

    Without `has_shape`, sizes may depend on data; without `has_value`, the rule needn't know values.
    """

    need_tensorflow()

    @settings(max_examples=examples, derandomize=True, deadline=None, database=None)
    @given(st.data())
    def run(data: st.DataObject) -> None:
        known = data.draw(calls)
        if has_shape:
            check_kernel(rules, known, has_value=has_value)
        check_partial(rules, data.draw(hiding(known, least_named)))

    run()


@st.composite
def hiding(draw: st.DrawFn, known: Call, least_named: int = 0) -> Call:
    """The call with some of what is known of its inputs hidden. Symbols stand for numbers from `least_named` on."""
    return Call(known.kind, [draw(_hidden(whole, least_named)) for whole in known.inputs], known.attrs, known.lists)


@st.composite
def _hidden(draw: st.DrawFn, whole: Given, least_named: int) -> Given:
    ways = ["known", "no value"]
    if 0 not in whole.array.shape:
        ways += ["no rank", "open"]
    if whole.array.ndim == 1 and whole.array.dtype.kind == "i" and 1 <= whole.array.size <= MOST_VALUE_ELEMENTS:
        ways += ["items", "items"]
    way = draw(st.sampled_from(ways))
    if way == "known":
        return whole
    if way == "no value":
        return Given(whole.array, hidden=None)
    if way == "no rank":
        return Given(whole.array, open_axes=None, hidden=None)
    if way == "open":
        axes = draw(st.frozensets(st.sampled_from(range(whole.array.ndim)))) if whole.array.ndim else frozenset()
        return Given(whole.array, open_axes=axes, hidden=None)
    positions = st.sampled_from(range(whole.array.size))
    hidden = draw(st.frozensets(positions))
    named = frozenset(p for p in draw(st.frozensets(positions)) - hidden if whole.array[p] >= least_named)
    return Given(whole.array, hidden=hidden, named=named)


def _array(value: Any) -> np.ndarray:
    array = np.asarray(value)
    if isinstance(value, np.ndarray):
        return array
    if array.size == 0 or array.dtype.kind == "i":
        return array.astype(np.int32)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _ask(
    rules: RuleSet, asked: Call, count: int
) -> tuple[Sequence[Shape | None], Sequence[Value | None], dict[str, Dim]]:
    """The rule's shapes and values, and the numbers of the symbols that stand for inputs. Refusing fails."""
    rule = rules.get(asked.kind)
    assert rule is not None, f"no rule for {asked.kind}"
    assert rule.shape is not None
    bindings: dict[str, Dim] = {}
    facts = [_fact(i, given, bindings) for i, given in enumerate(asked.inputs)]
    refs = tuple(TensorRef(f"x{i}") for i in range(len(facts)))
    sizes = Sizes()
    op = Op(Node("node", asked.kind, refs, attrs=_attrs(asked)), facts, sizes=sizes)
    unknown: list[None] = [None] * count
    shapes: Sequence[Shape | None] = unknown
    values: Sequence[Value | None] = unknown
    with contextlib.suppress(ShapeUnknown):
        shapes = [shape and sizes.resolve_shape(shape) for shape in rule.shape(op)]
    with contextlib.suppress(ShapeUnknown):
        values = rule.value(op) if rule.value else unknown
    return shapes, values, {**bindings, **{name: bind(dim, bindings) for name, dim in sizes.replaced.items()}}


def _fact(index: int, given: Given, bindings: dict[str, Dim]) -> Fact:
    dtype = given.array.dtype.name
    for axis, size in enumerate(given.array.shape):
        bindings[f"size(x{index}:0,{axis})"] = size
    if given.open_axes is None:
        return Fact(dtype)
    dims = [
        symbol(f"size(x{index}:0,{axis})") if axis in given.open_axes else size
        for axis, size in enumerate(given.array.shape)
    ]
    if given.hidden is None or given.array.dtype.kind not in "ibf":
        return Fact(dtype, Shape(*dims))
    items: list[Item] = [_item(index, position, given, bindings) for position in range(given.array.size)]
    return Fact(dtype, Shape(*dims), Value(given.array.shape, tuple(items)))


def _item(index: int, position: int, given: Given, bindings: dict[str, Dim]) -> Item:
    number: Item = given.array.ravel()[position].item()
    if given.hidden is not None and position in given.hidden:
        return None
    if position not in given.named or not isinstance(number, int):
        return number
    name = f"value(x{index},{position})"
    bindings[name] = number
    return symbol(name, least=min(number, 1) if number >= 0 else None)


def _bound(item: Item, bindings: Mapping[str, Dim]) -> Item:
    """None where a symbol stands for something that depends on data."""
    if item is None or isinstance(item, (bool, int, float)):
        return item
    return bind(item, bindings) if symbols(item) <= set(bindings) else None


def _agrees(ours: Item, theirs: float) -> bool:
    return ours is None or ours == theirs


def _run(known: Call) -> list[np.ndarray]:
    need_tensorflow()
    outputs = _apply(known, [tf.constant(given.array) for given in known.inputs])
    return [np.asarray(output.numpy()) for output in outputs]


def _infer(partial: Call) -> list[tf.TensorShape]:
    """What the shape function knows: nothing where it refuses what the kernel takes."""
    try:
        with tf.Graph().as_default():
            return [output.shape for output in _apply(partial, list(map(_tensor, partial.inputs)))]
    except ValueError:
        return [tf.TensorShape(None) for _ in _run(partial)]


def _attrs(known: Call) -> dict[str, Attr]:
    """All attributes, as a file would have them."""
    with tf.Graph().as_default():
        outputs = _apply(known, [tf.constant(given.array) for given in known.inputs])
        attrs = outputs[0].op.node_def.attr
    return {name: _attr(value, value.WhichOneof("value")) for name, value in attrs.items()}


def _attr(value: Any, which: str) -> Attr:
    if which == "list":
        kinds = [name for name in ("s", "i", "f", "b", "type", "shape") if getattr(value.list, name)]
        return tuple(_plain(item, kind) for kind in kinds for item in getattr(value.list, kind))
    return _plain(getattr(value, which), which)


def _plain(item: Any, which: str) -> Attr:
    if which == "type":
        return tf.dtypes.as_dtype(item).name
    if which == "shape":
        return PartialShape(None if item.unknown_rank else tuple(dim.size for dim in item.dim))
    return item  # type: ignore[no-any-return]


def _tensor(given: Given) -> tf.Tensor:
    if given.is_constant:
        return tf.constant(given.array)
    if given.hidden or given.named:
        unknown = (given.hidden or frozenset()) | given.named
        dtype = given.array.dtype
        return tf.raw_ops.Pack(
            values=[
                tf.compat.v1.placeholder(dtype, ()) if p in unknown else tf.constant(given.array[p])
                for p in range(given.array.size)
            ]
        )
    shape = (
        None
        if given.open_axes is None
        else [None if i in given.open_axes else d for i, d in enumerate(given.array.shape)]
    )
    return tf.compat.v1.placeholder(given.array.dtype, shape)


def _apply(made: Call, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    arguments = dict(_arguments(made, tensors))
    outputs = getattr(tf.raw_ops, made.kind)(**arguments, **made.attrs)
    if isinstance(outputs, (list, tuple)):
        return [tensor for output in outputs for tensor in (output if isinstance(output, list) else [output])]
    return [outputs]


def _arguments(made: Call, tensors: Sequence[tf.Tensor]) -> Iterator[tuple[str, Any]]:
    remaining = iter(tensors)
    for argument in op_def(made.kind).input_arg:
        name = RENAMED.get((made.kind, argument.name), argument.name)
        if argument.number_attr or argument.type_list_attr:
            yield name, [next(remaining) for _ in range(made.lists[argument.name])]
        else:
            yield name, next(remaining)
