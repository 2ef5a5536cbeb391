from networks import why_dropped
from tiny_graph import tiny_graph


def reasons_of(text: str, outputs: str) -> dict[str, str | None]:
    graph = tiny_graph(text, outputs)
    return {**dict.fromkeys(graph.nodes), **why_dropped(graph)}


TRAINING = """
    x = Placeholder(dtype=float32)
    y = Placeholder(dtype=int64)
    w = VariableV2(dtype=float32)
    shape = Const(value=[3])
    noise = RandomStandardNormal(shape, T=int32, dtype=float32)
    assign = Assign(w, noise, T=float32)
    init = NoOp(^assign)
    known = IsVariableInitialized(w, dtype=float32)
    logits = MatMul(x, w, T=float32)
    xent = SparseSoftmaxCrossEntropyWithLogits(logits, y, T=float32)
    axes = Const(value=[0])
    loss = Mean(xent, axes, T=float32)
    axis = Const(value=1)
    guess = ArgMax(logits, axis, T=float32)
    right = Equal(guess, y, T=int64)
    rightness = Cast(right, SrcT=bool, DstT=float32)
    accuracy = Mean(rightness, axes, T=float32)
    tag = Const(value=0)
    scalar = ScalarSummary(tag, accuracy, T=float32)
    nothing = Const(value=[])
    one = Const(value=1.0)
    seed = Fill(nothing, one, T=float32)
    dlogits = Mul(seed, xent:1, T=float32)
    dw = MatMul(x, dlogits, T=float32)
    slot = VariableV2(dtype=float32)
    slot_init = Assign(slot, noise, T=float32)
    rate = Const(value=0.1)
    train = ApplyAdagrad(w, slot, rate, dw, T=float32)
    step = VariableV2(dtype=int64)
    count = AssignAdd(step, tag, ^train, T=int64)
    prefix = Const(value=0)
    save = SaveV2(prefix, prefix, prefix, w, slot)
    restored = RestoreV2(prefix, prefix, prefix) -> float32
    restore = Assign(w, restored, T=float32)
    restore_all = NoOp(^restore)
    queue = FIFOQueueV2() -> resource
    enqueue = QueueEnqueueV2(queue, noise)
    good = Const(value=True)
    check = Assert(good, tag)
    other = Relu(logits, T=float32)
"""


def test_each_node_goes_for_what_it_serves():
    found = reasons_of(TRAINING, "logits")
    assert {name for name, reason in found.items() if reason is None} == {"x", "w", "logits"}
    for reason, names in {
        "loss": "y xent loss axes",
        "metric": "axis guess right rightness accuracy",
        "summary": "scalar",
        "gradient": "nothing one seed dlogits dw",
        "optimizer": "slot rate train step count tag",
        "initializer": "shape noise assign init known slot_init",
        "saver": "prefix save restored restore restore_all",
        "input pipeline": "queue enqueue",
        "assert": "good check",
        "unused": "other",
    }.items():
        assert {name: found[name] for name in names.split()} == dict.fromkeys(names.split(), reason)


def test_a_lone_constant_goes_with_its_scope():
    text = """
        x = Placeholder(dtype=float32)
        p = Relu(x, T=float32)
        y = Placeholder(dtype=int64)
        loss/xent = SparseSoftmaxCrossEntropyWithLogits(p, y, T=float32)
        loss/rank = Const(value=1)
        rank = Const(value=1)
    """
    found = reasons_of(text, "p")
    assert found["loss/rank"] == "loss"
    assert found["rank"] == "unused"


def test_the_variables_of_a_metric():
    text = """
        x = Placeholder(dtype=float32)
        w = VariableV2(dtype=float32)
        p = MatMul(x, w, T=float32)
        y = Placeholder(dtype=float32)
        near = Equal(p, y, T=float32)
        nearness = Cast(near, SrcT=bool, DstT=float32)
        axes = Const(value=[0])
        hits = Sum(nearness, axes, T=float32)
        total = VariableV2(dtype=float32)
        count = VariableV2(dtype=float32)
        one = Const(value=1.0)
        add_hits = AssignAdd(total, hits, T=float32)
        add_one = AssignAdd(count, one, T=float32)
        value = Div(total, count, T=float32)
    """
    found = reasons_of(text, "p")
    assert {found[name] for name in ("near", "hits", "total", "count", "add_hits", "add_one", "value")} == {"metric"}


def test_a_regularizer_that_nothing_reads():
    text = """
        x = Placeholder(dtype=float32)
        w = VariableV2(dtype=float32)
        p = MatMul(x, w, T=float32)
        norm = L2Loss(w, T=float32)
    """
    found = reasons_of(text, "p")
    assert found["norm"] == "loss"
