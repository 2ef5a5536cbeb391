"""ReduceDataset: `for batch in dataset`. The functions on the dataset's elements run as often as it has elements."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

from graphcost.dims import Dim, symbol, symbols
from graphcost.dims.shape import Shape
from graphcost.evaluate import Call, Evaluation, HandlerSteps, LoopTrips, Outcome, Request, Site, fact_in
from graphcost.evaluate.infer import Problem
from graphcost.evaluate.structural import datasets
from graphcost.evaluate.structural.datasets import Dataset, calls_of
from graphcost.evaluate.structural.join import join
from graphcost.evaluate.structural.loop import MAX_ROUNDS
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import FunctionRef, Node, TensorRef
from graphcost.ops.fact import UNKNOWN, Fact
from graphcost.ops.status import Status

SAME = frozenset(
    (
        *("Identity", "ShuffleDataset", "ShuffleDatasetV2", "ShuffleDatasetV3", "PrefetchDataset", "OptionsDataset"),
        *("ModelDataset", "AssertCardinalityDataset", "FinalizeDataset", "MaxIntraOpParallelismDataset"),
        *("PrivateThreadPoolDataset", "OptimizeDataset", "OptimizeDatasetV2", "RewriteDataset"),
    )
)
"""What hands on the elements of its first input, in whatever order."""

MAPS = frozenset({"MapDataset", "ParallelMapDataset", "ParallelMapDatasetV2"})
BATCHES = {"BatchDataset": None, "BatchDatasetV2": 2, "ParallelBatchDataset": 3}
"""What batches, and the input that says whether a smaller last batch is dropped."""
TESTS = frozenset({"TakeWhileDataset", "FilterDataset"})
"""What runs a predicate on elements, and ends with or leaves out those for which it is False."""

SEVERAL = frozenset(("ZipDataset", "ConcatenateDataset"))
OTHERS = frozenset(
    (
        *("RepeatDataset", "TakeDataset", "SkipDataset", "ShardDataset", "CacheDataset", "CacheDatasetV2"),
        *("ScanDataset", "UnbatchDataset"),
    )
)

Step = Generator[Request, Evaluation | Problem, Dataset | Problem]


def reduce_dataset(site: Site) -> HandlerSteps:
    """The function runs on each element of the dataset, as do those that make the elements."""
    found = yield from _dataset(site)
    if isinstance(found, Problem):
        return site.unknown(found)
    function = site.function("f")
    states = _count(site.node, "Tstate")
    if function is None or states > len(site.inputs) - 1:
        return site.unknown(Problem(Status.INVALID, "it names no function, or lacks its state"))
    unknown = f"trips({site.inner_path})"
    trips = symbol(unknown, least=0) if found.count is None else found.count
    source = "unknown" if unknown in symbols(trips) else "derived" if found.is_exact else "at most"
    site.run.loops[site.inner_path] = LoopTrips(trips, source)
    given, captured = site.inputs[1 : 1 + states], site.inputs[1 + states :]
    folded = yield from _folded(site, site.node, function, given, found, captured, site.inner_path)
    if isinstance(folded, Problem):
        return site.unknown(folded)
    variables, evaluations = folded
    components = len(evaluations[0].graph.inputs) - states - len(captured)
    positions = (*range(1, 1 + states), *([None] * components), *range(1 + states, len(site.inputs)))
    own = [
        Call(each, runs(trips, True), operands=positions)
        for each, (_, runs) in zip(evaluations, found.kinds, strict=True)
    ]
    return Outcome(site.filled(variables), (*own, *calls_of(found, trips, True)))


def single_element(site: Site) -> HandlerSteps:
    """Takes the one element of a dataset: the functions that make it run."""
    found = yield from _dataset(site)
    if isinstance(found, Problem):
        return site.unknown(found)
    elements = found.last if found.full == 0 and found.last is not None else found.elements
    return Outcome(site.filled(elements), tuple(calls_of(found, 1, True)))


def _dataset(site: Site) -> Step:
    """What is known of the dataset that the first input is, from the nodes that it is made of, sources first."""
    graph = site.place.graph
    if not site.node.inputs:
        return Problem(Status.INVALID, "it has no dataset")
    root = site.node.inputs[0].node
    pending, names = [root], {root}
    while pending:
        node = graph.nodes[pending.pop()]
        sources = [ref.node for ref in _sources(node) if ref.node not in names]
        pending += sources
        names.update(sources)
    known: dict[str, Dataset] = {}
    for node in graph.order:
        if node.name in names:
            made = yield from _made(site, node, known)
            if isinstance(made, Problem):
                return made
            known[node.name] = made
    return known[root]


def _sources(node: Node) -> Sequence[TensorRef]:
    """The datasets that a dataset is made of."""
    if node.op in SEVERAL:
        return node.inputs
    is_made_of_one = node.op in SAME | MAPS | TESTS | BATCHES.keys() | OTHERS
    return node.inputs[:1] if is_made_of_one else ()


def _made(site: Site, node: Node, known: Mapping[str, Dataset]) -> Step:
    facts = [fact_in(site.facts, ref) for ref in node.inputs]
    sources = [known[ref.node] for ref in _sources(node) if ref.node in known]
    made: Dataset | Problem | None
    if node.op in MAPS and sources:
        made = yield from _mapped(site, node, facts, sources[0])
    elif node.op in TESTS and sources:
        made = yield from _tested(site, node, facts, sources[0])
    elif node.op == "ScanDataset" and sources:
        made = yield from _scanned(site, node, facts, sources[0])
    else:
        made = _plain(node, facts, sources)
    if made is not None:
        return made
    functions = [ref.name for ref in node.attrs.values() if isinstance(ref, FunctionRef)]
    if functions or sources or any(fact.dtype == "variant" for fact in facts):
        return Problem(Status.NO_RULE, f"what its dataset runs isn't followed through {node.op}")
    return _opaque(site, node)


def _plain(node: Node, facts: Sequence[Fact], sources: Sequence[Dataset]) -> Dataset | None:
    """A dataset whose elements no function makes; None where it isn't understood."""
    numbers = [fact.number for fact in facts]
    if node.op in SAME and sources:
        return sources[0]
    if node.op in ("CacheDataset", "CacheDatasetV2") and sources:
        return datasets.kept(sources[0])
    if node.op == "TensorSliceDataset" and facts and facts[0].shape:
        return datasets.sliced(facts, facts[0].shape[0])
    if node.op == "TensorDataset":
        return Dataset(tuple(replace(fact, value=None) for fact in facts), 1)
    if node.op == "ZipDataset" and sources:
        return datasets.zipped(sources)
    if node.op == "ConcatenateDataset" and len(sources) == 2:
        return datasets.concatenated(*sources)
    if node.op == "UnbatchDataset" and sources:
        return datasets.unbatched(sources[0])
    if node.op == "RangeDataset" and len(numbers) >= 3:
        start, stop, step = numbers[:3]
        if start is not None and stop is not None and isinstance(step, int) and step:
            return datasets.numbers(_types(node)[0] if _types(node) else None, start, stop, step)
    if not sources or len(numbers) < 2 or numbers[1] is None:
        return None
    return _of_a_number(node, sources[0], numbers[1], numbers)


def _of_a_number(node: Node, source: Dataset, number: Dim, numbers: Sequence[Dim | None]) -> Dataset | None:
    if node.op in BATCHES and source.last is None:
        position = BATCHES[node.op]
        drops = False if position is None else numbers[position] if position < len(numbers) else None
        return None if drops is None or number == 0 else datasets.batched(source, number, drops == 1)
    if node.op == "RepeatDataset":
        return datasets.repeated(source, number)
    if node.op == "TakeDataset":
        return datasets.first(source, number)
    if node.op == "SkipDataset":
        return datasets.without_first(source, number)
    if node.op == "ShardDataset" and len(numbers) > 2 and numbers[2] is not None:
        return datasets.shard(source, number, numbers[2])
    return None


def _opaque(site: Site, node: Node) -> Dataset:
    """A dataset from elsewhere: its elements are as declared, and how many there are is a symbol."""
    shapes = node.attrs.get("output_shapes")
    declared = shapes if isinstance(shapes, tuple) and not isinstance(shapes, PartialShape) else ()
    elements = tuple(
        Fact(dtype, _opened(site, node, shape, port))
        for port, (dtype, shape) in enumerate(zip(_types(node), declared, strict=False))
    )
    return Dataset(elements, symbol(f"trips({site.inner_path})", least=0), is_exact=False)


def _opened(site: Site, node: Node, shape: object, port: int) -> Shape | None:
    if not isinstance(shape, PartialShape) or shape.dims is None:
        return None
    ref = TensorRef(f"{node.name} element", port)
    return Shape(*(site.sizes.open(ref, axis) if size < 0 else size for axis, size in enumerate(shape.dims)))


def _mapped(site: Site, node: Node, facts: Sequence[Fact], source: Dataset) -> Step:
    captured = facts[1 : 1 + _count(node, "Targuments")]
    evaluations = yield from _on_elements(site, node, "f", source, captured)
    if isinstance(evaluations, Problem):
        return evaluations
    return datasets.mapped(source, evaluations, [_without_values(each.outputs) for each in evaluations])


def _tested(site: Site, node: Node, facts: Sequence[Fact], source: Dataset) -> Step:
    """The elements stay; how many there are is a bound."""
    captured = facts[1 : 1 + _count(node, "Targuments")]
    evaluations = yield from _on_elements(site, node, "predicate", source, captured)
    if isinstance(evaluations, Problem):
        return evaluations
    kinds = [source.elements] if source.last is None else [source.elements, source.last]
    return replace(datasets.mapped(source, evaluations, kinds), is_exact=False)


def _scanned(site: Site, node: Node, facts: Sequence[Fact], source: Dataset) -> Step:
    states = _count(node, "Tstate")
    given, captured = facts[1 : 1 + states], facts[1 + states :]
    function = node.attrs.get("f")
    if not isinstance(function, FunctionRef):
        return Problem(Status.INVALID, f"{node.name} names no function")
    folded = yield from _folded(site, node, function.name, given, source, captured, site.path_of(node))
    if isinstance(folded, Problem):
        return folded
    _, evaluations = folded
    return datasets.mapped(source, evaluations, [_without_values(each.outputs[states:]) for each in evaluations])


def _on_elements(
    site: Site, node: Node, attribute: str, source: Dataset, captured: Sequence[Fact]
) -> Generator[Request, Evaluation | Problem, list[Evaluation] | Problem]:
    function = node.attrs.get(attribute)
    if not isinstance(function, FunctionRef):
        return Problem(Status.INVALID, f"{node.name} names no function")
    evaluations = []
    for elements, _ in source.kinds:
        given = _components(site, function.name, elements, len(captured))
        evaluation = yield Request(function.name, (*given, *captured), site.path_of(node))
        if isinstance(evaluation, Problem):
            return evaluation
        evaluations.append(evaluation)
    return evaluations


def _folded(
    site: Site,
    node: Node,
    function: str,
    given: Sequence[Fact],
    source: Dataset,
    captured: Sequence[Fact],
    path: str,
) -> Generator[Request, Evaluation | Problem, tuple[tuple[Fact, ...], tuple[Evaluation, ...]] | Problem]:
    """A function that takes a state and an element and gives the next state, evaluated until no shape changes."""
    variables = _without_values(given)
    for _ in range(MAX_ROUNDS):
        evaluations: list[Evaluation] = []
        after = variables
        for elements, _ in source.kinds:
            components = _components(site, function, elements, len(variables) + len(captured))
            evaluation = yield Request(function, (*variables, *components, *captured), path)
            if isinstance(evaluation, Problem):
                return evaluation
            if len(evaluation.outputs) < len(variables):
                return Problem(Status.INVALID, f"{function!r} doesn't give back the state that it takes")
            evaluations.append(evaluation)
            pairs = enumerate(zip(after, evaluation.outputs, strict=False))
            after = _without_values(
                [join(*pair, TensorRef(f"{node.name} state", port), site.sizes) for port, pair in pairs]
            )
        if after == variables:
            return variables, tuple(evaluations)
        variables = after
    return Problem(Status.NO_SHAPE, "the shapes of its state never settle")


def _components(site: Site, function: str, elements: tuple[Fact, ...], others: int) -> tuple[Fact, ...]:
    """An element as the function takes it: as many components as it takes, where nothing is declared of them."""
    body = site.run.body(function, None)
    return elements or ((UNKNOWN,) * (len(body.inputs) - others) if body is not None else ())


def _without_values(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    return tuple(replace(fact, value=None, texts=None) for fact in facts)


def _types(node: Node) -> tuple[str | None, ...]:
    types = node.attrs.get("output_types", node.attrs.get("Toutput_types"))
    return tuple(each if isinstance(each, str) else None for each in types) if isinstance(types, tuple) else ()


def _count(node: Node, attribute: str) -> int:
    """How many inputs a list of types stands for."""
    types = node.attrs.get(attribute)
    return len(types) if isinstance(types, tuple) else 0
