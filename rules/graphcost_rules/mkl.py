"""oneDNN's operations, which TensorFlow puts in the place of its own. They do what those do.

The older ones, `_Mkl*` without `Native`, have one more input for each input and one more output for each output, which
describe memory layouts and follow all the others. Some hand on a reordered filter or a workspace too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from graphcost import COPIES, Op, Rule, RuleSet, Shape
from graphcost_rules import (
    activation,
    conv,
    conv_backprop,
    matmul,
    normalization,
    pooling,
    pooling_grad,
    quantize,
    quantized_elementwise,
    reordering,
    softmax,
    unary,
)
from graphcost_rules.conv import DEPTHWISE
from graphcost_rules.elementwise import merged
from graphcost_rules.fused_conv import fused_conv
from graphcost_rules.joining import Joint
from graphcost_rules.quantized_contractions import FORMS, quantized

SOURCES = (
    activation.RULES
    + conv.RULES
    + conv_backprop.RULES
    + matmul.RULES
    + normalization.RULES
    + pooling.RULES
    + pooling_grad.RULES
    + quantize.RULES
    + quantized_elementwise.RULES
    + reordering.RULES
    + softmax.RULES
    + unary.RULES
)

NATIVE = """
    AvgPool AvgPool3D AvgPoolGrad AvgPool3DGrad MaxPoolGrad MaxPool3DGrad DepthwiseConv2dNativeBackpropFilter
    DepthwiseConv2dNativeBackpropInput FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 FusedBatchNormGrad
    FusedBatchNormGradV2 FusedBatchNormGradV3
"""

WITHOUT_LAYOUTS = """
    Softmax Transpose ConjugateTranspose Dequantize QuantizeV2 QuantizedAvgPool QuantizedMaxPool QuantizedConcatV2
"""

WITH_LAYOUTS = {
    **dict.fromkeys(("Conv2D", "Conv3D", "DepthwiseConv2dNative", "MaxPool", "MaxPool3D"), 3),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2"), 5),
    **dict.fromkeys(("FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"), 5),
    "FusedBatchNormV3": 6,
    **dict.fromkeys(("AvgPool", "AvgPool3D", "AvgPoolGrad", "AvgPool3DGrad", "MaxPoolGrad", "MaxPool3DGrad"), 1),
    **dict.fromkeys(("Conv2DBackpropInput", "Conv2DBackpropFilter"), 1),
    **dict.fromkeys(("Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"), 1),
    **dict.fromkeys(("DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter"), 1),
    **dict.fromkeys(("Elu", "LeakyRelu", "Relu", "Relu6", "Tanh"), 1),
}
"""How many outputs come after those of the operation that is replaced."""

GRADIENTS = ("EluGrad", "LeakyReluGrad", "ReluGrad", "Relu6Grad", "TanhGrad")


def replacing(name: str, source: str, more: int = 0) -> Rule:
    """The rule of an operation that does what `source` does, with so many outputs more."""
    rule = SOURCES.get(source)
    if rule is None or rule.shape is None:
        raise KeyError(source)
    return extended(replace(rule, op=name), more)


def extended(rule: Rule, more: int) -> Rule:
    """The rule with so many more outputs, whose shapes depend on the processor."""
    if rule.shape is None or not more:
        return rule
    return replace(rule, shape=_longer(rule.shape, more))


def _longer(shape: Callable[[Op], Sequence[Shape | None]], more: int) -> Callable[[Op], list[Shape | None]]:
    def longer(op: Op) -> list[Shape | None]:
        return [*shape(op), *[None] * more]

    longer.__doc__ = shape.__doc__
    return longer


def gradient_shape(op: Op) -> list[Shape | None]:
    """The one shape that the gradient and the features have."""
    return [merged(op, range(2)), None]


class HalfJoint(Joint):
    """A concatenation whose operands and axis are the first half of the inputs."""

    def operands(self, op: Op) -> list[int]:
        return list(range(self.first, len(op.inputs) // 2 - 1 + self.first))


def concat_shape(op: Op) -> list[Shape | None]:
    return [*HalfJoint(axis=0, first=1).shape(op), None]


def concat_v2_shape(op: Op) -> list[Shape | None]:
    return [*HalfJoint(axis=max(len(op.inputs) // 2 - 1, 0), first=0).shape(op), None]


RULES = RuleSet(
    *(replacing(f"_MklNative{name}", name) for name in NATIVE.split()),
    *(replacing(f"_MklNative{name}", name, 1) for name in ("MaxPool", "MaxPool3D")),
    replacing("_MklNativeFusedBatchNormEx", "_FusedBatchNormEx"),
    *(replacing(f"_Mkl{name}", name) for name in WITHOUT_LAYOUTS.split()),
    *(replacing(f"_Mkl{name}", name, more) for name, more in WITH_LAYOUTS.items()),
    replacing("_MklFusedBatchNormEx", "_FusedBatchNormEx", 6),
    replacing("_MklFusedMatMul", "_FusedMatMul", 1),
    *(replace(replacing(f"_Mkl{name}", name), shape=gradient_shape) for name in GRADIENTS),
    Rule("_MklConcat", shape=concat_shape, cost=COPIES),
    Rule("_MklConcatV2", shape=concat_v2_shape, cost=COPIES),
    extended(fused_conv("_MklFusedConv2D", 2), 3),
    extended(fused_conv("_MklFusedDepthwiseConv2dNative", 2, DEPTHWISE), 3),
    *(quantized(contraction, f"_Mkl{name}", *steps) for contraction, name, steps in FORMS),
)
