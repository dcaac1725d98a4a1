"""Days and instants as the graph writes and takes them: one spelling each."""

import re
from datetime import date, datetime
from operator import methodcaller
from typing import Any

import strawberry
from graphql import GraphQLError

from certgraph.calendar import written_day


def _date(value: object) -> date:
    try:
        return written_day(str(value))
    except ValueError:
        shown = str(value)[:40]
        raise GraphQLError(f"Date takes a day as YYYY-MM-DD; {shown!r} is not one.") from None


def _instant(value: object) -> datetime:
    text = str(value)
    try:
        found = datetime.fromisoformat(text) if _INSTANT.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        example = "2026-11-23T12:00:00+08:00"
        raise GraphQLError(
            f"DateTime takes an instant with its offset, as {example}; {text[:40]!r} is not one."
        )
    return found


_YEARS = range(2, 9999)
"""Of instants that have a day in China, and one after it."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
"""Of RFC 3339, in capitals; microseconds at the finest."""

SCALARS: dict[object, Any] = {
    date: strawberry.scalar(
        name="Date",
        description="A civil day in China, as YYYY-MM-DD.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=methodcaller("isoformat"),
        parse_value=_date,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant with its offset from UTC, as 2026-11-23T04:00:00+00:00.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=methodcaller("isoformat"),
        parse_value=_instant,
    ),
}
