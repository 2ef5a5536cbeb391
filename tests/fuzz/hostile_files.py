"""Files that nobody would write: bytes changed, messages changed, and graphs made of the registry at random."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from random import Random
from typing import Any

from graphcost.loaders.descriptors import data, message_class

Mutation = Callable[[Random, bytes], bytes]

NUMBERS = (-(2**63), -(2**31), -2, -1, 0, 1, 2, 3, 7, 64, 4096, 2**31 - 1, 2**31, 2**53, 2**63 - 1)
"""What attributes and sizes become: limits of the types, and numbers on both sides of what is usual."""

TEXTS = ("", "x", "^x", "x:1", "NHWC", "SAME", "EXPLICIT", "\x1b[31m", "\u202e", "a/b/../c", "x" * 300, "loop", "float")
SOURCES = ("Placeholder", "Const")
LIKELY = ("MatMul", "Conv2D", "Reshape", "Shape", "ConcatV2", "StridedSlice", "Pack", "Pad", "Range", "Tile", "Einsum")
LIKELY_LOOPS = ("While", "If", "Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond", "TensorListSetItem")
MOST_NODES = 30


def mutated_bytes(random: Random, content: bytes) -> bytes:
    """A few bytes changed, cut out, doubled or put in."""
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        start = random.randrange(len(changed) + 1)
        length = random.choice((1, 1, 2, 8, 100))
        way = random.randrange(4)
        if way == 0 and changed:
            changed[start % len(changed)] = random.randrange(256)
        elif way == 1:
            del changed[start : start + length]
        elif way == 2:
            changed[start:start] = changed[start : start + length]
        else:
            changed[start:start] = random.randbytes(length)
    return bytes(changed)


def mutated_graph(random: Random, content: bytes) -> bytes:
    """A few nodes changed: operations, names, edges, attributes, functions."""
    graph = message_class("GraphDef").FromString(content)
    for _ in range(random.choice((1, 1, 2, 4, 10))):
        _change(random, graph)
    return bytes(graph.SerializeToString())


def _change(random: Random, graph: Any) -> None:
    bodies = [graph.node, *(function.node_def for function in graph.library.function)]
    nodes = random.choice([body for body in bodies if len(body)] or [graph.node])
    if not nodes:
        nodes.add(name="x", op="Placeholder")
    random.choice(CHANGES)(random, nodes, random.choice(nodes))


def _change_op(random: Random, nodes: Any, node: Any) -> None:
    node.op = random.choice((*_ops(), random.choice(nodes).op, random.choice(nodes).op))


def _change_input(random: Random, nodes: Any, node: Any) -> None:
    other = random.choice(nodes).name
    new = random.choice((other, f"^{other}", f"{other}:{random.choice((0, 1, 5))}", random.choice(TEXTS)))
    if node.input and random.random() < 0.7:
        node.input[random.randrange(len(node.input))] = new
    else:
        node.input.append(new)


def _drop_input(random: Random, nodes: Any, node: Any) -> None:
    if node.input:
        del node.input[random.randrange(len(node.input))]


def _rename(random: Random, nodes: Any, node: Any) -> None:
    node.name = random.choice((*TEXTS, random.choice(nodes).name))


def _drop(random: Random, nodes: Any, node: Any) -> None:
    nodes.remove(node)


def _double(random: Random, nodes: Any, node: Any) -> None:
    copy = nodes.add()
    copy.CopyFrom(node)
    copy.name = f"{node.name}_{random.randrange(10)}"


def _drop_attr(random: Random, nodes: Any, node: Any) -> None:
    if node.attr:
        del node.attr[random.choice(sorted(node.attr))]


def _change_attr(random: Random, nodes: Any, node: Any) -> None:
    names = sorted(node.attr) or ["T", "shape", "value", "dtype", "N", "strides"]
    _fill(random, node.attr[random.choice(names)])


def _swap_attr(random: Random, nodes: Any, node: Any) -> None:
    other = random.choice(nodes)
    if other.attr:
        name = random.choice(sorted(other.attr))
        node.attr[name].CopyFrom(other.attr[name])


def _open_shape(random: Random, nodes: Any, node: Any) -> None:
    dims = node.attr["shape"].shape.dim
    for dim in dims:
        if random.random() < 0.5:
            dim.size = random.choice((-1, *NUMBERS))
    if not dims:
        node.attr["shape"].shape.unknown_rank = True


CHANGES = (
    _change_op,
    _change_input,
    _change_input,
    _drop_input,
    _rename,
    _drop,
    _double,
    _drop_attr,
    _change_attr,
    _change_attr,
    _swap_attr,
    _open_shape,
)


def _fill(random: Random, attr: Any, kind: str = "") -> None:
    """Gives an attribute a value of its kind, or of any."""
    fillers: Mapping[str, Callable[[], None]] = {
        "int": lambda: setattr(attr, "i", random.choice(NUMBERS)),
        "float": lambda: setattr(attr, "f", random.choice((0.0, -1.0, 1e30, float("nan"), float("inf")))),
        "bool": lambda: setattr(attr, "b", random.random() < 0.5),
        "string": lambda: setattr(attr, "s", random.choice(TEXTS).encode()),
        "type": lambda: setattr(attr, "type", random.choice((1, 1, 3, 9, 7, 10, 20, 21, 101, 0, 999))),
        "shape": lambda: attr.shape.CopyFrom(_shape(random)),
        "tensor": lambda: attr.tensor.CopyFrom(_tensor(random)),
        "list(int)": lambda: attr.list.i.extend(random.choices(NUMBERS, k=random.randrange(6))),
        "list(type)": lambda: attr.list.type.extend(random.choices((1, 3, 9, 20, 21), k=random.randrange(4))),
        "list(shape)": lambda: attr.list.shape.extend([_shape(random) for _ in range(random.randrange(3))]),
        "func": lambda: setattr(attr.func, "name", random.choice(TEXTS)),
    }
    fillers.get(kind, random.choice([*fillers.values()]))()


def _shape(random: Random) -> Any:
    shape = message_class("TensorShapeProto")()
    if random.random() < 0.15:
        shape.unknown_rank = True
        return shape
    for _ in range(random.choice((0, 1, 2, 2, 3, 4, 4, 5, 9))):
        shape.dim.add(size=random.choice((-1, -1, 1, 2, 3, 8, random.choice(NUMBERS))))
    return shape


def _tensor(random: Random) -> Any:
    tensor = message_class("TensorProto")()
    tensor.dtype = random.choice((1, 3, 3, 9, 10, 7))
    tensor.tensor_shape.CopyFrom(_shape(random))
    numbers = random.choices((-1, 0, 1, 2, 3, random.choice(NUMBERS)), k=random.randrange(5))
    if tensor.dtype == 3:
        tensor.int_val.extend(max(-(2**31), min(number, 2**31 - 1)) for number in numbers)
    elif tensor.dtype == 9:
        tensor.int64_val.extend(numbers)
    return tensor


def made_graph(random: Random, content: bytes = b"") -> bytes:
    """Nodes of random operations, which read nodes before them; some of the usual ones, some of all."""
    graph = message_class("GraphDef")()
    made: list[str] = []
    for number in range(random.randint(1, MOST_NODES)):
        way = random.random()
        op = random.choice(SOURCES if way < 0.3 else _ops() if way < 0.7 else LIKELY + LIKELY_LOOPS)
        definition = op_defs()[op]
        node = graph.node.add(name=f"n{number}", op=op)
        node.input.extend(_inputs(random, definition, made))
        for attr in definition.attr:
            if random.random() < 0.9:
                _fill_legal(random, node.attr[attr.name], attr)
        made.append(node.name)
    return bytes(graph.SerializeToString())


def _inputs(random: Random, definition: Any, made: Sequence[str]) -> Iterator[str]:
    if not made:
        return
    for argument in definition.input_arg:
        several = argument.number_attr or argument.type_list_attr
        for _ in range(random.randrange(4) if several else random.random() < 0.97):
            yield random.choice(made)
    if random.random() < 0.1:
        yield f"^{random.choice(made)}"


def _fill_legal(random: Random, attr: Any, definition: Any) -> None:
    """Mostly a value that the definition allows."""
    allowed = definition.allowed_values.list
    if random.random() < 0.8 and allowed.type:
        attr.type = random.choice(allowed.type)
    elif random.random() < 0.8 and allowed.s:
        attr.s = random.choice(allowed.s)
    elif random.random() < 0.6 and definition.HasField("default_value"):
        attr.CopyFrom(definition.default_value)
    else:
        _fill(random, attr, definition.type)


@cache
def op_defs() -> Mapping[str, Any]:
    """TensorFlow's registry, as graphcost has it."""
    listed = message_class("OpList").FromString(zlib.decompress(data("op_defs.binpb.zlib")))
    return {op.name: op for op in listed.op}


@cache
def _ops() -> Sequence[str]:
    return tuple(sorted(op_defs()))
