"""tf.switch_case, lowered to _SwitchN when it is frozen, against runs of each of its branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from optional_tensorflow import need_tensorflow, tensorflow_module

from graphcost import analyze

pytestmark = pytest.mark.tensorflow

DEPTHS = (1, 3, 0, 2, 4)
"""How many products each branch has, of 8 x 8 with a row."""


def branch(depth: int, x: Any) -> Callable[[], Any]:
    tf = tensorflow_module()

    def run() -> Any:
        y = x
        for step in range(depth):
            y = tf.matmul(y, tf.constant(0.1 + step, shape=(8, 8)))
        return y

    return run


def frozen(function: Callable[..., Any], *specs: Any) -> Any:
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    concrete = tensorflow_module().function(function).get_concrete_function(*specs)
    return convert_variables_to_constants_v2(concrete, lower_control_flow=True).graph.as_graph_def()


def specs() -> tuple[Any, Any]:
    tf = tensorflow_module()
    return tf.TensorSpec((2, 8), "float32", name="x"), tf.TensorSpec((), "int32", name="k")


def macs(graph_def: Any, **bind: int) -> Any:
    report = analyze(graph_def, bind=bind)
    assert report.is_complete
    assert not any(line.op == "_SwitchN" for line in report.lines)
    return report.total.work.macs


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_the_dearest_branch_counts_unless_an_index_is_bound(count: int) -> None:
    need_tensorflow()
    depths = DEPTHS[:count]

    def function(x: Any, k: Any) -> Any:
        return tensorflow_module().switch_case(k, [branch(depth, x) for depth in depths]) + 1.0

    graph_def = frozen(function, *specs())
    assert any(node.op == "_SwitchN" for node in graph_def.node)
    assert macs(graph_def) == max(depths) * 2 * 64
    for index, depth in enumerate(depths):
        assert macs(graph_def, k=index) == depth * 2 * 64
    assert macs(graph_def, k=count) == depths[-1] * 2 * 64


def test_cases_in_branches_and_branches_in_cases() -> None:
    need_tensorflow()
    tf = tensorflow_module()

    def function(x: Any, k: Any) -> Any:
        def inner() -> Any:
            return tf.switch_case(
                k, [branch(1, x), branch(2, x), lambda: tf.cond(x[0, 0] > 0, branch(5, x), branch(3, x))]
            )

        return tf.cond(x[1, 1] > 0, inner, branch(4, x))

    assert macs(frozen(function, *specs())) == 5 * 2 * 64


def test_two_cases_on_one_index_go_the_same_way() -> None:
    """The first is dearest in branch 0, the second in branch 2, together they are in branch 2."""
    need_tensorflow()
    tf = tensorflow_module()

    def function(x: Any, k: Any) -> Any:
        y = tf.switch_case(k, [branch(3, x), branch(1, x), branch(0, x)])
        return tf.switch_case(k, [branch(1, y), branch(1, y), branch(5, y)])

    assert macs(frozen(function, *specs())) == 5 * 2 * 64
