from __future__ import annotations

from dataclasses import replace

import pytest
from sample_reports import N, line, make_report, perceptron, residual_net

from graphcost.dims import Shape, symbol
from graphcost.errors import UsageError
from graphcost.ops.cost import Cost
from graphcost.ops.sizes import Equality, Need
from graphcost.ops.status import Status
from graphcost.report import Work

A, B = symbol("a[1]"), symbol("b[1]")


def test_work_is_filed_by_the_kind_of_arithmetic() -> None:
    work = Work(Cost(mac=3, add=1), Cost(mac=2, mul=5))
    assert (work.flops, work.macs, work.int_ops, work.int_macs) == (7, 3, 9, 2)
    assert (work + work) == work * 2


def test_totals_keep_their_formula() -> None:
    report = perceptron()
    assert report.total.work.flops == report.formula.work.flops == 698 * N
    bound = report.bind(N=4)
    assert bound.total.work.flops == 2792
    assert bound.formula.work.flops == 698 * N
    assert report.total.work.flops == 698 * N


def test_bindings_add_up_and_may_change() -> None:
    report = residual_net().bind(N=1).bind(**{"tokens[1]": 10})
    assert report.bindings == {"N": 1, "tokens[1]": 10}
    assert report.bind(N=2).bindings["N"] == 2


def test_bound_lines_have_numbers() -> None:
    bound = perceptron().bind(N=2).bound_lines
    assert bound[1].work.macs == 640
    assert bound[1].outputs == (Shape(2, 10),)


def test_complete_means_covered_and_bound() -> None:
    assert not perceptron().is_complete
    assert perceptron().bind(N=1).is_complete
    assert not residual_net().bind(N=1, **{"tokens[1]": 1}).is_complete
    assert make_report().is_complete


def test_coverage_is_the_share_of_settled_lines() -> None:
    report = make_report(line("free"), line("known", cost=Cost(add=1)), line("unknown", status=Status.NO_SHAPE))
    assert report.coverage == pytest.approx(2 / 3)
    assert [uncosted.node for uncosted in report.uncosted] == ["unknown"]
    assert make_report().coverage == 1.0


def test_groups_add_up() -> None:
    report = residual_net().bind(N=3, **{"tokens[1]": 5})
    for rows in (report.by_op(), report.by_scope(), report.by_scope(1), report.by_node()):
        assert sum(row.work.flops for row in rows) == report.total.work.flops  # type: ignore[misc]
        assert sum(row.nodes for row in rows) == len(report.lines)


def test_ops_come_dearest_first_and_scopes_in_order() -> None:
    report = residual_net().bind(N=3, **{"tokens[1]": 5})
    assert [row.name for row in report.by_op()] == ["Conv2D", "Relu", "MatMul", "AddV2", "Mystery"]
    assert [row.name for row in report.by_scope(2)][:2] == ["net/stage0", "net/stage1"]


def test_symbols_put_the_batch_first() -> None:
    assert residual_net().symbols == ("N", "tokens[1]")


def test_unknown_symbols_get_the_nearest_names() -> None:
    with pytest.raises(UsageError, match=r"no symbol 'token\[1\]': its symbols are tokens\[1\]"):
        residual_net().bind(**{"token[1]": 3})
    with pytest.raises(UsageError, match="it has none"):
        make_report().bind(N=1)


def test_sizes_are_not_negative() -> None:
    with pytest.raises(UsageError, match="N=-1"):
        perceptron().bind(N=-1)


def test_a_binding_of_a_replaced_symbol_binds_what_stands_for_it() -> None:
    report = make_report(line("a", cost=Cost(add=A)), replaced={"b[1]": A})
    bound = report.bind(**{"b[1]": 7})
    assert bound.total.work.flops == 7
    assert bound.value(3 * A + 1) == 22
    assert report.value(A) == A


def test_bindings_that_contradict_each_other_are_refused() -> None:
    report = make_report(line("a", cost=Cost(add=A)), replaced={"b[1]": A})
    with pytest.raises(UsageError, match=r"b\[1\]=8 contradicts b\[1\] = a\[1\] = 7"):
        report.bind(**{"a[1]": 7, "b[1]": 8})
    unequal = make_report(line("a", cost=Cost(add=A * B)), equalities=(Equality(2 * A, 3 * B, "concat"),))
    assert unequal.bind(**{"a[1]": 3, "b[1]": 2}).total.work.flops == 6
    with pytest.raises(UsageError, match=r"contradict .* at concat: 4 against 6"):
        unequal.bind(**{"a[1]": 2, "b[1]": 2})


def test_a_size_that_is_broadcast_may_be_one() -> None:
    report = make_report(line("a", cost=Cost(add=A)), equalities=(Equality(A, 5, "add", or_one=True),))
    assert report.bind(**{"a[1]": 1}).total.work.flops == 1
    with pytest.raises(UsageError, match="4 against 5"):
        report.bind(**{"a[1]": 4})


def test_a_size_that_a_binding_makes_too_small_makes_its_line_invalid() -> None:
    """As much as no window fits is refused where a size is given before propagation; so is it where it is bound."""
    need = Need(A - 2, 1, "a window of 3 doesn't fit")
    conv = replace(line("conv", cost=Cost(mac=9 * A - 18), output=Shape(A - 2)), needs=(need,))
    report = make_report(line("x", output=Shape(A)), conv)

    assert report.bind(**{"a[1]": 3}).is_complete
    for size in (0, 1, 2):
        bound = report.bind(**{"a[1]": size})
        assert [each.reason for each in bound.uncosted] == [f"a window of 3 doesn't fit: a[1] - 2 is {size - 2}"]
        assert not bound.is_complete
        assert bound.total.work.flops == 0
        assert bound.to_dict()["lines"][1]["status"] == "invalid"
    assert report.uncosted == ()


def test_a_negative_size_or_cost_makes_its_line_invalid() -> None:
    short = make_report(line("a", output=Shape(A - 2)), line("b", cost=Cost(add=A)))
    assert [each.reason for each in short.bind(**{"a[1]": 1}).uncosted] == ["the size a[1] - 2 is -1"]
    rows = make_report(line("a", cost=Cost(compare=A - 1, add=5), output=Shape(A)))
    assert "-1 compare" in rows.bind(**{"a[1]": 0}).uncosted[0].reason
    assert make_report(line("a", output=Shape(A - 2), count=0)).bind(**{"a[1]": 1}).uncosted == ()
