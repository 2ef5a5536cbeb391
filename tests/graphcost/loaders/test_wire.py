import pytest
from model_files import delimited, varint

from graphcost.errors import LoadError
from graphcost.loaders.wire import DELIMITED, FIXED32, FIXED64, VARINT, content, fields

DATA = (
    varint(1 << 3)
    + varint(300)
    + delimited(2, b"abc")
    + varint(3 << 3 | 1)
    + bytes(8)
    + varint(200 << 3 | 5)
    + bytes(4)
)


def test_fields_lie_where_the_format_says():
    found = list(fields(DATA, 0, len(DATA)))
    assert [(field.number, field.wire_type) for field in found] == [
        (1, VARINT),
        (2, DELIMITED),
        (3, FIXED64),
        (200, FIXED32),
    ]
    assert content(DATA, found[1]) == b"abc"
    assert [field.start for field in found[1:]] == [field.end for field in found[:-1]]
    assert found[-1].end == len(DATA)


def test_a_part_of_a_buffer():
    assert [field.number for field in fields(b"\xff" + DATA + b"\xff", 1, 1 + len(DATA))] == [1, 2, 3, 200]


@pytest.mark.parametrize("length", sorted(set(range(1, len(DATA))) - {3, 8, 17}))
def test_every_cut_within_a_field_is_noticed(length):
    with pytest.raises(LoadError, match="truncated"):
        list(fields(DATA[:length], 0, length))


@pytest.mark.parametrize("length", [3, 8, 17])
def test_a_cut_between_fields_is_not(length):
    list(fields(DATA[:length], 0, length))


def test_clamping_gives_what_there_is_of_the_last_field():
    data = delimited(2, b"abcdef")[:5]
    (field,) = fields(data, 0, len(data), clamp=True)
    assert content(data, field) == b"abc"


@pytest.mark.parametrize(
    "data", [b"\x0b", b"\x0c", b"\x0e", b"\x07\x00", b"\x02\x00", b"\x08" + b"\xff" * 12], ids=lambda data: data.hex()
)
def test_what_is_no_field(data):
    with pytest.raises(LoadError, match="no protobuf"):
        list(fields(data, 0, len(data)))


def test_a_length_of_many_exabytes():
    data = b"\x0a" + b"\xff" * 9 + b"\x01"
    with pytest.raises(LoadError, match="truncated"):
        list(fields(data, 0, len(data)))
