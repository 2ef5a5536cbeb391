"""Graph + rules -> Evaluations: the facts of every tensor, function bodies included, without running anything.

A body (the top level, or a function) is evaluated once for each distinct (function, input facts, outputs in use).
Bodies that call bodies are generators on an explicit stack, so that no depth of calls is a depth of recursion.
"""

from graphcost.evaluate.evaluation import Binder, Call, Evaluation, Guard
from graphcost.evaluate.run import FUNCTION, Handler, HandlerSteps, Outcome, Place, Request, Run, Site, Steps
from graphcost.evaluate.walk import MAX_EVALUATIONS, STAND_INS, evaluate

__all__ = [
    "FUNCTION",
    "MAX_EVALUATIONS",
    "STAND_INS",
    "Binder",
    "Call",
    "Evaluation",
    "Guard",
    "Handler",
    "HandlerSteps",
    "Outcome",
    "Place",
    "Request",
    "Run",
    "Site",
    "Steps",
    "evaluate",
]
