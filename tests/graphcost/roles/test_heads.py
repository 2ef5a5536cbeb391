"""Heads: which of several ends before losses are the model's."""

from __future__ import annotations

import pytest
from networks import inferred as infer
from tiny_graph import tiny_graph


def with_an_early_head(later: int, own: int) -> str:
    """A classifier of `later` layers behind its trunk, where a head of `own` layers leaves, with a loss of its own."""
    layers = [("trunk", "x")]
    layers += [(f"main{i}", f"main{i - 1}" if i else "trunk") for i in range(later)]
    layers += [(f"early{i}", f"early{i - 1}" if i else "trunk") for i in range(own)]
    lines = [
        f"w_{name} = VariableV2(dtype=float32)\n {name} = MatMul({before}, w_{name}, T=float32)"
        for name, before in layers
    ]
    losses = [
        f"loss_{end} = SparseSoftmaxCrossEntropyWithLogits({end}, y, T=float32)"
        for end in (f"main{later - 1}", f"early{own - 1}")
    ]
    return "\n".join(
        [
            "x = Placeholder(dtype=float32)",
            "y = Placeholder(dtype=int64)",
            *lines,
            f"p = Softmax(main{later - 1}, T=float32)",
            *losses,
        ]
    )


@pytest.mark.parametrize(
    ("later", "own", "is_auxiliary"), [(1, 1, False), (3, 1, False), (4, 1, True), (6, 2, False), (7, 2, True)]
)
def test_a_head_is_auxiliary_where_more_than_three_times_its_layers_follow(
    later: int, own: int, is_auxiliary: bool
) -> None:
    inferred = infer(tiny_graph(with_an_early_head(later, own)))
    early = f"early{own - 1}"
    assert {str(each.ref) for each in inferred.chosen} == ({"p"} if is_auxiliary else {"p", early})
    assert {str(each.ref) for each in inferred.second} == ({early} if is_auxiliary else set())
    assert any("auxiliary, since they leave the network early" in doubt for doubt in inferred.doubts) == is_auxiliary
