"""Pictures, by Graphviz's own `dot`, where it is installed."""

from __future__ import annotations

import shutil
import subprocess

from graphcost.errors import UsageError

PICTURES = (".svg", ".png", ".pdf")
TIME_LIMIT_S = 30.0


def draw(text: str, form: str, time_limit: float = TIME_LIMIT_S) -> bytes:
    """The picture of a DOT text, as "svg", "png" or "pdf". Raises UsageError, with a remedy, where there is none."""
    program = shutil.which("dot")
    if program is None:
        raise UsageError("Graphviz isn't installed: install it (apt-get install graphviz)")
    try:
        done = subprocess.run(
            [program, f"-T{form}"], input=text.encode(), capture_output=True, timeout=time_limit, check=False
        )
    except subprocess.TimeoutExpired:
        remedy = "draw less (--depth 1), or take your time"
        raise UsageError(f"Graphviz didn't finish in {time_limit:.0f} s: {remedy}") from None
    except OSError as error:
        raise UsageError(f"Graphviz doesn't start: {error.strerror}") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.decode(errors="replace").split())[:200]
        raise UsageError(f"Graphviz failed: {said}: draw less (--depth 1)")
    return done.stdout
