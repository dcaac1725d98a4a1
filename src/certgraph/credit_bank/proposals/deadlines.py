"""Until when credits are to be proposed. Source: rule R41; Civil Code, articles 201 to 203."""

from datetime import date
from typing import Any

from certgraph.calendar import next_month_deadline
from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.proposals.tables import CreditProposalDeadlineRow
from certgraph.database import Session, insert_unless_there
from certgraph.randomness import Random, new_id
from certgraph.standards.tables import CertificateTypeRow


async def keep_deadlines(session: Session, *, random: Random) -> int:
    """Record the deadline of each announced level, and those anew whose calendar came out.

    Returns how many were recorded or changed. Source: rule R41.
    """
    rows: list[dict[str, Any]] = []
    for type_, level in await queries.levels_without_deadline(session):
        deadline = next_month_deadline(_announced_on(type_))
        rows.append(
            {
                "id": new_id(random),
                "certificate_type_id": type_.id,
                "level": level,
                "due_on": deadline.due_on,
                "is_provisional": deadline.is_provisional,
            }
        )
    await insert_unless_there(session, CreditProposalDeadlineRow, rows)
    changed = len(rows)
    for row, type_ in await queries.provisional_deadlines(session):
        deadline = next_month_deadline(_announced_on(type_))
        if not deadline.is_provisional:
            row.due_on, row.is_provisional = deadline.due_on, False
            changed += 1
    await session.flush()  # who asks for a deadline next finds it
    return changed


def _announced_on(type_: CertificateTypeRow) -> date:
    assert type_.announced_on is not None  # noqa: S101 - only announced types have deadlines
    return type_.announced_on
