"""Sizes as objects: equal formulas have equal forms, and arithmetic on symbols is arithmetic on numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from drawn_formulas import Drawn, Numbers, formulas, numbers, some
from hypothesis import assume, given
from hypothesis import strategies as st

from graphcost.dims import Dim, Expr, bind, ceil_div, dim_max, dim_min, dim_sum, floor_div, least_value, product, symbol
from graphcost.dims.expr import MAX_DEPTH, MAX_WEIGHT
from graphcost.errors import DimError

N, H, W = symbol("N"), symbol("H"), symbol("W")
COUNT = symbol("nnz", least=0)
VALUE = symbol("v", least=None)


def test_a_sum_that_cancels_is_a_plain_int() -> None:
    assert (N + 3) - N == 3
    assert isinstance((N + 3) - N, int)
    assert N - N == 0
    assert 0 * N == 0
    assert dim_sum([N, 3, -N, 4]) == 7
    assert dim_sum([]) == 0
    assert product([]) == 1


def test_order_of_arithmetic_does_not_matter() -> None:
    assert (N + 1) * (H - 1) == N * H - N + H - 1
    assert (N + 1) * (N - 1) == N * N - 1
    assert hash(N * H + 2) == hash(2 + H * N)
    assert N * N == N**2
    assert 5 - N == -(N - 5)


def test_numbers_are_not_symbols() -> None:
    assert N != 1
    assert N != "N"
    assert N != 2 * N
    assert bool(N)


@pytest.mark.parametrize("operation", [lambda: N + "1", lambda: N - "1", lambda: "1" - N, lambda: N * "1"])
def test_only_whole_numbers_are_reckoned_with(operation: Callable[[], Dim]) -> None:
    with pytest.raises(TypeError):
        operation()


class Reflected:
    """A value of another type, which answers for itself."""

    def __radd__(self, other: object) -> str:
        return f"{other} + it"

    def __rsub__(self, other: object) -> str:
        return f"{other} - it"

    def __rmul__(self, other: object) -> str:
        return f"{other} * it"


def test_other_types_may_answer_for_themselves() -> None:
    it = Reflected()
    assert (N + it, N - it, N * it) == ("N + it", "N - it", "N * it")


def test_expressions_print_as_formulas() -> None:
    assert repr(N) == "N"
    assert isinstance(N, Expr)


def test_sizes_along_different_paths_get_one_form() -> None:
    assert ceil_div(ceil_div(H, 2), 2) == ceil_div(H, 4)
    assert floor_div(H + 1, 2) == ceil_div(H, 2)
    padding = (2 - H % 2) % 2
    assert floor_div(H + padding, 2) == ceil_div(H, 2)
    assert floor_div(floor_div(H - 1, 2) - 1, 2) == floor_div(H - 3, 4)
    assert floor_div(5 - H, 3) == -floor_div(H - 3, 3)
    assert floor_div(-H, -2) == floor_div(H, 2)
    assert floor_div(3 - H, -2) == ceil_div(H - 4, 2)
    assert floor_div(H * W - 5 * H, 3) == floor_div(H * W - 2 * H, 3) - H


def test_only_a_lone_quotient_is_flattened() -> None:
    assert str(floor_div(3 * floor_div(H, 2) + 1, 5)) == "floor((3*floor(H/2) + 1)/5)"
    assert str(floor_div(floor_div(H, 2) * W, 5)) == "floor((W*floor(H/2))/5)"
    assert str(floor_div(floor_div(H, 2) ** 2, 5)) == "floor(floor(H/2)^2/5)"
    assert str(floor_div(floor_div(H, 2) + W, 5)) == "floor((W + floor(H/2))/5)"
    assert str(floor_div(floor_div(H, W) + 1, 5)) == "floor((floor(H/W) + 1)/5)"


def test_what_a_reshape_divides_comes_out_exact() -> None:
    assert floor_div(N * H * W * 3, H * W) == 3 * N
    assert floor_div((H + 2) * (W + 1) * N, H + 2) == N * W + N
    assert floor_div(N * ceil_div(H, 2) * 5, ceil_div(H, 2)) == 5 * N


def test_what_does_not_divide_stays_a_floor() -> None:
    assert str(floor_div(H, W)) == "floor(H/W)"
    assert bind(floor_div(H, W), {"H": 7, "W": 2}) == 3
    assert str(floor_div(3 * H, 2 * H)) == "floor((3*H)/(2*H))"


def test_a_smaller_numerator_gives_nothing() -> None:
    assert floor_div(H, H + 1) == 0
    assert floor_div(H - 1, H) == 0
    assert floor_div(COUNT, COUNT + 1) == 0
    assert floor_div(H - 2, H) != 0
    assert floor_div(H, H + COUNT) != 0


def test_common_factors_are_cancelled() -> None:
    assert floor_div(6 * H + 3, 9) == floor_div(2 * H + 1, 3)
    assert floor_div(6 * H + 2, 9) == floor_div(2 * H, 3)


def test_rounding_up_by_what_may_be_negative_is_written_with_a_sign() -> None:
    assert str(ceil_div(N, H)) == "floor((H + N - 1)/H)"
    assert str(ceil_div(N, VALUE)) == "-floor(-N/v)"
    assert str(ceil_div(N, COUNT)) == "-floor(-N/nnz)"


def test_a_quotient_of_what_is_not_negative_is_not_negative() -> None:
    assert least_value(floor_div(COUNT, W)) == 0
    assert least_value(floor_div(COUNT - 1, W)) is None
    assert least_value(floor_div(H, COUNT)) is None
    assert least_value(floor_div(H, COUNT + 1)) == 0


def test_division_by_zero_is_an_error() -> None:
    with pytest.raises(DimError, match="zero"):
        floor_div(H, 0)
    with pytest.raises(DimError, match="zero"):
        floor_div(4, 0)


def test_the_depth_of_a_formula_is_limited() -> None:
    size: Dim = H
    for _ in range(MAX_DEPTH):
        size = floor_div(size + 1, W)
    assert isinstance(size, Expr)
    assert size.depth == MAX_DEPTH
    with pytest.raises(DimError, match=f"more than {MAX_DEPTH} deep"):
        floor_div(size + 1, W)


def test_parts_that_double_at_each_level_are_limited() -> None:
    with pytest.raises(DimError, match="symbols"):
        _doubled(H, 200)


def _doubled(size: Dim, levels: int) -> Dim:
    for _ in range(levels):
        size = dim_max(floor_div(3 * size + 1, 2), W * size - 7)
    return size


def test_the_symbols_of_a_part_are_counted() -> None:
    # The quotient weighs one, as does each symbol in it.
    widest = [symbol(f"s{i}") for i in range(MAX_WEIGHT - 1)]
    assert str(floor_div(dim_sum(widest), 2)).startswith("floor((s0 + ")
    with pytest.raises(DimError, match=f"more than {MAX_WEIGHT} symbols"):
        floor_div(dim_sum([*widest, N]), 2)
    # The limit is one of the average term: a long sum of symbols alone has none.
    assert isinstance(dim_sum([*widest, N, H, W]), Expr)


Step = tuple[str, int]
steps = st.lists(
    st.tuples(st.sampled_from(["+", "-", "*", "//", "ceil", "%", "max", "min"]), st.integers(1, 9)), max_size=6
)


def _apply(size: Dim, step: Step) -> Dim:
    operation, k = step
    table = {
        "+": lambda: size + k,
        "-": lambda: size - k,
        "*": lambda: size * k,
        "//": lambda: floor_div(size, k),
        "ceil": lambda: ceil_div(size, k),
        "%": lambda: size % k,
        "max": lambda: dim_max(size, k),
        "min": lambda: dim_min(size, k * 3),
    }
    return table[operation]()


@given(steps, st.integers(1, 60))
def test_binding_commutes_with_arithmetic(operations: list[Step], number: int) -> None:
    symbolic: Dim = H
    numeric: Dim = number
    for step in operations:
        symbolic, numeric = _apply(symbolic, step), _apply(numeric, step)
    assert bind(symbolic, {"H": number}) == numeric
    assert isinstance(bind(symbolic, {"H": number}), int)


@some
@given(formulas, formulas, numbers)
def test_operators_are_those_of_numbers(a: Drawn, b: Drawn, values: Numbers) -> None:
    x, y = a.number(values), b.number(values)
    assert bind(a.dim + b.dim, values) == x + y
    assert bind(a.dim - b.dim, values) == x - y
    assert bind(a.dim * b.dim, values) == x * y
    assert bind(-a.dim, values) == -x
    assert bind(a.dim**2, values) == x**2
    assert bind(7 - a.dim, values) == 7 - x
    assert bind(dim_sum([a.dim, b.dim, 3, a.dim]), values) == 2 * x + y + 3


@some
@given(formulas, st.integers(-9, 9).filter(bool), numbers)
def test_division_by_a_number_is_that_of_numbers(drawn: Drawn, divisor: int, values: Numbers) -> None:
    number = drawn.number(values)
    assert bind(drawn.dim // divisor, values) == number // divisor
    assert bind(drawn.dim % divisor, values) == number % divisor
    assert bind(ceil_div(drawn.dim, divisor), values) == -(-number // divisor)


@some
@given(formulas, numbers)
def test_division_of_a_number_is_that_of_numbers(drawn: Drawn, values: Numbers) -> None:
    number = drawn.number(values)
    assume(number)
    assert bind(7 // drawn.dim, values) == 7 // number
    assert bind(-7 % drawn.dim, values) == -7 % number
    assert bind(ceil_div(7, drawn.dim), values) == -(-7 // number)


@some
@given(formulas, formulas)
def test_a_product_is_divisible_by_its_factors(a: Drawn, b: Drawn) -> None:
    assume(b.dim != 0)
    assert floor_div(a.dim * b.dim, b.dim) == a.dim
    assert (a.dim // b.dim) * b.dim + a.dim % b.dim == a.dim


@given(st.integers(-20, 20), st.integers(-50, 50), st.integers(-9, 9).filter(bool), st.integers(1, 40))
def test_signs_and_remainders_are_python_s(coefficient: int, constant: int, divisor: int, number: int) -> None:
    quotient = floor_div(coefficient * H + constant, divisor)
    assert bind(quotient, {"H": number}) == (coefficient * number + constant) // divisor
    rounded_up = ceil_div(coefficient * H + constant, divisor)
    assert bind(rounded_up, {"H": number}) == -(-(coefficient * number + constant) // divisor)


@given(st.lists(st.integers(-4, 4), min_size=4, max_size=4), st.integers(1, 9), st.integers(1, 9))
def test_products_of_two_symbols(coefficients: list[int], n: int, h: int) -> None:
    a, b, c, d = coefficients
    formula = (a * N + b) * (c * H + d) + N * H
    assert bind(formula, {"N": n, "H": h}) == (a * n + b) * (c * h + d) + n * h


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), max_size=6))
def test_a_long_sum_is_a_sum(pairs: list[tuple[int, int]]) -> None:
    dims = [a * N + b * H + a * b for a, b in pairs]
    assert dim_sum(dims) == sum(dims, start=0)
