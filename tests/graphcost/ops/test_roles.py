"""The words in which a rule says what an operation is there for."""

from __future__ import annotations

import re

import pytest

from graphcost.ops.roles import CHANGES, EFFECTS, PHASES, SEPARATE, SOURCES, Role


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.words)
def test_a_role_is_read_as_it_is_written(role: Role) -> None:
    assert Role.parse(role.words) is role


def test_several_roles_are_joined() -> None:
    assert (Role.ACTIVATION | Role.PROBABILITIES).words == "activation|probabilities"
    assert Role.parse("activation|probabilities") == Role.ACTIVATION | Role.PROBABILITIES
    assert Role.parse("input") is Role.INPUT


def test_no_role_has_no_words() -> None:
    assert Role.NONE.words == ""
    assert not Role.NONE


@pytest.mark.parametrize("text", ["", "inputs", "input|", "input activation"])
def test_a_word_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(KeyError):
        Role.parse(text)


def test_no_role_is_part_of_another() -> None:
    roles = list(Role)
    assert all(not one & other for one in roles for other in roles if one is not other)


def test_every_role_is_described() -> None:
    described = set(re.findall(r"\b([A-Z_]+):", Role.__doc__ or ""))
    assert described == {str(role.name) for role in Role}


def test_what_feeds_a_model_and_what_changes_variables() -> None:
    assert set(SOURCES) == {Role.INPUT, Role.DATA_SOURCE}
    assert set(SEPARATE) == {Role.DATA_SOURCE, Role.PARSER}
    assert set(CHANGES) == {Role.ASSIGNMENT, Role.UPDATE, Role.OPTIMIZER}


def test_effects_are_what_is_there_for_what_it_does() -> None:
    assert set(EFFECTS) == {*CHANGES, Role.SAVER, Role.SUMMARY, Role.ASSERT, Role.EFFECT}


def test_the_phases_of_a_training_step_are_told_in_order() -> None:
    assert PHASES == ("forward", "backward", "optimizer", "other")
