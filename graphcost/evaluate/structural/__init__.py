"""The operations that the engine itself knows: those that run functions of the graph. One module for each kind."""

from __future__ import annotations

from collections.abc import Mapping

from graphcost.evaluate import FUNCTION, Handler
from graphcost.evaluate.structural.branch import branch
from graphcost.evaluate.structural.call import call
from graphcost.evaluate.structural.elements import (
    comparisons,
    on_elements,
    reduced_shape,
    reductions,
    scattered_shape,
    scatters,
    sorted_shape,
)
from graphcost.evaluate.structural.for_loop import for_loop
from graphcost.evaluate.structural.loop import loop
from graphcost.evaluate.structural.map_rows import map_rows
from graphcost.evaluate.structural.reduce_dataset import reduce_dataset, single_element
from graphcost.evaluate.structural.replicate import replicate
from graphcost.evaluate.structural.stack import pop, push, stack
from graphcost.evaluate.structural.windows import reduced_windows_shape, selected_shape, selections, window_reductions

HANDLERS: Mapping[str, Handler] = {
    FUNCTION: call,
    "PartitionedCall": call,
    "StatefulPartitionedCall": call,
    "TPUPartitionedCall": call,
    "RemoteCall": call,
    "BatchFunction": call,
    "XlaLaunch": call,
    "XlaLaunchV2": call,
    "_TPUReplicate": replicate,
    "MapDefun": map_rows,
    "ReduceDataset": reduce_dataset,
    "DatasetToSingleElement": single_element,
    "If": branch,
    "_If": branch,
    "StatelessIf": branch,
    "Case": branch,
    "StatelessCase": branch,
    "XlaIf": branch,
    "RiscCondition": branch,
    "For": for_loop,
    "While": loop,
    "_While": loop,
    "StatelessWhile": loop,
    "XlaWhile": loop,
    "RiscWhile": loop,
    "Stack": stack,
    "StackV2": stack,
    "StackPush": push,
    "StackPushV2": push,
    "StackPop": pop,
    "StackPopV2": pop,
    "XlaReduce": on_elements(reduced_shape, reductions),
    "XlaVariadicReduce": on_elements(reduced_shape, reductions),
    "XlaVariadicReduceV2": on_elements(reduced_shape, reductions),
    "XlaReduceWindow": on_elements(reduced_windows_shape, window_reductions),
    "XlaScatter": on_elements(scattered_shape, scatters),
    "XlaSelectAndScatter": on_elements(selected_shape, selections),
    "XlaVariadicSort": on_elements(sorted_shape, comparisons),
}
