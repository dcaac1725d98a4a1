"""What every capability knows to be owed, and one sweep of all of it: its composition root."""

from datetime import datetime
from random import Random

from certgraph.certificates.owing import owe_registrations
from certgraph.credit_bank.proposals.owing import owe_proposals
from certgraph.database import Sessions
from certgraph.duties.sweeping import Swept, sweep
from certgraph.feedback.clustering import note_clusters
from certgraph.supervision.exiting import take_effect
from certgraph.supervision.opening import open_from_findings

_OTHERS = (owe_registrations, owe_proposals, take_effect)
_NOTING = (note_clusters,)
_AFTERWARDS = (open_from_findings,)


async def sweep_all(sessions: Sessions, *, now: datetime, random: Random) -> Swept:
    """Sweep once: open what is owed, note what was missed, open the cases that follow."""
    given = {"others": _OTHERS, "noting": _NOTING, "afterwards": _AFTERWARDS}
    return await sweep(sessions, now=now, random=random, **given)
