import os

import pytest
from model_files import RELU, encoded, write

from graphcost.errors import LoadError, UsageError
from graphcost.loaders import load


def saved_model(*tags):
    """A SavedModel with a graph for each comma-separated list of tags; each graph has a node of that name."""
    graphs = ""
    for choice in tags:
        listed = "".join(f'tags: "{tag}" ' for tag in choice.split(",") if tag)
        graphs += (
            f'meta_graphs {{ meta_info_def {{ {listed} }} graph_def {{ node {{ name: "n-{choice}" op: "NoOp" }} }} }}'
        )
    return "saved_model_schema_version: 1 " + graphs


@pytest.fixture(params=["pb", "pbtxt"])
def folder(request, tmp_path):
    """Writes a SavedModel into a folder and gives the folder."""

    def write_it(text):
        path = tmp_path / f"saved_model.{request.param}"
        write(path, text if request.param == "pbtxt" else encoded("SavedModel", text))
        return tmp_path

    return write_it


@pytest.mark.parametrize(
    ("tags", "asked", "chosen"),
    [
        (["serve"], (), "serve"),
        (["train", "serve"], (), "serve"),
        (["serve,gpu", "serve"], (), "serve"),
        (["serve,gpu", "train"], (), "serve,gpu"),
        (["eval"], (), "eval"),
        ([""], (), ""),
        (["train", "serve"], ("train",), "train"),
        (["serve,gpu", "serve"], ("gpu", "serve"), "serve,gpu"),
        (["serve,gpu", "serve"], ("gpu",), "serve,gpu"),
    ],
)
def test_tags_choose(folder, tags, asked, chosen):
    assert list(load(folder(saved_model(*tags)), tags=asked).graph.nodes) == [f"n-{chosen}"]


@pytest.mark.parametrize(
    ("tags", "asked", "reason"),
    [
        (["train", "eval"], (), "it has several graphs; choose one by its tags: eval; train"),
        (["serve,gpu", "serve,tpu"], (), "choose one by its tags: gpu,serve; serve,tpu"),
        (["serve"], ("gpu",), "the tags gpu fit 0 graphs of it; choose one by its tags: serve"),
        (["serve", "serve"], (), "several graphs"),
    ],
)
def test_tags_that_do_not_choose(folder, tags, asked, reason):
    with pytest.raises(UsageError, match=reason):
        load(folder(saved_model(*tags)), tags=asked)


def test_the_file_itself(folder):
    path = folder(saved_model("serve"))
    (file,) = path.iterdir()
    assert load(file).format in ("savedmodel", "savedmodel-text")
    assert load(file).path == str(file)
    assert load(path).path == str(path)


def test_no_graph_at_all(folder):
    with pytest.raises(LoadError, match="a SavedModel without any graph"):
        load(folder("saved_model_schema_version: 1"))


def test_binary_comes_before_text(tmp_path):
    write(tmp_path / "saved_model.pb", encoded("SavedModel", saved_model("serve")))
    write(tmp_path / "saved_model.pbtxt", "rubbish")
    assert load(tmp_path).format == "savedmodel"


@pytest.mark.parametrize(("names", "advice"), [
    ((), "give a SavedModel's folder"),
    (("model.ckpt-7.meta", "model.ckpt-7.index"), "give the model.ckpt-7.meta in it"),
    (("model.json",), "give the model.json in it"),
        (("checkpoint", "graph.pbtxt"), "give the graph.pbtxt in it"),
])  # fmt: skip
def test_a_folder_without_a_saved_model(tmp_path, names, advice):
    for name in names:
        write(tmp_path / name, "x")
    with pytest.raises(LoadError, match=advice):
        load(tmp_path)


def test_neither_a_pipe_nor_a_device_is_opened(tmp_path):
    os.mkfifo(tmp_path / "saved_model.pb")
    with pytest.raises(LoadError, match="no regular file"):
        load(tmp_path)
    (tmp_path / "saved_model.pb").unlink()
    (tmp_path / "saved_model.pb").symlink_to("/dev/zero")
    with pytest.raises(LoadError, match="no regular file"):
        load(tmp_path)


def test_tags_are_for_saved_models(tmp_path):
    with pytest.raises(UsageError, match="tags choose among the graphs of a SavedModel"):
        load(write(tmp_path / "m.pb", encoded("GraphDef", RELU)), tags=["serve"])
