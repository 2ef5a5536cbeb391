"""The engine knows the structural operations, and none beside them: what others are for, their rules say."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from graphcost.loaders.opdefs import tensorflow_ops

ENGINE = Path(__file__).resolve().parents[1] / "graphcost"

KNOWN: Mapping[str, str] = {
    "TF1's control flow, which passes raise to loops and branches": """
        Enter RefEnter Exit RefExit Merge RefMerge Switch RefSwitch _SwitchN NextIteration RefNextIteration LoopCond
        ControlTrigger
    """,
    "run bodies: each has a handler": """
        PartitionedCall StatefulPartitionedCall TPUPartitionedCall RemoteCall BatchFunction XlaLaunch XlaLaunchV2
        _TPUReplicate MapDefun If _If StatelessIf Case StatelessCase XlaIf RiscCondition For While _While StatelessWhile
        XlaWhile RiscWhile XlaReduce XlaVariadicReduce XlaVariadicReduceV2 XlaReduceWindow XlaScatter
        XlaSelectAndScatter XlaVariadicSort
    """,
    "iterate datasets, each with a handler": "ReduceDataset DatasetToSingleElement",
    "say how often a function on a dataset's elements runs": """
        AssertCardinalityDataset BatchDataset BatchDatasetV2 CacheDataset CacheDatasetV2 ConcatenateDataset
        FilterDataset FinalizeDataset MapDataset MaxIntraOpParallelismDataset ModelDataset OptimizeDataset
        OptimizeDatasetV2 OptionsDataset ParallelBatchDataset ParallelMapDataset ParallelMapDatasetV2 PrefetchDataset
        PrivateThreadPoolDataset RangeDataset RepeatDataset RewriteDataset ScanDataset ShardDataset ShuffleDataset
        ShuffleDatasetV2 ShuffleDatasetV3 SkipDataset TakeDataset TakeWhileDataset TensorDataset TensorSliceDataset
        UnbatchDataset ZipDataset
    """,
    "stand for a body's arguments and results": "_Arg _Retval _DeviceRetval",
    "carry values from a loop to the loop of its gradient": "Stack StackV2 StackPush StackPushV2 StackPop StackPopV2",
    "are made by loaders and passes": "Const Placeholder Identity IdentityN",
    "say how long a loop runs, in its condition": """
        Less LessEqual Greater GreaterEqual Equal NotEqual LogicalNot LogicalAnd LogicalOr Minimum Maximum
    """,
    "have shapes that the file holds elsewhere": "VarHandleOp",
    "say that a loop's counter only grows": "Add AddV2",
    "says that what is assigned is a step away from what there was: the variable is trained": "Sub",
}
"""All operations that the engine has by name, and why."""

WORDS: Mapping[str, frozenset[str]] = {
    "__init__.py": frozenset({"Attr", "Fact", "Shape"}),
    "dims/__init__.py": frozenset({"Shape"}),
    "ir/node.py": frozenset({"Attr"}),
    "cli/options.py": frozenset({"None"}),
    "loaders/tensors.py": frozenset({"B"}),
    "render/numbers.py": frozenset({"B"}),
}
"""Words that some operation is called too, by the file that has them: names to export, a struct's format, a unit."""


def names_in(path: Path) -> Iterator[str]:
    """The operations whose names a file has as strings, alone or in a list of names."""
    registered = frozenset(tensorflow_ops().names)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from registered & {node.value, *(node.value.split() if is_list(node.value) else ())}


def is_list(text: str) -> bool:
    """Whether a string lists names with blanks between them, and isn't prose."""
    return all(word[:1].isupper() or word.startswith("_") for word in text.split())


def test_the_engine_knows_no_operation_but_the_structural_ones() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted(ENGINE.rglob("*.py")):
        place = path.relative_to(ENGINE).as_posix()
        for name in set(names_in(path)) - WORDS.get(place, frozenset()):
            found.setdefault(name, set()).add(place)
    known = {name for names in KNOWN.values() for name in names.split()}
    assert {name: places for name, places in found.items() if name not in known} == {}
    assert known - found.keys() == set()
    assert len(known) == sum(len(names.split()) for names in KNOWN.values())
