"""Random numbers. Drawing them is free, whatever the distribution; what is known of each operation is its shape."""

from __future__ import annotations

from graphcost import Free, Op, Role, Shape
from graphcost_rules.declared_shapes import ShapeRule, family, nothing, scalars
from graphcost_rules.shape_inputs import checked_size, partial_scalar, per_axis, shape_held_by

RANDOM = Free("random numbers")


def shape_in_input(index: int) -> ShapeRule:
    """The shape that an input holds."""

    def shape(op: Op) -> list[Shape]:
        return [shape_held_by(op, index)]

    return shape


def samples_of_parameters(op: Op) -> list[Shape]:
    """As many samples as the shape asks for, of each of the parameters."""
    return [Shape(*shape_held_by(op, 0), *op.input(1))]


def crop_shape(op: Op) -> list[Shape]:
    """[height, width, C], of the sizes that the second input holds."""
    sizes = per_axis(op, 1, 2)
    known = (op.unknown_size(axis) if size is None else checked_size(op, size) for axis, size in enumerate(sizes))
    return [Shape(*known, op.input(0, rank=3)[2])]


def shuffled_shape(op: Op) -> list[Shape]:
    return [op.input(0)]


def multinomial_shape(op: Op) -> list[Shape]:
    """So many classes for each row of logits."""
    count = partial_scalar(op, 1)
    return [Shape(op.input(0, rank=2)[0], op.unknown_size(1) if count is None else checked_size(op, count))]


def candidates_shape(op: Op) -> list[Shape]:
    """The sampled classes, and how often the true and the sampled ones were to be expected."""
    true, sampled = op.int_attr("num_true"), op.int_attr("num_sampled")
    if true < 1 or sampled < 1:
        raise op.error(f"num_true is {true} and num_sampled {sampled}, but both must be at least 1")
    return [Shape(sampled), Shape(op.input(0, rank=2)[0], true), Shape(sampled)]


def bounding_box_shape(op: Op) -> list[Shape]:
    """Where the box begins, its size, and itself."""
    return [Shape(3), Shape(3), Shape(1, 1, 4)]


def key_and_counter_shape(op: Op) -> list[Shape]:
    """The state of a counter-based generator: one word of key, two of counter."""
    return [Shape(1), Shape(2)]


def key_counter_algorithm_shape(op: Op) -> list[Shape]:
    return [Shape(1), Shape(2), Shape()]


def skipped_state_shape(op: Op) -> list[Shape]:
    """The state before skipping: two words of counter, one of key."""
    return [Shape(3)]


NOISE = """
    RandomUniformInt RandomGamma RandomPoisson Multinomial StatelessRandomNormal StatelessRandomNormalV2
    StatelessRandomUniform StatelessRandomUniformV2
"""

RULES = (
    family(RANDOM, shape_in_input(0), "RandomUniform", "RandomUniformInt", "RandomStandardNormal", "TruncatedNormal")
    + family(RANDOM, shape_in_input(0), "ParameterizedTruncatedNormal", "NonDeterministicInts")
    + family(RANDOM, shape_in_input(0), "StatelessRandomUniform", "StatelessRandomUniformInt")
    + family(RANDOM, shape_in_input(0), "StatelessRandomUniformFullInt", "StatelessRandomNormal")
    + family(RANDOM, shape_in_input(0), "StatelessTruncatedNormal", "StatelessRandomUniformV2")
    + family(RANDOM, shape_in_input(0), "StatelessRandomUniformIntV2", "StatelessRandomUniformFullIntV2")
    + family(RANDOM, shape_in_input(0), "StatelessRandomNormalV2", "StatelessTruncatedNormalV2")
    + family(RANDOM, shape_in_input(0), "StatelessRandomBinomial", "StatelessRandomPoisson")
    + family(RANDOM, shape_in_input(0), "StatelessRandomGammaV2", "StatelessRandomGammaV3")
    + family(RANDOM, shape_in_input(0), "StatelessParameterizedTruncatedNormal")
    + family(RANDOM, crop_shape, "RandomCrop")
    + family(RANDOM, shape_in_input(2), "StatefulUniform", "StatefulUniformInt", "StatefulUniformFullInt")
    + family(RANDOM, shape_in_input(2), "StatefulStandardNormalV2", "StatefulTruncatedNormal")
    + family(RANDOM, shape_in_input(2), "StatefulRandomBinomial")
    + family(RANDOM, shape_in_input(1), "StatefulStandardNormal")
    + family(RANDOM, samples_of_parameters, "RandomGamma", "RandomPoisson", "RandomPoissonV2")
    + family(RANDOM, shuffled_shape, "RandomShuffle", "StatelessShuffle")
    + family(RANDOM, multinomial_shape, "Multinomial", "StatelessMultinomial")
    + family(RANDOM, candidates_shape, "UniformCandidateSampler", "LogUniformCandidateSampler")
    + family(RANDOM, candidates_shape, "LearnedUnigramCandidateSampler", "FixedUnigramCandidateSampler")
    + family(RANDOM, candidates_shape, "ThreadUnsafeUnigramCandidateSampler", "AllCandidateSampler")
    + family(RANDOM, bounding_box_shape, "SampleDistortedBoundingBox", "SampleDistortedBoundingBoxV2")
    + family(RANDOM, bounding_box_shape, "StatelessSampleDistortedBoundingBox")
    + family(RANDOM, key_and_counter_shape, "StatelessRandomGetKeyCounter")
    + family(RANDOM, key_counter_algorithm_shape, "StatelessRandomGetKeyCounterAlg")
    + family(RANDOM, scalars, "StatelessRandomGetAlg")
    + family(RANDOM, skipped_state_shape, "RngReadAndSkip")
    + family(RANDOM, nothing, "RngSkip")
).with_roles(
    {
        Role.NOISE | Role.SHAPE_ONLY: ("RandomUniform", "RandomStandardNormal", "TruncatedNormal"),
        Role.NOISE: NOISE.split(),
    }
)
