"""What evaluation organizations owe with the certificates that they issue. Source: rule R39."""

from datetime import datetime

from certgraph.calendar import instant_after
from certgraph.certificates import registration_queries
from certgraph.database import Session
from certgraph.duties.obligation_queries import open_obligations
from certgraph.duties.rules import ObligationBasis, ObligationKind
from certgraph.randomness import Random, new_id


async def owe_registrations(session: Session, now: datetime, random: Random) -> int:
    """Open what is owed for each run and last day, and meet that of which nothing is left.

    A run all of whose certificates are entered before the next sweep is never owed anything.
    Returns how many were opened or changed.
    """
    open_runs = await registration_queries.unregistered_by_run(session)
    rows = [
        {
            "id": new_id(random),
            "kind": ObligationKind.REGISTRATION,
            "rule_id": "R39",
            "debtor_id": one.organization_id,
            "key": f"{one.run_id} {one.due_on}",
            "run_id": one.run_id,
            "opened_at": now,
            "due_on": one.due_on,
            "due_before": instant_after(one.due_on),
            "is_provisional": one.is_provisional,
            "basis": ObligationBasis.RULE,
        }
        for one in open_runs
    ]
    keys = [str(row["key"]) for row in rows]
    known = await registration_queries.obligations_by_key(session, keys)
    await open_obligations(session, [row for row in rows if row["key"] not in known])
    met = await registration_queries.meet_registered(session, now)
    return sum(row["key"] not in known for row in rows) + met
