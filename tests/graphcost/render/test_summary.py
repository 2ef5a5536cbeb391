"""What a report says beside its rows."""

from __future__ import annotations

import pytest
from sample_reports import N, line, make_report, perceptron, residual_net

from graphcost.dims import Shape, symbol
from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.render.summary import MOST, shape_text, summarize, title
from graphcost.report import Loop, Overridden, Report, Tensor, Unmatched


def statements(report: Report) -> dict[str, list[str]]:
    """The texts by heading; one without a heading goes on with the one before."""
    found: dict[str, list[str]] = {}
    heading = ""
    for fact in summarize(report):
        heading = fact.heading or heading
        found.setdefault(heading, []).append(fact.text)
    return found


def test_the_title() -> None:
    assert title(perceptron()) == "model.pb (graphdef, 4 nodes, 4 run)"


def test_totals_have_all_digits_and_a_brief_form() -> None:
    found = statements(perceptron().bind(N=100))
    assert found["FLOPs"] == ["69,800 (69.8 k)"]
    assert found["formula"] == ["698*N FLOPs", "320*N MACs"]
    assert found["parameters"] == ["330 (1.29 KiB)"]


def test_a_total_without_symbols_has_no_formula() -> None:
    assert "formula" not in statements(make_report(line("a", cost=Cost(add=3))))


def test_what_was_dropped_is_listed_with_the_most_nodes_first() -> None:
    assert statements(perceptron().bind(N=2))["dropped"] == [
        "loss: 34 nodes, at least 6 FLOPs",
        "initializer: 24 nodes, 2,100 FLOPs",
        "unused: 7 nodes",
    ]


def test_a_lower_bound_says_so_and_names_the_nodes() -> None:
    odd = [line(f"a{i}", "Odd", status=Status.NO_RULE) for i in range(3)]
    bad = line("b", "Bad", status=Status.INVALID, reason="its stride is 0")
    found = statements(make_report(line("k", cost=Cost(add=4)), *odd, bad))
    assert found["FLOPs"] == ["at least 4"]
    assert found["coverage"] == [
        "20.0 %: 4 of 5 nodes have no known cost, so the total is a lower bound",
        "Odd x 3 (no rule), a0 and 2 more",
        "Bad x 1 (invalid: its stride is 0), b",
    ]


def test_of_many_kinds_a_few_are_named() -> None:
    lines = [line(f"n{i}", f"Op{i}", status=Status.NO_RULE) for i in range(MOST + 2)]
    assert statements(make_report(*lines))["coverage"][-1] == "and 2 more nodes of 2 kinds"


def test_a_total_that_is_nearly_whole_is_not_rounded_up_to_it() -> None:
    lines = [line(f"n{i}") for i in range(5000)]
    assert statements(make_report(*lines, line("x", status=Status.NO_RULE)))["coverage"][0].startswith("99.9 %")


def test_symbols_that_are_bound_equal_or_open() -> None:
    found = statements(residual_net().bind(N=1))
    assert found["symbols"] == ["N = 1, mask[1] = tokens[1]"]
    assert found["open"][0] == "tokens[1]: the total is a formula until each is bound (--bind 'tokens[1]=...')"


def test_where_sizes_inside_may_follow_from_an_input_its_shape_is_asked_for() -> None:
    inside = symbol("size(where:0,0)")
    report = make_report(line("a", cost=Cost(add=inside)), inputs=(Tensor("image", "float32", None),))
    assert "first try --shape 'image=...'" in statements(report)["open"][0]


def test_why_work_depends_on_data() -> None:
    lines = [line(f"a{i}", cost=Cost(add=symbol(f"nnz(a{i})")), reason="zeros are left out") for i in range(3)]
    assert statements(make_report(*lines))["open"][1] == "nnz(a0) and 2 more: zeros are left out"


def test_loops() -> None:
    report = make_report(line("a"), loops=(Loop("net/while", 5, "derived"), Loop("w", 3, "at most")))
    assert statements(report)["loops"] == ["net/while 5 times, w at most 3 times"]


@pytest.mark.parametrize(
    ("shape", "text"),
    [(None, "?"), (Shape(), "scalar"), (Shape(1, 224, 3), "1x224x3"), (Shape(N, 4 * symbol("a[1]")), "Nx4*a[1]")],
)
def test_shapes(shape: Shape | None, text: str) -> None:
    assert shape_text(shape) == text


def test_names_from_a_model_are_made_harmless() -> None:
    evil = "\x1b[31mred\nnext"
    report = make_report(
        line("a"),
        outputs=(Tensor(evil, "float32", Shape()),),
        warnings=(evil,),
        notes=(evil,),
        loops=(Loop(evil, 1, ""),),
    )
    texts = [fact.text for fact in summarize(report)]
    assert len([text for text in texts if "red" in text]) == 4
    assert not [text for text in texts if "\x1b" in text or "\n" in text]


def test_rules_that_are_not_built_in() -> None:
    report = make_report(
        line("a"),
        overridden=(
            Overridden("Relu", "my.py", "graphcost", ("shape", "value", "cost")),
            Overridden("A", "", "b", ("cost",)),
        ),
        unmatched=tuple(Unmatched(f"Op{i}", "my.py") for i in range(7)),
    )
    assert statements(report)["rules"] == [
        "Relu: my.py overrides the shape, value and cost of graphcost",
        "A: an unnamed set overrides the cost of b",
        *(f"Op{i} of my.py matches no node" for i in range(5)),
        "and 2 more like these",
    ]
    assert [fact.is_caution for fact in summarize(report) if "matches no node" in fact.text] == [True] * 5
