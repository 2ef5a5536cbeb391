"""One level of a graph, divided into what stays and what becomes each If."""

from __future__ import annotations

from tiny_graph import tiny_graph

from graphcost.ir.node import Node, TensorRef, producers
from graphcost.passes.control_flow.branches import ELSE, THEN, Step, find_branches
from graphcost.passes.control_flow.cond_parts import Cond, Level, divide

GIVEN = """
x = Placeholder(dtype=int32)
p = Placeholder(dtype=bool)
q = Placeholder(dtype=bool)
"""

COND = """
a/Switch = Switch(x, p, T=int32)
a/Neg = Neg(a/Switch:1, T=int32)
a/Abs = Abs(a/Switch:0, T=int32)
a/Merge = Merge(a/Abs, a/Neg, T=int32, N=2)
"""

OTHER = COND.replace("a/", "b/").replace(", p,", ", q,")


def level_of(text: str) -> Level:
    graph = tiny_graph(GIVEN + text)
    return Level(tuple(graph.order), find_branches(graph))


def parts(text: str) -> list[str]:
    """What a level is divided into: nodes by name, conds as `scope (predicate): members | merges`."""
    level = level_of(text)
    items = list(divide(level))
    assert sorted(_names(items)) == sorted(node.name for node in level.nodes)
    return [_shown(item) for item in items]


def conds(text: str) -> list[str]:
    return [part for part in parts(text) if "(" in part]


def _names(items: list[Node | Cond]) -> list[str]:
    return [node.name for item in items for node in (item.nodes if isinstance(item, Cond) else [item])]


def _shown(item: Node | Cond) -> str:
    if isinstance(item, Node):
        return item.name
    members, merges = (" ".join(node.name for node in part) for part in (item.members, item.merges))
    return f"{item.scope} ({item.predicate}): {members} | {merges}"


def test_a_cond_is_its_branches_and_the_merge_that_closes_them() -> None:
    assert parts(COND) == ["x", "p", "q", "a/Switch", "a (p): a/Neg a/Abs | a/Merge"]


def test_a_cond_has_its_members_before_its_merges() -> None:
    (cond,) = (item for item in divide(level_of(COND)) if isinstance(item, Cond))
    assert [node.name for node in cond.nodes] == ["a/Neg", "a/Abs", "a/Merge"]


def test_what_reads_a_merge_comes_after_its_cond() -> None:
    text = COND + "y = Square(a/Merge, T=int32)\nz = Neg(y, ^a/Merge, T=int32)"
    assert parts(text)[-3:] == ["a (p): a/Neg a/Abs | a/Merge", "y", "z"]


def test_conds_of_two_predicates_are_two_though_both_could_run_at_once() -> None:
    assert conds(COND + OTHER) == ["a (p): a/Neg a/Abs | a/Merge", "b (q): b/Neg b/Abs | b/Merge"]


def test_conds_of_two_scopes_are_two_though_they_have_one_predicate() -> None:
    assert conds(COND + OTHER.replace(", q,", ", p,")) == [
        "a (p): a/Neg a/Abs | a/Merge",
        "b (p): b/Neg b/Abs | b/Merge",
    ]


def test_parts_of_one_scope_and_predicate_are_one_cond_though_they_do_not_touch() -> None:
    more = COND.replace("a/Switch", "a/Switch_1").replace("a/Neg", "a/Exp").replace("a/Abs", "a/Log")
    more = more.replace("a/Merge", "a/Merge_1")
    assert conds(COND + more) == ["a (p): a/Neg a/Abs a/Exp a/Log | a/Merge a/Merge_1"]


def test_branches_that_share_a_node_are_one_cond() -> None:
    text = COND + "b/Add = Add(a/Neg, a/Switch:1, T=int32)\nb/Merge = Merge(a/Switch:0, b/Add, T=int32, N=2)"
    assert conds(text) == ["a (p): a/Neg a/Abs b/Add | a/Merge b/Merge"]


def test_a_branch_that_reads_another_conds_merge_is_apart_from_it() -> None:
    text = OTHER + COND.replace("Neg(a/Switch:1,", "Add(a/Switch:1, b/Merge,")
    assert conds(text) == ["b (q): b/Neg b/Abs | b/Merge", "a (p): a/Abs a/Neg | a/Merge"]


def test_a_branch_that_reads_a_merge_of_its_own_predicate_is_a_later_cond() -> None:
    gradient = COND.replace("a/", "grad/").replace("Neg(grad/Switch:1,", "Add(grad/Switch:1, a/Merge,")
    assert conds(gradient + COND) == ["a (p): a/Neg a/Abs | a/Merge", "grad (p): grad/Abs grad/Neg | grad/Merge"]


def test_a_cond_waits_until_all_that_it_reads_from_outside_is_there() -> None:
    """Part of the first branch could run before the other cond; then it would be two."""
    first = COND.replace("a/Merge = Merge(a/Abs, a/Neg", "a/Add = Add(a/Neg, r, T=int32)\na/Merge = Merge(a/Abs, a/Add")
    assert conds(first + "r = Square(b/Merge, T=int32)" + OTHER) == [
        "b (q): b/Neg b/Abs | b/Merge",
        "a (p): a/Neg a/Abs a/Add | a/Merge",
    ]


def test_a_cond_waits_for_what_is_no_input_but_a_control() -> None:
    waiting = "a/Add = Add(a/Neg, a/Neg, ^b/Merge, T=int32)\na/Merge = Merge(a/Abs, a/Add"
    first = COND.replace("a/Merge = Merge(a/Abs, a/Neg", waiting)
    assert conds(first + OTHER) == ["b (q): b/Neg b/Abs | b/Merge", "a (p): a/Neg a/Abs a/Add | a/Merge"]


def test_a_branch_that_is_left_and_entered_again_is_two_conds() -> None:
    """As from a branch through the loss to its own gradient, which reads what the branch computed."""
    text = COND + (
        "y = Square(a/Merge, T=int32)\n"
        "g/Switch = Switch(y, p, T=int32)\n"
        "g/Mul = Mul(g/Switch:1, a/Neg, T=int32)\n"
        "g/Merge = Merge(g/Switch:0, g/Mul, T=int32, N=2)\n"
        "z = Neg(g/Merge, T=int32)"
    )
    assert parts(text)[3:] == [
        "a/Switch",
        "a (p): a/Neg a/Abs | a/Merge",
        "y",
        "g/Switch",
        "a (p): g/Mul | g/Merge",
        "z",
    ]


def test_each_part_reads_only_what_came_before() -> None:
    """Two conds, each of which is left through the other: four Ifs, in an order that can run."""
    text = """
    s = Switch(x, p, T=int32)
    t = Switch(x, q, T=int32)
    a/Neg = Neg(s:1, T=int32)
    a/Merge = Merge(s:0, a/Neg, T=int32, N=2)
    b/Neg = Neg(t:1, T=int32)
    b/Add = Add(b/Neg, a/Merge, T=int32)
    b/Merge = Merge(t:0, b/Add, T=int32, N=2)
    a/Add = Add(a/Neg, b/Merge, T=int32)
    a/Merge_1 = Merge(s:0, a/Add, T=int32, N=2)
    b/Mul = Mul(b/Add, a/Merge_1, T=int32)
    b/Merge_1 = Merge(t:0, b/Mul, T=int32, N=2)
    """
    level = level_of(text)
    done: set[str] = set()
    items = list(divide(level))
    for item in items:
        inside = [item] if isinstance(item, Node) else item.nodes
        names = {node.name for node in inside}
        assert all(name in done or name in names for node in inside for name in producers(node))
        done |= names
    assert [_shown(item) for item in items if isinstance(item, Cond)] == [
        "a (p): a/Neg | a/Merge",
        "b (q): b/Neg b/Add | b/Merge",
        "a (p): a/Add | a/Merge_1",
        "b (q): b/Mul | b/Merge_1",
    ]


def test_the_scope_of_a_cond_is_that_of_its_first_merge() -> None:
    text = COND.replace("a/Merge", "c/Merge") + "b/Merge = Merge(a/Abs, a/Neg, T=int32, N=2)"
    assert conds(text) == ["c (p): a/Neg a/Abs | c/Merge b/Merge"]


def test_the_scope_of_a_cond_without_a_merge_is_what_its_nodes_share() -> None:
    nodes = "s = Switch(x, p, T=int32)\na/b/Neg = Neg(s:1, T=int32)\na/c/Abs = Abs(a/b/Neg, T=int32)"
    assert conds(nodes) == ["a (p): a/b/Neg a/c/Abs | "]


def test_a_cond_whose_nodes_share_no_scope_is_named_cond() -> None:
    assert conds("s = Switch(x, p, T=int32)\nNeg = Neg(s:1, T=int32)") == ["cond (p): Neg | "]
    assert conds(COND.replace("a/Merge", "Merge")) == ["cond (p): a/Neg a/Abs | Merge"]


NESTED = """
s = Switch(x, p, T=int32)
choice = Switch(q, p, T=bool)
t = Switch(s:1, choice:1, T=int32)
Neg = Neg(t:1, T=int32)
Abs = Abs(t:0, T=int32)
inner = Merge(Neg, Abs, T=int32, N=2)
outer = Merge(s:0, inner, T=int32, N=2)
"""


def test_a_level_has_the_switches_and_merges_right_at_it() -> None:
    level = level_of(NESTED)
    assert list(level.switches) == ["s", "choice"]
    assert list(level.merges) == ["outer"]
    assert level.merges["outer"].predicate == TensorRef("p")
    assert level.steps == dict.fromkeys(["t", "Neg", "Abs", "inner"], Step(TensorRef("p"), THEN))
    assert level.predicates == {TensorRef("p"): TensorRef("p")}


def test_a_level_inside_a_branch_has_the_nested_cond_and_no_switch_that_is_an_argument_now() -> None:
    graph = tiny_graph(GIVEN + NESTED)
    arguments = tiny_graph("s = _Arg(T=int32)\nchoice = _Arg(T=bool)").nodes
    nodes = [*arguments.values(), *(node for node in graph.order if node.name in ("t", "Neg", "Abs", "inner"))]
    level = Level(nodes, find_branches(graph))
    choice = TensorRef("choice", 1)
    assert list(level.switches) == ["t"]
    assert list(level.merges) == ["inner"]
    assert level.steps == {"Neg": Step(choice, THEN), "Abs": Step(choice, ELSE)}
    assert [_shown(item) for item in divide(level)] == ["s", "choice", "t", "cond (choice:1): Neg Abs | inner"]


def test_a_predicate_is_the_tensor_that_the_first_switch_reads() -> None:
    graph = tiny_graph(GIVEN + "same = Identity(p, T=bool)\ns = Switch(x, same, T=int32)\nt = Switch(x, p, T=int32)")
    level = Level(tuple(graph.nodes.values()), find_branches(graph))
    assert level.predicates == {TensorRef("p"): TensorRef("same")}
