"""The JSON Schema of the report."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def report_schema() -> dict[str, Any]:
    """The schema of what `report --format json` prints and `Report.to_dict()` gives."""
    schema: dict[str, Any] = json.loads(files(__name__).joinpath("report.schema.json").read_text("utf-8"))
    return schema
