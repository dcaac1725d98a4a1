"""What became of an action that waits for a second person. Pure."""

from datetime import timedelta
from enum import StrEnum

LAPSES_AFTER = timedelta(days=7)


class PendingState(StrEnum):
    """WAITING → CONFIRMED, REJECTED, WITHDRAWN or LAPSED."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
