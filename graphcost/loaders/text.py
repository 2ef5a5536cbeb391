"""Protobuf's text format."""

from __future__ import annotations

import re
from typing import Any

from graphcost.errors import LoadError
from graphcost.loaders.descriptors import message_class
from graphcost.loaders.source import NodeBudget
from graphcost.loaders.wire import Buffer

_NODE = re.compile(rb"\bnode(?:_def)?\s*[:{<]")


def parse_text(name: str, buffer: Buffer, budget: NodeBudget) -> Any:
    """The message of class `name` that a text describes.

    Raises LoadError where it describes none, or where more blocks look like nodes than the budget allows.
    """
    from google.protobuf import text_format

    budget.check(sum(1 for _ in _NODE.finditer(buffer)))
    try:
        return text_format.Parse(buffer[:].decode("utf-8-sig"), message_class(name)())
    except UnicodeDecodeError as error:
        raise LoadError(f"text that isn't UTF-8 at byte {error.start}; save the model again") from error
    except text_format.ParseError as error:
        raise LoadError(f"no text of a {name}: {error}") from error
