"""Equalities: one size stands for both, whatever the order in which they met."""

from __future__ import annotations

import pytest

from graphcost.dims import Dim, Shape, bind, ceil_div, symbol
from graphcost.errors import RuleError
from graphcost.ir.node import TensorRef
from graphcost.ops.sizes import Sizes

N, A, B, Z = symbol("N"), symbol("a[1]"), symbol("b[1]"), symbol("z[1]")
CAPITAL = symbol("A[1]")
DATA = symbol("size(where:0,0)")


def test_open_sizes_are_named_after_inputs() -> None:
    sizes = Sizes({TensorRef("x"): "x"})
    assert sizes.open_shape(TensorRef("x"), 2) == Shape(N, symbol("x[1]"))
    assert str(sizes.open(TensorRef("y", 1), 0)) == "size(y:1,0)"
    assert str(sizes.within("call/f").open(TensorRef("y"), 0)) == "size(call/f/y:0,0)"


def test_what_the_named_axes_leave_of_a_tensor_of_unknown_rank_is_one_axis() -> None:
    sizes = Sizes({TensorRef("x"): "x"})
    folded = sizes.folded(TensorRef("y"), 1, 2)
    assert [str(size) for size in (folded[0], *folded[2:])] == ["size(y:0,0)", "size(y:0,-2)", "size(y:0,-1)"]
    assert bind(folded[1], {"elements(y:0)": 120, "size(y:0,0)": 2, "size(y:0,-2)": 4, "size(y:0,-1)": 5}) == 3
    assert sizes.folded(TensorRef("y"), 0, 0) == Shape(sizes.elements(TensorRef("y")))
    assert sizes.folded(TensorRef("x"), 1, 1)[::2] == Shape(N, symbol("x[-1]"))


@pytest.mark.parametrize(("first", "second"), [(A, B), (B, A)])
def test_the_same_symbol_stands_for_both(first: object, second: object) -> None:
    sizes = Sizes()
    assert sizes.equate(first, second, "n") == A  # type: ignore[arg-type]
    assert sizes.replaced == {"b[1]": A}
    assert sizes.resolve(3 * B + 1) == 3 * A + 1


@pytest.mark.parametrize(
    ("kept", "replaced"),
    [(7, DATA), (4, N), (N, A), (N, CAPITAL), (A, DATA), (Z, DATA), (A + 1, DATA), (ceil_div(Z, 2), DATA)],
)
def test_numbers_beat_the_batch_beats_inputs_beat_data_whatever_their_names(kept: Dim, replaced: Dim) -> None:
    for pair in ((kept, replaced), (replaced, kept)):
        sizes = Sizes()
        assert sizes.equate(*pair, "n") == kept
        assert sizes.replaced == {str(replaced): kept}


def test_replacements_are_transitive() -> None:
    sizes = Sizes()
    sizes.equate(A, B, "n")
    sizes.equate(A, 5, "n")
    assert sizes.resolve(B) == 5


def test_a_size_that_holds_itself_is_remembered_instead() -> None:
    sizes = Sizes()
    assert sizes.equate(A, 2 * ceil_div(A, 2), "concat") == A
    (equality,) = sizes.equalities
    assert (equality.left, equality.right, equality.node) == (2 * ceil_div(A, 2), A, "concat")


def test_numbers_that_differ_are_refused() -> None:
    with pytest.raises(RuleError, match="3 and 4"):
        Sizes().equate(3, 4, "n")


def test_broadcasting() -> None:
    sizes = Sizes()
    assert sizes.broadcast_shapes([Shape(N, 1, 3), Shape(5, 1)], "add") == Shape(N, 5, 3)
    assert sizes.broadcast_shapes([Shape(), Shape(2, A)], "add") == Shape(2, A)
    assert sizes.replaced == {}


def test_an_open_size_against_a_number_may_be_one() -> None:
    sizes = Sizes()
    assert sizes.broadcast(A, 3, "add") == 3
    (equality,) = sizes.equalities
    assert equality.or_one


def test_a_fork_tells_nothing() -> None:
    sizes = Sizes()
    sizes.fork().equate(A, B, "n")
    assert sizes.replaced == {}
    inner = sizes.within("f")
    inner.equate(A, B, "n")
    assert sizes.replaced == {"b[1]": A}


@pytest.mark.parametrize(
    ("formula", "number", "solution"), [(2 * A, 8, 4), (3 * A - 1, 8, 3), (5 - A, 2, 3), (A + 1, 1, 0)]
)
def test_an_equation_in_one_size_is_solved(formula: Dim, number: int, solution: int) -> None:
    sizes = Sizes()
    assert sizes.equate(formula, number, "n") == number
    assert sizes.replaced == {"a[1]": solution}
    assert sizes.equalities == ()


@pytest.mark.parametrize(("formula", "number"), [(2 * A, 7), (A + 1, 0), (5 - A, 6)])
def test_an_equation_that_no_size_solves_is_refused(formula: Dim, number: int) -> None:
    with pytest.raises(RuleError, match=f"and {number} must be equal"):
        Sizes().equate(formula, number, "n")


def test_a_size_that_is_neither_one_nor_the_number_is_not_broadcast() -> None:
    with pytest.raises(RuleError, match=r"size N \+ 1 can't be broadcast to 0"):
        Sizes().broadcast(N + 1, 0, "mul")
    assert Sizes().broadcast(N + 1, 5, "mul") == 5
