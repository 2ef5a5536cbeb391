import pytest
from model_files import RELU, delimited, encoded, varint

from graphcost.errors import LoadError
from graphcost.loaders.sniff import sniff

OPS = 'stripped_op_list { op { name: "Relu" } }'
META = f'meta_info_def {{ tags: "serve" tensorflow_version: "2.21.0" {OPS} }} graph_def {{ {RELU} }}'
LIBRARY = 'library { function { signature { name: "f" } node_def { name: "n" op: "NoOp" } } }'


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("GraphDef", RELU, "graphdef"),
        ("GraphDef", LIBRARY, "graphdef"),
        ("GraphDef", "version: 3 " + RELU, "graphdef"),
        ("GraphDef", 'node { name: "only" }', "graphdef"),
        ("GraphDef", 'node { name: "hostile\\033]8;;\\007" op: "Const" }', "graphdef"),
        ("MetaGraphDef", META, "metagraph"),
        ("MetaGraphDef", f"graph_def {{ {RELU} }}", "metagraph"),
        ("MetaGraphDef", f"graph_def {{ {LIBRARY} }}", "metagraph"),
        (
            "MetaGraphDef",
            f'meta_info_def {{ stripped_op_list {{ op {{ name: "Relu" }} }} }} graph_def {{ {RELU} }}',
            "metagraph",
        ),
        ("MetaGraphDef", f'saver_def {{ filename_tensor_name: "n" }} graph_def {{ {RELU} }}', "metagraph"),
        ("SavedModel", f"saved_model_schema_version: 1 meta_graphs {{ {META} }}", "savedmodel"),
        ("SavedModel", f"meta_graphs {{ {META} }}", "savedmodel"),
        ("SavedModel", "saved_model_schema_version: 1", "savedmodel"),
    ],
)
def test_messages_are_told_apart(name, text, kind):
    assert sniff(encoded(name, text)) == kind
    assert sniff(text.encode()) == f"{kind}-text"


def test_a_text_may_start_with_comments_and_a_mark():
    assert sniff(b"\xef\xbb\xbf# node { \n\n  # more\r\n" + RELU.encode()) == "graphdef-text"
    assert sniff(b"node <\n name: 'a' >") == "graphdef-text"
    assert sniff(b"node: { name: 'a' }") == "graphdef-text"
    assert sniff(b"node {}") == "graphdef-text"


def test_json():
    assert sniff(b' {"modelTopology": {}}') == "tfjs"
    assert sniff(b'        {"modelTopology": {}}') == "tfjs"


def test_marks_of_other_kinds_may_be_names_in_a_graph():
    assert (
        sniff(encoded("GraphDef", 'node { name: "a" op: "b" input: "in/host:0" input: "brain.Event:0" }')) == "graphdef"
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS pointer; run git lfs pull"),
        (b"PK\x03\x04" + bytes(30), "zip"),
        (b"\x89HDF\r\n\x1a\n" + bytes(30), "HDF5"),
        (b"\x1c\0\0\0TFL3" + bytes(30), "TFLite"),
        (b"\x1f\x8b\x08" + bytes(30), "gzip"),
        (b"x" * 257 + b"ustar\0", "tar"),
        (b"\x80\x04\x95" + bytes(30), "pickle"),
        (b"\x93NUMPY\x01\0", "NumPy"),
        (b"\x40\0\0\0\0\0\0\0" + b'{"__metadata__":{}}', "safetensors"),
        (b"\xff\xfen\0o\0d\0e\0", "UTF-16"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"\n\n <html>", "HTML"),
        (b"Once upon a time there was a model.", "no protobuf text"),
        (b"import tensorflow as tf\n", "no protobuf text"),
        (b'op { name: "Abort" }', "a list of op definitions"),
        (b'node { calculator: "Pass" }', "MediaPipe"),
        (b'model_checkpoint_path: "model.ckpt-1"', "checkpoint"),
        (b'versions { colour: "red" }', "'versions'"),
        (b'version { producer: 1 }', "'version'"),
        (b"\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22\x09\0\0\xc0\x25\xdd\x75\xcb\x5e\x1a\x0dbrain.Event:2", "event file"),
        (bytes(100) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb", "a checkpoint's index"),
        (varint(8) + varint(8) + delimited(2, b"pytorch") + delimited(7, delimited(1, b"\0\1\2")), "ONNX"),
        (varint(8) + varint(8) + delimited(7, delimited(1, delimited(1, b"x"))), "ONNX"),
        (delimited(9, b"/host:CPU\0"), "a profiler's trace"),
        (delimited(9, b"\0\1"), "of another kind"),
        (b"\0\0\x80\x3f\0\0\x80\x3f", "no protobuf message"),
        (b"\xff" * 40, "no protobuf message"),
    ],
)  # fmt: skip
def test_other_kinds_are_named(content, what):
    with pytest.raises(LoadError) as error:
        sniff(content)
    assert what in str(error.value)
    assert (
        "give" in str(error.value)
        or "run" in str(error.value)
        or "save" in str(error.value)
        or "download" in str(error.value)
    )


def test_a_graph_that_is_cut_off_is_still_a_graph():
    data = encoded("GraphDef", RELU)
    assert {sniff(data[:length]) for length in range(12, len(data))} == {"graphdef"}
