"""Whether certificates are registered in time. Source: rule R39."""

from datetime import date, datetime

from certgraph.calendar import programme_day
from certgraph.certificates import queries
from certgraph.certificates.rules import registration_deadline
from certgraph.database import Session


def is_late(registered_at: datetime | None, due_on: date, is_provisional: bool) -> bool:  # noqa: FBT001 - a column of a row
    """Tell whether a certificate was registered after its last day; not by a provisional one."""
    return (
        registered_at is not None and not is_provisional and programme_day(registered_at) > due_on
    )


async def keep_registration_deadlines(session: Session) -> int:
    """Compute those days anew that were provisional and whose calendar is known by now.

    Returns how many days of issue had one. Source: rule R39.
    """
    changed = 0
    for issued_on in await queries.provisional_days(session):
        deadline = registration_deadline(issued_on)
        if not deadline.is_provisional:
            await queries.set_registration_due(session, issued_on, deadline.due_on)
            changed += 1
    return changed
