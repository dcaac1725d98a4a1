"""How long a holder's links last, and what a holder may ask the issuer for. Pure."""

from datetime import timedelta
from enum import StrEnum

from certgraph.problems import Problem

LINK_DAYS = 14
"""For a link that an organization sends to be opened, unless it says otherwise."""

LONGEST_LINK_DAYS = 90
SESSION = timedelta(minutes=30)
"""How long a holder's page is open."""

SHORTEST_SHARE, LONGEST_SHARE = 7, 180
"""Days of a sharing link."""

MOST_SHARES = 20
"""Sharing links with one certificate that are open at a time, or were made within a day."""

MOST_SHOWN = 50
"""Certificates on a holder's page, and links that it lists."""

MOST_FAILURES = 10
"""Wrong documents a day for one holder: what a mask leaves of a citizen's number is soon tried."""

OPENING_EVERY = timedelta(minutes=1)
"""Openings of a sharing link within this time are one: somebody reads, and reloads."""

MOST_OPENINGS = 1_000
"""Openings of a sharing link that are kept, the latest."""

LONGEST_TEXT = 500
"""Characters of a request, and of the answer to it."""


class HolderRequestKind(StrEnum):
    """What a holder may ask for. Source: Personal Information Protection Law, articles 46, 47."""

    CORRECTION = "correction"
    ERASURE = "erasure"


class HolderRequestState(StrEnum):
    """OPEN → DONE or DECLINED."""

    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"


def days_problems(days: int, shortest: int, longest: int, *path: str) -> list[Problem]:
    """List what speaks against a link of so many days."""
    if shortest <= days <= longest:
        return []
    facts = {"shortest": shortest, "longest": longest}
    return [Problem(code="holder.days", path=path, facts=facts)]
