"""Operations that nobody has heard of play the roles that a pack's rules give them."""

from __future__ import annotations

import pytest
from networks import inferred, network_of
from tiny_graph import tiny_graph

from graphcost import FREE, Cost, Op, Report, Role, Rule, RuleSet, Shape
from graphcost.loaders import Model
from graphcost.pipeline import analyze
from graphcost.plugins import installed_rules
from graphcost.roles.phases import training_phases

TRAINING = """
    x = MyFeed(shape=<?,4>) -> float32
    y = MyFeed(shape=<?,2>) -> float32
    w = MyVariable(shape=<4,2>, dtype=float32) -> float32
    read = MyRead(w) -> float32
    first = RandomUniform(shape, T=int32, dtype=float32)
    shape = Const(value=[4, 2])
    init = MyAssign(w, first) ->
    logits = MatMul(x, read, T=float32)
    loss = MyLoss(logits, y) -> float32
    axes = Const(value=0)
    mean = Mean(loss, axes, T=float32)
    scalar = Const(value=[])
    one = Const(value=1.0)
    seed = Fill(scalar, one, T=float32)
    spread = MyBackward(seed, logits) -> float32
    grad = MatMul(x, spread, T=float32, transpose_a=True)
    step = MyDescent(w, rate, grad) ->
    rate = Const(value=0.1)
    counter = MyVariable(shape=<>, dtype=int64) -> int64
    more = MyCount(counter, ^step) ->
    save = MySave(w) ->
    log = MyLog(mean) ->
    check = MyCheck(mean) ->
"""


def declared(op: Op) -> list[Shape]:
    return [op.opened(op.shape_attr("shape"))]


def as_first(op: Op) -> list[Shape]:
    return [op.input(0)]


ROLES = {
    "MyFeed": Role.INPUT,
    "MyVariable": Role.VARIABLE,
    "MyRead": Role.IDENTITY,
    "MyAssign": Role.ASSIGNMENT,
    "MyLoss": Role.LOSS,
    "MyBackward": Role.GRADIENT,
    "MyDescent": Role.OPTIMIZER,
    "MyCount": Role.UPDATE,
    "MySave": Role.SAVER,
    "MyLog": Role.SUMMARY,
    "MyCheck": Role.ASSERT,
}


def pack(*, without: str = "") -> RuleSet:
    """Rules for all of them, one of which says nothing of its role."""
    rules = {
        "MyFeed": Rule("MyFeed", shape=declared, cost=FREE),
        "MyVariable": Rule("MyVariable", shape=declared, cost=FREE),
        "MyRead": Rule("MyRead", shape=as_first, cost=FREE),
        "MyLoss": Rule("MyLoss", shape=as_first, cost=lambda op: Cost(add=op.output().size)),
        "MyBackward": Rule("MyBackward", shape=lambda op: [op.input(1)], cost=FREE),
    }
    every = RuleSet(*(rules.get(op, Rule(op, shape=lambda op: [], cost=FREE)) for op in ROLES))
    return every.with_roles({role: (op,) for op, role in ROLES.items() if op != without})


def report(rules: RuleSet) -> Report:
    return analyze(Model("", "graphdef", tiny_graph(TRAINING)), rules=rules)


def test_a_training_graph_of_foreign_operations() -> None:
    found = report(pack())
    assert [tensor.name for tensor in found.outputs] == ["logits"]
    assert [tensor.name for tensor in found.inputs] == ["x"]
    assert str(found.total.work.flops) == "16*N"
    assert found.total.params == 4 * 2
    assert {line.node: line.params for line in found.lines if line.params} == {"logits": 8}
    assert {reason: dropped.nodes for reason, dropped in found.dropped.items()} == {
        "loss": 4, "gradient": 5, "optimizer": 4, "initializer": 3, "saver": 1, "summary": 1, "assert": 1,
    }  # fmt: skip


@pytest.mark.parametrize("op", ["MyFeed", "MyVariable", "MyDescent", "MySave", "MyLog", "MyCheck", "MyAssign"])
def test_each_role_tells_something(op: str) -> None:
    told, untold = report(pack()), report(pack(without=op))
    assert (told.outputs, told.total.params, told.dropped) != (untold.outputs, untold.total.params, untold.dropped)


EVALUATING = """
    x = MyFeed(shape=<?,4>) -> float32
    y = MyFeed(shape=<?,2>) -> float32
    w = MyVariable(shape=<4,2>, dtype=float32) -> float32
    logits = MatMul(x, w, T=float32)
    loss = MyLoss(logits, y) -> float32
"""


def test_a_foreign_loss_is_no_answer() -> None:
    graph = tiny_graph(EVALUATING)
    outputs = [
        [str(ref) for ref in inferred(graph, installed_rules() | rules).graph.outputs]
        for rules in (pack(), pack(without="MyLoss"))
    ]
    assert outputs == [["logits"], ["loss"]]


def test_a_foreign_optimizer_is_a_phase_of_its_own() -> None:
    graph = tiny_graph(TRAINING, controls="step, more")
    network = network_of(graph, installed_rules() | pack())
    phases = training_phases(graph, network)
    assert {phases[name] for name in ("step", "more", "init")} == {"optimizer"}
    assert phases["logits"] == "forward"
    assert phases["grad"] == "backward"
