"""The report as JSON text; what it holds is told by graphcost.report.serialize."""

from __future__ import annotations

import json
from typing import Any

from graphcost.render.view import View
from graphcost.report import Report
from graphcost.report.serialize import to_dict


def render(report: Report, view: View | None = None) -> str:
    """The text, in ASCII: what isn't printable in a name comes out escaped. Each entry of a list is one line.

    It has everything: a view changes nothing.
    """
    members = (f" {json.dumps(key)}: {_written(value)}" for key, value in to_dict(report).items())
    return "{\n" + ",\n".join(members) + "\n}\n"


def _written(value: Any) -> str:
    """Lists without `indent`, which would take the encoder in Python, ten times slower than the one in C."""
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n  " + ",\n  ".join(json.dumps(entry) for entry in value) + "\n ]"
