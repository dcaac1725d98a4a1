"""All SQL about trust lists and published files."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from certgraph.database import Session
from certgraph.trust.tables import PublishedFileRow, TrustListRow


async def current_trust_list(session: Session) -> TrustListRow | None:
    """Return the trust list in force; the next reader waits until the end of the transaction.

    What is locked is the first list, which is always the same row: to lock the newest would lock
    the one that was newest before the wait.
    """
    first = select(TrustListRow.sequence).order_by(TrustListRow.sequence).limit(1)
    await session.execute(first.with_for_update())
    newest = select(TrustListRow).order_by(TrustListRow.sequence.desc()).limit(1)
    return await session.scalar(newest)


async def root_changes(session: Session) -> Sequence[TrustListRow]:
    """Return the lists that changed root keys, oldest first."""
    statement = (
        select(TrustListRow)
        .where(TrustListRow.changes_roots.is_(True))
        .order_by(TrustListRow.sequence)
    )
    return (await session.scalars(statement)).all()


async def published_file(session: Session, path: str) -> PublishedFileRow | None:
    """Return a published file."""
    return await session.get(PublishedFileRow, path)


async def published_files_below(session: Session, folder: str) -> dict[str, PublishedFileRow]:
    """Return the published files below a folder, by path."""
    rows = await session.scalars(
        select(PublishedFileRow).where(
            PublishedFileRow.path.startswith(folder + "/", autoescape=True)
        )
    )
    return {row.path: row for row in rows}


async def published_at(session: Session, path: str) -> datetime | None:
    """Return when a file was published last; None where it never was."""
    file = PublishedFileRow
    return await session.scalar(select(file.published_at).where(file.path == path))


async def trust_list_end(session: Session) -> datetime | None:
    """Return when the trust list in force ends; None where there is none. Waits for nobody."""
    newest = select(TrustListRow.expires_at).order_by(TrustListRow.sequence.desc()).limit(1)
    return await session.scalar(newest)


async def published_etag(session: Session, path: str) -> str | None:
    """Return the SHA-256 of a published file; None where there is none."""
    return await session.scalar(select(PublishedFileRow.etag).where(PublishedFileRow.path == path))
