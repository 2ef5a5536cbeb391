from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats
from counting import Tally
from data_dependent import prove_opaque
from optional_tensorflow import tf
from shape_function import constant, prove_shapes, tensor
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.clustering import RULES


def squared(t, a, b):
    differences = [t.sub(x, y) for x, y in zip(a, b, strict=True)]
    return t.sum([t.mul(d, d) for d in differences])


def insert(t, found, item):
    """By binary search among a power of two less one, so that every search is as long."""
    low, high = 0, len(found)
    while low < high:
        middle = (low + high) // 2
        if t.less(item[0], found[middle][0]):
            high = middle
        else:
            low = middle + 1
    found.insert(low, item)
    found.pop()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_neighbours_take_a_distance_and_a_search(k):
    points, centers = floats(1, 5, 3), floats(2, 4, 3)
    tally, indices, distances = Tally(), [], []
    for point in points.tolist():
        found = [(math.inf, -1)] * (2 ** k.bit_length() - 1)
        for i, center in enumerate(centers.tolist()):
            insert(tally, found, (squared(tally, point, center), i))
        indices.append([i for _, i in found[:k]])
        distances.append([d for d, _ in found[:k]])
    theirs = tf.raw_ops.NearestNeighbors(points=points, centers=centers, k=np.array(k, np.int64))
    tally.gives(indices, theirs[0])
    tally.gives(distances, theirs[1])
    outcome = apply(RULES, "NearestNeighbors", Shape(5, 3), Shape(4, 3), k)
    assert outcome.shapes == (Shape(5, k),) * 2
    tally.proves("NearestNeighbors", outcome.cost)


def test_there_are_no_more_neighbours_than_centers():
    n = symbol("N")
    assert apply(RULES, "NearestNeighbors", Shape(n, 3), Shape(2, 3), 9).shapes == (Shape(n, 2),) * 2


def test_a_chain_compares_every_candidate():
    """However the random numbers fall, one at a distance takes the place of one at none, but not the reverse."""
    tally, held = Tally(), 0
    distances, random = [0.0, 0.5, 0.0, 0.0], floats(1, 4, least=0.1, most=1).tolist()
    for i in range(1, 4):
        if tally.less(tally.mul(distances[held], random[i]), distances[i]):
            held = i
    tally.gives(held, tf.raw_ops.KMC2ChainInitialization(distances=np.float32(distances), seed=np.int64(1)))
    tally.proves("KMC2ChainInitialization", apply(RULES, "KMC2ChainInitialization", Shape(4), 1).cost)


@pytest.mark.parametrize("retries", [0, 1])
def test_seeds_measure_all_points_for_each_candidate(retries):
    """Of points in two places, both are taken, whichever are drawn: nothing is drawn that is taken already."""
    places = [[0.0, 1.0], [3.0, 5.0]]
    points, samples = [places[i % 2] for i in range(6)], 2
    tally, chosen, least = Tally(), [], [math.inf] * 6
    for candidates in [[points[0]], [points[1]] * (1 + retries)]:
        best = None
        for candidate in candidates:
            nearer = [tally.min(squared(tally, p, candidate), old) for p, old in zip(points, least, strict=True)]
            total = 0.0
            for distance in nearer:
                total = tally.add(total, distance)
            best = min(best or (total, nearer, candidate), (total, nearer, candidate), key=lambda b: b[0])
        least = best[1]
        chosen.append(best[2])
    arguments = {"num_to_sample": samples, "seed": 1, "num_retries_per_sample": retries}
    tensors = {name: np.int64(value) for name, value in arguments.items()}
    theirs = tf.raw_ops.KmeansPlusPlusInitialization(points=np.array(points, np.float32), **tensors)
    tally.gives(sorted(chosen), tf.gather(theirs, tf.argsort(theirs[:, 0])))
    outcome = apply(RULES, "KmeansPlusPlusInitialization", Shape(6, 2), samples, 0, retries)
    assert outcome.shapes == (Shape(samples, 2),)
    tally.proves("KmeansPlusPlusInitialization", outcome.cost)


def pooled(t, row):
    """Blocks of decreasing means; the bottom of the stack is a sentinel."""
    blocks = [(math.inf, 0, math.inf)]
    merges = 0
    for item in row:
        block = (item, 1, item)
        while t.less(blocks[-1][2], block[2]):
            total, count, _ = blocks.pop()
            total, count = t.add(total, block[0]), int(t.add(count, block[1]))
            block = (total, count, t.div(total, count))
            merges += 1
        blocks.append(block)
    return [mean for _, count, mean in blocks[1:] for _ in range(count)], merges


def test_regression_merges_what_is_out_of_order():
    x = floats(1, 2, 6)
    merges = sum(pooled(Tally(), row)[1] for row in x.tolist())
    assert merges > 0
    prove_opaque(
        RULES,
        "IsotonicRegression",
        {"input": x},
        lambda t, x: [[pooled(t, row)[0] for row in x.tolist()]],
        {"merges": merges},
    )


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("NearestNeighbors", [tensor(5, 3), tensor(4, 3), constant(2, "int64")]),
        ("KMC2ChainInitialization", [tensor(7), constant(1, "int64")]),
        ("KmeansPlusPlusInitialization", [tensor(6, 2), *[constant(2, "int64")] * 3]),
        ("IsotonicRegression", [tensor(2, 6)]),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(kind, inputs):
    prove_shapes(RULES, kind, inputs)


def test_open_counts_stay_in_the_formula():
    cost = apply(RULES, "KmeansPlusPlusInitialization", Shape(6, 2), Shape(), 0, Shape()).cost
    bound = cost.bind({"size(node:0,0)": 3, "retries(node)": 1})
    assert bound == 5 * 6 * Cost(add=4, mul=2, compare=1)


@pytest.mark.parametrize(
    ("kind", "operands"),
    [
        ("NearestNeighbors", (Shape(5, 3), Shape(4, 2), 1)),
        ("NearestNeighbors", (Shape(5, 3), Shape(4, 3), -1)),
        ("KmeansPlusPlusInitialization", (Shape(6, 2), -2, 0, 1)),
        ("KMC2ChainInitialization", (Shape(6, 2), 1)),
    ],
)
def test_hostile_nodes_are_refused(kind, operands):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands)
