from __future__ import annotations

import re
import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from graphcost.cli import main
from graphcost.dims import Shape
from graphcost.errors import PluginError
from graphcost.ops.cost import FREE, Cost, Free
from graphcost.ops.op import Op
from graphcost.ops.rule import Rule, RuleSet
from graphcost.passes.pattern import Pattern
from graphcost.passes.rewrite import Rewrite, RewriteSet
from graphcost.pipeline import analyze
from graphcost.plugins import (
    chosen_rewrites,
    combine,
    installed_rewrites,
    installed_rules,
    reference_rules,
    rules_from_file,
)


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
            kind = "REWRITES" if isinstance(rules, RewriteSet) else "RULES"
            setattr(module, kind, rules)
            monkeypatch.setitem(sys.modules, module_name, module)
            point = EntryPoint(name, f"{module_name}:{kind}", f"graphcost.{kind.lower()}")
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
        (
            "from graphcost import Rule, RuleSet\nRULES = RuleSet(Rule('A'), Rule('A'))\n",
            r"rules\.py:2: two rules for A",
        ),
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


# Rewrites


REWRITES_FILE = """
from graphcost import Match, Pattern, Rewrite, RewriteSet, TensorRef, tensor

def drop(match: Match) -> TensorRef:
    return match.tensor("x")

REWRITES = RewriteSet(Rewrite("mine", Pattern("Relu", tensor("x")), drop))
"""


def rewrite(name: str) -> Rewrite:
    return Rewrite(name, Pattern("Relu"), lambda match: match.make("NoOp"))


@pytest.fixture
def own(entry) -> EntryPoint:  # type: ignore[no-untyped-def]
    """The entry point of graphcost's own rewrites, as pyproject.toml has it."""
    from graphcost_rules.rewrites import REWRITES

    return entry("graphcost", REWRITES, name="builtin")  # type: ignore[no-any-return]


def names(rewrites: RewriteSet) -> list[str]:
    return [rewrite.name for rewrite in rewrites]


def test_rewrites_are_applied_in_the_order_in_which_they_are_asked_for(own: EntryPoint, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(REWRITES_FILE)
    asked = ["fuse_conv_bias_activation", str(path), "fold_batch_norm", RewriteSet(rewrite("given"))]
    chosen = chosen_rewrites([*asked, "fold_batch_norm"], [own])

    assert names(chosen) == ["fuse_conv_bias_activation", "mine", "fold_batch_norm", "given"]
    assert [each.owner for each in chosen] == ["graphcost", str(path), "graphcost", ""]


def test_every_built_in_rewrite_says_what_it_does(own: EntryPoint) -> None:
    installed = installed_rewrites([own])

    assert names(installed) == [
        "strip_training",
        "drop_identities",
        "common_subexpressions",
        "fold_batch_norm",
        "fuse_conv_bias_activation",
    ]
    assert all("before: " in each.doc and "after:  " in each.doc for each in installed)


def test_packs_add_rewrites_but_not_of_names_that_are_taken(entry, own: EntryPoint) -> None:  # type: ignore[no-untyped-def]
    assert "extra" in names(installed_rewrites([entry("pack", RewriteSet(rewrite("extra"))), own]))
    with pytest.raises(PluginError, match="two rewrites are named drop_identities: from graphcost and pack"):
        installed_rewrites([entry("pack", RewriteSet(rewrite("drop_identities"))), own])


def test_what_is_neither_installed_nor_a_file_is_refused(own: EntryPoint) -> None:
    with pytest.raises(
        PluginError, match="no file and no installed rewrite 'fold'; installed are strip_training, drop"
    ):
        chosen_rewrites(["fold"], [own])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "defines no REWRITES: end it with REWRITES = RewriteSet"),
        ("REWRITES = []", "REWRITES is of type list, not RewriteSet"),
        ("x = 1\n1 / 0", ":2: ZeroDivisionError: division by zero"),
    ],
)
def test_a_file_without_rewrites_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(PluginError, match=re.escape(f"{path}") + ".*" + re.escape(message)):
        chosen_rewrites([path])


def test_the_command_line_and_python_take_rewrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.py"
    path.write_text(REWRITES_FILE.replace('"Relu"', '"Relu6"'))
    model = str(Path(__file__).resolve().parents[2] / "fixtures" / "mobilenet_v2.pb")

    assert main(["report", model, "--rewrite", str(path), "--by", "op"]) == 0
    text = capsys.readouterr().out
    assert "Relu6" not in text
    assert "rewritten: mine 35 times" in text
    assert analyze(model, rewrites=[path]).notes[0] == "rewritten: mine 35 times"
