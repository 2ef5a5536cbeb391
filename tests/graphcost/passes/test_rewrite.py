"""What a rewrite is: matches, the nodes that they make, and sets of rewrites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from tiny_graph import tiny_graph

from graphcost.errors import PluginError, RewriteError
from graphcost.ir.graph import Graph
from graphcost.ir.literal import Item, Literal
from graphcost.ir.node import EMPTY, Attr, Node, TensorRef
from graphcost.passes.pattern import Found, Pattern, tensor
from graphcost.passes.rewrite import GraphRewrite, Match, Replacement, Rewrite, RewriteSet

GRAPH = tiny_graph("""
x = Placeholder(dtype=float32)
k = Const(value=1)
u = TopKV2(x, k, T=float32)
s = Sigmoid(u, T=float32)
s/c = Neg(s, T=float32)
s/d = Neg(s, T=float32)
s/d_1 = Neg(s, T=float32)
""")


def match_of(*names: str, **tensors: str) -> Match:
    refs = {name: TensorRef(node) for name, node in tensors.items()}
    return Match(tuple(GRAPH.nodes[name] for name in names), refs, GRAPH.nodes)


MATCH = match_of("s", "u", x="u", k="k")


def test_the_root_is_the_first_node() -> None:
    assert MATCH.root is GRAPH.nodes["s"]


def test_a_match_is_what_a_pattern_found_in_a_graph() -> None:
    found = Match.of(Found({"x": TensorRef("u")}, ("s", "u")), GRAPH.nodes)
    assert found == match_of("s", "u", x="u")


def test_what_was_captured() -> None:
    assert "x" in MATCH
    assert "bias" not in MATCH
    assert MATCH.tensor("x") == TensorRef("u")
    assert MATCH.node("x") is MATCH.producer(TensorRef("u", 1)) is GRAPH.nodes["u"]


def test_the_dtype_of_a_tensor_is_that_of_its_port() -> None:
    assert [MATCH.dtype(TensorRef("u", port)) for port in (0, 1)] == ["float32", "int32"]


@pytest.mark.parametrize(("suffix", "name"), [("new", "s/new"), ("c", "s/c_1"), ("d", "s/d_2")])
def test_a_fresh_name_is_one_that_no_node_has(suffix: str, name: str) -> None:
    assert MATCH.fresh(suffix) == name


def test_a_new_node_takes_the_roots_name_and_what_follows_from_the_definition() -> None:
    node = MATCH.make("MatMul", TensorRef("x"), TensorRef("u"), attrs={"transpose_a": True})
    assert (node.name, node.op, node.inputs) == ("s", "MatMul", (TensorRef("x"), TensorRef("u")))
    assert node.dtypes == ("float32",)
    assert node.attrs["T"] == "float32"
    assert (node.attrs["transpose_a"], node.attrs["transpose_b"]) == (True, False)
    assert not node.stateful


def test_a_new_node_may_have_its_own_name_and_dtypes() -> None:
    node = MATCH.make("Neg", TensorRef("x"), name="mine", attrs={"T": "int32"})
    assert (node.name, node.dtypes) == ("mine", ("int32",))
    assert MATCH.make("Neg", TensorRef("x"), dtypes=("float16",)).dtypes == ("float16",)
    assert MATCH.make("Neg", TensorRef("x"), name="").name == ""


def test_a_new_node_reads_the_first_output_of_new_ones() -> None:
    inner = MATCH.make("TopKV2", TensorRef("x"), TensorRef("k"), name="top")
    node = MATCH.make("Neg", inner)
    assert (node.inputs, node.attrs["T"]) == ((TensorRef("top"),), "float32")
    assert MATCH.make("Neg", TensorRef("u", 1)).attrs["T"] == "int32"


def test_a_node_of_an_operation_that_tensorflow_does_not_know() -> None:
    node = MATCH.make("Mine", TensorRef("x"), attrs={"a": 1})
    assert (node.attrs, node.dtypes, node.stateful) == ({"a": 1}, (None,), True)
    assert MATCH.make("Mine", dtypes=("int32", "int32")).dtypes == ("int32", "int32")
    assert MATCH.make("Mine", dtypes=()).dtypes == ()


def test_dtypes_and_numbers_of_lists_follow_from_what_is_read() -> None:
    x, k = TensorRef("x"), TensorRef("k")
    assert _attrs("AddN", x, x, x) == {"T": "float32", "N": 3}
    assert _attrs("Concat", k, x, x) == {"T": "float32", "N": 2}
    assert _attrs("IdentityN", x, k) == {"T": ("float32", "int32")}
    assert _attrs("Select", x, x, x)["T"] == "float32"
    given = _attrs("If", TensorRef("u"), x, k, attrs={"Tout": ("int32",)})
    assert (given["Tcond"], given["Tin"]) == ("float32", ("float32", "int32"))


def test_how_long_a_list_is_may_be_said() -> None:
    x, k = TensorRef("x"), TensorRef("k")
    joined = _attrs("ConcatV2", x, x, k, attrs={"N": 2})
    assert (joined["T"], joined["N"], joined["Tidx"]) == ("float32", 2, "int32")
    batched = _attrs("BatchFunction", x, x, k, attrs={"Tin": ("float32", "float32"), "Tout": ()})
    assert (batched["Tin"], batched["Tcaptured"]) == (("float32", "float32"), ("int32",))
    sparse = _attrs("BatchFunction", x, k, k, attrs={"Tin": ("float32",), "Tout": ()})
    assert sparse["Tcaptured"] == ("int32", "int32")


def test_what_is_read_of_unknown_dtype_tells_nothing() -> None:
    graph = tiny_graph("f = Foo()\ns = Neg(f)")
    match = Match((graph.nodes["s"],), {}, graph.nodes)
    assert "T" not in match.make("Neg", TensorRef("f")).attrs
    assert match.make("Neg", TensorRef("f")).dtypes == (None,)
    assert "T" not in match.make("Neg").attrs


def _attrs(op: str, *inputs: TensorRef, attrs: Mapping[str, Attr] = EMPTY) -> Mapping[str, Attr]:
    return MATCH.make(op, *inputs, attrs=attrs).attrs


def test_a_node_is_stateful_where_its_operation_is() -> None:
    assert MATCH.make("RandomUniform", TensorRef("k"), attrs={"dtype": "float32"}).stateful
    assert not MATCH.make("Neg", TensorRef("x")).stateful


@pytest.mark.parametrize(("items", "shape", "held"), [(3, (), (3,)), ([1, 2], (2,), (1, 2)), ([], (0,), ())])
def test_a_constant_is_a_scalar_or_a_vector(items: Item | Sequence[Item], shape: tuple[int, ...], held: object) -> None:
    node = MATCH.constant(items, "int64", "axes")
    assert (node.name, node.op, node.inputs, node.dtypes) == ("axes", "Const", (), ("int64",))
    assert node.attrs["dtype"] == "int64"
    literal = node.attrs["value"]
    assert isinstance(literal, Literal)
    assert literal.value is not None
    assert (literal.dtype, literal.shape, tuple(literal.value.items)) == ("int64", shape, held)


def test_a_refusal_names_the_root() -> None:
    error = MATCH.error("it is too small")
    assert isinstance(error, RewriteError)
    assert str(error) == "s: it is too small"


def relu(match: Match) -> Node:
    """Sigmoid(x)  ->  Relu(x)"""
    return match.make("Relu", match.tensor("x"))


RELU = Rewrite("relu", Pattern("Sigmoid", tensor("x")), relu)


def unchanged(graph: Graph) -> Graph:
    """Nothing  ->  nothing"""
    return graph


WHOLE = GraphRewrite("whole", unchanged)


def test_a_node_takes_the_place_of_the_match() -> None:
    given = RELU.replaced(MATCH)
    assert [node.op for node in given.nodes] == ["Relu"]
    assert given.tensors == {}


def test_nodes_a_tensor_or_all_that_there_is_to_say_do_too() -> None:
    nodes = [Node("t", "Neg"), Node("s", "Neg")]
    whole = Replacement(nodes, {TensorRef("u"): TensorRef("x")})
    assert list(Rewrite("r", RELU.pattern, lambda match: nodes).replaced(MATCH).nodes) == nodes
    assert Rewrite("r", RELU.pattern, lambda match: whole).replaced(MATCH) is whole
    tensor_alone = Rewrite("r", RELU.pattern, lambda match: TensorRef("x")).replaced(MATCH)
    assert (tuple(tensor_alone.nodes), tensor_alone.tensors) == ((), {TensorRef("s"): TensorRef("x")})


@pytest.mark.parametrize("given", [["s"], [Node("s", "Neg"), TensorRef("x")]])
def test_anything_else_is_refused(given: list[object]) -> None:
    rewrite = Rewrite("r", RELU.pattern, lambda match: given)  # type: ignore[arg-type,return-value]
    with pytest.raises(TypeError, match="it gives neither nodes, a tensor nor a Replacement"):
        rewrite.replaced(MATCH)


def test_the_doc_of_a_rewrite_is_that_of_its_function() -> None:
    assert RELU.doc == "Sigmoid(x)  ->  Relu(x)"
    assert WHOLE.doc == "Nothing  ->  nothing"
    assert Rewrite("r", RELU.pattern, lambda match: TensorRef("x")).doc == ""
    assert GraphRewrite("g", lambda graph: graph).doc == ""


def test_a_set_has_its_rewrites_in_order() -> None:
    both = RewriteSet(WHOLE) + RewriteSet(RELU)
    assert list(both) == [WHOLE, RELU]
    assert len(both) == 2
    assert len(RewriteSet()) == 0
    assert both.get("relu") is RELU
    assert both.get("nope") is None


def test_adding_sets_leaves_them_as_they_were() -> None:
    first, second = RewriteSet(WHOLE), RewriteSet(RELU)
    assert len(first + second) == 2
    assert (len(first), len(second)) == (1, 1)


def test_two_rewrites_of_one_name_are_refused() -> None:
    with pytest.raises(PluginError, match="two rewrites are named relu"):
        RewriteSet(RELU, RELU)
    with pytest.raises(PluginError, match="two rewrites are named relu: from ours and theirs"):
        RewriteSet(RELU).owned_by("ours") + RewriteSet(RELU).owned_by("theirs")


def test_an_owner_is_taken_once() -> None:
    owned = RewriteSet(RELU, WHOLE).owned_by("ours")
    assert [rewrite.owner for rewrite in owned] == ["ours", "ours"]
    assert [rewrite.owner for rewrite in owned.owned_by("theirs")] == ["ours", "ours"]
    assert RELU.owner == WHOLE.owner == ""
