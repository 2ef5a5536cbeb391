"""The built-in rules, one module for each family of operations."""

from __future__ import annotations

from graphcost_rules import (
    accelerators,
    accumulators,
    activation,
    arrays,
    audio,
    bias,
    binary,
    broadcasting,
    closed,
    clustering,
    collectives,
    comparison,
    containers,
    conv,
    conv_backprop,
    counting_values,
    ctc,
    cudnn_rnn,
    datasets,
    debugging,
    decoding,
    decompositions,
    distribution,
    einsum,
    experimental_datasets,
    fractional_pooling,
    fused_conv,
    gather,
    histograms,
    host,
    identity,
    image,
    joining,
    linear_systems,
    lists,
    local_response,
    maps,
    matmul,
    matrix_structure,
    microfrontend,
    mkl,
    mkl_fused,
    morphology,
    normalization,
    optimizers,
    padding,
    pooling,
    pooling_grad,
    quantize,
    quantized_contractions,
    quantized_elementwise,
    quantized_ranges,
    ragged,
    random_numbers,
    ranges,
    ranking,
    recurrent,
    reduction,
    reordering,
    resizing,
    risc,
    runtime,
    scan,
    scatter,
    segment,
    selection,
    sequence_examples,
    shape_ops,
    slicing,
    softmax,
    source,
    sparse_arithmetic,
    sparse_core,
    sparse_entries,
    sparse_matrices,
    sparse_sets,
    spatial,
    spectral,
    state,
    strided_slice,
    strings,
    suppression,
    trees,
    unary,
    uniform_convolution,
    uniform_quantization,
    unique,
    word_vectors,
    xla,
    xla_movement,
)

RULES = (
    accelerators.RULES
    + accumulators.RULES
    + activation.RULES
    + arrays.RULES
    + audio.RULES
    + bias.RULES
    + binary.RULES
    + broadcasting.RULES
    + closed.RULES
    + clustering.RULES
    + collectives.RULES
    + comparison.RULES
    + containers.RULES
    + conv.RULES
    + conv_backprop.RULES
    + counting_values.RULES
    + ctc.RULES
    + cudnn_rnn.RULES
    + datasets.RULES
    + debugging.RULES
    + decoding.RULES
    + decompositions.RULES
    + distribution.RULES
    + einsum.RULES
    + experimental_datasets.RULES
    + fractional_pooling.RULES
    + fused_conv.RULES
    + gather.RULES
    + histograms.RULES
    + host.RULES
    + identity.RULES
    + image.RULES
    + joining.RULES
    + linear_systems.RULES
    + lists.RULES
    + local_response.RULES
    + maps.RULES
    + matmul.RULES
    + matrix_structure.RULES
    + microfrontend.RULES
    + mkl.RULES
    + mkl_fused.RULES
    + morphology.RULES
    + normalization.RULES
    + optimizers.RULES
    + padding.RULES
    + pooling.RULES
    + pooling_grad.RULES
    + quantize.RULES
    + quantized_contractions.RULES
    + quantized_elementwise.RULES
    + quantized_ranges.RULES
    + ragged.RULES
    + random_numbers.RULES
    + ranges.RULES
    + ranking.RULES
    + recurrent.RULES
    + reduction.RULES
    + reordering.RULES
    + resizing.RULES
    + risc.RULES
    + runtime.RULES
    + scan.RULES
    + scatter.RULES
    + segment.RULES
    + selection.RULES
    + sequence_examples.RULES
    + shape_ops.RULES
    + slicing.RULES
    + softmax.RULES
    + source.RULES
    + sparse_arithmetic.RULES
    + sparse_core.RULES
    + sparse_entries.RULES
    + sparse_matrices.RULES
    + sparse_sets.RULES
    + spatial.RULES
    + spectral.RULES
    + state.RULES
    + strided_slice.RULES
    + strings.RULES
    + suppression.RULES
    + trees.RULES
    + unary.RULES
    + uniform_convolution.RULES
    + uniform_quantization.RULES
    + unique.RULES
    + word_vectors.RULES
    + xla.RULES
    + xla_movement.RULES
)
