"""Names that a file made to harm could have, through every renderer."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from sample_reports import make_report

from graphcost.dims import Shape, symbol
from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.render import GROUPINGS, csv, html, markdown, table
from graphcost.render import json as json_renderer
from graphcost.render.view import View
from graphcost.report import Dropped, Line, Loop, ModelInfo, Report, Tensor, Work

PIECES = st.sampled_from([
    "\x1b[31m", "\x1b]8;;http://evil\x07", "\x9b", "\u202e", "[/foo]", "[bold]", "</script>", "<b>", '"', "'", "|", "`",
    "\n", "\r", "\0", "=1+1", "/", "//", "\\", "\\n", "&amp;", "\ud800", "{}", "$x$", ",", ":smile:", "卷",
])  # fmt: skip
NAMES = st.one_of(st.text(st.characters(), max_size=30), st.lists(PIECES, max_size=12).map("".join))
SIZES = st.one_of(st.integers(0, 9), st.sampled_from([2**53 + 1, 2**62, 2**20_000]))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    def dim():  # type: ignore[no-untyped-def]
        name = draw(st.one_of(st.none(), NAMES))
        return draw(SIZES) if name is None else draw(SIZES) * symbol(name)

    lines = [
        Line(
            node=draw(NAMES),
            op=draw(NAMES),
            scope=draw(NAMES),
            status=draw(st.sampled_from(Status)),
            work=Work(Cost(mac=dim()), Cost(add=dim())),
            count=dim(),
            outputs=(Shape(dim(), 3), None),
            params=draw(SIZES),
            param_bytes=draw(SIZES),
            reason=draw(NAMES),
        )
        for _ in range(draw(st.integers(0, 4)))
    ]
    return make_report(
        *lines,
        model=ModelInfo(draw(NAMES), draw(NAMES), 7),
        inputs=(Tensor(draw(NAMES), None, None),),
        outputs=(Tensor(draw(NAMES), draw(NAMES), Shape(dim())),),
        outputs_from=draw(NAMES),
        dropped={draw(NAMES): Dropped(1, Work(Cost(add=dim())), draw(st.booleans()))},
        loops=(Loop(draw(NAMES), dim(), "unknown"),),
        replaced={draw(NAMES): dim()},
        warnings=(draw(NAMES),),
        notes=(draw(NAMES),),
    )


@settings(deadline=None, max_examples=150)
@given(reports(), st.sampled_from(GROUPINGS))
def test_no_renderer_fails_or_lets_control_characters_through(report: Report, by: str) -> None:
    view = View(by)
    texts = [table.render(report, view), markdown.render(report, view), csv.render(report, view), html.render(report)]
    for text in [*texts, json_renderer.render(report)]:
        assert all(part.isprintable() for part in text.replace("\u2003", "").split("\n"))
        text.encode()


@settings(deadline=None, max_examples=50)
@given(reports())
def test_json_gives_names_back_as_they_are(report: Report) -> None:
    lines = json.loads(json_renderer.render(report))["lines"]
    assert [entry["node"] for entry in lines] == [line.node for line in report.lines]
