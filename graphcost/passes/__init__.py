"""Rewrites of the graph, one module each: Graph -> Graph. Nothing is removed; what falls away gets its reason."""
