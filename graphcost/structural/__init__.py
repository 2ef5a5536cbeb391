"""The operations that the engine itself knows: those that run other graphs. One module for each kind."""

from __future__ import annotations

from collections.abc import Mapping

from graphcost.evaluate import FUNCTION, Handler
from graphcost.structural.branch import branch
from graphcost.structural.call import call
from graphcost.structural.for_loop import for_loop
from graphcost.structural.loop import loop
from graphcost.structural.stack import pop, push, stack

HANDLERS: Mapping[str, Handler] = {
    FUNCTION: call,
    "PartitionedCall": call,
    "StatefulPartitionedCall": call,
    "TPUPartitionedCall": call,
    "RemoteCall": call,
    "If": branch,
    "_If": branch,
    "StatelessIf": branch,
    "Case": branch,
    "StatelessCase": branch,
    "For": for_loop,
    "While": loop,
    "_While": loop,
    "StatelessWhile": loop,
    "Stack": stack,
    "StackV2": stack,
    "StackPush": push,
    "StackPushV2": push,
    "StackPop": pop,
    "StackPopV2": pop,
}
