"""The whole way: path -> Model -> Graph -> passes -> Graph -> Evaluation -> lines -> Report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Unpack

from graphcost.budget import Budget, spending
from graphcost.evaluate import CallGraph, Evaluation, Run, evaluate
from graphcost.evaluate.feeds import feeds, is_scalar_input, symbol_names
from graphcost.evaluate.structural import HANDLERS
from graphcost.ir.graph import Graph
from graphcost.ir.node import EMPTY, TensorRef
from graphcost.ir.stand_ins import FOLDED
from graphcost.loaders import Model
from graphcost.measure.assemble import choice_notes, count, tensors
from graphcost.measure.dropped import DroppedPart, dropped_work, find_dropped, whole_graph
from graphcost.measure.rule_use import overridden, unmatched
from graphcost.ops.fact import Fact
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import BATCH, Sizes
from graphcost.passes.pipeline import BODY_PASSES, RAISING, Recorder, Step
from graphcost.passes.prune import Prune
from graphcost.preparation import ModelSource, Options, Prepared, prepare
from graphcost.report import Loop, ModelInfo, Report, Tensor
from graphcost.roles.candidates import Inferred
from graphcost.roles.components import component_inputs
from graphcost.roles.phases import training_phases

if TYPE_CHECKING:
    from graphcost.passes.rewrite import RewriteSet


@dataclass(frozen=True)
class Analysis:
    """A report with what it was made from.

    graph: what runs, after all passes: a DAG whose every tensor has its facts in `facts`.
    steps: how it came about, pass by pass.
    dropped: what doesn't run, with its facts and reasons.
    rules: those that the report was made with. rewrites: those that were asked for, if any.
    feeds: what the user laid down. inferred: the choice of the outputs, where nobody named them.
    """

    model: Model
    graph: Graph
    facts: Evaluation
    report: Report
    dropped: DroppedPart
    rules: RuleSet
    rewrites: RewriteSet | None = None
    steps: tuple[Step, ...] = ()
    feeds: Mapping[TensorRef, Fact] = field(default_factory=lambda: EMPTY)
    inferred: Inferred | None = None

    @cached_property
    def calls(self) -> CallGraph:
        """Which of the bodies that run calls which."""
        return CallGraph.of(self.facts)


def analyze(source: ModelSource, **options: Unpack[Options]) -> Report:
    """What running a model costs.

    source: a path, or a GraphDef, MetaGraphDef or SavedModel message of an installed TensorFlow.

    Raises LoadError, GraphError and UsageError; what a rule refuses becomes an uncosted line instead.
    """
    return run_pipeline(source, **options).report


def graphs_by_step(source: ModelSource, **options: Unpack[Options]) -> tuple[Step, ...]:
    """The graph after each step, from the file to what would be evaluated. Raises as analyze() does."""
    with spending(Budget()):
        prepared = prepare(source, options)
        steps, _ = _passed(prepared)
    return (*prepared.steps, *steps)


def _passed(prepared: Prepared) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """The graph after each pass, and what the rewrites that were asked for say of themselves."""
    record = Recorder()
    graph = prepared.graph
    notes: tuple[str, ...] = ()
    for each in RAISING:
        graph = record(each.name, graph, each)
    if prepared.rewrites:
        from graphcost.passes.rewriting import rewriting

        rewritten = rewriting(graph, prepared.rewrites)
        graph, notes = record.note("rewrite", rewritten.graph), rewritten.notes
    for each in BODY_PASSES:
        graph = record(each.name, graph, each)
    return record.steps, notes


def _why_dropped(prepared: Prepared, pruned: Graph) -> Mapping[str, str]:
    """The reason of each node that pruning took away."""
    if pruned is prepared.graph:
        return EMPTY
    from graphcost.roles.reasons import reasons

    return reasons(prepared.graph, pruned.nodes, prepared.network)


def run_pipeline(source: ModelSource, **options: Unpack[Options]) -> Analysis:
    """As analyze(), with the graph and the facts that the report was made from."""
    with spending(Budget()) as budget:
        return _analysis(source, options, budget)


def _analysis(source: ModelSource, options: Options, budget: Budget) -> Analysis:
    prepared = prepare(source, options)
    model, rules, signature = prepared.model, prepared.rules, prepared.signature
    steps, rewrite_notes = _passed(prepared)
    pruned, kept = next(step.graph for step in steps if step.name == Prune.name), steps[-1].graph
    why = _why_dropped(prepared, pruned)
    whole = whole_graph(prepared.graph, why) if why else kept
    names = symbol_names(whole, rules, signature)
    given = options.get("bind", EMPTY)
    scalars = {name: number for name, number in given.items() if is_scalar_input(name, whole, names, signature)}
    symbols = {name: number for name, number in given.items() if name not in scalars}
    unbatched = component_inputs(whole, names, rules)
    fed = feeds(whole, names, signature, options.get("shapes", EMPTY), scalars, unbatched)
    run = Run(rules, HANDLERS, kept.functions, Sizes(names, unbatched=unbatched))
    facts = evaluate(kept, run, fed)
    dropped = find_dropped(whole, why, facts, run, fed)
    batch = options.get("batch")
    bindings = symbols if batch is None else {BATCH: batch, **symbols}
    counted = count(facts, rules, bindings, training_phases(pruned, prepared.network))
    inputs = [ref for ref in names if ref.node in kept.nodes and kept.nodes[ref.node].op != FOLDED]
    doubts = prepared.inferred.doubts if prepared.inferred is not None else ()
    report = Report(
        model=ModelInfo(model.path or "", model.format, len(model.graph.nodes)),
        inputs=tensors(facts, inputs),
        outputs=(*tensors(facts, kept.outputs), *(Tensor(name, None, None) for name in kept.controls)),
        outputs_from=prepared.source,
        lines=counted.lines,
        dropped=dropped_work(dropped, whole, facts, rules),
        loops=tuple(Loop(name, each.trips, each.source) for name, each in run.loops.items()),
        replaced=dict(run.sizes.replaced),
        equalities=run.sizes.equalities,
        warnings=(*model.warnings, *run.warnings),
        notes=(*rewrite_notes, *doubts, *choice_notes(counted, names.values()), *budget.refused),
        reads=counted.reads,
        overridden=overridden(counted.lines, rules),
        unmatched=unmatched(prepared.brought, (model.graph, kept)),
        graph=kept,
    )
    if batch is not None and BATCH in report.symbols:
        symbols.setdefault(BATCH, batch)
    bound = report.bind(**symbols)
    every = (*prepared.steps, *steps)
    return Analysis(model, kept, facts, bound, dropped, rules, prepared.rewrites, every, fed, prepared.inferred)
