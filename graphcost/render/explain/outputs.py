"""Why each output was chosen, what came second, and what is doubtful."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from graphcost.pipeline import Analysis
from graphcost.render.explain.statements import Statement, as_csv, as_markdown, as_table, listed
from graphcost.render.sanitize import TEXT_LIMIT, sanitize
from graphcost.render.summary import title
from graphcost.report import Report
from graphcost.roles.candidates import Candidate

SCHEMA_VERSION = 1
MOST = 20
"""How many tensors of a kind people are shown; JSON has all."""

GIVEN = {
    "option": "named by --outputs",
    "signature": "an output of the signature",
}


def render(analysis: Analysis, form: str, width: int) -> str:
    """The explanation as "table", "json", "csv" or "markdown"."""
    if form == "json":
        return json.dumps(to_dict(analysis), indent=1) + "\n"
    statements = list(_statements(analysis))
    if form == "csv":
        return as_csv(statements)
    if form == "markdown":
        return as_markdown(title(analysis.report), statements)
    return as_table(title(analysis.report), statements, width)


def to_dict(analysis: Analysis) -> dict[str, Any]:
    """The choice in the types that JSON has."""
    return {
        "schema_version": SCHEMA_VERSION,
        "outputs_from": analysis.report.outputs_from,
        "outputs": [_candidate(each) for each in _chosen(analysis)],
        "second": [_candidate(each) for each in _second(analysis)],
        "doubts": list(_doubts(analysis)),
    }


def _statements(analysis: Analysis) -> Iterator[Statement]:
    chosen = _chosen(analysis)
    if not chosen:
        yield Statement("outputs", "none: nothing in the graph can be one; --outputs NAME names one")
    yield from listed("outputs", _texts(chosen))
    yield from listed("second", _texts(_second(analysis)))
    yield from listed("doubts", [sanitize(doubt, TEXT_LIMIT) for doubt in _doubts(analysis)])


def _chosen(analysis: Analysis) -> Sequence[Candidate]:
    if analysis.inferred is not None:
        return analysis.inferred.chosen
    return [Candidate(ref, _given(analysis.report)) for ref in analysis.graph.outputs]


def _given(report: Report) -> str:
    return GIVEN.get(report.outputs_from, report.outputs_from)


def _second(analysis: Analysis) -> Sequence[Candidate]:
    return analysis.inferred.second if analysis.inferred is not None else ()


def _doubts(analysis: Analysis) -> Sequence[str]:
    return analysis.inferred.doubts if analysis.inferred is not None else ()


def _texts(candidates: Sequence[Candidate]) -> Iterator[str]:
    for each in candidates[:MOST]:
        yield sanitize(f"{each.ref}: {each.why}", TEXT_LIMIT)
    if len(candidates) > MOST:
        yield f"and {len(candidates) - MOST:,} more"


def _candidate(candidate: Candidate) -> dict[str, str]:
    return {"name": str(candidate.ref), "why": candidate.why}
