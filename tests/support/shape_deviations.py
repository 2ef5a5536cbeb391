"""Where a rule keeps to TensorFlow's kernel, and its shape function doesn't."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drawn_calls import DrawnCall, any_call
from shape_function import Tensor


@dataclass(frozen=True)
class Deviation:
    """What the kernel does otherwise; the outputs that aren't compared, all by default; of which calls."""

    why: str
    outputs: tuple[int, ...] | None = None
    when: Callable[[DrawnCall], bool] = any_call

    def covers(self, call: DrawnCall, port: int) -> bool:
        return (self.outputs is None or port in self.outputs) and self.when(call)


def _hides_value(*inputs: int) -> Callable[[DrawnCall], bool]:
    """Whether a call leaves the value of one of these inputs open."""
    return lambda call: any(call.inputs[i].value is None for i in inputs)


def _has_open_size(given: Tensor) -> bool:
    return given.dims is None or None in given.dims


def _hides_size(call: DrawnCall) -> bool:
    """Whether a call leaves a size of its first input open."""
    return _has_open_size(call.inputs[0])


def _may_be_several_diagonals(call: DrawnCall) -> bool:
    k = call.inputs[2]
    return k.value is None and k.dims not in ((), (1,))


def _has_one_against_open(call: DrawnCall) -> bool:
    """Whether a size of 1, which is broadcast, meets an open one."""
    first, second = (given.dims for given in call.inputs)
    if first is None or second is None:
        return True
    return any({a, b} == {1, None} for a, b in zip(first, second, strict=False))


def _hides_any_size(call: DrawnCall) -> bool:
    return any(map(_has_open_size, call.inputs))


def _is_padded(call: DrawnCall) -> bool:
    return bool(call.attrs.get("padding_list"))


def _is_uneven(call: DrawnCall) -> bool:
    return _is_padded(call) or any(rate != 1 for rate in call.attrs.get("dilations", ()))


SAME_LENGTHS = "the shape function gives the input's shape, whatever lengths are asked for"
ROWS_IN_DATA = "the shape function takes sizes that it doesn't know as not given, and so guesses them"

DEVIATIONS: Mapping[str, Deviation] = {
    "ApproxTopK": Deviation(
        "without aggregation a processor's kernel gives the k best, XLA's as many as its shape function says",
        when=lambda call: call.attrs.get("aggregate_to_topk") is False,
    ),
    "AudioMicrofrontend": Deviation("the shape function takes an open number of samples as -1", when=_hides_size),
    "DenseBincount": Deviation(
        "the shape function gives a scalar's bins the scalar's own shape", when=lambda call: call.inputs[0].dims == ()
    ),
    **dict.fromkeys(("FFTND", "IFFTND", "IRFFTND"), Deviation(SAME_LENGTHS, when=_hides_value(1, 2))),
    "RFFTND": Deviation(SAME_LENGTHS + ", also along the axis of which about half is left"),
    **dict.fromkeys(
        ("FractionalAvgPool", "FractionalMaxPool"),
        Deviation("the sequences begin with 0 and end with the size: one element more than windows", outputs=(1, 2)),
    ),
    **dict.fromkeys(
        ("MatrixDiagV2", "MatrixDiagV3"),
        Deviation(ROWS_IN_DATA, when=lambda call: _hides_size(call) or _hides_value(2, 3)(call)),
    ),
    **dict.fromkeys(
        ("MatrixSetDiagV2", "MatrixSetDiagV3"),
        Deviation("the shape function takes diagonals that it doesn't know as one", when=_may_be_several_diagonals),
    ),
    **dict.fromkeys(
        ("Conv3D", "_MklConv3D", "_MklNativeConv3D", "_FusedConv3D", "_MklNativeFusedConv3D"),
        Deviation("the shape function mixes up the axes of dilations, and leaves out paddings", when=_is_uneven),
    ),
    **dict.fromkeys(
        (
            f"{prefix}{name}"
            for prefix in ("_Mkl", "_MklNative", "__MklDummy")
            for name in ("PadWithConv2D", "PadWithFusedConv2D")
        ),
        Deviation("the shape function leaves out the padding"),
    ),
    **dict.fromkeys(
        (f"{prefix}Conv2DBackpropFilterWithBias" for prefix in ("_Mkl", "_MklNative", "__MklDummy")),
        Deviation("the bias has an element for each output channel, not for each of the input's", outputs=(1,)),
    ),
    **dict.fromkeys(
        (
            f"_MklQuantizedDepthwiseConv2D{steps}"
            for steps in ("", "WithBias", "WithBiasAndRelu", "WithBiasAndReluAndRequantize")
        ),
        Deviation("the shape function is that of a dense convolution", outputs=(0,)),
    ),
    **dict.fromkeys(
        ("QuantizedDepthwiseConv2DWithBiasAndRelu", "QuantizedDepthwiseConv2DWithBiasAndReluAndRequantize"),
        Deviation("the shape function leaves out the paddings that are listed", when=_is_padded),
    ),
    "ExtractVolumePatches": Deviation("the shape function gives an open image rank 4", when=_hides_size),
    "SplitV": Deviation("the shape function takes an axis that it doesn't know as the last", when=_hides_value(2)),
    "XlaSparseGradientsStack": Deviation("the shape function takes an open size as -1", when=_hides_any_size),
    "RaggedCountSparseOutput": Deviation(
        "the kernel takes values of any shape as a vector",
        outputs=(0, 2),
        when=lambda call: call.inputs[1].dims is not None and len(call.inputs[1].dims) != 1,
    ),
    "RaggedTensorToVariant": Deviation(
        "without splits the shape function takes the values for splits, of which there is one more than rows",
        when=lambda call: call.lists.get("rt_nested_splits") == 0,
    ),
    "SoftmaxCrossEntropyWithLogits": Deviation(
        "the shape function takes an open size against 1 as 1, which the kernel broadcasts", when=_has_one_against_open
    ),
    "_MklConcat": Deviation("the shape function adds up the layout of the axis too", outputs=(0,)),
}
