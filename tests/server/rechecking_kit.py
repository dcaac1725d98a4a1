"""What a recheck finds in a house."""

from certgraph.database import make_read_sessions
from certgraph.rechecking.running import recheck


async def faults_of(house, **given):
    """Return all faults, in the order in which they were found."""
    sessions = make_read_sessions(house.engine)
    found = recheck(sessions, house.keyring, now=house.now, **given)
    return [fault async for progress in found for fault in progress.faults]
