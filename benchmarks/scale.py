"""How time and memory grow with a model: `python benchmarks/scale.py [--quick] [--against TREE]`.

For graphs that invite quadratic work, the exponent of the time from 1,000 to 100,000 nodes: 1 is linear, and no more
than 1.1 is wanted. Then microseconds and bytes a node of the analysis, reading apart, for chains of 10,000, 100,000 and
1,000,000 nodes. With another checkout of graphcost the two run in turns, so that what else the machine does meets both.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from math import log
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[1]
WANTED = 1.1
Text = Iterator[str]


def placeholder(name: str) -> str:
    shape = "shape { dim { size: -1 } dim { size: -1 } }"
    return f'node {{ name: "{name}" op: "Placeholder" {typed("dtype")} attr {{ key: "shape" value {{ {shape} }} }} }}'


def typed(attribute: str) -> str:
    return f'attr {{ key: "{attribute}" value {{ type: DT_FLOAT }} }}'


def chain(count: int) -> Text:
    """Negations, each of the one before."""
    yield placeholder("n0")
    for i in range(1, count):
        yield f'node {{ name: "n{i}" op: "Neg" input: "n{i - 1}" {typed("T")} }}'


def open_sum(count: int) -> Text:
    """One AddN of inputs whose sizes are all open."""
    yield from (placeholder(f"x{i}") for i in range(count - 1))
    inputs = " ".join(f'input: "x{i}"' for i in range(count - 1))
    yield f'node {{ name: "sum" op: "AddN" {inputs} {typed("T")} attr {{ key: "N" value {{ i: {count - 1} }} }} }}'


def concatenations(count: int) -> Text:
    """Each concatenation adds an input of open size to the one before."""
    yield placeholder("y0")
    value = "tensor { dtype: DT_INT32 tensor_shape { } int_val: 1 }"
    kind = 'attr { key: "dtype" value { type: DT_INT32 } }'
    yield f'node {{ name: "axis" op: "Const" {kind} attr {{ key: "value" value {{ {value} }} }} }}'
    for i in range(1, count // 2):
        yield placeholder(f"x{i}")
        inputs = f'input: "y{i - 1}" input: "x{i}" input: "axis"'
        number = 'attr { key: "N" value { i: 2 } } attr { key: "Tidx" value { type: DT_INT32 } }'
        yield f'node {{ name: "y{i}" op: "ConcatV2" {inputs} {typed("T")} {number} }}'


def nested_calls(count: int) -> Text:
    """Functions that call each other, as deep as there are any, by nodes with long names."""
    kinds = "".join(f'attr {{ key: "{key}" value {{ list {{ type: DT_FLOAT }} }} }}' for key in ("Tin", "Tout"))
    arguments = 'input_arg { name: "a" type: DT_FLOAT } output_arg { name: "r" type: DT_FLOAT }'
    yield placeholder("x")
    yield f'node {{ name: "y" op: "PartitionedCall" input: "x" {kinds} {named("f0")} }}'
    yield "library {"
    for i in range(count // 2):
        inner = f'node_def {{ name: "n" op: "Neg" input: "a" {typed("T")} }}'
        last = "n:y:0"
        if i + 1 < count // 2:
            call = f"call_{i}_" + "z" * 100
            inner += f'node_def {{ name: "{call}" op: "PartitionedCall" input: "{last}" {kinds} {named(f"f{i + 1}")} }}'
            last = f"{call}:output:0"
        yield f'function {{ signature {{ name: "f{i}" {arguments} }} {inner} ret {{ key: "r" value: "{last}" }} }}'
    yield "}"


def named(function: str) -> str:
    return f'attr {{ key: "f" value {{ func {{ name: "{function}" }} }} }}'


CASES: dict[str, Callable[[int], Text]] = {
    "AddN of open inputs": open_sum,
    "ConcatV2 with fresh open inputs": concatenations,
    "nested calls with long names": nested_calls,
    "chain": chain,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="How time and memory grow with a model.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the nodes")
    parser.add_argument("--against", metavar="TREE", type=Path, help="another checkout, run in turns with this one")
    parser.add_argument("--measure", metavar="FILE", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measured(arguments.measure)))
        return 0
    shrink = 10 if arguments.quick else 1
    with tempfile.TemporaryDirectory() as folder:
        is_wanted = exponents(Path(folder), 100_000 // shrink)
        chains(Path(folder), [size // shrink for size in (10_000, 100_000, 1_000_000)], arguments.against)
    return 0 if is_wanted else 1


def exponents(folder: Path, most: int) -> bool:
    """Prints the exponent of each case; whether all are as wanted."""
    is_wanted = True
    for name, case in CASES.items():
        least = most // 100
        small, large = (best(model(folder, case, size), ROOT) for size in (least, most))
        exponent = log(large["seconds"] / small["seconds"]) / log(100)
        is_wanted &= exponent <= WANTED
        times = f"{small['seconds']:8.3f} s for {least:,}, {large['seconds']:8.3f} s for {most:,}"
        print(f"{name:34} n^{exponent:.2f} {times}", flush=True)
    return is_wanted


def chains(folder: Path, sizes: list[int], other: Path | None) -> None:
    """Prints microseconds and bytes a node, of this tree and of another."""
    for size in sizes:
        path = model(folder, chain, size)
        found: dict[Path, dict[str, float]] = {}
        for _ in range(3 if size < 500_000 else 1):
            for tree in filter(None, (ROOT, other)):
                one = measure(path, tree)
                found[tree] = min(found.get(tree, one), one, key=lambda each: each["seconds"])
        for tree, one in found.items():
            cost = f"{one['seconds'] / size * 1e6:6.1f} us {one['bytes'] / size:6.0f} B a node"
            print(
                f"chain of {size:>9,}: {cost}, beside {one['reading'] / size * 1e6:5.1f} us to read it  {tree.name}",
                flush=True,
            )


def model(folder: Path, case: Callable[[int], Text], size: int) -> Path:
    """The case as a binary file."""
    from google.protobuf import text_format

    from graphcost.loaders.descriptors import message_class

    path = folder / "model.pb"
    message = text_format.Parse("\n".join(case(size)), message_class("GraphDef")())
    path.write_bytes(message.SerializeToString())
    return path


def best(path: Path, tree: Path) -> dict[str, float]:
    """The fastest of three."""
    return min((measure(path, tree) for _ in range(3)), key=lambda each: each["seconds"])


def measure(path: Path, tree: Path) -> dict[str, float]:
    """What a process of its own measures, with graphcost from a tree."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tree), str(tree / "rules")))}
    command = [sys.executable, __file__, "--measure", str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measured(path: Path) -> dict[str, float]:
    """CPU seconds of reading a model and of analyzing it, and by how many bytes the analysis raises the peak."""
    import gc
    import importlib

    gc.set_threshold(200_000)
    import graphcost

    loaders = importlib.import_module("graphcost.loaders" if tree_has("loaders") else "graphcost.load")
    start = process_time()
    loaded = loaders.load(path)
    reading = process_time() - start
    before = peak()
    start = process_time()
    graphcost.analyze(loaded, outputs=[last_name(loaded)])
    seconds = process_time() - start
    return {"seconds": seconds, "reading": reading, "bytes": peak() - before}


def tree_has(folder: str) -> bool:
    import graphcost

    return (Path(graphcost.__file__).parent / folder).is_dir()


def last_name(loaded: object) -> str:
    names: list[str] = list(loaded.graph.nodes)  # type: ignore[attr-defined]
    return names[-1]


def peak() -> int:
    """The largest size that the process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    raise SystemExit(main())
