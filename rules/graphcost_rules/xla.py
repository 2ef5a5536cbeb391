"""XLA's operations that compute: products, convolutions, sorts, decompositions."""

from __future__ import annotations

from collections.abc import Sequence

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, ceil_div, dim_min, floor_div, product
from graphcost_rules.decompositions import svd_cost, symmetric_cost
from graphcost_rules.elementwise import per_element, unchanged_shape
from graphcost_rules.shape_inputs import MAX_RANK, has_numbers
from graphcost_rules.sparse_tensors import sorting
from graphcost_rules.xla_dimensions import ConvAxes, conv_axes, dot_axes


def dot_shape(op: Op) -> list[Shape]:
    """The batch, then the left operand's other axes, then the right one's."""
    left, right = op.input(0), op.input(1)
    axes = dot_axes(op)
    batch = _paired(op, left, right, axes.left_batch, axes.right_batch)
    _paired(op, left, right, axes.left_contracted, axes.right_contracted)
    return [
        Shape(
            *batch,
            *_others(left, axes.left_batch + axes.left_contracted),
            *_others(right, axes.right_batch + axes.right_contracted),
        )
    ]


def dot_cost(op: Op) -> Cost:
    """One multiply-add for each output element and contracted element."""
    axes, tells_right = dot_axes(op), op.has_shape(1) and not op.has_shape(0)
    index, contracted = (1, axes.right_contracted) if tells_right else (0, axes.left_contracted)
    first = max(contracted, default=-1) + 1
    if not op.has_shape(index) and first > MAX_RANK:
        raise op.error(f"axes {contracted[:8]} of a tensor")
    operand = op.input(index) if op.has_shape(index) else op.folded_input(index, first=first)
    _check_axes(op, operand, contracted)
    return Cost(mac=op.output_size() * product(operand[axis] for axis in contracted))


def _paired(op: Op, left: Shape, right: Shape, left_axes: Sequence[int], right_axes: Sequence[int]) -> list[Dim]:
    """The sizes that axes of both operands share."""
    _check_axes(op, left, left_axes)
    _check_axes(op, right, right_axes)
    if len(left_axes) != len(right_axes):
        raise op.error(f"axes {left_axes} go with axes {right_axes}")
    return [op.same(left[a], right[b]) for a, b in zip(left_axes, right_axes, strict=True)]


def _others(shape: Shape, axes: Sequence[int]) -> list[Dim]:
    return [size for axis, size in enumerate(shape) if axis not in axes]


def _check_axes(op: Op, shape: Shape, axes: Sequence[int]) -> None:
    if any(not 0 <= axis < shape.rank for axis in axes) or len(set(axes)) != len(axes):
        raise op.error(f"axes {tuple(axes)} of a tensor of shape {shape}")


def conv_shape(op: Op) -> list[Shape]:
    """Batch and features of the operands; along each spatial axis as many windows as fit the dilated, padded image."""
    rank = _rank(op)
    image, kernel = op.input(0, rank=rank), op.input(1, rank=rank)
    axes = _axes(op, image, kernel)
    (batch, _, space), (_, features, window), (batch_out, features_out, space_out) = (
        axes.input,
        axes.kernel,
        axes.output,
    )
    sizes: dict[int, Dim] = {
        batch_out: floor_div(image[batch], _positive(op, op.int_attr("batch_group_count", 1))),
        features_out: kernel[features],
    }
    for i, axis in enumerate(space_out):
        sizes[axis] = _windows(op, i, len(space_out), image[space[i]], kernel[window[i]])
    if set(sizes) != set(range(image.rank)):
        raise op.error("the output's axes don't fit")
    return [Shape(*(sizes[axis] for axis in range(image.rank)))]


def _windows(op: Op, i: int, spatial: int, size: Dim, window: Dim) -> Dim:
    """How many windows axis `i` has; open where strides, padding or dilations aren't known."""
    if not all(has_numbers(op, index) for index in (2, 3, 4, 5)):
        return op.unknown_size(conv_axes(op).output[2][i])
    lengths = [len(op.static_items(index)) for index in (2, 3, 4, 5)]
    if lengths != [spatial, 2 * spatial, spatial, spatial]:
        raise op.error(f"strides, padding and dilations of {spatial} axes have {lengths} elements")
    stride, spread, dilation = (_positive(op, op.static_items(index)[i]) for index in (2, 4, 5))
    low, high = op.static_items(3)[2 * i : 2 * i + 2]
    padded = (size - 1) * spread + 1 + low + high
    axis = f"an axis of {padded}" if isinstance(padded, int) else "its axis"
    reason = f"a window of {window} doesn't fit in {axis}"
    return ceil_div(op.at_least(padded - (window - 1) * dilation, 1, reason), stride)


def conv_cost(op: Op) -> Cost:
    """One multiply-add for each output element, tap of the window and feature that it sees. Along an axis whose image
    is dilated one for each element of the image and tap, as in a transposed convolution: no tap meets what is inserted.
    """
    rank = _rank(op)
    image, kernel = op.input(0, rank=rank), op.input(1, rank=rank)
    axes = _axes(op, image, kernel)
    features, _, window = axes.kernel
    spread = op.static_items(4) if has_numbers(op, 4) else ()
    if all(each == 1 for each in spread):
        return Cost(mac=op.output_size() * kernel[features] * product(kernel[axis] for axis in window))
    (_, _, space), (batch, outputs, places) = axes.input, axes.output
    result = op.output(0, rank=rank)
    positions = (
        result[place] if each == 1 else dim_min(image[axis], result[place])
        for each, axis, place in zip(spread, space, places, strict=True)
    )
    taps = product(kernel[axis] for axis in window)
    return Cost(mac=result[batch] * result[outputs] * product(positions) * kernel[features] * taps)


def _rank(op: Op) -> int:
    """The rank of image and kernel; where neither tells it, the dimension numbers do."""
    known = next((i for i in (0, 1) if op.has_shape(i)), None)
    rank = len(conv_axes(op).kernel[2]) + 2 if known is None else op.input(known).rank
    if rank > MAX_RANK:
        raise op.error(f"a convolution in {rank} axes")
    return rank


def _axes(op: Op, image: Shape, kernel: Shape) -> ConvAxes:
    axes = conv_axes(op)
    op.same(image.rank, kernel.rank)
    for first, second, spatial in (axes.input, axes.kernel, axes.output):
        _check_axes(op, image, (first, second, *spatial))
        op.same(len(spatial) + 2, image.rank)
    return axes


def _positive(op: Op, number: int) -> int:
    if number < 1:
        raise op.error(f"{number} isn't positive")
    return number


def pair_shape(op: Op) -> list[Shape | None]:
    """Keys and values keep their shapes."""
    return [op.input(i) if op.has_shape(i) else None for i in range(2)]


def sort_cost(op: Op) -> Cost:
    """Along the last axis each line of n elements is sorted by n * ceil(log2(n)) comparisons."""
    lines, length = op.folded_input(0, last=1)
    return sorting(length) * lines


def svd_shape(op: Op) -> list[Shape]:
    """The singular values, U and V."""
    shape = op.input(0, least_rank=2)
    batch, (m, n) = shape[:-2], shape[-2:]
    p = dim_min(m, n)
    return [Shape(*batch, p), Shape(*batch, m, p), Shape(*batch, n, p)]


def eigen_shape(op: Op) -> list[Shape]:
    """The eigenvalues and the eigenvectors."""
    shape = op.input(0, least_rank=2)
    n = op.same(shape[-2], shape[-1])
    return [Shape(*shape[:-2], n), Shape(*shape[:-2], n, n)]


RULES = RuleSet(
    Rule("XlaDot", shape=dot_shape, cost=dot_cost),
    Rule("XlaDotV2", shape=dot_shape, cost=dot_cost),
    Rule("XlaConv", shape=conv_shape, cost=conv_cost, role=Role.CONTRACTION),
    Rule("XlaConvV2", shape=conv_shape, cost=conv_cost, role=Role.CONTRACTION),
    Rule("XlaSort", shape=unchanged_shape, cost=sort_cost),
    Rule("XlaKeyValueSort", shape=pair_shape, cost=sort_cost),
    Rule("XlaSvd", shape=svd_shape, cost=svd_cost),
    Rule("XlaSelfAdjointEig", shape=eigen_shape, cost=symmetric_cost),
    Rule(
        "XlaReducePrecision",
        shape=unchanged_shape,
        cost=per_element("rounding counts as one comparison", Cost(compare=1)),
    ),
)
