"""Texts that people type and certificates carry: one set of rules for both."""

from certgraph.credential.text_rules import text_fault
from certgraph.problems import Problem


def text_problems(value: str, longest: int, *path: str) -> list[Problem]:
    """List what is wrong with a text of 1 to `longest` characters (see `credential.text_rules`)."""
    fault = text_fault(value, longest)
    if fault is None:
        return []
    return [Problem(code=f"text.{fault.value}", path=path, facts={"longest": longest})]
