"""How long personal data is kept that is no longer used. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DAYS = {"files_days": (1, 366), "ended_days": (30, 3_660), "candidates_days": (180, 36_500)}
"""Name of a time → the fewest and the most days that may be set."""


class Over(StrEnum):
    """What is deleted, in words for people."""

    FILES = "files of candidates"
    REPORTS = "reports on files"
    INPUTS = "inputs of pending actions"
    REQUESTS = "requests of holders"
    LINKS = "links of holders"
    SHARES = "what holders shared"
    CONTACTS = "contacts"
    CANDIDATES = "candidates without a certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """For how many days what is kept.

    Attributes:
        files_days: Files of candidates that were not submitted, or have faults, since they were
            looked at last.
        ended_days: What has ended, since then: inputs of actions that nobody confirmed, what
            holders asked for, their links and what they shared, how people are reached who were
            appointed.
        candidates_days: Who took part in an exam and got no certificate, since the exam.
    """

    files_days: int
    ended_days: int
    candidates_days: int

    def before(self, what: Over, now: datetime) -> datetime:
        """Return the instant before which it must be for it to be over."""
        if what in (Over.FILES, Over.REPORTS):
            return now - timedelta(days=self.files_days)
        if what is Over.CANDIDATES:
            return now - timedelta(days=self.candidates_days)
        return now - timedelta(days=self.ended_days)
