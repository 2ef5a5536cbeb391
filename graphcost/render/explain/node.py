"""One node explained, as text under headings, Markdown, CSV or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from graphcost.dims import Dim, format_dim
from graphcost.explain.node import NodeExplanation, Tensor
from graphcost.explain.paths import Step
from graphcost.explain.reference import Count
from graphcost.ir.literal import Item, Literal, PartialShape
from graphcost.ir.node import Attr, FunctionRef
from graphcost.ops.cost import Cost
from graphcost.render.explain.grid import quantity
from graphcost.render.explain.statements import Statement, as_csv, as_markdown, as_table, listed
from graphcost.render.numbers import exact
from graphcost.render.sanitize import TEXT_LIMIT, sanitize
from graphcost.render.summary import shape_text
from graphcost.report import Line, Report, Work

SCHEMA_VERSION = 1
MOST = 16
MOST_ORIGINS = 5
"""How many elements of a list are shown."""


def render(found: NodeExplanation, report: Report, form: str, width: int) -> str:
    """The explanation as "table", "json", "csv" or "markdown"."""
    if form == "json":
        return json.dumps(to_dict(found, report), indent=1) + "\n"
    statements = list(_statements(found, report))
    if form == "csv":
        return as_csv(statements)
    if form == "markdown":
        return as_markdown(_title(found), statements)
    return as_table(_title(found), statements, width)


def to_dict(found: NodeExplanation, report: Report) -> dict[str, Any]:
    """The explanation in the types that JSON has; a quantity with an open symbol is None beside its formula."""
    once = found.once
    return {
        "schema_version": SCHEMA_VERSION,
        "node": found.name,
        "op": found.node.op,
        "status": once.status.value,
        "reason": once.reason,
        "dropped": found.dropped,
        "rule": {"owner": found.rule.owner if found.rule else None, "shape": found.shape_doc, "cost": found.cost_doc},
        "inputs": [_tensor_dict(tensor) for tensor in found.inputs],
        "outputs": [_tensor_dict(tensor) for tensor in found.outputs],
        "attributes": {name: _attr(value) for name, value in found.attributes.items()},
        "once": _work_dict(once.work, report),
        "lines": [
            {**quantity("count", report.value(line.count)), **_work_dict(line.work, report), **_beside(line, report)}
            for line in found.lines
        ],
        "runs": [_step(step, report) for step in found.steps],
        "tf.profiler": None if found.theirs is None else found.theirs.flops,
        "others": list(found.others),
        **_rewrites_dict(found),
    }


def _rewrites_dict(found: NodeExplanation) -> dict[str, Any]:
    """Why rewrites left the node as it is, where any were asked for."""
    reasons = [{"rewrite": each.rewrite, "reason": each.reason} for each in found.rewrites]
    return {"not_rewritten": reasons} if reasons else {}


def _title(found: NodeExplanation) -> str:
    state = f"dropped: {found.dropped}" if found.dropped is not None else found.once.status.value
    return f"{sanitize(found.name)} ({sanitize(found.node.op, 60)}), {sanitize(state)}"


def _statements(found: NodeExplanation, report: Report) -> Iterator[Statement]:
    yield from _rule(found)
    yield from listed("inputs", [_tensor(tensor, report) for tensor in found.inputs])
    attributes = [f"{sanitize(name, 60)} = {_attr(value)}" for name, value in found.attributes.items()]
    yield from listed("attributes", attributes)
    yield from listed("outputs", [_tensor(tensor, report) for tensor in found.outputs])
    yield from _cost(found, report)
    yield from _runs(found, report)
    yield from _origins(found)
    reasons = [f"{sanitize(each.rewrite, 60)}: {sanitize(each.reason, TEXT_LIMIT)}" for each in found.rewrites]
    yield from listed("not rewritten", reasons)
    if found.theirs is not None:
        yield Statement("tf.profiler", _theirs(found.theirs))
    yield from listed("also", [f"{sanitize(name)} has the same name" for name in found.others[:5]])


def _rule(found: NodeExplanation) -> Iterator[Statement]:
    if found.once.reason and (found.rule is None or not found.once.status.is_known):
        yield Statement("why", sanitize(found.once.reason, TEXT_LIMIT))
    if found.rule is None:
        return
    yield Statement("rule", f"from {sanitize(found.rule.owner or 'an unnamed set', 60)}")
    for text in (found.cost_doc, found.shape_doc, found.rule.opaque or ""):
        if text:
            yield Statement("", sanitize(text, TEXT_LIMIT))


def _cost(found: NodeExplanation, report: Report) -> Iterator[Statement]:
    work = found.once.work
    kinds = [*_kinds(work.floating, report, ""), *_kinds(work.integer, report, "integer ")]
    if not kinds:
        return
    yield from listed("one run", kinds)
    if work.flops != 0:
        yield Statement("", f"FLOPs = 2*mac + all others = {_filled(work.flops, report)}")


def _kinds(cost: Cost, report: Report, domain: str) -> list[str]:
    return [f"{domain}{kind} = {_filled(count, report)}" for kind, count in cost.by_kind.items() if count != 0]


def _runs(found: NodeExplanation, report: Report) -> Iterator[Statement]:
    if found.dropped is not None:
        yield Statement("runs", f"never, when the outputs are computed: {sanitize(found.dropped)}")
        return
    texts = [_count(line.count, report) for line in found.lines] or ["not counted by itself"]
    yield from listed("runs", texts)
    yield from listed("", [_step(step, report) for step in found.steps])
    for line in found.lines:
        if line.work.flops != 0 and line.count != 1:
            yield Statement("in all", f"{_filled(line.work.flops, report)} FLOPs")
        if line.params:
            yield Statement("parameters", f"{exact(line.params)}")


def _origins(found: NodeExplanation) -> Iterator[Statement]:
    """The nodes of the file that it stands for, where that isn't itself."""
    names = found.node.origins
    if names not in ((), (found.node.name,)):
        shown = [sanitize(name) for name in names[:MOST_ORIGINS]]
        more = f" and {len(names) - MOST_ORIGINS:,} more" if len(names) > MOST_ORIGINS else ""
        yield Statement("stands for", f"{', '.join(shown)}{more}, as the file has it")


def _theirs(theirs: Count) -> str:
    if theirs.problem is None:
        return f"counts {exact(theirs.flops)}"
    return f"counts nothing: {sanitize(theirs.problem.reason, TEXT_LIMIT)}"


def _count(count: Dim, report: Report) -> str:
    return "once" if count == 1 else f"{_filled(count, report)} times"


def _step(step: Step, report: Report) -> str:
    where = f"{sanitize(step.node)} ({sanitize(step.op, 60)})"
    times = report.value(step.times)
    often = "" if times == 1 else f" {exact(times)} times"
    if step.predicate is None:
        return f"{where} runs it{often}"
    return f"{where} runs it{often} where {sanitize(format_dim(step.predicate))} is {step.value}"


def _filled(value: Dim, report: Report) -> str:
    """The formula, and the number that the bindings make of it."""
    number = report.value(value)
    return exact(value) if number == value else f"{exact(value)} = {exact(number)}"


def _tensor(tensor: Tensor, report: Report) -> str:
    parts = [sanitize(tensor.name), sanitize(tensor.dtype or "?", 40), shape_text(tensor.shape)]
    if tensor.value is not None:
        parts.append(f"= {sanitize(_items(tensor))}")
    return "  ".join(parts)


def _items(tensor: Tensor) -> str:
    items = [_item(item) for item in tensor.value or ()]
    return items[0] if tensor.shape is not None and tensor.shape.rank == 0 and items else f"[{', '.join(items)}]"


def _item(item: Item) -> str:
    return str(item) if item is None or isinstance(item, (bool, float)) else format_dim(item)


def _tensor_dict(tensor: Tensor) -> dict[str, Any]:
    shape = None if tensor.shape is None else [d if isinstance(d, int) else format_dim(d) for d in tensor.shape]
    value = None if tensor.value is None else _items(tensor)
    return {"name": tensor.name, "dtype": tensor.dtype, "shape": shape, "value": value}


def _work_dict(work: Work, report: Report) -> dict[str, Any]:
    parts = {each.name: each.of_work for each in report.quantities}
    bound = {name: report.value(of_work(work)) for name, of_work in parts.items() if of_work is not None}
    kinds = {kind: format_dim(count) for kind, count in work.floating.by_kind.items() if count != 0}
    numbers: dict[str, Any] = {}
    for name, value in bound.items():
        numbers |= quantity(name, value)
    return {**numbers, "formula": format_dim(work.flops), "by_kind": kinds}


def _beside(line: Line, report: Report) -> dict[str, Any]:
    """The quantities that a line has beside its arithmetic."""
    numbers: dict[str, Any] = {}
    for each in report.quantities:
        if each.of_work is None and not each.beside:
            numbers |= quantity(each.name, report.value(each.of(line)))
    return numbers


def _attr(value: Attr) -> str:
    if isinstance(value, tuple) and not isinstance(value, (PartialShape, Literal, FunctionRef)):
        return f"[{', '.join(_attr(item) for item in value[:MOST])}{', ...' if len(value) > MOST else ''}]"
    if isinstance(value, bytes):
        return sanitize(value.decode("utf-8", "backslashreplace"), 80)
    if isinstance(value, PartialShape):
        return "?" if value.dims is None else f"[{', '.join('?' if d < 0 else str(d) for d in value.dims[:MOST])}]"
    if isinstance(value, Literal):
        return f"a {value.dtype} of shape {list(value.shape[:MOST])}"
    if isinstance(value, FunctionRef):
        return sanitize(value.name, 80)
    return sanitize(str(value), 80)
