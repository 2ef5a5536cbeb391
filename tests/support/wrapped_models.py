"""The same model within something that changes nothing: a call, a branch whose sides are alike, a loop of one trip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphcost.loaders.opdefs import tensorflow_ops

FLOAT, INT, BOOL = 1, 3, 10
BODY = "body"


def called(model: Any) -> Any:
    """Its nodes in a function, which is called."""
    whole = _around(model)
    _node(whole.node, "last", "PartitionedCall", "x", Tin=[FLOAT], Tout=[FLOAT], f=BODY)
    return whole


def in_branches(model: Any) -> Any:
    """Its nodes in both branches of an If, of which an input chooses one."""
    whole = _around(model)
    whole.node.add(name="choice", op="Placeholder").attr["dtype"].type = BOOL
    branches = {"then_branch": BODY, "else_branch": BODY}
    _node(whole.node, "last", "StatelessIf", "choice", "x", Tcond=BOOL, Tin=[FLOAT], Tout=[FLOAT], **branches)
    return whole


def in_a_loop(model: Any) -> Any:
    """Its nodes in the body of a loop that runs once."""
    whole = _around(model)
    variables = {"i": INT, "x": FLOAT, "y": FLOAT}
    _function(whole, "condition", variables, {"more": ("Less", ("i", "one:output:0"), {"T": INT})}, {"more": BOOL})
    _function(
        whole,
        "step",
        variables,
        {
            "next": ("AddV2", ("i", "one:output:0"), {"T": INT}),
            "run": ("PartitionedCall", ("x",), {"Tin": [FLOAT], "Tout": [FLOAT], "f": BODY}),
        },
        {"next": INT, "x": FLOAT, "run": FLOAT},
    )
    _constant(whole.node, "zero", 0)
    whole.node.add(name="before", op="Placeholder").attr["dtype"].type = FLOAT
    bodies = {"cond": "condition", "body": "step"}
    _node(whole.node, "loop", "StatelessWhile", "zero", "x", "before", T=[INT, FLOAT, FLOAT], **bodies)
    _node(whole.node, "last", "Identity", "loop:2", T=FLOAT)
    return whole


def _around(model: Any) -> Any:
    """A graph with the model's input, and the rest of it as a function of that."""
    whole = type(model)()
    whole.versions.CopyFrom(model.versions)
    (given,) = (node for node in model.node if node.op == "Placeholder")
    whole.node.add().CopyFrom(given)
    function = whole.library.function.add()
    function.signature.name = BODY
    function.signature.input_arg.add(name=given.name, type=FLOAT)
    function.signature.output_arg.add(name="result", type=FLOAT)
    outputs = {node.name: tensorflow_ops().get(node.op) for node in model.node}
    for node in model.node:
        if node.name != given.name:
            copy = function.node_def.add()
            copy.CopyFrom(node)
            copy.input[:] = [each if each == given.name else _port(each, outputs) for each in node.input]
    function.ret["result"] = _port("last", outputs)
    return whole


def _port(name: str, definitions: Mapping[str, Any]) -> str:
    """A node's first output, as functions write it."""
    return f"{name}:{definitions[name].outputs[0].name}:0"


def _function(
    whole: Any, name: str, inputs: Mapping[str, int], nodes: Mapping[str, Any], results: Mapping[str, int]
) -> None:
    function = whole.library.function.add()
    function.signature.name = name
    for argument, dtype in inputs.items():
        function.signature.input_arg.add(name=argument, type=dtype)
    _constant(function.node_def, "one", 1)
    for node, (op, read, attrs) in nodes.items():
        _node(function.node_def, node, op, *read, **attrs)
    for result, dtype in results.items():
        function.signature.output_arg.add(name=f"{result}_out", type=dtype)
        definition = tensorflow_ops().get(nodes[result][0]) if result in nodes else None
        port = "" if definition is None else f":{definition.outputs[0].name}:0"
        function.ret[f"{result}_out"] = f"{result}{port}"


def _constant(nodes: Any, name: str, number: int) -> None:
    node = nodes.add(name=name, op="Const")
    node.attr["dtype"].type = INT
    node.attr["value"].tensor.dtype = INT
    node.attr["value"].tensor.tensor_shape.SetInParent()
    node.attr["value"].tensor.int_val.append(number)


def _node(nodes: Any, name: str, op: str, *inputs: str, **attrs: Any) -> None:
    """Adds a node; numbers are dtypes, lists of them too, and texts are functions."""
    node = nodes.add(name=name, op=op, input=inputs)
    for key, value in attrs.items():
        if isinstance(value, str):
            node.attr[key].func.name = value
        elif isinstance(value, list):
            node.attr[key].list.type.extend(value)
        else:
            node.attr[key].type = value
