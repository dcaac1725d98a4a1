"""All SQL about the log of certificates."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, tuple_, update

from certgraph.certificates.tables import CertificateRow
from certgraph.database import Session
from certgraph.organizations.tables import SigningKeyRow
from certgraph.transparency.tables import LogHeadRow, LogTileRow
from certgraph.transparency.tiles import Place


async def newest_head(session: Session) -> LogHeadRow | None:
    """Return the newest head; None before the first."""
    return await session.scalar(select(LogHeadRow).order_by(LogHeadRow.size.desc()).limit(1))


async def lock_log(session: Session) -> None:
    """Let whoever else appends to the log wait until the end of the transaction."""
    first = select(LogHeadRow.size).order_by(LogHeadRow.size).limit(1)
    await session.execute(first.with_for_update())


async def heads(session: Session) -> Sequence[LogHeadRow]:
    """Return every head, the smallest first."""
    return (await session.scalars(select(LogHeadRow).order_by(LogHeadRow.size))).all()


async def tile(session: Session, place: Place) -> bytes | None:
    """Return a tile or bundle, as far as it is filled."""
    level, number = place
    statement = select(LogTileRow.body).where(
        LogTileRow.level == level, LogTileRow.number == number
    )
    return await session.scalar(statement)


async def tiles(session: Session, places: Collection[Place]) -> dict[Place, bytes]:
    """Return those of `places` that there are."""
    statement = select(LogTileRow.level, LogTileRow.number, LogTileRow.body).where(
        tuple_(LogTileRow.level, LogTileRow.number).in_(list(places))
    )
    found = await session.execute(statement)
    return {(row.level, row.number): row.body for row in found}


async def put_tiles(session: Session, bodies: Mapping[Place, bytes]) -> None:
    """Write tiles and bundles."""
    for (level, number), body in bodies.items():
        await session.merge(LogTileRow(level=level, number=number, body=body))


async def delete_tiles(session: Session) -> None:
    """Drop every tile and bundle: they are read back from a copy."""
    await session.execute(delete(LogTileRow))


_IS_NOT_LOGGED = (
    CertificateRow.log_index.is_(None),
    CertificateRow.signature.is_not(None),
    CertificateRow.erased_at.is_(None),
    CertificateRow.countersignature != b"",  # from before there was a register key
)


async def count_not_logged(session: Session) -> int:
    """Return how many signed certificates the log does not have yet."""
    statement = select(func.count()).select_from(CertificateRow).where(*_IS_NOT_LOGGED)
    return await session.scalar(statement) or 0


async def not_logged(
    session: Session, limit: int
) -> Sequence[tuple[CertificateRow, SigningKeyRow]]:
    """Return signed certificates that the log does not have yet, with their issuers' keys."""
    statement = (
        select(CertificateRow, SigningKeyRow)
        .join(SigningKeyRow, SigningKeyRow.id == CertificateRow.signing_key_id)
        .where(*_IS_NOT_LOGGED)
        .order_by(CertificateRow.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def delete_indexes(session: Session) -> None:
    """Note of every certificate that it is not in the log yet; erased ones keep their entry."""
    statement = (
        update(CertificateRow)
        .where(CertificateRow.log_index.is_not(None), CertificateRow.erased_at.is_(None))
        .values(log_index=None)
    )
    await session.execute(statement, execution_options={"synchronize_session": False})


async def set_log_indexes(session: Session, indexes: Mapping[UUID, int | None]) -> None:
    """Note which entry of the log each certificate is; None: it is not there yet."""
    statement = (
        update(CertificateRow)
        .where(CertificateRow.id == bindparam("certificate"))
        .values(log_index=bindparam("entry"))
    )
    if not indexes:
        return
    connection = await session.connection()
    await connection.execute(
        statement, [{"certificate": id_, "entry": index} for id_, index in indexes.items()]
    )


async def signed_certificates(
    session: Session, page: int = 2_000
) -> AsyncIterator[tuple[CertificateRow, SigningKeyRow]]:
    """Yield every signed certificate that is not erased, with its issuer's key."""
    after: UUID | None = None
    while True:
        statement = (
            select(CertificateRow, SigningKeyRow)
            .join(SigningKeyRow, SigningKeyRow.id == CertificateRow.signing_key_id)
            .where(CertificateRow.signature.is_not(None), CertificateRow.erased_at.is_(None))
            .order_by(CertificateRow.id)
            .limit(page)
        )
        if after is not None:
            statement = statement.where(CertificateRow.id > after)
        rows = (await session.execute(statement)).all()
        if not rows:
            return
        for row, key in rows:
            yield row, key
        after = rows[-1][0].id
        session.expunge_all()


async def erased_indexes(session: Session) -> set[int]:
    """Return the entries of certificates whose holders were erased: their bytes are gone."""
    statement = select(CertificateRow.log_index).where(
        CertificateRow.erased_at.is_not(None), CertificateRow.log_index.is_not(None)
    )
    return {index for index in await session.scalars(statement) if index is not None}
