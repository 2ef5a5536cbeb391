"""The operations that the engine itself knows: those that run functions of the graph. One module for each kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from graphcost.evaluate import FUNCTION, Handler

_HANDLERS: Mapping[str, str] = MappingProxyType(
    {
        FUNCTION: "call.call",
        "PartitionedCall": "call.call",
        "StatefulPartitionedCall": "call.call",
        "TPUPartitionedCall": "call.call",
        "RemoteCall": "call.call",
        "BatchFunction": "call.call",
        "XlaLaunch": "call.call",
        "XlaLaunchV2": "call.call",
        "_TPUReplicate": "replicate.replicate",
        "MapDefun": "map_rows.map_rows",
        "ReduceDataset": "reduce_dataset.reduce_dataset",
        "DatasetToSingleElement": "reduce_dataset.single_element",
        "If": "branch.branch",
        "_If": "branch.branch",
        "StatelessIf": "branch.branch",
        "Case": "branch.branch",
        "StatelessCase": "branch.branch",
        "XlaIf": "branch.branch",
        "RiscCondition": "branch.branch",
        "For": "for_loop.for_loop",
        "While": "loop.loop",
        "_While": "loop.loop",
        "StatelessWhile": "loop.loop",
        "XlaWhile": "loop.loop",
        "RiscWhile": "loop.loop",
        "Stack": "stack.stack",
        "StackV2": "stack.stack",
        "StackPush": "stack.push",
        "StackPushV2": "stack.push",
        "StackPop": "stack.pop",
        "StackPopV2": "stack.pop",
        "XlaReduce": "elements.reduce_elements",
        "XlaVariadicReduce": "elements.reduce_elements",
        "XlaVariadicReduceV2": "elements.reduce_elements",
        "XlaReduceWindow": "windows.reduce_windows",
        "XlaScatter": "elements.scatter_elements",
        "XlaSelectAndScatter": "windows.select_and_scatter",
        "XlaVariadicSort": "elements.sort_elements",
    }
)
"""The function that handles an operation, and the module beside this one that has it."""


class _OnFirstUse(Mapping[str, Handler]):
    """Handlers whose modules are imported when an operation is met: few models have more than calls."""

    def __getitem__(self, op: str) -> Handler:
        return _imported(_HANDLERS[op])

    def __iter__(self) -> Iterator[str]:
        return iter(_HANDLERS)

    def __len__(self) -> int:
        return len(_HANDLERS)

    def __contains__(self, op: object) -> bool:
        return op in _HANDLERS


@cache
def _imported(place: str) -> Handler:
    module, _, name = place.partition(".")
    handler: Handler = getattr(import_module(f"{__name__}.{module}"), name)
    return handler


HANDLERS: Mapping[str, Handler] = _OnFirstUse()
