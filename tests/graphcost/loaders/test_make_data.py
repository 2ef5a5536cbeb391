"""The committed data is what the installed TensorFlow gives."""

import zlib

import pytest

from graphcost.loaders.descriptors import data
from graphcost.loaders.make_data import TENSORFLOW, descriptor_set, op_definitions

pytestmark = pytest.mark.tensorflow


@pytest.fixture(autouse=True)
def _same_release():
    tf = pytest.importorskip("tensorflow")
    if not tf.__version__.startswith(f"{TENSORFLOW}."):
        pytest.skip(f"the data is TensorFlow {TENSORFLOW}'s, {tf.__version__} is installed")


def test_descriptors():
    assert data("descriptors.binpb") == descriptor_set()


def test_op_definitions():
    assert zlib.decompress(data("op_defs.binpb.zlib")) == op_definitions()
