"""Rotation: another master key, and another key that seals the register's, in place of the last."""
