"""Expected texts, kept as files in tests/golden. RENEW_GOLDEN=1 in the environment of pytest writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "golden"


def check(name: str, text: str, folder: Path = FOLDER) -> None:
    """Fails where the text isn't what the file of that name holds."""
    path = folder / name
    if os.environ.get("RENEW_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="")
    assert path.exists(), f"{name} is missing: run pytest with RENEW_GOLDEN=1, and read what it writes"
    assert text == path.read_text(encoding="utf-8"), f"{name} differs: read both, then run pytest with RENEW_GOLDEN=1"
