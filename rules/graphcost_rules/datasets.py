"""The input pipeline: datasets, iterators, optionals. It feeds the model and isn't part of what the model costs."""

from __future__ import annotations

from graphcost import Free, FreeKind, Role
from graphcost_rules.declared_shapes import declared_by, family, nothing, open_vectors, scalars

PIPELINE = Free("input pipeline", FreeKind.COMPUTES_NOTHING)
"""Handles of what yields elements elsewhere."""

YIELDED = Free("input pipeline", FreeKind.VIEW)
SAVED = Free("input pipeline", FreeKind.COPIES)

DATASETS = """
    AssertCardinalityDataset AssertNextDataset AssertPrevDataset AutoShardDataset BatchDataset BatchDatasetV2
    BytesProducedStatsDataset CSVDataset CSVDatasetV2 CacheDataset CacheDatasetV2 ChooseFastestBranchDataset
    ChooseFastestDataset ConcatenateDataset DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3
    DataServiceDatasetV4 DatasetFromGraph DenseToSparseBatchDataset DirectedInterleaveDataset
    FilterByLastComponentDataset FilterDataset FinalizeDataset FixedLengthRecordDataset FixedLengthRecordDatasetV2
    FlatMapDataset GeneratorDataset GlobalShuffleDataset GroupByReducerDataset GroupByWindowDataset
    IgnoreErrorsDataset IndexFlatMapDataset InterleaveDataset LMDBDataset LatencyStatsDataset
    LegacyParallelInterleaveDatasetV2 ListDataset ListSnapshotChunksDataset LoadDataset MapAndBatchDataset
    MapDataset MatchingFilesDataset MaxIntraOpParallelismDataset ModelDataset NonSerializableDataset
    OptimizeDataset OptimizeDatasetV2 OptionsDataset PaddedBatchDataset PaddedBatchDatasetV2 ParallelBatchDataset
    ParallelFilterDataset ParallelInterleaveDataset ParallelInterleaveDatasetV2 ParallelInterleaveDatasetV3
    ParallelInterleaveDatasetV4 ParallelMapDataset ParallelMapDatasetV2 ParseExampleDataset ParseExampleDatasetV2
    PrefetchDataset PrivateThreadPoolDataset RandomDataset RandomDatasetV2 RangeDataset RebatchDataset
    RebatchDatasetV2 RepeatDataset RewriteDataset SamplingDataset SaveDatasetV2 ScanDataset
    SetStatsAggregatorDataset ShardDataset ShuffleAndRepeatDataset ShuffleAndRepeatDatasetV2 ShuffleDataset
    ShuffleDatasetV2 ShuffleDatasetV3 SkipDataset SleepDataset SlidingWindowDataset SnapshotChunkDataset
    SnapshotDataset SnapshotDatasetReader SnapshotDatasetV2 SnapshotNestedDatasetReader SparseTensorSliceDataset
    SqlDataset TFRecordDataset TFRecordDatasetV2 TakeDataset TakeWhileDataset TensorDataset TensorSliceDataset
    TextLineDataset ThreadPoolDataset UnbatchDataset UniqueDataset UnwrapDatasetVariant WeightedFlatMapDataset
    WindowDataset WrapDatasetVariant ZipDataset
"""

HANDLES = """
    Iterator IteratorV2 AnonymousIterator AnonymousIteratorV2 AnonymousIteratorV3
    IteratorFromStringHandle IteratorFromStringHandleV2 IteratorToStringHandle IteratorGetDevice
    IteratorGetModelProto MultiDeviceIterator
    AnonymousMultiDeviceIterator AnonymousMultiDeviceIteratorV3 MultiDeviceIteratorFromStringHandle
    MultiDeviceIteratorInit MultiDeviceIteratorToStringHandle OptionalFromValue OptionalHasValue OptionalNone
    DatasetCardinality DatasetFingerprint DatasetToGraph DatasetToGraphV2 StatsAggregatorHandle
    StatsAggregatorHandleV2 ThreadPoolHandle RegisterDataset RegisterDatasetV2
    AnonymousMemoryCache AnonymousRandomSeedGenerator AnonymousSeedGenerator DummyMemoryCache DummySeedGenerator
    DummyIterationCounter
"""

EFFECTS = """
    MakeIterator DeleteIterator DeserializeIterator DeleteMultiDeviceIterator
    DeleteMemoryCache DeleteRandomSeedGenerator DeleteSeedGenerator
"""

YIELDS = """
    OptionalGetValue DatasetToSingleElement
    MultiDeviceIteratorGetNextFromShard GetElementAtIndex
"""

NEXT = (
    family(PIPELINE, scalars, "OneShotIterator", "IteratorGetNextAsOptional")
    + family(YIELDED, declared_by("output_shapes"), "IteratorGetNext", "IteratorGetNextSync")
).with_role(Role.DATA_SOURCE)

STATISTICS = (
    family(PIPELINE, scalars, "StatsAggregatorSummary") + family(PIPELINE, nothing, "StatsAggregatorSetSummaryWriter")
).with_role(Role.SUMMARY)

RULES = (
    family(PIPELINE, scalars, *DATASETS.split(), *HANDLES.split())
    + NEXT
    + STATISTICS
    + family(SAVED, nothing, "DatasetToTFRecord")
    + family(SAVED, nothing, "SaveDataset").with_role(Role.EFFECT)
    + family(PIPELINE, open_vectors, "SerializeIterator")
    + family(PIPELINE, nothing, *EFFECTS.split())
    + family(YIELDED, declared_by("output_shapes"), *YIELDS.split())
).with_role(Role.PIPELINE)
