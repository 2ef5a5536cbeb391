"""What of a graph is weights, what is data, and where the two meet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphcost.ir.dtypes import dtype_named
from graphcost.ir.literal import Literal
from graphcost.ir.node import Node, TensorRef
from graphcost.ir.stand_ins import ARGUMENT
from graphcost.ops.roles import EFFECTS, SEPARATE, Role
from graphcost.roles.flow import Flow

MOST_QUANTIZED_BITS = 8
"""Weights are quantized to plain integers too, of so many bits; wider ones are indices and sizes."""


@dataclass(frozen=True)
class WeightUses:
    """Where data meets weights.

    `sources` are the points where data comes in, `data` all that depends on them. `owner` has, for each tensor that is
    made of weights alone, the variable or constant that it is made of. `weighted` are the points that read both.
    `is_fed` says whether the sources are inputs of the graph.
    """

    sources: frozenset[int]
    data: frozenset[int]
    owner: Mapping[int, int]
    weighted: frozenset[int]
    is_fed: bool


def find_weight_uses(flow: Flow, declared: Collection[TensorRef]) -> WeightUses:
    """The first of these that meet at all: variables, else floating constants, with inputs, noise, or constants."""
    inputs = frozenset(_inputs(flow, declared))
    noise = inputs | {*flow.points(Role.NOISE)}
    for weights in (frozenset(_variables(flow)), frozenset(_constants(flow))):
        for sources in (inputs, noise, inputs | _multiplied(flow, weights)):
            weight_uses = _meeting(flow, weights, sources, sources is inputs)
            if weight_uses.weighted:
                return weight_uses
    return WeightUses(inputs, frozenset(flow.downstream(inputs)), {}, frozenset(), True)


def is_floating(dtype: object) -> bool:
    """Whether tensors of the dtype may hold what is computed with, floating or complex; None has no dtype."""
    return dtype_named(dtype).is_inexact


def _is_quantized(name: str) -> bool:
    dtype = dtype_named(name)
    return dtype.is_quantized or (dtype.is_integer and dtype.bits <= MOST_QUANTIZED_BITS)


def _meeting(flow: Flow, weights: frozenset[int], sources: frozenset[int], is_fed: bool) -> WeightUses:
    if not weights or not sources:
        return WeightUses(sources, frozenset(), {}, frozenset(), is_fed)
    data = flow.downstream(sources)
    owner = _owners(flow, weights, data)
    weighted = {
        reader for point in owner for reader in flow.readers[point] if reader in data and not flow.has(reader, EFFECTS)
    }
    return WeightUses(sources, frozenset(data), owner, frozenset(weighted), is_fed)


def _owners(flow: Flow, weights: frozenset[int], data: set[int]) -> dict[int, int]:
    """The tensors that are weights: read from a variable, or computed from weights alone without being summed up."""
    owner: dict[int, int] = {}
    others = flow.rules.ops_in(Role.REDUCTION | EFFECTS)
    for point, node in enumerate(flow.nodes):
        if point in weights:
            owner[point] = point
        elif point not in data and node.op not in others:
            first = next((owner[each] for each in flow.operands[point] if each in owner), None)
            if first is not None:
                owner[point] = first
    return owner


def _inputs(flow: Flow, declared: Collection[TensorRef]) -> Iterator[int]:
    given = set(declared)
    fed, separate = flow.rules.ops_in(Role.INPUT), flow.rules.ops_in(SEPARATE)
    for point, node in enumerate(flow.nodes):
        is_given = node.op in fed or flow.ref(point) in given
        if node.op in separate or (is_given and not _is_handle(node, flow.ports[point])):
            yield point


def _is_handle(node: Node, port: int) -> bool:
    return port < len(node.dtypes) and node.dtypes[port] in ("resource", "variant")


def _variables(flow: Flow) -> Iterator[int]:
    variables, handles = flow.rules.ops_in(Role.VARIABLE), flow.rules.ops_in(Role.INPUT) | {ARGUMENT}
    for point, node in enumerate(flow.nodes):
        if (node.op in variables and is_floating(node.attrs.get("dtype"))) or (
            node.op in handles and node.dtypes[:1] == ("resource",)
        ):
            yield point


def _constants(flow: Flow) -> Iterator[int]:
    """Constants that can be weights: of rank 1 or more, with more than one element, floating or quantized."""
    for point in flow.points(Role.CONSTANT):
        literal = flow.nodes[point].attrs.get("value")
        if not isinstance(literal, Literal):
            continue
        is_large = bool(literal.shape) and literal.shape != (1,) and 0 not in literal.shape
        if is_large and (is_floating(literal.dtype) or _is_quantized(literal.dtype)):
            yield point


def _multiplied(flow: Flow, weights: frozenset[int]) -> frozenset[int]:
    """The contractions and lookups that read weights: what else they read can only be data, be it a constant."""
    owner = _owners(flow, weights, set())
    return frozenset(
        point
        for point in flow.points(Role.CONTRACTION | Role.LOOKUP)
        if any(each in owner for each in flow.operands[point])
    )


def owners_of(weight_uses: WeightUses, operands: Sequence[int]) -> frozenset[int]:
    """The variables that an op with these operands reads."""
    return frozenset(weight_uses.owner[each] for each in operands if each in weight_uses.owner)


def batch_reductions(flow: Flow) -> frozenset[int]:
    """The points that reduce over the first axis, or over all axes."""
    return frozenset(_batch_reductions(flow))


def _batch_reductions(flow: Flow) -> Iterator[int]:
    constants = flow.rules.ops_in(Role.CONSTANT)
    ranges = flow.rules.ops_in(Role.RANGE)
    for point in flow.points(Role.REDUCTION):
        node = flow.nodes[point]
        if len(node.inputs) > 2:
            continue
        axes = flow.nodes[flow.index[node.inputs[1].node]] if len(node.inputs) == 2 else None
        if axes is None or axes.op in ranges or (axes.op in constants and _holds_zero(axes.attrs.get("value"))):
            yield point


def _holds_zero(literal: object) -> bool:
    return isinstance(literal, Literal) and literal.value is not None and 0 in literal.value.items
