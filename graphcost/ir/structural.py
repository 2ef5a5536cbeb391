"""The operations that carry bodies, and those that stand for a body's results."""

BRANCHES = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})
LOOPS = frozenset({"While", "StatelessWhile"})
CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "TPUPartitionedCall"})

RETURNS = frozenset({"_Retval", "_DeviceRetval"})
"""The ops of a function body's results, where a graph spells them out."""
