from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

import pytest
from rich.cells import cell_len
from sample_reports import N, line, make_report, perceptron, residual_net

from graphcost.dims import Shape, symbol
from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.render import GROUPINGS
from graphcost.render.columns import cells, columns
from graphcost.render.rows import select
from graphcost.render.table import render
from graphcost.render.table_row import TableRow
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


# How columns share the width. Beside the names each column has 2 characters between it and the one before.

GAP, LEAST_NAME, BAR = 2, 26, 12


def natural(report: Report, view: View) -> dict[str, int]:
    """The width that each column would like to have."""
    shown, entries = columns(report, view), (*select(report, view).entries, TableRow("total", report.total))
    rows = [cells(entry, shown) for entry in entries]
    return {each.heading: max(len(each.heading), *(len(row[i]) for row in rows)) for i, each in enumerate(shown)}


def used(widths: Iterable[int]) -> int:
    return sum(width + GAP for width in widths)


def heading_line(text: str) -> str:
    return text.splitlines()[2]


def number_widths(text: str) -> dict[str, int]:
    """Of each column of numbers but the first, by its heading, which stands at its right edge."""
    ends = [(match[0].strip(), match.end()) for match in re.finditer(r"\S+( \S+)*", heading_line(text))]
    return {heading: end - before - GAP for (_, before), (heading, end) in pairwise(ends[1:])}


def named(length: int) -> Report:
    return make_report(line("x" * length, cost=Cost(add=3)), line("y", cost=Cost(add=1)))


@pytest.mark.parametrize("by", ["op", "node"])
def test_bars_are_there_where_names_have_34_characters_beside_them(by: str) -> None:
    report, view = named(100), View(by)
    least = used(natural(report, view).values()) + GAP + LEAST_NAME + 8 + BAR + GAP
    assert "█" in render(report, view, width=least)
    assert "█" not in render(report, view, width=least - 1)


def test_names_have_all_the_room_that_is_left() -> None:
    report, view = named(100), View("node")
    taken = used(natural(report, view).values()) + GAP
    for width, room in ((taken + 40, 40), (taken + 60, 60 - BAR - GAP), (taken + 100, 100 - BAR - GAP)):
        shown = next(text for text in render(report, view, width=width).splitlines() if text.startswith("x"))
        assert len(shown.split()[0]) == room, width
    assert "x" * 100 in render(report, view, width=taken + 100 + BAR + GAP)


TEXTS = make_report(line("it", "O" * 30, cost=Cost(add=3), output=Shape(*[1024] * 5)))


@pytest.mark.parametrize(
    ("room", "op", "output"),
    [
        (64, 30, 24),
        (58, 30, 24),
        (57, 26, 24),
        (56, 26, 24),
        (51, 23, 23),
        (50, 23, 23),
        (21, 8, 8),
        (20, 8, 8),
        (19, 17, 0),
        (11, 9, 0),
        (10, 8, 0),
        (9, 0, 0),
    ],
)
def test_texts_share_the_room_that_names_and_numbers_leave(room: int, op: int, output: int) -> None:
    """Alike where it doesn't suffice, each of 8 characters at least; else the last goes first."""
    view = View("node")
    wide = natural(TEXTS, view)
    assert (wide["op"], wide["output"]) == (30, 24)
    numbers = used(width for heading, width in wide.items() if heading not in ("op", "output"))
    width = LEAST_NAME + GAP + numbers + room
    text = render(TEXTS, view, width=width)
    row = next(each for each in text.splitlines() if each.startswith("it "))
    found = [len(part) for part in re.findall(r"O+…?O*|1024\S*", row)]
    assert found == [each for each in (op, output) if each]
    assert ("op" in heading_line(text), "output" in heading_line(text)) == (op > 0, output > 0)


def test_formulas_give_way_until_names_have_26_characters() -> None:
    """The wider first, those of one width by turns; what is no formula keeps its width."""
    report, view = LONG, View("op")
    wide = natural(report, view)
    for width in (80, 81, 82, 90):
        narrow = number_widths(render(report, view, width=width))
        assert (narrow["%"], narrow["params"]) == (wide["%"], wide["params"])
        assert 0 <= narrow["MACs"] - narrow["FLOPs"] <= 1
        assert used((wide["nodes"], *narrow.values())) == width - LEAST_NAME - GAP


@pytest.mark.parametrize(("width", "formula"), [(70, 8), (72, 9), (74, 10)])
def test_formulas_keep_8_characters(width: int, formula: int) -> None:
    """With those, names and the other columns take 70."""
    narrow = number_widths(render(LONG, View("op"), width=width))
    assert (narrow["FLOPs"], narrow["MACs"]) == (formula, formula)


def test_beside_texts_formulas_leave_them_12_characters() -> None:
    report, view = LONG, View("node")
    wide = natural(report, view)
    assert min(wide["op"], wide["output"]) > 12
    text = render(report, view, width=110)
    row = next(each for each in text.splitlines() if each.startswith("a_"))
    op = re.search(r"Some\S*V2", row)
    assert op is not None
    assert len(op[0]) == 12


def test_texts_give_way_before_formulas_have_less_than_8_characters() -> None:
    """At 83 there is room for one of the texts, beside three formulas of 8."""
    text = render(LONG, View("node"), width=83)
    narrow = number_widths(text)
    assert (narrow["FLOPs"], narrow["MACs"]) == (8, 8)
    assert "output" not in heading_line(text)
    assert re.search(r" Some…\S{3} ", text)
    assert " op " not in heading_line(render(LONG, View("node"), width=82))


def test_an_indented_name_is_shortened_in_its_middle_too() -> None:
    report = make_report(*(line(f"net/{name}/op", cost=Cost(add=1)) for name in ("x" * 100 + "end", "other")))
    row = next(each for each in render(report, View(), width=80).splitlines() if each.startswith("  x"))
    assert row.split()[0].endswith("end")


def test_no_table_is_narrower_than_60_and_120_is_plain() -> None:
    view = View("node")
    assert render(LONG, view, width=20) == render(LONG, view, width=60) != render(LONG, view, width=61)
    assert render(LONG, view, width=119) != render(LONG, view) == render(LONG, view, width=120)


def test_scopes_are_indented_by_two_down_to_the_eighth() -> None:
    names = ["/".join(f"s{i}" for i in range(depth + 1)) for depth in range(11)]
    report = make_report(*(line(f"{name}/{op}", cost=Cost(add=1)) for name in names for op in ("one", "two")))
    report = make_report(*report.lines, *(line(f"{name}/side/op", cost=Cost(add=1)) for name in names))
    text = render(report, View(depth=11, top=0), width=200)
    indents = [len(row) - len(row.lstrip()) for row in text.splitlines() if re.match(r" *s\d", row)]
    assert indents == [2 * min(depth, 8) for depth in range(11)]


@pytest.mark.parametrize(
    ("part", "bar"),
    [(0, ""), (1, "▏"), (2, "▎"), (3, "▍"), (4, "▌"), (5, "▋"), (6, "▊"), (7, "▉"), (8, "█"), (9, "█▏"), (48, "█" * 6)],
)
def test_a_bar_has_an_eighth_of_a_character_for_each_96th(part: int, bar: str) -> None:
    report = make_report(line("small", cost=Cost(add=part)), line("rest", cost=Cost(add=96 - part)))
    rows = {row.split()[0]: row for row in render(report, View("node")).splitlines() if row}
    assert "".join(re.findall("[█▉▊▋▌▍▎▏]", rows["small"])) == bar
    whole, eighths = divmod(96 - part, 8)
    assert "".join(re.findall("[█▉▊▋▌▍▎▏]", rows["rest"])) == "█" * whole + " ▏▎▍▌▋▊▉"[eighths].strip()


def test_rows_are_dim_below_a_thousandth_and_yellow_where_the_cost_is_unknown() -> None:
    report = make_report(
        line("most", cost=Cost(add=998_001)),
        line("limit", cost=Cost(add=1000)),
        line("below", cost=Cost(add=999)),
        line("unknown", status=Status.NO_RULE),
        line("free"),
    )
    text = render(report, View("node"), colour=True)
    styles = {name: re.search(rf"^(\x1b\[(\d+)m)?{name}", text, re.MULTILINE) for name in ("most", "limit", "below")}
    assert {name: found and found[2] for name, found in styles.items()} == {"most": None, "limit": None, "below": "2"}
    assert "\x1b[33munknown" in text
    rows = {name: next(row for row in text.splitlines() if name in row) for name in ("below", "unknown")}
    assert re.search(r"\x1b\[2m *999\x1b\[0m", rows["below"])
    assert re.search(r"\x1b\[33m *no rule\x1b\[0m", rows["unknown"])
    assert "\x1b[2mfree" in text
    assert "\x1b[36m█" in text
    assert "\x1b[1mtotal" in text


def test_what_is_cut_is_said_below_the_table() -> None:
    many = make_report(*(line(f"n{i}", cost=Cost(add=i)) for i in range(5)))
    said = "the most expensive 2 of 5 nodes (--top 0 for all)"
    assert f"\n{said}\n\nFLOPs" in render(many, View("node", top=2))
    assert f"\x1b[2m{said}" in render(many, View("node", top=2), colour=True)
    assert "most expensive" not in render(many, View("node", top=0))


def test_long_words_of_the_foot_are_folded_not_cut() -> None:
    name = "".join(chr(ord("a") + i % 26) for i in range(150))
    text = render(make_report(line("x", cost=Cost(add=symbol(name)))), View(), width=60)
    assert name not in text
    assert name in re.sub(r"\s", "", text)
    cautious = make_report(line("x", status=Status.NO_RULE), line("y", cost=Cost(add=1)))
    coloured = render(cautious, View(), colour=True)
    assert "\x1b[33mcoverage" in coloured
    assert "\x1b[1mFLOPs" in coloured


def test_no_line_ends_in_spaces() -> None:
    for report in (residual_net(), LONG):
        assert not [row for row in render(report, View(), width=100).splitlines() if row != row.rstrip()]


def test_a_whole_table() -> None:
    """Names are left and numbers right; 2 characters lie between columns, a line below the headings, and bars last."""
    report = make_report(
        line("a", "Relu", cost=Cost(compare=40)),
        line("b", "Relu", cost=Cost(compare=35)),
        line("c", "MatMul", cost=Cost(mac=10), params=10),
        line("d", "Mystery", status=Status.NO_RULE),
    )
    text = render(report, View("op"), width=90)
    assert text.startswith("model.pb (graphdef, 4 nodes, 4 run)\n\n")
    assert text.splitlines()[2:10] == [
        "op                          nodes  FLOPs      %  MACs  params",
        "─" * 75,
        "Relu                            2     75   78.9     0       0  █████████▌",
        "MatMul                          1     20   21.1    10      10  ██▌",
        "Mystery                         1      ?            0       0",
        "",
        "total                           4   ≥ 95  100.0    10      10",
        "",
    ]
    assert "\x1b[1mmodel.pb" in render(report, View("op"), colour=True)
    assert all(row.startswith(("FLOPs       ", "MACs        ")) for row in text.splitlines()[10:12])


def test_the_numbers_of_the_total_are_bold_and_no_others() -> None:
    report = make_report(line("a", cost=Cost(mac=10), params=7), line("b", cost=Cost(add=975)))
    text = render(report, View("node"), colour=True)
    total = next(row for row in text.splitlines() if "total" in row)
    assert re.search(r"\x1b\[1m *995\x1b\[0m", total)
    assert re.search(r"\x1b\[1m *100\.0\x1b\[0m", total)
    assert not re.search(r"\x1b\[1m *975\x1b\[0m", text)
