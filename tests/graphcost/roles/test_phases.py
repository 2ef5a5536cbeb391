"""The parts of a training step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from networks import network_of
from tiny_graph import tiny_graph

from graphcost import analyze
from graphcost.passes.outputs import with_outputs
from graphcost.passes.prune import Prune
from graphcost.roles.phases import training_phases

STEP = """
    x = Placeholder(dtype=float32, shape=<?,4>)
    y = Placeholder(dtype=float32, shape=<?,2>)
    w = VariableV2(dtype=float32, shape=<4,2>)
    r = Identity(w, T=float32)
    logits = MatMul(x, r, T=float32)
    loss = SoftmaxCrossEntropyWithLogits(logits, y, T=float32)
    axis = Const(value=[0])
    mean = Mean(loss, axis, T=float32, Tidx=int32)
    one = Const(value=1.0)
    shape = Shape(loss, T=float32)
    seed = Fill(shape, one, T=float32)
    last = Const(value=-1)
    column = ExpandDims(seed, last, T=float32)
    scaled = Mul(column, loss:1, T=float32)
    grad = MatMul(x, scaled, transpose_a=True, T=float32)
    base = Const(value=0.1)
    decay = Const(value=0.9)
    steps = VariableV2(dtype=float32, shape=<>)
    rate = Mul(steps, decay, T=float32)
    apply = ApplyGradientDescent(w, rate, grad, T=float32)
    train = NoOp(^apply)
"""


def phases(*outputs: str) -> dict[str, str]:
    graph = with_outputs(tiny_graph(STEP), outputs)
    network = network_of(graph)
    return dict(training_phases(Prune()(graph), network))


def test_forward_backward_optimizer_and_the_rest() -> None:
    found = phases("train")
    named = ("logits", "loss", "scaled", "grad", "apply", "rate")
    assert [found[name] for name in named] == ["forward", "forward", "backward", "backward", "optimizer", "other"]
    assert "decay" in found
    assert "base" not in found


def test_what_has_no_backward_pass_is_no_training_step() -> None:
    assert phases("logits") == {}
    assert phases("loss") == {}


@pytest.fixture(scope="module")
def training_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small convolutional network with its training step, in the style of TensorFlow 1."""
    tf: Any = pytest.importorskip("tensorflow")
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None, 12, 12, 3], name="x")
        labels = v1.placeholder(tf.int64, [None], name="labels")
        kernels = [v1.get_variable(f"w{i}", [3, 3, a, b]) for i, (a, b) in enumerate([(3, 8), (8, 16)])]
        dense = v1.get_variable("dense", [16 * 144, 10])
        hidden = x
        for kernel in kernels:
            hidden = tf.nn.relu(tf.nn.conv2d(hidden, kernel, 1, "SAME"))
        logits = tf.matmul(tf.reshape(hidden, [-1, 16 * 144]), dense, name="logits")
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
        v1.train.GradientDescentOptimizer(0.1).minimize(loss, name="train")
    path = tmp_path_factory.mktemp("training") / "train.pb"
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


@pytest.mark.tensorflow
def test_a_training_step_costs_about_three_forward_passes(training_file: Path) -> None:
    report = analyze(training_file, outputs=["train"], batch=1)
    rows = {row.name: row.work for row in report.by_phase()}
    forward = 144 * 9 * 3 * 8 + 144 * 9 * 8 * 16 + 16 * 144 * 10
    assert rows["forward"].macs == forward
    # Each layer's gradient to its input and to its weights costs as many multiply-adds as the layer.
    assert rows["backward"].macs == 2 * forward
    total = report.total.work.flops
    assert isinstance(total, int)
    assert 2.9 < total / (2 * forward) < 3.3
    assert sum(row.work.flops for row in report.by_phase()) == total
    assert report.coverage == 1.0
    assert analyze(training_file, batch=1).by_phase() == ()


@pytest.mark.tensorflow
def test_backward_convolutions_equal_the_closed_form(training_file: Path) -> None:
    lines = analyze(training_file, outputs=["train"], batch=1).bound_lines
    macs = sorted(line.work.macs for line in lines if line.op.startswith("Conv2DBackprop"))
    assert macs == sorted([144 * 9 * 3 * 8] * 2 + [144 * 9 * 8 * 16] * 2)


@pytest.mark.tensorflow
def test_the_parts_are_in_the_json_and_in_the_table(training_file: Path) -> None:
    from graphcost.render.summary import summarize

    report = analyze(training_file, outputs=["train"], batch=1)
    assert list(report.to_dict()["phases"]) == ["forward", "backward", "optimizer", "other"]
    assert [fact.heading for fact in summarize(report)].count("step") == 4
    assert [tensor.name for tensor in report.outputs] == ["train"]
