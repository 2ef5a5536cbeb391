"""The built-in rewrites, a module each. None is applied unless it is asked for: a model is counted as it is."""

from __future__ import annotations

from graphcost import RewriteSet
from graphcost_rules.rewrites import (
    common_subexpressions,
    drop_identities,
    fold_batch_norm,
    fuse_conv_bias_activation,
    strip_training,
)

REWRITES = RewriteSet(
    strip_training.REWRITE,
    drop_identities.REWRITE,
    common_subexpressions.REWRITE,
    fold_batch_norm.REWRITE,
    fuse_conv_bias_activation.REWRITE,
)
