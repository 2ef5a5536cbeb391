from __future__ import annotations

import re

import pytest
from rich.cells import cell_len
from sample_reports import N, line, make_report, perceptron, residual_net

from graphcost.dims import Shape, symbol
from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.render import GROUPINGS
from graphcost.render.table import render
from graphcost.render.view import View
from graphcost.report import Loop, Report, Tensor

LONG = make_report(
    *(
        line(
            f"a_rather_long_name_of_a_model/encoder/layer_{i}/self_attention/query/MatMul_{i}",
            "SomeVeryLongNameOfAnOperationV2",
            cost=Cost(mac=10**9 * i * symbol(f"a_long_input_name_{i}[1]") * N),
            output=Shape(N, 128, 128, 1024, 1024),
            count=symbol("trips(while)"),
        )
        for i in range(1, 4)
    )
)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("by", GROUPINGS)
@pytest.mark.parametrize("report", [perceptron().bind(N=1), residual_net(), LONG], ids=["small", "open", "long"])
def test_no_line_is_wider_than_asked(report: Report, by: str, width: int) -> None:
    lines = render(report, View(by), width=width).splitlines()
    assert max(cell_len(text) for text in lines) <= width


@pytest.mark.parametrize("width", [80, 90, 100, 120])
def test_a_long_name_is_shortened_in_its_middle(width: int) -> None:
    """Beside a bar as well as without one: its end tells the node."""
    report = make_report(*(line(f"model/{'block/' * 40}MatMul_{i}", cost=Cost(add=10 + i)) for i in range(3)))
    names = re.findall(r"^(model/\S+)", render(report, View("node"), width=width), re.MULTILINE)
    assert [name[-8:] for name in names] == ["MatMul_2", "MatMul_1", "MatMul_0"]
    assert all("…" in name and name.startswith("model/block/") for name in names)


def test_wide_characters_keep_to_the_width() -> None:
    report = make_report(*(line(f"{'卷积' * 40}/{i}", cost=Cost(add=i)) for i in range(3)))
    assert max(cell_len(text) for text in render(report, View("node"), width=80).splitlines()) <= 80


def test_escape_sequences_only_where_colour_is_asked() -> None:
    assert "\x1b" not in render(perceptron(), View())
    assert "\x1b[1m" in render(perceptron(), View(), colour=True)


def test_runs_are_shown_only_where_any_differs_from_one() -> None:
    assert " runs " not in render(perceptron(), View("node"))
    assert " runs " in render(residual_net(), View("node"))


def test_the_foot_states_a_lower_bound_and_why() -> None:
    lines = [line(f"n{i}", f"Op{i % 7}", status=Status.NO_RULE, reason="it has none") for i in range(20)]
    text = render(make_report(line("known", cost=Cost(add=1234)), *lines), View("op"))
    assert "at least 1,234 (1.23 k)" in text
    assert "4.8 %: 20 of 21 nodes have no known cost, so the total is a lower bound" in text
    assert "Op0 x 3 (no rule: it has none), n0 and 2 more" in text
    assert "and 5 more nodes of 2 kinds" in text


def test_the_foot_says_how_to_bind_what_is_open() -> None:
    text = render(perceptron(), View())
    assert "open" in text
    assert "--bind 'N=...'" in text
    assert "--bind" not in render(perceptron().bind(N=1), View())


def test_the_foot_says_once_why_work_is_open() -> None:
    python = "it calls Python code, which isn't in the graph"
    lines = [line(f"net/f{i}", cost=Cost(add=symbol(f"flops(f{i})")), reason=python) for i in range(3)]
    found = symbol("size(net/Where:0,0)")
    two = render(make_report(*lines[:2]), View(), width=200)
    assert f"flops(f0) and 1 more: {python}\n" in two
    lines += [
        line("net/Where", cost=Cost(compare=64), reason="how many are found depends on data"),
        line("net/Mul", cost=Cost(mul=found)),
        line("net/Add", cost=Cost(add=symbol("size(net/other:0,0)"))),
    ]
    report = make_report(*lines)
    text = render(report, View(), width=200)
    assert text.count(python) == 1
    assert f"flops(f0) and 2 more: {python}\n" in text
    assert "  size(net/Where:0,0): how many are found depends on data\n" in text
    bound = render(report.bind(**{"flops(f0)": 1, "flops(f1)": 2, "flops(f2)": 3, "size(net/Where:0,0)": 4}), View())
    assert python not in bound
    assert "depends on data" not in bound


def test_what_is_said_of_open_work_is_sanitized() -> None:
    hostile = line("f", cost=Cost(add=symbol("flops(f)")), reason="\x1b[31mred\n")
    assert "\x1b" not in render(make_report(hostile), View())


def test_the_foot_names_an_open_input_before_the_symbols_inside() -> None:
    inside = symbol("size(model/Reshape:0,1)")
    lines = [line("model/MatMul", cost=Cost(mac=inside * 8))]
    image = Tensor("image", "float32", Shape(N, symbol("image[1]"), 3))
    assert "--shape 'image=...'" in render(make_report(*lines, inputs=(image,)), View())
    assert "--bind 'size(model/Reshape:0,1)=...'" in render(make_report(*lines), View())


def test_loops_read_as_scopes_do() -> None:
    loop = Loop("StatefulPartitionedCall/model/while", 50, "derived")
    assert re.search(r"loops +model/while 50 times", render(make_report(line("x"), loops=(loop,)), View()))


def test_the_total_is_exact_in_the_foot() -> None:
    text = render(perceptron().bind(N=1234), View())
    assert re.search(r"FLOPs +861,332 \(861 k\)", text)
    assert re.search(r"formula +698\*N FLOPs", text)
    assert "1 MAC = 2 FLOPs" in text


def test_numbers_of_any_size_are_shown() -> None:
    text = render(make_report(line("vast", cost=Cost(mac=2**16_000), output=Shape(2**62, 2**20_000))), View("node"))
    assert "about 2^" in text
