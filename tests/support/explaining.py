"""Models made of text, analysed and explained."""

from __future__ import annotations

from typing import Any

from tiny_graph import tiny_graph

from graphcost.explain.reconcile import Reconciliation, reconcile
from graphcost.ir.node import EMPTY
from graphcost.loaders import Model
from graphcost.pipeline import Analysis, run_pipeline
from graphcost.plugins import installed_rules, reference_rules

LOOP = """
x = Placeholder(dtype=float32, shape=<3>)
zero = Const(value=0)
five = Const(value=5)
one = Const(value=1)
enter_i = Enter(zero, T=int32, frame_name=b'loop')
enter_acc = Enter(x, T=float32, frame_name=b'loop')
enter_x = Enter(x, T=float32, frame_name=b'loop', is_constant=True)
enter_five = Enter(five, T=int32, frame_name=b'loop', is_constant=True)
enter_one = Enter(one, T=int32, frame_name=b'loop', is_constant=True)
merge_i = Merge(enter_i, next_i, T=int32, N=2)
merge_acc = Merge(enter_acc, next_acc, T=float32, N=2)
less = Less(merge_i, enter_five, T=int32)
cond = LoopCond(less)
switch_i = Switch(merge_i, cond, T=int32)
switch_acc = Switch(merge_acc, cond, T=float32)
add_i = AddV2(switch_i:1, enter_one, T=int32)
square = Mul(enter_x, enter_x, T=float32)
add_acc = AddV2(switch_acc:1, square, T=float32)
next_i = NextIteration(add_i, T=int32)
next_acc = NextIteration(add_acc, T=float32)
exit_acc = Exit(switch_acc, T=float32)
"""
"""A flat loop of 5 trips: each squares an invariant of 3 elements and adds it to what the loop carries."""

DENSE = """
x = Placeholder(dtype=float32, shape=<?,4>)
w = VariableV2(dtype=float32, shape=<4,2>)
read = Identity(w, T=float32)
low = Const(value=2.0)
noise = RandomUniform(size, T=int32, dtype=float32)
size = Const(value=[4, 2])
scaled = Mul(noise, low, T=float32)
init = Assign(w, scaled, T=float32)
y = MatMul(x, read, T=float32)
out = Softmax(y, T=float32)
"""
"""A dense layer with an open batch, and the initializer of its kernel of 8 elements."""


def analysed(text: str, outputs: str, functions: Any = EMPTY, **options: Any) -> Analysis:
    model = Model("model.pb", "graphdef", tiny_graph(text, functions=functions))
    options.setdefault("batch", 1)
    return run_pipeline(model, outputs=outputs.split(","), **options)


def reconciled(analysis: Analysis) -> Reconciliation:
    return reconcile(analysis, installed_rules(), reference_rules(), "tf.profiler")
