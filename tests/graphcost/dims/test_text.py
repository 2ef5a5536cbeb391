"""Formulas as text: a fixed order, and never a crash for absurd sizes."""

from __future__ import annotations

import pytest

from graphcost.dims import Dim, Shape, ceil_div, dim_max, floor_div, format_dim, symbol
from graphcost.dims.text import MAX_PRINTED_TERMS

N, H, X = symbol("N"), symbol("H"), symbol("x[1]")


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (7, "7"),
        (98304 * N * X + 2 * N * N, "98304*N*x[1] + 2*N^2"),
        (2 * N * N + 98304 * X * N, "98304*N*x[1] + 2*N^2"),
        (-H + 2, "-H + 2"),
        (N - 1, "N - 1"),
        (ceil_div(H, 2), "ceil(H/2)"),
        (floor_div(3 * H, 4), "floor((3*H)/4)"),
        (floor_div(H, X), "floor(H/x[1])"),
        (dim_max(H, N), "max(H,N)"),
    ],
)
def test_formulas(dim: Dim, text: str) -> None:
    assert format_dim(dim) == text


def test_absurd_numbers_are_described() -> None:
    assert format_dim(2**62) == str(2**62)
    assert format_dim(2**20_000) == "(about 2^20001)"
    assert "about" in str(Shape(2**20_000, N))


def test_endless_formulas_are_described() -> None:
    total: Dim = 0
    for i in range(MAX_PRINTED_TERMS // 100 + 1):
        total = total + symbol(f"a{i}")
    square = total * sum((symbol(f"b{i}") for i in range(100)), start=N)
    assert format_dim(square) == f"(a formula of {101 * 101} terms)"
