"""What is known of each operation, as plain records: `graphcost ops` prints them, and docs/ops.md is made of them."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from graphcost.evaluate import FUNCTION
from graphcost.evaluate.structural import HANDLERS
from graphcost.ops.cost import Free, FreeKind
from graphcost.ops.rule import Rule, RuleSet
from graphcost.passes.control_flow.frames import CONTROL_FLOW_V1

ENGINE = "structural"
RAISED = "Raised into While and If before anything is counted."


class State(Enum):
    """What the cost of an operation is known to be."""

    COSTED = "costed"
    FREE = "free"
    OPAQUE = "opaque"
    STRUCTURAL = "structural"
    NO_COST = "no cost"


@dataclass(frozen=True)
class OpEntry:
    """One operation.

    algorithm: what is counted, in a sentence. reason: why it is free or opaque. kind: what a free one does to memory:
    it computes nothing, copies, or gives a view. shape, value: whether a rule tells them.
    """

    op: str
    state: State
    family: str
    algorithm: str = ""
    reason: str = ""
    kind: str = ""
    shape: bool = True
    value: bool = False
    owner: str = ""


def catalog(rules: RuleSet) -> list[OpEntry]:
    """Every operation that has a rule, and those that the engine itself knows, by name."""
    known = {entry.op: entry for entry in (*map(_entry, rules), *_structural())}
    return [known[op] for op in sorted(known)]


def summarize(entries: Iterable[OpEntry]) -> Mapping[State, int]:
    """How many operations are in each state."""
    times = Counter(entry.state for entry in entries)
    return {state: times[state] for state in State}


def summarize_free(entries: Iterable[OpEntry]) -> Mapping[FreeKind, int]:
    """How many of the free operations are of each kind."""
    times = Counter(entry.kind for entry in entries)
    return {kind: times[kind.value] for kind in FreeKind}


def state_of(rule: Rule) -> State:
    if rule.cost is None:
        return State.NO_COST
    if isinstance(rule.cost, Free):
        return State.FREE
    return State.OPAQUE if rule.opaque else State.COSTED


def sentence(function: Callable[..., object] | Free | None) -> str:
    """The first paragraph of a function's docstring, on one line."""
    doc = inspect.getdoc(function) if callable(function) else None
    return " ".join((doc or "").partition("\n\n")[0].split())


def _entry(rule: Rule) -> OpEntry:
    return OpEntry(
        rule.op,
        state_of(rule),
        rule.family,
        algorithm=sentence(rule.cost),
        reason=rule.cost.reason if isinstance(rule.cost, Free) else rule.opaque or "",
        kind=rule.cost.kind.value if isinstance(rule.cost, Free) else "",
        shape=rule.shape is not None,
        value=rule.value is not None,
        owner=rule.owner,
    )


def _structural() -> Iterator[OpEntry]:
    for op, handler in HANDLERS.items():
        if op != FUNCTION:
            yield OpEntry(op, State.STRUCTURAL, ENGINE, algorithm=sentence(handler))
    for op in CONTROL_FLOW_V1:
        yield OpEntry(op, State.STRUCTURAL, ENGINE, algorithm=RAISED)
