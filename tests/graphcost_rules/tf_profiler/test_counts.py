"""Each of tf.profiler's rules against tf.profiler, on graphs of one node."""

from typing import Any

import pytest
from profiler_oracle import profile

from graphcost.explain.reference import counts, facts_on_import
from graphcost.loaders import load
from graphcost.plugins import installed_rules, reference_rules

pytestmark = pytest.mark.tensorflow

IMAGE, GRADIENT = [2, 9, 7, 4], [2, 5, 4, 4]
WINDOW = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}
STRIDES = {"strides": [1, 2, 2, 1], "padding": "SAME"}
BINARY = (
    "Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "Pow",
    "Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "SquaredDifference",
)  # fmt: skip
UNARY = ("Reciprocal", "Square", "Rsqrt", "Log", "Neg")

CASES: list[tuple[str, dict[str, Any]]] = [
    *((op, {"x": [3, 1], "y": [4]}) for op in BINARY),
    *((op, {"x": [3, 5]}) for op in UNARY),
    ("RsqrtGrad", {"y": [3, 5], "dy": [3, 5]}),
    ("AssignAdd", {"ref": "variable", "value": [3, 5]}),
    ("AssignSub", {"ref": "variable", "value": [3, 5]}),
    ("BiasAdd", {"value": [3, 5], "bias": [5]}),
    ("BiasAddGrad", {"out_backprop": [3, 5]}),
    ("Softmax", {"logits": [3, 5]}),
    ("L2Loss", {"t": [3, 5]}),
    ("AddN", {"inputs": [[3, 5]] * 4}),
    ("Sum", {"input": [3, 5], "axis": 1}),
    ("Mean", {"input": [3, 5], "axis": 0}),
    ("ArgMax", {"input": [3, 5], "dimension": 1}),
    ("ArgMin", {"input": [3, 5], "dimension": 0}),
    ("MaxPool", {"input": IMAGE, **WINDOW}),
    ("AvgPool", {"value": IMAGE, **WINDOW}),
    ("MaxPoolGrad", {"orig_input": IMAGE, "orig_output": GRADIENT, "grad": GRADIENT, **WINDOW}),
    ("AvgPoolGrad", {"orig_input_shape": ("value", IMAGE), "grad": GRADIENT, **WINDOW}),
    ("Conv2D", {"input": IMAGE, "filter": [3, 3, 4, 6], **STRIDES}),
    ("Conv2D", {"input": [2, 9, 7, 4], "filter": [3, 3, 2, 6], **STRIDES}),
    ("DepthwiseConv2dNative", {"input": IMAGE, "filter": [3, 3, 4, 2], **STRIDES}),
    ("Conv3D", {"input": [2, 5, 6, 7, 3], "filter": [2, 3, 3, 3, 4], "strides": [1] * 5, "padding": "VALID"}),
    (
        "Dilation2D",
        {"input": IMAGE, "filter": [3, 3, 4], "strides": [1, 1, 1, 1], "rates": [1, 1, 1, 1], "padding": "SAME"},
    ),
    (
        "Conv2DBackpropInput",
        {
            "input_sizes": ("value", [1, 17, 17, 4]),
            "filter": [3, 3, 4, 8],
            "out_backprop": [1, 8, 8, 8],
            "strides": [1, 2, 2, 1],
            "padding": "VALID",
        },
    ),
    (
        "Conv2DBackpropFilter",
        {
            "input": [1, 17, 17, 4],
            "filter_sizes": ("value", [3, 3, 4, 8]),
            "out_backprop": [1, 8, 8, 8],
            "strides": [1, 2, 2, 1],
            "padding": "VALID",
        },
    ),
    ("MatMul", {"a": [3, 5], "b": [5, 7]}),
    ("MatMul", {"a": [5, 3], "b": [5, 7], "transpose_a": True}),
    ("BatchMatMul", {"x": [2, 3, 5], "y": [2, 5, 7]}),
    ("BatchMatMulV2", {"x": [2, 6, 5], "y": [2, 6, 7], "adj_x": True}),
    ("BatchMatMulV3", {"x": [2, 3, 5], "y": [5, 7], "Tout": "float32"}),
]


@pytest.fixture(scope="module")
def tf() -> Any:
    return pytest.importorskip("tensorflow")


def build(tf: Any, op: str, arguments: dict[str, Any], batch: int | None) -> Any:
    """A graph with the op on placeholders; a `batch` of None leaves their leading sizes open."""
    graph = tf.Graph()
    with graph.as_default():
        getattr(tf.raw_ops, op)(
            **{key: _argument(tf, value, key, batch) for key, value in arguments.items()}, name="it"
        )
    return graph


def _argument(tf: Any, value: Any, key: str, batch: int | None) -> Any:
    if value == "variable":
        return tf.raw_ops.VariableV2(shape=[3, 5], dtype=tf.float32)
    if isinstance(value, tuple):
        return tf.constant(value[1])
    if key in ("ksize", "strides", "rates", "padding") or not isinstance(value, list):
        return value
    if isinstance(value[0], list):
        return [_argument(tf, each, "", batch) for each in value]
    return tf.compat.v1.placeholder(tf.float32, [value[0] if batch else None, *value[1:]])


def reproduced(graph: Any) -> dict[str, int]:
    reference = reference_rules()
    ours = load(graph.as_graph_def()).graph
    found = counts(ours, facts_on_import(ours, installed_rules() | reference, {}), reference)
    return {name: count.flops for name, count in found.items() if count.flops}


@pytest.mark.parametrize(("op", "arguments"), CASES, ids=[op for op, _ in CASES])
def test_a_node_counts_as_tf_profiler_counts_it(tf: Any, op: str, arguments: dict[str, Any]) -> None:
    graph = build(tf, op, arguments, batch=1)
    theirs = profile(graph)
    assert theirs.nodes.get("it", 0) > 0
    assert reproduced(graph) == theirs.nodes


@pytest.mark.parametrize(("op", "arguments"), CASES, ids=[op for op, _ in CASES])
def test_with_open_sizes_it_counts_what_tf_profiler_counts(tf: Any, op: str, arguments: dict[str, Any]) -> None:
    graph = build(tf, op, arguments, batch=None)
    assert reproduced(graph) == profile(graph).nodes


def test_windows_with_the_channels_first_are_skipped(tf: Any) -> None:
    graph = build(tf, "MaxPool", {"input": [2, 4, 9, 7], "data_format": "NCHW", **WINDOW, "ksize": [1, 1, 3, 2]}, 1)
    assert profile(graph).nodes == {}
    assert reproduced(graph) == {}


def test_the_ops_are_tf_profilers(tf: Any) -> None:
    from tensorflow.python.framework import ops
    from tensorflow.python.profiler.internal import flops_registry  # noqa: F401

    theirs = {key.removesuffix(",flops") for key in ops._stats_registry.list() if key.endswith(",flops")}
    ours = {rule.op for rule in reference_rules() if rule.cost is not None}
    assert ours == theirs
    assert len(ours) == 46
    assert ours == {op for op, _ in CASES}
