"""Real files that lie beside the repository, of every format."""

import json
from pathlib import Path

import pytest

from graphcost.errors import GraphcostError
from graphcost.loaders import load

SHARED = Path(__file__).resolve().parents[4] / "shared"
CORPUS = SHARED / "corpus"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared graphs aren't beside the repository"),
]

FORMATS = {
    "GraphDef(binary)": "graphdef",
    "GraphDef(text)": "graphdef-text",
    "GraphDef(text, named .pb)": "graphdef-text",
    "MetaGraphDef(binary)": "metagraph",
    "SavedModel(binary)": "savedmodel",
    "tfjs-graph-model(json GraphDef)": "tfjs",
}
INDEX = json.loads((CORPUS / "index.json").read_text()) if CORPUS.is_dir() else []
BROKEN_ATTRIBUTE = (
    "negative/12-v1_1-0_224_frozen-wrong_attr-line-part-pbtxt/v1_1.0_224_frozen.wrong_attr.line.part.pbtxt"
)
"""A GraphDef all the same: one attribute of it has a value that its op doesn't allow, which is a rule's to say."""


def has_recorded_outputs(node):
    """Whether the op's definition gives the node as many outputs as `_output_shapes` has entries, where it is there."""
    recorded = node.attrs.get("_output_shapes")
    return recorded is None or node.op == "_Arg" or len(recorded) == len(node.dtypes)


@pytest.mark.parametrize("entry", [e for e in INDEX if not e["negative"]], ids=lambda entry: entry["slug"])
def test_every_node_is_there(entry):
    model = load(CORPUS / entry["path"])
    bodies = model.graph.functions.values()
    assert model.format == FORMATS[entry["kind"]]
    assert len(model.graph.nodes) == entry["nodes_top"]
    assert sum(len(body.nodes) - len(body.inputs) for body in bodies) == entry["nodes_functions"]
    assert len(bodies) == entry["functions"]
    for body in (model.graph, *bodies):
        assert not [node for node in body.nodes.values() if not has_recorded_outputs(node)]
    if model.format == "savedmodel":
        assert set(model.signatures) == {name for name in entry["signatures"] if not name.startswith("__saved_model_")}


@pytest.mark.parametrize("entry", [e for e in INDEX if e["negative"]], ids=lambda entry: entry["path"].split("/")[1])
def test_other_kinds_are_refused(entry):
    if entry["path"] == BROKEN_ATTRIBUTE:
        assert len(load(CORPUS / entry["path"]).graph.nodes) == entry["nodes_top"]
        return
    with pytest.raises(GraphcostError) as error:
        load(CORPUS / entry["path"])
    assert str(error.value).startswith(str(CORPUS / entry["path"]))
    assert str(error.value).isprintable()
