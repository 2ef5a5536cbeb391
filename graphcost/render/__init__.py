"""One module for each output format: a Report in, text out."""
