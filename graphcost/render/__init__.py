"""One module for each output format: a Report in, text out."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphcost.render.view import View
    from graphcost.report import Report

Renderer = Callable[["Report", "View"], str]

GROUPINGS = ("scope", "op", "node")
"""What a row of a table can stand for."""

FORMATS = ("table", "json", "csv", "markdown")
"""The forms of `graphcost report --format`: each is a module here, whose `render(report, view)` gives the text."""


def renderer(form: str) -> Renderer:
    """The function that gives a report in one of the forms; its module is imported now. Raises KeyError for another."""
    if form not in FORMATS:
        raise KeyError(form)
    render: Renderer = import_module(f"{__name__}.{form}").render
    return render
