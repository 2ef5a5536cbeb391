"""Which inputs are components of sparse and ragged tensors, whose lengths are no batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from optional_tensorflow import need_tensorflow, tensorflow_module
from run_oracle import run_contractions
from tiny_graph import tiny_graph

from graphcost import analyze
from graphcost.evaluate.feeds import symbol_names
from graphcost.ir.graph import Graph
from graphcost.plugins import installed_rules
from graphcost.roles.components import component_inputs

SPARSE = """
    sp = Placeholder(dtype=int64, shape=<?,2>)
    sp_1 = Placeholder(dtype=float32, shape=<?>)
    sp_2 = Placeholder(dtype=int64, shape=<2>)
    x = Placeholder(dtype=float32, shape=<?,3>)
"""
RAGGED = """
    r = Placeholder(dtype=float32, shape=<?,4>)
    r_1 = Placeholder(dtype=int64, shape=<?>)
    x = Placeholder(dtype=float32, shape=<?,3>)
"""
CUT = """
    one = Const(value=[1])
    zero = Const(value=[0])
    starts = StridedSlice(r_1, one, zero, one, T=int64, Index=int32, end_mask=1)
"""


def components(graph: Graph) -> list[str]:
    rules = installed_rules()
    return sorted(str(ref) for ref in component_inputs(graph, symbol_names(graph, rules), rules))


def test_indices_and_values_of_a_sparse_tensor() -> None:
    assert components(tiny_graph(SPARSE)) == ["sp", "sp_1"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("<?,2>", "<?,3>"), ("int64, shape=<2>", "int32, shape=<2>"), ("sp_1 = ", "y_1 = "), ("shape=<?>", "shape=<?,1>")],
)
def test_inputs_of_other_shapes_and_names_are_no_sparse_tensor(old: str, new: str) -> None:
    assert components(tiny_graph(SPARSE.replace(old, new))) == []


def test_a_placeholder_for_a_sparse_tensor() -> None:
    text = SPARSE.replace("sp_1", "p/values").replace("sp_2", "p/shape").replace("sp =", "p/indices =")
    assert components(tiny_graph(text)) == ["p/indices", "p/values"]


def test_what_is_read_as_components_by_whatever_name() -> None:
    text = """
        i = Placeholder(dtype=int64, shape=<?,2>)
        v = Placeholder(dtype=float32, shape=<?>)
        x = Placeholder(dtype=float32, shape=<?,3>)
        size = Const(value=[4, 5])
        kept = Identity(v, T=float32)
        y = SparseTensorDenseMatMul(i, kept, size, x, T=float32, Tindices=int64)
    """
    assert components(tiny_graph(text)) == ["i", "v"]


def test_splits_are_read_less_an_end_and_values_come_before_them() -> None:
    assert components(tiny_graph(RAGGED + CUT)) == ["r", "r_1"]


def test_integers_beside_others_are_no_splits() -> None:
    read = "axis = Const(value=0)\ny = GatherV2(x, r_1, axis, Tparams=float32, Tindices=int64, Taxis=int32)"
    assert components(tiny_graph(RAGGED + read)) == []
    assert components(tiny_graph(RAGGED + CUT.replace("end_mask=1", "shrink_axis_mask=1"))) == []
    assert components(tiny_graph(RAGGED.replace("int64", "float32") + CUT.replace("int64", "float32"))) == []


def test_splits_are_found_in_the_functions_that_they_are_handed_to() -> None:
    body = tiny_graph("r_1 = _Arg(T=int64)\n" + CUT, "starts")
    text = RAGGED + "call = PartitionedCall(r_1, f=@body) -> int64"
    assert components(tiny_graph(text, functions={"body": body})) == ["r", "r_1"]


def ragged_and_sparse(kind: str) -> tuple[Callable[..., Any], list[Any]]:
    tf = tensorflow_module()
    weights = tf.ones((5, 4))
    specs = {
        "ragged": tf.RaggedTensorSpec([None, None, 5], tf.float32, ragged_rank=1),
        "sparse": tf.SparseTensorSpec([None, 5], tf.float32),
        "dense": tf.TensorSpec([None, 5], tf.float32),
    }
    functions = {
        "ragged": lambda r, x: (tf.reduce_sum(r.with_values(r.values @ weights), axis=1), x @ weights),
        "sparse": lambda r, x: (tf.sparse.reorder(r).values, x @ weights),
    }
    return functions[kind], [specs[kind], specs["dense"]]


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["ragged", "sparse"])
def test_lengths_are_independent_of_the_batch_as_in_tensorflow(kind: str) -> None:
    need_tensorflow()
    import numpy as np
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    function, specs = ragged_and_sparse(kind)
    concrete = tensorflow_module().function(function).get_concrete_function(*specs)
    graph_def = convert_variables_to_constants_v2(concrete).graph.as_graph_def()
    feeds = {
        "ragged": {"r": np.ones((6, 5), "float32"), "r_1": np.array([0, 2, 2, 6])},
        "sparse": {"r": np.zeros((3, 2), "int64"), "r_1": np.ones(3, "float32"), "r_2": np.array([4, 5])},
    }[kind]
    ran = run_contractions(graph_def, {**feeds, "x": np.ones((7, 5), "float32")}).macs.total()

    report = analyze(graph_def, batch=7, shapes={name: array.shape for name, array in feeds.items()})

    assert report.total.work.macs == ran
    assert "N" in analyze(graph_def).symbols
    assert {"r[0]", "r_1[0]"} & set(analyze(graph_def).symbols)
