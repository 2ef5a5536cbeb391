"""TF1 conds, written by hand, and the If that each becomes."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from interpret import NOTHING, interpret
from tiny_graph import parse_node, tiny_graph, wiring

from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import FunctionRef, TensorRef, count_ops
from graphcost.ir.stand_ins import DEAD
from graphcost.passes.control_flow.branches import MAX_NESTING
from graphcost.passes.control_flow.frames import FIRST, hands_on_the_first
from graphcost.passes.control_flow.raise_conds import raise_conds

COND = """
x = Placeholder(dtype=int32)
p = Placeholder(dtype=bool)
cond/pred_id = Identity(p, T=bool)
cond/Switch = Switch(x, cond/pred_id, T=int32)
cond/Neg = Neg(cond/Switch:1, T=int32)
cond/switch_f = Identity(cond/Switch:0, T=int32)
cond/one = Const(^cond/switch_f, value=1)
cond/Add = Add(cond/Switch:0, cond/one, T=int32)
cond/Merge = Merge(cond/Add, cond/Neg, T=int32, N=2)
y = Square(cond/Merge, T=int32)
"""


def branch_of(graph: Graph, name: str, key: str) -> Graph:
    ref = graph.nodes[name].attrs[f"{key}_branch"]
    assert isinstance(ref, FunctionRef)
    return graph.functions[ref.name]


def ops(graph: Graph) -> dict[str, int]:
    every = [graph, *graph.functions.values()]
    return dict(sum((count_ops(each.nodes.values()) for each in every), count_ops([])))


def is_raised(graph: Graph) -> bool:
    return ops(graph).keys().isdisjoint({"Switch", "Merge", "RefSwitch", "RefMerge"})


def runs_of(text: str, outputs: str, **feeds: Any) -> tuple[list[Any], dict[str, int]]:
    raised = raise_conds(tiny_graph(text, outputs))
    assert is_raised(raised)
    values, runs = interpret(raised, feeds)
    return values, dict(runs)


def test_a_cond_becomes_an_if_with_two_functions() -> None:
    raised = raise_conds(tiny_graph(COND, "y"))
    assert wiring(raised) == [
        "x = Placeholder()",
        "p = Placeholder()",
        "cond/pred_id = Identity(p)",
        "cond = If(p, x)",
        "cond/Merge = Identity(cond)",
        "y = Square(cond/Merge)",
    ]
    assert wiring(raised.functions["cond/then"]) == ["cond/Switch = _Arg()", "cond/Neg = Neg(cond/Switch)"]
    assert wiring(raised.functions["cond/else"]) == [
        "cond/Switch = _Arg()",
        "cond/switch_f = Identity(cond/Switch)",
        "cond/one = Const(^cond/switch_f)",
        "cond/Add = Add(cond/Switch, cond/one)",
    ]
    attrs = raised.nodes["cond"].attrs
    assert (attrs["Tin"], attrs["Tout"]) == (("int32",), ("int32",))
    assert raised.nodes["cond"].dtypes == ("int32",)


@pytest.mark.parametrize(("p", "y", "ran"), [(True, 9, "cond/Neg"), (False, 16, "cond/Add")])
def test_only_the_branch_that_is_taken_runs(p: bool, y: int, ran: str) -> None:
    values, runs = runs_of(COND, "y", x=3, p=p)
    assert values == [y]
    assert {"cond/Neg", "cond/Add"} & runs.keys() == {ran}


def test_a_graph_without_conds_is_returned_as_it_is() -> None:
    graph = tiny_graph("x = Const(value=1)\ny = Neg(x, T=int32)", "y")
    assert raise_conds(graph) is graph


def test_the_second_output_of_a_merge_is_the_position_of_its_input() -> None:
    assert runs_of(COND, "cond/Merge:1, cond/Merge", x=3, p=True)[0] == [1, -3]
    assert runs_of(COND, "cond/Merge:1, cond/Merge", x=3, p=False)[0] == [0, 4]


def test_branches_that_pass_a_tensor_on() -> None:
    text = COND.replace("Merge(cond/Add, cond/Neg", "Merge(cond/Switch:0, cond/Switch:1")
    assert runs_of(text, "y", x=3, p=True)[0] == [9]


def test_a_merge_of_a_branch_and_of_what_always_runs() -> None:
    text = COND.replace("Merge(cond/Add, cond/Neg", "Merge(x, cond/Neg")
    assert runs_of(text, "y, cond/Merge", x=3, p=True)[0] == [9, -3]
    assert runs_of(text, "y, cond/Merge", x=3, p=False)[0] == [9, 3]


def test_several_merges_of_one_cond_are_one_if() -> None:
    text = (
        COND
        + """
    cond/half = Mul(cond/Neg, cond/Switch:1, T=int32)
    cond/Merge_1 = Merge(cond/Switch:0, cond/half, T=int32, N=2)
    cond/s = Switch(x, cond/pred_id, T=int32)
    cond/t = Square(cond/s:1, T=int32)
    cond/Merge_2 = Merge(cond/s:0, cond/t, T=int32, N=2)
    """
    )
    raised = raise_conds(tiny_graph(text, "y, cond/Merge_1, cond/Merge_2"))
    assert ops(raised)["If"] == 1
    values, runs = interpret(raised, {"x": 3, "p": True})
    assert values == [9, -9, 9]
    assert runs["cond/Neg"] == 1


def test_a_hundred_conds_on_one_predicate() -> None:
    lines = ["x = Placeholder(dtype=int32)", "p = Placeholder(dtype=bool)", "layer0 = Identity(x, T=int32)"]
    for i in range(1, 101):
        lines += [
            f"c{i}/Switch = Switch(layer{i - 1}, p, T=int32)",
            f"c{i}/Neg = Neg(c{i}/Switch:1, T=int32)",
            f"c{i}/Merge = Merge(c{i}/Switch:0, c{i}/Neg, T=int32, N=2)",
            f"layer{i} = Add(c{i}/Merge, x, T=int32)",
        ]
    raised = raise_conds(tiny_graph("\n".join(lines), "layer100"))
    assert ops(raised)["If"] == 100
    assert DEAD not in ops(raised)
    assert interpret(raised, {"x": 1, "p": False})[0] == [101]


GRADIENT = (
    COND
    + """
dy = Mul(y, x, T=int32)
grad/Switch = Switch(dy, cond/pred_id, T=int32)
grad/Mul = Mul(grad/Switch:1, cond/Neg, T=int32)
grad/Sub = Sub(grad/Switch:0, cond/one, T=int32)
grad/Merge = Merge(grad/Sub, grad/Mul, T=int32, N=2)
"""
)


@pytest.mark.parametrize(("p", "gradient"), [(True, 27 * -3), (False, 48 - 1)])
def test_what_a_gradient_reads_inside_a_branch_comes_out_of_it(p: bool, gradient: int) -> None:
    raised = raise_conds(tiny_graph(GRADIENT, "grad/Merge"))
    assert wiring(raised)[3] == "cond = If(p, x)"
    assert raised.nodes["cond"].dtypes == ("int32",) * 3
    assert ops(raised)[DEAD] == 2
    values, runs = interpret(raised, {"x": 3, "p": p})
    assert values == [gradient]
    assert max(runs.values()) == 1


NESTED = """
x = Placeholder(dtype=int32)
p = Placeholder(dtype=bool)
zero = Const(value=0)
a/Switch = Switch(x, p, T=int32)
a/zero = Switch(zero, p, T=int32)
a/Less = Less(a/Switch:1, a/zero:1, T=int32)
a/b/Switch = Switch(a/Switch:1, a/Less, T=int32)
a/b/Neg = Neg(a/b/Switch:1, T=int32)
a/b/Square = Square(a/b/Switch:0, T=int32)
a/b/Merge = Merge(a/b/Square, a/b/Neg, T=int32, N=2)
a/Add = Add(a/b/Merge, a/Switch:1, T=int32)
a/Merge = Merge(a/Switch:0, a/Add, T=int32, N=2)
"""


@pytest.mark.parametrize(("x", "p", "y"), [(3, False, 3), (-3, False, -3), (3, True, 12), (-3, True, 0)])
def test_nested_conds(x: int, p: bool, y: int) -> None:
    raised = raise_conds(tiny_graph(NESTED, "a/Merge"))
    assert list(wiring(branch_of(raised, "a", "then"))) == [
        "a/Switch = _Arg()",
        "a/zero = _Arg()",
        "a/Less = Less(a/Switch, a/zero)",
        "a/b = If(a/Less, a/Switch)",
        "a/b/Merge = Identity(a/b)",
        "a/Add = Add(a/b/Merge, a/Switch)",
    ]
    assert interpret(raised, {"x": x, "p": p})[0] == [y]


def test_a_switch_of_another_predicate_may_stand_outside_the_branch() -> None:
    text = """
    x = Placeholder(dtype=int32)
    p = Placeholder(dtype=bool)
    q = Placeholder(dtype=bool)
    s = Switch(x, p, T=int32)
    t = Switch(x, q, T=int32)
    both = Add(s:1, t:1, T=int32)
    only = Identity(s:1, T=int32)
    q/Merge = Merge(only, both, T=int32, N=2)
    p/Merge = Merge(s:0, q/Merge, T=int32, N=2)
    """
    assert runs_of(text, "p/Merge", x=3, p=True, q=True)[0] == [6]
    assert runs_of(text, "p/Merge", x=3, p=False, q=True)[0] == [3]


CROSSING = """
x = Placeholder(dtype=int32)
p = Placeholder(dtype=bool)
q = Placeholder(dtype=bool)
r = Placeholder(dtype=bool)
s = Placeholder(dtype=bool)
a/s = Switch(x, q, T=int32)
a/v = Neg(a/s:1, T=int32)
a/t = Switch(a/v, r, T=int32)
b/s = Switch(x, p, T=int32)
b/v = Square(b/s:1, T=int32)
b/t = Switch(b/v, INNER, T=int32)
both = Add(a/t:1, b/t:1, T=int32)
c/s = Switch(both, s, T=int32)
c/v = Neg(c/s:1, T=int32)
"""
"""`both` reads a branch in that of q and one in that of p, and opens one itself."""


@pytest.mark.parametrize("inner", ["q", "r", "z"])
def test_a_node_that_reads_branches_within_two_others(inner: str) -> None:
    text = CROSSING.replace("INNER", inner) + "z = Placeholder(dtype=bool)"
    raised = raise_conds(tiny_graph(text, "c/v"))
    assert is_raised(raised)
    for taken in product((False, True), repeat=5):
        feeds = dict(zip("pqrsz", taken, strict=True))
        runs_it = all(feeds[name] for name in {*"pqrs", inner})
        assert interpret(raised, {"x": 3, **feeds})[0] == ([-6] if runs_it else [NOTHING])


def test_a_branch_of_a_predicate_that_is_settled_around_it() -> None:
    text = """
    x = Placeholder(dtype=int32)
    p = Placeholder(dtype=bool)
    q = Placeholder(dtype=bool)
    a = Switch(x, p, T=int32)
    b = Switch(x, q, T=int32)
    ab = Switch(a:0, q, T=int32)
    ba = Switch(b:1, p, T=int32)
    both = Add(ab:1, ba:0, T=int32)
    """
    for p, q in product((False, True), repeat=2):
        assert runs_of(text, "both", x=3, p=p, q=q)[0] == ([6] if q and not p else [NOTHING])


def test_a_branch_without_a_merge_is_an_if_without_outputs() -> None:
    text = """
    v = VarHandleOp(dtype=int32, shape=<>)
    x = Placeholder(dtype=int32)
    p = Placeholder(dtype=bool)
    cond/Switch = Switch(x, p, T=int32)
    cond/Neg = Neg(cond/Switch:1, T=int32)
    cond/v = Switch(v, p, T=resource)
    cond/Assign = AssignAddVariableOp(cond/v:1, cond/Neg, dtype=int32)
    train = NoOp(^cond/Assign)
    """
    raised = raise_conds(tiny_graph(text, controls="train"))
    assert is_raised(raised)
    assert raised.nodes["cond"].dtypes == ()
    assert raised.nodes["cond"].stateful
    assert raised.controls == ("cond",)
    assert branch_of(raised, "cond", "then").controls == ("train",)


def test_a_train_op_inside_a_branch() -> None:
    text = COND + "cond/effect = NoOp(^cond/Neg)"
    raised = raise_conds(tiny_graph(text, "y", controls="cond/effect"))
    assert raised.controls == ("cond",)
    assert branch_of(raised, "cond", "then").controls == ("cond/effect",)


def test_outputs_inside_a_branch() -> None:
    raised = raise_conds(tiny_graph(COND, "cond/Neg, y"))
    assert raised.outputs == (TensorRef("cond", 1), TensorRef("y"))
    assert interpret(raised, {"x": 3, "p": True})[0] == [-3, 9]


def test_a_switch_that_is_an_output_or_read_by_nobody_passes_its_tensor_on() -> None:
    raised = raise_conds(tiny_graph(COND + "idle = Switch(x, p, T=int32)", "cond/Switch:1, y"))
    assert raised.nodes["cond/Switch"].op == raised.nodes["idle"].op == "IdentityN"
    assert interpret(raised, {"x": 3, "p": True})[0] == [3, 9]


def test_control_edges_across_the_border() -> None:
    text = COND.replace("Neg(cond/Switch:1,", "Neg(cond/Switch:1, ^first,").replace(
        "Square(cond/Merge,", "Square(cond/Merge, ^cond/Merge,"
    )
    text = text.replace("Switch(x, cond/pred_id,", "Switch(x, cond/pred_id, ^early,").replace("N=2", "N=2, ^cond/idle")
    text += "first = NoOp()\nearly = NoOp()\ncond/idle = Neg(cond/Switch:1, T=int32)"
    raised = raise_conds(tiny_graph(text, "y"))
    assert set(raised.nodes["cond"].controls) == {"first", "early"}
    assert raised.nodes["cond/Merge"].controls == ("cond",)
    assert branch_of(raised, "cond", "then").controls == ("cond/idle",)
    assert interpret(raised, {"x": 3, "p": False})[0] == [16]


def test_a_control_trigger_runs_whichever_branch_does() -> None:
    text = COND + "trigger = ControlTrigger(^cond/Neg, ^cond/Add)\nz = Neg(x, ^trigger, T=int32)"
    raised = raise_conds(tiny_graph(text, "y, z"))
    assert raised.nodes["trigger"].controls == ("cond",)
    for p in (True, False):
        assert interpret(raised, {"x": 3, "p": p})[0][1] == -3


def test_a_merge_of_one_tensor_is_an_identity() -> None:
    text = "x = Const(value=2)\nm = Merge(x, T=int32, N=1)"
    assert wiring(raise_conds(tiny_graph(text, "m"))) == ["x = Const()", "m = Identity(x)"]


FIRST_OF_FOUR = """
a = Placeholder(dtype=float32, shape=<2,3>)
b = Placeholder(dtype=float32, shape=<2,4>)
c = Neg(a, T=float32)
m = Merge(a, b, c, T=float32, N=3)
y = Neg(m, T=float32)
"""


def test_a_merge_of_what_is_always_there_takes_what_comes_first() -> None:
    before = tiny_graph(FIRST_OF_FOUR, "y, m:1")
    after = raise_conds(before)
    assert wiring(after) == wiring(before)
    assert not hands_on_the_first(before.nodes["m"])
    assert hands_on_the_first(after.nodes["m"])


def test_so_does_one_in_a_function_and_one_beside_a_cond() -> None:
    body = tiny_graph("x = _Arg(T=int32)\nm = Merge(x, x, T=int32, N=2)", "m")
    text = COND + "z = Neg(cond/Merge, T=int32)\nm = Merge(cond/Merge, z, T=int32, N=2)"
    raised = raise_conds(tiny_graph(text, "m, y", functions={"f": body}))
    assert hands_on_the_first(raised.functions["f"].nodes["m"])
    assert hands_on_the_first(raised.nodes["m"])


@pytest.mark.parametrize(
    "merge",
    [
        "Merge(cond/Neg, cond/Neg, T=int32, N=2)",
        "Merge(cond/Switch, x, x, T=int32, N=3)",
        "Merge(cond/Neg, x, x, T=int32, N=3)",
        "Merge(cond/Neg, cond/Add, x, T=int32, N=3)",
    ],
)
def test_a_merge_of_what_a_branch_may_skip_is_not_understood(merge: str) -> None:
    raised = raise_conds(tiny_graph(f"{COND}m = {merge}", "m, y"))
    every = [graph.nodes["m"] for graph in (raised, *raised.functions.values()) if "m" in graph.nodes]
    assert [node.op for node in every] == ["Merge"]
    assert not any(map(hands_on_the_first, every))


def test_a_merge_beside_control_flow_that_stays_is_not_understood() -> None:
    raised = raise_conds(tiny_graph("x = Const(value=1)\ns = Switch(x, T=int32)\nm = Merge(s:1, x, T=int32, N=2)", "m"))
    assert ops(raised)["Switch"] == 1
    assert not hands_on_the_first(raised.nodes["m"])


def test_no_file_can_mark_a_merge() -> None:
    marked = replace(parse_node("m = Merge(e, n, T=int32, N=2)"), attrs={FIRST: PartialShape(None)})
    assert not hands_on_the_first(marked)


@pytest.mark.parametrize("inputs", ["x, x", "x, z", "x, z, x", "cond/Neg, cond/Neg"])
def test_a_merge_of_what_differs_in_no_predicate_stays(inputs: str) -> None:
    text = COND + f"z = Neg(x, T=int32)\nm = Merge({inputs}, T=int32, N={len(inputs.split(','))})"
    raised = raise_conds(tiny_graph(text, "m, y"))
    assert ops(raised)["Merge"] == 1
    assert raised.nodes.keys() >= {"cond", "cond/Merge", "y"}


def test_a_node_that_reads_both_branches_stays_outside_of_them() -> None:
    raised = raise_conds(tiny_graph(COND + "never = Add(cond/Neg, cond/Add, T=int32)", "y, never"))
    assert raised.nodes["never"].inputs == (TensorRef("cond", 1), TensorRef("cond", 2))
    assert interpret(raised, {"x": 3, "p": True})[0][0] == 9


def test_conds_in_function_bodies_and_in_branches_of_functions() -> None:
    body = tiny_graph(NESTED.replace("x = Placeholder(dtype=int32)", "x = _Arg(T=int32)"), "a/Merge")
    raised = raise_conds(tiny_graph("p = Const(value=True)", "p", functions={"f": body}))
    assert is_raised(raised)
    assert set(raised.functions) == {"f", "a/then", "a/else", "a/b/then", "a/b/else"}


def test_an_if_stands_for_what_it_was_made_from() -> None:
    raised = raise_conds(tiny_graph(COND, "y"))
    assert set(raised.nodes["cond"].origins) >= {"cond/Neg", "cond/Add", "cond/Merge"}
    assert raised.nodes["y"].origins == ()


def test_ref_operations() -> None:
    text = COND.replace(" = Switch(", " = RefSwitch(").replace(" = Merge(", " = RefMerge(")
    assert runs_of(text, "y", x=3, p=True)[0] == [9]


def deep_conds(depth: int) -> Graph:
    lines = ["x = Placeholder(dtype=int32)", "zero = Const(value=0)", "v0 = Identity(x, T=int32)"]
    for i in range(depth):
        lines += [
            f"c{i}/Less = Less(zero, v{i}, T=int32)",
            f"c{i}/Switch = Switch(v{i}, c{i}/Less, T=int32)",
            f"v{i + 1} = Sub(c{i}/Switch:1, zero, T=int32)",
        ]
    lines += [f"r{depth} = Identity(v{depth}, T=int32)"]
    lines += [f"r{i} = Merge(c{i}/Switch:0, r{i + 1}, T=int32, N=2)" for i in reversed(range(depth))]
    return tiny_graph("\n".join(lines), "r0")


def test_conds_nest_up_to_a_limit() -> None:
    assert is_raised(raise_conds(deep_conds(MAX_NESTING)))
    assert interpret(raise_conds(deep_conds(MAX_NESTING)), {"x": 1})[0] == [1]
    deeper = raise_conds(deep_conds(MAX_NESTING + 1))
    assert (ops(deeper)["If"], ops(deeper)["Switch"], ops(deeper)["Merge"]) == (MAX_NESTING, 1, 1)


def test_conds_of_a_graph_that_still_loops_stay() -> None:
    loop = """
    e = Enter(x, frame_name=b"w", T=int32)
    m = Merge(e, n, T=int32, N=2)
    n = NextIteration(m, T=int32)
    """
    graph = tiny_graph(COND + loop, "y")
    assert raise_conds(graph) is graph


CASE = """
    x = Placeholder(dtype=float32, shape=<?>)
    i = Placeholder(dtype=int32, shape=<>)
    s = _SwitchN(x, i, num_outs=3, T=float32) -> float32, float32, float32
    a = Neg(s, T=float32)
    b = Exp(s:1, T=float32)
    c = Sin(s:2, T=float32)
    m = Merge(c, a, b, T=float32, N=3) -> float32, int32
"""


def test_a_switch_of_many_outputs_is_a_case() -> None:
    raised = raise_conds(tiny_graph(CASE, "m"))
    (case,) = (node for node in raised.nodes.values() if node.op == "Case")
    branches = case.attrs["branches"]
    assert isinstance(branches, tuple)
    bodies = [raised.functions[ref.name] for ref in branches]  # type: ignore[union-attr]
    assert [[node.op for node in body.nodes.values() if node.op != "_Arg"] for body in bodies] == [
        ["Neg"],
        ["Exp"],
        ["Sin"],
    ]
    assert case.inputs[0].node == "i"
    assert raised.nodes["m"].op == "Identity"


def test_a_switch_of_another_number_of_outputs_on_the_same_index_stays() -> None:
    more = """
        t = _SwitchN(x, i, num_outs=2, T=float32) -> float32, float32
        d = Neg(t, T=float32)
        e = Exp(t:1, T=float32)
        n = Merge(d, e, T=float32, N=2) -> float32, int32
    """
    raised = raise_conds(tiny_graph(CASE + more, "m,n"))
    assert [raised.nodes[name].op for name in ("m", "n", "t")] == ["Identity", "Merge", "_SwitchN"]
