"""Exact symbolic sizes: integers, and integer polynomials over named symbols.

A `Dim` is a plain `int` wherever the size is known. Otherwise it is an `Expr`: a polynomial with integer
coefficients whose atoms are symbols, floor divisions and extrema. Ceil division and modulo are written with
floor division (`ceil(a/b) = floor((a+b-1)/b)`, `a mod b = a - b*floor(a/b)`), so that equal sizes that were
computed along different paths get equal forms: ceil(ceil(H/2)/2) is ceil(H/4).
"""

from graphcost.dims.atoms import Symbol, dim_max, dim_min, log2_ceil, symbol
from graphcost.dims.binding import as_int, bind, symbols
from graphcost.dims.expr import (
    Dim,
    Expr,
    ceil_div,
    dim_sum,
    floor_div,
    format_dim,
    is_at_least,
    least_value,
    product,
)
from graphcost.dims.shape import Shape

__all__ = [
    "Dim",
    "Expr",
    "Shape",
    "Symbol",
    "as_int",
    "bind",
    "ceil_div",
    "dim_max",
    "dim_min",
    "dim_sum",
    "floor_div",
    "format_dim",
    "is_at_least",
    "least_value",
    "log2_ceil",
    "product",
    "symbol",
    "symbols",
]
