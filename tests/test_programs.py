"""Programs that are drawn at random, beside TensorFlow's run of them.

Whatever loops, branches, lists, datasets and gradients a program nests, the report says how often each contraction runs
and what it multiplies; or it says that it is a bound, or leaves a symbol. A number that is neither exact nor called a
bound fails.
"""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

pytest.importorskip("tensorflow")

from deep_programs import DEEP
from held_runs import held
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import LAYERS, NESTING, Block, Kind, cached, drawn_block, forms, scaled, windows
from run_oracle import CannotRun

pytestmark = pytest.mark.tensorflow

SIZES = (2, 5)
EXAMPLES = 20


@pytest.mark.parametrize("kind", [*LAYERS, *NESTING], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seed", range(2))
def test_each_kind_of_block_alone(kind: Kind, seed: int) -> None:
    check(kind(Random(seed), 0))


@pytest.mark.parametrize("kind", DEEP, ids=lambda kind: kind.__name__)
def test_each_deeper_kind_of_block_alone(kind: Kind) -> None:
    check(kind(Random(0), 0))


@pytest.mark.parametrize("kind", [cached, scaled, windows], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_these_kinds_have_exact_numbers(kind: Kind, seed: int, size: int) -> None:
    """Sizes that saturate, slices by the counter, and counters that double, halve or step in fractions."""
    for _, graph, output in islice(forms(kind(Random(seed), 0)), 2):
        each = held(graph, size, outputs=[output])
        assert each.is_known
        each.check()


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=HealthCheck)
@given(st.integers(0, 2**32))
def test_blocks_within_blocks(seed: int) -> None:
    check(drawn_block(Random(seed), 2))


def check(block: Block) -> None:
    for name, graph, output in forms(block):
        for size in SIZES if name == "functions" else SIZES[-1:]:
            try:
                each = held(graph, size, outputs=[output])
            except CannotRun:
                continue
            each.check_honest()
