"""Recheck: whether the database still holds what was signed, and what the audit trail says."""
