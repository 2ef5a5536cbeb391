"""Writes docs/ops.md: every operation with what its rule says, and which test proves it.

    python docs/make_ops.py                     runs the rules' tests, which record what they prove
    python docs/make_ops.py --proofs FOLDER     takes the record of a run with GRAPHCOST_PROOFS=FOLDER
    python docs/make_ops.py --check ...         writes nothing, and fails where docs/ops.md says something wrong

An operation that docs/ops.md doesn't have yet is no error, but is named.

It needs the extras: pip install -e '.[dev,tensorflow]'.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
TARGET = FOLDER / "ops.md"


def main() -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path[:0] = [str(FOLDER), str(ROOT / "tests" / "support")]
    import ops_document
    from op_proofs import find_proofs, problems, recorded

    parser = argparse.ArgumentParser(description="Writes docs/ops.md.")
    parser.add_argument("--proofs", metavar="FOLDER", help="what a run of the tests has proven")
    parser.add_argument("--check", action="store_true", help="fail where docs/ops.md isn't current")
    arguments = parser.parse_args()
    if arguments.proofs:
        proofs = find_proofs(recorded(Path(arguments.proofs)))
    else:
        with tempfile.TemporaryDirectory() as folder:
            run_tests(folder)
            proofs = find_proofs(recorded(Path(folder)))
    text = ops_document.text(proofs)
    wrong = problems(proofs)
    if not arguments.check:
        TARGET.write_text(text, encoding="utf-8")
    else:
        different, missing = ops_document.compare(TARGET.read_text(encoding="utf-8"), text)
        if different:
            wrong.append(f"docs/ops.md is wrong: run python docs/make_ops.py, and read what it changes: {different}")
        if missing:
            print(f"docs/ops.md doesn't have {', '.join(missing)} yet: python docs/make_ops.py adds what is missing")
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    return 1 if wrong else 0


def run_tests(folder: str) -> None:
    """Runs the rules' tests, which record in the folder what they prove."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/graphcost_rules"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "GRAPHCOST_PROOFS": folder}, check=True)


if __name__ == "__main__":
    sys.exit(main())
