"""The private messages live beside TensorFlow's, and are the same."""

import subprocess
import sys

import pytest

from graphcost.loaders.descriptors import dtype_names, message_class

OURS = "from graphcost.loaders.descriptors import message_class; ours = message_class('GraphDef')"
THEIRS = "from tensorflow.core.framework.graph_pb2 import GraphDef as theirs"
USE = """
data = theirs(node=[dict(name='a', op='Const')]).SerializeToString()
assert ours.FromString(data).node[0].name == 'a'
assert theirs.FromString(ours.FromString(data).SerializeToString()).node[0].op == 'Const'
assert ours is not theirs
print('fine')
"""


@pytest.mark.tensorflow
@pytest.mark.parametrize("imports", [(OURS, THEIRS), (THEIRS, OURS)], ids=["ours first", "theirs first"])
def test_no_clash_with_tensorflow(imports):
    pytest.importorskip("tensorflow")
    done = subprocess.run([sys.executable, "-c", "\n".join((*imports, USE))], capture_output=True, text=True)
    assert done.stdout == "fine\n", done.stderr


def test_loading_imports_neither_tensorflow_nor_numpy():
    code = (
        "import sys; from graphcost.loaders import load; from graphcost.loaders.opdefs import tensorflow_ops;"
        "tensorflow_ops().get('Relu'); print({'tensorflow', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_messages():
    assert message_class("GraphDef") is message_class("GraphDef")
    assert message_class("MetaGraphDef.MetaInfoDef").DESCRIPTOR.full_name == "tensorflow.MetaGraphDef.MetaInfoDef"


@pytest.mark.tensorflow
def test_short_names_of_dtypes_are_tensorflows():
    tf = pytest.importorskip("tensorflow")
    for number, name in dtype_names().items():
        assert tf.dtypes.as_dtype(number).base_dtype.name == name
