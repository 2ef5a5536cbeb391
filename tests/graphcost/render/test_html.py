from __future__ import annotations

from html.parser import HTMLParser

from sample_reports import line, make_report, perceptron

from graphcost.render.html import render
from graphcost.render.view import View


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def parse(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


def test_a_report_shows_itself_in_a_notebook() -> None:
    tags = parse(perceptron().bind(N=1)._repr_html_())
    assert "698" in tags.text
    assert "1 MAC = 2 FLOPs" in tags.text


def test_names_cannot_bring_tags_in() -> None:
    name = "</td><script>alert(1)</script><img src=x onerror='alert(2)'>\"&"
    tags = parse(render(make_report(line(name, op=name, reason=name)), View("node")))
    allowed = {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "p"}
    assert {tag for tag, _ in tags.seen} <= allowed
    assert {names for _, names in tags.seen} <= {(), ("style",)}
    assert name in tags.text
