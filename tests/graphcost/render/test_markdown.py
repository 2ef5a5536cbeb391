from __future__ import annotations

import re

from sample_reports import line, make_report, perceptron

from graphcost.render.markdown import escape, render
from graphcost.render.view import View


def test_every_row_has_as_many_cells_as_the_header() -> None:
    report = make_report(line("a|b"), line("c\\|d/e"), line("`f`|/g"))
    rows = [text for text in render(report, View("node")).splitlines() if text.startswith("|")]
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows} == {8}


def test_syntax_is_escaped() -> None:
    assert escape("[/foo](x) <b> *a* `c` | $d$") == r"\[/foo\](x) \<b\> \*a\* \`c\` \| \$d\$"
    assert escape("https://example.com www.example.com") == r"https\://example.com www\.example.com"
    assert escape("dense/MatMul 54,276") == "dense/MatMul 54,276"


def test_the_summary_is_a_list() -> None:
    text = render(perceptron().bind(N=1), View())
    assert "- **FLOPs**: 698" in text
    assert "- **convention**: 1 MAC = 2 FLOPs, any other operation 1" in text
