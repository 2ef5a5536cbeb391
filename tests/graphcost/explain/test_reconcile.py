"""Both counts of a model, and a reason for every difference; the differences add up."""

from __future__ import annotations

from pathlib import Path

import pytest
from explaining import DENSE, LOOP, analysed, reconciled
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_graph import tiny_graph

from graphcost.explain.reconcile import Reconciliation
from graphcost.pipeline import run_pipeline

SHARED = Path(__file__).resolve().parents[4] / "shared"
SEED = SHARED / "seed"
MODELS = (
    "zoo/ConvNeXtTiny.pb",
    "zoo/ResNet50.pb",
    "corpus/aibench-lstm/lstm.meta",
    "corpus/impala-meta/model.ckpt-89639040.meta",
    "corpus/kws-gru-s/GRU_S.pb",
    "corpus/scisharp-keras-lstm/saved_model.pb",
    "corpus/tensorboard-mnist/graphdef_mnist.pbtxt",
    "corpus/visdrone-od-api-meta/model.ckpt.meta",
)


def differences(found: Reconciliation) -> dict[str, object]:
    return {group.reason: group.difference for group in found.groups}


def adds_up(found: Reconciliation) -> bool:
    return sum((group.difference for group in found.groups), start=0) == found.theirs - found.ours


def test_an_initializer_is_counted_and_the_open_batch_isnt() -> None:
    found = reconciled(analysed(DENSE, "out"))
    assert differences(found) == {
        "not counted, the batch is unknown": -(2 * 4 * 2 + 5 * 2 - 2),
        "counted, though it initializes a weight": 8,
    }
    assert (found.theirs, found.ours) == (8, 24)


def test_a_known_batch_leaves_the_difference_between_two_rules() -> None:
    found = reconciled(analysed(DENSE, "out", shapes={"x": [3, 4]}))
    assert differences(found) == {
        "counted, though it initializes a weight": 8,
        "counted by another rule: Softmax": 3 * 2,
        "counted alike": 0,
    }
    (softmax,) = [group for group in found.groups if group.reason.endswith("Softmax")]
    assert "5n - 2" in softmax.note
    assert "calls of exp" in softmax.note


def test_a_batch_alone_changes_only_graphcosts_count() -> None:
    once, thrice = (reconciled(analysed(DENSE, "out", batch=batch)) for batch in (1, 3))
    assert thrice.theirs == once.theirs
    assert thrice.ours == 3 * once.ours


def test_an_open_symbol_stays_a_formula() -> None:
    found = reconciled(analysed(DENSE, "out", batch=None))
    assert str(found.ours) == "24*N"
    assert adds_up(found)


def test_a_loop_counts_once_and_what_it_carries_has_no_shape() -> None:
    found = reconciled(analysed(LOOP, "exit_acc"))
    assert differences(found) == {
        "counted once, though it runs 5 times": 3 - 15,
        "not counted, it is in a loop or branch of unknown shapes": -15,
    }


def test_functions_arent_entered() -> None:
    double = tiny_graph("a = _Arg(T=float32)\n b = Mul(a, a, T=float32)", "b")
    text = """
    x = Placeholder(dtype=float32, shape=<3>)
    y = PartitionedCall(x, f=@double) -> float32
    z = Mul(y, y, T=float32)
    """
    found = reconciled(analysed(text, "z", functions={"double": double}))
    assert differences(found) == {"not counted, it is in a function": -3, "counted alike": 0}


def test_ops_without_a_rule_are_named() -> None:
    text = "x = Placeholder(dtype=float32, shape=<3>)\n y = Relu(x, T=float32)"
    (group,) = reconciled(analysed(text, "y")).groups
    assert (group.reason, group.difference) == ("not counted, there is no rule", -3)
    assert group.note == "tf.profiler has no rule for Relu x 1."


def test_integers_and_constants_are_counted() -> None:
    text = """
    x = Placeholder(dtype=int32, shape=<3>)
    c = Const(value=[1, 2, 3])
    d = Mul(c, c, T=int32)
    y = Mul(x, d, T=int32)
    """
    assert differences(reconciled(analysed(text, "y"))) == {
        "counted, though it is integer arithmetic": 3,
        "counted, though it is computed once, from constants": 3,
    }


def test_windows_with_the_channels_first() -> None:
    text = """
    x = Placeholder(dtype=float32, shape=<1,1,4,4>)
    y = MaxPool(x, T=float32, ksize=[1,1,2,2], strides=[1,1,2,2], padding=b'VALID', data_format=b'NCHW')
    """
    assert list(differences(reconciled(analysed(text, "y")))) == [
        "not counted: tf.profiler counts windows in NHWC only"
    ]


def test_the_greatest_differences_come_first() -> None:
    (group,) = [g for g in reconciled(analysed(DENSE, "out")).groups if g.reason.startswith("not counted")]
    assert [entry.node for entry in group.entries] == ["y", "out"]


OPS = ("Mul", "AddV2", "Softmax", "Relu", "Rsqrt", "MatMul", "Less")


@st.composite
def models(draw: st.DrawFn) -> tuple[str, str]:
    """A chain of nodes on 4x4 tensors, the batch known or open, integers here and there, and any node as output."""
    lines = [f"n0 = Placeholder(dtype=float32, shape=<{draw(st.sampled_from(['4', '?']))},4>)", "c = Const(value=1.0)"]
    lines.append("n1 = Fill(dims, c, T=float32)\n dims = Const(value=[4, 4])")
    for index in range(2, draw(st.integers(3, 9))):
        op = draw(st.sampled_from(OPS))
        a, b = (f"n{draw(st.integers(0, index - 1))}" for _ in range(2))
        operands = a if op in ("Softmax", "Relu", "Rsqrt") else f"{a}, {b}"
        cast = f"n{index} = Cast(b{index}, SrcT=bool, DstT=float32)"
        name = f"b{index}" if op == "Less" else f"n{index}"
        lines.append(f"{name} = {op}({operands}, T=float32)")
        if op == "Less":
            lines.append(cast)
    last = draw(st.integers(1, index))
    return "\n".join(lines), f"n{last}"


@settings(derandomize=True, deadline=None, max_examples=100)
@given(models())
def test_the_differences_add_up(model: tuple[str, str]) -> None:
    text, output = model
    analysis = analysed(text, output)
    found = reconciled(analysis)
    assert adds_up(found)
    assert found.ours == analysis.report.total.work.flops
    assert sum((group.ours for group in found.groups), start=0) == found.ours
    entries = [entry.node for group in found.groups for entry in group.entries]
    assert len(entries) == len(set(entries))


@pytest.mark.shared
@pytest.mark.skipif(not SEED.is_dir(), reason="the shared graphs aren't beside the repository")
@pytest.mark.parametrize(
    ("name", "theirs", "ours"), [("q1", 2, 0), ("q2", 2050, 2052), ("q3", 2101, 54276), ("a21", 21, 19456)]
)
def test_the_seed_is_reconciled(name: str, theirs: int, ours: int) -> None:
    found = reconciled(run_pipeline(SEED / f"{name}.pb", batch=1))
    assert (found.theirs, found.ours) == (theirs, ours)
    assert adds_up(found)


@pytest.mark.shared
@pytest.mark.skipif(not SEED.is_dir(), reason="the shared graphs aren't beside the repository")
def test_a_convolution_of_the_seed() -> None:
    entries = {e.node: e for g in reconciled(run_pipeline(SEED / "q3.pb", batch=1)).groups for e in g.entries}
    convolution = entries["conv2d/Conv2D"]
    assert (convolution.reason, convolution.difference) == ("not counted, the batch is unknown", -51_200)
    initializer = entries["dense/kernel/Initializer/random_uniform"]
    assert (initializer.reason, initializer.difference) == ("counted, though it initializes a weight", 1_024)


@pytest.mark.shared
@pytest.mark.skipif(not SEED.is_dir(), reason="the shared graphs aren't beside the repository")
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("batch", [None, 3])
def test_the_differences_of_real_models_add_up(name: str, batch: int | None) -> None:
    found = reconciled(run_pipeline(SHARED / name, batch=batch))
    assert found.groups
    assert adds_up(found)
