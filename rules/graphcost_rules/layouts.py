"""Tensors that are spread over a mesh of devices: what each device has follows from the layouts before and after."""

from __future__ import annotations

from graphcost import Dim, Op, Shape, floor_div
from graphcost_rules.declared_shapes import declared_by, family
from graphcost_rules.distribution import REDISTRIBUTION
from graphcost_rules.identity import first_shape

SPECS, MESH = "sharding_specs:", "mesh:"
WHOLE = "unsharded"


def relaid_shape(op: Op) -> list[Shape]:
    """Each size times the devices that it was spread over, divided by those that it is spread over."""
    before, after = (_shards(op, f"{which}_layout") for which in ("input", "output"))
    shape = op.input(0, rank=len(before))
    if len(after) != len(before):
        raise op.error(f"layouts of {len(before)} and of {len(after)} axes")
    return [Shape(*(_relaid(op, *sizes) for sizes in zip(shape, before, after, strict=True)))]


def _relaid(op: Op, size: Dim, before: int, after: int) -> Dim:
    whole = size * before
    if isinstance(whole, int) and whole % after:
        raise op.error(f"a size of {whole} on {after} devices")
    return floor_div(whole, after)


def _shards(op: Op, name: str) -> list[int]:
    """Over how many devices each axis is spread, by a layout: "sharding_specs:x,unsharded, mesh:|x=2,y=3|..."."""
    specs, found, mesh = op.text_attr(name).partition(MESH)
    axes = [axis.strip() for axis in specs.strip().removeprefix(SPECS).split(",") if axis.strip()]
    _, _, listed = mesh.partition("|")
    sizes = dict(part.split("=", 1) for part in listed.partition("|")[0].split(",") if "=" in part)
    if not found or not specs.startswith(SPECS):
        raise op.error(f"attribute {name!r} is no layout")
    return [1 if axis == WHOLE else _size(op, name, sizes.get(axis, "")) for axis in axes]


def _size(op: Op, name: str, text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > 9 or not int(text):
        raise op.error(f"attribute {name!r} spreads an axis over no axis of the mesh")
    return int(text)


RULES = (
    family(REDISTRIBUTION, first_shape, "Relayout", "RelayoutLike")
    + family(REDISTRIBUTION, relaid_shape, "DTensorAllGather", "DTensorAllScatter", "DTensorAllToAll")
    + family(REDISTRIBUTION, declared_by("input_shapes"), "DTensorRestoreV2")
)
