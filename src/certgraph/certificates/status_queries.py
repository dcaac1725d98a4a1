"""All SQL about status lists, and the certificates that have their entries."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, select

from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import (
    CertificateRow,
    StatusListRow,
)
from certgraph.database import BATCH_PARAMETERS, Session, batched


async def open_status_list(session: Session, organization_id: UUID) -> StatusListRow | None:
    """Return an organization's newest status list, locked until the end of the transaction."""
    return await session.scalar(
        select(StatusListRow)
        .where(StatusListRow.organization_id == organization_id)
        .order_by(StatusListRow.number.desc())
        .limit(1)
        .with_for_update()
    )


async def status_indexes(session: Session, status_list_id: UUID, first: int, count: int) -> bytes:
    """Return a slice of a list's shuffled indexes, four bytes each."""
    indexes = await session.scalar(
        select(func.substr(StatusListRow.indexes, 4 * first + 1, 4 * count)).where(
            StatusListRow.id == status_list_id
        )
    )
    return bytes(indexes or b"")


async def status_lists(session: Session) -> Sequence[StatusListRow]:
    """Return every status list, by organization and number."""
    statement = select(StatusListRow).order_by(StatusListRow.organization_id, StatusListRow.number)
    return (await session.scalars(statement)).all()


async def status_list_numbered(
    session: Session, organization_id: UUID, number: int
) -> StatusListRow | None:
    """Return one of an organization's status lists."""
    return await session.scalar(
        select(StatusListRow).where(
            StatusListRow.organization_id == organization_id, StatusListRow.number == number
        )
    )


async def certificates_at(
    session: Session, status_list_id: UUID, indexes: Iterable[int]
) -> list[CertificateRow]:
    """Return the certificates that have these entries of a list, locked for change."""
    found: list[CertificateRow] = []
    for part in batched(sorted(indexes), BATCH_PARAMETERS):
        found += await session.scalars(
            select(CertificateRow)
            .where(
                CertificateRow.status_list_id == status_list_id,
                CertificateRow.status_index.in_(part),
            )
            .order_by(CertificateRow.id)
            .with_for_update()
        )
    return found


async def special_statuses(
    session: Session, status_list_id: UUID
) -> Sequence[tuple[int, CertificateState]]:
    """Return (index, state) of a list's suspended, revoked and superseded certificates."""
    rows = await session.execute(
        select(CertificateRow.status_index, CertificateRow.state).where(
            CertificateRow.status_list_id == status_list_id,
            CertificateRow.state.in_(
                [
                    CertificateState.SUSPENDED,
                    CertificateState.REVOKED,
                    CertificateState.SUPERSEDED,
                ]
            ),
        )
    )
    return [(row.status_index, row.state) for row in rows]
