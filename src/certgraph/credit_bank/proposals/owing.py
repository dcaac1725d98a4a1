"""What evaluation organizations owe the credit bank. Source: rule R41."""

from datetime import datetime

from certgraph.calendar import first_instant, instant_after
from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.proposals.deadlines import keep_deadlines
from certgraph.database import Session
from certgraph.duties.obligation_queries import open_obligations
from certgraph.duties.rules import ObligationBasis, ObligationKind
from certgraph.randomness import Random, new_id


async def owe_proposals(session: Session, now: datetime, random: Random) -> int:
    """Open what is owed for each announced level, and keep its day and whether it came.

    Returns how many were opened or changed.
    """
    await keep_deadlines(session, random=random)
    known = await queries.owed_proposals(session)
    rows, changed = [], 0
    for deadline, debtor_id in await queries.deadlines_with_debtors(session):
        key = f"{deadline.certificate_type_id} {deadline.level}"
        met_at = first_instant(deadline.submitted_on) if deadline.submitted_on else None
        row = known.get((debtor_id, key))
        if row is None:
            rows.append(
                {
                    "id": new_id(random),
                    "kind": ObligationKind.CREDIT_PROPOSAL,
                    "rule_id": "R41",
                    "debtor_id": debtor_id,
                    "key": key,
                    "certificate_type_id": deadline.certificate_type_id,
                    "level": deadline.level,
                    "opened_at": now,
                    "due_on": deadline.due_on,
                    "due_before": instant_after(deadline.due_on),
                    "is_provisional": deadline.is_provisional,
                    "basis": ObligationBasis.RULE,
                    "met_at": met_at,
                }
            )
            continue
        stated = (deadline.due_on, deadline.is_provisional, met_at)
        if (row.due_on, row.is_provisional, row.met_at) != stated:
            row.due_on, row.is_provisional, row.met_at = stated
            row.due_before = instant_after(deadline.due_on)
            changed += 1
    await open_obligations(session, rows)
    return len(rows) + changed
