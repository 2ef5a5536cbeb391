"""What the user lays down: shapes and values of inputs, by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.errors import UsageError
from graphcost.evaluate.feeds import feeds, is_scalar_input, symbol_names
from graphcost.ir.literal import Value
from graphcost.ir.node import EMPTY, TensorRef
from graphcost.loaders import Signature
from graphcost.ops.fact import Fact
from graphcost.plugins import installed_rules

GRAPH = tiny_graph("""
    x = Placeholder(dtype=float32, shape=<?,3>)
    image = Placeholder(dtype=float32, shape=<*>)
    flag = Placeholder(dtype=bool, shape=<>)
    flags = Placeholder(dtype=bool, shape=<2>)
    count = Placeholder(dtype=int32, shape=<>)
    w = VarHandleOp(dtype=float32, shape=<2>)
    handle = Placeholder(dtype=resource, shape=<>)
    y = Neg(x, T=float32)
""")
SIGNATURE = Signature({"picture": TensorRef("x")}, {})
FLAG = {TensorRef("flag"): Fact(shape=Shape(), value=Value.scalar(symbol("flag", least=0)))}


def names(signature: Signature | None = None) -> Mapping[TensorRef, str]:
    return symbol_names(GRAPH, installed_rules(), signature)


def fed(
    shapes: Mapping[str, Sequence[int | None]] = EMPTY,
    values: Mapping[str, int] = EMPTY,
    signature: Signature | None = None,
) -> dict[TensorRef, Fact]:
    """What is fed beside the symbol of the flag."""
    found = feeds(GRAPH, names(signature), signature, shapes, values)
    return {ref: fact for ref, fact in found.items() if FLAG.get(ref) != fact}


def test_symbols_go_by_the_key_of_the_signature_else_by_the_node() -> None:
    assert {str(ref): name for ref, name in names(SIGNATURE).items()} == {
        "x": "picture",
        "image": "image",
        "flag": "flag",
        "flags": "flags",
        "count": "count",
    }
    assert names()[TensorRef("x")] == "x"


def test_a_boolean_scalar_without_a_value_is_a_symbol_that_may_be_zero() -> None:
    assert feeds(GRAPH, names(), None, EMPTY, EMPTY) == FLAG


def test_open_sizes_of_a_shape_are_the_symbols_that_they_were() -> None:
    assert fed({"image": [None, 5, None]}) == {
        TensorRef("image"): Fact(shape=Shape(symbol("N"), 5, symbol("image[2]"))),
    }


def test_sizes_that_the_file_fixes_stay() -> None:
    for dims in ([8, None], [8, 3]):
        assert fed({"x": dims}) == {TensorRef("x"): Fact(shape=Shape(8, 3))}


def test_shapes_that_contradict_the_file_are_refused() -> None:
    with pytest.raises(UsageError, match=r"--shape x=\?,4: axis 1 of the input is 3"):
        fed({"x": [None, 4]})
    with pytest.raises(UsageError, match=r"--shape x=1,2,3: the input has rank 2"):
        fed({"x": [1, 2, 3]})


def test_an_input_goes_by_its_node_and_by_its_key() -> None:
    for name in ("picture", "x"):
        assert fed({name: [8, None]}, signature=SIGNATURE) == {TensorRef("x"): Fact(shape=Shape(8, 3))}


def test_the_shape_of_a_handle_is_that_of_its_variable() -> None:
    assert fed({"handle": [4, 5]}) == {TensorRef("handle"): Fact(element=Fact(shape=Shape(4, 5)))}


def test_values_have_the_dtype_of_their_input() -> None:
    (flag,) = fed(values={"flag": 1}).values()
    assert flag.value is not None
    assert flag.value.items[0] is True
    assert fed(values={"count": 7}) == {TensorRef("count"): Fact(shape=Shape(), value=Value.scalar(7))}


def test_a_name_that_is_no_input_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no input 'imag'; its inputs are image"):
        fed({"imag": [1]})
    with pytest.raises(UsageError, match="no input 'y'"):
        fed({"y": [1, 3]})


def test_without_inputs_there_are_none_to_name() -> None:
    with pytest.raises(UsageError, match="no input 'x'; it has none"):
        feeds(tiny_graph("c = Const(value=1)"), {}, None, {"x": [1]}, EMPTY)


@pytest.mark.parametrize(
    ("name", "is_scalar"),
    [("flag", True), ("count", True), ("image", True), ("x", False), ("flags", False), ("N", False), ("x[1]", False)],
)
def test_a_scalar_input_is_one_whose_shape_allows_it(name: str, is_scalar: bool) -> None:
    assert is_scalar_input(name, GRAPH, names(), None) is is_scalar
