"""Spectrograms, and the mel-frequency cepstral coefficients that are made of them."""

from __future__ import annotations

from graphcost import Cost, Op, Rule, RuleSet, Shape, dim_max, floor_div

LARGEST_WINDOW = 2**24


def spectrogram_shape(op: Op) -> list[Shape]:
    """[channels, frames, fft_length/2 + 1], a frame for each stride at which a whole window fits."""
    samples, channels = op.input(0, rank=2)
    window, stride = _window(op), op.int_attr("stride")
    if stride < 1:
        raise op.error(f"a stride of {stride}")
    frames = dim_max(floor_div(samples - window, stride) + 1, 0)
    return [Shape(channels, frames, _fft_length(window) // 2 + 1)]


def spectrogram_cost(op: Op) -> Cost:
    """Each frame is multiplied by the window, padded to a power of two, and transformed by a radix-2 FFT.

    An FFT of n points is log2(n) times n/2 butterflies, each one complex multiplication (4 mul, 2 add) and two
    complex additions (4 add). Then each bin's power is re^2 + im^2, and its magnitude the square root of that.
    """
    channels, frames, bins = op.output(rank=3)
    window = _window(op)
    points = _fft_length(window)
    butterflies = points // 2 * (points.bit_length() - 1)
    is_squared = op.bool_attr("magnitude_squared", False)
    transform = Cost(mul=window) + butterflies * Cost(mul=4, add=6)
    magnitudes = bins * Cost(mul=2, add=1, sqrt=0 if is_squared else 1)
    return channels * frames * (transform + magnitudes)


def _window(op: Op) -> int:
    window = op.int_attr("window_size")
    if not 2 <= window <= LARGEST_WINDOW:
        raise op.error(f"a window of {window} samples")
    return window


def _fft_length(window: int) -> int:
    """The least power of two that holds the window."""
    return 1 << (window - 1).bit_length()


def mfcc_shape(op: Op) -> list[Shape]:
    channels, frames, _ = op.input(0, rank=3)
    return [Shape(channels, frames, _positive(op, "dct_coefficient_count", 13))]


def mfcc_cost(op: Op) -> Cost:
    """Per frame: a mel filterbank, the logarithm of each of its channels, and a discrete cosine transform.

    The filterbank takes the square root of each bin, weights it, and adds the weighted part to one channel and the
    rest to the next. All bins but the constant one count, also those outside of the frequency limits, as taps on
    padding do in convolutions. The transform is a product with a matrix of cosines, row by row.
    """
    channels, frames, bins = op.input(0, rank=3)
    bands, coefficients = _positive(op, "filterbank_channel_count", 40), _positive(op, "dct_coefficient_count", 13)
    filterbank = dim_max(bins - 1, 0) * Cost(sqrt=1, mul=1, add=3)
    logarithms = bands * Cost(compare=1, transcendental=1)
    cosines = coefficients * Cost(mul=bands, add=bands - 1)
    return channels * frames * (filterbank + logarithms + cosines)


def _positive(op: Op, name: str, default: int) -> int:
    count = op.int_attr(name, default)
    if count < 1:
        raise op.error(f"attribute {name!r} is {count}, but must be at least 1")
    return count


RULES = RuleSet(
    Rule("AudioSpectrogram", shape=spectrogram_shape, cost=spectrogram_cost),
    Rule("Mfcc", shape=mfcc_shape, cost=mfcc_cost),
)
