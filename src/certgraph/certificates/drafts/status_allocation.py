"""Give each certificate its entry in a status list: at random, once, in a new list when full.

What was never given out of the lists of an organization that has left is revoked for ever.
"""

import sys
from array import array
from uuid import UUID

from certgraph.certificates import status_queries
from certgraph.certificates.tables import StatusListRow
from certgraph.credential.status_list import ENTRIES, Status, compress, statuses_in
from certgraph.database import Session
from certgraph.randomness import Random, new_id


async def close_status_list(session: Session, row: StatusListRow) -> bool:
    """Revoke the entries of a list that were never given out; tell whether there were any.

    A correction after that opens a new list.
    """
    if row.used == row.size:
        return False
    unused = array("I", await status_queries.status_indexes(session, row.id, row.used, row.size))
    if sys.byteorder == "big":
        unused.byteswap()
    floor = statuses_in(row.floor) if row.floor else {}
    row.floor = compress({**floor, **dict.fromkeys(unused, Status.REVOKED)})
    row.without += row.size - row.used
    row.used = row.size
    return True


def _shuffled_indexes(random: Random, size: int) -> bytes:
    """Return 0 … size-1 in random order, four bytes each, so that an index says nothing."""
    indexes = array("I", range(size))
    random.shuffle(indexes)
    if sys.byteorder == "big":
        indexes.byteswap()
    return indexes.tobytes()


async def allocate_status_entries(
    session: Session, organization_id: UUID, count: int, *, random: Random, size: int = ENTRIES
) -> list[tuple[StatusListRow, int]]:
    """Return `count` unused entries as (list, index); opens further lists as they fill up.

    The organization's newest list stays locked until the caller commits, so two runs never get the
    same entry; a run that rolls back gives its entries back.
    """
    allocated: list[tuple[StatusListRow, int]] = []
    row = await status_queries.open_status_list(session, organization_id)
    while len(allocated) < count:
        if row is None or row.used == row.size:
            row = StatusListRow(
                id=new_id(random),
                organization_id=organization_id,
                number=0 if row is None else row.number + 1,
                size=size,
                used=0,
                indexes=_shuffled_indexes(random, size),
            )
            session.add(row)
            await session.flush()  # its indexes are read back in slices
        taken = min(count - len(allocated), row.size - row.used)
        slice_ = array("I", await status_queries.status_indexes(session, row.id, row.used, taken))
        if sys.byteorder == "big":
            slice_.byteswap()
        allocated += [(row, index) for index in slice_]
        row.used += taken
    return allocated
