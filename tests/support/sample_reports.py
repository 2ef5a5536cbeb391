"""Reports made by hand, for the tests of what users see."""

from __future__ import annotations

from graphcost.dims import Dim, Shape, symbol
from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.report import IDLE, Dropped, Line, Loop, ModelInfo, Report, Tensor, Work

N = symbol("N")


def line(
    node: str,
    op: str = "Foo",
    *,
    cost: Cost | None = None,
    integer: Cost | None = None,
    status: Status | None = None,
    output: Shape | None = None,
    count: Dim = 1,
    params: int = 0,
    reason: str = "",
) -> Line:
    """A costed line where there is a cost, else a free one; its scope is that of its name."""
    work = Work(cost or Cost(), integer or Cost())
    if status is None:
        status = Status.COSTED if cost or integer else Status.FREE
    return Line(
        node=node,
        op=op,
        scope=node.rpartition("/")[0],
        status=status,
        work=work if status is Status.COSTED else IDLE,
        count=count,
        outputs=(output,),
        params=params,
        param_bytes=4 * params,
        reason=reason,
    )


def make_report(*lines: Line, **fields: object) -> Report:
    common: dict[str, object] = {
        "model": ModelInfo("model.pb", "graphdef", len(lines)),
        "inputs": (),
        "outputs": (),
        "outputs_from": "inferred",
    }
    return Report(lines=lines, **(common | fields))  # type: ignore[arg-type]


def perceptron() -> Report:
    """A dense layer of 32 inputs and 10 outputs: 640 MACs' worth of FLOPs, 10 additions and 49 of softmax a row."""
    return make_report(
        line("x", "Placeholder", output=Shape(N, 32)),
        line("dense/MatMul", "MatMul", cost=Cost(mac=320 * N), output=Shape(N, 10), params=320),
        line("dense/BiasAdd", "BiasAdd", cost=Cost(add=10 * N), output=Shape(N, 10), params=10),
        line(
            "dense/Softmax",
            "Softmax",
            cost=Cost(compare=9 * N, add=19 * N, transcendental=10 * N, div=10 * N),
            output=Shape(N, 10),
        ),
        inputs=(Tensor("x", "float32", Shape(N, 32)),),
        outputs=(Tensor("dense/Softmax", "float32", Shape(N, 10)),),
        dropped={
            "initializer": Dropped(24, Work(Cost(add=2100)), True),
            "loss": Dropped(34, Work(Cost(mul=3 * N)), False),
            "unused": Dropped(7, IDLE, True),
        },
    )


def residual_net() -> Report:
    """Three stages of two blocks, a loop, an operation that nobody knows, and a size that is open."""
    length = symbol("tokens[1]")
    lines = []
    for stage in range(3):
        for block in range(2):
            scope = f"net/stage{stage}/block{block}"
            shape = Shape(N, 56 >> stage, 56 >> stage, 64 << stage)
            convolution = Cost(mac=N * (1_000_000 + 250_000 * stage))
            lines.append(line(f"{scope}/conv/Conv2D", "Conv2D", cost=convolution, output=shape, params=36_864 << stage))
            lines.append(line(f"{scope}/relu/Relu", "Relu", cost=Cost(compare=shape.size), output=shape))
    lines.append(
        line("net/rnn/while/MatMul", "MatMul", cost=Cost(mac=4096 * length * N), output=Shape(N, 64), count=length)
    )
    lines.append(
        line("net/head/Mystery", "Mystery", status=Status.NO_RULE, reason="graphcost knows no cost of Mystery")
    )
    lines.append(line("net/head/ids/Add", "AddV2", integer=Cost(add=12 * N), output=Shape(N, 12)))
    return make_report(
        *lines,
        inputs=(Tensor("image", "float32", Shape(N, 224, 224, 3)), Tensor("tokens", "int32", Shape(N, length))),
        outputs=(Tensor("net/head/Mystery", "float32", None),),
        loops=(Loop("net/rnn/while", length, "derived"), Loop("net/decode", symbol("trips(net/decode)"), "unknown")),
        replaced={"mask[1]": length},
        warnings=("net/rnn: the file's shape [?,3] contradicts [?,4]",),
        notes=("the branch 'training' was left out: is_training=0",),
    )
