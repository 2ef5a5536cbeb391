import pytest
from model_files import RELU, delimited, encoded, write

from graphcost.errors import GraphError
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import TensorRef
from graphcost.loaders import load, nodes
from graphcost.loaders.graphdef import parse_tensor_name


def graph_of(tmp_path, text):
    return load(write(tmp_path / "m.pb", encoded("GraphDef", text))).graph


def test_nodes_with_inputs_and_controls(tmp_path):
    graph = graph_of(
        tmp_path,
        RELU
        + """node { name: "s" op: "Split" input: "axis:0" input: "y" input: "^x"
               attr { key: "num_split" value { i: 2 } } attr { key: "T" value { type: DT_FLOAT } } }
             node { name: "axis" op: "Const" attr { key: "dtype" value { type: DT_INT32 } } }
             node { name: "z" op: "AddV2" input: "s:1" input: "s" attr { key: "T" value { type: DT_FLOAT } } }""",
    )
    split = graph.nodes["s"]
    assert split.inputs == (TensorRef("axis"), TensorRef("y"))
    assert split.controls == ("x",)
    assert split.dtypes == ("float32", "float32")
    assert graph.nodes["z"].inputs == (TensorRef("s", 1), TensorRef("s"))
    assert graph.nodes["x"].attrs["shape"] == PartialShape((-1, 4))
    assert list(graph.nodes) == ["x", "y", "s", "axis", "z"]


def test_absent_attributes_have_their_defaults(tmp_path):
    graph = graph_of(
        tmp_path,
        """node { name: "x" op: "Placeholder" }
           node { name: "m" op: "MatMul" input: "x" input: "x" attr { key: "transpose_b" value { b: true } } }
           node { name: "r" op: "RandomUniform" input: "x" }""",
    )
    assert graph.nodes["m"].attrs["transpose_a"] is False
    assert graph.nodes["m"].attrs["transpose_b"] is True
    assert graph.nodes["r"].stateful
    assert not graph.nodes["m"].stateful


def test_an_unknown_op_has_the_outputs_that_are_read(tmp_path):
    graph = graph_of(
        tmp_path,
        """node { name: "a" op: "Own" } node { name: "b" op: "Own" input: "a:2" }
           node { name: "c" op: "Own" input: "a" }""",
    )
    assert graph.nodes["a"].dtypes == (None, None, None)
    assert graph.nodes["b"].dtypes == (None,)


def test_recorded_shapes_tell_of_the_outputs_of_an_unknown_op(tmp_path):
    shapes = "list { shape {} shape {} shape {} }"
    text = f'node {{ name: "a" op: "Own" attr {{ key: "_output_shapes" value {{ {shapes} }} }} }}'
    assert graph_of(tmp_path, text).nodes["a"].dtypes == (None, None, None)


def test_a_definition_that_does_not_fit_the_node_counts_as_unknown(tmp_path):
    graph = graph_of(
        tmp_path,
        """node { name: "a" op: "Const" }
           node { name: "s" op: "Split" input: "a" input: "a" attr { key: "num_split" value { f: 1.5 } } }
           node { name: "u" op: "Unpack" input: "a" attr { key: "num" value { i: 4611686018427387904 } } }
           node { name: "c" op: "Identity" input: "s:1" }""",
    )
    assert graph.nodes["s"].dtypes == (None, None)
    assert graph.nodes["u"].dtypes == (None,)


def test_a_call_by_name_has_the_outputs_of_the_function(tmp_path):
    graph = graph_of(
        tmp_path,
        RELU
        + """node { name: "call" op: "f" input: "x" } node { name: "z" op: "Identity" input: "call:1" }
             library { function { signature { name: "f" is_stateful: true input_arg { name: "a" type: DT_FLOAT }
               output_arg { name: "p" type: DT_FLOAT } output_arg { name: "q" type: DT_INT32 } }
               node_def { name: "k" op: "Const" attr { key: "dtype" value { type: DT_INT32 } } }
               ret { key: "p" value: "a" } ret { key: "q" value: "k:output:0" } } }""",
    )
    assert graph.nodes["call"].dtypes == ("float32", "int32")
    assert graph.nodes["call"].stateful


NODE = 'node { name: "a" op: "Const" }'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (NODE * 2, "two nodes are named 'a'"),
        ('node { name: "b" op: "Identity" input: "gone" }', "node 'b' reads 'gone'"),
        ('node { name: "b" op: "Identity" input: "^gone" }', "node 'b' waits for 'gone'"),
        (NODE + 'node { name: "b" op: "Identity" input: "a:1" }', "output 1 of 'a'"),
        (NODE + 'node { name: "b" op: "Identity" input: "a:x" }', "node 'b' reads 'a:x'"),
        (NODE + 'node { name: "b" op: "Identity" input: "a:-1" }', "node 'b' reads 'a:-1'"),
        (NODE + 'node { name: "b" op: "Identity" input: "a:99999999999999999999" }', "node 'b' reads"),
        (
            'node { name: "o" op: "Own" } node { name: "b" op: "Identity" input: "o:999999999" }',
            "output 999999999 of 'o'",
        ),
        ('node { name: "b" op: "Identity" input: "b" }', "b -> b"),
        ('node { name: "b" op: "Identity" input: "c" } node { name: "c" op: "Identity" input: "b" }', "cycle"),
        ('node { op: "Const" }', "has no name"),
        ('node { name: "x" }', "'x' has no op"),
        (NODE + 'node { name: "b" op: "Identity" input: "" }', "node 'b' reads ''"),
        (
            NODE + 'library { function { signature { name: "f" } } function { signature { name: "f" } } }',
            "two functions",
        ),
    ],
)
def test_broken_graphs(tmp_path, text, reason):
    path = write(tmp_path / "m.pb", encoded("GraphDef", text))
    with pytest.raises(GraphError) as error:
        load(path)
    assert reason in str(error.value)
    assert str(error.value).startswith(str(path))


def test_a_loop_is_no_illegal_cycle(tmp_path):
    graph = graph_of(
        tmp_path,
        """node { name: "a" op: "Const" } node { name: "n" op: "NextIteration" input: "m" }
           node { name: "m" op: "Merge" input: "a" input: "n" attr { key: "N" value { i: 2 } } }""",
    )
    assert graph.nodes["m"].dtypes == (None, "int32")


def test_a_chain_of_many_nodes(tmp_path):
    relu = delimited(2, b"Relu")
    first = delimited(1, delimited(1, b"n0") + delimited(2, b"Placeholder"))
    links = (delimited(1, delimited(1, b"n%d" % i) + relu + delimited(3, b"n%d" % (i - 1))) for i in range(1, 50_000))
    assert len(load(write(tmp_path / "m.pb", first + b"".join(links))).graph.names_in_order) == 50_000


def test_splats_do_not_add_up(tmp_path, monkeypatch):
    monkeypatch.setattr(nodes, "MAX_ELEMENTS", 100)
    value = "tensor { dtype: DT_INT32 tensor_shape { dim { size: 60 } } int_val: 1 }"
    splat = f'op: "Const" attr {{ key: "value" value {{ {value} }} }}'
    graph = graph_of(tmp_path, f'node {{ name: "a" {splat} }} node {{ name: "b" {splat} }}')
    assert graph.nodes["a"].attrs["value"].value is not None
    assert graph.nodes["b"].attrs["value"].value is None


def test_outputs_do_not_add_up(tmp_path, monkeypatch):
    monkeypatch.setattr(nodes, "MAX_OUTPUTS", 100)
    split = 'op: "Unpack" input: "a" attr { key: "num" value { i: 60 } } }'
    with pytest.raises(GraphError, match="more than 100 outputs"):
        graph_of(tmp_path, f'{NODE} node {{ name: "b" {split} node {{ name: "c" {split}')


def test_tensor_names():
    assert parse_tensor_name("a/b") == TensorRef("a/b")
    assert parse_tensor_name("a:12") == TensorRef("a", 12)
    for text in ("a:", ":0", "a:b", "a: 1", "a:\u0663"):
        with pytest.raises(GraphError):
            parse_tensor_name(text)
