import pytest
from model_files import message

from graphcost.ir.literal import Literal, PartialShape, Value
from graphcost.ir.node import FunctionRef
from graphcost.loaders.attrs import decode_attr


@pytest.mark.parametrize(
    ("text", "attr"),
    [
        ('s: "NHWC"', b"NHWC"),
        ("i: -3", -3),
        ("f: 0.5", 0.5),
        ("b: true", True),
        ("type: DT_FLOAT", "float32"),
        ("type: DT_FLOAT_REF", "float32"),
        ("type: DT_INVALID", None),
        ("type: 1234", None),
        ("shape { dim { size: 2 } }", PartialShape((2,))),
        ("tensor { dtype: DT_INT32 tensor_shape {} int_val: 3 }", Literal("int32", (), Value((), (3,)))),
        ("list { i: 1 i: 2 }", (1, 2)),
        ("list {}", ()),
        ("list { type: DT_INT8 type: DT_STRING }", ("int8", "string")),
        ('list { s: "a" }', (b"a",)),
        ("list { b: true b: false }", (True, False)),
        ("list { shape { unknown_rank: true } }", (PartialShape(None),)),
        ("list { tensor { dtype: DT_INT32 tensor_shape {} int_val: 3 } }", (Literal("int32", (), None),)),
        ('func { name: "f" attr { key: "T" value { type: DT_HALF } } }', FunctionRef("f", {"T": "float16"})),
        ('list { func { name: "f" } }', (FunctionRef("f", {}),)),
        ('placeholder: "T"', None),
        ("", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_decoding(text, attr):
    decoded = decode_attr(message("AttrValue", text))
    assert decoded == attr
    assert type(decoded) is type(attr)
