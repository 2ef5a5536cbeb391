"""The graph that is analyzed: nodes, tensors between them, literals, name scopes."""
