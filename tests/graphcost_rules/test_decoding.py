"""The shapes of what is parsed from strings, against TensorFlow's shape functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from optional_tensorflow import tf
from single_op import make_op

from graphcost import Fact, PartialShape, RuleError, Shape, ShapeUnknown
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.op import Op
from graphcost_rules.decoding import RULES

DENSE = {"dense_shapes": [[3], [None, 2]], "sparse_types": [tf.float32] * 2}
DENSE_ATTR = (PartialShape((3,)), PartialShape((-1, 2)))


def text(*shape: int | None) -> Any:
    return tf.compat.v1.placeholder(tf.string, shape)


def inferred(make: Callable[[], Any]) -> list[list[int | None] | None]:
    with tf.Graph().as_default():
        outputs = tf.nest.flatten(make())
        return [None if output.shape.rank is None else output.shape.as_list() for output in outputs]


def ours(kind: str, outputs: int, *shapes: Shape, **attrs: Any) -> list[list[int | None] | None]:
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.shape is not None
    refs = tuple(TensorRef(f"x{i}") for i in range(len(shapes)))
    node = Node("node", kind, refs, attrs=attrs, dtypes=(None,) * outputs)
    said = rule.shape(Op(node, [Fact("string", shape) for shape in shapes]))
    return [None if shape is None else [d if isinstance(d, int) else None for d in shape] for shape in said]


@pytest.mark.tensorflow
@pytest.mark.parametrize("count", [7, 1])
def test_examples_have_the_shapes_that_tensorflow_infers(count: int) -> None:
    def parse() -> Any:
        defaults = [tf.zeros([3]), tf.zeros([2])]
        return tf.raw_ops.ParseExample(
            serialized=text(count),
            names=text(0),
            sparse_keys=["a", "b"],
            dense_keys=["c", "d"],
            dense_defaults=defaults,
            **DENSE,
        )

    attrs = {"Nsparse": 2, "dense_shapes": DENSE_ATTR}
    assert ours("ParseExample", 8, Shape(count), Shape(0), **attrs) == inferred(parse)


@pytest.mark.tensorflow
@pytest.mark.parametrize("shape", [(), (7,)])
def test_examples_with_ragged_features_have_the_shapes_that_tensorflow_infers(shape: tuple[int, ...]) -> None:
    def parse() -> Any:
        return tf.raw_ops.ParseExampleV2(
            serialized=text(*shape),
            names=text(0),
            sparse_keys=["a", "b"],
            dense_keys=["c", "d"],
            ragged_keys=["e"],
            dense_defaults=[tf.zeros([3]), tf.zeros([2])],
            num_sparse=2,
            ragged_value_types=[tf.float32],
            ragged_split_types=[tf.int64],
            **DENSE,
        )

    attrs = {"num_sparse": 2, "dense_shapes": DENSE_ATTR, "ragged_value_types": ("float32",)}
    assert ours("ParseExampleV2", 10, Shape(*shape), **attrs) == inferred(parse)


FILES = [
    ("DecodeJpeg", 1, {"channels": 3}),
    ("DecodePng", 1, {"channels": 0}),
    ("DecodeBmp", 1, {"channels": 3}),
    ("DecodeGif", 1, {}),
    ("DecodeImage", 1, {"channels": 3, "expand_animations": False}),
    ("DecodeWav", 2, {"desired_channels": 1, "desired_samples": 16000}),
    ("DecodeWav", 2, {"desired_channels": -1, "desired_samples": -1}),
    ("ExtractJpegShape", 1, {}),
]


@pytest.mark.tensorflow
@pytest.mark.parametrize(("kind", "outputs", "attrs"), FILES)
def test_files_have_the_shapes_that_tensorflow_infers(kind: str, outputs: int, attrs: dict[str, Any]) -> None:
    assert ours(kind, outputs, Shape(), **attrs) == inferred(
        lambda: getattr(tf.raw_ops, kind)(contents=text(), **attrs)
    )


@pytest.mark.tensorflow
def test_bytes_have_the_shapes_that_tensorflow_infers() -> None:
    raw = inferred(lambda: tf.raw_ops.DecodeRaw(bytes=text(2, 3), out_type=tf.uint8))
    assert ours("DecodeRaw", 1, Shape(2, 3)) == raw
    png = inferred(lambda: tf.raw_ops.EncodePng(image=tf.zeros([2, 4, 4, 3], tf.uint8)))
    assert ours("EncodePng", 1, Shape(2, 4, 4, 3)) == png


def test_an_image_or_an_animation_is_of_unknown_rank() -> None:
    rule = RULES.get("DecodeImage")
    assert rule is not None
    assert rule.shape is not None
    with pytest.raises(ShapeUnknown):
        rule.shape(make_op("DecodeImage", Shape(), channels=3))


@pytest.mark.parametrize(
    ("kind", "attrs"),
    [
        ("DecodeJpeg", {"channels": -4}),
        ("DecodeWav", {"desired_samples": -7}),
        ("ParseSingleExample", {"num_sparse": 10**9, "dense_shapes": ()}),
        ("ParseSingleExample", {"num_sparse": 0, "dense_shapes": (3,)}),
    ],
)
def test_attributes_without_sense_are_refused(kind: str, attrs: dict[str, Any]) -> None:
    with pytest.raises(RuleError):
        ours(kind, 1, Shape(), **attrs)
