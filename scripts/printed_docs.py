# ruff: noqa: E501 - documents have lines as long as those of docs/
"""Print the documents that are made from the code: `make docs`; a test compares them."""

from collections.abc import Mapping
from pathlib import Path

from certgraph.actions.matrix import access_matrix, role_name, table
from certgraph.actions.parties import Role
from certgraph.all_actions import ALL_ACTIONS
from certgraph.api.reads.policies import reading_of
from certgraph.api.schema import make_schema, readable_types
from certgraph.problem_messages import TABLES, read_table

DOCS = Path(__file__).parents[1] / "docs"

_MATRIX = """# Who may do what

Printed from the declarations by `make docs`; `make check` compares it. How a cell is made: [actions.md](actions.md).

A token acts as one role: for an organization in one of its kinds, or for the programme's office (`operator`).

- **any**: on everything of that kind.
- **own**: on what is its organization's. Another's answers exactly like what does not exist.
- **supervised**: on institutions that its organization supervises: those that name it, else those of its division. A city with an authority of its
  own comes before its province, the corps (兵团) has its cities.
- **turn**: on a walk through several parties of which it is one, when it is its turn.
- **on behalf**: the office records what others decided. It names the document and the reason; it decides nothing by itself.
- **confirmed by**: another person of that role confirms exactly this input within seven days; whoever asked cannot.

An organization that has left the programme does nothing more, but for registering what it issued and ending its keys. A token that is unknown,
expired or revoked is refused before anything is read.

## Actions

{actions}
## Reads

What each role reads of a type. *A part* is what is its own, what it supervises or has a part in, or what is published. Types that are not named are
read only below one that is.

{reads}"""

_ERRORS = """# Refusals

Printed from `src/certgraph/problem_messages/*.csv` by `make docs`; `make check` compares it. Translators edit the tables.

Every mutation answers `errors {{ code message path rule {{ id sentence source }} }}`. Its type is the sort of the refusal, which says what to do:

| sort | type | what to do |
| --- | --- | --- |
| not_found | `NotFoundError` | look for another; what is another's answers the same |
| invalid_input | `InvalidInputError` | mend the value at `path` |
| conflict | `ConflictError` | look at what is recorded; `access.busy`: send it again |
| rule_broken | `RuleBrokenError` | give it up, or wait: a rule of the programme is against it, and `rule` quotes it |
| forbidden | `ForbiddenError` | ask somebody who may; `rule` says who, where a rule does |

{tables}"""


def documents() -> Mapping[Path, str]:
    """Return what each printed document holds."""
    return {DOCS / "access-matrix.md": _matrix(), DOCS / "errors.md": _errors()}


def _matrix() -> str:
    heads = ["type", "public", *map(role_name, Role)]
    reads = [
        [f"`{name}`", *(reading_of(policy, role) for role in (None, *Role))]
        for name, policy in readable_types(make_schema())
    ]
    return _MATRIX.format(actions=access_matrix(ALL_ACTIONS), reads=table(heads, reads))


def _errors() -> str:
    parts = []
    for name in TABLES:
        rows = [
            [f"`{code}`", one.kind, one.rule_id or "", one.en, one.zh]
            for code, one in read_table(name).items()
        ]
        title = name.replace("_", " ").capitalize()
        parts.append(f"## {title}\n\n" + table(["code", "sort", "rule", "en", "zh"], rows))
    return _ERRORS.format(tables="\n".join(parts))


if __name__ == "__main__":
    for file, text in documents().items():
        file.write_text(text, encoding="utf-8")
