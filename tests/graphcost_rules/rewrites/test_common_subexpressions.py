"""common_subexpressions, on small graphs and against TensorFlow."""

from __future__ import annotations

from typing import Any

import pytest
from tiny_graph import tiny_graph, wiring

from graphcost import RewriteSet
from graphcost.passes.rewriting import rewriting
from graphcost_rules.rewrites import common_subexpressions

MERGE = RewriteSet(common_subexpressions.REWRITE)
X = "x = Placeholder(dtype=float32, shape=<2>)\n"


def merged(text: str, outputs: str = "y") -> list[str]:
    return wiring(rewriting(tiny_graph(text, outputs), MERGE).graph)


def test_before_and_after() -> None:
    text = X + "a = Neg(x, T=float32)\n b = Neg(x, T=float32)\n c = Abs(b, T=float32)\n y = Mul(a, c, T=float32)"
    assert merged(text) == ["x = Placeholder()", "a = Neg(x)", "c = Abs(a)", "y = Mul(a, c)"]


def test_what_depends_on_equals_is_equal() -> None:
    text = """
        a = Neg(x, T=float32)
        b = Neg(x, T=float32)
        c = Abs(a, T=float32)
        d = Abs(b, T=float32)
        y = Mul(c, d, T=float32)
    """
    graph = rewriting(tiny_graph(X + text, "y"), MERGE).graph
    assert wiring(graph) == ["x = Placeholder()", "a = Neg(x)", "c = Abs(a)", "y = Mul(c, c)"]
    assert graph.nodes["c"].origins == ("c", "d")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Const(value=0.0)", "Const(value=-0.0)"),
        ("Const(value=1)", "Const(value=True)"),
        ("Const(value=[1.0, 2.0])", "Const(value=[1.0, 2.0])"),
        ("Placeholder(dtype=float32, shape=<2>)", "Placeholder(dtype=float32, shape=<2>)"),
        ("RandomUniform(s, dtype=float32, T=int32)", "RandomUniform(s, dtype=float32, T=int32)"),
        ("Sum(x, s, T=float32, keep_dims=True)", "Sum(x, s, T=float32, keep_dims=False)"),
        ("Neg(x, T=float32)", "Neg(x, ^s, T=float32)"),
    ],
)
def test_these_are_not_alike(first: str, second: str) -> None:
    text = f"{X} s = Const(value=[0])\n a = {first}\n b = {second}\n y = IdentityN(a, b) -> float32, float32"
    graph = tiny_graph(text, "y")
    assert rewriting(graph, MERGE).graph is graph


def test_numbers_are_alike() -> None:
    text = "a = Const(value=[2, 3])\n b = Const(value=[2, 3])\n y = Add(a, b, T=int32)"
    assert merged(text) == ["a = Const()", "y = Add(a, a)"]


def test_outputs_keep_their_names() -> None:
    text = X + "a = Neg(x, T=float32)\n b = Neg(x, T=float32)"
    assert merged(text, "a,b") == ["x = Placeholder()", "a = Neg(x)", "b = Neg(x)"]


@pytest.mark.tensorflow
def test_it_computes_the_same() -> None:
    tf = pytest.importorskip("tensorflow")
    from same_results import assert_same_results, frozen, random, rewritten

    def model(x: Any) -> Any:
        return tf.exp(tf.reduce_sum(x, 1)) / (tf.exp(tf.reduce_sum(x, 1)) + tf.split(x, 3, 1)[0] * tf.split(x, 3, 1)[2])

    graph_def = frozen(model, tf.TensorSpec((2, 3)))
    result = rewritten(graph_def, MERGE)

    assert result.counts["common_subexpressions"] >= 5
    assert_same_results(graph_def, result, {"x0": random(2, 3)})
