"""TF1's control flow, Enter, Switch, Merge and the like, raised into While and If: raise_control_flow is the pass."""
