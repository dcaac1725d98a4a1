"""SQL about holders' links, sessions, shares and requests."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select, update

from certgraph.certificates.holders.rules import MOST_SHOWN, HolderRequestKind, HolderRequestState
from certgraph.certificates.holders.tables import (
    HolderFailureRow,
    HolderLinkRow,
    HolderRequestRow,
    HolderSessionRow,
    SharedCertificateRow,
    SharingLinkRow,
    SharingOpeningRow,
)
from certgraph.certificates.queries import is_looked_up
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateRow
from certgraph.database import Session


def is_about(certificate_id: Any, number_key: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column, a parameter
    """Return the condition that a row is about the certificate with a number as it is compared."""
    return certificate_id.in_(  # type: ignore[no-any-return]
        select(CertificateRow.id).where(CertificateRow.number_key == number_key)
    )


async def link_by_id(session: Session, id_: UUID) -> HolderLinkRow | None:
    """Return a holder's link, locked for change."""
    return await session.get(HolderLinkRow, id_, with_for_update=True)


async def sharing_link_by_id(session: Session, id_: UUID) -> SharingLinkRow | None:
    """Return a sharing link, locked for change."""
    return await session.get(SharingLinkRow, id_, with_for_update=True)


async def request_by_id(session: Session, id_: UUID) -> HolderRequestRow | None:
    """Return a request, locked for change."""
    return await session.get(HolderRequestRow, id_, with_for_update=True)


async def end_links(session: Session, certificate_ids: Collection[UUID], now: datetime) -> None:
    """Revoke the links of certificates that nobody has opened."""
    await session.execute(
        update(HolderLinkRow)
        .where(
            HolderLinkRow.certificate_id.in_(certificate_ids),
            HolderLinkRow.opened_at.is_(None),
            HolderLinkRow.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


async def certificate_in_hand(
    session: Session, number_key: str, number_lookup_key: str, holder_name_key: str
) -> CertificateRow | None:
    """Return a signed certificate by number and name, locked, so that its failures are counted."""
    statement = (
        select(CertificateRow)
        .where(
            *is_looked_up(number_key, number_lookup_key, holder_name_key),
            CertificateRow.state != CertificateState.DRAFT,
        )
        .with_for_update(key_share=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def failures_of(session: Session, certificate_id: UUID, day: date) -> HolderFailureRow | None:
    """Return how often a wrong document was given on a day."""
    return await session.get(HolderFailureRow, (certificate_id, day))


async def drop_old(session: Session, certificate_id: UUID, day: date, now: datetime) -> None:
    """Delete a certificate's failures before a day, and its sessions that have ended."""
    await session.execute(
        delete(HolderFailureRow).where(
            HolderFailureRow.certificate_id == certificate_id, HolderFailureRow.day < day
        )
    )
    await session.execute(
        delete(HolderSessionRow).where(
            HolderSessionRow.certificate_id == certificate_id, HolderSessionRow.ends_at <= now
        )
    )


async def certificates_of_holder(
    session: Session, certificate: CertificateRow, organization_id: UUID | None
) -> Sequence[CertificateRow]:
    """Return the signed certificates of a certificate's holder, newest first.

    Those with the same document; of a certificate without one, itself alone.

    Args:
        session: Open session.
        certificate: One of them.
        organization_id: Whose alone; None: everybody's.
    """
    is_theirs: ColumnElement[bool] = CertificateRow.id == certificate.id
    if certificate.document_lookup is not None:
        is_theirs = CertificateRow.document_lookup == certificate.document_lookup
    if organization_id is not None:
        is_theirs = and_(is_theirs, CertificateRow.organization_id == organization_id)
    statement = (
        select(CertificateRow)
        .where(
            is_theirs,
            CertificateRow.state != CertificateState.DRAFT,
            CertificateRow.erased_at.is_(None),
        )
        .order_by(CertificateRow.issued_on.desc(), CertificateRow.id)
        .limit(MOST_SHOWN)
    )
    return (await session.scalars(statement)).all()


async def sharing_links_of(
    session: Session, certificate_ids: Collection[UUID]
) -> list[SharingLinkRow]:
    """Return the sharing links that show some of these certificates and no others, newest first."""
    of_these = select(SharedCertificateRow.sharing_link_id).where(
        SharedCertificateRow.certificate_id.in_(certificate_ids)
    )
    statement = (
        select(SharingLinkRow)
        .where(SharingLinkRow.id.in_(of_these))
        .order_by(SharingLinkRow.created_at.desc(), SharingLinkRow.id)
    )
    found = await session.scalars(statement)
    return [row for row in found if row.certificate_ids <= set(certificate_ids)]


async def open_shares(session: Session, certificate_ids: Collection[UUID], now: datetime) -> int:
    """Return how many sharing links with one of these certificates are open, at most."""
    statement = (
        select(func.count())
        .select_from(SharedCertificateRow)
        .join(SharingLinkRow, SharingLinkRow.id == SharedCertificateRow.sharing_link_id)
        .where(
            SharedCertificateRow.certificate_id.in_(certificate_ids),
            SharingLinkRow.revoked_at.is_(None),
            SharingLinkRow.ends_at > now,
        )
        .group_by(SharedCertificateRow.certificate_id)
    )
    return max(await session.scalars(statement), default=0)


async def certificates_shared(session: Session, link: SharingLinkRow) -> Sequence[CertificateRow]:
    """Return the certificates that a sharing link shows, newest first."""
    statement = (
        select(CertificateRow)
        .where(CertificateRow.id.in_(link.certificate_ids))
        .order_by(CertificateRow.issued_on.desc(), CertificateRow.id)
    )
    return (await session.scalars(statement)).all()


async def last_opened(session: Session, link_id: UUID) -> datetime | None:
    """Return when a sharing link was opened last."""
    statement = (
        select(SharingOpeningRow.opened_at)
        .where(SharingOpeningRow.sharing_link_id == link_id)
        .order_by(SharingOpeningRow.opened_at.desc())
        .limit(1)
    )
    return await session.scalar(statement)


async def openings_of(session: Session, link_ids: Collection[UUID]) -> dict[UUID, list[datetime]]:
    """Return when sharing links were opened, latest first."""
    statement = (
        select(SharingOpeningRow.sharing_link_id, SharingOpeningRow.opened_at)
        .where(SharingOpeningRow.sharing_link_id.in_(link_ids))
        .order_by(SharingOpeningRow.opened_at.desc())
    )
    found: dict[UUID, list[datetime]] = {}
    for link_id, opened_at in await session.execute(statement):
        found.setdefault(link_id, []).append(opened_at)
    return found


async def requests_of(
    session: Session, certificate_ids: Collection[UUID]
) -> Sequence[HolderRequestRow]:
    """Return what was asked about certificates, newest first."""
    statement = (
        select(HolderRequestRow)
        .where(HolderRequestRow.certificate_id.in_(certificate_ids))
        .order_by(HolderRequestRow.asked_at.desc(), HolderRequestRow.id)
    )
    return (await session.scalars(statement)).all()


async def open_request(
    session: Session, certificate_id: UUID, kind: HolderRequestKind
) -> HolderRequestRow | None:
    """Return what is asked already about a certificate and not answered."""
    statement = select(HolderRequestRow).where(
        HolderRequestRow.certificate_id == certificate_id,
        HolderRequestRow.kind == kind,
        HolderRequestRow.state == HolderRequestState.OPEN,
    )
    return await session.scalar(statement)


async def forget(session: Session, certificate_ids: Collection[UUID]) -> None:
    """Delete what holders of erased certificates wrote, and what opens or shows them."""
    links = select(SharedCertificateRow.sharing_link_id).where(
        SharedCertificateRow.certificate_id.in_(certificate_ids)
    )
    touched = list(await session.scalars(links))
    await session.execute(
        delete(SharedCertificateRow).where(SharedCertificateRow.certificate_id.in_(certificate_ids))
    )
    left = select(SharedCertificateRow.sharing_link_id)
    empty = (SharingLinkRow.id.in_(touched), SharingLinkRow.id.not_in(left))
    emptied = select(SharingLinkRow.id).where(*empty)
    await session.execute(
        delete(SharingOpeningRow).where(SharingOpeningRow.sharing_link_id.in_(emptied))
    )
    await session.execute(delete(SharingLinkRow).where(*empty))
    for table in (HolderLinkRow, HolderSessionRow, HolderFailureRow):
        await session.execute(delete(table).where(table.certificate_id.in_(certificate_ids)))
    await session.execute(
        update(HolderRequestRow)
        .where(HolderRequestRow.certificate_id.in_(certificate_ids))
        .values(sealed_text=None)
        .execution_options(synchronize_session=False)
    )
