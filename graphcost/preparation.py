"""From what was asked to the graph that answers it: the model's own, with outputs chosen and inputs fed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict, Union

from graphcost.budget import widen
from graphcost.errors import UsageError
from graphcost.evaluate import Evaluation, Run, evaluate
from graphcost.evaluate.assigned_shapes import with_assigned_shapes
from graphcost.evaluate.feeds import symbol_names
from graphcost.evaluate.structural import HANDLERS
from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import EMPTY, TensorRef
from graphcost.loaders import MAX_NODES, Model, Signature, load
from graphcost.ops.roles import SOURCES
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import Sizes
from graphcost.passes.check_recursion import check_recursion
from graphcost.passes.feed import feed
from graphcost.passes.outputs import resolve, with_outputs
from graphcost.passes.pipeline import Recorder, Step
from graphcost.passes.prune import Prune
from graphcost.plugins import Asked, chosen_rewrites, installed_rules, rules_from_file
from graphcost.roles.candidates import Inferred
from graphcost.roles.infer_outputs import infer_outputs
from graphcost.roles.network import Network, find_network

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from graphcost.passes.rewrite import RewriteSet

ModelSource = Union[str, "os.PathLike[str]", "Message", Model]
DEFAULT_SIGNATURE = "serving_default"


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


@dataclass(frozen=True)
class Prepared:
    """A model's graph before it is pruned.

    graph: with its outputs, and with inner tensors as inputs where that was asked for. source: where the outputs came
    from: "option", "signature" or "inferred"; inferred: how, where nobody named them. network: what its nodes are for.
    rewrites: those to apply, if any. steps: how the graph came about. brought: those of the rules that the user did.
    """

    model: Model
    rules: RuleSet
    brought: RuleSet | None
    rewrites: RewriteSet | None
    signature: Signature | None
    graph: Graph
    source: str
    inferred: Inferred | None
    network: Network
    steps: tuple[Step, ...]


def prepare(source: ModelSource, options: Options) -> Prepared:
    """Raises LoadError, GraphError and UsageError, as analyze() does."""
    record = Recorder()
    model = _model(source, options, record)
    widen(_size(model.graph))
    brought = _brought(options.get("rules"))
    rules = installed_rules()
    if brought is not None:
        rules = rules | brought
    rewrites = _rewrites(options.get("rewrites", ()))
    outputs = options.get("outputs", ())
    signature = _signature(model, options.get("signature"), outputs)
    sound = record("check_recursion", model.graph, check_recursion)
    sound = record("assign_shapes", sound, lambda graph: with_assigned_shapes(graph, rules))
    inferred = None
    if outputs:
        chosen, origin = with_outputs(sound, outputs), "option"
    elif signature is not None:
        chosen, origin = replace(sound, outputs=tuple(dict.fromkeys(signature.outputs.values()))), "signature"
    else:
        inferred = infer_outputs(sound, rules)
        chosen, origin = inferred.graph, "inferred"
    record.note("choose_outputs", chosen)
    graph = record("feed", chosen, lambda graph: _fed(graph, options.get("inputs", ()), signature, rules))
    known = inferred.network if inferred is not None and graph is chosen else None
    network = known or find_network(graph, rules)
    return Prepared(model, rules, brought, rewrites, signature, graph, origin, inferred, network, record.steps)


def _model(source: ModelSource, options: Options, record: Recorder) -> Model:
    if isinstance(source, Model):
        return source
    model = load(source, tags=options.get("tags", ()), max_nodes=options.get("max_nodes", MAX_NODES))
    record.note("load", model.graph)
    return model


def _size(graph: Graph) -> int:
    """The nodes of a graph and of its functions."""
    return len(graph.nodes) + sum(len(body.nodes) for body in graph.functions.values())


def _brought(rules: RuleSet | str | os.PathLike[str] | None) -> RuleSet | None:
    return rules if rules is None or isinstance(rules, RuleSet) else rules_from_file(rules)


def _rewrites(asked: RewriteSet | Iterable[Asked]) -> RewriteSet | None:
    if not asked:
        return None
    from graphcost.passes.rewrite import RewriteSet

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


def _fed(graph: Graph, inputs: Sequence[str], signature: Signature | None, rules: RuleSet) -> Graph:
    """The graph with inner tensors as inputs, those named and the signature's, of the shapes they have inside."""
    refs = [ref for name in inputs for ref in resolve(graph, name)]
    if signature is not None and not inputs:
        sources = rules.ops_in(SOURCES)
        refs = [ref for ref in signature.inputs.values() if graph.nodes[ref.node].op not in sources]
    if not refs:
        return graph
    run = Run(rules, HANDLERS, graph.functions, Sizes(symbol_names(graph, rules)))
    facts = evaluate(Prune()(replace(graph, outputs=tuple(refs), controls=())), run, EMPTY)
    return feed(graph, {ref: _partial(facts, ref) for ref in refs})


def _partial(facts: Evaluation, ref: TensorRef) -> PartialShape:
    shape = facts.fact(ref).shape
    return PartialShape(None if shape is None else tuple(dim if isinstance(dim, int) else -1 for dim in shape))
