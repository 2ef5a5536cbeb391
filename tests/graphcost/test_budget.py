"""The bounds on work: what is granted, what isn't, and what becomes of it."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from pathlib import Path

import pytest
from evaluation import evaluated, run_of
from model_files import encoded, write
from tiny_graph import tiny_graph
from work import calls_made, growth

from graphcost import analyze
from graphcost.budget import (
    MAX_NAME,
    MAX_RANK,
    SMALL_FORMULA,
    SMALL_VALUE,
    Budget,
    affords_elements,
    affords_nodes,
    affords_terms,
    shortened,
    spending,
    steps_left,
    widen,
)
from graphcost.dims import Dim, Shape, dim_max, floor_div, is_at_least, product, symbol
from graphcost.errors import DimError, RuleError
from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.ops.sizes import Sizes
from graphcost.ops.status import Status

ASKED = {"terms": affords_terms, "elements": affords_elements, "nodes": affords_nodes}


@pytest.mark.parametrize("what", ASKED)
def test_what_is_granted_is_spent_and_the_rest_is_refused_in_words(what: str) -> None:
    with spending(Budget(**{what: 1000})) as budget:
        assert ASKED[what](600)
        assert not ASKED[what](600)
        assert ASKED[what](400)
        assert getattr(budget, what) == 0
        assert len(budget.refused) == 1


def test_what_is_small_is_always_granted() -> None:
    with spending(Budget(terms=0, elements=0)) as budget:
        assert affords_terms(SMALL_FORMULA)
        assert affords_elements(SMALL_VALUE)
        assert steps_left(10**6) == SMALL_FORMULA
        assert not budget.refused


def test_outside_of_any_budget_all_is_granted() -> None:
    assert all(ask(10**9) for ask in ASKED.values())
    assert steps_left(10**6) == 10**6
    widen(1)


def test_a_large_model_may_spend_more() -> None:
    with spending(Budget()) as budget:
        before = budget.terms, budget.elements, budget.nodes
        widen(1000)
        assert all(
            after > given for given, after in zip(before, (budget.terms, budget.elements, budget.nodes), strict=True)
        )


def test_budgets_nest() -> None:
    with spending(Budget(nodes=0)):
        with spending(Budget(nodes=1)):
            assert affords_nodes(1)
        assert not affords_nodes(1)
    assert affords_nodes(1)


def test_long_names_are_shortened_and_still_differ() -> None:
    names = ["a" * 500 + str(i) + "b" * 500 for i in range(100)]
    assert len({shortened(name) for name in names}) == 100
    assert all(len(shortened(name)) <= MAX_NAME for name in names)
    assert shortened("a" * MAX_NAME) == "a" * MAX_NAME


def sums(count: int) -> list[Dim]:
    return [symbol(f"a{i}") + symbol(f"b{i}") + symbol(f"c{i}") + symbol(f"d{i}") for i in range(count)]


def test_a_product_of_sums_is_given_up() -> None:
    with spending(Budget(terms=1000)), pytest.raises(DimError, match="too many"):
        product(sums(8))


def test_a_bound_that_takes_too_long_to_show_isn_t_shown() -> None:
    shown, hidden = product(sums(3)), product(sums(6))
    assert is_at_least(shown, 1)
    assert not is_at_least(hidden, 1)
    assert calls_made(lambda: is_at_least(hidden, 1)) < 100_000


def test_a_bound_of_a_product_of_floors_takes_so_many_steps() -> None:
    floors = product([floor_div(each, 3) for each in sums(5)])
    assert calls_made(lambda: is_at_least(floors - 1, 0)) < 300_000


def test_extrema_of_ever_more_sizes_are_given_up() -> None:
    with spending(Budget(terms=20_000)), pytest.raises(DimError, match="too many max"):
        reduce(dim_max, (symbol(f"s{i}") for i in range(1000)))


def test_no_tensor_has_more_axes_than_tensorflow_s() -> None:
    sizes = Sizes()
    assert len(sizes.open_shape(TensorRef("x"), MAX_RANK)) == MAX_RANK
    with pytest.raises(RuleError, match=str(MAX_RANK)):
        sizes.open_shape(TensorRef("x"), 2**31)


@pytest.mark.parametrize("op", ["Transpose", "Tile", "Pad"])
@pytest.mark.parametrize("rank", [MAX_RANK + 1, 2**31 - 1])
def test_a_rank_that_an_input_asks_for_is_refused(op: str, rank: int) -> None:
    columns = ", 2" if op == "Pad" else ""
    graph = tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<*>)
        how = Placeholder(dtype=int32, shape=<{rank}{columns}>)
        y = {op}(x, how, T=float32)
        """,
        "y",
    )
    root = evaluated(graph)
    assert root.problems["y"].status is Status.INVALID
    assert str(MAX_RANK) in root.problems["y"].reason


def joined(count: int) -> Graph:
    """Each concatenation adds an input of open size to what is there."""
    lines = ["x0 = Placeholder(dtype=float32, shape=<?,?>)", "axis = Const(value=1)", "y0 = Relu(x0, T=float32)"]
    for i in range(1, count):
        lines.append(f"x{i} = Placeholder(dtype=float32, shape=<?,?>)")
        lines.append(f"y{i} = ConcatV2(y{i - 1}, x{i}, axis, N=2, T=float32)")
    return tiny_graph("\n".join(lines), f"y{count - 1}")


def test_sizes_with_ever_more_terms_become_symbols() -> None:
    with spending(Budget(terms=0)):
        facts = evaluated(joined(200))
    shapes = [facts.fact(TensorRef(f"y{i}")).shape for i in range(200)]
    assert str(shapes[2]) == "[N, x0[1] + x1[1] + x2[1]]"
    assert all(shape is not None and len(str(shape)) < 1000 for shape in shapes)
    assert "size(y" in str(shapes[199])


def test_what_concatenations_of_open_inputs_take_is_linear() -> None:
    def run(count: int) -> None:
        with spending(Budget(terms=0)):
            evaluated(joined(count))

    assert growth(run, 200) < 2.2


def test_values_beyond_the_budget_are_unknown() -> None:
    chain = "\n".join(f"y{i} = AddV2(y{i - 1}, y{i - 1}, T=int32)" for i in range(1, 20))
    graph = tiny_graph(f"start = Const(value=0)\nend = Const(value=1000)\nstep = Const(value=1)\n"
                       f"y0 = Range(start, end, step, Tidx=int32)\n{chain}", "y19")  # fmt: skip
    with spending(Budget(elements=10_500)) as budget:
        facts = evaluated(graph)
    known = [facts.fact(TensorRef(f"y{i}")).value is not None for i in range(20)]
    assert known == [True] * 10 + [False] * 10
    assert facts.fact(TensorRef("y19")).shape == Shape(1000)
    assert budget.refused


def test_calls_that_double_for_distinct_shapes_end() -> None:
    """Each function calls the next for 2n and for 2n + 1 elements: 2^30 evaluations."""
    functions = {"f30": tiny_graph("a = _Arg(T=float32)\nz = Neg(a, T=float32)", "z")}
    for i in range(30):
        functions[f"f{i}"] = tiny_graph(
            f"""
            a = _Arg(T=float32)
            axis = Const(value=0)
            one = Const(value=[1.0])
            even = ConcatV2(a, a, axis, N=2, T=float32)
            odd = ConcatV2(a, a, one, axis, N=3, T=float32)
            b = PartitionedCall(even, f=@f{i + 1}) -> float32
            c = PartitionedCall(odd, f=@f{i + 1}) -> float32
            z = ConcatV2(b, c, axis, N=2, T=float32)
            """,
            "z",
        )
    graph = tiny_graph("x = Placeholder(dtype=float32, shape=<1>)\ny = PartitionedCall(x, f=@f0) -> float32", "y",
                       functions=functions)  # fmt: skip
    run = run_of(graph)
    with spending(Budget(nodes=1000)) as budget:
        evaluated(graph, run=run)
    assert len(run.memo) < 1000
    problems = [problem.reason for each in run.memo.values() for problem in each.problems.values()]
    assert any("too many distinct inputs" in reason for reason in problems)
    assert budget.refused


def test_the_report_says_what_was_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphcost.pipeline.Budget", lambda: Budget(nodes=-(10**6)))
    text = """
        node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
          attr { key: "shape" value { shape { dim { size: 2 } } } } }
        node { name: "y" op: "PartitionedCall" input: "x" attr { key: "f" value { func { name: "f" } } }
          attr { key: "Tin" value { list { type: DT_FLOAT } } } attr { key: "Tout" value { list { type: DT_FLOAT } } } }
        library { function { signature { name: "f" input_arg { name: "a" type: DT_FLOAT }
            output_arg { name: "r" type: DT_FLOAT } }
          node_def { name: "n" op: "Neg" input: "a" attr { key: "T" value { type: DT_FLOAT } } }
          ret { key: "r" value: "n:y:0" } } }
        versions { producer: 716 }
    """
    report = analyze(write(tmp_path / "m.pb", encoded("GraphDef", text)))
    assert not report.is_complete
    assert any("too many distinct inputs" in note for note in report.notes)


def test_chains_of_equal_sizes_take_linear_work_in_any_order() -> None:
    def equated(count: int, step: int) -> Sizes:
        sizes = Sizes()
        symbols = [symbol(f"s{i:05d}") for i in range(count)][::step]
        for a, b in pairwise(symbols):
            sizes.equate(a, b, "n")
        return sizes

    for step in (1, -1):
        assert set(equated(50, step).replaced.values()) == {symbol("s00000")}
        assert growth(lambda count, step=step: equated(count, step), 400) < 2.2
