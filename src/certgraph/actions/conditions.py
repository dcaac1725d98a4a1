# ruff: noqa: ANN401 - of any action
"""What an input and its subject must be before the work is done."""

from collections.abc import Sequence
from typing import Any

from certgraph.actions.authority import AnyAction, Given
from certgraph.actions.parties import Grant
from certgraph.problems import Problem, refusal
from certgraph.text import text_problems


def own_problems(action: AnyAction, grant: Grant, given: Given) -> list[Problem]:
    """List what is wrong with what the engine itself takes: key, reason, document."""
    problems: list[Problem] = []
    if action.once:
        problems += text_problems(given["idempotency_key"], 100, "idempotency_key")
    for name in ("document", "reason"):
        value = given.get(name)
        is_wanted = grant.on_behalf or (name == "reason" and action.reason)
        if value is None and is_wanted:
            problems.append(Problem(code=f"access.{name}_required", path=(name,)))
        elif value is not None:
            found = text_problems(value, 200, name)
            if not found and not any(character.isalnum() for character in value):
                found = [Problem(code=f"access.{name}_required", path=(name,))]
            problems += found
    return problems


def is_there_already(
    action: AnyAction, given: Given, subject: Any, problems: Sequence[Problem]
) -> bool:
    """Tell whether what an action is about is in the state already that it leads to.

    Raises:
        Rejected: It is in another state than the caller saw, and not there yet.
    """
    if not action.leads_to or problems:
        return False
    if subject.state in action.leads_to:
        return True
    expected = given.get("expected_state")
    if expected is not None and subject.state is not expected:
        raise refusal("access.other_state", "expected_state", state=subject.state, seen=expected)
    return False
