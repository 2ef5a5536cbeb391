"""SparseCore, the part of a TPU that looks embeddings up: ids in buffers, sums of rows, gradients, their optimizers."""

from __future__ import annotations

from collections.abc import Callable

from graphcost import COPIES, Cost, Dim, Op, Rule, RuleSet, Shape, ceil_div, dim_max
from graphcost_rules.declared_shapes import family, nothing, open_vectors, scalars
from graphcost_rules.distribution import DISTRIBUTION
from graphcost_rules.optimizers import ACCUMULATE, AVERAGE, AVERAGE_SQUARE, RATIO, STEP
from graphcost_rules.shape_inputs import size_attr
from graphcost_rules.slicing import MOST_PARTS
from graphcost_rules.sparse_tensors import parts, sorting

ROWS = "how many different rows the ids name depends on data"

CLIP = Cost(compare=2)

LANES = 8
"""What SparseCore's buffers are padded to a multiple of."""

WORK = {
    "Sgd": STEP,
    "Adagrad": ACCUMULATE + Cost(sqrt=1, mul=1) + STEP,
    "AdagradMomentum": AVERAGE_SQUARE + Cost(add=1, transcendental=1, mul=1) + AVERAGE + STEP,
    "Adam": AVERAGE + AVERAGE_SQUARE + RATIO + STEP,
    "Ftrl": ACCUMULATE + Cost(add=6, mul=2, div=1, compare=2, transcendental=2),
}
"""What an optimizer does to each element of a row, in its textbook form. Ftrl takes two powers of its accumulator; what
the learning rate adds to it depends on an attribute."""

TABLES = {"Sgd": 1, "Adagrad": 2, "AdagradMomentum": 3, "Adam": 3, "Ftrl": 3}
"""How many tables an optimizer updates: the embeddings, and what it keeps for each of their elements."""

TABLE = 6
"""The first table of a gradient's inputs."""


def lookup_shape(op: Op) -> list[Shape | None]:
    """A row for each sample."""
    return [Shape(size_attr(op, "input_size"), op.input(4, rank=2)[1])]


def lookup_cost(op: Op) -> Cost:
    """Each id's row is multiplied by its gain and added to its sample's; what pads the buffers is multiplied too."""
    return Cost(mac=op.input(3, rank=1)[0] * op.input(4, rank=2)[1])


def whole_lookup_shape(op: Op) -> list[Shape | None]:
    """A row for each sample, and the buffers that the ids were sorted into."""
    activations = Shape(size_attr(op, "input_size"), op.input(4, rank=2)[1]) if op.has_shape(4) else None
    return [activations, *(Shape(op.unknown_size(0, port)) for port in range(1, 5))]


def whole_lookup_cost(op: Op) -> Cost:
    """All n ids are sorted, n * ceil(log2(n)) comparisons; each id's row is multiplied by its gain and added to its
    sample's."""
    (ids,) = op.input(2, rank=1)
    return Cost(mac=ids * op.input(4, rank=2)[1]) + sorting(ids)


def gradient_shape(optimizer: str) -> Callable[[Op], list[Shape | None]]:
    """The tables that an optimizer updates."""

    def shape(op: Op) -> list[Shape | None]:
        return [op.input(TABLE + i) if op.has_shape(TABLE + i) else None for i in range(TABLES[optimizer])]

    return shape


def gradient_cost(optimizer: str) -> Callable[[Op], Cost]:
    """The cost rule of a lookup's gradient with an optimizer."""

    def cost(op: Op) -> Cost:
        """Each id's row gets its gain times its sample's gradient; then the optimizer updates each element of the
        `rows` rows that ids name, and clips it."""
        width = op.input(TABLE, rank=2)[1]
        updated = op.unknown_count("rows") * width
        return Cost(mac=op.input(3, rank=1)[0] * width) + (optimizer_work(op, optimizer) + CLIP) * updated

    return cost


def optimizer_work(op: Op, optimizer: str) -> Cost:
    """Ftrl multiplies the gradient by the learning rate, or divides the powers by it, in both places."""
    if optimizer != "Ftrl":
        return WORK[optimizer]
    is_multiplied = op.bool_attr("multiply_linear_by_learning_rate", False)
    return WORK[optimizer] + (Cost(mul=1) if is_multiplied else Cost(div=2))


def update_shape(tables: tuple[int, ...]) -> Callable[[Op], list[Shape | None]]:
    """The tables among the inputs, updated."""

    def shape(op: Op) -> list[Shape | None]:
        return [op.input(i) if op.has_shape(i) else None for i in tables]

    return shape


def update_cost(optimizer: str, indices: int) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        """The optimizer updates each element of the rows that the indices name."""
        return optimizer_work(op, optimizer) * (op.input(indices, rank=1)[0] * size_attr(op, "feature_width"))

    return cost


def stacked_shape(op: Op) -> list[Shape]:
    """The tables' gradients, one below the other, as wide as the widest, rounded up to a multiple of 8."""
    shapes = [op.input(i, rank=2) for i in range(len(op.inputs))]
    if not shapes:
        raise op.error("there are no gradients")
    rows: Dim = sum(shape[0] for shape in shapes)
    return [Shape(rows, LANES * ceil_div(dim_max(*(shape[1] for shape in shapes)), LANES))]


def unstacked_shape(op: Op) -> list[Shape]:
    """For each table as many samples and features as the attributes say."""
    samples, features = op.ints_attr("sample_counts"), op.ints_attr("features")
    if len(samples) != len(features) or min((*samples, *features, 0)) < 0 or len(samples) > MOST_PARTS:
        raise op.error(f"tables of {samples[:8]} samples and {features[:8]} features")
    return [Shape(*sizes) for sizes in zip(samples, features, strict=True)]


def gains_cost(op: Op) -> Cost:
    """With the combiner "sum" a gain is its weight; "mean" divides by the sum of a sample's weights, "sqrtn" by the
    root of the sum of their squares."""
    (ids,) = op.input(1, rank=1)
    samples = size_attr(op, "sample_count")
    combiner = op.text_attr("combiner", choices=("sum", "mean", "sqrtn"))
    if combiner == "sum":
        return Cost()
    if combiner == "mean":
        return Cost(add=ids, div=ids)
    return Cost(add=ids, mul=ids, div=ids, sqrt=samples)


def sort_cost(op: Op) -> Cost:
    """All n ids are sorted by n * ceil(log2(n)) comparisons."""
    return sorting(_ids(op))


def statistics_cost(op: Op) -> Cost:
    """Each id is compared with the last, to count those that differ, and counted."""
    return Cost(compare=_ids(op), add=_ids(op))


def _ids(op: Op) -> Dim:
    total: Dim = 0
    for i in range(parts(op, "N")):
        total = total + op.input(i, rank=1)[0]
    return total


def splits_cost(op: Op) -> Cost:
    """All n ids are sorted by n * ceil(log2(n)) comparisons."""
    return sorting(op.input(1, rank=1)[0])


def buffers_shape(samples: Callable[[Op], int]) -> Callable[[Op], list[Shape | None]]:
    """The shape rule of ids in buffers: where each core's part begins, in each minibatch of each core; then samples,
    rows and gains, as many as all samples may have; and how much of the buffers is used."""

    def shape(op: Op) -> list[Shape | None]:
        count = size_attr(op, "num_sc_per_chip")
        pointers = LANES * ceil_div(size_attr(op, "num_replica") * count, LANES)
        ids = Shape(samples(op) * size_attr(op, "max_ids_per_chip_per_sample"))
        return [Shape(pointers * size_attr(op, "max_minibatches_per_sc") * count), ids, ids, ids, *[Shape()] * 3]

    return shape


def _samples(op: Op) -> int:
    return size_attr(op, "sample_count")


def _samples_of_cores(op: Op) -> int:
    return size_attr(op, "sample_count_per_sc") * size_attr(op, "num_sc_per_chip")


def splits_shape(op: Op) -> list[Shape | None]:
    """Rows, columns and gains of the sorted ids, the splits, their number for each core, the most ids and rows."""
    found = [Shape(op.unknown_size(0, port)) for port in (0, 1, 2)]
    return [*found, Shape(), Shape(op.unknown_size(0, 4)), Shape(), Shape()]


UPDATES = (
    Rule("XlaSparseCoreSgd", shape=update_shape((3,)), cost=update_cost("Sgd", 0)),
    Rule("XlaSparseCoreAdagrad", shape=update_shape((4, 3)), cost=update_cost("Adagrad", 0)),
    Rule("XlaSparseCoreAdagradMomentum", update_shape((7, 5, 6)), update_cost("AdagradMomentum", 0)),
    Rule("XlaSparseCoreAdam", shape=update_shape((0, 5, 4)), cost=update_cost("Adam", 1)),
    Rule("XlaSparseCoreFtrl", shape=update_shape((0, 1, 2)), cost=update_cost("Ftrl", 4)),
)

RULES = (
    RuleSet(
        *(
            Rule(f"XlaSparseDenseMatmulWith{buffers}", shape=lookup_shape, cost=lookup_cost)
            for buffers in ("CsrInput", "StaticBufferSize")
        ),
        Rule("XlaSparseDenseMatmul", shape=whole_lookup_shape, cost=whole_lookup_cost),
        *(
            Rule(
                f"XlaSparseDenseMatmulGradWith{name}And{buffers}",
                shape=gradient_shape(name),
                cost=gradient_cost(name),
                opaque=ROWS,
            )
            for name in WORK
            for buffers in ("CsrInput", "StaticBufferSize")
        ),
        *UPDATES,
        Rule("XlaSparseGradientsStack", shape=stacked_shape, cost=COPIES),
        Rule("XlaSparseActivationsUnstack", shape=unstacked_shape, cost=COPIES),
        Rule("ConvertToCooTensor", shape=open_vectors, cost=gains_cost),
        Rule("ConvertToListOfSparseCoreCooTensors", shape=open_vectors, cost=gains_cost),
        Rule("SortListOfSparseCoreCooTensors", shape=open_vectors, cost=sort_cost),
        Rule("GetStatsFromListOfSparseCoreCooTensors", shape=scalars, cost=statistics_cost),
        Rule("GetMinibatchSplitsWithPhysicalReplica", shape=splits_shape, cost=splits_cost),
    )
    + family(COPIES, buffers_shape(_samples_of_cores), "ConvertToSparseCoreCsrWrappedCooTensor")
    + family(COPIES, buffers_shape(_samples), "GetMinibatchesInCsrWithPhysicalReplica")
    + family(DISTRIBUTION, nothing, "StoreMinibatchStatisticsInFdo")
)
