"""Whole networks from files: exact numbers, as formulas, and the same with numbers as with symbols bound after."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from model_files import write

import graphcost
from graphcost import Report
from graphcost.loaders.descriptors import message_class
from graphcost.ops.cost import KINDS

pytestmark = pytest.mark.shared

NETWORKS = (
    "ConvNeXtTiny",
    "DenseNet121",
    "EfficientNetB0",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "ResNet50",
    "VGG16",
)


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, Any]:
    """Multiply-adds and parameters of the networks, computed from their Keras layers."""
    content: dict[str, Any] = json.loads((shared / "zoo" / "truth.json").read_text())
    return content


@pytest.fixture(scope="module", params=NETWORKS)
def network(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def report(network: str, shared: Path) -> Report:
    return graphcost.analyze(shared / "zoo" / f"{network}.pb")


@pytest.mark.parametrize(
    ("name", "output", "flops", "formula"),
    [("q1", "input_1", 0, "0"), ("q2", "dense/Softmax", 2052, "2052*N"), ("q3", "dense/Softmax", 54276, "54276*N")],
)
def test_the_small_models_that_a_profiler_gets_wrong(
    shared: Path, name: str, output: str, flops: int, formula: str
) -> None:
    report = graphcost.analyze(shared / "seed" / f"{name}.pb", outputs=[output])

    assert str(report.formula.work.flops) == formula
    assert report.coverage == 1.0
    bound = report.bind(N=1) if report.symbols else report
    assert bound.total.work.flops == flops
    assert bound.is_complete


def test_a_convolution_by_hand(shared: Path) -> None:
    """A 3x3 convolution, SAME, 32x32x1 to 32x32x1: 1024 outputs of 9 multiply-adds, and 1024 additions of a bias."""
    report = graphcost.analyze(shared / "seed" / "a21.pb", outputs=["flatten/Reshape"], batch=1)

    assert report.total.work.macs == 1024 * 9
    assert report.total.work.flops == 2 * 1024 * 9 + 1024 == 19456


def test_two_convolutions_by_hand(shared: Path) -> None:
    """32x32x1 to 32x32x32, taps 3x3x1; then to 32x32x1, taps 3x3x32; each with a bias.

    The first has 1024*32 outputs of 9 multiply-adds, the second 1024 outputs of 9*32: 294,912 each.
    """
    report = graphcost.analyze(shared / "seed" / "a1090.pb", outputs=["flatten/Reshape"], batch=1)

    assert report.total.work.macs == 2 * 294_912
    assert report.total.work.flops == 2 * 2 * 294_912 + 1024 * 32 + 1024 == 1_213_440


def test_multiply_adds_are_those_of_the_layers(network: str, report: Report, truth: dict[str, Any]) -> None:
    macs = truth[network]["macs"]

    assert report.bind(N=1).total.work.macs == macs
    assert str(report.formula.work.macs) == f"{macs}*N"


def test_parameters_are_those_of_the_layers(network: str, report: Report, truth: dict[str, Any]) -> None:
    assert abs(report.total.params - truth[network]["params"]) <= 10


def test_nothing_is_left_out(report: Report) -> None:
    assert report.coverage == 1.0
    assert report.uncosted == ()
    assert report.bind(N=1).is_complete


@pytest.mark.parametrize("batch", [1, 7])
def test_a_pinned_batch_is_the_bound_symbol(network: str, report: Report, shared: Path, batch: int) -> None:
    size = 299 if network == "InceptionV3" else 224
    assert_same_lines(report.bind(N=batch), pinned(shared, network, (batch, size, size, 3)))


def test_an_image_of_bound_sizes_is_a_pinned_one(network: str, shared: Path, tmp_path: Path) -> None:
    """The batch, the height and the width open in the file; an odd width meets every floor and ceiling.

    The dense layers of VGG16 fix the size of the image.
    """
    shapes = [(1, 224, 224, 3), (2, 192, 161, 3)][: 1 if network == "VGG16" else 2]
    path = with_open_image(shared / "zoo" / f"{network}.pb", tmp_path)
    open_report = graphcost.analyze(path)

    for shape in shapes:
        batch, height, width, _ = shape
        bound = open_report.bind(**{"N": batch, "image[1]": height, "image[2]": width})
        assert_same_lines(bound, graphcost.analyze(path, shapes={"image": shape}))


def with_open_image(path: Path, folder: Path) -> Path:
    """A copy of a network whose input leaves every size but the channels open."""
    graph_def = message_class("GraphDef").FromString(path.read_bytes())
    (image,) = (node for node in graph_def.node if node.op == "Placeholder")
    for dim in image.attr["shape"].shape.dim[:3]:
        dim.size = -1
    return write(folder / path.name, graph_def.SerializeToString())


def pinned(shared: Path, name: str, shape: Sequence[int]) -> Report:
    return graphcost.analyze(shared / "zoo" / f"{name}.pb", shapes={"image": shape})


def assert_same_lines(bound: Report, numbers: Report) -> None:
    """The same nodes, in every kind of every line, with the same shapes."""
    assert len(bound.bound_lines) == len(numbers.bound_lines)
    for ours, theirs in zip(bound.bound_lines, numbers.bound_lines, strict=True):
        assert (ours.node, ours.status, ours.count) == (theirs.node, theirs.status, theirs.count)
        assert ours.outputs == theirs.outputs, ours.node
        for domain in ("floating", "integer"):
            counts = [getattr(line.work, domain) for line in (ours, theirs)]
            assert all(getattr(counts[0], kind) == getattr(counts[1], kind) for kind in KINDS), ours.node
