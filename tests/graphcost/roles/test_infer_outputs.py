from dataclasses import replace

from networks import inferred as infer
from tiny_graph import tiny_graph

DENSE = """
    x = Placeholder(dtype=float32)
    w = VariableV2(dtype=float32)
    b = VariableV2(dtype=float32)
    h = MatMul(x, w, T=float32)
    logits = BiasAdd(h, b, T=float32)
"""

LOSS = """
    y = Placeholder(dtype=int64)
    xent = SparseSoftmaxCrossEntropyWithLogits(logits, y, T=float32)
    axes = Const(value=[0])
    loss = Mean(xent, axes, T=float32)
"""

BACKWARD = """
    nothing = Const(value=[])
    one = Const(value=1.0)
    seed = Fill(nothing, one, T=float32)
    dlogits = Mul(seed, xent:1, T=float32)
    dw = MatMul(x, dlogits, T=float32)
    db = BiasAddGrad(dlogits, T=float32)
    dx = MatMul(dlogits, w, T=float32)
    rate = Const(value=0.1)
    train_w = ApplyGradientDescent(w, rate, dw, T=float32)
    train_b = ApplyGradientDescent(b, rate, db, T=float32)
"""


def outputs(text: str) -> set[str]:
    return {str(candidate.ref) for candidate in infer(tiny_graph(text)).chosen}


def test_the_sink_of_an_inference_graph():
    inferred = infer(tiny_graph(DENSE + "p = Softmax(logits, T=float32)"))
    assert [str(ref) for ref in inferred.graph.outputs] == ["p"]
    assert inferred.chosen[0].why == "nothing reads it"
    assert inferred.doubts == ()


def test_logits_that_only_the_loss_reads():
    assert outputs(DENSE + LOSS + BACKWARD) == {"logits"}


def test_predictions_beside_the_loss():
    assert outputs(DENSE + LOSS + BACKWARD + "p = Softmax(logits, T=float32)") == {"p"}


def test_the_class_that_a_metric_compares():
    metric = """
        axis = Const(value=1)
        guess = ArgMax(logits, axis, T=float32)
        right = Equal(guess, y, T=int64)
    """
    assert outputs(DENSE + LOSS + BACKWARD + metric) == {"guess"}


def test_the_probabilities_behind_that_class():
    metric = """
        p = Softmax(logits, T=float32)
        axis = Const(value=1)
        guess = ArgMax(p, axis, T=float32)
        right = Equal(guess, y, T=int64)
    """
    assert outputs(DENSE + LOSS + BACKWARD + metric) == {"p"}


def test_a_class_that_a_metric_works_out_for_itself():
    metric = """
        accuracy/axis = Const(value=1)
        accuracy/guess = ArgMax(logits, accuracy/axis, T=float32)
        accuracy/right = Equal(accuracy/guess, y, T=int64)
    """
    assert outputs(DENSE + LOSS + BACKWARD + metric) == {"logits"}


def test_a_generator_and_its_judge():
    text = """
        z = Placeholder(dtype=float32)
        g = VariableV2(dtype=float32)
        image = MatMul(z, g, T=float32)
        x = Placeholder(dtype=float32)
        d = VariableV2(dtype=float32)
        real = MatMul(x, d, T=float32)
        fake = MatMul(image, d, T=float32)
        axes = Const(value=[0, 1])
        d_loss = Mean(real, axes, T=float32)
        g_loss = Mean(fake, axes, T=float32)
        nothing = Const(value=[])
        one = Const(value=1.0)
        d_seed = Fill(nothing, one, T=float32)
        g_seed = Fill(nothing, one, T=float32)
        dd = Mul(d_seed, real, T=float32)
        dg = Mul(g_seed, fake, T=float32)
        rate = Const(value=0.1)
        train_d = ApplyGradientDescent(d, rate, dd, T=float32)
        train_g = ApplyGradientDescent(g, rate, dg, T=float32)
    """
    inferred = infer(tiny_graph(text))
    assert [str(each.ref) for each in inferred.chosen] == ["image"]
    assert "generator" in inferred.doubts[0]


def test_a_loss_without_gradients():
    assert outputs(DENSE + LOSS) == {"logits"}


def test_a_loss_by_hand():
    loss = """
        y = Placeholder(dtype=float32)
        p = Softmax(logits, T=float32)
        tiny = Const(value=1e-8)
        clipped = Maximum(p, tiny, T=float32)
        log = Log(clipped, T=float32)
        product = Mul(y, log, T=float32)
        axes = Const(value=[0, 1])
        loss = Mean(product, axes, T=float32)
    """
    assert outputs(DENSE + loss) == {"p"}


def test_what_flattens_the_answer_for_the_loss_is_part_of_the_loss():
    loss = """
        y = Placeholder(dtype=int64)
        shape = Const(value=[-1, 10])
        flat = Reshape(logits, shape, T=float32)
        xent = SparseSoftmaxCrossEntropyWithLogits(flat, y, T=float32)
    """
    assert outputs(DENSE + loss) == {"logits"}


def test_summaries_savers_and_initializers_are_no_outputs():
    aside = """
        tag = Const(value=[0])
        histogram = HistogramSummary(tag, logits, T=float32)
        noise = RandomStandardNormal(tag, T=int32, dtype=float32)
        init = Assign(w, noise, T=float32)
        prefix = Const(value=0)
        saved = SaveV2(prefix, prefix, prefix, w)
    """
    assert outputs(DENSE + LOSS + BACKWARD + aside) == {"logits"}


def test_moving_averages_are_no_outputs():
    average = """
        mean = VariableV2(dtype=float32)
        change = Sub(mean, logits, T=float32)
        update = AssignSub(mean, change, T=float32)
    """
    assert outputs(DENSE + LOSS + BACKWARD + average) == {"logits"}


def test_two_heads():
    head = """
        v = VariableV2(dtype=float32)
        box = MatMul(x, v, T=float32)
        corners = Placeholder(dtype=float32)
        difference = Sub(box, corners, T=float32)
    """
    assert outputs(DENSE + LOSS + head) == {"logits", "box"}


def test_a_copy_of_the_network_is_doubted():
    copy = """
        x2 = Placeholder(dtype=float32)
        h2 = MatMul(x2, w, T=float32)
        logits2 = BiasAdd(h2, b, T=float32)
        xent2 = SparseSoftmaxCrossEntropyWithLogits(logits2, y, T=float32)
    """
    inferred = infer(tiny_graph(DENSE + LOSS + copy))
    assert [str(each.ref) for each in inferred.chosen] == ["logits"]
    assert [str(each.ref) for each in inferred.second] == ["logits2"]
    assert "more than once" in inferred.doubts[0]


def test_a_constant_for_input_is_doubted():
    inferred = infer(tiny_graph(DENSE.replace("Placeholder(dtype=float32)", "Const(value=[1.0, 2.0])")))
    assert [str(ref) for ref in inferred.graph.outputs] == ["logits"]
    assert "no placeholder" in inferred.doubts[0]


def test_an_input_alone_is_the_output():
    inferred = infer(tiny_graph("x = Placeholder(dtype=float32)"))
    assert [str(ref) for ref in inferred.graph.outputs] == ["x"]
    assert inferred.doubts


def test_returned_tensors():
    assert outputs(DENSE + "p = Softmax(logits, T=float32)\nr = _Retval(h, T=float32, index=0)") == {"h"}


def test_both_outputs_of_one_source_are_told_apart():
    text = DENSE.replace("x = Placeholder(dtype=float32)", "data = IteratorGetNext() -> float32, int64")
    text = text.replace("MatMul(x", "MatMul(data") + LOSS.replace("y = Placeholder(dtype=int64)", "")
    assert outputs(text.replace("logits, y", "logits, data:1")) == {"logits"}


def test_a_dead_step_beside_its_loop():
    text = """
        x = Placeholder(dtype=float32)
        w = VarHandleOp(dtype=float32) -> resource
        read = ReadVariableOp(w, dtype=float32)
        step = MatMul(x, read, T=float32)
        dead = Tanh(step, T=float32)
        loop = StatelessWhile(x, w, T=('float32', 'resource')) -> float32, resource
        Identity = Identity(loop, T=float32)
    """
    assert outputs(text) == {"Identity"}


def test_a_loop_of_the_old_kind():
    text = """
        x = Placeholder(dtype=float32)
        w = VariableV2(dtype=float32)
        y = Placeholder(dtype=float32)
        zero = Const(value=0.0)
        limit = Const(value=9.0)
        enter = Enter(zero, T=float32, frame_name=b'f')
        enter_x = Enter(x, T=float32, frame_name=b'f', is_constant=True)
        enter_w = Enter(w, T=float32, frame_name=b'f', is_constant=True)
        merge = Merge(enter, next, T=float32) -> float32, int32
        less = Less(merge, zero, T=float32)
        cond = LoopCond(less)
        switch = Switch(merge, cond, T=float32) -> float32, float32
        joined = Add(switch:1, enter_x, T=float32)
        step = MatMul(joined, enter_w, T=float32)
        next = NextIteration(step, T=float32)
        exit = Exit(switch, T=float32)
        difference = SquaredDifference(exit, y, T=float32)
        axes = Const(value=[0])
        loss = Mean(difference, axes, T=float32)
    """
    assert outputs(text) == {"exit"}


def test_what_may_be_a_mask_is_doubted():
    pooled = """
        mask = Placeholder(dtype=float32)
        masked = Mul(logits, mask, T=float32)
    """
    inferred = infer(tiny_graph(DENSE + pooled))
    assert [str(ref) for ref in inferred.graph.outputs] == ["masked"]
    assert "may be labels: mask" in inferred.doubts[0]


def test_nothing_to_choose():
    inferred = infer(tiny_graph("c = Const(value=1)"))
    assert inferred.chosen == ()
    assert inferred.doubts


def test_what_gives_nothing_runs_where_it_seems_to_be_the_answer():
    """An optimizer without its other inputs, found as the end of everything: it has no tensor to ask for."""
    text = """
        X = Placeholder()
        b = VariableV2(dtype=float32)
        b/read = Identity(b)
        Mul = Mul(X)
        Add = Add(Mul, b/read)
        pred = Identity(Add)
        gradients/Add_grad/tuple/group_deps = NoOp(pred)
        GradientDescent/update_b/ApplyGradientDescent = ApplyGradientDescent(b)
    """
    graph = tiny_graph(text)
    end = graph.nodes["gradients/Add_grad/tuple/group_deps"]
    graph = infer(graph.replacing([replace(end, dtypes=())])).graph
    assert all(graph.nodes[ref.node].dtypes for ref in graph.outputs)
    assert graph.controls == (end.name,)
