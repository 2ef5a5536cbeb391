"""The answer: one line for each node, and the totals of them. Plain data, symbolic until bound."""

from graphcost.report.line import IDLE, Line, Row, Status, Work, sum_work
from graphcost.report.parts import Dropped, Loop, ModelInfo, Tensor
from graphcost.report.report import Report

__all__ = [
    "IDLE",
    "Dropped",
    "Line",
    "Loop",
    "ModelInfo",
    "Report",
    "Row",
    "Status",
    "Tensor",
    "Work",
    "sum_work",
]
