"""Planned reads: what the types declare becomes one SQL plan for each document (docs/reads.md)."""
