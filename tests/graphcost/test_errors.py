"""The codes with which the command line leaves are part of what it promises."""

from __future__ import annotations

import pytest

from graphcost import errors


def test_a_file_that_is_no_model_has_a_code_of_its_own() -> None:
    codes = {kind.__name__: kind.exit_code for kind in errors.GraphcostError.__subclasses__()}
    assert {name for name, code in codes.items() if code == 3} == {"LoadError", "GraphError"}
    assert {name for name, code in codes.items() if code == 74} == {"OutputError"}
    assert set(codes.values()) == {2, 3, 74}


def test_one_clause_catches_every_deliberate_error() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert len(kinds) >= 9
    for kind in kinds:
        with pytest.raises(errors.GraphcostError, match="said"):
            raise kind("said")
