"""SavedModel: one meta graph or several, told apart by their tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphcost.errors import LoadError, UsageError
from graphcost.loaders.descriptors import message_class
from graphcost.loaders.metagraph import metagraph_from_bytes, metagraph_from_message
from graphcost.loaders.source import ModelSource, NodeBudget, join, parse
from graphcost.loaders.wire import Buffer, Field, submessages

_DEFAULT_TAGS = frozenset({"serve"})


def saved_model_from_bytes(buffer: Buffer, tags: Sequence[str], budget: NodeBudget) -> ModelSource:
    """The meta graph with these tags; without tags the one for serving, else the only one.

    Raises LoadError where the bytes are no SavedModel, UsageError where the tags leave no choice or several.
    """
    number = message_class("SavedModel").META_GRAPHS_FIELD_NUMBER
    found = [field for field in submessages(buffer, 0, len(buffer)) if field.number == number]
    chosen = found[_choose([_tags(buffer, field) for field in found], tags)]
    return metagraph_from_bytes(buffer, chosen.body, chosen.end, budget)


def saved_model_from_message(message: Any, tags: Sequence[str], budget: NodeBudget) -> ModelSource:
    """The same for a parsed SavedModel of this package's own classes."""
    choices = [frozenset(meta_graph.meta_info_def.tags) for meta_graph in message.meta_graphs]
    return metagraph_from_message(message.meta_graphs[_choose(choices, tags)], budget)


def _tags(buffer: Buffer, meta_graph: Field) -> frozenset[str]:
    info = message_class("MetaGraphDef").META_INFO_DEF_FIELD_NUMBER
    tags = message_class("MetaGraphDef.MetaInfoDef").TAGS_FIELD_NUMBER
    parts = [
        part
        for field in submessages(buffer, meta_graph.body, meta_graph.end)
        if field.number == info
        for part in submessages(buffer, field.body, field.end)
        if part.number == tags
    ]
    return frozenset(parse("MetaGraphDef.MetaInfoDef", join(buffer, parts)).tags)


def _choose(choices: Sequence[frozenset[str]], tags: Sequence[str]) -> int:
    if not choices:
        raise LoadError("a SavedModel without any graph; save it again")
    wanted = frozenset(tags) or _DEFAULT_TAGS
    matching = [index for index, choice in enumerate(choices) if choice == wanted]
    if not matching:
        matching = [index for index, choice in enumerate(choices) if choice >= wanted]
    if not matching and not tags:
        matching = list(range(len(choices)))
    if len(matching) == 1:
        return matching[0]
    listed = "; ".join(sorted(",".join(sorted(choice)) or "(no tags)" for choice in choices))
    asked = f"the tags {','.join(sorted(wanted))} fit {len(matching)} graphs of it" if tags else "it has several graphs"
    raise UsageError(f"{asked}; choose one by its tags: {listed}")
