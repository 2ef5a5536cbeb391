"""What options take and refuse, and the analysis that they ask for."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from graphcost.cli.options import add_model_options, count, depth, examine_model, user_rules
from graphcost.errors import ContradictionError, PluginError

MODEL = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 } dim { size: -1 } } } } }
node { name: "y" op: "Relu" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
"""


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_model_options(parser)
    return parser


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.pbtxt"
    path.write_text(MODEL, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x=1,?,3", ("x", (1, None, 3))),
        ("x=[2, -1]", ("x", (2, None))),
        ("x=", ("x", ())),
        ("a=b=None,0", ("a=b", (None, 0))),
    ],
)
def test_a_shape(parser: argparse.ArgumentParser, text: str, expected: object) -> None:
    assert parser.parse_args(["model.pb", "--shape", text]).shape == [expected]


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--shape", "x", "isn't of the form NAME=1,?,3"),
        ("--shape", "=1", "isn't of the form"),
        ("--shape", "x=1,two", "'two' isn't a size"),
        ("--shape", "x=-2", "'-2' isn't a size"),
        ("--shape", "x[1]=3", "names one size, which --bind takes"),
        ("--bind", "N", "isn't of the form SYMBOL=INT"),
        ("--bind", "N=1.5", "isn't an integer"),
        ("--bind", f"N={10**18}", "at most 18 digits"),
        ("--batch", "0", "the least is 1"),
        ("--outputs", "a,,b", "isn't a list of names"),
        ("--max-nodes", "0", "the least is 1"),
    ],
)
def test_what_is_refused(parser: argparse.ArgumentParser, option: str, text: str, message: str) -> None:
    with pytest.raises(argparse.ArgumentError, match=message.replace("?", r"\?")):
        parser.parse_args(["model.pb", option, text])


def test_names_and_bindings(parser: argparse.ArgumentParser) -> None:
    given = parser.parse_args(["m", "--outputs", "a, b:1", "--bind", "x[1]=5", "--bind", "N=-3", "--tag", "serve"])
    assert (given.outputs, given.bind, given.tag) == (("a", "b:1"), [("x[1]", 5), ("N", -3)], ["serve"])


def test_outputs_may_stand_alone_where_that_means_something() -> None:
    parser = argparse.ArgumentParser()
    add_model_options(parser, bare_outputs=())
    assert parser.parse_args(["m", "--outputs"]).outputs == ()
    assert parser.parse_args(["m"]).outputs is None


def test_numbers_of_rows_and_of_levels() -> None:
    assert (count("0"), depth(" 2 ")) == (0, 2)
    for refuses, text in ((count, "-1"), (depth, "0"), (count, "x")):
        with pytest.raises(argparse.ArgumentTypeError):
            refuses(text)


@pytest.mark.parametrize(("given", "batch"), [([], 1), (["--batch", "4"], 4), (["--bind", "N=3"], 3)])
def test_the_batch_is_one_unless_it_is_given(
    parser: argparse.ArgumentParser, model: str, given: list[str], batch: int
) -> None:
    report = examine_model(parser.parse_args([model, "--bind", "x[1]=5", *given])).report
    assert report.total.work.flops == 5 * batch


def test_of_two_files_of_rules_the_last_is_on_top(tmp_path: Path) -> None:
    files = []
    for number, reason in enumerate(("first", "second")):
        files.append(tmp_path / f"rules{number}.py")
        files[-1].write_text(
            f"from graphcost import Free, Rule, RuleSet\nRULES = RuleSet(Rule('Odd', cost=Free('{reason}')))\n"
        )
    rule = user_rules([str(file) for file in files]).get("Odd")
    assert rule is not None
    assert getattr(rule.cost, "reason", None) == "second"
    assert len(user_rules([])) == 0
    with pytest.raises(PluginError):
        user_rules([str(tmp_path / "absent.py")])


HALVED = (
    MODEL.replace("size: -1 } dim { size: -1", "size: -1 } dim { size: 3")
    + """
node { name: "begin" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
  attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { dim { size: 1 } } int_val: 0 } } } }
node { name: "step" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
  attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { dim { size: 1 } } int_val: 2 } } } }
node { name: "half" op: "StridedSlice" input: "x" input: "begin" input: "begin" input: "step"
  attr { key: "T" value { type: DT_FLOAT } } attr { key: "Index" value { type: DT_INT32 } }
  attr { key: "end_mask" value { i: 1 } } }
node { name: "three" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: 4 } dim { size: 3 } } } } }
node { name: "sum" op: "AddN" input: "half" input: "three" attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "N" value { i: 2 } } }
"""
)


def test_the_batch_stays_open_where_the_model_cannot_have_the_default(
    parser: argparse.ArgumentParser, tmp_path: Path
) -> None:
    """The model's N is 7 or 8, of which nothing but a binding says which."""
    path = tmp_path / "halved.pbtxt"
    path.write_text(HALVED, encoding="utf-8")
    given = [str(path), "--outputs", "sum,y"]
    assert "N" not in examine_model(parser.parse_args(given)).report.bindings
    assert examine_model(parser.parse_args([*given, "--batch", "7"])).report.bindings == {"N": 7}
    with pytest.raises(ContradictionError):
        examine_model(parser.parse_args([*given, "--batch", "1"]))
