"""The graph as DOT: analysis -> drawing (what runs, unfolded) -> collapsed drawing (what fits) -> text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphcost.render.dot.collapse import collapse
from graphcost.render.dot.dot_graph import Drawing
from graphcost.render.dot.unfold import unfold
from graphcost.render.dot.write import write

if TYPE_CHECKING:
    from graphcost.pipeline import Analysis

__all__ = ["Drawing", "render"]


def render(analysis: Analysis, drawing: Drawing) -> str:
    """The DOT text; the bindings of the report are filled in."""
    return write(collapse(unfold(analysis, drawing), drawing), analysis.report)
