"""`python -m graphcost`, and the console command."""

from __future__ import annotations


def run() -> None:
    """Runs the command line and leaves with its exit code."""
    from graphcost.cli import main

    raise SystemExit(main())


if __name__ == "__main__":
    run()
