"""Real models: each ends in a report or one clear line, and known networks have their known numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import graphcost
from graphcost import GraphcostError, Report
from graphcost.ops.status import Status

SHARED = Path(__file__).resolve().parents[2] / "shared"
CORPUS = SHARED / "corpus"

pytestmark = pytest.mark.shared

SEVERAL_SIGNATURES = {
    "serving-counter": ("get_counter", "incr_counter", "incr_counter_by", "reset_counter"),
    "serving-session-bundle-half-plus-two": ("default", "named"),
    "tf-rust-regression-savedmodel": ("b", "train", "w"),
}
"""Files that have several signatures, none of them the default: the user must choose."""


@cache
def index() -> Mapping[str, Any]:
    """The description of each file, by its slug."""
    path = CORPUS / "index.json"
    return {entry["slug"]: entry for entry in json.loads(path.read_text())} if path.exists() else {}


def slugs(*, negative: bool) -> list[str]:
    return [slug for slug, entry in index().items() if entry["negative"] == negative]


def analyzed(slug: str, **options: Any) -> Report:
    return graphcost.analyze(CORPUS / index()[slug]["path"], **options)


@cache
def plainly(slug: str) -> Report | GraphcostError:
    """What somebody gets who names nothing but the file."""
    try:
        return analyzed(slug, batch=1)
    except GraphcostError as error:
        return error


@pytest.mark.parametrize("slug", slugs(negative=False))
def test_a_model_ends_in_a_report(slug: str) -> None:
    report = plainly(slug)

    if slug in SEVERAL_SIGNATURES:
        assert isinstance(report, GraphcostError)
        assert f"its signatures are {', '.join(SEVERAL_SIGNATURES[slug])}" in str(report)
        return
    assert isinstance(report, Report), report
    assert report.lines
    assert report.outputs
    assert all(line.reason for line in report.uncosted)
    assert report.to_dict()["schema_version"] == 1


@pytest.mark.parametrize("slug", slugs(negative=True))
def test_what_is_no_model_ends_in_one_line(slug: str) -> None:
    """All but one: a graph with a wrong attribute is still a graph."""
    answer = plainly(slug)

    if slug.startswith("negative/12-"):
        assert isinstance(answer, Report)
        assert [(line.op, line.status) for line in answer.uncosted] == [("Conv2D", Status.INVALID)]
        return
    assert isinstance(answer, GraphcostError)
    assert answer.exit_code == 3
    assert "\n" not in str(answer)


@pytest.mark.parametrize("slug", [slug for slug in slugs(negative=False) if slug not in SEVERAL_SIGNATURES])
def test_only_operations_that_are_not_tensorflow_s_have_no_cost(slug: str) -> None:
    report = plainly(slug)

    assert isinstance(report, Report)
    check_covered(slug, report)


@pytest.mark.parametrize(
    ("slug", "signature"), [(slug, name) for slug, names in SEVERAL_SIGNATURES.items() for name in names]
)
def test_each_signature_is_covered(slug: str, signature: str) -> None:
    report = analyzed(slug, batch=1, signature=signature)

    assert report.coverage == 1.0
    check_covered(slug, report)


def check_covered(slug: str, report: Report) -> None:
    foreign = set(index()[slug]["unregistered_ops_tf221"])
    assert [line.reason for line in report.uncosted if line.op not in foreign] == []
    assert (report.coverage == 1.0) == (not report.uncosted)


@dataclass(frozen=True)
class Known:
    """A network whose multiply-adds are known: its outputs, sizes for its symbols, and where the number is from."""

    slug: str
    outputs: Sequence[str]
    macs: int
    symbols: Mapping[str, int]
    source: str


RECORDED = "the shapes that TensorFlow recorded in the file"
ANALYTIC = "the layers of the paper's table"
KEYWORDS = {
    "cnn-l": 12_636_672,
    "cnn-m": 8_633_856,
    "cnn-s": 2_498_304,
    "dnn-l": 494_424,
    "dnn-m": 198_144,
    "dnn-s": 79_200,
    "ds-cnn-l": 28_327_812,
    "ds-cnn-m": 9_816_384,
    "ds-cnn-s": 2_656_768,
    "basic-lstm-l": 23_872_224,
    "basic-lstm-m": 9_398_024,
    "basic-lstm-s": 2_961_800,
    "lstm-l": 24_012_256,
    "lstm-m": 9_468_360,
    "lstm-s": 1_909_176,
    "gru-l": 24_112_800,
    "gru-m": 9_558_000,
    "gru-s": 1_896_048,
    "crnn-l": 9_629_104,
    "crnn-m": 3_798_432,
    "crnn-s": 1_498_848,
}
STEPS = {
    "basic-lstm-l": 49,
    "basic-lstm-m": 49,
    "basic-lstm-s": 49,
    "lstm-l": 49,
    "lstm-m": 49,
    "lstm-s": 25,
    "gru-l": 49,
    "gru-m": 49,
    "gru-s": 25,
    "crnn-l": 20,
    "crnn-m": 20,
    "crnn-s": 20,
}
NETWORKS = [
    Known("aibench-vgg-16", ["output"], 15_470_264_320, {"N": 1}, RECORDED),
    Known("aibench-mobilenet-v2", ["output"], 300_775_552, {"N": 1}, RECORDED),
    Known("aibench-resnet-v2-50", ["output"], 8_558_226_112, {"N": 1}, RECORDED),
    Known("bert-ckpt-meta", ["bert/pooler/dense/Tanh"], 11_174_412_288, {}, RECORDED),
    Known(
        "scisharp-inceptionv3-retrain",
        ["module/hub_output/feature_vector/SpatialSqueeze"],
        5_711_168_096,
        {"N": 1, "module/hub_input/images[1]": 299, "module/hub_input/images[2]": 299},
        "one of the file's two copies of the network, of which TensorFlow recorded the shapes",
    ),
    Known(
        "gpt2-simple-finetune",
        ["model/Reshape_1"],
        145_824_153_600,
        {"Placeholder[1]": 1024},
        "12 layers of 1024 tokens, with the head: 1024 * (12 * 12 * 768^2 + 50257 * 768) + 12 * 2 * 1024^2 * 768",
    ),
    Known("mlperf-tiny-kws", [], 2_656_768, {"N": 1}, "the DS-CNN of the keyword spotters"),
    *(Known(f"kws-{name}", ["labels_softmax"], macs, {}, ANALYTIC) for name, macs in KEYWORDS.items()),
]


@pytest.mark.parametrize("known", NETWORKS, ids=lambda known: known.slug)
def test_multiply_adds_are_the_known_ones(known: Known) -> None:
    options = {"outputs": known.outputs} if known.outputs else {}
    report = analyzed(known.slug, **options)

    bound = report.bind(**known.symbols)

    assert bound.total.work.macs == known.macs
    assert bound.is_complete


def test_the_known_numbers_are_those_of_the_index() -> None:
    for known in NETWORKS:
        entry = index()[known.slug]
        if known.source == RECORDED:
            assert known.macs == entry["oracle_from_output_shapes"]["conv_matmul_macs"]
        if known.source == ANALYTIC:
            assert str(known.macs) in entry["published_reference"]


@pytest.mark.parametrize("name", KEYWORDS)
def test_keyword_spotters_agree_with_their_paper(name: str) -> None:
    """The paper gives operations, two for each multiply-add, to two or three digits."""
    entries = json.loads((CORPUS / "published.json").read_text())["entries"]
    family, _, size = name.rpartition("-")
    title = {"cnn": "CNN", "dnn": "DNN", "ds-cnn": "DS_CNN", "basic-lstm": "Basic_LSTM"}.get(family, family.upper())
    (published,) = (e for e in entries if e["model"] == f"Hello Edge {title}-{size.upper()}")

    assert 2 * KEYWORDS[name] == pytest.approx(published["flops_as_published"], rel=0.03)


@pytest.mark.parametrize("name", STEPS)
def test_keyword_spotters_run_their_recurrent_layer_once_for_each_step(name: str) -> None:
    report = analyzed(f"kws-{name}", outputs=["labels_softmax"])

    assert [(loop.trips, loop.source) for loop in report.loops] == [(STEPS[name], "derived")]
    assert STEPS[name] in {line.count for line in report.lines if line.op == "MatMul"}


def test_an_inception_network_of_any_image() -> None:
    """Published with 5.71 thousand million multiply-adds for an image of 299x299."""
    report = analyzed("aibench-inception-v3", outputs=["output"])

    assert report.coverage == 1.0
    bound = report.bind(**{"N": 1, "input[1]": 299, "input[2]": 299})
    assert bound.total.work.macs == pytest.approx(5.71e9, rel=2e-3)


def test_a_keras_network_with_a_loop() -> None:
    """LSTM(16) over 5 steps of 3 and what follows: a loop inside functions inside functions."""
    report = analyzed("scisharp-keras-lstm", batch=1)

    assert [(loop.trips, loop.source) for loop in report.loops] == [(5, "derived")]
    assert report.coverage == 1.0
    assert {line.count for line in report.bound_lines if line.op == "MatMul"} >= {5}


def test_a_loop_over_a_thousand_steps() -> None:
    report = analyzed("aibench-lstm", outputs=["output"], batch=1)

    assert [(loop.trips, loop.source) for loop in report.loops] == [(1024, "derived")]
    assert report.is_complete


def test_a_loop_whose_limit_is_a_missing_value() -> None:
    report = analyzed("tfjs-movenet", batch=1)

    (loop,) = report.loops
    assert loop.source == "unknown"
    assert str(loop.trips) in report.symbols
    assert not report.is_complete


def test_a_network_of_text_operations_is_a_stated_lower_bound() -> None:
    report = analyzed("serving-tf-text-regression", batch=1)
    foreign = set(index()["serving-tf-text-regression"]["unregistered_ops_tf221"])

    assert 0.98 < report.coverage < 1.0
    assert not report.is_complete
    assert {line.op for line in report.uncosted if line.status is Status.NO_RULE} <= foreign


def test_an_agent_with_an_unrolled_network() -> None:
    """Its loops belong to the loss: the agent itself is unrolled in the file."""
    report = analyzed("impala-meta")

    assert report.coverage == 1.0
    assert report.loops == ()
    assert report.dropped["gradient"].nodes > 0
