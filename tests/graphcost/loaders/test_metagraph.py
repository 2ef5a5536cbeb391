import pytest
from model_files import RELU, delimited, encoded, message, write

from graphcost.errors import LoadError
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import TensorRef
from graphcost.loaders import load

SIGNATURES = """
signature_def { key: "serving_default" value {
  inputs { key: "in" value { name: "x:0" } } outputs { key: "out" value { name: "y:0" } } } }
signature_def { key: "sparse" value { inputs { key: "s" value { coo_sparse { values_tensor_name: "x:0"
  indices_tensor_name: "x" dense_shape_tensor_name: "y" } } } outputs { key: "c" value { composite_tensor {
  components { name: "x:0" } components { name: "y:0" } } } } } }
signature_def { key: "gone" value { outputs { key: "out" value { name: "z:0" } } } }
signature_def { key: "bad" value { outputs { key: "out" value { name: "y:zero" } } } }
signature_def { key: "__saved_model_init_op" value { outputs { key: "o" value { name: "x" } } } }
"""


@pytest.fixture(params=["meta", "pbtxt"])
def load_text(request, tmp_path):
    """Loads a MetaGraphDef from its text, as a binary file and as a text."""

    def load_it(text):
        return load(
            write(tmp_path / f"m.{request.param}", text if request.param == "pbtxt" else encoded("MetaGraphDef", text))
        )

    return load_it


def test_a_graph_with_signatures(load_text):
    model = load_text(f"graph_def {{ {RELU} }} {SIGNATURES}")
    assert model.format in ("metagraph", "metagraph-text")
    assert list(model.graph.nodes) == ["x", "y"]
    assert model.producer == 716
    assert list(model.signatures) == ["serving_default", "sparse"]
    assert model.signatures["serving_default"].inputs == {"in": TensorRef("x")}
    assert model.signatures["serving_default"].outputs == {"out": TensorRef("y")}
    assert model.signatures["sparse"].inputs == {
        "s/values": TensorRef("x"),
        "s/indices": TensorRef("x"),
        "s/dense_shape": TensorRef("y"),
    }
    assert model.signatures["sparse"].outputs == {"c/0": TensorRef("x"), "c/1": TensorRef("y")}


def test_signatures_that_do_not_fit_the_graph_are_left_out_with_a_warning(load_text):
    warnings = load_text(f"graph_def {{ {RELU} }} {SIGNATURES}").warnings
    assert len(warnings) == 2
    assert "'bad'" in warnings[0]
    assert "'gone'" in warnings[1]


def test_an_op_that_only_the_file_knows(load_text):
    own = 'name: "Own" is_stateful: true output_arg { name: "a" type: DT_INT8 }'
    model = load_text(
        f"meta_info_def {{ stripped_op_list {{ op {{ {own} }} }} }}" + ' graph_def { node { name: "o" op: "Own" } }'
    )
    assert model.graph.nodes["o"].dtypes == ("int8",)
    assert model.graph.nodes["o"].stateful


def test_a_signature_tells_of_the_outputs_of_an_unknown_op(load_text):
    signature = 'signature_def { key: "s" value { outputs { key: "o" value { name: "o:2" } } } }'
    model = load_text('graph_def { node { name: "o" op: "Own" } } ' + signature)
    assert model.graph.nodes["o"].dtypes == (None, None, None)
    assert model.signatures["s"].outputs == {"o": TensorRef("o", 2)}


def binding(name):
    return delimited(1, name)


def old_signatures(*parts):
    text = (
        f'graph_def {{ {RELU} }} collection_def {{ key: "serving_signatures" value {{ any_list {{ value {{}} }} }} }}'
    )
    meta = message("MetaGraphDef", text + ' collection_def { key: "other" value { node_list { value: "x" } } }')
    meta.collection_def["serving_signatures"].any_list.value[0].value = b"".join(parts)
    return meta.SerializeToString()


def test_the_signatures_of_old_exports(tmp_path):
    regression = delimited(1, delimited(1, binding(b"x:0")) + delimited(2, binding(b"y:0")))
    classes = delimited(2, delimited(1, binding(b"x:0")) + delimited(2, binding(b"y")) + delimited(3, binding(b"y:0")))

    def generic(name, key, tensor):
        body = delimited(3, delimited(1, delimited(1, key) + delimited(2, binding(tensor))))
        return delimited(2, delimited(1, name) + delimited(2, body))

    named = delimited(2, delimited(1, b"classify") + delimited(2, classes))
    data = old_signatures(
        delimited(1, regression), named, generic(b"inputs", b"a", b"x:0"), generic(b"outputs", b"b", b"y:0")
    )
    signatures = load(write(tmp_path / "export.meta", data)).signatures
    assert signatures["default"].inputs == {"inputs": TensorRef("x")}
    assert signatures["default"].outputs == {"outputs": TensorRef("y")}
    assert signatures["classify"].outputs == {"classes": TensorRef("y"), "scores": TensorRef("y")}
    assert signatures["named"].inputs == {"a": TensorRef("x")}
    assert signatures["named"].outputs == {"b": TensorRef("y")}


def test_a_broken_collection_is_left_out_with_a_warning(tmp_path):
    model = load(write(tmp_path / "export.meta", old_signatures(b"\xff\xff")))
    assert not model.signatures
    assert "serving_signatures" in model.warnings[0]


def test_no_graph(tmp_path):
    with pytest.raises(LoadError, match="a MetaGraphDef with 0 graphs"):
        load(
            write(
                tmp_path / "m.meta", encoded("MetaGraphDef", 'meta_info_def { tags: "serve" tensorflow_version: "1" }')
            )
        )


VARIABLES = """object_graph_def {
  nodes { user_object {} }
  nodes { variable { name: "dense/kernel" dtype: DT_FLOAT shape { dim { size: 3 } dim { size: -1 } } } }
  nodes { variable { dtype: DT_FLOAT } }
  nodes { variable { name: "twice" dtype: DT_INT64 shape {} } }
  nodes { variable { name: "twice" dtype: DT_INT64 shape {} } }
  nodes { variable { name: "torn" dtype: DT_FLOAT shape {} } }
  nodes { variable { name: "torn" dtype: DT_HALF shape {} } }
  nodes { variable { name: "whole" dtype: DT_FLOAT shape { dim { size: 4 } }
    experimental_distributed_variable_components { name: "part" dtype: DT_FLOAT shape { dim { size: 2 } } } } }
}"""


def test_shapes_of_variables(load_text):
    assert load_text(f"graph_def {{ {RELU} }} {VARIABLES}").variable_shapes == {
        "dense/kernel": ("float32", PartialShape((3, -1))),
        "twice": ("int64", PartialShape(())),
        "whole": ("float32", PartialShape((4,))),
        "part": ("float32", PartialShape((2,))),
    }
