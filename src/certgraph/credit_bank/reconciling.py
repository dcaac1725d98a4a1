"""Reconciliation: what each side holds by day and organization, as counts and hashes."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from certgraph.credit_bank import confirmation_queries as queries
from certgraph.credit_bank.rules import CreditRecordState, RecordState
from certgraph.database import Session
from certgraph.problems import refusal

MAX_DAYS = 31
_STANDING = {RecordState.ACTIVE, RecordState.SUSPENDED}


@dataclass(slots=True)
class Side:
    """One side's records of a day and organization.

    Attributes:
        count: How many it holds as standing, with credits.
        credits_tenths: Their credits, times ten.
        sha256: Hash of their hashes, one a line, in the order of certificate numbers.
    """

    count: int = 0
    credits_tenths: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)

    def add(self, credits_tenths: int, sha256: str) -> None:
        """Count one record in."""
        self.count += 1
        self.credits_tenths += credits_tenths
        self._hash.update(sha256.encode() + b"\n")

    @property
    def sha256(self) -> str:
        """See the class."""
        return str(self._hash.hexdigest())


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


async def reconcile(
    session: Session, first_on: date, last_on: date, organization_code: str | None
) -> list[Balance]:
    """Return the balance of each day and organization with records, both days included.

    Raises:
        Rejected: The period is empty, or longer than 31 days.
    """
    if not timedelta(0) <= last_on - first_on < timedelta(days=MAX_DAYS):
        raise refusal("reconciliation.period", "lastOn", days=MAX_DAYS)
    found: list[Balance] = []
    async for row in queries.both_sides(session, first_on, last_on, organization_code):
        day, code, _number, state, tenths, sha256, credit_state, credit_tenths, credit_sha = row
        if not found or (found[-1].registered_on, found[-1].organization_code) != (day, code):
            found.append(Balance(day, code, Side(), Side()))
        balance = found[-1]
        if state in _STANDING and tenths is not None:
            balance.platform.add(tenths, sha256)
        if credit_state is CreditRecordState.RECORDED:
            balance.credit_bank.add(credit_tenths or 0, credit_sha)
    return found
