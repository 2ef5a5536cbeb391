"""The JSON Schema of the report."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphcost.report.quantities import Quantities


def report_schema(quantities: Quantities | None = None) -> dict[str, Any]:
    """The schema of what `report --format json` prints and `Report.to_dict()` gives.

    The file beside this module has it for graphcost's own quantities; those of another table come beside them.
    """
    schema: dict[str, Any] = json.loads(files(__name__).joinpath("report.schema.json").read_text("utf-8"))
    return schema if quantities is None else with_quantities(schema, quantities)


def with_quantities(schema: dict[str, Any], quantities: Quantities) -> dict[str, Any]:
    """The schema with an entry for each quantity wherever one stands: in lines, the total, its formulas and phases."""
    everywhere, open_ones = [q.name for q in quantities], [q.name for q in quantities if q.may_be_open]
    parts = schema["properties"]
    total = _with_amounts(parts["total"], everywhere)
    formula = {
        **total["properties"]["formula"],
        "properties": {name: {"type": "string"} for name in open_ones},
        "required": sorted(open_ones),
    }
    total = {**total, "properties": {**total["properties"], "formula": formula}}
    phases = {
        **parts["phases"],
        "additionalProperties": _with_amounts(parts["phases"]["additionalProperties"], open_ones),
    }
    line = _with_amounts(schema["$defs"]["line"], everywhere)
    return {
        **schema,
        "properties": {**parts, "total": total, "phases": phases},
        "$defs": {**schema["$defs"], "line": line},
    }


def _with_amounts(entry: dict[str, Any], names: list[str]) -> dict[str, Any]:
    properties = dict(entry["properties"])
    for name in names:
        properties |= {
            name: {"$ref": "#/$defs/quantity"},
            f"{name}_exact": {"$ref": "#/$defs/digits"},
            f"{name}_formula": {"type": "string"},
        }
    return {**entry, "properties": properties, "required": sorted({*entry["required"], *names})}
