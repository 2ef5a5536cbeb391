from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphcost.dims import ceil_div, symbol
from graphcost.render.numbers import exact, human, human_bytes, percent, share

N, T = symbol("N"), symbol("T")
UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (54_276, "54.3 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (7_716_608_000, "7.72 G"),
        (10**21, "1.00e21"),
        (-1500, "-1.50 k"),
        (2**5000, "(about 2^5001)"),
        (N, "N"),
        (54276 * N, "54276*N"),
        (7_716_608_000 * N, "7.72 G*N"),
        (2 * N * T + 3 * N, "2*N*T + 3*N"),
        (ceil_div(N, 4), "ceil(N/4)"),
    ],
)
def test_human(value: object, text: str) -> None:
    assert human(value) == text  # type: ignore[arg-type]


@given(st.integers(1, 10**21 - 10**18))
def test_human_is_within_half_of_its_last_digit(value: int) -> None:
    number, _, unit = human(value).partition(" ")
    assert abs(Fraction(number) * UNITS[unit] - value) <= Fraction(value, 199)


def test_long_formulas_are_cut() -> None:
    assert human(symbol("a_long_name_of_a_symbol") * symbol("another_long_name"), 24) == "a_long_name_of_a_symbol…"
    text = exact(sum((symbol(f"s{i}") for i in range(500)), start=N))
    assert text.endswith("s12 + …")
    assert 220 <= len(text) <= 240


def test_where_room_is_scarce_symbols_go_without_their_scopes() -> None:
    size = symbol("size(model/block/Reshape:0,1)")
    assert human(3 * size) == "3*size(…/Reshape:0,1)"
    assert human(3 * size, 40) == "3*size(model/block/Reshape:0,1)"
    assert human(ceil_div(N, 16) * ceil_div(size, 2), 40) == "ceil(N/16)*ceil(size(…/Reshape:0,1)/2)"
    assert human(5 * symbol("trips(model/rnn/while)", least=0) + 3) == "5*trips(…/while) + 3"


def test_exact() -> None:
    assert exact(7_716_608_000) == "7,716,608,000"
    assert exact(54276 * N) == "54276*N"
    assert exact(10**80) == "1.00e80"
    assert exact(2**20_000) == "(about 2^20001)"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (4204, "4.11 KiB"),
        (1_048_575, "1024 KiB"),
        (102_546_848, "97.8 MiB"),
        (2**50, "1 PiB"),
        (2**5000, "(about 2^5001) B"),
    ],
)
def test_human_bytes(count: int, text: str) -> None:
    assert human_bytes(count) == text


def test_share() -> None:
    assert share(1, 4) == 0.25
    assert share(0, 0) is None
    assert share(N, 4) is None
    assert share(0, N) == 0.0
    assert share(3 * N, 6 * N) == 0.5
    assert share(N * T + 2 * N, 2 * N * T + 4 * N) == 0.5
    assert share(N * T + 3 * N, 2 * N * T + 4 * N) is None
    assert share(2**20_000, 2**20_001) == 0.5


def test_percent() -> None:
    assert percent(1, 3) == "33.3"
    assert percent(1, 10_000) == "<0.1"
    assert percent(0, 10_000) == "0.0"
    assert percent(N, 3) == ""
