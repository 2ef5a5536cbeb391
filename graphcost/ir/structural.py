"""The operations that carry bodies, and those that stand for a body's inputs and results."""

BRANCHES = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})
LOOPS = frozenset({"While", "StatelessWhile"})
CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "TPUPartitionedCall"})

ARGUMENT = "_Arg"
"""The op of a function body's inputs."""

RETURNS = frozenset({"_Retval", "_DeviceRetval"})
"""The ops of a function body's results, where a graph spells them out."""
