"""The built-in rules, one module for each family of operations."""

from __future__ import annotations

from graphcost_rules import (
    activation,
    arrays,
    audio,
    bias,
    binary,
    broadcasting,
    comparison,
    containers,
    conv,
    conv_backprop,
    cudnn_rnn,
    datasets,
    decoding,
    einsum,
    fused_conv,
    gather,
    host,
    identity,
    image,
    joining,
    lists,
    local_response,
    matmul,
    matrix_structure,
    morphology,
    normalization,
    optimizers,
    padding,
    pooling,
    pooling_grad,
    quantize,
    quantized_contractions,
    ragged,
    random_numbers,
    ranges,
    ranking,
    recurrent,
    reduction,
    reordering,
    resizing,
    scan,
    scatter,
    segment,
    selection,
    shape_ops,
    slicing,
    softmax,
    source,
    sparse_arithmetic,
    sparse_entries,
    sparse_matrices,
    sparse_sets,
    spatial,
    state,
    strided_slice,
    strings,
    suppression,
    unary,
    unique,
)

RULES = (
    activation.RULES
    + arrays.RULES
    + audio.RULES
    + bias.RULES
    + binary.RULES
    + broadcasting.RULES
    + comparison.RULES
    + containers.RULES
    + conv.RULES
    + conv_backprop.RULES
    + cudnn_rnn.RULES
    + datasets.RULES
    + decoding.RULES
    + einsum.RULES
    + fused_conv.RULES
    + gather.RULES
    + host.RULES
    + identity.RULES
    + image.RULES
    + joining.RULES
    + lists.RULES
    + local_response.RULES
    + matmul.RULES
    + matrix_structure.RULES
    + morphology.RULES
    + normalization.RULES
    + optimizers.RULES
    + padding.RULES
    + pooling.RULES
    + pooling_grad.RULES
    + quantize.RULES
    + quantized_contractions.RULES
    + ragged.RULES
    + random_numbers.RULES
    + ranges.RULES
    + ranking.RULES
    + recurrent.RULES
    + reduction.RULES
    + reordering.RULES
    + resizing.RULES
    + scan.RULES
    + scatter.RULES
    + segment.RULES
    + selection.RULES
    + shape_ops.RULES
    + slicing.RULES
    + softmax.RULES
    + source.RULES
    + sparse_arithmetic.RULES
    + sparse_entries.RULES
    + sparse_matrices.RULES
    + sparse_sets.RULES
    + spatial.RULES
    + state.RULES
    + strided_slice.RULES
    + strings.RULES
    + suppression.RULES
    + unary.RULES
    + unique.RULES
)
