"""The words for each way in which two counts of a node differ."""

from __future__ import annotations

import pytest
from explaining import DENSE, analysed
from sample_reports import line

from graphcost.dims import symbol
from graphcost.evaluate.infer import Problem
from graphcost.explain import reasons
from graphcost.explain.occurrences import top_level
from graphcost.explain.reasons import why
from graphcost.explain.reference import Count
from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.report import Line

COSTED = line("a", "Mul", cost=Cost(mul=8))
NOTHING = Count(0)


@pytest.mark.parametrize(
    ("theirs", "lines", "ours", "expected"),
    [
        (Count(8), [COSTED], 8, reasons.ALIKE),
        (NOTHING, [line("a")], 0, reasons.ALIKE),
        (NOTHING, [], 0, reasons.ALIKE),
        (Count(8), [], 0, reasons.UNNEEDED["unused"]),
        (Count(9), [COSTED], 8, "counted by another rule: Mul"),
        (NOTHING, [COSTED], 8, "counted by another rule: Mul"),
        (Count(0, Problem(Status.NO_RULE, "none")), [COSTED], 8, reasons.NO_RULE),
        (Count(0, Problem(Status.INVALID, "its stride is 0")), [COSTED], 8, "not counted: its stride is 0"),
        (
            Count(0, Problem(Status.NO_SHAPE, "open")),
            [COSTED],
            8,
            "not counted, TensorFlow knows no shape of it",
        ),
        (Count(8), [line("a", status=Status.NO_RULE)], 0, "counted, though graphcost knows no cost of it: no rule"),
        (Count(8), [line("a", cost=Cost(mul=0), count=0)], 0, "counted, though its branch isn't taken"),
        (Count(8), [line("a", integer=Cost(add=8))], 0, "counted, though it is integer arithmetic"),
        (Count(8), [line("a")], 0, "counted, though it takes no arithmetic"),
        (Count(8), [line("a", cost=Cost(mul=24), count=3)], 24, "counted once, though it runs 3 times"),
        (
            Count(8),
            [line("a", cost=Cost(mul=8 * symbol("T")), count=symbol("T"))],
            8 * symbol("T"),
            "counted once, though it runs T times",
        ),
    ],
)
def test_a_difference(theirs: Count, lines: list[Line], ours: int, expected: str) -> None:
    assert why("Mul", theirs, lines, ours, ()) == expected


def test_what_does_not_run_is_told_by_its_part() -> None:
    places = top_level(analysed(DENSE, "out"))
    assert why("Mul", Count(8), [], 0, places["scaled"]) == "counted, though it initializes a weight"


def test_an_open_batch_is_told_from_other_sizes() -> None:
    unknown = Count(0, Problem(Status.NO_SHAPE, "open"))
    places = top_level(analysed(DENSE, "out"))
    assert why("MatMul", unknown, [COSTED], 8, places["y"]) == reasons.NO_BATCH
    rows = top_level(analysed("x = Placeholder(dtype=float32, shape=<2,?>)\ny = Relu(x, T=float32)", "y"))
    assert why("Relu", unknown, [COSTED], 8, rows["y"]) == "not counted, a size is unknown"


def test_every_reason_for_which_a_node_is_dropped_has_words() -> None:
    assert all(words.startswith("counted, though ") for words in reasons.UNNEEDED.values())
    assert len(set(reasons.UNNEEDED.values())) == len(reasons.UNNEEDED)
