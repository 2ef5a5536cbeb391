"""The input pipeline under the names that it had while it was experimental, and the little that came later."""

from __future__ import annotations

from graphcost import Role
from graphcost_rules.datasets import PIPELINE, SAVED
from graphcost_rules.declared_shapes import declared_by, family, nothing, scalars

DATASETS = """
    AssertNext AutoShard BytesProducedStats CSV ChooseFastest DenseToSparseBatch DirectedInterleave GroupByReducer
    GroupByWindow IgnoreErrors LMDB LatencyStats MapAndBatch Map MatchingFiles MaxIntraOpParallelism NonSerializable
    ParallelInterleave ParseExample PrivateThreadPool Random Rebatch Scan SetStatsAggregator Sleep SlidingWindow Sql
    TakeWhile ThreadPool Unbatch Unique
"""

HANDLES = """
    ExperimentalDatasetCardinality ExperimentalIteratorGetDevice ExperimentalStatsAggregatorHandle
    ExperimentalThreadPoolHandle CompressElement ComputeBatchSize WindowOp
"""

RULES = (
    family(PIPELINE, scalars, *(f"Experimental{name}Dataset" for name in DATASETS.split()), *HANDLES.split())
    + family(PIPELINE, scalars, "ExperimentalStatsAggregatorSummary").with_role(Role.SUMMARY)
    + family(SAVED, nothing, "ExperimentalDatasetToTFRecord", "DistributedSave")
    + family(SAVED, declared_by("output_shapes"), "UncompressElement", "ReduceDataset")
).with_role(Role.PIPELINE)
