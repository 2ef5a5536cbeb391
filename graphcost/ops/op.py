"""What a rule sees of a node: typed access to shapes, values and attributes. Never None: a rule asks, or raises."""

from __future__ import annotations

from collections.abc import Sequence

from graphcost.dims import Dim, Shape, is_at_least, product
from graphcost.errors import RuleError, ShapeUnknown
from graphcost.ir.literal import Item, Literal, PartialShape, Value
from graphcost.ir.node import Attr, FunctionRef, Node, TensorRef
from graphcost.ops.fact import UNKNOWN, Fact
from graphcost.ops.sizes import Need, Sizes


class Op:
    """A node with what is known of its inputs and, when its cost is asked, of its outputs.

    Indices count from 0; negative ones from the end. Every accessor either answers or raises: ShapeUnknown
    where the graph doesn't tell, RuleError where it tells something illegal.
    """

    __slots__ = ("_sizes", "inputs", "needs", "node", "outputs")

    def __init__(
        self, node: Node, inputs: Sequence[Fact] = (), outputs: Sequence[Fact] = (), sizes: Sizes | None = None
    ) -> None:
        self.node = node
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self._sizes = sizes if sizes is not None else Sizes()
        self.needs: list[Need] = []

    @property
    def kind(self) -> str:
        """The name of the operation, such as "Conv2D"."""
        return self.node.op

    def error(self, reason: str) -> RuleError:
        """The error to raise where the node is illegal."""
        return RuleError(reason)

    # Shapes

    def input(self, index: int = 0, rank: int | None = None, least_rank: int = 0) -> Shape:
        """The shape of an input.

        An input of unknown rank gets the `rank` that is asked for, its sizes being symbols, since the operation
        would refuse anything else; without `rank`, ShapeUnknown. RuleError where it has another rank.
        """
        fact = self._fact(index)
        if fact.shape is None:
            if rank is None:
                raise ShapeUnknown(f"input {self._position(index)} ({self._ref(index)}) has no known shape")
            return self._sizes.open_shape(self._ref(index), rank)
        shape = self._sizes.resolve_shape(fact.shape)
        self._check_rank(f"input {self._position(index)}", shape, rank, least_rank)
        return shape

    def output(self, index: int = 0, rank: int | None = None, least_rank: int = 0) -> Shape:
        """The shape of an output, for costs."""
        if not -len(self.outputs) <= index < len(self.outputs):
            raise self.error(f"there is no output {index}")
        shape = self.outputs[index].shape
        if shape is None:
            raise ShapeUnknown(f"output {index} has no known shape")
        shape = self._sizes.resolve_shape(shape)
        self._check_rank(f"output {index}", shape, rank, least_rank)
        return shape

    def input_size(self, index: int = 0) -> Dim:
        """The number of an input's elements; where its rank is unknown, the symbol that stands for them."""
        fact = self._fact(index)
        return self._sizes.elements(self._ref(index)) if fact.shape is None else self.input(index).size

    def output_size(self, index: int = 0) -> Dim:
        """The number of an output's elements; where its rank is unknown, the symbol that stands for them."""
        if 0 <= index < len(self.outputs) and self.outputs[index].shape is None:
            return self._sizes.elements(TensorRef(self.node.name, index))
        return self.output(index).size

    def folded_input(self, index: int = 0, first: int = 0, last: int = 0) -> Shape:
        """An input's shape with all but its `first` and `last` axes multiplied into one, for costs.

        Where the rank is unknown, the sizes are symbols, and the one is what they leave of the number of elements.
        """
        return self._folded(self._fact(index).shape, self._ref(index), f"input {self._position(index)}", first, last)

    def folded_output(self, index: int = 0, first: int = 0, last: int = 0) -> Shape:
        """The same of an output."""
        if not 0 <= index < len(self.outputs):
            raise self.error(f"there is no output {index}")
        return self._folded(self.outputs[index].shape, TensorRef(self.node.name, index), f"output {index}", first, last)

    def has_shape(self, index: int = 0) -> bool:
        """Whether an input's shape is known, for the rules that can tell something without it."""
        return self._fact(index).shape is not None

    def input_dtype(self, index: int = 0) -> str | None:
        return self._fact(index).dtype

    def element(self, index: int = 0) -> Fact:
        """What the variable, list, array or stack behind a handle holds; nothing known is an empty Fact."""
        element = self._fact(index).element
        return UNKNOWN if element is None else element

    # Symbols

    def unknown_size(self, axis: int, port: int = 0) -> Dim:
        """The symbol of an output's size that depends on data."""
        return self._sizes.open(TensorRef(self.node.name, port), axis)

    def unknown_count(self, what: str) -> Dim:
        """The symbol of an amount of work that depends on data, such as nnz(node); at least 0."""
        return self._sizes.count(what, self.node.name)

    def same(self, a: Dim, b: Dim) -> Dim:
        """The size that stands for two sizes that must be equal. RuleError where they can't be."""
        return self._sizes.equate(a, b, self.node.name)

    def same_shape(self, a: Shape, b: Shape) -> Shape:
        """The shape that stands for two shapes that must be equal. RuleError where they can't be."""
        if a.rank != b.rank:
            raise self.error(f"shapes {a} and {b} must be equal")
        return Shape(*(self.same(x, y) for x, y in zip(a, b, strict=True)))

    def broadcast(self, *shapes: Shape) -> Shape:
        """The shape that the shapes are broadcast to. RuleError where they can't be."""
        return self._sizes.broadcast_shapes(shapes, self.node.name)

    def at_least(self, size: Dim, least: int, reason: str) -> Dim:
        """The size, which must be so large: RuleError with the reason where it isn't, be it when symbols are bound."""
        if isinstance(size, int):
            if size < least:
                raise self.error(reason)
        elif not is_at_least(size, least):
            self.needs.append(Need(size, least, reason))
        return size

    # Values

    def has_value(self, index: int) -> bool:
        """Whether every element of an input is known."""
        value = self._fact(index).value
        return value is not None and value.is_known

    def value(self, index: int) -> Value:
        """An input's value, whose single elements may be unknown (None)."""
        value = self._fact(index).value
        if value is None:
            raise ShapeUnknown(f"the value of input {self._position(index)} ({self._ref(index)}) isn't known")
        return Value(value.shape, tuple(self._resolve_item(item) for item in value.items))

    def items(self, index: int) -> tuple[Dim, ...]:
        """The elements of an integer input, row-major, all known."""
        return tuple(self._integer(item, index) for item in self.value(index).items)

    def scalar(self, index: int) -> Dim:
        """The one element of an integer input."""
        items = self.items(index)
        if len(items) != 1:
            raise self.error(f"input {self._position(index)} has {len(items)} elements, not 1")
        return items[0]

    def static_items(self, index: int) -> tuple[int, ...]:
        """As items(), where only numbers make sense, such as axes and permutations."""
        return tuple(self._number(item, index) for item in self.items(index))

    def texts(self, index: int) -> tuple[bytes, ...]:
        """The strings of a constant input, row-major."""
        texts = self._fact(index).texts
        if texts is None:
            raise ShapeUnknown(f"the strings of input {self._position(index)} ({self._ref(index)}) aren't known")
        return texts

    def axis(self, index: int, rank: int) -> int:
        """A scalar input that names one of `rank` axes, counted from 0."""
        return self.normal_axis(self._number(self.scalar(index), index), rank)

    def axes(self, index: int, rank: int) -> tuple[int, ...]:
        """An input that names axes of a tensor of `rank`, each counted from 0, in the order given."""
        return tuple(self.normal_axis(axis, rank) for axis in self.static_items(index))

    def normal_axis(self, axis: int, rank: int) -> int:
        if not -rank <= axis < rank:
            raise self.error(f"axis {axis} of a tensor of rank {rank}")
        return axis % rank

    # Attributes

    def has_attr(self, name: str) -> bool:
        return self.node.attrs.get(name) is not None

    def int_attr(self, name: str, default: int | None = None) -> int:
        value = self._attr(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._bad_attr(name, value, "an integer")
        return value

    def float_attr(self, name: str, default: float | None = None) -> float:
        value = self._attr(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._bad_attr(name, value, "a number")
        return float(value)

    def bool_attr(self, name: str, default: bool | None = None) -> bool:
        value = self._attr(name, default)
        if not isinstance(value, bool):
            raise self._bad_attr(name, value, "true or false")
        return value

    def text_attr(self, name: str, default: str | None = None, choices: Sequence[str] = ()) -> str:
        """A string attribute, one of `choices` where they are given."""
        value = self._attr(name, None if default is None else default.encode())
        try:
            text = value.decode() if isinstance(value, bytes) else None
        except UnicodeDecodeError:
            text = None
        if text is None or (choices and text not in choices):
            raise self._bad_attr(name, value, " or ".join(choices) or "a string")
        return text

    def dtype_attr(self, name: str, default: str | None = None) -> str:
        value = self._attr(name, default)
        if not isinstance(value, str):
            raise self._bad_attr(name, value, "a dtype")
        return value

    def ints_attr(self, name: str, length: int | None = None, default: Sequence[int] | None = None) -> tuple[int, ...]:
        value = self._attr(name, None if default is None else tuple(default))
        if not isinstance(value, tuple) or any(isinstance(v, bool) or not isinstance(v, int) for v in value):
            raise self._bad_attr(name, value, "a list of integers")
        if length is not None and len(value) != length:
            raise self._bad_attr(name, value, f"{length} integers")
        return tuple(v for v in value if isinstance(v, int))

    def shape_attr(self, name: str) -> PartialShape:
        value = self._attr(name, None)
        if not isinstance(value, PartialShape):
            raise self._bad_attr(name, value, "a shape")
        return value

    def literal_attr(self, name: str) -> Literal:
        value = self._attr(name, None)
        if not isinstance(value, Literal):
            raise self._bad_attr(name, value, "a tensor")
        return value

    def list_attr(self, name: str) -> tuple[Attr, ...]:
        """A list attribute of any kind, for the rest."""
        value = self._attr(name, None)
        if not isinstance(value, tuple) or isinstance(value, (PartialShape, Literal, FunctionRef)):
            raise self._bad_attr(name, value, "a list")
        return value

    def opened(self, partial: PartialShape, port: int = 0) -> Shape:
        """A file's shape of an output, its open sizes as symbols. ShapeUnknown where the rank is open."""
        if partial.dims is None:
            raise ShapeUnknown("the file leaves the rank open")
        return Shape(*(self.unknown_size(axis, port) if d < 0 else d for axis, d in enumerate(partial.dims)))

    # Inside

    def _attr(self, name: str, default: Attr) -> Attr:
        value = self.node.attrs.get(name)
        if value is not None:
            return value
        if default is None:
            raise self.error(f"attribute {name!r} is missing")
        return default

    def _bad_attr(self, name: str, value: Attr, expected: str) -> RuleError:
        return self.error(f"attribute {name!r} is {str(value)[:60]}, not {expected}")

    def _fact(self, index: int) -> Fact:
        if not -len(self.inputs) <= index < len(self.inputs):
            raise self.error(f"there is no input {index}")
        return self.inputs[index]

    def _position(self, index: int) -> int:
        return index % len(self.inputs)

    def _ref(self, index: int) -> TensorRef:
        position = self._position(index)
        refs = self.node.inputs
        return refs[position] if position < len(refs) else TensorRef(f"input {position} of {self.node.name}")

    def _folded(self, shape: Shape | None, ref: TensorRef, what: str, first: int, last: int) -> Shape:
        if shape is None:
            return self._sizes.folded(ref, first, last)
        shape = self._sizes.resolve_shape(shape)
        self._check_rank(what, shape, None, first + last)
        end = shape.rank - last
        return Shape(*shape[:first], product(shape[first:end]), *shape[end:])

    def _check_rank(self, what: str, shape: Shape, rank: int | None, least_rank: int) -> None:
        if rank is not None and shape.rank != rank:
            raise self.error(f"{what} has shape {shape}, but must have rank {rank}")
        if shape.rank < least_rank:
            raise self.error(f"{what} has shape {shape}, but must have rank {least_rank} or more")

    def _resolve_item(self, item: Item) -> Item:
        return item if item is None or isinstance(item, (bool, int, float)) else self._sizes.resolve(item)

    def _integer(self, item: Item, index: int) -> Dim:
        if item is None:
            raise ShapeUnknown(f"the value of input {self._position(index)} ({self._ref(index)}) is only partly known")
        if isinstance(item, float):
            raise self.error(f"input {self._position(index)} holds {item}, not an integer")
        return item

    def _number(self, item: Dim, index: int) -> int:
        if not isinstance(item, int):
            raise ShapeUnknown(f"the value of input {self._position(index)} is {item}, not a number")
        return item
