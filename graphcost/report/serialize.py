"""The report as the JSON contract has it, which graphcost/schema describes: data in the types that JSON has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphcost.dims import Dim, Shape, format_dim
from graphcost.dims.polynomial import MAX_PRINTED_BITS
from graphcost.report.line import Line
from graphcost.report.parts import Dropped, Loop, Tensor
from graphcost.report.quantities import Quantities
from graphcost.report.report import Report
from graphcost.report.row import Row

SCHEMA_VERSION = 1
MAX_SAFE_INTEGER = 2**53
"""Readers that keep numbers as doubles lose digits above."""


def to_dict(report: Report) -> dict[str, Any]:
    """The report in the types that JSON has.

    A quantity with an unbound symbol is None beside its formula (`<name>_formula`); one above 2^53 has its digits
    in a string beside it (`<name>_exact`); one of more than 4096 bits is None, its formula tells its magnitude.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "model": {"path": report.model.path, "format": report.model.format, "nodes": report.model.nodes},
        "inputs": [_tensor(tensor) for tensor in report.inputs],
        "outputs": [_tensor(tensor) for tensor in report.outputs],
        "outputs_from": report.outputs_from,
        "symbols": _symbols(report),
        "total": _total(report),
        "kept_nodes": len(report.lines),
        "dropped": {reason: _dropped(dropped, report) for reason, dropped in report.dropped.items()},
        "uncosted": [_uncosted(line) for line in report.uncosted],
        "loops": [_loop(loop, report) for loop in report.loops],
        "lines": _lines(report),
        "equalities": [
            {
                "left": format_dim(equality.left),
                "right": format_dim(equality.right),
                "node": equality.node,
                "or_one": equality.or_one,
            }
            for equality in report.equalities
        ],
        "warnings": list(report.warnings),
        "notes": list(report.notes),
        **_rules(report),
        **_phases(report),
    }


def _rules(report: Report) -> dict[str, Any]:
    """What became of the rules that aren't built in, where there is something to say of them."""
    if not report.overridden and not report.unmatched:
        return {}
    overridden = [
        {"op": each.op, "owner": each.owner, "overrides": each.below, "aspects": list(each.aspects)}
        for each in report.overridden
    ]
    unmatched = [{"op": each.op, "owner": each.owner} for each in report.unmatched]
    return {"rules": {"overridden": overridden, "unmatched": unmatched}}


def _phases(report: Report) -> dict[str, Any]:
    """The parts of a training step, where the outputs make up one."""
    open_ones = tuple(quantity for quantity in report.quantities if quantity.may_be_open)
    phases = {row.name: {"nodes": row.nodes, **_amounts(row, open_ones)} for row in report.by_phase()}
    return {"phases": phases} if phases else {}


def _total(report: Report) -> dict[str, Any]:
    total, formula = report.total, report.formula
    return {
        **_amounts(total, report.quantities),
        "by_kind": _written(total.work.floating.by_kind),
        "int_by_kind": _written(total.work.integer.by_kind),
        "formula": {q.name: format_dim(formula.amount(q)) for q in report.quantities if q.may_be_open},
        **{name: count for name, count in (("constants", report.constants), ("state", report.state)) if count},
        "complete": report.is_complete,
        "coverage": report.coverage,
    }


def _lines(report: Report) -> list[dict[str, Any]]:
    ids = report.line_ids
    reads = report.reads or [()] * len(ids)
    return [
        {"id": name, **_line(line, bound, report.quantities), "reads": [ids[each] for each in read]}
        for name, line, bound, read in zip(ids, report.lines, report.bound_lines, reads, strict=True)
    ]


def _line(line: Line, bound: Line, quantities: Quantities) -> dict[str, Any]:
    entry = {
        "node": line.node,
        "op": line.op,
        "scope": line.scope,
        "status": bound.status.value,
        **_quantity("count", bound.count),
        **_written({quantity.name: quantity.of(bound) for quantity in quantities}),
        "outputs": [_shape(shape) for shape in line.outputs],
        "formula": format_dim(line.work.flops),
    }
    if bound.reason:
        entry["reason"] = bound.reason
    return entry


def _uncosted(line: Line) -> dict[str, str]:
    return {
        "node": line.node,
        "op": line.op,
        "scope": line.scope,
        "status": line.status.value,
        "reason": line.reason,
    }


def _dropped(dropped: Dropped, report: Report) -> dict[str, Any]:
    return {"nodes": dropped.nodes, **_quantity("flops", report.value(dropped.work.flops)), "exact": dropped.is_exact}


def _loop(loop: Loop, report: Report) -> dict[str, Any]:
    return {"name": loop.name, **_quantity("trips", report.value(loop.trips)), "from": loop.source}


def _tensor(tensor: Tensor) -> dict[str, Any]:
    return {"name": tensor.name, "dtype": tensor.dtype, "shape": _shape(tensor.shape)}


def _symbols(report: Report) -> dict[str, Any]:
    """A symbol's number, None while it is unbound, or what stands for it."""
    values: dict[str, Any] = {name: report.bindings.get(name) for name in report.symbols}
    values |= {name: {"equals": format_dim(standing)} for name, standing in report.replaced.items()}
    return values


def _amounts(row: Row, quantities: Quantities) -> dict[str, Any]:
    return _written({quantity.name: row.amount(quantity) for quantity in quantities})


def _written(values: Mapping[str, Dim]) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for name, value in values.items():
        written |= _quantity(name, value)
    return written


def _quantity(name: str, value: Dim) -> dict[str, Any]:
    if not _has_number(value):
        return {name: None, f"{name}_formula": format_dim(value)}
    if isinstance(value, int) and value > MAX_SAFE_INTEGER:
        return {name: value, f"{name}_exact": str(value)}
    return {name: value}


def _shape(shape: Shape | None) -> list[int | str] | None:
    return None if shape is None else [_size(dim) for dim in shape]


def _size(dim: Dim) -> int | str:
    return dim if isinstance(dim, int) and _has_number(dim) else format_dim(dim)


def _has_number(value: Dim) -> bool:
    return isinstance(value, int) and value.bit_length() <= MAX_PRINTED_BITS
