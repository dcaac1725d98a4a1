"""Texts that people type and certificates carry: one set of rules for both."""

from certgraph.credential.text_rules import text_fault
from certgraph.problems import Problem, reject_if


def text_problems(value: str, longest: int, *path: str) -> list[Problem]:
    """List what is wrong with a text of 1 to `longest` characters (see `credential.text_rules`)."""
    fault = text_fault(value, longest)
    if fault is None:
        return []
    return [Problem(code=f"text.{fault.value}", path=path, facts={"longest": longest})]


def reject_text(value: str, longest: int, *path: str) -> None:
    """Refuse a text that `text_problems` finds something wrong with. Raises `Rejected`."""
    reject_if(text_problems(value, longest, *path))
