"""Frames of small graphs."""

from __future__ import annotations

from tiny_graph import tiny_graph

from graphcost.passes.control_flow.frames import ROOT, find_frames

TWO_FRAMES = """
x = Placeholder(dtype=int32)
a/e = Enter(x, frame_name=b"a", T=int32)
a/c = Const(^a/e, value=1)
a/b/e = Enter(a/e, frame_name=b"b", T=int32)
a/b/n = Add(a/b/e, x, T=int32)
a/b/x = Exit(a/b/n, T=int32)
a/n = Add(a/b/x, a/c, T=int32)
a/x = Exit(a/n, T=int32)
y = Neg(a/x, T=int32)
"""


def test_a_node_is_in_the_innermost_frame_that_it_reads_from() -> None:
    frames = find_frames(tiny_graph(TWO_FRAMES))
    assert frames.parents == (ROOT, ROOT, 1)
    by_frame = {frame: [n for n, home in frames.home.items() if home == frame] for frame in range(3)}
    assert sorted(by_frame[ROOT]) == ["x", "y"]
    assert sorted(by_frame[1]) == ["a/c", "a/e", "a/n", "a/x"]
    assert sorted(by_frame[2]) == ["a/b/e", "a/b/n", "a/b/x"]
    assert frames.broken == frozenset()


def test_an_edge_out_of_a_frame_without_an_exit_breaks_both_up_to_the_root() -> None:
    text = TWO_FRAMES + 'c/e = Enter(x, frame_name=b"c", T=int32)\nz = Add(c/e, a/b/n, T=int32)'
    assert find_frames(tiny_graph(text)).broken == {1, 2, 3}


def test_a_next_iteration_leads_back_to_its_own_frame_only() -> None:
    text = TWO_FRAMES.replace("Neg(a/x,", "Neg(a/next,") + "a/next = NextIteration(a/n, T=int32)"
    assert find_frames(tiny_graph(text)).broken == {1}
