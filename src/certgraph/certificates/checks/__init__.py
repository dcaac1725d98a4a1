"""Checks of many certificates at once, for employers: a table in, the same with verdicts out."""
