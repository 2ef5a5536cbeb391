"""Code that isn't in the graph: its cost is a symbol with a reason, never a zero; its shapes are those declared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from evaluation import counted
from single_op import apply
from tiny_graph import tiny_graph

from graphcost import Cost, Free, PartialShape, Shape
from graphcost.dims import symbol
from graphcost.ir.node import FunctionRef
from graphcost.loaders import Model
from graphcost.ops.status import Status
from graphcost.pipeline import analyze
from graphcost_rules.closed import RULES

CALLING = """
x = Placeholder(dtype={0}, shape=<2>)
y = PyFunc(x, token=b'f') -> {0}
"""
FUNCTION = FunctionRef("nowhere", {})


def test_what_runs_unseen_has_a_symbol_and_a_reason_and_the_rest_compiles() -> None:
    free = {rule.op for rule in RULES if isinstance(rule.cost, Free)}
    assert free == {"TPUCompile", "_XlaCompile"}
    assert all(rule.opaque and callable(rule.cost) for rule in RULES if rule.op not in free)


def test_the_cost_of_foreign_code_is_one_symbol() -> None:
    assert apply(RULES, "PyFunc", Shape(2)).cost == Cost(add=symbol("flops(node)", least=0))


@pytest.mark.parametrize("dtype", ["float32", "int64", "string", "complex64"])
def test_it_is_flops_whatever_the_operands_are(dtype: str) -> None:
    graph = tiny_graph(CALLING.format(dtype), "y")
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert (line.status, line.work.flops, line.work.int_ops) == (Status.COSTED, symbol("flops(y)", least=0), 0)
    assert line.reason == "it calls Python code, which isn't in the graph"


def test_a_total_is_complete_once_its_symbol_is_bound() -> None:
    model = Model("model.pb", "graphdef", tiny_graph(CALLING.format("float32"), "y"))
    report = analyze(model)
    assert (report.coverage, report.is_complete, report.symbols) == (1.0, False, ("flops(y)",))
    bound = analyze(model, bind={"flops(y)": 1000})
    assert (bound.is_complete, bound.total.work.flops) == (True, 1000)


def test_shapes_are_those_that_the_caller_declared() -> None:
    results = [PartialShape((2, 3)), PartialShape(None), PartialShape((-1, 4))]
    known, unknown, partial = apply(RULES, "XlaCallModule", Shape(2), Sout=results).shapes
    assert known == Shape(2, 3)
    assert unknown is None
    assert partial is not None
    assert partial[1] == 4


def test_the_line_says_that_the_program_is_closed() -> None:
    graph = tiny_graph("x = Placeholder(dtype=float32, shape=<2>)\n y = XlaCallModule(x) -> float32", "y")
    call = graph.nodes["y"]
    graph = graph.replacing([replace(call, attrs={**call.attrs, "Sout": (PartialShape((2,)),)})])
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert "StableHLO" in line.reason
    assert line.outputs == (Shape(2),)


def test_a_program_is_compiled_for_free() -> None:
    graph = tiny_graph(
        """
        n = Placeholder(dtype=int64, shape=<2>)
        y = TPUCompile(n, NumDynamicShapes=1, Tguaranteed_constants=[], num_computations=1, function=@f)
        z = TPUExecute(n, y:1, Targs=['int64'], Tresults=['float32'])
        """,
        "z",
    )
    lines = {line.op: line for line in counted(graph).lines}
    assert (lines["TPUCompile"].status, lines["TPUCompile"].reason) == (Status.FREE, "compiles a program")
    assert lines["TPUExecute"].work.flops == symbol("flops(z)", least=0)


@pytest.mark.parametrize(
    ("kind", "attrs"),
    [
        ("XlaCallModule", {}),
        ("XlaCallModule", {"Sout": [3]}),
        ("XlaCustomCall", {"shape": b"2"}),
        ("XlaHostCompute", {}),
        ("XlaSparseDenseMatmulCustomCombinerOnTcWithCsrInput", {"input_size": -1, "max_valency": 2}),
    ],
)
def test_attributes_that_do_not_fit_are_refused(kind: str, attrs: dict[str, Any]) -> None:
    graph = tiny_graph(f"x = Placeholder(dtype=float32, shape=<2>)\n y = {kind}({'x, ' * 7}T=3) -> float32", "y")
    node = graph.nodes["y"]
    frozen = {name: tuple(value) if isinstance(value, list) else value for name, value in attrs.items()}
    graph = graph.replacing([replace(node, attrs={**node.attrs, **frozen})])
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert line.status is Status.INVALID


@pytest.mark.tensorflow
def test_shapes_are_those_of_tensorflow_s_shape_functions() -> None:
    tf = pytest.importorskip("tensorflow")
    from shape_function import Tensor, prove_shapes, tensor

    def prove(kind: str, inputs: list[Tensor], lists: dict[str, int] | None = None, **attrs: Any) -> None:
        prove_shapes(RULES, kind, inputs, lists, **attrs)

    real, shape = tf.float32, tf.TensorShape
    x = tensor(2, 3)
    prove("SymbolicGradient", [x, tensor(4), tensor(5)], {"input": 3}, Tout=[real, real], f=FUNCTION)
    prove("XlaCallModule", [x], {"args": 1}, version=1, module="", Sout=[shape([None, 3])], Tout=[real])
    prove("XlaCustomCall", [x], {"args": 1}, target_name="", backend_config="", dtype=real, shape=shape([2, 3]))
    called = {"call_target_name": "", "backend_config": "", "has_side_effect": False}
    prove("XlaCustomCallV2", [x], {"operands": 1}, **called, result_dtypes=[real], result_shapes=[shape([2, 3])])
    hosted = {"Toutputs": [real], "ancestors": [], "key": "", "shape_inference_graph": FunctionRef("", {})}
    prove("XlaHostCompute", [x], {"inputs": 1}, **hosted, shapes=[shape([3, 4])])
    lists = {"dynamic_shapes": 1, "guaranteed_constants": 1}
    sizes = tensor(2, dtype="int64")
    prove("TPUCompile", [sizes, x], lists, num_computations=2, function=FUNCTION, metadata="")


ROWS = ((16, "int32"), (16, "int32"), (16, "int32"), (16, "float32"))
COMBINED = {
    "Sgd": (1, {}),
    "Adagrad": (2, {}),
    "AdagradMomentum": (3, {"use_nesterov": False, "exponent": 1.0, "beta1": 0.9, "beta2": 0.9, "epsilon": 0.1}),
    "Adam": (3, {"use_sum_inside_sqrt": False, "beta1": 0.9, "beta2": 0.9, "epsilon": 0.1}),
    "Ftrl": (
        3,
        {
            "multiply_linear_by_learning_rate": False,
            "beta": 0.9,
            "learning_rate_power": 0.9,
            "l1_regularization_strength": 0.1,
            "l2_regularization_strength": 0.1,
        },
    ),
}


@pytest.mark.tensorflow
def test_custom_combiners_have_the_shapes_of_tensorflow_s_shape_functions() -> None:
    pytest.importorskip("tensorflow")
    from shape_function import prove_shapes, tensor

    rows = [tensor(8, dtype="int32"), *(tensor(count, dtype=dtype) for count, dtype in ROWS)]
    table, rate = tensor(100, 32), tensor()
    common = {"max_valency": 5, "num_weights": 4, "table_name": ""}
    config = {"quantization_config_low": 0.0, "quantization_config_high": 1.0, "quantization_config_num_buckets": 0}
    name = "XlaSparseDenseMatmulCustomCombinerOnTc"
    prove_shapes(
        RULES,
        f"{name}WithCsrInput",
        [*rows, table, tensor(4)],
        input_size=10,
        combiner_computation=FUNCTION,
        **common,
        **config,
    )
    before = [*rows, tensor(4), tensor(10, dtype="int32"), tensor(10, 5, 32), tensor(4), tensor(10, 32)]
    gradients = {"combiner_table_vjp_computation": FUNCTION, "combiner_weights_vjp_computation": FUNCTION, **common}
    for optimizer, (tables, attrs) in COMBINED.items():
        given = [*before, rate, rate, *[table] * tables]
        prove_shapes(RULES, f"{name}GradWith{optimizer}AndCsrInput", given, **gradients, **attrs)
    prove_shapes(
        RULES,
        f"{name}GradWithCsrInput",
        [*before, table, table, rate, rate],
        {"tables": 2, "hyperparameters": 1},
        optimizer_custom_computation=FUNCTION,
        **gradients,
    )
    prove_shapes(
        RULES,
        "XlaSparseDenseMatmulGradWithCsrInput",
        [*rows[:3], rows[4], tensor(10, 32), table, table, rate, tensor(dtype="int32")],
        {"tables": 2, "hyperparameters": 1},
        custom_computation=FUNCTION,
        table_name="",
    )


@pytest.mark.parametrize("kind", ["XlaCallModule", "XlaCustomCall", "XlaCustomCallV2"])
def test_how_much_of_a_program_is_multiply_adds_is_open_too(kind: str) -> None:
    attrs = {"Sout": [PartialShape((2,))], "result_shapes": [PartialShape((2,))], "shape": PartialShape((2,))}
    cost = apply(RULES, kind, Shape(2), **attrs).cost
    assert isinstance(cost, Cost)
    assert (cost.flops, cost.mac) == (symbol("flops(node)", least=0), symbol("macs(node)", least=0))
    assert cost.bind({"flops(node)": 10, "macs(node)": 4}) == Cost(mac=4, add=2)
