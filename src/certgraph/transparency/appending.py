"""Append to the log what was signed since, and publish its new head.

One process appends at a time: it holds the row of the first head. Entries, tiles and the head are
written in one transaction: a crash loses nothing and leaves nothing half.
"""

from datetime import datetime

from certgraph.certificates.signing.batches import signed_bytes
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.checkpoint import Checkpoint, checkpoint_parts, sign_checkpoint
from certgraph.credential.signature import Signer
from certgraph.database import Session
from certgraph.organizations.tables import SigningKeyRow
from certgraph.problems import refusal
from certgraph.transparency import queries
from certgraph.transparency.tables import LogHeadRow
from certgraph.transparency.tiles import Edge, edge_of, entry_of, unit_bytes

LOG_FOLDER = "log"
MOST_AT_ONCE = 20_000
_PAGE = 2_000


def log_origin(public_host: str) -> str:
    """Return the name of the log: its address without the scheme, as C2SP advises."""
    return f"{public_host}/{LOG_FOLDER}"


def entry_of_row(row: CertificateRow, key: SigningKeyRow) -> bytes:
    """Return the log's entry for a signed certificate."""
    return entry_of(key.kid, signed_bytes(row, key) or b"")


async def open_edge(session: Session) -> tuple[Edge, LogHeadRow | None]:
    """Return the tree as it was published last, ready to grow, with its head.

    Raises:
        Rejected: What is stored is not the tree of that head: somebody edited the database.
    """
    await queries.lock_log(session)
    head = await queries.newest_head(session)
    if head is None:
        return Edge(), None
    places = dict(edge_of(head.size))
    found = await queries.tiles(session, places)
    edge = Edge(head.size)
    for place, width in places.items():
        body = found.get(place, b"")[: width * unit_bytes(place[0])]
        edge.tiles[place] = bytearray(body)
    is_short = any(len(edge.tiles[p]) != w * unit_bytes(p[0]) for p, w in places.items())
    if is_short or edge.root() != head.root:
        raise refusal("log.altered", size=head.size)
    return edge, head


async def append_certificates(
    session: Session, signer: Signer, *, origin: str, now: datetime, limit: int = MOST_AT_ONCE
) -> LogHeadRow | None:
    """Append up to `limit` certificates; return the newest head, None while the log is empty.

    The log keeps the name that it has: `origin` is for a new one. A head that another key signed
    is signed anew, by the key of today.

    Raises:
        Rejected: What is stored is not what was published last.
    """
    edge, head = await open_edge(session)
    before = edge.size
    while edge.size - before < limit:
        rows = await queries.not_logged(session, min(_PAGE, limit - (edge.size - before)))
        if not rows:
            break
        first = edge.size
        edge.append(entry_of_row(row, key) for row, key in rows)
        indexes = {row.id: first + n for n, (row, _) in enumerate(rows)}
        await queries.set_log_indexes(session, indexes)
        for row, _ in rows:
            session.expunge(row)
        await queries.put_tiles(session, edge.taken())
    if head is not None:
        origin = checkpoint_parts(head.checkpoint)[0].origin
    checkpoint = Checkpoint(origin, edge.size, edge.root())
    if head is not None and edge.size == before:
        note = sign_checkpoint(signer, checkpoint)
        if note != head.checkpoint:
            head.checkpoint = note
        return head
    if edge.size == before:
        return None
    published = LogHeadRow(
        size=edge.size,
        root=checkpoint.root,
        checkpoint=sign_checkpoint(signer, checkpoint),
        published_at=now,
    )
    session.add(published)
    await session.flush()
    return published
