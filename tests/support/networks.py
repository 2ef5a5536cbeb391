"""The network of a small graph, and what follows from it, by the installed rules or by others."""

from __future__ import annotations

from collections.abc import Mapping

from graphcost.ir.graph import Graph
from graphcost.ops.rule import RuleSet
from graphcost.passes.prune import Prune
from graphcost.plugins import installed_rules
from graphcost.roles.candidates import Inferred
from graphcost.roles.infer_outputs import infer_outputs
from graphcost.roles.network import Network, find_network
from graphcost.roles.reasons import reasons


def network_of(graph: Graph, rules: RuleSet | None = None) -> Network:
    return find_network(graph, rules or installed_rules())


def why_dropped(graph: Graph, rules: RuleSet | None = None) -> Mapping[str, str]:
    """Why nodes don't run, for those that the outputs don't need."""
    return reasons(graph, Prune()(graph).nodes, network_of(graph, rules))


def inferred(graph: Graph, rules: RuleSet | None = None) -> Inferred:
    return infer_outputs(graph, rules or installed_rules())
