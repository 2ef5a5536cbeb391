"""The audio frontend of keyword spotters: filterbank energies of overlapping frames, in integers."""

from __future__ import annotations

from graphcost import Cost, Dim, Op, Rule, RuleSet, Shape, ceil_div, dim_max, floor_div

MOST_SAMPLES = 2**31
"""The longest window or step."""


def frontend_shape(op: Op) -> list[Shape]:
    """A row of channels for each frame that is kept, with those of the frames around it."""
    context = 1 + _least(op, "left_context", 0, 0) + _least(op, "right_context", 0, 0)
    kept = ceil_div(_frames(op), _least(op, "frame_stride", 1, 1))
    return [Shape(kept, _least(op, "num_channels", 32, 1) * context)]


def frontend_cost(op: Op) -> Cost:
    """For each frame: a window, w multiplications; a real transform of n points, the power of two that holds w, by half
    of a radix-2 one, n * log2(n) multiplications and 3/2 of that additions; n/2 + 1 energies, two multiplications and
    an addition; each goes into two channels, two multiplications and additions. For each channel: a square root; the
    running estimate of the noise, which is subtracted and the result compared with its floor, three multiplications and
    two additions; gain control, three multiplications and a power; a logarithm."""
    window, channels = _samples(op, "window_size", 25), _least(op, "num_channels", 32, 1)
    levels = max(window - 1, 1).bit_length()
    points = 1 << levels
    bins = points // 2 + 1
    transform = Cost(mul=points * levels, add=3 * points * levels // 2)
    frame = Cost(mul=window) + transform + Cost(mul=4, add=3) * bins
    channel = Cost(sqrt=1, mul=3, add=2, compare=1)
    if op.bool_attr("enable_pcan", False):
        channel += Cost(mul=3, transcendental=1)
    if op.bool_attr("enable_log", True):
        channel += Cost(transcendental=1)
    return (frame + channel * channels) * _frames(op)


def _frames(op: Op) -> Dim:
    """How many windows fit in the sound."""
    (samples,) = op.input(0, rank=1)
    window, step = _samples(op, "window_size", 25), _samples(op, "window_step", 10)
    return dim_max(floor_div(samples - window + step, step), 0)


def _samples(op: Op, attribute: str, default: int) -> int:
    """A duration in milliseconds as a number of samples."""
    samples = op.int_attr(attribute, default) * (op.int_attr("sample_rate", 16000) // 1000)
    if not 0 < samples <= MOST_SAMPLES:
        raise op.error(f"{attribute} is {samples} samples")
    return samples


def _least(op: Op, attribute: str, default: int, least: int) -> int:
    number = op.int_attr(attribute, default)
    if number < least:
        raise op.error(f"attribute {attribute!r} is {number}")
    return number


RULES = RuleSet(
    Rule("AudioMicrofrontend", shape=frontend_shape, cost=frontend_cost),
)
