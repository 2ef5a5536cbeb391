"""The proof of a quantized contraction with fused steps: loops that count themselves against oneDNN's kernel.

Ranges are such that quantized numbers are the numbers themselves, but those of a requantized result, which is scaled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onednn_ops
from activations import ACTIVATIONS
from counting import Tally
from node_defs import input_names
from onednn_ops import quantized
from optional_tensorflow import tf
from single_op import apply

from graphcost import Shape
from graphcost.ops.rule import RuleSet

Tensors = Mapping[str, np.ndarray]
"""The operands that aren't ranges, as integers of their width, under the names that the operation gives them."""

CONV: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": "VALID"}
SCALE = 2
RANGES = {"input": (0, 255), "filter": (-127, 127), "a": (0, 255), "b": (-127, 127), "summand": (-1, 1)}
STEPS = {
    "WithBias": "BiasAdd",
    "Sum": "Sum",
    "SignedSum": "Sum",
    "AndRelu": "Relu",
    "AndRequantize": "Requantize",
    "AndDequantize": "Dequantize",
}
"""What the parts of an operation's name are called in a list of fused functions."""


def prove_form(rules: RuleSet, kind: str, parts: Sequence[str]) -> None:
    """Fails unless the loops give the kernel's numbers and the rule's counts. The kernels that add a summand abort in
    TensorFlow 2.21: there the numbers are those of a plain convolution."""
    tensors = operands(input_names(kind), is_depthwise="Depthwise" in kind)
    bounds = (0, 255) if "AndRelu" in parts or "a" in tensors else (-128, 127)
    tally = Tally()
    ours = contracted(tally, tensors, [STEPS[part] for part in parts], bounds)
    if "summand" in tensors:
        tally.agrees(ours, _with_summand(tensors, parts))
    else:
        tally.gives(ours, _kernel(kind, tensors, parts, bounds))
    facts = [Shape(*tensors[name].shape) if name in tensors else Shape() for name in input_names(kind)]
    attrs = {} if "a" in tensors else {**CONV, "padding": b"VALID"}
    outcome = apply(rules, kind, *facts, **attrs)
    assert outcome.shapes[0] == Shape(*np.shape(ours))
    tally.proves(kind, outcome.cost)


def operands(names: Sequence[str], *, is_depthwise: bool = False) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(len(names))
    shapes = {"a": (2, 3), "b": (3, 4), "input": (1, 4, 4, 3), "filter": (3, 2, 3, 1 if is_depthwise else 2)}
    columns = 4 if "a" in names else 3 if is_depthwise else 2
    tensors = {
        **{name: generator.integers(0, 6, shapes[name]).astype(np.uint8) for name in ("a", "input")},
        **{name: generator.integers(-3, 4, shapes[name]).astype(np.int8) for name in ("b", "filter")},
        "bias": np.arange(1, columns + 1, dtype=np.float32),
        "summand": generator.integers(0, 9, (2, 4) if "a" in names else (1, 2, 3, 2)).astype(np.float32),
    }
    return {name: tensor for name, tensor in tensors.items() if name in names}


def contracted(t: Tally, tensors: Tensors, steps: Sequence[str], bounds: tuple[int, int]) -> np.ndarray:
    """The contraction by loops, then each step for each element; `bounds` are those of a requantized result."""
    result = _product(t, tensors)
    for place in np.ndindex(*result.shape):
        for step in steps:
            if step in ACTIVATIONS:
                result[place] = ACTIVATIONS[step](t, result[place])
            elif step == "Dequantize":
                result[place] = t.mul(result[place], 1.0)
            elif step == "Requantize":
                t.counts["compare"] += 1
                result[place] = t.min(t.max(float(np.rint(t.mul(result[place], SCALE))), bounds[0]), bounds[1])
            else:
                addend = tensors["bias"][place[-1]] if step == "BiasAdd" else tensors["summand"][place]
                result[place] = t.add(result[place], float(addend))
    return result


def _product(t: Tally, tensors: Tensors) -> np.ndarray:
    if "a" in tensors:
        a, b = tensors["a"], tensors["b"]
        result = np.zeros((a.shape[0], b.shape[1]))
        for row, column, k in np.ndindex(*result.shape, a.shape[1]):
            result[row, column] = t.mac(result[row, column], int(a[row, k]), int(b[k, column]))
        return result
    image, filters = tensors["input"], tensors["filter"]
    is_depthwise = filters.shape[3] == 1
    outputs = image.shape[3] if is_depthwise else filters.shape[3]
    sizes = (image.shape[axis] - filters.shape[axis - 1] + 1 for axis in (1, 2))
    result = np.zeros((1, *sizes, outputs))
    for place in np.ndindex(*result.shape):
        for pixel, tap in _taps(place, filters.shape, is_depthwise):
            result[place] = t.mac(result[place], float(image[pixel]), float(filters[tap]))
    return result


def _taps(
    place: tuple[int, ...], window: tuple[int, ...], is_depthwise: bool
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Where the window's elements lie in the image and in the filters."""
    _, row, column, output = place
    for i, j, k in np.ndindex(window[0], window[1], 1 if is_depthwise else window[2]):
        channel = output if is_depthwise else k
        yield (0, row + i, column + j, channel), (i, j, channel, 0 if is_depthwise else output)


def _with_summand(tensors: Tensors, parts: Sequence[str]) -> Any:
    image, filters = (tensors[name].astype(np.float32) for name in ("input", "filter"))
    x = tf.nn.relu(tf.nn.conv2d(image, filters, 1, "VALID") + tensors["bias"] + tensors["summand"])
    return tf.clip_by_value(tf.round(x * SCALE), 0, 255) if "AndRequantize" in parts else x


def _kernel(kind: str, tensors: Tensors, parts: Sequence[str], bounds: tuple[int, int]) -> np.ndarray:
    inputs = kernel_inputs(input_names(kind), tensors, bounds)
    dtype = (tf.qint8 if bounds[0] else tf.quint8) if "AndRequantize" in parts else tf.qint32
    dtype = tf.float32 if "AndDequantize" in parts else dtype
    attrs: dict[str, Any] = {"Toutput": dtype} if "a" in tensors else {**CONV, "out_type": dtype}
    if kind.startswith("_"):
        attrs["is_weight_const" if "a" in tensors else "is_filter_const"] = True
    return onednn_ops.run(kind, inputs, **attrs)[0]


def kernel_inputs(names: Sequence[str], tensors: Tensors, bounds: tuple[int, int]) -> list[np.ndarray]:
    """The operands, and the ends of their ranges and of that of a requantized result."""
    most = bounds[1] / SCALE
    ranges = {**RANGES, "freezed_output": (-most, most)}
    inputs = []
    for name in names:
        if name in tensors:
            is_float = tensors[name].dtype == np.float32
            inputs.append(tensors[name] if is_float else quantized(tensors[name]))
        else:
            end, _, of = name.partition("_")
            inputs.append(np.array(ranges[of][end == "max"], np.float32))
    return inputs
