"""What the catalogue holds of a refusal."""

from typing import NamedTuple


class Message(NamedTuple):
    """A refusal's sort (a `ProblemKind`), its rule, and its sentence in both languages."""

    kind: str
    rule_id: str | None
    en: str
    zh: str
