"""Files as users have them: every input ends in a Model or in one clear line."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_files import RELU, delimited, encoded, message, write

from graphcost.errors import GraphcostError, GraphError, LoadError
from graphcost.loaders import Model, load

META = f"""
meta_info_def {{ tags: "serve" stripped_op_list {{ op {{ name: "Own" output_arg {{ name: "y" type: DT_INT8 }} }} }} }}
graph_def {{ {RELU} library {{ function {{ signature {{ name: "f" input_arg {{ name: "a" type: DT_FLOAT }}
  output_arg {{ name: "b" type: DT_FLOAT }} }} node_def {{ name: "r" op: "Relu" input: "a" }}
  ret {{ key: "b" value: "r:activations:0" }} control_ret {{ key: "r" value: "r" }} }} }} }}
signature_def {{ key: "s" value {{
  inputs {{ key: "in" value {{ name: "x:0" }} }} outputs {{ key: "out" value {{ name: "y:0" }} }} }} }}
object_graph_def {{ nodes {{ variable {{ name: "v" dtype: DT_FLOAT shape {{ dim {{ size: 3 }} }} }} }} }}
"""
FILES = {
    "graphdef": encoded("GraphDef", RELU),
    "graphdef-text": RELU.encode(),
    "metagraph": encoded("MetaGraphDef", META),
    "metagraph-text": META.encode(),
    "savedmodel": encoded("SavedModel", f"saved_model_schema_version: 1 meta_graphs {{ {META} }}"),
    "savedmodel-text": f"saved_model_schema_version: 1 meta_graphs {{ {META} }}".encode(),
    "tfjs": b"""{"modelTopology": {"node": [
        {"name": "x", "op": "Placeholder"}, {"name": "y", "op": "Relu", "input": ["x"]}]}}""",
}


def refusal(source, error=LoadError, **options):
    """The one line with which a source is refused."""
    with pytest.raises(error) as caught:
        load(source, **options)
    line = str(caught.value)
    assert line.isprintable()
    assert len(line) < 1000
    return line


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("name", ["model.pb", "model.txt", "saved_model.pbtxt"])
def test_content_and_not_the_name_decides(tmp_path, kind, name):
    model = load(write(tmp_path / name, FILES[kind]))
    assert model.format == kind
    assert list(model.graph.nodes) == ["x", "y"]
    assert model.path == str(tmp_path / name)


def test_a_path_may_be_a_string(tmp_path):
    assert load(str(write(tmp_path / "m.pb", FILES["graphdef"]))) == load(tmp_path / "m.pb")


@pytest.mark.parametrize("name", ["GraphDef", "MetaGraphDef", "SavedModel"])
def test_messages(name):
    text = {"GraphDef": RELU, "MetaGraphDef": META, "SavedModel": f"meta_graphs {{ {META} }}"}[name]
    model = load(message(name, text))
    assert (model.path, model.format, list(model.graph.nodes)) == (None, "message", ["x", "y"])
    assert set(model.signatures) == (set() if name == "GraphDef" else {"s"})


def test_a_message_of_another_kind():
    assert "a NodeDef" in refusal(message("NodeDef", 'name: "a"'))
    assert "a int" in refusal(3)
    assert "without nodes" in refusal(message("GraphDef", ""))


@pytest.mark.tensorflow
def test_a_message_of_tensorflow():
    tf = pytest.importorskip("tensorflow")
    graph = tf.Graph()
    with graph.as_default():
        tf.nn.relu(tf.compat.v1.placeholder(tf.float32, [None, 4], name="x"), name="y")
    model = load(graph.as_graph_def())
    assert list(model.graph.nodes) == ["x", "y"]
    assert model.graph.nodes["y"].dtypes == ("float32",)
    assert model.producer > 1000


def test_missing_and_unreadable(tmp_path):
    assert refusal(tmp_path / "no.pb") == f"{tmp_path / 'no.pb'}: can't be read: No such file or directory"
    assert "can't be read" in refusal(tmp_path / "a\0b")
    assert "can't be read" in refusal(tmp_path / ("x" * 300))
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in refusal(tmp_path / "pipe")
    assert "no regular file" in refusal("/dev/zero")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert "can't be read" in refusal(loop)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    path = write(tmp_path / "m.pb", FILES["graphdef"])
    path.chmod(0)
    assert "Permission denied" in refusal(path)


def test_empty(tmp_path):
    assert "an empty file" in refusal(write(tmp_path / "m.pb", b""))


def test_over_two_gibibytes(tmp_path):
    path = tmp_path / "m.pb"
    with path.open("wb") as file:
        file.truncate(1 << 31)
    assert "2 GiB" in refusal(path)


def outcome(path):
    """The Model, or the one line with which it is refused."""
    try:
        return load(path, max_nodes=1000)
    except GraphcostError as error:
        return str(error)


def is_clear(result, path):
    return isinstance(result, Model) or (result.startswith(str(path)) and result.isprintable())


@pytest.mark.parametrize(("kind", "whole"), [("graphdef", 2), ("metagraph", 2), ("savedmodel", 0)])
def test_every_truncation_is_noticed(tmp_path, kind, whole):
    """But for cuts between two top-level fields, behind which what is there is a model."""
    data = FILES[kind]
    results = [outcome(write(tmp_path / "m.pb", data[:length])) for length in range(1, len(data))]
    assert all(is_clear(result, tmp_path / "m.pb") for result in results)
    assert sum(isinstance(result, Model) for result in results) == whole


def test_a_truncated_file_says_so(tmp_path):
    assert "truncated: 3 bytes are missing" in refusal(write(tmp_path / "m.pb", FILES["graphdef"][:-3]))


@pytest.mark.parametrize(
    "data",
    [
        delimited(1, delimited(1, b"\xff\xfe") + delimited(2, b"Const")),
        delimited(1, delimited(1, b"a") + delimited(2, b"Const") + delimited(5, delimited(1, b"\xff"))),
        delimited(1, delimited(1, b"\xff") + delimited(2, b"Const") + delimited(5, bytes(1 << 17))),
        RELU.encode().replace(b'"x"', b'"\xff"'),
    ],
    ids=["name", "key", "large", "text"],
)  # fmt: skip
def test_names_that_are_not_utf8(tmp_path, data):
    refusal(write(tmp_path / "m.pb", data))


def nested(depth):
    """An AttrValue with functions within functions."""
    value = b""
    for _ in range(depth):
        value = delimited(10, delimited(2, delimited(1, b"f") + delimited(2, value)))
    return value


def test_deeply_nested_attributes(tmp_path):
    node = delimited(1, b"a") + delimited(2, b"Const")
    deep = delimited(1, node + delimited(5, delimited(1, b"f") + delimited(2, nested(200))))
    refusal(write(tmp_path / "m.pb", deep))
    shallow = delimited(1, node + delimited(5, delimited(1, b"f") + delimited(2, nested(20))))
    assert load(write(tmp_path / "m.pb", shallow)).graph.nodes["a"].attrs["f"].name == ""


def test_deeply_nested_text(tmp_path):
    text = 'node { name: "a" op: "b" attr { key: "f" value {' + 'func { attr { key: "f" value {' * 5000
    assert "nested too deeply" in refusal(write(tmp_path / "m.pbtxt", text + "}}}" * 5000 + "}}}"))


@pytest.mark.parametrize(
    "text",
    [
        "node { name: ",
        'node { name: "a" size: 3 }',
        "node { name: 'a' } }",
        "node { name: 'a\n' }",
        "node { attr { key: 'a' value { i: 1e9 } } }",
        "node { device: 'x'\0 }",
        "node { attr { value { type: DT_NONE } } }",
        "node { name: '\\xff' }",
    ],
)
def test_broken_text(tmp_path, text):
    refusal(write(tmp_path / "m.pbtxt", text))


def test_escapes_of_hostile_names_do_not_reach_the_error(tmp_path):
    name = "\\033]8;;http://x\\007\\n\\342\\200\\256"
    data = encoded("GraphDef", f'node {{ name: "{name}" op: "A" input: "{name}z" }}')
    assert "\\x1b]8" in refusal(write(tmp_path / "m.pb", data), GraphError)


def test_a_name_of_a_megabyte(tmp_path):
    data = encoded("GraphDef", f'node {{ name: "{"x" * (1 << 20)}" op: "A" input: "gone" }}')
    refusal(write(tmp_path / "m.pb", data), GraphError)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200))
def test_random_bytes(tmp_path_factory, data):
    path = write(tmp_path_factory.getbasetemp() / "random.pb", data)
    assert is_clear(outcome(path), path)


EDITS = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(sorted(FILES)), edits=EDITS)
def test_damaged_files(tmp_path_factory, kind, edits):
    data = bytearray(FILES[kind])
    for position, byte in edits:
        data[position % len(data)] = byte
    path = write(tmp_path_factory.getbasetemp() / "damaged.pb", bytes(data))
    assert is_clear(outcome(path), path)
