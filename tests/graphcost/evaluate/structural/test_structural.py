"""The table of handlers: what it names exists, and is imported no sooner than it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from graphcost.evaluate.structural import HANDLERS


@pytest.mark.parametrize("op", HANDLERS)
def test_every_operation_has_its_handler_with_a_docstring(op: str) -> None:
    handler = HANDLERS[op]
    assert callable(handler)
    assert handler.__doc__


def test_no_handler_is_imported_before_its_operation_is_met() -> None:
    asked = (
        "import sys\n"
        "from graphcost.evaluate.structural import HANDLERS\n"
        "has_loop = lambda: 'graphcost.evaluate.structural.loop' in sys.modules\n"
        "before = has_loop(), 'While' in HANDLERS, has_loop()\n"
        "HANDLERS['While']\n"
        "print(*before, has_loop())"
    )
    printed = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False", "True", "False", "True"]


def test_an_operation_without_a_handler_has_none() -> None:
    assert HANDLERS.get("Conv2D") is None
    assert "Conv2D" not in HANDLERS
