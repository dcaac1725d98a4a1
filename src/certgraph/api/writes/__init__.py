"""Declared actions in the graph: the input, payload and mutation of each, none by hand."""
