"""Why the answer is what it is: one node's rule, or another tool's count beside graphcost's."""
