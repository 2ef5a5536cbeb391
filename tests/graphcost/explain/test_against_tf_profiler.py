"""The reproduction of tf.profiler equals tf.profiler, node by node, on every shared graph that TensorFlow imports."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from profiler_oracle import imported, pin_batch, profile, read_graph_def

from graphcost.explain.reference import counts, facts_on_import
from graphcost.loaders import load
from graphcost.plugins import installed_rules, reference_rules

SHARED = Path(__file__).resolve().parents[4] / "shared"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.tensorflow,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared graphs aren't beside the repository"),
]

EXCEPTIONS = {
    # TensorFlow doesn't follow a Range to the one known size of a partly known shape.
    "corpus/visdrone-od-api-meta/model.ckpt.meta": {"mul_2"},
}
"""By file the nodes that are counted differently."""


def files() -> Iterator[tuple[str, str]]:
    """Every file that holds a whole graph, with its kind; a tfjs model's constants lie elsewhere."""
    for entry in json.loads((SHARED / "corpus" / "index.json").read_text()):
        if not entry["negative"] and "tfjs-graph" not in entry["kind"]:
            yield f"corpus/{entry['path']}", entry["kind"]
    for folder in ("zoo", "seed"):
        for path in sorted((SHARED / folder).glob("*.pb")):
            yield f"{folder}/{path.name}", "GraphDef(binary)"


@pytest.fixture(scope="module")
def rules() -> Any:
    pytest.importorskip("tensorflow")
    return installed_rules() | reference_rules(), reference_rules()


def reproduced(graph_def: Any, rules: Any) -> dict[str, int]:
    graph = load(graph_def).graph
    found = counts(graph, facts_on_import(graph, rules[0], {}), rules[1])
    return {name: count.flops for name, count in found.items() if count.flops}


@pytest.mark.parametrize("pinned", [False, True], ids=["open", "pinned"])
def test_every_node_of_every_graph(rules: Any, pinned: bool) -> None:
    compared, differing = 0, {}
    for name, kind in files():
        graph_def = read_graph_def(SHARED / name, kind)
        graph = imported(pin_batch(graph_def) if pinned else graph_def)
        if graph is None:
            continue
        compared += 1
        theirs = profile(graph)
        ours = reproduced(graph_def, rules)
        nodes = {node for node in {*ours, *theirs.nodes} if ours.get(node) != theirs.nodes.get(node)}
        if nodes:
            differing[name] = nodes
        else:
            assert sum(ours.values()) == theirs.total, name
    assert compared > 100
    assert differing == EXCEPTIONS
    assert len(differing) <= compared / 20


@pytest.mark.parametrize(("name", "total"), [("q1", 2), ("q2", 2050), ("q3", 2101), ("a21", 21), ("a1090", 1156)])
def test_the_seed(rules: Any, name: str, total: int) -> None:
    graph_def = read_graph_def(SHARED / "seed" / f"{name}.pb", "GraphDef(binary)")
    assert sum(reproduced(graph_def, rules).values()) == total
