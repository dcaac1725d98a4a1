"""Following the audit trail: whether it is as it was written, and what was done to it where not.

Whoever edits, deletes, inserts or swaps entries in the database breaks the chain there. Whoever
writes the whole tail anew does not match the heads that were published
(`certgraph.credential.audit_head`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from certgraph.actions import queries
from certgraph.actions.auditing import hash_of
from certgraph.actions.tables import AuditEntryRow
from certgraph.database import Session
from certgraph.sealing import Keyring


class TrailFault(StrEnum):
    """What is wrong with the trail at an entry.

    MISSING: one or more entries before it are not there. ALTERED: it is not as it was written.
    INSERTED: it was never written; those after it were moved on. SWAPPED: it and another one, with
    which it changed places. HEAD: the trail ends before it, though it was written or published.
    REWRITTEN: another entry than this was published at its place.
    """

    MISSING = "missing"
    ALTERED = "altered"
    INSERTED = "inserted"
    SWAPPED = "swapped"
    HEAD = "head"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the trail is not what was written.

    Attributes:
        sequence: Of the first entry at fault.
        fault: What is wrong there.
        other: Of SWAPPED: sequence of the other one.
    """

    sequence: int
    fault: TrailFault
    other: int | None = None


async def check_trail(
    session: Session, keyring: Keyring, published: Collection[tuple[int, bytes]] = ()
) -> tuple[int, Broken | None]:
    """Follow the whole trail; return how many entries are sound, and the first fault.

    Args:
        session: Open session.
        keyring: Of the master key under which it was written.
        published: Sequence and hash of each head that was published.
    """
    expected: dict[int, set[bytes]] = {}
    for place, hash_ in published:
        expected.setdefault(place, set()).add(hash_)
    before, count = bytes(32), 0
    async for sequence, entry in queries.audit_entries(session):
        if sequence != count + 1:
            return count, Broken(sequence, TrailFault.MISSING)
        if entry is None:
            return count, Broken(sequence, TrailFault.ALTERED)
        if entry.hash != hash_of(keyring, before, entry):
            return count, await _named(session, keyring, before, entry)
        if expected.pop(sequence, {entry.hash}) != {entry.hash}:
            return count, Broken(sequence, TrailFault.REWRITTEN)
        before, count = entry.hash, count + 1
    if await _head(session) != (count, before) or expected:
        return count, Broken(max([count + 1, *expected]), TrailFault.HEAD)
    return count, None


async def _head(session: Session) -> tuple[int, bytes]:
    head = await queries.audit_head(session)
    return (head.sequence, head.hash) if head is not None else (0, bytes(32))


async def _named(session: Session, keyring: Keyring, before: bytes, entry: AuditEntryRow) -> Broken:
    """Return what was done where an entry does not fit to the hash of the one before it.

    The entry that belongs to its place may be at another: then this one was put before it, or the
    two changed places. Else, where this one belongs further on, what was between is gone.
    """
    place, head = entry.sequence, await _head(session)
    if head == (place - 1, before):
        return Broken(place, TrailFault.INSERTED)
    previous, last, following = entry.hash, place, None
    async for sequence, row in queries.audit_entries(session, after=place):
        if row is None:
            continue
        if row.hash == hash_of(keyring, before, row, place):
            its = row.hash if sequence == place + 1 else previous
            if entry.hash == hash_of(keyring, its, entry, sequence):
                return Broken(place, TrailFault.SWAPPED, sequence)
            return Broken(place, TrailFault.INSERTED)
        following = following or row
        previous, last = row.hash, sequence
    gone = head[0] - last
    if following is None:
        is_moved = gone > 0 and head[1] == entry.hash
    else:
        belongs_at = following.sequence + gone
        is_moved = gone > 0 and following.hash == hash_of(
            keyring, entry.hash, following, belongs_at
        )
    return Broken(place, TrailFault.MISSING if is_moved else TrailFault.ALTERED)
