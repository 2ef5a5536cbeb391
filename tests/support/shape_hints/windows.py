"""Convolutions and pooling: images, windows and gradients that fit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import numpy as np
from convolutions import Convolution
from drawn_sketches import DrawnHint, Hint
from node_defs import op_def
from optional_tensorflow import tf

CHANNELS_FIRST = ("NCHW", "NCDHW", "CHANNELS_FIRST")


def windowed(random: Random, kind: str) -> Hint:
    """An image with what windows over it need, whatever an operation's arguments are called."""
    conv = _drawn(random, kind, 3 if "3D" in kind or "Volume" in kind else 2)
    data_format = _choice(random, kind, "data_format", "NHWC")
    is_first = data_format in CHANNELS_FIRST
    image, output, ksize = (_placed(sizes, is_first) for sizes in (conv.image, conv.output, (1, *conv.filters[:-2], 1)))
    filter_format = _choice(random, kind, "filter_format", "HWIO")
    filters = _filters(kind, conv, filter_format)
    bias = conv.output[-1:]
    attrs = conv.attrs(is_first, "rates" if _has(kind, "rates") else "dilations")
    explicit = attrs.pop("explicit_paddings", [])
    listed = "padding_list" if _has(kind, "padding_list") else "explicit_paddings"
    padding = "VALID" if explicit and listed == "padding_list" else conv.padding
    gradient = dict.fromkeys(("out_backprop", "grad", "orig_output", "argmax", "summand"), output)
    if "GradGrad" in kind:
        gradient["grad"] = image
    of_filters = random.choice(((), bias))
    named = {"input_sizes": image, "orig_input_shape": image, "filter_sizes": filters, "ksize": ksize}
    return Hint(
        attrs={
            **attrs,
            listed: explicit,
            "padding": padding,
            "data_format": data_format,
            "filter_format": filter_format,
            "ksize": list(ksize),
            "ksizes": list(ksize),
            "batch_dims": 1,
            "TArgs": [tf.float32],
            "num_args": 1,
            "num_host_args": 0,
            "fused_ops": ["BiasAdd"],
        },
        inputs={
            **dict.fromkeys(("input", "value", "orig_input", "images"), image),
            **gradient,
            "filter": filters,
            "bias": bias,
            "args": [bias],
            "host_args": [],
            "min_filter": of_filters,
            "max_filter": of_filters,
            **{name: np.array(sizes) for name, sizes in named.items()},
            "strides": np.array(attrs["strides"]),
        },
    )


def padded(random: Random, kind: str) -> Hint:
    """A convolution of an image that is resized or padded before."""
    most = random.choice((0, 2))
    paddings = [(random.randint(0, most), random.randint(0, most)) for _ in range(2)]
    conv = _drawn(random, kind, 2)
    image = (conv.image[0], *(size + 3 for size in conv.image[1:-1]), conv.image[-1])
    data_format = _choice(random, kind, "data_format", "NHWC")
    is_first = data_format in CHANNELS_FIRST
    bias = conv.output[-1:]
    return Hint(
        attrs={**conv.attrs(is_first), "data_format": data_format, "num_args": 1, "fused_ops": ["BiasAdd"]},
        inputs={
            "input": _placed(image, is_first),
            "size": np.array(image[1:-1]),
            "paddings": np.array(_placed(((0, 0), *paddings, (0, 0)), is_first)),
            "filter": _filters(kind, conv, "HWIO"),
            "args": [bias],
        },
    )


def fractional(random: Random, kind: str) -> Hint:
    """Pooling of rows and columns by ratios, and what its gradient takes."""
    ratios = [random.choice((1.0, 1.4, 1.73, 2.0)) for _ in range(2)]
    image, output = (tuple(random.randint(1, 4) for _ in range(4)) for _ in range(2))
    return Hint(
        attrs={"pooling_ratio": [1.0, *ratios, 1.0]},
        inputs={
            "orig_input_tensor_shape": np.array(image),
            "orig_input": image,
            **dict.fromkeys(("orig_output", "out_backprop"), output),
            "row_pooling_sequence": (output[1] + 1,),
            "col_pooling_sequence": (output[2] + 1,),
        },
    )


def quantized(random: Random, kind: str) -> Hint:
    """A quantized convolution with some steps that may follow it, whose operands are listed by where they are."""
    hint = windowed(random, kind)
    steps = random.choice(([], ["BiasAdd"], ["BiasAdd", "Relu"], ["BiasAdd", "Sum", "Relu"]))
    is_requantized = random.random() < 0.5
    operands = ["input", "filter", *(["bias"] if steps else []), *(["summand"] if "Sum" in steps else [])]
    of_filters = random.choice(((), hint.inputs["bias"]))
    ends = [(), (), of_filters, of_filters, *[()] * (2 * is_requantized), *[()] * (2 * ("Sum" in steps))]
    dtypes = {"input": tf.quint8, "filter": tf.qint8, "bias": tf.float32, "summand": tf.qint32}
    result = tf.qint8 if is_requantized else tf.qint32
    return Hint(
        attrs={
            **hint.attrs,
            "fused_ops": [*steps, *(["Requantize"] if is_requantized else [])],
            "out_type": result,
            "Tdevice_inputs": [dtypes[name] for name in operands],
            "Thost_inputs": [tf.float32] * len(ends),
            "Tdevice_outputs": [result],
            "Thost_outputs": [tf.float32] * 2,
        },
        inputs={"device_inputs": [hint.inputs[name] for name in operands], "host_inputs": ends},
    )


def _drawn(random: Random, kind: str, spatial: int) -> Convolution:
    """Any convolution; for pooling and the like each channel is convolved with a filter."""

    def each(least: int, most: int) -> tuple[int, ...]:
        return tuple(random.randint(least, most) for _ in range(spatial))

    paddings = _choices(kind, "padding") + (["EXPLICIT"] if _has(kind, "padding_list") else [])
    padding = random.choice(paddings)
    strides = (random.randint(1, 3),) * spatial if "Depthwise" in kind else each(1, 3)
    window = each(1, 3)
    is_dilated = (_has(kind, "dilations") or _has(kind, "rates")) and random.random() < 0.5
    dilations = each(1, 2) if is_dilated else (1,) * spatial
    explicit = tuple(zip(each(0, 2), each(0, 2), strict=True)) if padding == "EXPLICIT" else ()
    sizes = [
        random.randint(3, 7) + (entries - 1) * dilation for entries, dilation in zip(window, dilations, strict=True)
    ]
    groups, group_channels = random.choice((1, 2, 3)), random.choice((1, 2, 4))
    if "Conv" not in kind or "Depthwise" in kind:
        group_channels = 1
    outputs = groups * (1 if "Conv" not in kind else random.choice((1, 2)))
    image = (random.choice((1, 2, 4)), *sizes, groups * group_channels)
    return Convolution(image, (*window, group_channels, outputs), strides, dilations, padding, explicit)


def _filters(kind: str, conv: Convolution, filter_format: str) -> tuple[int, ...]:
    *window, channels, outputs = conv.filters
    if "Dilation" in kind:
        return (*window, outputs)
    if "Depthwise" in kind:
        return conv.depthwise_filters
    return conv.filters if filter_format == "HWIO" else (outputs, channels, *window)


def _placed(entries: Sequence[object], is_first: bool) -> tuple[object, ...]:
    """Entries in the order of NHWC in that of the layout."""
    batch, *spatial, channels = entries
    return (batch, channels, *spatial) if is_first else tuple(entries)


def _has(kind: str, attr: str) -> bool:
    return any(defined.name == attr for defined in op_def(kind).attr)


def _choices(kind: str, attr: str) -> list[str]:
    return [
        value.decode()
        for defined in op_def(kind).attr
        if defined.name == attr
        for value in defined.allowed_values.list.s
    ]


def _choice(random: Random, kind: str, attr: str, default: str) -> str:
    """A value that the attribute may have, but for layouts in which a channel is a vector."""
    return random.choice([name for name in _choices(kind, attr) if "VECT" not in name] or [default])


WINDOWS: Mapping[str, DrawnHint] = {
    "_FusedQuantized(Depthwise)?Conv2D": quantized,
    "Fractional(Avg|Max)Pool(Grad)?": fractional,
    ".*Pad.*Conv2D": padded,
    "Conv|.*(Conv2D|Conv2d|Conv3D|AvgPool|MaxPool|Dilation2D).*|Extract(Image|Volume)Patches": windowed,
}
