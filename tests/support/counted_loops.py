"""Conditions and bodies of loops that count `i` up to `n`, and carry a variable `v`."""

from __future__ import annotations

from tiny_graph import tiny_graph

from graphcost.ir.graph import Graph

VARIABLES = "i = _Arg(T=int32)\n n = _Arg(T=int32)\n v = _Arg(T={})\n"


def condition(dtype: str = "float32") -> Graph:
    return tiny_graph(VARIABLES.format(dtype) + "c = Less(i, n, T=int32)", "c")


def body(steps: str, result: str = "out", *, dtype: str = "float32") -> Graph:
    """A body whose steps make `result` of `v`; the counter steps by one."""
    counting = "one = Const(value=1)\n next = AddV2(i, one, T=int32)\n"
    return tiny_graph(VARIABLES.format(dtype) + counting + steps, f"next, n, {result}")
