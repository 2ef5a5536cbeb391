from networks import inferred, why_dropped
from tiny_graph import tiny_graph
from work import growth

from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.plugins import installed_rules
from graphcost.roles.flow import Flow

FLOAT = ("float32",)


def names(flow: Flow, points: set[int]) -> set[str]:
    return {str(flow.ref(point)) for point in points}


def test_no_value_flows_through_a_shape_or_a_predicate():
    flow = Flow.of(
        tiny_graph("""
            x = Placeholder(dtype=float32)
            shape = Shape(x, T=float32)
            one = Const(value=1.0)
            ones = Fill(shape, one, T=float32)
            flag = Placeholder(dtype=bool)
            switch = Switch(ones, flag, T=float32) -> float32, float32
        """),
        installed_rules(),
    )
    assert names(flow, flow.downstream([flow.index["x"], flow.index["flag"]])) == {"x", "flag"}
    assert names(flow, flow.upstream([flow.index["switch"]])) == {"switch", "ones", "one"}


def test_the_outputs_of_a_source_are_points_of_their_own():
    flow = Flow.of(
        tiny_graph("""
            data = IteratorGetNext() -> float32, int64
            a = Relu(data, T=float32)
            b = Neg(data:1, T=int64)
        """),
        installed_rules(),
    )
    own = flow.index["data"]
    assert flow.is_split(own)
    assert names(flow, flow.downstream([own + 2])) == {"data:1", "b"}


def test_values_flow_round_loops():
    flow = Flow.of(
        tiny_graph("""
            x = Placeholder(dtype=float32)
            enter = Enter(x, T=float32, frame_name=b'f')
            merge = Merge(enter, next, T=float32) -> float32, int32
            step = Neg(merge, T=float32)
            next = NextIteration(step, T=float32)
        """),
        installed_rules(),
    )
    assert "merge" in names(flow, flow.downstream([flow.index["step"]]))
    assert flow.index["merge"] not in flow.forward_readers(flow.index["next"])


def wide_and_deep(count: int) -> Graph:
    chain = [Node(f"c{i}", "Relu", (TensorRef(f"c{i - 1}" if i else "x"),), dtypes=FLOAT) for i in range(count)]
    fan = [Node(f"f{i}", "Reshape", (TensorRef("x"),), dtypes=FLOAT) for i in range(count)]
    pairs = [Node(f"p{i}", "Placeholder", dtypes=FLOAT) for i in range(count)]
    heads = [Node(f"m{i}", "MatMul", (TensorRef(f"p{i}"), TensorRef("w")), dtypes=FLOAT) for i in range(count)]
    weight = Node("w", "VariableV2", attrs={"dtype": "float32"}, dtypes=FLOAT)
    return Graph.of([Node("x", "Placeholder", dtypes=FLOAT), weight, *chain, *fan, *pairs, *heads])


def test_wide_and_deep_graphs_take_linear_work():
    def work(count: int) -> None:
        why_dropped(inferred(wide_and_deep(count)).graph)

    assert growth(work, 500) < 2.2
