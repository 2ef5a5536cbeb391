"""The answer: one line for each node, and the totals of them. Plain data, symbolic until bound."""

from graphcost.report.line import IDLE, Line, Work, sum_work
from graphcost.report.parts import Dropped, Loop, ModelInfo, Overridden, Tensor, Unmatched
from graphcost.report.quantities import QUANTITIES, Quantities, Quantity, Unit
from graphcost.report.report import Report
from graphcost.report.row import Row, add_up, add_up_rows

__all__ = [
    "IDLE",
    "QUANTITIES",
    "Dropped",
    "Line",
    "Loop",
    "ModelInfo",
    "Overridden",
    "Quantities",
    "Quantity",
    "Report",
    "Row",
    "Tensor",
    "Unit",
    "Unmatched",
    "Work",
    "add_up",
    "add_up_rows",
    "sum_work",
]
