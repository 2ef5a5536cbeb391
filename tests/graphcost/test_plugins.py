from __future__ import annotations

import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from graphcost.dims import Shape
from graphcost.errors import PluginError
from graphcost.ops.op import Op
from graphcost.ops.rule import FREE, Cost, Free, Rule, RuleSet
from graphcost.plugins import combine, installed_rules, reference_rules, rules_from_file


def shape(op: Op) -> list[Shape]:
    return [op.input()]


def cost(op: Op) -> Cost:
    return Cost(add=op.output().size)


def other_cost(op: Op) -> Cost:
    return Cost(mul=op.output().size)


class FakeDistribution:
    def __init__(self, name: str) -> None:
        self.name = name


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Makes an entry point of a distribution, whose module holds `rules`; an exception is raised on import."""

    def make(distribution: str, rules: object, name: str = "pack") -> EntryPoint:
        module_name = f"fake_{distribution.replace('-', '_')}"
        if not isinstance(rules, BaseException):
            module = types.ModuleType(module_name)
            module.RULES = rules  # type: ignore[attr-defined]
            monkeypatch.setitem(sys.modules, module_name, module)
            point = EntryPoint(name, f"{module_name}:RULES", "graphcost.rules")
        else:
            raised = rules

            class Broken(EntryPoint):
                def load(self) -> object:
                    raise raised

            point = Broken(name, f"{module_name}:RULES", "graphcost.rules")
        return point._for(FakeDistribution(distribution))  # type: ignore[attr-defined, no-any-return]

    return make


def builtin(entry) -> EntryPoint:  # type: ignore[no-untyped-def]
    return entry("graphcost", RuleSet(Rule("Foo", shape=shape, cost=cost), Rule("Bar", cost=FREE)), name="builtin")  # type: ignore[no-any-return]


# The algebra


def test_a_sum_has_both() -> None:
    assert {rule.op for rule in RuleSet(Rule("A")) + RuleSet(Rule("B"))} == {"A", "B"}


def test_a_sum_refuses_two_rules_for_one_op_and_names_both_owners() -> None:
    ours, theirs = RuleSet(Rule("A")).owned_by("ours"), RuleSet(Rule("A")).owned_by("theirs")
    with pytest.raises(PluginError, match="two rules for A: from ours and theirs"):
        ours + theirs


def test_an_overlay_replaces_only_the_fields_that_it_gives() -> None:
    below = RuleSet(Rule("A", shape=shape, cost=cost)).owned_by("below")
    above = RuleSet(Rule("A", cost=other_cost)).owned_by("above")
    rule = (below | above).get("A")
    assert rule is not None
    assert (rule.shape, rule.cost, rule.owner) == (shape, other_cost, "above")


def test_an_overlay_of_free_is_free() -> None:
    rule = (RuleSet(Rule("A", cost=cost)) | RuleSet(Rule("A", cost=FREE))).get("A")
    assert rule is not None
    assert isinstance(rule.cost, Free)


def test_an_owner_once_given_stays() -> None:
    assert [rule.owner for rule in RuleSet(Rule("A", owner="first")).owned_by("second")] == ["first"]


# Packs


def test_a_pack_lies_over_the_built_in_rules(entry) -> None:  # type: ignore[no-untyped-def]
    pack = entry("my-pack", RuleSet(Rule("Foo", cost=other_cost), Rule("New", shape=shape, cost=cost)))
    rules = combine([pack, builtin(entry)])
    foo, new, bar = rules.get("Foo"), rules.get("New"), rules.get("Bar")
    assert foo is not None
    assert new is not None
    assert bar is not None
    assert (foo.shape, foo.cost, foo.owner) == (shape, other_cost, "my-pack")
    assert (new.owner, bar.owner) == ("my-pack", "graphcost")


def test_two_packs_may_not_claim_the_same_op(entry) -> None:  # type: ignore[no-untyped-def]
    packs = [entry(name, RuleSet(Rule("New", cost=FREE))) for name in ("pack-b", "pack-a")]
    with pytest.raises(PluginError, match="two rules for New: from pack-a and pack-b"):
        combine([builtin(entry), *packs])


def test_a_pack_that_is_named_builtin_is_a_pack_still(entry) -> None:  # type: ignore[no-untyped-def]
    rules = combine([builtin(entry), entry("impostor", RuleSet(Rule("Foo", cost=other_cost)), name="builtin")])
    foo = rules.get("Foo")
    assert foo is not None
    assert foo.shape is shape


@pytest.mark.parametrize("error", [ImportError("no module named x"), ValueError("bad"), SystemExit(3)])
def test_a_pack_that_breaks_is_named_with_a_remedy(entry, error: BaseException) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PluginError, match=rf"my-pack .* {type(error).__name__}: .*pip uninstall my-pack"):
        combine([builtin(entry), entry("my-pack", error)])


def test_a_pack_s_rules_are_a_rule_set(entry) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PluginError, match=r"my-pack .*RULES is of type list, not RuleSet"):
        combine([builtin(entry), entry("my-pack", [])])


def test_without_the_built_in_rules_nothing_works(entry) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PluginError, match="own rules aren't installed"):
        combine([])


def test_the_installed_rules_are_found() -> None:
    rule = installed_rules().get("Conv2D")
    assert rule is not None
    assert rule.owner == "graphcost"


# Files


def test_a_file_gives_its_rules(tmp_path: Path) -> None:
    path = tmp_path / "my rules.txt"
    path.write_text("from graphcost import FREE, Rule, RuleSet\nRULES = RuleSet(Rule('Foo', cost=FREE))\n")
    rule = rules_from_file(path).get("Foo")
    assert rule is not None
    assert (rule.cost, rule.owner) == (FREE, str(path))


def test_functions_of_a_file_see_its_names(tmp_path: Path) -> None:
    path = tmp_path / "rules.py"
    path.write_text(
        "from graphcost import Cost, Rule, RuleSet\nTEN = 10\ndef cost(op):\n    return Cost(add=TEN)\n"
        "RULES = RuleSet(Rule('Foo', cost=cost))\n"
    )
    rule = rules_from_file(path).get("Foo")
    assert rule is not None
    assert callable(rule.cost)
    assert rule.cost(None) == Cost(add=10)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", r"rules\.py defines no RULES: end it with RULES = RuleSet"),
        ("RULES = 7\n", r"rules\.py: RULES is of type int, not RuleSet"),
        ("x = 1\ndef f(:\n", r"rules\.py:2: SyntaxError"),
        ("x = 1\n\nx.y\n", r"rules\.py:3: AttributeError: 'int' object has no attribute 'y'"),
        ("import no_such_module\n", r"rules\.py:1: ModuleNotFoundError"),
        ("import sys\nsys.exit('done')\n", r"rules\.py:2: SystemExit: done"),
        ("from graphcost import Rule, RuleSet\nRULES = RuleSet(Rule('A'), Rule('A'))\n", r"rules\.py: two rules for A"),
        ("\0", r"rules\.py: (ValueError|SyntaxError)"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rules.py"
    path.write_text(text)
    with pytest.raises(PluginError, match=message):
        rules_from_file(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"absent\.py: can't read the rules: No such file"):
        rules_from_file(tmp_path / "absent.py")
    with pytest.raises(PluginError, match="can't read the rules: Is a directory"):
        rules_from_file(tmp_path)
    (tmp_path / "latin.py").write_bytes(b"x = '\xff'\n")
    with pytest.raises(PluginError, match=r"latin\.py.*SyntaxError"):
        rules_from_file(tmp_path / "latin.py")


def test_a_reference_is_reached_by_its_name() -> None:
    assert "Softmax" in reference_rules("tf.profiler")


def test_a_reference_that_isnt_installed() -> None:
    with pytest.raises(PluginError, match=r"rules of nobody aren't installed"):
        reference_rules("nobody")
