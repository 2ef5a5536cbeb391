"""What is fed: names for the symbols of the inputs, and the shapes and values that the user gave."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from graphcost.dims import Dim, Shape, symbol
from graphcost.errors import UsageError
from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape, Value
from graphcost.ir.node import Node, TensorRef
from graphcost.loaders.model import Signature
from graphcost.ops.fact import Fact
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import BATCH
from graphcost.roles.sources import input_refs


def symbol_names(graph: Graph, rules: RuleSet, signature: Signature | None = None) -> dict[TensorRef, str]:
    """For each input tensor the name that its symbols carry: the signature's for it, else that of its node."""
    keys = {ref: key for key, ref in signature.inputs.items()} if signature is not None else {}
    return {ref: keys.get(ref, str(ref)) for ref in input_refs(graph, rules)}


def feeds(
    graph: Graph,
    names: Mapping[TensorRef, str],
    signature: Signature | None,
    shapes: Mapping[str, Sequence[int | None]],
    values: Mapping[str, int],
    unbatched: Collection[TensorRef] = (),
) -> dict[TensorRef, Fact]:
    """The facts that the user laid down: shapes by `--shape`, values of scalar inputs by `--bind`. The leading axis
    of the `unbatched` inputs is no batch.

    Raises UsageError for a name that isn't an input, and for a shape that contradicts the file's.
    """
    fed = {ref: _flag(name) for ref, name in names.items() if _is_flag(graph.nodes[ref.node], ref)}
    for name, dims in shapes.items():
        ref = _input(name, names, signature, graph)
        node = graph.nodes[ref.node]
        if ref.port < len(node.dtypes) and node.dtypes[ref.port] == "resource":
            # What the file declares is the shape of the handle, a scalar, and not that of its variable.
            fed[ref] = Fact(element=Fact(shape=_shape(name, dims, names.get(ref, name), PartialShape(None), True)))
        else:
            has_batch = ref not in unbatched
            fed[ref] = Fact(shape=_shape(name, dims, names.get(ref, name), _declared(node), has_batch))
    for name, number in values.items():
        ref = _input(name, names, signature, graph)
        is_bool = graph.nodes[ref.node].dtypes[ref.port] == "bool"
        fed[ref] = Fact(shape=Shape(), value=Value.scalar(bool(number) if is_bool else number))
    return fed


def is_scalar_input(name: str, graph: Graph, names: Mapping[TensorRef, str], signature: Signature | None) -> bool:
    """Whether a `--bind` means the value of a scalar input, which acts before propagation, and not a symbol."""
    ref = _find(name, names, signature, graph)
    if ref is None:
        return False
    declared = _declared(graph.nodes[ref.node])
    return declared.dims is None or declared.dims == ()


def _is_flag(node: Node, ref: TensorRef) -> bool:
    """Whether an input is a boolean that nothing gives a value: a branch on it is a branch on its symbol."""
    return not node.inputs and node.dtypes[ref.port] == "bool" and _declared(node).dims == ()


def _flag(name: str) -> Fact:
    return Fact(shape=Shape(), value=Value.scalar(symbol(name, least=0)))


def _input(name: str, names: Mapping[TensorRef, str], signature: Signature | None, graph: Graph) -> TensorRef:
    ref = _find(name, names, signature, graph)
    if ref is None:
        from difflib import get_close_matches

        known = list(dict.fromkeys([*names.values(), *(signature.inputs if signature else ())]))
        near = get_close_matches(name, known, n=3, cutoff=0.5) or known[:5]
        hint = f"; its inputs are {', '.join(near)}" if near else "; it has none"
        raise UsageError(f"the model has no input {name!r}{hint}")
    return ref


def _find(name: str, names: Mapping[TensorRef, str], signature: Signature | None, graph: Graph) -> TensorRef | None:
    for ref, text in names.items():
        if name in (text, str(ref)):
            return ref
    if signature is not None and name in signature.inputs:
        return signature.inputs[name]
    return TensorRef(name) if name in graph.nodes and not graph.nodes[name].inputs else None


def _declared(node: Node) -> PartialShape:
    shape = node.attrs.get("shape")
    return shape if isinstance(shape, PartialShape) else PartialShape(None)


def _shape(option: str, dims: Sequence[int | None], name: str, declared: PartialShape, has_batch: bool) -> Shape:
    given = f"--shape {option}={','.join('?' if d is None else str(d) for d in dims)}"
    known = declared.dims
    if known is not None and len(known) != len(dims):
        raise UsageError(f"{given}: the input has rank {len(known)}")
    sizes: list[Dim] = []
    for axis, dim in enumerate(dims):
        fixed = known[axis] if known is not None and known[axis] >= 0 else None
        if dim is not None and fixed is not None and dim != fixed:
            raise UsageError(f"{given}: axis {axis} of the input is {fixed}")
        size = fixed if dim is None else dim
        sizes.append(symbol(BATCH if axis == 0 and has_batch else f"{name}[{axis}]") if size is None else size)
    return Shape(*sizes)
