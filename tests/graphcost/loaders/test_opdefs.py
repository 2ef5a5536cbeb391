import pytest
from model_files import message

from graphcost.loaders.opdefs import MAX_PORTS, OpDefs, decode_op_def, tensorflow_ops

OWN = """
name: "Own" input_arg { name: "x" type: DT_FLOAT }
output_arg { name: "parts" type_attr: "T" number_attr: "N" }
output_arg { name: "rest" type_list_attr: "Ts" }
output_arg { name: "count" type: DT_INT64_REF }
attr { name: "N" type: "int" default_value { i: 2 } }
attr { name: "T" type: "type" }
is_stateful: true
"""


def test_tensorflows_ops():
    conv = tensorflow_ops().get("Conv2D")
    assert conv is not None
    assert [arg.name for arg in conv.inputs] == ["input", "filter"]
    assert conv.defaults["dilations"] == (1, 1, 1, 1)
    assert conv.defaults["data_format"] == b"NHWC"
    assert not conv.stateful
    assert "T" not in conv.defaults
    assert len(tensorflow_ops().names) > 1800


def test_the_default_that_matters():
    assert tensorflow_ops().get("FusedBatchNormV3").defaults["is_training"] is True


@pytest.mark.parametrize("op", ["VarHandleOp", "RandomUniform", "VariableV2", "Placeholder", "While", "StatelessWhile"])
def test_state(op):
    expected = op in ("VarHandleOp", "RandomUniform", "VariableV2", "While")
    assert tensorflow_ops().get(op).stateful is expected


@pytest.mark.parametrize(
    ("op", "attrs", "dtypes"),
    [
        ("Conv2D", {"T": "float32"}, ("float32",)),
        ("Conv2D", {}, (None,)),
        ("Conv2D", {"T": 3}, (None,)),
        ("Shape", {"out_type": "int64"}, ("int64",)),
        ("FusedBatchNormV3", {"T": "float16", "U": "float32"}, ("float16", *["float32"] * 5)),
        ("Split", {"T": "float32", "num_split": 3}, ("float32",) * 3),
        ("Split", {"T": "float32", "num_split": "x"}, None),
        ("Split", {"T": "float32", "num_split": -1}, None),
        ("Split", {"T": "float32", "num_split": 1 << 60}, None),
        ("Split", {"T": "float32"}, None),
        ("IteratorGetNext", {"output_types": ("int32", None)}, ("int32", None)),
        ("IteratorGetNext", {"output_types": 3}, None),
        ("IteratorGetNext", {"output_types": ("int32",) * (MAX_PORTS + 1)}, None),
        ("TopKV2", {"T": "float32", "index_type": "int32"}, ("float32", "int32")),
        ("NoOp", {}, ()),
        ("VariableV2", {"dtype": "float32"}, ("float32",)),
    ],
)
def test_dtypes_of_the_outputs(op, attrs, dtypes):
    assert tensorflow_ops().get(op).dtypes(attrs) == dtypes


def test_lists_and_single_outputs_side_by_side():
    own = decode_op_def(message("OpDef", OWN))
    attrs = {"N": 2, "T": "int8", "Ts": ("bool", "string")}
    assert own.dtypes(attrs) == ("int8", "int8", "bool", "string", "int64")
    assert own.ports(attrs) == {"parts": range(2), "rest": range(2, 4), "count": range(4, 5)}
    assert own.ports({"N": 2}) is None
    assert own.dtypes({"N": 2}) is None
    assert own.defaults == {"N": 2}
    assert own.stateful


def test_definitions_of_the_file_come_after_tensorflows():
    redefined = message("OpDef", 'name: "Relu" is_stateful: true')
    op_defs = OpDefs([message("OpDef", OWN), redefined], fallback=tensorflow_ops())
    assert op_defs.get("Own").stateful
    assert not op_defs.get("Relu").stateful
    assert op_defs.get("Nobody'sOp") is None
    assert "Own" in op_defs
    assert "Own" in op_defs.names
    assert "Nobody'sOp" not in op_defs
