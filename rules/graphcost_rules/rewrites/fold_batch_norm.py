"""Folds batch normalization into the convolution before it: filters are scaled once, not outputs for each inference."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from graphcost import Match, Maybe, Node, OneOf, Pattern, Rewrite, TensorRef, tensor
from graphcost_rules.rewrites.weights import weights_shape

DEPTHWISE = "DepthwiseConv2dNative"

CONV = Pattern(("Conv2D", DEPTHWISE), tensor("image"), tensor("filters"), name="conv", only_reader=True)
BIASED = Maybe(Pattern("BiasAdd", CONV, tensor("bias"), name="biased", only_reader=True))
FUSED = Pattern(
    ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"),
    BIASED,
    tensor("scale"),
    tensor("offset"),
    tensor("mean"),
    tensor("variance"),
    attrs={"is_training": False},
)
DECOMPOSED = Pattern(
    ("Add", "AddV2"),
    Pattern("Mul", BIASED, tensor("factor"), commutative=True, only_reader=True),
    tensor("shift"),
    commutative=True,
)


class Affine(NamedTuple):
    """What normalization does to a channel, x * factor + shift, and the nodes that compute these from weights."""

    factor: Node | TensorRef
    shift: Node | TensorRef
    nodes: tuple[Node, ...] = ()


def fold(match: Match) -> list[Node]:
    """The filters and the bias of a convolution take in the normalization of its channels.

    before: BatchNorm(BiasAdd(Conv2D(image, filters), bias), scale, offset, mean, variance)
    after:  BiasAdd(Conv2D(image, filters * factor), bias * factor + shift)
            where factor = scale * rsqrt(variance + epsilon) and shift = offset - mean * factor

    or before: Conv2D(image, filters) * factor + shift, as tf.nn.batch_normalization writes it. What is computed of
    constants alone is folded then; filters that are variables are scaled in each inference.
    """
    conv, layout = match.node("conv"), match.node("conv").attrs.get("data_format")
    if "biased" in match and match.node("biased").attrs.get("data_format") != layout:
        raise match.error("the bias has another layout than the convolution")
    channels = output_channels(match)
    affine = fused(match) if "variance" in match else decomposed(match, channels)
    factors, nodes = filter_factors(match, affine.factor), list(affine.nodes)
    nodes += factors
    filters = match.make(
        "Mul", match.tensor("filters"), factors[-1] if factors else affine.factor, name=at(match, "filters")
    )
    shift = affine.shift
    if "biased" in match:
        scaled = match.make("Mul", match.tensor("bias"), affine.factor, name=at(match, "scaled_bias"))
        shift = match.make("AddV2", scaled, shift, name=at(match, "bias"))
        nodes += [scaled, shift]
    scaled_conv = replace(conv, inputs=(conv.inputs[0], TensorRef(filters.name)))
    return [*nodes, filters, scaled_conv, match.make("BiasAdd", scaled_conv, shift, attrs={"data_format": layout})]


def fused(match: Match) -> Affine:
    """The factor and shift of a FusedBatchNorm, from its four vectors."""
    root, layout = match.root, match.node("conv").attrs.get("data_format")
    if root.attrs.get("data_format") != layout:
        raise match.error("it has another layout than the convolution")
    dtype, epsilon = match.dtype(match.tensor("variance")), root.attrs.get("epsilon")
    if dtype is None or dtype != match.dtype(match.tensor("filters")):
        raise match.error("its statistics have another dtype than the filters")
    if not isinstance(epsilon, float):
        raise match.error("its epsilon isn't known")
    least = match.constant(epsilon, dtype, at(match, "epsilon"))
    variance = match.make("AddV2", match.tensor("variance"), least, name=at(match, "variance"))
    deviation = match.make("Rsqrt", variance, name=at(match, "rsqrt"))
    factor = match.make("Mul", match.tensor("scale"), deviation, name=at(match, "factor"))
    moved = match.make("Mul", match.tensor("mean"), factor, name=at(match, "mean"))
    shift = match.make("Sub", match.tensor("offset"), moved, name=at(match, "shift"))
    return Affine(factor, shift, (least, variance, deviation, factor, moved, shift))


def decomposed(match: Match, channels: int | None) -> Affine:
    """The factor and shift that are in the graph already, as vectors of the channels."""
    nodes: list[Node] = []
    vectors: dict[str, Node | TensorRef] = {}
    for name in ("factor", "shift"):
        shape = weights_shape(match, match.tensor(name))
        if channels is None or shape is None or not is_for_channels(match, shape, channels):
            raise match.error(f"the {name} isn't known to be a weight for each channel")
        vectors[name] = match.tensor(name)
        if len(shape) > 1:
            sizes = match.constant([channels], "int32", at(match, f"{name}_shape"))
            vector = match.make("Reshape", match.tensor(name), sizes, name=at(match, f"{name}_vector"))
            vectors[name] = vector
            nodes += [sizes, vector]
    return Affine(vectors["factor"], vectors["shift"], tuple(nodes))


def is_for_channels(match: Match, shape: tuple[int, ...], channels: int) -> bool:
    """Whether a tensor of the shape is broadcast over all but the channels of the convolution."""
    is_last = match.node("conv").attrs.get("data_format") == b"NHWC"
    if len(shape) < 4 and not is_last:
        return False
    spread = (1,) * (4 - len(shape)) + shape
    return spread == ((1, 1, 1, channels) if is_last else (1, channels, 1, 1))


def output_channels(match: Match) -> int | None:
    shape = weights_shape(match, match.tensor("filters"))
    if shape is None or len(shape) != 4:
        return None
    return shape[2] * shape[3] if match.node("conv").op == DEPTHWISE else shape[3]


def filter_factors(match: Match, factor: Node | TensorRef) -> list[Node]:
    """What brings the factor to the last axes of the filters: a dense filter's last axis is the output's channels, a
    depthwise one's last two are."""
    if match.node("conv").op != DEPTHWISE:
        return []
    shape = weights_shape(match, match.tensor("filters"))
    if shape is None or len(shape) != 4:
        raise match.error("the shape of the depthwise filters isn't known")
    sizes = match.constant(shape[2:], "int32", at(match, "shape"))
    return [sizes, match.make("Reshape", factor, sizes, name=at(match, "factors"))]


def at(match: Match, part: str) -> str:
    return match.fresh(f"folded/{part}")


REWRITE = Rewrite("fold_batch_norm", OneOf(FUSED, DECOMPOSED), fold)
