"""One level's conds as If nodes, with the nodes around them and the bodies of their branches."""

from __future__ import annotations

from collections.abc import Sequence

from tiny_graph import tiny_graph, wiring

from graphcost.ir.graph import Graph
from graphcost.ir.literal import Literal
from graphcost.ir.node import FunctionRef, Node, TensorRef
from graphcost.ir.stand_ins import DEAD
from graphcost.passes.control_flow.branches import find_branches
from graphcost.passes.control_flow.cond_parts import Level
from graphcost.passes.control_flow.if_node import BranchBody, raise_level
from graphcost.passes.control_flow.naming import Names

GIVEN = """
x = Placeholder(dtype=float32)
n = Placeholder(dtype=int32)
p = Placeholder(dtype=bool)
q = Placeholder(dtype=bool)
"""

COND = """
c/Switch = Switch(x, p, T=float32)
c/n = Switch(n, p, T=int32)
c/Cast = Cast(c/n:1, SrcT=int32, DstT=float32)
c/Mul = Mul(c/Switch:1, c/Cast, T=float32)
c/Abs = Abs(c/Switch:0, T=float32)
c/Merge = Merge(c/Abs, c/Mul, T=float32, N=2)
"""


def raised(
    text: str, outputs: str = "", controls: str = "", function_names: Sequence[str] = ()
) -> tuple[BranchBody, dict[str, BranchBody]]:
    """The level as it becomes, and the branches that its Ifs run, by name."""
    graph = tiny_graph(GIVEN + text, outputs, controls=controls)
    body = BranchBody(tuple(graph.order), graph.inputs, graph.outputs, graph.controls)
    level = Level(body.nodes, find_branches(graph))
    return raise_level(body, level, Names(graph.nodes), Names(function_names))


def lines(body: BranchBody) -> list[str]:
    return wiring(Graph.of(body.nodes, inputs=body.inputs, outputs=body.outputs, controls=body.controls))


def node_of(body: BranchBody, name: str) -> Node:
    return next(node for node in body.nodes if node.name == name)


def arguments(body: BranchBody) -> list[tuple[str, object, object, tuple[str | None, ...]]]:
    nodes = [node for node in body.nodes if node.op == "_Arg"]
    assert body.inputs == [TensorRef(node.name) for node in nodes]
    return [(node.name, node.attrs["T"], node.attrs["index"], node.dtypes) for node in nodes]


def test_a_cond_becomes_an_if_and_its_merge_an_identity() -> None:
    body, branches = raised(COND + "y = Neg(c/Merge, T=float32)", "y")
    assert lines(body)[4:] == ["c = If(p, n, x)", "c/Merge = Identity(c)", "y = Neg(c/Merge)"]
    assert lines(branches["c/then"]) == [
        "c/n = _Arg()",
        "c/Switch = _Arg()",
        "c/Cast = Cast(c/n)",
        "c/Mul = Mul(c/Switch, c/Cast)",
    ]
    assert lines(branches["c/else"]) == ["c/n = _Arg()", "c/Switch = _Arg()", "c/Abs = Abs(c/Switch)"]
    assert [branches[name].outputs for name in ("c/then", "c/else")] == [[TensorRef("c/Mul")], [TensorRef("c/Abs")]]


def test_the_if_has_the_attributes_of_tf2() -> None:
    node = node_of(raised(COND, "c/Merge")[0], "c")
    assert node.attrs == {
        "Tcond": "bool",
        "Tin": ("int32", "float32"),
        "Tout": ("float32",),
        "then_branch": FunctionRef("c/then", {}),
        "else_branch": FunctionRef("c/else", {}),
    }
    assert node.dtypes == ("float32",)
    assert not node.stateful


def test_both_branches_have_the_same_arguments() -> None:
    _, branches = raised(COND, "c/Merge")
    expected = [("c/n", "int32", 0, ("int32",)), ("c/Switch", "float32", 1, ("float32",))]
    assert arguments(branches["c/then"]) == arguments(branches["c/else"]) == expected


def test_the_branches_are_named_after_the_if() -> None:
    _, branches = raised(COND, "c/Merge")
    assert list(branches) == ["c/then", "c/else"]


def test_functions_get_names_that_are_free() -> None:
    body, branches = raised(COND, "c/Merge", function_names=["c/then"])
    assert list(branches) == ["c/then_1", "c/else"]
    assert node_of(body, "c").attrs["then_branch"] == FunctionRef("c/then_1", {})


def test_a_merge_whose_position_is_read_gives_both() -> None:
    body, branches = raised(COND, "c/Merge, c/Merge:1")
    merge = node_of(body, "c/Merge")
    assert (merge.op, merge.inputs) == ("IdentityN", (TensorRef("c"), TensorRef("c", 1)))
    assert merge.attrs == {"T": ("float32", "int32")}
    assert merge.dtypes == ("float32", "int32")
    for name, position in (("c/then", 1), ("c/else", 0)):
        const = node_of(branches[name], branches[name].outputs[1].node)
        assert (const.op, const.dtypes, const.attrs["dtype"]) == ("Const", ("int32",), "int32")
        literal = const.attrs["value"]
        assert isinstance(literal, Literal)
        assert literal.value is not None
        assert (literal.dtype, literal.shape, literal.value.items) == ("int32", (), (position,))


def test_a_merge_of_which_the_position_alone_is_asked_for_gives_both() -> None:
    merge = node_of(raised(COND, "c/Merge:1")[0], "c/Merge")
    assert merge.op == "IdentityN"
    assert merge.inputs == (TensorRef("c"), TensorRef("c", 1))


def test_a_merge_whose_position_nobody_reads_is_its_tensor() -> None:
    merge = node_of(raised(COND, "c/Merge")[0], "c/Merge")
    assert (merge.op, merge.attrs, merge.dtypes) == ("Identity", {"T": "float32"}, ("float32",))


def test_what_one_branch_computes_is_dead_in_the_other() -> None:
    body, branches = raised(COND, "c/Merge, c/Cast")
    assert body.outputs == (TensorRef("c/Merge"), TensorRef("c", 1))
    assert node_of(body, "c").attrs["Tout"] == ("float32", "float32")
    assert branches["c/then"].outputs[1] == TensorRef("c/Cast")
    dead = node_of(branches["c/else"], "c/Cast/dead")
    assert branches["c/else"].outputs[1] == TensorRef("c/Cast/dead")
    assert (dead.op, dead.attrs, dead.dtypes) == (DEAD, {"dtype": "float32"}, ("float32",))


def test_a_second_output_is_dead_with_its_own_dtype() -> None:
    text = "c/TopKV2 = TopKV2(c/Switch:1, c/n:1, T=float32)"
    _, branches = raised(COND + text, "c/Merge, c/TopKV2:1")
    assert node_of(branches["c/else"], "c/TopKV2/dead").dtypes == ("int32",)


def test_a_merge_that_takes_what_always_runs_has_it_as_an_argument() -> None:
    text = COND.replace("Merge(c/Abs,", "Merge(x,")
    body, branches = raised(text, "c/Merge")
    assert node_of(body, "c").inputs == (TensorRef("p"), TensorRef("n"), TensorRef("x"), TensorRef("x"))
    assert branches["c/else"].outputs == [TensorRef("x")]


def test_what_members_read_from_outside_is_an_argument_of_its_name() -> None:
    text = COND.replace("Abs(c/Switch:0", "Mul(c/Switch:0, u:1") + "u = IdentityN(n, x, T=['int32', 'float32'])"
    body, branches = raised(text, "c/Merge")
    assert ("u/1", "float32", 2, ("float32",)) in arguments(branches["c/else"])
    assert node_of(branches["c/else"], "c/Abs").inputs == (TensorRef("c/Switch"), TensorRef("u/1"))
    assert node_of(body, "c").inputs[-1] == TensorRef("u", 1)


def test_two_arguments_that_would_have_one_name_have_two() -> None:
    text = COND.replace("Abs(c/Switch:0", "AddN(c/Switch:0, u:1, u/1, u:1")
    text += "u = Unpack(x, num=2, T=float32)\nu/1 = Neg(x, T=float32)"
    body, branches = raised(text, "c/Merge")
    names = [name for name, *_ in arguments(branches["c/else"])]
    assert names[2:] == ["u/1", "u/1_1"]
    assert node_of(branches["c/else"], "c/Abs").inputs == tuple(map(TensorRef, ["c/Switch", "u/1", "u/1_1", "u/1"]))
    assert node_of(body, "c").inputs[-2:] == (TensorRef("u", 1), TensorRef("u/1"))


def test_the_if_waits_for_what_its_members_and_switches_wait_for() -> None:
    text = COND.replace("Mul(c/Switch:1,", "Mul(^first, c/Switch:1,").replace("Switch(x, p,", "Switch(x, p, ^early,")
    text = "first = NoOp()\nearly = NoOp()" + text.replace("Cast(c/n:1,", "Cast(c/n:1, ^first,")
    body, branches = raised(text, "c/Merge")
    assert node_of(body, "c").controls == ("first", "early")
    assert node_of(branches["c/then"], "c/Mul").controls == ()


def test_members_wait_for_each_other_inside_once() -> None:
    text = COND.replace("Mul(c/Switch:1,", "Mul(^c/Cast, ^c/Cast, c/Switch:1,")
    body, branches = raised(text, "c/Merge")
    assert node_of(branches["c/then"], "c/Mul").controls == ("c/Cast",)
    assert node_of(body, "c").controls == ()


def test_what_waits_for_two_members_waits_for_the_if_once() -> None:
    body, branches = raised(COND + "z = ControlTrigger(^c/Mul, ^c/Abs, ^c/Cast)", controls="z, c/Mul, c/Abs")
    assert node_of(body, "z").controls == ("c",)
    assert body.controls == ("z", "c")
    assert branches["c/then"].controls == ["c/Cast", "c/Mul"]
    assert branches["c/else"].controls == ["c/Abs"]


def test_an_if_is_stateful_where_a_member_is() -> None:
    text = COND.replace("Abs(c/Switch:0, T=float32)", "RandomUniform(c/n:0, T=int32, dtype=float32)")
    assert node_of(raised(text, "c/Merge")[0], "c").stateful


def test_an_if_stands_for_its_members_and_merges() -> None:
    origins = node_of(raised(COND, "c/Merge")[0], "c").origins
    assert sorted(origins) == ["c/Abs", "c/Cast", "c/Merge", "c/Mul"]


def test_the_predicate_is_the_tensor_behind_identities() -> None:
    text = COND.replace(", p,", ", c/pred,") + "c/pred = Identity(c/p, T=bool)\nc/p = Identity(p, T=bool)"
    assert node_of(raised(text, "c/Merge")[0], "c").inputs[0] == TensorRef("p")


def test_the_predicate_may_be_what_another_cond_gives() -> None:
    other = "o/Switch = Switch(q, q, T=bool)\no/Not = LogicalNot(o/Switch:1)\n"
    other += "o/Merge = Merge(o/Switch:0, o/Not, T=bool, N=2)"
    body, _ = raised(COND.replace(", p,", ", o/Merge,") + other, "c/Merge")
    assert node_of(body, "c").inputs[0] == TensorRef("o/Merge")
    body, _ = raised(COND.replace(", p,", ", o/Merge:1,") + other, "c/Merge")
    assert node_of(body, "c").inputs[0] == TensorRef("o/Merge", 1)


def test_a_switch_that_is_asked_for_passes_its_tensor_on() -> None:
    body, _ = raised(COND, "c/Merge, c/Switch:1")
    switch = node_of(body, "c/Switch")
    assert (switch.op, switch.inputs) == ("IdentityN", (TensorRef("x"), TensorRef("x")))
    assert (switch.attrs, switch.dtypes) == ({"T": ("float32", "float32")}, ("float32", "float32"))
    assert all(node.name != "c/n" for node in body.nodes)


def test_a_switch_that_is_read_outside_its_branches_stays_one() -> None:
    body, _ = raised(COND + "never = Add(c/Switch:1, c/Switch:0, T=float32)", "c/Merge, never")
    assert node_of(body, "c/Switch").op == "Switch"


def test_nodes_outside_read_what_the_if_gives() -> None:
    body, _ = raised(COND + "never = Add(c/Mul, c/Abs, T=float32)", "c/Merge, never")
    assert node_of(body, "never").inputs == (TensorRef("c", 1), TensorRef("c", 2))
