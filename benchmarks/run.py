"""`graphcost report` beside tf.profiler, on networks with weights of real size. Needs the `tensorflow` extra.

    python benchmarks/run.py [--runs 5] [--keep FOLDER] [NAME ...]

Each program is a fresh process that reads the same file. They take turns, after one turn that isn't counted, which
fills the caches of files and bytecode; the medians of their wall times and of their peak memory (resident, as the
kernel reports it) are compared. The last column repeats graphcost on the same graph with splat weights: what it costs
that the weights are large.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": ""}
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Run:
    """One process: seconds on the clock, bytes at its peak, and what it printed."""

    seconds: float
    peak: int
    output: str


@dataclass(frozen=True)
class Median:
    """The medians of several runs, and the count of FLOPs that they agree on."""

    seconds: float
    peak: float
    flops: int


def main() -> None:
    parser = argparse.ArgumentParser(description="graphcost beside tf.profiler")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of keras.applications (default: ResNet50 VGG16)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each program (default 5)")
    parser.add_argument("--keep", type=Path, help="keep the models in this folder, and use what it holds")
    arguments = parser.parse_args()
    print(f"{'':10}{'file':>10}{'graphcost':>21}{'tf.profiler':>21}{'faster':>9}{'smaller':>9}{'splat weights':>21}")
    with tempfile.TemporaryDirectory(prefix="graphcost-") as temporary:
        folder = arguments.keep or Path(temporary)
        for name in arguments.names or ["ResNet50", "VGG16"]:
            print(row(name, folder, arguments.runs), flush=True)


def row(name: str, folder: Path, runs: int) -> str:
    real_size, splat = models(name, folder)
    programs = {
        "graphcost": graphcost_command(real_size),
        "profiler": [sys.executable, str(HERE / "profiler.py"), str(real_size)],
        "splat": graphcost_command(splat),
    }
    measured: dict[str, list[Run]] = {program: [] for program in programs}
    for turn in range(1 + runs):
        for program, command in programs.items():
            done = run(command)
            if turn > 0:
                measured[program].append(done)
    ours, theirs = summary(measured["graphcost"], reported_flops), summary(measured["profiler"], int)
    without = summary(measured["splat"], reported_flops)
    check_agreement(name, ours.flops, theirs.flops, without.flops)
    size = f"{real_size.stat().st_size / 2**20:,.0f} MiB"
    ratios = f"{theirs.seconds / ours.seconds:>8.1f}x{theirs.peak / ours.peak:>8.1f}x"
    return f"{name:10}{size:>10}{cell(ours):>21}{cell(theirs):>21}{ratios}{cell(without):>21}"


def models(name: str, folder: Path) -> tuple[Path, Path]:
    """The two files of a network, made where the folder lacks them."""
    folder.mkdir(parents=True, exist_ok=True)
    real_size, splat = folder / f"{name}.pb", folder / f"{name}-splat.pb"
    if not (real_size.exists() and splat.exists()):
        run([sys.executable, str(HERE / "models.py"), name, str(real_size), str(splat)])
    return real_size, splat


def graphcost_command(path: Path) -> list[str]:
    return [sys.executable, "-m", "graphcost", "report", str(path), "--format", "json"]


def run(command: Sequence[str]) -> Run:
    """Runs a process to its end. Raises RuntimeError, with what it said, where it fails."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as messages:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=messages, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            messages.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{messages.read().decode(errors='replace')}")
        output.seek(0)
        return Run(seconds, usage.ru_maxrss * PEAK_UNIT, output.read().decode())


def summary(runs: Sequence[Run], parse: Callable[[str], int]) -> Median:
    counts = {parse(run.output) for run in runs}
    if len(counts) != 1:
        raise RuntimeError(f"the runs disagree: {sorted(counts)}")
    return Median(median(run.seconds for run in runs), median(run.peak for run in runs), counts.pop())


def reported_flops(output: str) -> int:
    return int(json.loads(output)["total"]["flops"])


def check_agreement(name: str, ours: int, theirs: int, without: int) -> None:
    """Both read the same graph: within a percent, tf.profiler's rules being fewer. Weights don't change the count."""
    if abs(ours - theirs) > 0.01 * ours or ours != without:
        raise RuntimeError(f"{name}: graphcost counts {ours:,} and {without:,} FLOPs, tf.profiler {theirs:,}")


def cell(measured: Median) -> str:
    return f"{measured.seconds:.2f} s {measured.peak / 2**20:,.0f} MiB"


if __name__ == "__main__":
    main()
