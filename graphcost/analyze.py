"""The whole pipeline: path -> Model -> Graph -> passes -> Graph -> Evaluation -> lines -> Report."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphcost.assemble import choice_note, count, dropped, tensors
from graphcost.errors import UsageError
from graphcost.evaluate import Evaluation, Run, evaluate
from graphcost.graph import Graph, PartialShape, TensorRef
from graphcost.inputs import feeds, is_scalar_input, symbol_names
from graphcost.load import Model, Signature, load
from graphcost.passes.feed import feed
from graphcost.passes.fold import fold
from graphcost.passes.outputs import resolve, with_inferred_outputs, with_outputs
from graphcost.passes.prune import prune
from graphcost.plugins import installed_rules, rules_from_file
from graphcost.report import ModelInfo, Report
from graphcost.rule import RuleSet
from graphcost.sizes import BATCH, Sizes
from graphcost.structural import HANDLERS

EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Analysis:
    """A report with what it was made from: every node of `graph` is labelled, every live tensor has its facts."""

    model: Model
    graph: Graph
    facts: Evaluation
    report: Report


def analyze(source: Any, **options: Any) -> Report:
    """What running a model costs: `examine(...)`, of which only the report is wanted."""
    return examine(source, **options).report


def examine(
    source: Any,
    *,
    outputs: Sequence[str] | None = None,
    inputs: Sequence[str] = (),
    signature: str | None = None,
    tags: Sequence[str] = (),
    shapes: Mapping[str, Sequence[int | None]] = EMPTY,
    bind: Mapping[str, int] = EMPTY,
    batch: int | None = None,
    rules: RuleSet | str | os.PathLike[str] | None = None,
) -> Analysis:
    """Reads a model and counts what computing its outputs costs.

    source: a path, or a GraphDef, MetaGraphDef or SavedModel message.
    outputs, inputs: names of tensors, `node` or `node:port`; patterns such as `logits*` for outputs.
    shapes: sizes of inputs by name, None for an open one; they act before propagation.
    bind: numbers for symbols, filled in at the end, and for scalar inputs, which act before propagation.
    batch: the number for the symbol N, if the model has it.
    rules: laid over the built-in ones: a RuleSet, or the path of a file that defines RULES.

    Raises LoadError, GraphError and UsageError; what a rule refuses becomes an uncosted line instead.
    """
    model = source if isinstance(source, Model) else load(source, tags=tags)
    book = _rule_book(rules)
    chosen = _signature(model, signature, outputs)
    graph, outputs_from = _with_outputs(model.graph, outputs, chosen)
    if inputs:
        graph = _fed(graph, inputs, book)
    graph = fold(prune(graph))
    names = symbol_names(graph, chosen)
    scalars = {name: number for name, number in bind.items() if is_scalar_input(name, graph, names, chosen)}
    fed = feeds(graph, names, chosen, shapes, scalars)
    run = Run(book, HANDLERS, graph.functions, Sizes(names))
    live = graph.ancestors([*(ref.node for ref in graph.outputs), *graph.controls])
    facts = evaluate(graph, live, run, fed)
    symbols = {name: number for name, number in bind.items() if name not in scalars}
    counted = count(facts, book, symbols if batch is None else {BATCH: batch, **symbols})
    report = Report(
        model=ModelInfo(model.path or "", model.format, len(model.graph.nodes)),
        inputs=tensors(facts, [ref for ref in names if graph.nodes[ref.node].dropped is None], chosen),
        outputs=tensors(facts, graph.outputs, chosen),
        outputs_from=outputs_from,
        lines=counted.lines,
        dropped=dropped(graph, facts, run, fed),
        loops=tuple(run.loops.values()),
        replaced=dict(run.sizes.replaced),
        equalities=run.sizes.equalities,
        warnings=(*model.warnings, *run.warnings),
        notes=tuple(choice_note(predicate, value, names.values()) for predicate, value in counted.choices.items()),
    )
    if batch is not None and BATCH in report.symbols:
        symbols.setdefault(BATCH, batch)
    return Analysis(model, graph, facts, report.bind(**symbols))


def _rule_book(rules: RuleSet | str | os.PathLike[str] | None) -> RuleSet:
    if rules is None:
        return installed_rules()
    return installed_rules() | (rules if isinstance(rules, RuleSet) else rules_from_file(rules))


def _signature(model: Model, name: str | None, outputs: Sequence[str] | None) -> Signature | None:
    if name is None and (outputs or not model.signatures):
        return None
    if name is None:
        name = "serving_default" if "serving_default" in model.signatures else None
        if name is None and len(model.signatures) == 1:
            (name,) = model.signatures
    if name is None or name not in model.signatures:
        has = f"its signatures are {', '.join(sorted(model.signatures))}" if model.signatures else "it has none"
        raise UsageError(f"the model has no signature {name!r}: {has}" if name else f"choose a signature: {has}")
    return model.signatures[name]


def _with_outputs(graph: Graph, outputs: Sequence[str] | None, signature: Signature | None) -> tuple[Graph, str]:
    if outputs:
        return with_outputs(graph, outputs), "option"
    if signature is not None:
        return replace(graph, outputs=tuple(dict.fromkeys(signature.outputs.values()))), "signature"
    if graph.outputs:
        return graph, "file"
    return with_inferred_outputs(graph), "inferred"


def _fed(graph: Graph, inputs: Sequence[str], rules: RuleSet) -> Graph:
    """The graph with the named tensors as inputs, of the shapes that the graph above them gives them."""
    refs = [ref for name in inputs for ref in resolve(graph, name)]
    run = Run(rules, HANDLERS, graph.functions, Sizes(symbol_names(graph)))
    facts = evaluate(graph, graph.ancestors(ref.node for ref in refs), run, {})
    return feed(graph, {ref: _partial(facts, ref) for ref in refs})


def _partial(facts: Evaluation, ref: TensorRef) -> PartialShape:
    shape = facts.fact(ref).shape
    return PartialShape(None if shape is None else tuple(dim if isinstance(dim, int) else -1 for dim in shape))
