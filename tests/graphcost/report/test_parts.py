"""What a report says beside its lines is plain data."""

from __future__ import annotations

import dataclasses

import pytest

from graphcost.dims import Shape
from graphcost.report.line import IDLE
from graphcost.report.parts import Dropped, Loop, ModelInfo, Tensor

PARTS = [
    Tensor("x:1", "float32", Shape(2, 3)),
    Dropped(3, IDLE, True),
    Loop("while", 7, "derived"),
    ModelInfo("model.pb", "graphdef", 12),
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: type(part).__name__)
def test_a_part_is_a_value_that_nothing_changes(part: object) -> None:
    assert dataclasses.is_dataclass(part)
    assert not isinstance(part, type)
    assert dataclasses.replace(part) == part
    assert hash(dataclasses.replace(part)) == hash(part)
    field = dataclasses.fields(part)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(part, field, None)
    assert not hasattr(part, "__dict__")


def test_parts_that_say_something_else_are_others() -> None:
    assert Tensor("x", None, None) != Tensor("x", None, Shape())
    assert Dropped(3, IDLE, True) != Dropped(3, IDLE, False)
    assert Loop("while", 7, "derived") != Loop("while", 7, "at most")
