"""What the values of an enumeration of the graph are called."""

from collections.abc import Iterable
from typing import Any

from certgraph.problem_messages.terms import in_words


def describe(enums: Iterable[Any]) -> None:
    """Say of every value what the programme calls it, in Chinese, then in English."""
    for enum in enums:
        by_name = {member.name: member for member in enum}
        for value in enum.__strawberry_definition__.values:
            member = by_name[value.name]
            chinese, english = in_words(member, "zh"), in_words(member, "en")
            value.description = str(chinese)
            if english != member.name:
                value.description += f" – {english}"
