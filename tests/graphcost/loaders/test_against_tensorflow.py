"""TensorFlow's own import of real files agrees on every node's inputs, dtypes and state."""

from pathlib import Path

import pytest

from graphcost.loaders import load

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.tensorflow,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared graphs aren't beside the repository"),
]

GRAPHS = [
    "kws-gru-s/GRU_S.pb",
    "tf2onnx-lstm/frozen.pb",
    "utensor-cnn-quant/test_cnn.pb",
    "tensorboard-mnist/graphdef_mnist.pbtxt",
    "litert-if-op/if_op.pbtxt",
]
META_GRAPHS = ["aibench-lstm/lstm.meta", "scisharp-word2vec/word2vec.meta", "impala-meta/model.ckpt-89639040.meta"]
SAVED_MODELS = [
    "mlperf-tiny-kws/saved_model.pb",
    "scisharp-keras-lstm/saved_model.pb",
    "tf-rust-regression-savedmodel/saved_model.pb",
    "tfx-taxi-serving-2022/saved_model.pb",
    "tfx-taxi-tft-tf2/saved_model.pb",
]


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


def graph_def(path):
    """The GraphDef in a file, read with TensorFlow's own messages."""
    from google.protobuf import text_format
    from tensorflow.core.framework.graph_pb2 import GraphDef
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    if path.suffix == ".pbtxt":
        return text_format.Parse(path.read_text(), GraphDef())
    if path.suffix == ".meta":
        return MetaGraphDef.FromString(path.read_bytes()).graph_def
    if path.name == "saved_model.pb":
        return SavedModel.FromString(path.read_bytes()).meta_graphs[0].graph_def
    return GraphDef.FromString(path.read_bytes())


def described(op):
    return (
        op.type,
        [(tensor.op.name, tensor.value_index) for tensor in op.inputs],
        {control.name for control in op.control_inputs},
        tuple(tensor.dtype.base_dtype.name for tensor in op.outputs),
        op.op_def.is_stateful,
    )


@pytest.mark.parametrize("name", [*GRAPHS, *META_GRAPHS, *SAVED_MODELS])
def test_top_level_nodes(tf, name):
    nodes = load(CORPUS / name).graph.nodes
    imported = tf.Graph()
    with imported.as_default():
        tf.graph_util.import_graph_def(graph_def(CORPUS / name), name="")
    assert {op.name for op in imported.get_operations()} == set(nodes)
    for op in imported.get_operations():
        node = nodes[op.name]
        ours = (node.op, [tuple(ref) for ref in node.inputs], set(node.controls), node.dtypes, node.stateful)
        assert ours == described(op), op.name


@pytest.mark.parametrize("name", [*SAVED_MODELS, "litert-if-op/if_op.pbtxt"])
def test_inputs_in_function_bodies(tf, name):
    from tensorflow.python.framework.function_def_to_graph import function_def_to_graph_def

    functions = load(CORPUS / name).graph.functions
    theirs = graph_def(CORPUS / name)
    compared = 0
    with tf.Graph().as_default():
        tf.graph_util.import_graph_def(theirs, name="")
        for function in theirs.library.function:
            body = functions[function.signature.name]
            flat, ports = function_def_to_graph_def(function)
            assert [str_of(ref) for ref in body.outputs] == [
                with_port(ports[function.ret[arg.name]]) for arg in function.signature.output_arg
            ]
            for node in flat.node:
                compared += 1
                inputs = [with_port(text) for text in node.input if not text.startswith("^")]
                assert [str_of(ref) for ref in body.nodes[node.name].inputs] == inputs, node.name
    assert compared == sum(len(body.nodes) for body in functions.values())


def str_of(ref):
    return f"{ref.node}:{ref.port}"


def with_port(name):
    return name if ":" in name else f"{name}:0"


@pytest.mark.parametrize("name", [*GRAPHS, *META_GRAPHS])
def test_values_of_constants(tf, name):
    nodes = load(CORPUS / name).graph.nodes
    compared = 0
    for node in graph_def(CORPUS / name).node:
        literal = nodes[node.name].attrs.get("value") if node.op == "Const" else None
        if literal is not None and literal.value is not None:
            compared += 1
            array = tf.make_ndarray(node.attr["value"].tensor)
            if array.dtype.names:  # a quantized dtype is a structure of one field
                array = array[array.dtype.names[0]]
            assert literal.shape == array.shape
            assert literal.value.items == tuple(array.reshape(-1).tolist()), node.name
    assert compared
