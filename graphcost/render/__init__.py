"""One module for each output format: a Report in, text out."""

GROUPINGS = ("scope", "op", "node")
"""What a row of a table can stand for."""
