"""What a report says beside its rows: totals, convention, coverage, symbols, outputs, loops, what was dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from graphcost.dims import Dim, Shape, symbols
from graphcost.ir.scopes import readable
from graphcost.ops.sizes import BATCH
from graphcost.ops.status import Status
from graphcost.render.numbers import exact, human, human_in
from graphcost.render.sanitize import TEXT_LIMIT, head, middle, sanitize
from graphcost.report import Dropped, Line, Loop, Quantity, Report, Row, Tensor, Unit

MOST = 5
"""How many of a kind are named before the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement under a heading. `is_caution` where the total isn't what it seems."""

    heading: str
    text: str
    is_caution: bool = False


def title(report: Report) -> str:
    """One line: the file, its format, its size, how much of it runs."""
    model = report.model
    return f"{sanitize(model.path, 60)} ({sanitize(model.format)}, {model.nodes:,} nodes, {len(report.lines):,} run)"


def summarize(report: Report) -> tuple[Fact, ...]:
    """The statements in the order in which they are read; every text is sanitized and has no line break."""
    return (
        *_totals(report),
        *_phases(report),
        *_coverage(report),
        *_rules(report),
        *_symbols(report),
        Fact("outputs", f"{_listed(_tensor(t) for t in report.outputs)} ({sanitize(report.outputs_from)})"),
        *_loops(report),
        *_dropped(report),
        *(Fact("warning", sanitize(text, TEXT_LIMIT), is_caution=True) for text in _few(report.warnings)),
        *(Fact("note", sanitize(text, TEXT_LIMIT)) for text in _few(report.notes)),
    )


def shape_text(shape: Shape | None, limit: int = 40) -> str:
    """Nx224x224x3; "?" where the rank is unknown, "scalar" where there is no axis."""
    if shape is None:
        return "?"
    return sanitize("x".join(_axis(dim) for dim in shape), limit) or "scalar"


def _axis(dim: Dim) -> str:
    return str(dim) if isinstance(dim, int) and dim < 10**12 else human(dim, 16)


def _totals(report: Report) -> Iterator[Fact]:
    for quantity in report.quantities:
        amount = report.total.amount(quantity)
        if quantity.beside or (quantity.minor_to and amount == 0):
            continue
        bound = "at least " if report.total.missing(quantity) else ""
        asides = [_aside(each, report.total) for each in report.quantities if each.beside == quantity.name]
        text = f"{exact(amount)}{''.join(asides)}" if asides else _total(amount, quantity.unit)
        yield Fact(quantity.spoken, f"{bound}{text}")
    if report.constants:
        yield Fact("constants", f"{exact(report.constants)} elements beside the parameters, which are the variables'")
    if report.state:
        yield Fact("state", f"{exact(report.state)} elements of variables that aren't trained: slots, states, seeds")
    yield from _formulas(report)
    yield Fact("convention", "1 MAC = 2 FLOPs, any other operation 1")


def _aside(quantity: Quantity, total: Row) -> str:
    """A quantity that is mentioned with another: bytes always, a part where there is one."""
    amount = total.amount(quantity)
    if quantity.unit is Unit.BYTES:
        return f" ({human_in(amount, quantity.unit)})"
    return f", with {exact(amount)} {quantity.spoken}" if amount != 0 else ""


def _formulas(report: Report) -> Iterator[Fact]:
    """The formulas behind the totals, where bindings made another value of them."""
    heading = "formula"
    for quantity in report.quantities:
        formula = report.formula.amount(quantity)
        if not quantity.beside and formula != report.total.amount(quantity):
            yield Fact(heading, f"{exact(formula)} {quantity.spoken}")
            heading = ""


def _total(value: Dim, unit: Unit = Unit.OPERATIONS) -> str:
    """All digits, and what to remember of them."""
    digits, brief = exact(value), human_in(value, unit)
    return f"{digits} ({brief})" if isinstance(value, int) and brief[-1:].isalpha() else digits


def _phases(report: Report) -> Iterator[Fact]:
    """The parts of a training step, where the outputs make up one."""
    for row in report.by_phase():
        bound = "" if row.uncosted == 0 else "at least "
        yield Fact("step", f"{row.name}: {row.nodes:,} nodes, {bound}{_total(row.work.flops)} FLOPs")


def _coverage(report: Report) -> Iterator[Fact]:
    uncosted = report.uncosted
    if not uncosted:
        yield Fact("coverage", f"100 % of {report.total.nodes:,} node{'' if report.total.nodes == 1 else 's'}")
        return
    percent = min(100 * report.coverage, 99.9)
    verb = "has" if len(uncosted) == 1 else "have"
    nodes = f"{len(uncosted):,} of {report.total.nodes:,} nodes {verb} no known cost"
    yield Fact("coverage", f"{percent:.1f} %: {nodes}, so the total is a lower bound", is_caution=True)
    groups = Counter((line.op, line.status.value, line.reason) for line in uncosted)
    first = {(line.op, line.status.value, line.reason): line.node for line in reversed(uncosted)}
    for (op, status, reason), count in groups.most_common(MOST):
        name = sanitize(first[op, status, reason], 60)
        where = name if count == 1 else f"{name} and {count - 1:,} more"
        why = "" if not reason or status in reason else f": {sanitize(reason, 200)}"
        yield Fact("", f"{sanitize(op, 60)} x {count:,} ({status}{why}), {where}", is_caution=True)
    if len(groups) > MOST:
        rest = sum(count for _, count in groups.most_common()[MOST:])
        yield Fact("", f"and {rest:,} more nodes of {len(groups) - MOST:,} kinds", is_caution=True)


def _rules(report: Report) -> Iterator[Fact]:
    """Rules that took the place of others, and those of the user's that found nothing to do."""
    changed = [
        f"{sanitize(each.op, 60)}: {_owner(each.owner)} overrides the {_all_of(each.aspects)} of {_owner(each.below)}"
        for each in report.overridden
    ]
    idle = [f"{sanitize(each.op, 60)} of {_owner(each.owner)} matches no node" for each in report.unmatched]
    heading = "rules"
    for texts, is_caution in ((changed, False), (idle, True)):
        for text in (*texts[:MOST], *([f"and {len(texts) - MOST:,} more like these"] if len(texts) > MOST else [])):
            yield Fact(heading, text, is_caution)
            heading = ""


def _all_of(aspects: Sequence[str]) -> str:
    return f"{', '.join(aspects[:-1])} and {aspects[-1]}" if len(aspects) > 1 else "".join(aspects)


def _owner(owner: str) -> str:
    return sanitize(owner or "an unnamed set", 60)


def _symbols(report: Report) -> Iterator[Fact]:
    bound = [f"{sanitize(name, 60)} = {exact(number)}" for name, number in report.bindings.items()]
    equal = [f"{sanitize(name, 60)} = {human(standing, 40)}" for name, standing in report.replaced.items()]
    if bound or equal:
        yield Fact("symbols", _listed((*bound, *equal)))
    missing = sorted(report.total.symbols)
    if missing:
        names = _listed(sanitize(name, 60) for name in missing)
        yield Fact("open", f"{names}: the total is a formula until each is bound ({_hint(missing, report)})", True)
        yield from _reasons(missing, report)


def _reasons(missing: Sequence[str], report: Report) -> Iterator[Fact]:
    """Why work depends on what the graph doesn't tell: each reason once, with the kinds of symbols that it is for."""
    known = dict(_explained(report.bound_lines))
    found: dict[str, dict[str, list[str]]] = {}
    for name in missing:
        kind, inside = _parts(name)
        reason = known.get((kind, inside)) or known.get(("", inside.partition(":")[0]))
        if reason is not None:
            found.setdefault(reason, {}).setdefault(kind, []).append(name)
    for reason, kinds in list(found.items())[:MOST]:
        yield Fact("", f"{_listed(map(_first, kinds.values()))}: {sanitize(reason, 200)}", is_caution=True)


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return f"{sanitize(names[0], 60)}{more}"


def _explained(lines: Iterable[Line]) -> Iterator[tuple[tuple[str, str], str]]:
    """Why the work of lines has symbols: by the node, and by the kind and the inside of each symbol of its own."""
    for line in lines:
        if line.status is not Status.COSTED or not line.reason:
            continue
        yield ("", line.node), line.reason
        for kind, inside in map(_parts, line.work.symbols):
            if f"/{line.node}".endswith(f"/{inside}"):
                yield (kind, inside), line.reason


def _parts(symbol: str) -> tuple[str, str]:
    """`nnz(a/b)` as `nnz` and `a/b`."""
    kind, _, inside = symbol.removesuffix(")").partition("(")
    return kind, inside


def _hint(missing: Sequence[str], report: Report) -> str:
    """The option that closes most: the shape of an open input, where sizes inside the model may follow from it."""
    inside = [name for name in missing if "(" in name]
    open_inputs = [tensor for tensor in report.inputs if _is_open(tensor)]
    if inside and open_inputs:
        name = sanitize(min(open_inputs, key=lambda tensor: tensor.shape is not None).name, 60)
        return f"first try --shape '{name}=...', an input whose shape is open"
    return f"--bind '{sanitize(missing[0], 60)}=...'"


def _is_open(tensor: Tensor) -> bool:
    """Whether sizes other than the batch are open."""
    return tensor.shape is None or any(symbols(dim) - {BATCH} for dim in tensor.shape)


def _loops(report: Report) -> Iterator[Fact]:
    if report.loops:
        yield Fact("loops", _listed(_loop(loop, report) for loop in report.loops))


def _loop(loop: Loop, report: Report) -> str:
    bound = "at most " if loop.source == "at most" else ""
    return f"{sanitize(readable(loop.name) or loop.name, 60)} {bound}{human(report.value(loop.trips), 60)} times"


def _dropped(report: Report) -> Iterator[Fact]:
    heading = "dropped"
    for reason, dropped in sorted(report.dropped.items(), key=lambda item: -item[1].nodes):
        yield Fact(heading, f"{sanitize(reason)}: {_dropped_text(report, dropped)}")
        heading = ""


def _dropped_text(report: Report, dropped: Dropped) -> str:
    flops = report.value(dropped.work.flops)
    bound = "" if dropped.is_exact else "at least "
    nodes = f"{dropped.nodes:,} node{'' if dropped.nodes == 1 else 's'}"
    if flops == 0:
        return nodes if dropped.is_exact else f"{nodes}, FLOPs not known"
    return f"{nodes}, {bound}{head(exact(flops), 80)} FLOPs"


def _tensor(tensor: Tensor) -> str:
    return f"{sanitize(tensor.name, 60)} {shape_text(tensor.shape)}"


def _listed(items: Iterable[str]) -> str:
    listed = list(items)
    more = len(listed) - MOST
    shown = ", ".join(listed[:MOST]) or "none"
    return f"{shown} and {more:,} more" if more > 0 else shown


def _few(texts: tuple[str, ...]) -> Iterator[str]:
    yield from texts[:MOST]
    if len(texts) > MOST:
        yield middle(f"{len(texts) - MOST:,} more like these", TEXT_LIMIT)
