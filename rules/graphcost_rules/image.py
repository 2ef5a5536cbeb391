"""Colours and contrast of images, and pieces of them."""

from __future__ import annotations

from collections.abc import Callable

from graphcost import COPIES, Cost, Op, Role, Rule, RuleSet, Shape
from graphcost_rules.shape_inputs import image_sizes

TO_HSV = Cost(compare=9, add=4, mul=1, div=2)
"""Value and range by four comparisons; saturation range/value, unless value is 0; and, unless range is 0, the hue from
the channel that is greatest, ((g - b)/range + offset) * 1/6 or its like, wrapped at 0."""

TO_RGB = Cost(mul=7, add=13, compare=6)
"""For each channel v * (1 - s + s * c), where c is clamp(|6h - 3| - 1), clamp(2 - |6h - 2|), clamp(2 - |6h - 4|)."""

SATURATION = TO_HSV + Cost(mul=1, compare=2) + TO_RGB
"""The saturation is scaled and clamped."""

HUE = TO_HSV + Cost(add=2, compare=1) + TO_RGB
"""The hue is moved and its floor is subtracted."""


def pixels_shape(op: Op) -> list[Shape]:
    """Pixels of three channels, in the last axis."""
    shape = op.input(0, least_rank=1)
    return [Shape(*shape[:-1], op.same(shape[-1], 3))]


def per_pixel(work: Cost, algorithm: str) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        pixels, _ = op.folded_input(0, last=1)
        return pixels * work

    cost.__doc__ = f"For each pixel: {algorithm}."
    return cost


def images_shape(op: Op) -> list[Shape]:
    return [op.input(0, least_rank=3)]


def contrast_cost(op: Op) -> Cost:
    """Each channel's mean over its image, then (x - mean) * factor + mean for each element."""
    images, _, _, channels = op.folded_input(0, last=3)
    elements, means = op.input_size(0), images * channels
    if elements == 0:
        return Cost()
    return Cost(add=elements - means, div=means) + elements * Cost(add=2, mul=1)


def glimpse_shape(op: Op) -> list[Shape]:
    """[N, height, width, C], of the sizes that the second input holds."""
    batch, _, _, channels = op.input(0, rank=4)
    places, coordinates = op.input(2, rank=2)
    op.same(coordinates, 2)
    return [Shape(op.same(batch, places), *image_sizes(op, 1), channels)]


def scaled_shape(op: Op) -> list[Shape]:
    """As a glimpse, of a size that is the same for all images."""
    batch, _, _, channels = op.input(0, rank=4)
    return [Shape(batch, *image_sizes(op, 1), channels)]


def scaled_grad_shape(op: Op) -> list[Shape]:
    """The shape of the image that was scaled."""
    return [op.input(1, rank=4)]


PROJECTION = Cost(mul=6, add=6, div=2, compare=1)
"""A point of the output taken back to the input by a projective transform."""

SPANS = "how many pixels an output is made of depends on the scale"


def taps_cost(op: Op) -> Cost:
    """A multiplication and an addition for each pixel that each output of each of two passes is made of."""
    taps = op.unknown_count("taps")
    return Cost(mul=taps, add=taps)


def projected_shape(op: Op) -> list[Shape]:
    """As a glimpse, of the sizes that the third input holds."""
    batch, _, _, channels = op.input(0, rank=4)
    return [Shape(batch, *image_sizes(op, 2), channels)]


def clamped_contrast_cost(op: Op) -> Cost:
    """As AdjustContrastv2; each element is then clamped at both ends."""
    return contrast_cost(op) + Cost(compare=2) * op.input_size(0)


def projected_cost(op: Op) -> Cost:
    """For each output pixel the point that it comes from, two quotients of (a * x + b * y + c) by a divisor that is
    compared with 0, and its neighbours, rounding counting as one comparison. Bilinear interpolation takes the four
    distances to them, and for each channel three weighted sums of two."""
    output = op.output(rank=4)
    pixels = Shape(*output[:-1]).size * (PROJECTION + Cost(compare=2))
    if op.text_attr("interpolation", choices=("NEAREST", "BILINEAR")) == "NEAREST":
        return pixels
    return pixels + Shape(*output[:-1]).size * Cost(add=6) + output.size * Cost(mul=6, add=3)


RULES = RuleSet(
    Rule(
        "RGBToHSV",
        shape=pixels_shape,
        cost=per_pixel(TO_HSV, "value, range, saturation = range / value, the hue from the channel that is greatest"),
    ),
    Rule(
        "HSVToRGB",
        shape=pixels_shape,
        cost=per_pixel(TO_RGB, "v * (1 - s + s * c), where c is a clamp of the hue for each channel"),
    ),
    Rule(
        "AdjustSaturation",
        shape=pixels_shape,
        cost=per_pixel(SATURATION, "to HSV, the saturation scaled and clamped, and back"),
    ),
    Rule(
        "AdjustHue", shape=pixels_shape, cost=per_pixel(HUE, "to HSV, the hue moved and its floor subtracted, and back")
    ),
    Rule("AdjustContrast", shape=images_shape, cost=clamped_contrast_cost),
    Rule("AdjustContrastv2", shape=images_shape, cost=contrast_cost),
    Rule("DrawBoundingBoxes", shape=images_shape, cost=COPIES),
    Rule("DrawBoundingBoxesV2", shape=images_shape, cost=COPIES),
    Rule("ExtractGlimpse", shape=glimpse_shape, cost=COPIES),
    Rule("ExtractGlimpseV2", shape=glimpse_shape, cost=COPIES),
    Rule("ScaleAndTranslate", shape=scaled_shape, cost=taps_cost, opaque=SPANS),
    Rule("ScaleAndTranslateGrad", shape=scaled_grad_shape, cost=taps_cost, opaque=SPANS, role=Role.GRADIENT),
    Rule("ImageProjectiveTransformV2", shape=projected_shape, cost=projected_cost),
    Rule("ImageProjectiveTransformV3", shape=projected_shape, cost=projected_cost),
)
