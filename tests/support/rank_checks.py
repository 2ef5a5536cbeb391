"""Which inputs have a rank that the rule checks as TensorFlow's shape function does: one axis more, or one fewer.

A rule needn't refuse all that is illegal. What it refuses today it shall refuse tomorrow: rank_checks.txt lists that,
`Conv2D: input+ input- filter+ filter-`, where + is one axis more, of a size that no other has. To make the list anew
takes some minutes:

    python tests/support/rank_checks.py
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from random import Random

from drawn_calls import Drawer
from drawn_operands import UNUSUAL
from drawn_sketches import DrawnCall
from node_defs import op_def, op_defs
from shape_function import rule_shapes
from shape_hints import EXEMPT, hint_of

from graphcost import RuleError
from graphcost_rules import RULES

FILE = Path(__file__).with_suffix(".txt")
DRAWS = 8


def read_checks() -> Mapping[str, frozenset[str]]:
    """By operation the inputs whose rank is checked, as `input+` and `input-`."""
    lines = (line.partition(":") for line in FILE.read_text(encoding="ascii").splitlines())
    return {kind: frozenset(words.split()) for kind, _, words in lines}


def other_ranks(call: DrawnCall) -> Iterator[tuple[str, DrawnCall]]:
    """The call with one input of another rank, and that input as the list names it."""
    names = [arg.name for arg in op_def(call.kind).input_arg for _ in range(call.lists.get(arg.name, 1))]
    for i, (name, given) in enumerate(zip(names, call.inputs, strict=True)):
        if given.dims is None or given.held is not None:
            continue
        for sign, dims in (("+", (*given.dims, UNUSUAL)), ("-", given.dims[:-1])):
            if dims != given.dims:
                other = replace(given, dims=dims, value=None)
                yield name + sign, replace(call, inputs=(*call.inputs[:i], other, *call.inputs[i + 1 :]))


def is_taken(call: DrawnCall) -> bool:
    """Whether the rule takes a call: kernels refuse more than shape functions do."""
    try:
        rule_shapes(RULES, call.kind, call.inputs, call.lists, **call.attrs)
    except RuleError:
        return False
    return True


def untold(call: DrawnCall, checks: Collection[str]) -> list[DrawnCall]:
    """Calls that differ from a legal one in the rank of a checked input, and that TensorFlow alone refuses."""
    return [other for name, other in other_ranks(call) if name in checks and is_taken(other) and other.shapes() is None]


def found_checks(kind: str) -> list[str]:
    """The inputs of which TensorFlow and the rule refuse another rank, in each of a few calls."""
    drawer, random = Drawer(kind, hint_of(kind), is_taken), Random(kind)
    told: dict[str, bool] = {}
    for call in (drawer.draw(random) for _ in range(DRAWS)):
        for name, other in other_ranks(call) if call is not None else ():
            told[name] = told.get(name, True) and not is_taken(other) and other.shapes() is None
    return [name for name, is_told in told.items() if is_told]


def main(kinds: Sequence[str]) -> None:
    """Asks a fork for each operation: a few of TensorFlow's shape functions crash where a rank is wrong."""
    forks = get_context("fork")
    with FILE.open("w", encoding="ascii") as file:
        for kind in kinds:
            told, tells = forks.Pipe(duplex=False)
            asked = forks.Process(target=lambda end, kind: end.send(found_checks(kind)), args=(tells, kind))
            asked.start()
            tells.close()
            with suppress(EOFError):
                if names := told.recv():
                    file.write(f"{kind}: {' '.join(names)}\n")
            asked.join()


if __name__ == "__main__":
    main(sorted(rule.op for rule in RULES if rule.shape and rule.op in op_defs() and rule.op not in EXEMPT))
