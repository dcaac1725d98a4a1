"""Batches: an exam's results from an uploaded file to issued certificates, by two people."""
