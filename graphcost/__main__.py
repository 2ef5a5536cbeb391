"""`python -m graphcost`, and the console command."""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 200_000
"""After so many new objects cycles are looked for."""


def run() -> None:
    """Runs the command line and leaves with its exit code."""
    # Nearly nothing here refers in a circle. To look for cycles after every 700 objects takes an eighth of a report's
    # time, and to look through all that there is when the interpreter ends a sixth.
    gc.set_threshold(YOUNG_OBJECTS)
    from graphcost.cli import main
    from graphcost.cli.guard import guarded

    code = guarded(main)
    gc.freeze()
    raise SystemExit(code)


if __name__ == "__main__":
    run()
