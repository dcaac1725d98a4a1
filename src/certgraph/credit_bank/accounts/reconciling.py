"""Reconciliation: what each side holds by day and organization, as counts and hashes."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from certgraph.problems import refusal

MAX_DAYS = 31


@dataclass(frozen=True, slots=True)
class Side:
    """One side's records of a day and organization.

    Attributes:
        count: How many it holds as valid, with credits.
        credits_tenths: Their credits, times ten.
        sha256: Hash of their hashes, one a line, in the order of certificate numbers.
    """

    count: int
    credits_tenths: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Both sides of the records registered on one day with one organization."""

    registered_on: date
    organization_code: str
    platform: Side
    credit_bank: Side

    @property
    def agrees(self) -> bool:
        """Whether both sides hold the same versions of the same records."""
        return self.platform.sha256 == self.credit_bank.sha256


def check_period(first_on: date, last_on: date) -> None:
    """Refuse a period, both days included, that is empty or longer than 31 days.

    Raises:
        Rejected: It is.
    """
    if not timedelta(0) <= last_on - first_on < timedelta(days=MAX_DAYS):
        raise refusal("reconciliation.period", "last_on", days=MAX_DAYS)


def balances_of(rows: Iterable[Sequence[Any]]) -> list[Balance]:
    """Return the balances that `confirmation_queries.balances` gives, a row each."""
    return [Balance(row[0], row[1], Side(*row[2:5]), Side(*row[5:8])) for row in rows]


def added_up(rows: Iterable[Sequence[Any]]) -> list[Balance]:
    """Return the balances of rows of `confirmation_queries.both_sides`, a record each.

    Days are texts there, as SQLite keeps them.
    """
    return [
        Balance(date.fromisoformat(day), code, *_sides(list(records)))
        for (day, code), records in groupby(rows, itemgetter(0, 1))
    ]


def _sides(records: Sequence[Sequence[Any]]) -> tuple[Side, Side]:
    sides = []
    for place in (2, 5):
        held = [record for record in records if record[place]]
        lines = "".join(f"{record[place + 2]}\n" for record in held)
        credits_tenths = sum(record[place + 1] or 0 for record in held)
        sides.append(Side(len(held), credits_tenths, hashlib.sha256(lines.encode()).hexdigest()))
    return sides[0], sides[1]
