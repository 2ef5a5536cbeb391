"""TensorFlow's own profiler as a rule set: what tf.compat.v1.profiler counts as float_operation, mistakes included.

`graphcost explain` holds it against graphcost's own rules. No report is made from it.
"""

from __future__ import annotations

from graphcost_rules.tf_profiler import contractions, elements, import_shapes

RULES = elements.RULES + contractions.RULES + import_shapes.RULES
