"""Every deliberate error. The command line prints one line of it and leaves with its `exit_code`."""

from __future__ import annotations


class GraphcostError(Exception):
    """The root of all deliberate errors; anything else that escapes is a bug."""

    exit_code = 2


class UsageError(GraphcostError):
    """An option, output, signature or symbol that the model doesn't have, or a binding that contradicts it."""


class ContradictionError(UsageError):
    """Bindings that break what had to be equal for the graph to be legal."""


class LoadError(GraphcostError):
    """The file can't be read as a model: says which file, what it is instead, and what to do."""

    exit_code = 3


class GraphError(GraphcostError):
    """The graph is broken (duplicate names, dangling input, illegal cycle); names the nodes."""

    exit_code = 3


class PluginError(GraphcostError):
    """A rule pack or a rules file can't be loaded, or two packs claim the same op; names the owners."""


class UnboundSymbolError(GraphcostError):
    """A number was asked of a formula that still has symbols; names them."""


class DimError(GraphcostError):
    """A size that can't be written down: a division by zero, a formula past the limits."""


class OutputError(GraphcostError):
    """The output can't be written, or not all of it; says where to and why."""

    exit_code = 74


class RuleError(GraphcostError):
    """A rule refuses a node. The line becomes uncosted and the run goes on."""


class AnswerError(GraphcostError):
    """What a rule gives isn't what rules give: a cost of floats, a shape of strings, less than nothing.

    The line becomes uncosted and the run goes on.
    """


class RewriteError(GraphcostError):
    """A rewrite refuses a match, or its replacement would break the graph. The match stays as it is."""


class ShapeUnknown(GraphcostError):
    """A rule needs a shape or a value that isn't known. Rules never catch it; the engine marks the line."""
