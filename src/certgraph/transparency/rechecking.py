"""Compare the log with the register: every head, every entry, every certificate."""

from collections.abc import Sequence

from certgraph.credential.checkpoint import Checkpoint, checkpoint_parts
from certgraph.database import Session
from certgraph.transparency import queries
from certgraph.transparency.appending import entry_of_row
from certgraph.transparency.checking import Follower, LogFault
from certgraph.transparency.tiles import unit_bytes


async def recheck_log(session: Session) -> tuple[int, list[str]]:
    """Return how many entries the log has, and every fault of it in words.

    Read in one transaction: what is appended meanwhile is not looked at.
    """
    published = await queries.heads(session)
    heads = [checkpoint_parts(one.checkpoint)[0] for one in published]
    for one, head in zip(published, heads, strict=True):
        if (one.size, one.root) != (head.size, head.root):
            return one.size, [f"the head of {one.size} entries is not the one that was signed"]
    if not heads:
        return 0, []
    try:
        entries = await _entries(session, heads)
    except LogFault as fault:
        return heads[-1].size, [str(fault)]
    faults = []
    erased = await queries.erased_indexes(session)
    expected = {}
    async for row, key in queries.signed_certificates(session):
        if row.log_index is None:
            continue  # it waits for the next head
        expected[row.log_index] = (row.number, entry_of_row(row, key))
    for index, entry in enumerate(entries):
        number, wanted = expected.pop(index, (None, None))
        if number is None and index not in erased:
            faults.append(f"entry {index} is of no certificate of the register")
        elif number is not None and entry != wanted:
            faults.append(f"entry {index} is not of certificate {number} as the register has it")
    faults += [
        f"certificate {number} is not in the log, though the register says entry {index}"
        for index, (number, _) in sorted(expected.items())
    ]
    return len(entries), faults


async def _entries(session: Session, heads: Sequence[Checkpoint]) -> list[bytes]:
    """Return all entries, compared with every head that was published. Raises `LogFault`."""
    follower = Follower()
    entries: list[bytes] = []
    for head in heads:
        for place, width in follower.bundles(head):
            body = await queries.tile(session, place) or b""
            body = body[: width * unit_bytes(place[0])]
            entries += [entry for _, entry in follower.read(place, width, body)]
        follower.reach(head)
    return entries
