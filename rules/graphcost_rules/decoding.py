"""What strings hold: examples, images, sounds, records, protocol buffers."""

from __future__ import annotations

from functools import reduce

from graphcost import Dim, Free, Op, PartialShape, Role, Shape, ShapeUnknown, dtype_named, floor_div
from graphcost_rules.declared_shapes import as_first_input, family, scalars
from graphcost_rules.shape_inputs import partial_scalar, per_axis

PARSES = Free("strings")
DECODES = Free("decodes a file format")


def image_shape(op: Op) -> list[Shape]:
    """Height and width are in the file, and so are the channels unless `channels` asks for some."""
    return [Shape(op.unknown_size(0), op.unknown_size(1), _channels(op, 2))]


def cropped_image_shape(op: Op) -> list[Shape]:
    """Height and width are the last two of the window's four numbers."""
    _, _, *window = per_axis(op, 1, 4)
    if any(isinstance(size, int) and size < 1 for size in window):
        raise op.error(f"a window of {window}")
    sizes = (op.unknown_size(axis) if size is None else size for axis, size in enumerate(window))
    return [Shape(*sizes, _channels(op, 2))]


def animation_shape(op: Op) -> list[Shape]:
    """A GIF's frames, each of three channels."""
    return [Shape(*(op.unknown_size(axis) for axis in range(3)), 3)]


def webp_shape(op: Op) -> list[Shape]:
    return [Shape(*(op.unknown_size(axis) for axis in range(3)), _channels(op, 3))]


def any_image_shape(op: Op) -> list[Shape]:
    """An animation has one axis more than a still image, unless `expand_animations` is off."""
    if op.bool_attr("expand_animations", True):
        raise ShapeUnknown("whether the file holds one image or an animation isn't known")
    return image_shape(op)


def _channels(op: Op, axis: int) -> Dim:
    channels = op.int_attr("channels", 0)
    if not 0 <= channels <= 4:
        raise op.error(f"{channels} channels")
    return channels or op.unknown_size(axis)


def jpeg_shape_shape(op: Op) -> list[Shape]:
    return [Shape(3)]


def encoded_batch_shape(op: Op) -> list[Shape]:
    """One file for each image."""
    return [Shape(*op.input(0, least_rank=3)[:-3])]


def sound_shape(op: Op) -> list[Shape]:
    """Samples by channels, each as asked for or as in the file; and the sample rate."""
    sizes = [op.int_attr(name, -1) for name in ("desired_samples", "desired_channels")]
    if any(size < -1 for size in sizes):
        raise op.error(f"sizes {sizes}")
    return [Shape(*(op.unknown_size(axis) if size < 0 else size for axis, size in enumerate(sizes))), Shape()]


def raw_shape(op: Op) -> list[Shape]:
    """A new last axis for the numbers in each string."""
    shape = op.input(0)
    return [Shape(*shape, op.unknown_size(shape.rank))]


def padded_raw_shape(op: Op) -> list[Shape]:
    """As many numbers as fit in the given length in bytes."""
    shape = op.input(0)
    dtype = dtype_named(op.dtype_attr("out_type"))
    if not dtype.bits:
        raise op.error(f"raw bytes aren't {op.dtype_attr('out_type')[:40]}")
    op.input(1, rank=0)
    length = partial_scalar(op, 1)
    return [Shape(*shape, op.unknown_size(shape.rank) if length is None else floor_div(length, dtype.bytes_of(1)))]


def proto_bytes_shape(op: Op) -> list[Shape]:
    """One message for each row of sizes, whose last axis has one size for each field; the values' rows are as many."""
    known = [op.input(i, least_rank=2) for i in range(len(op.inputs)) if op.has_shape(i)]
    if not known:
        raise ShapeUnknown("no input has a known shape")
    return [reduce(op.same_shape, (Shape(*shape[:-1]) for shape in known))]


def proto_fields_shape(op: Op) -> list[Shape]:
    """For each message, how often each field is there, and the values of each field."""
    messages, fields = op.input(0), len(op.node.dtypes) - 1
    values = [Shape(*messages, op.unknown_size(messages.rank, port + 1)) for port in range(fields)]
    return [Shape(*messages, fields), *values]


def parse_example_shape(op: Op) -> list[Shape | None]:
    """Sparse features as indices, values and shapes; dense ones as one row for each example."""
    examples = op.input(0, rank=1)
    return _features(op, examples, op.int_attr("Nsparse"))


def parse_example_v2_shape(op: Op) -> list[Shape | None]:
    """As ParseExample, for one example or a vector; then ragged features as values and row splits."""
    examples = op.input(0) if op.has_shape(0) else None
    if examples is not None and examples.rank > 1:
        raise op.error(f"examples of shape {examples}")
    features = _features(op, examples, op.int_attr("num_sparse"))
    ragged = len(op.list_attr("ragged_value_types"))
    first = len(features)
    values = [Shape(op.unknown_size(0, first + i)) for i in range(ragged)]
    splits = [Shape(examples[0] + 1 if examples else op.unknown_size(0, first + ragged + i)) for i in range(ragged)]
    return [*features, *values, *splits]


def parse_single_example_shape(op: Op) -> list[Shape | None]:
    return _features(op, Shape(), op.int_attr("num_sparse"))


def _features(op: Op, examples: Shape | None, sparse: int) -> list[Shape | None]:
    """Examples of which not even the rank is known leave open how many coordinates an entry has."""
    if not 0 <= sparse <= len(op.node.dtypes):
        raise op.error(f"{sparse} sparse features, but {len(op.node.dtypes)} outputs")
    coordinates = op.unknown_size(0, 2 * sparse) if examples is None else examples.rank + 1
    found = [op.unknown_size(0, sparse + i) for i in range(sparse)]
    dense = op.list_attr("dense_shapes")
    return [
        *(Shape(count, coordinates) for count in found),
        *(Shape(count) for count in found),
        *[Shape(coordinates)] * sparse,
        *(None if examples is None else _dense(op, examples, item, 3 * sparse + i) for i, item in enumerate(dense)),
    ]


def _dense(op: Op, examples: Shape, item: object, port: int) -> Shape:
    if not isinstance(item, PartialShape) or item.dims is None:
        raise op.error("attribute 'dense_shapes' must hold shapes of known rank")
    sizes = (op.unknown_size(examples.rank + i, port) if size < 0 else size for i, size in enumerate(item.dims))
    return Shape(*examples, *sizes)


DECODERS = (
    family(DECODES, image_shape, "DecodeJpeg", "DecodePng", "DecodeBmp", "DecodeJxl")
    + family(DECODES, cropped_image_shape, "DecodeAndCropJpeg")
    + family(DECODES, animation_shape, "DecodeGif")
    + family(DECODES, webp_shape, "DecodeWebP")
    + family(DECODES, any_image_shape, "DecodeImage")
    + family(DECODES, sound_shape, "DecodeWav")
    + family(DECODES, raw_shape, "DecodeRaw")
    + family(DECODES, padded_raw_shape, "DecodePaddedRaw")
).with_role(Role.PIPELINE)

PARSERS = (
    family(PARSES, as_first_input, "DecodeCSV")
    + family(PARSES, parse_example_shape, "ParseExample")
    + family(PARSES, parse_example_v2_shape, "ParseExampleV2")
    + family(PARSES, parse_single_example_shape, "ParseSingleExample")
).with_role(Role.PARSER | Role.PIPELINE)

RULES = (
    DECODERS
    + PARSERS
    + family(DECODES, jpeg_shape_shape, "ExtractJpegShape")
    + family(DECODES, scalars, "EncodeJpeg", "EncodeJpegVariableQuality", "EncodeWav")
    + family(DECODES, encoded_batch_shape, "EncodePng")
    + family(PARSES, proto_bytes_shape, "EncodeProto")
    + family(PARSES, proto_fields_shape, "DecodeProtoV2")
)
