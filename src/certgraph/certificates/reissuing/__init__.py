"""Corrections of many certificates from a table: what is wrong, or what superseded what."""
