"""What nodes are for: outputs, labels, weights, the regions of a training graph, and why nodes don't run."""
