"""Graph + rules -> Evaluations: the facts of every tensor, function bodies included, without running anything.

A body (the top level, or a function) is evaluated once for each distinct (function, input facts, outputs in use).
Bodies that call bodies are generators on an explicit stack, so that no depth of calls is a depth of recursion.
"""

from graphcost.evaluate.call_graph import CallGraph, calls_of
from graphcost.evaluate.evaluation import Binder, Call, Evaluation, Guard, fact_in
from graphcost.evaluate.run import FUNCTION, Handler, HandlerSteps, LoopTrips, Outcome, Place, Request, Run, Site, Steps
from graphcost.evaluate.walk import evaluate

__all__ = [
    "FUNCTION",
    "Binder",
    "Call",
    "CallGraph",
    "Evaluation",
    "Guard",
    "Handler",
    "HandlerSteps",
    "LoopTrips",
    "Outcome",
    "Place",
    "Request",
    "Run",
    "Site",
    "Steps",
    "calls_of",
    "evaluate",
    "fact_in",
]
