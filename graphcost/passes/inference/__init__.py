"""What a graph is for, from its structure: infer_outputs is the pass, find_network what it and others ask."""
