"""Pictures, by Graphviz's own `dot`, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from graphcost.errors import UsageError

PICTURES = (".svg", ".png", ".pdf")
TIME_LIMIT_S = 30.0


def draw(text: str, path: Path, time_limit: float = TIME_LIMIT_S) -> None:
    """Writes the picture of a DOT text, its format being the suffix of the path.

    Where that can't be done the text itself is left beside it, as `.dot`, and UsageError says why.
    """
    program = shutil.which("dot")
    if program is None:
        raise _instead(text, path, "Graphviz isn't installed", "install it (apt-get install graphviz)")
    command = [program, f"-T{path.suffix[1:].lower()}", "-o", str(path)]
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=time_limit, check=False)
    except subprocess.TimeoutExpired:
        remedy = "draw less (--depth 1), or take your time"
        raise _instead(text, path, f"Graphviz didn't finish in {time_limit:.0f} s", remedy) from None
    except OSError as error:
        raise _instead(text, path, f"Graphviz doesn't start: {error.strerror}", "repair it") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.decode(errors="replace").split())[:200]
        raise _instead(text, path, f"Graphviz failed: {said}", "draw less (--depth 1)")


def _instead(text: str, path: Path, problem: str, remedy: str) -> UsageError:
    fallback = path.with_suffix(".dot")
    try:
        fallback.write_text(text, encoding="utf-8")
    except OSError as error:
        return UsageError(f"{problem}, and {fallback} can't be written: {error.strerror}")
    command = f"dot -T{path.suffix[1:].lower()} -o {path} {fallback}"
    return UsageError(f"{problem}: wrote {fallback} instead; {remedy}, then: {command}")
