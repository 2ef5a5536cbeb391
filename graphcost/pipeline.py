"""The whole pipeline: path -> Model -> Graph -> passes -> Graph -> Evaluation -> lines -> Report."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypedDict, Union, Unpack

from graphcost.errors import UsageError
from graphcost.evaluate import Evaluation, Run, evaluate
from graphcost.evaluate.assigned_shapes import with_assigned_shapes
from graphcost.evaluate.feeds import feeds, is_scalar_input, symbol_names
from graphcost.evaluate.structural import HANDLERS
from graphcost.ir.graph import EMPTY, Graph, PartialShape, TensorRef
from graphcost.loaders import MAX_NODES, Model, Signature, load
from graphcost.measure.assemble import choice_notes, count, dropped, dropped_facts, tensors
from graphcost.ops.fact import Fact
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import BATCH, Sizes
from graphcost.passes.check_recursion import check_recursion
from graphcost.passes.control_flow.raise_control_flow import raise_control_flow
from graphcost.passes.feed import feed
from graphcost.passes.fold import fold
from graphcost.passes.outputs import resolve, with_outputs
from graphcost.passes.prune import prune
from graphcost.passes.rewrite import RewriteSet
from graphcost.passes.rewriting import rewriting
from graphcost.plugins import Asked, chosen_rewrites, installed_rules, rules_from_file
from graphcost.report import ModelInfo, Report, Tensor
from graphcost.roles.candidates import Inferred
from graphcost.roles.infer_outputs import infer_outputs
from graphcost.roles.network import find_network
from graphcost.roles.phases import training_phases
from graphcost.roles.sources import INPUT_OPS

if TYPE_CHECKING:
    from google.protobuf.message import Message

ModelSource = Union[str, "os.PathLike[str]", "Message", Model]
DEFAULT_SIGNATURE = "serving_default"


@dataclass(frozen=True)
class Analysis:
    """A report with what it was made from: every node of `graph` is labelled, every live tensor has its facts.

    `aside` has the facts of what doesn't run, `rules` those that the report was made with, `feeds` what the user laid
    down, and `inferred` the choice of the outputs, where nobody named them.
    """

    model: Model
    graph: Graph
    facts: Evaluation
    report: Report
    aside: Evaluation
    rules: RuleSet
    feeds: Mapping[TensorRef, Fact] = field(default_factory=lambda: EMPTY)
    inferred: Inferred | None = None


class Options(TypedDict, total=False):
    """What analyze() and run_pipeline() take beside the model; every option may be absent.

    outputs, inputs: names of tensors, `node` or `node:port`; patterns such as `logits*` for outputs.
    signature, tags: which of a SavedModel's signatures and graphs; by default serving_default, else the only one.
    shapes: sizes of inputs by name, None for an open one; they act before propagation.
    bind: numbers for symbols, filled in at the end, and for scalar inputs, which act before propagation.
    batch: the number for the symbol N, if the model has it.
    rules: laid over the built-in ones: a RuleSet, or the path of a file that defines RULES.
    rewrites: applied to the graph before it is evaluated, in this order: names of installed ones, paths of files that
        define REWRITES, RewriteSets. None by default: the model is counted as it is.
    max_nodes: a file with more nodes is refused.
    """

    outputs: Sequence[str]
    inputs: Sequence[str]
    signature: str | None
    tags: Sequence[str]
    shapes: Mapping[str, Sequence[int | None]]
    bind: Mapping[str, int]
    batch: int | None
    rules: RuleSet | str | os.PathLike[str] | None
    rewrites: RewriteSet | Iterable[Asked]
    max_nodes: int


def analyze(source: ModelSource, **options: Unpack[Options]) -> Report:
    """What running a model costs.

    source: a path, or a GraphDef, MetaGraphDef or SavedModel message of an installed TensorFlow.

    Raises LoadError, GraphError and UsageError; what a rule refuses becomes an uncosted line instead.
    """
    return run_pipeline(source, **options).report


def run_pipeline(source: ModelSource, **options: Unpack[Options]) -> Analysis:
    """As analyze(), with the labelled graph and the facts that the report was made from."""
    model = _model(source, options)
    rules = _rule_book(options.get("rules"))
    rewrites = _rewrites(options.get("rewrites", ()))
    outputs = options.get("outputs", ())
    signature = _signature(model, options.get("signature"), outputs)
    sound = with_assigned_shapes(check_recursion(model.graph), rules)
    chosen = _with_outputs(sound, outputs, signature)
    graph = _fed(chosen.graph, options.get("inputs", ()), signature, rules)
    known = chosen.inferred.network if chosen.inferred is not None and graph is chosen.graph else None
    network = known or find_network(graph)
    pruned = prune(graph, network)
    rewritten = rewriting(raise_control_flow(pruned), rewrites)
    graph = fold(rewritten.graph)
    names = symbol_names(graph, signature)
    given = options.get("bind", EMPTY)
    scalars = {name: number for name, number in given.items() if is_scalar_input(name, graph, names, signature)}
    symbols = {name: number for name, number in given.items() if name not in scalars}
    fed = feeds(graph, names, signature, options.get("shapes", EMPTY), scalars)
    run = Run(rules, HANDLERS, graph.functions, Sizes(names))
    facts = evaluate(graph, graph.ancestors([*(ref.node for ref in graph.outputs), *graph.controls]), run, fed)
    aside = dropped_facts(graph, facts, run, fed)
    batch = options.get("batch")
    bindings = symbols if batch is None else {BATCH: batch, **symbols}
    counted = count(facts, rules, bindings, training_phases(pruned, network))
    report = Report(
        model=ModelInfo(model.path or "", model.format, len(model.graph.nodes)),
        inputs=tensors(facts, [ref for ref in names if graph.nodes[ref.node].dropped is None]),
        outputs=(*tensors(facts, graph.outputs), *(Tensor(name, None, None) for name in graph.controls)),
        outputs_from=chosen.source,
        lines=counted.lines,
        dropped=dropped(graph, aside, rules),
        loops=tuple(run.loops.values()),
        replaced=dict(run.sizes.replaced),
        equalities=run.sizes.equalities,
        warnings=(*model.warnings, *run.warnings),
        notes=(*rewritten.notes, *chosen.doubts, *choice_notes(counted, names.values())),
    )
    if batch is not None and BATCH in report.symbols:
        symbols.setdefault(BATCH, batch)
    return Analysis(model, graph, facts, report.bind(**symbols), aside, rules, fed, chosen.inferred)


def _model(source: ModelSource, options: Options) -> Model:
    if isinstance(source, Model):
        return source
    return load(source, tags=options.get("tags", ()), max_nodes=options.get("max_nodes", MAX_NODES))


def _rule_book(rules: RuleSet | str | os.PathLike[str] | None) -> RuleSet:
    if rules is None:
        return installed_rules()
    return installed_rules() | (rules if isinstance(rules, RuleSet) else rules_from_file(rules))


def _rewrites(asked: RewriteSet | Iterable[Asked]) -> RewriteSet:
    return asked if isinstance(asked, RewriteSet) else chosen_rewrites(asked)


def _signature(model: Model, name: str | None, outputs: Sequence[str]) -> Signature | None:
    """The signature by that name; without a name the default, else the only one, unless outputs are named instead."""
    if name is None and (outputs or not model.signatures):
        return None
    if name is None:
        name = DEFAULT_SIGNATURE if DEFAULT_SIGNATURE in model.signatures else None
        if name is None and len(model.signatures) == 1:
            (name,) = model.signatures
    if name is None or name not in model.signatures:
        has = f"its signatures are {', '.join(sorted(model.signatures))}" if model.signatures else "it has none"
        raise UsageError(f"the model has no signature {name!r}: {has}" if name else f"choose a --signature: {has}")
    return model.signatures[name]


@dataclass(frozen=True)
class Chosen:
    """A graph with its outputs, where they came from, and how they were inferred where nobody named them."""

    graph: Graph
    source: str
    inferred: Inferred | None = None

    @property
    def doubts(self) -> tuple[str, ...]:
        return self.inferred.doubts if self.inferred is not None else ()


def _with_outputs(graph: Graph, outputs: Sequence[str], signature: Signature | None) -> Chosen:
    if outputs:
        return Chosen(with_outputs(graph, outputs), "option")
    if signature is not None:
        return Chosen(replace(graph, outputs=tuple(dict.fromkeys(signature.outputs.values()))), "signature")
    inferred = infer_outputs(graph)
    return Chosen(inferred.graph, "inferred", inferred)


def _fed(graph: Graph, inputs: Sequence[str], signature: Signature | None, rules: RuleSet) -> Graph:
    """The graph with inner tensors as inputs, those named and the signature's, of the shapes they have inside."""
    refs = [ref for name in inputs for ref in resolve(graph, name)]
    if signature is not None and not inputs:
        refs = [ref for ref in signature.inputs.values() if graph.nodes[ref.node].op not in INPUT_OPS]
    if not refs:
        return graph
    run = Run(rules, HANDLERS, graph.functions, Sizes(symbol_names(graph)))
    facts = evaluate(graph, graph.ancestors(ref.node for ref in refs), run, EMPTY)
    return feed(graph, {ref: _partial(facts, ref) for ref in refs})


def _partial(facts: Evaluation, ref: TensorRef) -> PartialShape:
    shape = facts.fact(ref).shape
    return PartialShape(None if shape is None else tuple(dim if isinstance(dim, int) else -1 for dim in shape))
