"""NodeDef -> Node, but for the names of inputs, which top-level graphs and function bodies write differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from graphcost.budget import MAX_ELEMENTS, MAX_OUTPUTS
from graphcost.errors import GraphError
from graphcost.ir.literal import Literal
from graphcost.ir.node import Attr, Node, TensorRef
from graphcost.ir.stand_ins import INTERNAL
from graphcost.loaders.attrs import decode_attr
from graphcost.loaders.opdefs import MAX_PORTS, OpDef, OpDefs
from graphcost.loaders.source import NodeSource

Dtypes = tuple[str | None, ...]

FOREIGN = " (of the file)"
"""What a file's op is called where the engine has one of that name: its own have no cost, by no rule."""


class Draft(NamedTuple):
    """A node whose inputs are still the strings of the file.

    `dtypes` is None where no definition tells how many outputs there are.
    """

    name: str
    op: str
    inputs: Sequence[str]
    attrs: Mapping[str, Attr]
    definition: OpDef | None
    dtypes: Dtypes | None

    def with_inputs(self, inputs: Sequence[TensorRef], controls: Sequence[str], dtypes: Dtypes) -> Node:
        # What nobody describes may hold state, so it isn't taken for a constant.
        stateful = self.definition is None or self.definition.stateful
        return Node(self.name, self.op, tuple(inputs), tuple(controls), self.attrs, dtypes, stateful)


class NodeDecoder:
    """Decodes the nodes of one file. Equal strings and equal dtypes become one object, to save memory.

    A node of a few bytes can ask for thousands of outputs or elements of a constant: both are counted over the file.
    """

    def __init__(self, op_defs: OpDefs, signatures: Mapping[str, OpDef]) -> None:
        """`signatures` are those of the file's functions, which nodes can call by name; they come before ops."""
        self._op_defs = op_defs
        self._signatures = signatures
        self._strings: dict[str, str] = {}
        self._dtypes: dict[Dtypes, Dtypes] = {}
        self._outputs = 0
        self._elements = 0

    def draft(self, source: NodeSource) -> Draft:
        """Raises GraphError where name or op is missing, or the outputs are more in all than any real graph has."""
        message = source.message
        if not message.name or not message.op:
            raise GraphError(f"node {message.name!r} has no op" if message.name else "a node has no name")
        op = self.shared(f"{message.op}{FOREIGN}" if message.op in INTERNAL else message.op)
        definition = self._signatures.get(op) or self._op_defs.get(op)
        attrs: dict[str, Attr] = dict(definition.defaults) if definition else {}
        for name, value in message.attr.items():
            attrs[self.shared(name)] = self._affordable(decode_attr(value))
        attrs.update(source.attrs)
        dtypes = definition.dtypes(attrs) if definition else None
        return Draft(
            self.shared(message.name),
            op,
            message.input,
            MappingProxyType(attrs),
            definition,
            None if dtypes is None else self.counted(dtypes),
        )

    def shared(self, text: str) -> str:
        """The one object that stands for all equal strings."""
        return self._strings.setdefault(text, text)

    def counted(self, dtypes: Dtypes) -> Dtypes:
        """The one object that stands for all equal dtypes; counts a node's outputs."""
        self._outputs += max(0, len(dtypes) - 1)
        if self._outputs > MAX_OUTPUTS:
            raise GraphError(f"the nodes have more than {MAX_OUTPUTS} outputs beside the first of each")
        return self._dtypes.setdefault(dtypes, dtypes)

    def _affordable(self, attr: Attr) -> Attr:
        """The attribute, a constant without its value once the constants have more elements than memory is for."""
        if not isinstance(attr, Literal) or attr.value is None:
            return attr
        self._elements += len(attr.value.items)
        return attr if self._elements <= MAX_ELEMENTS else attr._replace(value=None)

    def unknown(self, draft: Draft, count: int) -> Dtypes:
        """The dtypes of a node without a definition, all unknown: one for each output that is read or recorded."""
        recorded = draft.attrs.get("_output_shapes")
        if isinstance(recorded, tuple):
            count = max(count, len(recorded))
        if count > MAX_PORTS:
            raise GraphError(f"somebody reads output {count - 1} of {draft.name!r} ({draft.op})")
        return self.counted((None,) * max(1, count))
