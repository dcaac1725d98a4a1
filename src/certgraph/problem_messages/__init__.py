"""What each refusal says, in English and Chinese, by code: one table a capability.

Each sentence says what was wrong and what to do; the place is in the problem's `path`. Where a rule
of the programme is behind it, the rule is quoted beside the sentence (`policy`). Translators edit
the tables; `docs/errors.md` is printed from them.
"""

import csv
from importlib import resources

from certgraph.problem_messages.message import Message

__all__ = ["MESSAGES", "TABLES", "Message", "read_table"]

TABLES = (
    "access",
    "texts",
    "answers",
    "organizations",
    "parameters",
    "standards",
    "participation",
    "duties",
    "feedback",
    "entitlements",
    "assessment",
    "sheets",
    "certificates",
    "holders",
    "credit_bank",
    "supervision",
    "retention",
)


def read_table(table: str) -> dict[str, Message]:
    """Return code → message of one table, in the order of codes."""
    text = resources.files(__name__).joinpath(f"{table}.csv").read_text("utf-8")
    return {
        row["code"]: Message(row["sort"], row["rule"] or None, row["en"], row["zh"])
        for row in csv.DictReader(text.splitlines())
    }


MESSAGES: dict[str, Message] = {
    code: message for table in TABLES for code, message in read_table(table).items()
}
