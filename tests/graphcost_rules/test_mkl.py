from __future__ import annotations

import pytest
from counted import floats
from counting import Tally
from optional_tensorflow import tf
from quantized_forms import contracted, prove_form
from shape_function import constant, prove_shapes, tensor
from single_op import apply

from graphcost import Cost, RuleError, Shape, ShapeUnknown
from graphcost.dims import symbol
from graphcost_rules.mkl import RULES, SOURCES, WITH_LAYOUTS
from graphcost_rules.quantized_contractions import FORMS

IMAGE, FILTERS = tensor(2, 9, 9, 4), tensor(3, 3, 4, 6)
VOLUME, FILTERS_3D = tensor(2, 9, 9, 9, 4), tensor(3, 3, 3, 4, 6)
CHANNELS, BYTES, SCALAR = tensor(4), tensor(8, dtype="uint8"), tensor()
CONV = {"strides": [1, 2, 2, 1], "padding": "SAME"}
CONV_3D = {"strides": [1, 2, 2, 2, 1], "padding": "SAME"}
POOL = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
POOL_3D = {"ksize": [1, 2, 2, 2, 1], "strides": [1, 2, 2, 2, 1], "padding": "VALID"}
POOLED, POOLED_3D = tensor(2, 4, 4, 4), tensor(2, 4, 4, 4, 4)
QUANTIZED = {"T": tf.quint8}

CASES = {
    "Conv2D": ([IMAGE, FILTERS], CONV),
    "Conv3D": ([VOLUME, FILTERS_3D], CONV_3D),
    "DepthwiseConv2dNative": ([IMAGE, tensor(3, 3, 4, 2)], CONV),
    "Conv2DBackpropInput": ([constant([2, 9, 9, 4]), FILTERS, tensor(2, 5, 5, 6)], CONV),
    "Conv2DBackpropFilter": ([IMAGE, constant([3, 3, 4, 6]), tensor(2, 5, 5, 6)], CONV),
    "Conv3DBackpropInputV2": ([constant([2, 9, 9, 9, 4]), FILTERS_3D, tensor(2, 5, 5, 5, 6)], CONV_3D),
    "Conv3DBackpropFilterV2": ([VOLUME, constant([3, 3, 3, 4, 6]), tensor(2, 5, 5, 5, 6)], CONV_3D),
    "DepthwiseConv2dNativeBackpropInput": (
        [constant([2, 9, 9, 4]), tensor(3, 3, 4, 2), tensor(2, 5, 5, 8)],
        CONV,
    ),
    "DepthwiseConv2dNativeBackpropFilter": ([IMAGE, constant([3, 3, 4, 2]), tensor(2, 5, 5, 8)], CONV),
    "MaxPool": ([IMAGE], POOL),
    "MaxPool3D": ([VOLUME], POOL_3D),
    "AvgPool": ([IMAGE], POOL),
    "AvgPool3D": ([VOLUME], POOL_3D),
    "AvgPoolGrad": ([constant([2, 9, 9, 4]), POOLED], POOL),
    "AvgPool3DGrad": ([constant([2, 9, 9, 9, 4]), POOLED_3D], POOL_3D),
    "MaxPoolGrad": ([IMAGE, POOLED, POOLED, BYTES], POOL),
    "MaxPool3DGrad": ([VOLUME, POOLED_3D, POOLED_3D, BYTES], POOL_3D),
    "FusedBatchNorm": ([IMAGE, *[CHANNELS] * 4], {"is_training": False}),
    "FusedBatchNormV2": ([IMAGE, *[CHANNELS] * 4], {"is_training": False}),
    "FusedBatchNormV3": ([IMAGE, *[CHANNELS] * 4], {"is_training": True}),
    "FusedBatchNormGrad": ([IMAGE, IMAGE, *[CHANNELS] * 3], {"is_training": True}),
    "FusedBatchNormGradV2": ([IMAGE, IMAGE, *[CHANNELS] * 3], {"is_training": True}),
    "FusedBatchNormGradV3": ([IMAGE, IMAGE, *[CHANNELS] * 4], {"is_training": True}),
    "Elu": ([IMAGE], {}),
    "LeakyRelu": ([IMAGE], {}),
    "Relu": ([IMAGE], {}),
    "Relu6": ([IMAGE], {}),
    "Tanh": ([IMAGE], {}),
    "EluGrad": ([IMAGE, IMAGE], {}),
    "LeakyReluGrad": ([IMAGE, IMAGE], {}),
    "ReluGrad": ([IMAGE, IMAGE], {}),
    "Relu6Grad": ([IMAGE, IMAGE], {}),
    "TanhGrad": ([IMAGE, IMAGE], {}),
}
WITHOUT_INPUT_LAYOUTS = {
    "Softmax": ([tensor(2, 5)], {}),
    "Transpose": ([tensor(2, 5), constant([1, 0])], {}),
    "Dequantize": ([tensor(2, 5, dtype="quint8"), SCALAR, SCALAR], {}),
    "QuantizeV2": ([tensor(2, 5), SCALAR, SCALAR], QUANTIZED),
    "QuantizedAvgPool": ([tensor(2, 9, 9, 4, dtype="quint8"), SCALAR, SCALAR], POOL),
    "QuantizedMaxPool": ([tensor(2, 9, 9, 4, dtype="quint8"), SCALAR, SCALAR], POOL),
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", CASES)
def test_layouts_follow_everything_else(name):
    inputs, attrs = CASES[name]
    prove_shapes(RULES, f"_Mkl{name}", [*inputs, *[BYTES] * len(inputs)], **attrs)


def test_every_operation_with_layouts_is_tried():
    assert set(WITH_LAYOUTS) <= set(CASES)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", [name for name in CASES if f"_MklNative{name}" in RULES])
def test_native_operations_have_no_layouts(name):
    inputs, attrs = CASES[name]
    prove_shapes(RULES, f"_MklNative{name}", inputs, **attrs)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", WITHOUT_INPUT_LAYOUTS)
def test_others_never_had_them(name):
    inputs, attrs = WITHOUT_INPUT_LAYOUTS[name]
    prove_shapes(RULES, f"_Mkl{name}", inputs, **attrs)


def test_concatenations_join_the_first_half():
    layouts = [Shape(8)] * 3
    assert apply(RULES, "_MklConcat", 1, Shape(2, 3), Shape(2, 4), *layouts).shapes == (Shape(2, 7), None)
    assert apply(RULES, "_MklConcatV2", Shape(2, 3), Shape(2, 4), 1, *layouts).shapes == (Shape(2, 7), None)


@pytest.mark.tensorflow
def test_fused_operations_have_arguments_before_the_layouts():
    inputs = [IMAGE, FILTERS, tensor(6), *[BYTES] * 3]
    lists = {"args": 1, "mkl_args": 1}
    prove_shapes(RULES, "_MklFusedConv2D", inputs, lists, fused_ops=["BiasAdd"], **CONV)
    inputs = [tensor(2, 5), tensor(5, 3), tensor(3), *[BYTES] * 3]
    prove_shapes(RULES, "_MklFusedMatMul", inputs, lists, fused_ops=["BiasAdd"])
    inputs = [IMAGE, *[CHANNELS] * 4]
    prove_shapes(RULES, "_MklNativeFusedBatchNormEx", inputs, {"side_input": 0}, is_training=False)


@pytest.mark.tensorflow
@pytest.mark.parametrize("bias", [False, True])
def test_quantized_products_keep_the_order_of_their_inputs(bias):
    image, filters = tensor(2, 9, 9, 4, dtype="quint8"), tensor(3, 3, 4, 6, dtype="qint8")
    inputs = [image, filters, *([tensor(6)] if bias else []), *[SCALAR] * 4]
    name = "_MklQuantizedConv2D" + ("WithBias" if bias else "")
    prove_shapes(RULES, name, inputs, **CONV, out_type=tf.qint32)


@pytest.mark.parametrize("name", CASES)
def test_the_work_is_that_of_the_operation_that_is_replaced(name):
    inputs, attrs = CASES[name]
    given = {k: v.encode() if isinstance(v, str) else v for k, v in attrs.items()}
    operands = [given.value.tolist() if given.value is not None else Shape(*given.dims) for given in inputs]
    theirs = apply(SOURCES, name, *operands, **given)
    ours = apply(RULES, f"_Mkl{name}", *operands, *[Shape(8)] * len(operands), **given)
    assert ours.cost == theirs.cost
    assert ours.shapes[: len(theirs.shapes)] == theirs.shapes


@pytest.mark.parametrize(("name", "steps"), [(name, steps) for _, name, steps in FORMS])
def test_each_step_of_a_quantized_contraction_adds_its_work(name, steps):
    prove_form(RULES, f"_Mkl{name}" + "".join(steps), steps)


@pytest.mark.parametrize("kind", ["_MklFusedConv2D", "_MklFusedDepthwiseConv2dNative"])
def test_fused_convolutions_cost_what_the_loops_count(kind):
    """The kernels crash without a layout that the processor likes: the numbers are those of the plain convolutions."""
    image, filters, tally = floats(1, 1, 5, 4, 3), floats(2, 2, 3, 3, 1 if "Depthwise" in kind else 5), Tally()
    bias = floats(3, 3 if "Depthwise" in kind else 5)
    tensors = {"input": image, "filter": filters, "bias": bias}
    ours = contracted(tally, tensors, ["BiasAdd", "Relu"], (0, 0))
    if "Depthwise" in kind:
        theirs = tf.nn.depthwise_conv2d(image, filters, [1, 1, 1, 1], "VALID")
    else:
        theirs = tf.nn.conv2d(image, filters, 1, "VALID")
    tally.agrees(ours, tf.nn.relu(theirs + bias))
    operands = [Shape(*array.shape) for array in tensors.values()]
    attrs = {"strides": [1, 1, 1, 1], "padding": b"VALID", "fused_ops": [b"BiasAdd", b"Relu"]}
    tally.proves(kind, apply(RULES, kind, *operands, *[Shape(8)] * 3, **attrs).cost)


def test_an_open_batch_stays_open():
    n = symbol("N")
    outcome = apply(RULES, "_MklRelu", Shape(n, 4), Shape(8))
    assert outcome.shapes == (Shape(n, 4), None)
    assert outcome.cost == Cost(compare=4 * n)


@pytest.mark.parametrize(
    ("kind", "operands"),
    [
        ("_MklConcatV2", ()),
        ("_MklConcat", (1,)),
        ("_MklReluGrad", (Shape(3), Shape(4), Shape(8), Shape(8))),
        ("_MklQuantizedConcatV2", (Shape(3), 0)),
    ],
)
def test_hostile_nodes_are_refused(kind, operands):
    with pytest.raises((RuleError, ShapeUnknown)):
        apply(RULES, kind, *operands, N=2)
