"""After a restore of the database: the log is read back from where it was published."""

from dataclasses import dataclass

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, Role
from certgraph.problems import refusal
from certgraph.transparency import queries
from certgraph.transparency.appending import entry_of_row
from certgraph.transparency.tiles import ENTRY_BYTES, Edge

_PART = 10_000


@dataclass(frozen=True, slots=True)
class Recovered:
    """What the log has again.

    Attributes:
        size: Entries.
        without: How many of them are of no certificate here: the restore lost those.
    """

    size: int
    without: int


@action(
    "logRecover",
    may={Role.OPERATOR: ANY},
    returns="recovered",
    in_graph=False,
    refuses=("log.not_its_entries", "log.nothing"),
)
async def recover_log(act: Act, *, entries: bytes) -> Recovered:
    """Take the log's entries, as read from a copy of it, as those of the newest head.

    Args:
        act: The act.
        entries: All entries that the head covers, one behind the other, 40 bytes each.

    Raises:
        Rejected: There is no head, or these are not its entries. Nothing was changed.
    """
    session = act.session
    await queries.lock_log(session)
    head = await queries.newest_head(session)
    if head is None:
        raise refusal("log.nothing")
    parts = [entries[at : at + ENTRY_BYTES] for at in range(0, len(entries), ENTRY_BYTES)]
    edge = Edge()
    await queries.delete_tiles(session)
    for start in range(0, len(parts), _PART):
        edge.append(parts[start : start + _PART])
        await queries.put_tiles(session, edge.taken())
    if (edge.size, edge.root()) != (head.size, head.root) or len(entries) % ENTRY_BYTES:
        raise refusal("log.not_its_entries", count=len(parts), size=head.size)
    places = {entry: index for index, entry in enumerate(parts)}
    await queries.delete_indexes(session)
    found = {}
    async for row, key in queries.signed_certificates(session):
        found[row.id] = places.pop(entry_of_row(row, key), None)
    await queries.set_log_indexes(session, found)
    return Recovered(head.size, len(places))


ACTIONS = (recover_log,)
