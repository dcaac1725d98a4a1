"""Status lists: every entry was given out once, by the list's own random order."""

import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from certgraph.certificates import status_queries
from certgraph.certificates.tables import CertificateRow, StatusListRow
from certgraph.database import Session
from certgraph.rechecking.rules import Fault, FaultKind


def list_faults(
    lists: Sequence[tuple[StatusListRow, int]], codes: Mapping[UUID, str]
) -> Iterator[Fault]:
    """Yield status lists that gave out another number of entries than certificates have."""
    for row, count in lists:
        if count + row.without != row.used:
            name = f"{codes.get(row.organization_id)} {row.number}"
            detail = (
                f"{row.used} entries were given out, {row.without} of them without a certificate; "
                f"{count} certificates are there"
            )
            yield Fault(FaultKind.STATUS_LIST, name, detail)


class GivenOut:
    """Which entries of the status lists were given out."""

    def __init__(self, lists: Sequence[StatusListRow]) -> None:
        self._lists = {row.id: row for row in lists}
        self._flags: dict[UUID, bytearray | None] = {}

    async def faults(self, session: Session, row: CertificateRow) -> list[Fault]:
        """Return where a certificate has an entry that was never given out."""
        flags = await self._flags_of(session, row.status_list_id)
        is_given = flags is None or (
            0 <= row.status_index < 8 * len(flags)
            and bool(flags[row.status_index >> 3] >> (row.status_index & 7) & 1)
        )
        detail = f"entry {row.status_index} of its status list was never given out"
        return [] if is_given else [Fault(FaultKind.STATUS_ENTRY, row.number, detail)]

    async def _flags_of(self, session: Session, list_id: UUID) -> bytearray | None:
        """Return a bit an entry, set where it was given out; None where the list has no order."""
        if list_id not in self._flags:
            row = self._lists.get(list_id)
            self._flags[list_id] = None if row is None else await _read(session, row)
        return self._flags[list_id]


async def _read(session: Session, row: StatusListRow) -> bytearray | None:
    indexes = array("I", await status_queries.status_indexes(session, row.id, 0, row.used))
    if not indexes:  # recorded after a restore, with what was published of it
        return None if row.used else bytearray(row.size // 8)
    if sys.byteorder == "big":
        indexes.byteswap()
    flags = bytearray(row.size // 8 + 1)
    for index in indexes:
        flags[index >> 3] |= 1 << (index & 7)
    return flags
