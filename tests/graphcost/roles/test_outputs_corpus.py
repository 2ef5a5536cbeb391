"""The outputs that a person who reads the graph would name, and how often the structure of the graph gives the same."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from networks import inferred as infer

from graphcost.loaders import load
from graphcost.roles.candidates import Inferred

SHARED = Path(__file__).resolve().parents[4] / "shared"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not (SHARED / "corpus").is_dir(), reason="the shared graphs aren't beside the repository"),
]

AGENT = "agent/unroll/batch_apply_1"
DETECTOR = (
    "detection_boxes detection_classes detection_features detection_multiclass_scores detection_scores num_detections"
    " raw_detection_boxes raw_detection_scores"
)
PREDICTIONS = "head/predictions/logistic head/predictions/probabilities head/predictions/str_classes"
KWS = "basic-lstm cnn crnn dnn ds-cnn gru lstm"

EXPECTED = {
    "seed/q1.pb": "input_1",
    "seed/q2.pb": "dense/Softmax",
    "seed/q3.pb": "dense/Softmax",
    "seed/a21.pb": "flatten/Reshape",
    "seed/a1090.pb": "flatten/Reshape",
    **{f"zoo/{path.name}": "Identity" for path in sorted((SHARED / "zoo").glob("*.pb"))},
    **{
        f"corpus/{path.relative_to(SHARED / 'corpus')}": "labels_softmax"
        for name in KWS.split()
        for path in sorted((SHARED / "corpus").glob(f"kws-{name}-?/*.pb"))
    },
    "corpus/aibench-deeplab/deeplab.meta": "output",
    "corpus/aibench-inception-v3/inception_v3.meta": "output",
    "corpus/aibench-lstm/lstm.meta": "output",
    "corpus/aibench-mobilenet-v2/mobilenet_v2.meta": "output",
    "corpus/aibench-resnet-v2-50/resnet_v2_50.meta": "output",
    "corpus/aibench-srgan/srgan.meta": "output",
    "corpus/aibench-unet/unet.meta": "output",
    "corpus/aibench-vgg-16/vgg_16.meta": "output",
    "corpus/bert-ckpt-meta/bert_model.ckpt.meta": "bert/pooler/dense/Tanh",
    "corpus/gpt2-simple-finetune/model-1000.meta": "model/Reshape_1",
    "corpus/impala-graph/graph.pbtxt": f"{AGENT}/Reshape_1 {AGENT}/Reshape_2 {AGENT}/Reshape_3",
    "corpus/impala-meta/model.ckpt-89639040.meta": f"{AGENT}/Reshape_1 {AGENT}/Reshape_2 {AGENT}/Reshape_3",
    "corpus/musicnn-mtt-musicnn/model.meta": "model/Sigmoid",
    "corpus/nnfusion-frozen-graph/frozen_graph.pb": "logits",
    "corpus/nnfusion-op-apply-momentum/frozen_apply_momentum_graph.pb": "apply_momentum/update_var/ApplyMomentum",
    "corpus/nnfusion-op-avg-pool/frozen_avg_pool_graph.pb": "output_node",
    "corpus/nnfusion-op-batch-matmul/frozen_batch_matmul.pb": "logits",
    "corpus/nnfusion-op-conv2d-nhwc/frozen_conv2d_nhwc_graph.pb": "conv2d_op",
    "corpus/nnfusion-op-depthwise-conv2d/frozen_depthwise_conv2d_graph.pb": "depthwise_conv2d",
    "corpus/nnfusion-op-fusedbn-inference/frozen_fusedbn_inference_graph.pb": "output_node",
    "corpus/nnfusion-op-max-pool-3d-pads/frozen_max_pool_3d_pads.pb": "maxpool",
    "corpus/nnfusion-op-sparse-apply-momentum/frozen_sparse_apply_momentum_graph.pb": (
        "sparse_apply_momentum/update_var/SparseApplyMomentum"
    ),
    "corpus/nnfusion-op-unsorted-segment-sum/frozen_unsorted_segment_sum_graph.pb": "unsorted_segment_sum",
    "corpus/scisharp-att-rnn/att_rnn_untrained.meta": "output/ArgMax",
    "corpus/scisharp-char-cnn/char_cnn_untrained.meta": "fc-3/ArgMax",
    "corpus/scisharp-cond-test/cond_test.meta": "cond/Merge",
    "corpus/scisharp-inceptionv3-retrain/InceptionV3.meta": (
        "module_apply_default/hub_output/feature_vector/SpatialSqueeze"
    ),
    "corpus/scisharp-keras-lstm/saved_model.pb": "StatefulPartitionedCall",
    "corpus/scisharp-keras-simple/saved_model.pb": "StatefulPartitionedCall",
    "corpus/scisharp-kmeans/kmeans.meta": "Squeeze_1",
    "corpus/scisharp-lstm-crf-ner/lstm_crf_ner.meta": "proj/Reshape_1",
    "corpus/scisharp-python-func-model/saved_model.pb": "StatefulPartitionedCall",
    "corpus/scisharp-rcnn/rcnn_untrained.meta": "output/ArgMax",
    "corpus/scisharp-vd-cnn/vd_cnn_untrained.meta": "fc-3/ArgMax",
    "corpus/scisharp-word-cnn/word_cnn_untrained.meta": "output/ArgMax",
    "corpus/scisharp-word-rnn/word_rnn_untrained.meta": "output/ArgMax",
    "corpus/scisharp-word2vec/word2vec.meta": "MatMul_1",
    "corpus/scisharp-xor/xor.meta": "Sigmoid",
    "corpus/tensorboard-demo-graph/graph.pbtxt": "add_1",
    "corpus/tensorboard-functional-graph/graph.pbtxt": "linear/linear/BiasAdd",
    "corpus/tensorboard-functional-meta/model.ckpt-3000.meta": "linear/linear/BiasAdd",
    "corpus/tensorboard-mnist/graphdef_mnist.pbtxt": "layer2/activation",
    "corpus/tf-rust-regression-2016/model.pb": "add",
    "corpus/tf2onnx-ae0/frozen.pb": "output",
    "corpus/tf2onnx-assign/saved_model.pb": "output",
    "corpus/tf2onnx-fc-layers/frozen.pb": "output",
    "corpus/tf2onnx-gru/frozen.pb": "output",
    "corpus/tf2onnx-lstm/frozen.pb": "output",
    "corpus/tf2onnx-regression-checkpoint/model.meta": "pred",
    "corpus/tf2onnx-saved-model-with-redundant-inputs/saved_model.pb": "Add",
    "corpus/tfpose-mobilenet-thin-graph/graph.pb": "Openpose/concat_stage7",
    "corpus/tfpose-mobilenet-v2-small/graph_opt.pb": "Openpose/concat_stage7",
    "corpus/tfx-taxi-train-graph/graph.pbtxt": PREDICTIONS,
    "corpus/tfx-taxi-train-graph-2022/graph.pbtxt": PREDICTIONS,
    "corpus/tfx-taxi-train-meta/model.ckpt-10000.meta": PREDICTIONS,
    "corpus/triton-simple/model.graphdef": "OUTPUT0 OUTPUT1",
    "corpus/triton-simple-sequence/model.graphdef": "OUTPUT",
    "corpus/triton-vnet/saved_model.pb": "Reshape_1",
    "corpus/utensor-cifar10-cnn/cifar10_cnn.pb": "pred",
    "corpus/utensor-cnn-quant/test_cnn.pb": "pred_label",
    "corpus/utensor-deep-mlp/deep_mlp.pb": "y_pred",
    "corpus/utensor-mnist-quant/quant_mnist.pb": "y_pred",
    "corpus/utensor-op-quant-conv/test_quant_conv.pb": "out_conv",
    "corpus/visdrone-od-api-meta/model.ckpt.meta": DETECTOR,
}
"""By file: names with spaces between them. Signatures, where a file has any, are not looked at here."""

DEMANDED = 0.9


@cache
def inferred(file: str) -> Inferred:
    return infer(load(SHARED / file).graph)


def is_right(file: str) -> bool:
    return {str(each.ref) for each in inferred(file).chosen} == set(EXPECTED[file].split())


@pytest.mark.parametrize("file", EXPECTED)
def test_right_or_in_doubt(file):
    assert is_right(file) or inferred(file).doubts, [str(each.ref) for each in inferred(file).chosen]


def test_nine_in_ten_are_right():
    right = [file for file in EXPECTED if is_right(file)]
    assert len(right) > DEMANDED * len(EXPECTED), sorted(EXPECTED.keys() - set(right))


def test_doubts_are_rare_where_the_answer_is_right():
    doubted = [file for file in EXPECTED if is_right(file) and inferred(file).doubts]
    assert len(doubted) < 0.2 * len(EXPECTED), doubted
