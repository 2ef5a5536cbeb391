"""drop_identities, on small graphs and against TensorFlow."""

from __future__ import annotations

from typing import Any

import pytest
from tiny_graph import tiny_graph, wiring

from graphcost import RewriteSet
from graphcost.passes.rewriting import rewriting
from graphcost_rules.rewrites import drop_identities

DROP = RewriteSet(drop_identities.REWRITE)


def dropped(text: str, outputs: str = "y") -> list[str]:
    return wiring(rewriting(tiny_graph(text, outputs), DROP).graph)


def test_before_and_after() -> None:
    text = """
        x = Placeholder(dtype=float32, shape=<2>)
        a = Identity(x, T=float32)
        b = StopGradient(a, T=float32)
        y = Relu(b, T=float32)
    """
    assert dropped(text) == ["x = Placeholder()", "y = Relu(x)"]


def test_an_output_keeps_its_name() -> None:
    text = "x = Placeholder(dtype=float32, shape=<2>)\n r = Relu(x, T=float32)\n y = Identity(r, T=float32)"
    assert dropped(text) == ["x = Placeholder()", "r = Relu(x)", "y = Identity(r)"]


def test_one_that_waits_for_something_stays() -> None:
    text = """
        x = Placeholder(dtype=float32, shape=<2>)
        init = NoOp()
        a = Identity(x, ^init, T=float32)
        y = Relu(a, T=float32)
    """
    assert dropped(text) == ["x = Placeholder()", "init = NoOp()", "a = Identity(x, ^init)", "y = Relu(a)"]


def test_who_waits_for_it_waits_for_its_source() -> None:
    text = """
        x = Placeholder(dtype=float32, shape=<2>)
        a = Identity(x, T=float32)
        c = Const(^a, value=1.0)
        y = Mul(c, a, T=float32)
    """
    assert dropped(text) == ["x = Placeholder()", "c = Const(^x)", "y = Mul(c, x)"]


def test_the_read_of_a_variable_and_a_branch_stay() -> None:
    text = """
        v = VariableV2(dtype=float32, shape=<2>)
        p = Placeholder(dtype=bool, shape=<>)
        read = Identity(v, T=float32)
        s = Switch(read, p, T=float32)
        t = Identity(s:1, T=float32)
        y = Relu(t, T=float32)
    """
    assert [line.split()[0] for line in dropped(text)] == ["v", "p", "read", "s", "t", "y"]


@pytest.mark.tensorflow
def test_it_computes_the_same() -> None:
    tf = pytest.importorskip("tensorflow")
    from same_results import assert_same_results, frozen, ops, random, rewritten

    def model(x: Any) -> Any:
        return tf.nn.relu(tf.stop_gradient(tf.identity(x) - 1.0)) + tf.identity(x)

    graph_def = frozen(model, tf.TensorSpec((2, 3)))
    result = rewritten(graph_def, DROP)

    assert result.counts == {"drop_identities": 3}
    assert ops(result).count("Identity") == 1
    assert_same_results(graph_def, result, {"x0": random(2, 3)})
