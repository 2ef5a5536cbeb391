from tiny_graph import tiny_graph

from graphcost.plugins import installed_rules
from graphcost.roles.flow import Flow
from graphcost.roles.regions import find_regions
from graphcost.roles.weights import find_weight_uses

FORWARD = """
    x = Placeholder(dtype=float32)
    w = VariableV2(dtype=float32)
    h = Mul(x, w, T=float32)
    nothing = Const(value=[])
    one = Const(value=1.0)
"""


def regions_of(text: str):
    graph = tiny_graph(text)
    flow = Flow.of(graph, installed_rules())
    regions = find_regions(flow, find_weight_uses(flow, graph.inputs))
    return regions, {flow.nodes[point].name for point in regions.gradient}


def test_all_that_the_seed_reaches_is_gradient():
    regions, gradient = regions_of(
        FORWARD
        + """
        seed = Fill(nothing, one, T=float32)
        loss = Square(h, T=float32)
        dh = Mul(seed, h, T=float32)
        dx = Mul(dh, w, T=float32)
        rate = Const(value=0.5)
        train = ApplyGradientDescent(w, rate, dh, T=float32)
        """
    )
    assert {"seed", "dh", "dx", "train"} <= gradient
    assert "h" not in gradient
    assert regions.is_complete


def test_a_constant_of_the_loss_is_no_seed():
    _, gradient = regions_of(
        FORWARD
        + """
        ones = Fill(nothing, one, T=float32)
        loss = Mul(h, ones, T=float32)
        seed = Fill(nothing, one, T=float32)
        scaled = Mul(seed, ones, T=float32)
        dw = Mul(scaled, x, T=float32)
        rate = Const(value=0.5)
        train = ApplyGradientDescent(w, rate, dw, T=float32)
        """
    )
    assert "dw" in gradient
    assert "loss" not in gradient


def test_a_plain_one_where_the_graph_was_simplified():
    regions, gradient = regions_of(
        FORWARD
        + """
        dw = Mul(x, one, T=float32)
        rate = Const(value=0.5)
        train = ApplyGradientDescent(w, rate, dw, T=float32)
        """
    )
    assert "dw" in gradient
    assert regions.is_complete


def test_gradients_from_outside_have_no_seed():
    regions, _ = regions_of(
        FORWARD
        + """
        advantage = Placeholder(dtype=float32)
        dw = Mul(x, advantage, T=float32)
        rate = Const(value=0.5)
        train = ApplyGradientDescent(w, rate, dw, T=float32)
        """
    )
    assert not regions.is_complete
    assert regions.trained


def test_an_update_by_hand_trains_a_variable():
    regions, gradient = regions_of(
        FORWARD
        + """
        seed = Fill(nothing, one, T=float32)
        dw = Mul(seed, x, T=float32)
        step = AssignSub(w, dw, T=float32)
        """
    )
    assert "dw" in gradient
    assert regions.trained


def test_gradients_that_a_variable_collects():
    regions, _ = regions_of(
        FORWARD
        + """
        sum = VariableV2(dtype=float32)
        seed = Fill(nothing, one, T=float32)
        dw = Mul(seed, x, T=float32)
        add = AssignAdd(sum, dw, T=float32)
        rate = Const(value=0.5)
        train = ApplyGradientDescent(w, rate, sum, T=float32)
        """
    )
    assert regions.is_complete


def test_a_norm_of_the_gradients_is_no_loss_that_a_seed_belongs_to():
    """What both seeds reach ends in `norm` too; `ones` is still but a factor of a loss."""
    regions, gradient = regions_of(
        FORWARD
        + """
        v = VariableV2(dtype=float32)
        u = Mul(h, v, T=float32)
        ones = Fill(nothing, one, T=float32)
        loss = Mul(u, ones, T=float32)
        seed = Fill(nothing, one, T=float32)
        other = Fill(nothing, one, T=float32)
        dw_of_seed = Mul(seed, x, T=float32)
        dw_of_other = Mul(other, x, T=float32)
        dw = Add(dw_of_seed, dw_of_other, T=float32)
        norm = Square(dw, T=float32)
        scaled = Mul(seed, ones, T=float32)
        dv = Mul(scaled, h, T=float32)
        rate = Const(value=0.5)
        train_w = ApplyGradientDescent(w, rate, dw, T=float32)
        train_v = ApplyGradientDescent(v, rate, dv, T=float32)
        """
    )
    assert {"seed", "other", "dw", "dv", "norm"} <= gradient
    assert not {"loss", "ones"} & gradient
    assert regions.is_complete
