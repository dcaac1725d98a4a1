"""Give each certificate its entry in a status list: at random, once, in a new list when full."""

import sys
from array import array
from uuid import UUID

from certgraph.certificates import status_queries
from certgraph.certificates.tables import StatusListRow
from certgraph.credential.status_list import ENTRIES
from certgraph.database import Session
from certgraph.randomness import Random, new_id


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
