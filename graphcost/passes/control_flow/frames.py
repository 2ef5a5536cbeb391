"""TF1's control-flow operations, and the frames that their loops run in.

A loop is a frame: values come in through Enter and go out through Exit, frames nest. A node's frame follows from
what it reads: it is the innermost frame that any of its inputs, data or control, comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import Node, producers

ENTERS = frozenset({"Enter", "RefEnter"})
EXITS = frozenset({"Exit", "RefExit"})
MERGES = frozenset({"Merge", "RefMerge"})
SWITCH_N = "_SwitchN"
"""A Switch of as many outputs as a `Case` has branches, that a branch's index chooses from."""

SWITCHES = frozenset({"Switch", "RefSwitch", SWITCH_N})
NEXT_ITERATIONS = frozenset({"NextIteration", "RefNextIteration"})
CONDITION = "LoopCond"
CONTROL_FLOW_V1 = ENTERS | EXITS | MERGES | (SWITCHES - {SWITCH_N}) | NEXT_ITERATIONS | {CONDITION}

FIRST = "_first"
"""The attribute of a Merge whose inputs are all there; `COMES_FIRST` is its value."""

COMES_FIRST = PartialShape(None)
"""Known by its identity, so that no file can give a Merge this attribute."""

ROOT = 0
"""The frame of what is in no loop."""


@dataclass(frozen=True)
class Frames:
    """The tree of frames. Frame 0 is the root; a frame's parent has a smaller number than the frame.

    `home` has the frame that each node belongs to: an Enter the one that it opens, an Exit the one that it leaves.
    `broken` are frames that don't nest: a node reads from one that isn't around it.
    """

    parents: tuple[int, ...]
    home: Mapping[str, int]
    broken: frozenset[int]


def find_frames(graph: Graph) -> Frames:
    """The frames of a graph: one for each distinct (frame around it, `frame_name` of its Enters)."""
    parents, depths = [ROOT], [0]
    numbers: dict[tuple[int, object], int] = {}
    home: dict[str, int] = {}
    gives: dict[str, int] = {}
    for node in graph.order:
        frame = max((gives[name] for name in producers(node) if name in gives), key=depths.__getitem__, default=ROOT)
        home[node.name] = gives[node.name] = frame
        if node.op in ENTERS:
            key = (frame, node.attrs.get("frame_name"))
            if key not in numbers:
                numbers[key] = len(parents)
                parents.append(frame)
                depths.append(depths[frame] + 1)
            home[node.name] = gives[node.name] = numbers[key]
        elif node.op in EXITS:
            gives[node.name] = parents[frame]
    return Frames(tuple(parents), home, frozenset(_broken(graph, parents, home, gives)))


def hands_on_the_first(node: Node) -> bool:
    """Whether a node is a Merge that belongs to no loop and no branch: it hands on the input that comes first."""
    return node.op in MERGES and node.attrs.get(FIRST) is COMES_FIRST


def _broken(graph: Graph, parents: list[int], home: Mapping[str, int], gives: Mapping[str, int]) -> set[int]:
    """The frames, up to the root, of both ends of each edge that leaves a frame without an Exit.

    A NextIteration leads back to a Merge of its own frame, and nowhere else.
    """
    starts, ends = _intervals(parents)
    broken: set[int] = set()
    for node in graph.nodes.values():
        inner = parents[home[node.name]] if node.op in ENTERS else home[node.name]
        for name in producers(node):
            outer = gives[name]
            if graph.nodes[name].op in NEXT_ITERATIONS:
                fits = node.op in MERGES and inner == outer
            else:
                fits = starts[outer] <= starts[inner] < ends[outer]
            if fits:
                continue
            for frame in (inner, outer):
                while frame not in broken and frame != ROOT:
                    broken.add(frame)
                    frame = parents[frame]
    return broken


def _intervals(parents: list[int]) -> tuple[list[int], list[int]]:
    """For each frame an interval of numbers that holds those of exactly the frames inside it."""
    sizes = [1] * len(parents)
    for frame in range(len(parents) - 1, ROOT, -1):
        sizes[parents[frame]] += sizes[frame]
    starts, taken = [0] * len(parents), [1] * len(parents)
    for frame in range(1, len(parents)):
        parent = parents[frame]
        starts[frame] = starts[parent] + taken[parent]
        taken[parent] += sizes[frame]
    return starts, [start + size for start, size in zip(starts, sizes, strict=True)]
