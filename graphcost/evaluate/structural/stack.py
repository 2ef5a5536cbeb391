"""Stacks: how a TF1 gradient loop reads what the forward loop computed. A push tells the pops of its handle."""

from __future__ import annotations

from dataclasses import replace

from graphcost.dims import Shape, symbol, symbols
from graphcost.evaluate import Outcome, Site
from graphcost.evaluate.infer import Problem
from graphcost.evaluate.structural.join import join
from graphcost.ir.literal import Item, Value
from graphcost.ir.node import TensorRef
from graphcost.ops.fact import Fact
from graphcost.ops.status import Status


def stack(site: Site) -> Outcome:
    """A new stack: its handle's value is a symbol that tells it from other stacks."""
    identity = Value.vector([symbol(f"stack({site.inner_path})", least=0), None])
    return Outcome(tuple(Fact(dtype, Shape(2), identity) for dtype in site.node.dtypes))


def push(site: Site) -> Outcome:
    """Hands its operand on, and remembers what the stack holds."""
    if len(site.inputs) < 2 or not site.node.dtypes:
        return site.unknown(
            Problem(Status.INVALID, f"it has {len(site.inputs)} inputs, not a stack and what goes on it")
        )
    held = replace(site.inputs[1], value=_lasting(site.inputs[1].value))
    key = _identity(site)
    if key is not None:
        known = site.run.stacks.get(key)
        ref = TensorRef(f"{site.inner_path} element")
        site.run.stacks[key] = held if known is None else join(known, held, ref, site.sizes)
    return Outcome((replace(site.inputs[1], dtype=site.node.dtypes[0]),))


def pop(site: Site) -> Outcome:
    """What was pushed on the stack, by a loop that ran before."""
    key = _identity(site)
    held = site.run.stacks.get(key) if key is not None else None
    return Outcome(site.filled(() if held is None else (held,)))


def _lasting(value: Value | None) -> Value | None:
    """What each iteration pushes, such as how often an inner loop ran: numbers, and sizes of inputs. Other symbols may
    stand for something else in each, and are popped in another one than that which pushed them."""
    if value is None:
        return None
    return Value(value.shape, tuple(item if _is_lasting(item) else None for item in value.items))


def _is_lasting(item: Item) -> bool:
    # All symbols but those of inputs are called after what they are, and where: size(node:0,1).
    return isinstance(item, (bool, int, float)) or not any("(" in name for name in symbols(item or 0))


def _identity(site: Site) -> Item:
    handle = site.inputs[0].value if site.inputs else None
    return handle.items[0] if handle is not None and handle.items else None
