from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats, kernel, prove_count
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_oracle import call, prove, tensors
from single_op import apply, make_op

from graphcost import Cost, Fact, RuleError, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.scan import RULES


def log_add(t, a, b):
    least, greatest = (a, b) if t.less(a, b) else (b, a)
    return t.add(greatest, t.call(math.log1p, t.call(math.exp, t.sub(least, greatest))))


STEPS = {
    "Cumsum": (lambda t, a, b: t.add(a, b), 0.0),
    "Cumprod": (lambda t, a, b: t.mul(a, b), 1.0),
    "CumulativeLogsumexp": (log_add, None),
}
LEAST_EXPONENT = -math.inf


def scanned(t, line, step, identity, exclusive):
    results = [identity] if exclusive else [line[0]]
    gathered = line[0]
    for item in line[1 : len(line) - 1] if exclusive else line[1:]:
        if exclusive:
            results.append(gathered)
        gathered = step(t, gathered, item)
        if not exclusive:
            results.append(gathered)
    if exclusive and len(line) > 1:
        results.append(gathered)
    return results


@st.composite
def scans(draw):
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    return shape, draw(st.integers(-len(shape), len(shape) - 1)), draw(st.booleans()), draw(st.booleans())


@pytest.mark.parametrize("kind", STEPS)
def test_along_each_line_one_step_less_than_elements(kind):
    step, identity = STEPS[kind]

    @settings(max_examples=25, derandomize=True, deadline=None, database=None)
    @given(scans())
    def run(drawn):
        shape, axis, exclusive, is_reversed = drawn

        def naive(t, x, _):
            lines = np.moveaxis(x, axis, -1)
            rows = lines.reshape(-1, lines.shape[-1]).tolist()
            first = LEAST_EXPONENT if identity is None else identity
            turn = -1 if is_reversed else 1
            done = [scanned(t, row[::turn], step, first, exclusive)[::turn] for row in rows]
            return [np.moveaxis(np.reshape(done, lines.shape), -1, axis)]

        attrs = {"exclusive": exclusive, "reverse": is_reversed}
        prove_count(RULES, kind, {"x": floats(1, *shape), "axis": np.array(axis, np.int32)}, naive, **attrs)

    run()


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["Cumsum", "Cumprod"])
def test_integers_have_values(kind):
    @st.composite
    def calls(draw):
        x = draw(tensors(least_rank=1, most=3))
        axis = draw(st.integers(-x.ndim, x.ndim - 1))
        return call(kind, x % 5, axis, exclusive=draw(st.booleans()), reverse=draw(st.booleans()))

    prove(RULES, calls())


@pytest.mark.tensorflow
def test_floats_without_a_fraction_have_values():
    items = (1.0, 2.0, 3.0)
    op = make_op("Cumsum", Fact("float32", Shape(3), Value((3,), items)), 0)
    (value,) = RULES.get("Cumsum").value(op)
    assert value.items == tuple(kernel("Cumsum", {"x": np.array(items, np.float32), "axis": 0})[0].tolist())


@pytest.mark.tensorflow
def test_partly_known_shapes_know_what_tensorflow_knows():
    prove(RULES, st.just(call("CumulativeLogsumexp", floats(1, 2, 3), 1)), has_value=False)


def test_short_lines_cost_nothing_negative():
    for exclusive in (False, True):
        for shape in (Shape(0), Shape(1), Shape(0, 3)):
            assert apply(RULES, "Cumsum", shape, 0, exclusive=exclusive).cost == Cost()
    n = symbol("N")
    assert apply(RULES, "Cumsum", Shape(n, 5), 1).cost == Cost(add=4 * n)


def test_hostile_nodes_are_refused():
    for arguments, attrs in (
        ((Shape(2, 3), 2), {}),
        ((Shape(), 0), {}),
        ((Shape(2, 3), [0, 1]), {}),
        ((Shape(2, 3), 0), {"exclusive": b"no"}),
    ):
        with pytest.raises(RuleError):
            apply(RULES, "Cumsum", *arguments, **attrs)
