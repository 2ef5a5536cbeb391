"""Makes files that nobody would write, and sees whether graphcost bears them. Needs the `test` extra.

    python tests/fuzz/fuzz.py [--seed 1] [--seconds 120] [--keep FOLDER] [MODEL ...]

Files come of the models, by default those of fixtures/, with bytes or messages changed, and of TensorFlow's registry.
Each fault is printed with the seed that makes its file again; --keep writes the file. Exit code 1 where there is one.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "fuzz")]

from hostile_files import Mutation, made_graph, mutated_bytes, mutated_graph  # noqa: E402
from verdict import Fault, judge  # noqa: E402

PATIENCE = 5.0
"""Seconds of the processor that a file may take."""

MOST_MEMORY = 4 * 2**30
LARGEST = 200_000
"""Larger models aren't changed: they only take longer."""


@dataclass(frozen=True)
class Case:
    """A file that was made, and what it did."""

    seed: int
    kind: str
    content: bytes
    fault: str


def cases(seed: int, seconds: float, models: Sequence[Path]) -> Iterator[Case]:
    """Files that are made and judged, one after the other, until so many seconds are over."""
    contents = [content for content in (path.read_bytes() for path in models) if len(content) <= LARGEST]
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="graphcost-fuzz-") as folder:
        file = Path(folder) / "model.pb"
        while time.monotonic() < end:
            kind, content = made(seed, contents)
            file.write_bytes(content)
            yield Case(seed, kind.__name__, content, _fault(file))
            seed += 1


def made(seed: int, contents: Sequence[bytes]) -> tuple[Mutation, bytes]:
    """The file of a seed."""
    random = Random(seed)
    kind = random.choice((mutated_bytes, mutated_graph, mutated_graph, made_graph))
    return kind, kind(random, random.choice(contents))


def _fault(file: Path) -> str:
    try:
        judge(file, PATIENCE)
    except Fault as fault:
        return str(fault)
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description="makes broken files, and sees whether graphcost bears them")
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL", help="GraphDefs (default: those of fixtures/)")
    parser.add_argument("--seed", type=int, default=1, help="of the first file (default 1); the next has the next one")
    parser.add_argument("--seconds", type=float, default=120, help="how long (default 120)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files with a fault are written")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    kinds: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    models = arguments.models or sorted((ROOT / "fixtures").glob("*.pb"))
    for case in cases(arguments.seed, arguments.seconds, models):
        kinds[case.kind] += 1
        if case.fault:
            faults[case.fault] += 1
            print(f"seed {case.seed}, {case.kind}: {case.fault}", flush=True)
            if arguments.keep is not None:
                arguments.keep.mkdir(parents=True, exist_ok=True)
                (arguments.keep / f"{case.seed}.pb").write_bytes(case.content)
    print(f"{kinds.total()} files ({', '.join(f'{n} {kind}' for kind, n in kinds.items())}), {faults.total()} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
