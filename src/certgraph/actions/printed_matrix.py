"""The access matrix as the declarations state it: for people, for tests, for the docs."""

from collections.abc import Sequence
from typing import Any

from certgraph.actions.declaring import Action
from certgraph.actions.parties import Role


def access_matrix(actions: Sequence[Action[Any, Any]]) -> str:
    """Return the matrix as a table in Markdown: an action a row, a role a column."""
    head = ["action", *map(role_name, Role), "reason", "step-up", "rule"]
    lines = []
    for one in actions:
        cells = [str(one.may[role]) if role in one.may else "" for role in Role]
        name = f"`{one.name}`" if one.in_graph else f"`{one.name}` (not in the API)"
        extras = ["yes" if asked else "" for asked in (one.reason, one.step_up)]
        lines.append([name, *cells, *extras, one.rule or ""])
    return table(head, lines)


def role_name(role: Role) -> str:
    """Return a role as the head of a column."""
    return role.value.replace("_", " ")


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    rows = [head, ["---"] * len(head), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
