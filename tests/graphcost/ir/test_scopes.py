"""Scopes read as the model's layers."""

from __future__ import annotations

import pytest

from graphcost.ir.scopes import common, joined, readable, scope_of


@pytest.mark.parametrize(
    ("scope", "layers"),
    [
        ("StatefulPartitionedCall/sequential/lstm", "sequential/lstm"),
        ("StatefulPartitionedCall_1/__inference_call_123/dense", "dense"),
        ("lstm/while/body/_1/lstm/while/cell", "lstm/while/cell"),
        ("conv1/PartitionedCall", "conv1"),
        ("a/b", "a/b"),
        ("", ""),
    ],
)
def test_wrappers_fall_away(scope: str, layers: str) -> None:
    assert readable(scope) == layers


@pytest.mark.parametrize(
    ("scope", "layers"),
    [
        ("a/while/body/_1/a/while/cell", "a/while/cell"),
        ("a/while/body/_1/cell", "a/while/cell"),
        ("a/while/body/_1/a/while/in/while/body/_3/a/while/in/while/x", "a/while/in/while/x"),
        ("cond/then/_0/cond", "cond"),
        ("lstm/while/body/_17/lstm_1/x", "lstm/while/lstm_1/x"),
    ],
)
def test_what_an_inlined_body_repeats_is_said_once(scope: str, layers: str) -> None:
    assert readable(scope) == layers


def test_names_that_carry_their_path_stay() -> None:
    assert joined("rnn/while", "rnn/while/MatMul") == "rnn/while/MatMul"
    assert joined("rnn/while", "MatMul") == "rnn/while/MatMul"
    assert joined("", "MatMul") == "MatMul"
    assert joined("rnn", "rnn2/MatMul") == "rnn/rnn2/MatMul"


@pytest.mark.parametrize(
    ("outer", "name", "seen"),
    [
        ("rnn/while/body", "rnn/while/MatMul", "rnn/while/MatMul"),
        ("Call/a/lstm/while/body", "a/lstm/while/cell/MatMul", "Call/a/lstm/while/cell/MatMul"),
        ("lstm/while/cond", "while/Less", "lstm/while/Less"),
        ("lstm/while/body", "MatMul", "lstm/while/body/MatMul"),
        ("if/branch_2", "if/x", "if/x"),
        ("a/conv", "conv/x", "a/conv/conv/x"),
        ("body", "x", "body/x"),
    ],
)
def test_what_a_body_repeats_of_its_path_is_said_once(outer: str, name: str, seen: str) -> None:
    assert joined(outer, name) == seen


def test_what_a_very_long_path_repeats_is_not_looked_for() -> None:
    """Up to 32 parts: hostile names have thousands."""
    for parts in (2, 32, 33, 5000):
        path = "/".join(f"p{i}" for i in range(parts))
        assert joined(f"{path}/body", f"{path}/x") == (f"{path}/x" if parts <= 32 else f"{path}/body/{path}/x")


def test_the_common_scope() -> None:
    assert common(None, "a/b") == "a/b"
    assert common("a/b/c", "a/b/d") == "a/b"
    assert common("a", "b") == ""


def test_the_scope_of_a_node() -> None:
    assert scope_of("a/b/MatMul") == "a/b"
    assert scope_of("MatMul") == ""
