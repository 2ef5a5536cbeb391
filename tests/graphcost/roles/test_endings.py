"""Where a network ends that a loss follows."""

from __future__ import annotations

import pytest
from networks import network_of
from tiny_graph import tiny_graph

from graphcost.roles.endings import MOST_HEADS, PREDICTIONS, find_endings

UNREAD, METRIC, ACTIVATION, HEAD = range(4)

DENSE = """
x = Placeholder(dtype=float32)
y = Placeholder(dtype=int64)
w = VariableV2(dtype=float32)
h = MatMul(x, w, T=float32)
"""
TWO = (
    DENSE
    + """
v = VariableV2(dtype=float32)
g = MatMul(x, v, T=float32)
"""
)
BY_HAND = """
target = Placeholder(dtype=float32)
off = Sub(a, target, T=float32)
square = Square(off, T=float32)
axes = Const(value=[0])
mean = Mean(square, axes, T=float32)
"""


def loss(of: str, name: str = "loss") -> str:
    return f"{name} = SparseSoftmaxCrossEntropyWithLogits({of}, y, T=float32)\n"


def choice(of: str, name: str = "c") -> str:
    return f"axis = Const(value=1)\n{name} = ArgMax({of}, axis, T=float32, Tidx=int32, output_type=int64)\n"


def trained(by: str) -> str:
    """A backward pass that starts at a loss of no labels, which is the mean of `l`, and reads `by`."""
    return f"""
    axes = Const(value=[0, 1])
    mean = Mean(l, axes, T=float32)
    nothing = Const(value=[])
    one = Const(value=1.0)
    seed = Fill(nothing, one, T=float32)
    dw = Mul(seed, {by}, T=float32)
    rate = Const(value=0.1)
    train = ApplyGradientDescent(w, rate, dw, T=float32)
    """


def endings(text: str) -> list[tuple[int, str, str]]:
    """The rank of each, its last weighted points, and where it ends."""
    network = network_of(tiny_graph(text))

    def names(points: frozenset[int]) -> str:
        return ", ".join(sorted(network.flow.nodes[point].name for point in points))

    return [(each.rank, names(each.last), names(each.points)) for each in find_endings(network, network.last)]


def test_without_last_points_there_are_none() -> None:
    assert find_endings(network_of(tiny_graph(DENSE)), ()) == []


def test_each_says_why() -> None:
    network = network_of(tiny_graph(TWO + "p = Softmax(h, T=float32)\n" + loss("h") + loss("g", "other")))
    assert [each.why for each in find_endings(network, network.last)] == [
        PREDICTIONS[UNREAD],
        "the last result that the loss reads",
    ]


@pytest.mark.parametrize(
    ("rest", "rank", "end"),
    [
        ("", UNREAD, "h"),
        (loss("h"), HEAD, "h"),
        ("p = Softmax(h, T=float32)\n" + loss("h"), UNREAD, "p"),
        ("a = Sigmoid(h, T=float32)\n" + BY_HAND, ACTIVATION, "a"),
        ("a = Sin(h, T=float32)\n" + BY_HAND, HEAD, "a"),
        ("a = Tanh(h, T=float32)\nb = Sin(a, T=float32)\n" + BY_HAND.replace("(a,", "(b,"), HEAD, "b"),
    ],
)
def test_a_prediction_comes_before_the_activation_and_that_before_what_a_loss_reads(
    rest: str, rank: int, end: str
) -> None:
    assert endings(DENSE + rest) == [(rank, "h", end)]


@pytest.mark.parametrize(
    ("rest", "end"),
    [
        (choice("h") + "eq = Equal(c, y, T=int64)\n", "c"),
        ("p = Softmax(h, T=float32)\n" + choice("p") + "eq = Equal(c, y, T=int64)\n", "p"),
        ("p = Sin(h, T=float32)\n" + choice("p") + "eq = Equal(c, y, T=int64)\n", "c"),
        ("p = Softmax(h, T=float32)\nc = Cast(p, SrcT=float32, DstT=int64)\neq = Equal(c, y, T=int64)\n", "c"),
        (choice("h", "m/c") + "eq = Equal(m/c, y, T=int64)\n", "m/c"),
        (choice("h", "m/c") + "m/eq = Equal(m/c, y, T=int64)\nn/eq = Equal(m/c, y, T=int64)\n", "m/c"),
    ],
)
def test_what_only_metrics_read_is_the_class_or_the_probabilities_that_it_is_chosen_from(rest: str, end: str) -> None:
    assert endings(DENSE + rest + loss("h")) == [(METRIC, "h", end)]


def test_the_class_that_a_metric_works_out_for_itself_is_none() -> None:
    within = choice("h", "m/c") + "m/eq = Equal(m/c, y, T=int64)\n"
    assert endings(DENSE + within + loss("h")) == [(HEAD, "h", "h")]


def test_probabilities_that_something_else_reads_are_none() -> None:
    """What nobody reads is plainer than what metrics do."""
    more = "p = Softmax(h, T=float32)\nz = Tan(p, T=float32)\n" + choice("p") + "eq = Equal(c, y, T=int64)\n"
    assert endings(DENSE + more + loss("h")) == [(UNREAD, "h", "z")]


def test_two_ends_are_of_two_kinds() -> None:
    assert endings(TWO + "p = Softmax(h, T=float32)\n" + loss("h") + loss("g", "other")) == [
        (UNREAD, "h", "p"),
        (HEAD, "g", "g"),
    ]


def test_an_end_behind_several_is_that_of_all() -> None:
    more = "p = Softmax(h, T=float32)\ns = AddV2(p, g, T=float32)\n"
    assert endings(TWO + more + loss("h") + loss("g", "other")) == [(UNREAD, "g, h", "s")]


def test_several_ends_of_one_kind_are_one_ending() -> None:
    more = "p = Softmax(h, T=float32)\nq = Softmax(g, T=float32)\n"
    assert endings(TWO + more + loss("h") + loss("g", "other")) == [(UNREAD, "g, h", "p, q")]


@pytest.mark.parametrize(
    ("rest", "end"),
    [
        ("a = Sin(h, T=float32)\nb = Cos(h, T=float32)\nj = Mul(a, b, T=float32)\n" + loss("j"), "j"),
        ("a = Sin(h, T=float32)\nb = Cos(h, T=float32)\n" + loss("a") + loss("b", "other"), "h"),
        ("a = Sin(h, T=float32)\nb = Cos(a, T=float32)\nj = Mul(a, b, T=float32)\n" + loss("j"), "j"),
        ("p = Sin(h, T=float32)\nq = Cos(p, T=float32)\nj = Mul(h, q, T=float32)\n" + loss("j"), "j"),
    ],
)
def test_the_head_is_what_every_path_to_the_loss_passes(rest: str, end: str) -> None:
    assert endings(DENSE + rest) == [(HEAD, "h", end)]


FORM = "s = Const(value=[-1])\nr = Reshape({0}, s, T=float32)\n"
PART = "b = Const(value=[0])\nz = Const(value=[1])\nk = Slice({0}, b, z, T=float32)\n"
CAST = "k = Cast({0}, SrcT=float32, DstT=float32)\n"


@pytest.mark.parametrize(
    ("rest", "end"),
    [
        (FORM.format("h") + loss("r"), "h"),
        (PART.format("h") + loss("k"), "h"),
        (CAST.format("h") + loss("k"), "h"),
        (PART.format("h") + FORM.format("k") + loss("r"), "h"),
        (CAST.format("h") + FORM.format("k") + loss("r"), "k"),  # A cast before it is the network's own.
        ("t = Sin(h, T=float32)\n" + FORM.format("t") + loss("r"), "t"),
        (FORM.format("h") + "t = Sin(r, T=float32)\n" + loss("t"), "t"),
    ],
)
def test_what_only_forms_it_for_the_loss_is_left(rest: str, end: str) -> None:
    assert endings(DENSE + rest) == [(HEAD, "h", end)]


@pytest.mark.parametrize(
    ("rest", "end"),
    [
        ("a = Sin(h, T=float32)\nl = Log(a, T=float32)\n", "a"),
        ("l = Log(h, T=float32)\n", "h"),
        ("a = Sin(h, T=float32)\nb = Cos(a, T=float32)\nl = Square(b, T=float32)\n", "b"),
        ("a = Sin(h, T=float32)\nb = Maximum(a, low, T=float32)\nl = Log(b, T=float32)\n", "a"),
        (
            "a = Sin(h, T=float32)\nb = Maximum(a, low, T=float32)\nc = Minimum(b, low, T=float32)\n"
            "l = Log(c, T=float32)\n",
            "a",
        ),
        ("b = Maximum(h, low, T=float32)\nl = Log(b, T=float32)\n", "h"),
        ("a = Sin(h, T=float32)\nl = Cos(a, T=float32)\n", "l"),
    ],
)
def test_a_loss_without_labels_begins_with_a_logarithm_or_a_square_or_where_the_batch_is_summed_up(
    rest: str, end: str
) -> None:
    network = DENSE.replace("y = Placeholder(dtype=int64)", "low = Const(value=0.1)")
    assert endings(network + rest + trained("l")) == [(HEAD, "h", end)]


def test_a_sum_that_weights_follow_is_none_of_the_loss() -> None:
    pooled = """
    x = Placeholder(dtype=float32)
    all = Const(value=[0, 1])
    pool = Mean(x, all, T=float32)
    w = VariableV2(dtype=float32)
    h = MatMul(pool, w, T=float32)
    p = Softmax(h, T=float32)
    l = Log(h, T=float32)
    """
    assert endings(pooled + trained("l")) == [(UNREAD, "h", "p")]


def test_a_batch_s_mean_that_weights_follow_is_none_of_the_loss() -> None:
    normal = """
    axes = Const(value=[0])
    mean = Mean(h, axes, T=float32)
    off = Sub(h, mean, T=float32)
    v = VariableV2(dtype=float32)
    g = MatMul(off, v, T=float32)
    p = Softmax(g, T=float32)
    """
    assert endings(DENSE + normal + loss("g")) == [(UNREAD, "g", "p")]


def test_what_a_gradient_reads_may_be_the_activation() -> None:
    text = DENSE + "a = Sigmoid(h, T=float32)\n" + BY_HAND
    backward = trained("a").replace("axes = Const(value=[0, 1])\n", "").replace("mean = Mean(l, axes, T=float32)\n", "")
    assert endings(text + backward) == [(ACTIVATION, "h", "a")]


def test_what_stands_on_one_side_of_a_branch_is_no_end() -> None:
    side = "q = Placeholder(dtype=bool)\ns = Switch(h, q, T=float32) -> float32, float32\nt = Identity(s, T=float32)\n"
    assert endings(DENSE + side) == [(HEAD, "h", "h")]


def test_what_two_losses_read_in_two_forms_is_their_common_one() -> None:
    more = FORM.format("h") + "t = Sin(r, T=float32)\n" + loss("r") + loss("t", "other")
    assert endings(DENSE + more) == [(HEAD, "h", "r")]


def test_what_a_summary_works_out_is_beside_the_way_to_a_loss_that_labels_tell() -> None:
    ways = """
    a = Sin(h, T=float32)
    k = Tan(a, T=float32)
    t = Cos(a, T=float32)
    u = Cos(t, T=float32)
    tag = Const(value=[0])
    log = HistogramSummary(tag, u, T=float32)
    """
    assert endings(DENSE + ways + loss("k")) == [(HEAD, "h", "k")]
    assert endings(DENSE + ways + "l = Log(k, T=float32)\n" + trained("k")) == [(HEAD, "h", "a")]


def test_what_is_written_down_is_no_prediction() -> None:
    """Nor is what only a summary reads."""
    summary = "tag = Const(value=[0])\nlog = HistogramSummary(tag, p, T=float32)\n"
    assert endings(DENSE + "p = Softmax(h, T=float32)\n" + summary + loss("h")) == [(HEAD, "h", "h")]
    assert endings(DENSE + "p = Sin(h, T=float32)\n" + summary + loss("p")) == [(HEAD, "h", "p")]


@pytest.mark.parametrize(("count", "follows"), [(MOST_HEADS, True), (MOST_HEADS + 1, False)])
def test_not_too_many_heads_are_followed(count: int, follows: bool) -> None:
    heads = [
        f"v{i} = VariableV2(dtype=float32)\ng{i} = MatMul(x, v{i}, T=float32)\na{i} = Sin(g{i}, T=float32)\n"
        + loss(f"a{i}", f"loss{i}")
        for i in range(count)
    ]
    found = endings("x = Placeholder(dtype=float32)\ny = Placeholder(dtype=int64)\n" + "".join(heads))
    assert {end[0] for _, _, end in found} == {"a" if follows else "g"}
    assert len(found) == count
