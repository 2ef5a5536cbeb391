import pytest
from model_files import RELU, encoded, write

from graphcost.errors import GraphError
from graphcost.ir.literal import Literal, PartialShape
from graphcost.ir.node import TensorRef
from graphcost.loaders import load

SIGNATURE = """signature { name: "f"
    input_arg { name: "a" type: DT_FLOAT } input_arg { name: "b" type: DT_RESOURCE }
    output_arg { name: "second" type: DT_FLOAT } output_arg { name: "first" type: DT_FLOAT } }"""

BODY = """
    node_def { name: "axis" op: "Const" attr { key: "dtype" value { type: DT_INT32 } } }
    node_def { name: "s" op: "Split" input: "axis:output:0" input: "a" input: "^read"
      attr { key: "num_split" value { i: 3 } } attr { key: "T" value { type: DT_FLOAT } } }
    node_def { name: "top" op: "TopKV2" input: "s:output:2" input: "axis:output"
      attr { key: "T" value { type: DT_FLOAT } } }
    node_def { name: "use" op: "Identity" input: "top:indices:0" }
    node_def { name: "read" op: "ReadVariableOp" input: "b" attr { key: "dtype" value { type: DT_FLOAT } } }
    ret { key: "first" value: "s:output:1" } ret { key: "second" value: "read:value:0" }
    control_ret { key: "read" value: "read" }
    arg_attr { key: 0 value { attr { key: "_output_shapes" value { list { shape { dim { size: -1 } } } } } } }
"""


def body_of(tmp_path, text):
    text = f"{RELU} library {{ function {{ {text} }} }}"
    binary = load(write(tmp_path / "m.pb", encoded("GraphDef", text))).graph.functions
    assert load(write(tmp_path / "m.pbtxt", text)).graph.functions == binary
    return binary["f"]


def test_the_body_is_a_graph(tmp_path):
    graph = body_of(tmp_path, SIGNATURE + BODY)
    assert list(graph.nodes) == ["a", "b", "axis", "s", "top", "use", "read"]
    assert graph.inputs == (TensorRef("a"), TensorRef("b"))
    assert graph.outputs == (TensorRef("read"), TensorRef("s", 1))
    assert graph.controls == ("read",)


def test_arguments_are_nodes(tmp_path):
    graph = body_of(tmp_path, SIGNATURE + BODY)
    assert graph.nodes["a"].op == "_Arg"
    assert graph.nodes["a"].attrs == {"T": "float32", "index": 0, "_output_shapes": (PartialShape((-1,)),)}
    assert graph.nodes["b"].attrs == {"T": "resource", "index": 1}
    assert graph.nodes["b"].dtypes == ("resource",)


def test_numbers_in_what_is_said_of_an_argument_are_not_read(tmp_path):
    said = """arg_attr { key: 1 value { attr { key: "_default" value { tensor {
        dtype: DT_FLOAT tensor_shape { dim { size: 2 } } float_val: 1 float_val: 2 } } } } }"""
    graph = body_of(tmp_path, SIGNATURE + BODY + said)
    assert graph.nodes["b"].attrs["_default"] == Literal("float32", (2,), None)


def test_names_of_outputs_become_ports(tmp_path):
    graph = body_of(tmp_path, SIGNATURE + BODY)
    assert graph.nodes["s"].inputs == (TensorRef("axis"), TensorRef("a"))
    assert graph.nodes["s"].controls == ("read",)
    assert graph.nodes["top"].inputs == (TensorRef("s", 2), TensorRef("axis"))
    assert graph.nodes["use"].inputs == (TensorRef("top", 1),)


def test_a_call_by_name_inside_a_body(tmp_path):
    caller = """signature { name: "f" output_arg { name: "y" type: DT_FLOAT } }
        node_def { name: "c" op: "g" } ret { key: "y" value: "c:q:0" } }
        function { signature { name: "g"
          output_arg { name: "p" type: DT_INT32 } output_arg { name: "q" type: DT_FLOAT } }
        node_def { name: "k" op: "Const" attr { key: "dtype" value { type: DT_INT32 } } }
        ret { key: "p" value: "k:output:0" } ret { key: "q" value: "k:output:0" }"""
    graph = body_of(tmp_path, caller)
    assert graph.outputs == (TensorRef("c", 1),)
    assert graph.nodes["c"].dtypes == ("int32", "float32")


def test_an_unknown_op_gets_ports_for_the_arguments_that_are_read(tmp_path):
    graph = body_of(
        tmp_path,
        """signature { name: "f" output_arg { name: "y" type: DT_FLOAT } }
           node_def { name: "o" op: "Own" }
           node_def { name: "i" op: "Own" input: "o:parts:2" input: "o:rest:0" }
           ret { key: "y" value: "o:parts:0" }""",
    )
    assert graph.nodes["i"].inputs == (TensorRef("o", 2), TensorRef("o", 3))
    assert graph.nodes["o"].dtypes == (None,) * 4
    assert graph.outputs == (TensorRef("o", 0),)


def test_arguments_of_the_same_name(tmp_path):
    with pytest.raises(GraphError, match="function 'f': two of its arguments"):
        body_of(tmp_path, SIGNATURE.replace('"b"', '"a"') + BODY)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"s:output:1"', '"s:output:3"', "'s:output:3'"),
        ('"s:output:1"', '"s:nothing:0"', "'s:nothing:0'"),
        ('"s:output:1"', '"gone:output:0"', "'gone:output:0'"),
        ('"s:output:1"', '"s:output:x"', "'s:output:x'"),
        ('"s:output:2"', '"s:output:99999999999"', "node 'top' reads 's:output:99999999999'"),
        ('input: "a"', 'input: "gone"', "node 's' reads 'gone'"),
        ('"^read"', '"^gone"', "'gone'"),
        ('ret { key: "first"', 'ret { key: "other"', "result 'first'"),
        ('value: "read" }', 'value: "gone" }', "'gone'"),
        ('name: "use"', 'name: "a"', "two nodes are named 'a'"),
        ('"top:indices:0"', '"use:output:0"', "cycle"),
    ],
)
def test_a_broken_body_names_its_function(tmp_path, old, new, reason):
    assert old in BODY
    text = f"{RELU} library {{ function {{ {SIGNATURE} {BODY.replace(old, new)} }} }}"
    path = write(tmp_path / "m.pb", encoded("GraphDef", text))
    with pytest.raises(GraphError) as error:
        load(path)
    assert "function 'f'" in str(error.value)
    assert reason in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(("text", "ref"), [("axis", "axis"), ("a", "a"), ("a:0", "a"), ("s:output:1", "s:1")])
def test_what_names_no_output_is_the_first(tmp_path, text, ref):
    """An argument of the function, or a node named as outside of functions."""
    used = f'node_def {{ name: "more" op: "Identity" input: "{text}" }}'
    (found,) = body_of(tmp_path, SIGNATURE + BODY + used).nodes["more"].inputs
    assert str(found) == ref
